/**
 * What can happen at which failpoint, and which ones no command of the crash test comes by. A process can die anywhere; a write can
 * be torn where one is under way; the operating system can only refuse where it is asked for something.
 */
import { failpointNames } from "../../src/core/failpoint-names.ts";

/** A site. */
export type FailpointName = (typeof failpointNames)[number];

/** Where a write can be torn in two. */
export const tearable: ReadonlySet<FailpointName> = new Set<FailpointName>([
  "disk.append-write",
  "disk.trailer-end",
  "disk.trailer-write",
  "files.write",
  "framed-file.write",
  "restore.write",
  "wal.lay-write",
]);

/** Where the operating system can answer EIO or ENOSPC: at a call, not between two. */
export const refusable: ReadonlySet<FailpointName> = new Set<FailpointName>([
  ...tearable,
  "disk.append-create",
  "disk.append-created",
  "disk.append-datasync",
  "disk.delete",
  "disk.delete-directory",
  "disk.put-file-fsync",
  "disk.trailer-create",
  "disk.trailer-fsync",
  "disk.trailer-fsync-end",
  "files.fsync",
  "files.fsync-directory",
  "files.link",
  "files.lock-create",
  "files.mkdir",
  "files.open-temporary",
  "files.unlink-temporary",
  "restore.fsync",
  "restore.open",
  "store.get",
  "wal.lay-fsync",
  "wal.lay-open",
  "wal.reserve",
]);

/** Sites of commands that are killed at each of them by tests of their own, by the beginning of their names. */
const KILLED_ELSEWHERE = {
  "channels.": "killed at each step in tests/e2e/alerts.test.ts",
  "daemon.job-start": "made to fail in src/app/daemon/run-schedule.test.ts",
  "daemon.": "killed at each step in tests/e2e/daemon.test.ts",
  "key.": "killed at each step in tests/e2e/keys.test.ts",
  "metrics.":
    "killed at each step in tests/e2e/status-metrics.test.ts and tests/e2e/daemon-metrics.test.ts",
  "loadtest.": "killed in tests/long/loadtest-resume.test.ts",
  "rescue.": "killed in tests/debian/rescue.test.ts",
  "restore-db.": "killed at each step in tests/debian/dump-adversity.test.ts",
  "schedule.":
    "killed at each step in tests/debian/schedule.test.ts and tests/e2e/schedule.test.ts",
  "watch.": "killed at each step in tests/e2e/alerts.test.ts",
} as const;

/** Sites that no command comes by on this host, each with the reason why that is right and the test that kills there instead. */
export function notReached(commands: readonly string[]): ReadonlyMap<FailpointName, string> {
  const excused: readonly (readonly [string, string])[] = [
    ...Object.entries(KILLED_ELSEWHERE),
    ...(commands.includes("dump")
      ? []
      : [["dump.", "no pg_dump for this server here; killed on PostgreSQL 15"] as const]),
  ];
  return new Map(
    failpointNames.flatMap((name) => {
      const reason = excused.find(([beginning]) => name.startsWith(beginning))?.[1];
      return reason === undefined ? [] : [[name, reason] as const];
    }),
  );
}

/** The site of this name, if there is one. */
export function siteNamed(name: string): FailpointName | undefined {
  return failpointNames.find((each) => each === name);
}

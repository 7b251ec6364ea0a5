/**
 * The record reader against `pg_waldump` of Debian's PostgreSQL 15: an independent reading of the same
 * files must give the same records, in number, place, length and kind, and the same ends of transactions.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";

import { present } from "../../src/core/assert.ts";
import { type Lsn, parseLsn } from "../../src/core/lsn.ts";
import { startTestServer } from "../support/test-server.ts";
import {
  WAL_WORKLOAD_SETTINGS,
  type WalOfServer,
  endsOf,
  parseDescribedEnd,
  readWalOf,
  runWalWorkload,
} from "../support/wal-workload.ts";

const OUTPUT_BYTES_MAX = 1 << 28;

type DumpedRecord = {
  readonly lsn: Lsn;
  readonly totalBytes: number;
  readonly rmgr: string;
  readonly xid: number;
  readonly description: string;
};

/** `pg_waldump` ends with an error where WAL ends; what it printed before counts. */
function dump(binDirectory: string, walDirectory: string, wal: WalOfServer): DumpedRecord[] {
  const script = '"$1"/pg_waldump --path="$2" "$3" "$4" || case $? in 1) ;; *) exit 3 ;; esac';
  const output = execFileSync(
    "/bin/sh",
    ["-c", script, "sh", binDirectory, walDirectory, wal.firstSegment, wal.lastSegment],
    {
      encoding: "utf8",
      maxBuffer: OUTPUT_BYTES_MAX,
      stdio: ["ignore", "pipe", "ignore"],
      env: { PATH: "/usr/bin:/bin", TZ: "UTC", LC_ALL: "C" },
    },
  );
  const line =
    /^rmgr: (\S+) +len \(rec\/tot\): +\d+\/ *(\d+), tx: +(\d+), lsn: ([0-9A-F/]+), prev \S+, desc: (.*)$/;
  return output
    .split("\n")
    .filter((text) => text.startsWith("rmgr: "))
    .map((text) => {
      const match = present(line.exec(text), `a line of pg_waldump: ${text}`);
      return {
        rmgr: match[1] ?? "",
        totalBytes: Number(match[2]),
        xid: Number(match[3]),
        lsn: parseLsn(match[4] ?? ""),
        description: match[5] ?? "",
      };
    });
}

for (const [origin, segmentMib] of [
  ["distribution", 1],
  ["distribution", 16],
  ["embedded", 1],
] as const) {
  test(`L44 the WAL of a 15 server (${origin}, segments of ${segmentMib} MiB) is read as pg_waldump reads it`, async () => {
    await using server = await startTestServer({
      major: 15,
      origin,
      settings: WAL_WORKLOAD_SETTINGS,
      initdbArguments: [`--wal-segsize=${segmentMib}`],
    });
    await runWalWorkload(server);
    await server.stop();
    const wal = await readWalOf(server, {
      walSegmentBytes: segmentMib << 20,
      chunkBytes: 131_072,
    });
    const dumped = dump("/usr/lib/postgresql/15/bin", join(server.dataDirectory, "pg_wal"), wal);
    assert.ok(dumped.length > 3000, `${dumped.length} records`);
    assert.deepEqual(
      wal.records.map(({ endLsn: _endLsn, ...record }) => record),
      dumped.map(({ description: _description, ...record }) => record),
    );
    for (const kind of ["COMMIT", "ABORT"] as const) {
      const described = dumped
        .filter(({ rmgr, description }) => rmgr === "Transaction" && description.startsWith(kind))
        .map((record) => ({
          ...record,
          description: record.description.replace(/^[A-Z_]+ /, ""),
        }));
      assert.ok(described.length > 2, `${described.length} ${kind} records`);
      assert.deepEqual(
        endsOf(wal.events, kind === "COMMIT" ? "commit" : "abort"),
        described.map(parseDescribedEnd),
      );
    }
    const points = wal.events.flatMap((event) =>
      event.kind === "restore-point" ? [event.name] : [],
    );
    assert.deepEqual(
      points,
      dumped
        .filter(({ description }) => description.startsWith("RESTORE_POINT"))
        .map(({ description }) => description.replace("RESTORE_POINT ", "")),
    );
  });
}

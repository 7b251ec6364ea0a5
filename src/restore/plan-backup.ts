/**
 * What the plan needs of a backup, and what its own WAL says: a replay must pass everything up to the backup's end, so a target
 * inside that stretch, or before it, cannot be reached from this backup (loss class 44).
 *
 * The earliest time is the latest of the times found before the backup's end: from then on, and not earlier, stopping before the
 * first later transaction gives the state of that time. Only where no transaction ended near the backup does the clock
 * of the host that took it decide.
 */
import { type Lsn, laterLsn } from "../core/lsn.ts";
import type { ObjectId } from "../core/object-id.ts";
import type { TimelineId } from "../core/wal-name.ts";
import type { BackupRoot } from "../repository/root.ts";
import { type TransactionEnd, pgTimeOfEpochMs } from "../wal/record/wal-event.ts";
import { type Branch, type WalRun, runFrom, stepOf } from "./plan-lineage.ts";
import {
  type RequiredSettings,
  type Slice,
  eventsIn,
  lastCommitIn,
  newestMicrosIn,
  replay,
} from "./plan-replay.ts";
import type { WalKnowledge } from "./wal-knowledge.ts";

/** An accepted backup. Times in microseconds since 2000, by the clock of the host that took it. */
export type BackupSummary = {
  readonly id: ObjectId;
  readonly kind: "full" | "incremental";
  readonly timeline: TimelineId;
  readonly startLsn: Lsn;
  readonly stopLsn: Lsn;
  readonly walFrom: Lsn;
  readonly finishedMicros: bigint;
  readonly standby: boolean;
  readonly clusterBytes: number;
};

/** The summary of a root. */
export function summaryOf(root: BackupRoot): BackupSummary {
  const { id, kind, timeline, startLsn, stopLsn, walFrom } = root;
  return {
    id,
    kind,
    timeline,
    startLsn,
    stopLsn,
    walFrom,
    finishedMicros: pgTimeOfEpochMs(Date.parse(root.finishedAt)),
    standby: root.server.standby,
    clusterBytes: root.totals.clusterBytes,
  };
}

/** True when the whole backup lies on the branch. */
export function isOnBranch(branch: Branch, backup: BackupSummary): boolean {
  const step = stepOf(branch, backup.timeline);
  return (
    step !== undefined &&
    backup.startLsn >= step.fromLsn &&
    (step.toLsn === undefined || backup.stopLsn <= step.toLsn) &&
    (branch.historyKnown || backup.timeline === branch.timeline)
  );
}

/** The backups of a branch, newest end first. */
export function backupsOn(
  branch: Branch,
  backups: readonly BackupSummary[],
): readonly BackupSummary[] {
  return backups
    .filter((backup) => isOnBranch(branch, backup))
    .toSorted((a, b) =>
      a.stopLsn === b.stopLsn ? (a.id < b.id ? 1 : -1) : a.stopLsn < b.stopLsn ? 1 : -1,
    );
}

/** Why a backup cannot be used. */
export type Unfit =
  | { readonly kind: "wal-missing"; readonly fromLsn: Lsn; readonly toLsn: Lsn }
  | { readonly kind: "torn-pages"; readonly lsn: Lsn };

/** A backup whose WAL was looked at up to its end. */
export type SurveyedBackup = {
  readonly backup: BackupSummary;
  readonly run: WalRun;
  /** The earliest time that can be reached from it. */
  readonly earliestMicros: bigint;
  /** The earliest position: the start of the record that ends the backup, when that is known. */
  readonly earliestLsn: Lsn;
  /** The last commit that it contains for certain; undefined when none is near. */
  readonly lastCommit: TransactionEnd | undefined;
  readonly newestMicros: bigint | undefined;
  readonly required: RequiredSettings;
  /** What of it a server would meet before the backup's end. */
  readonly slices: readonly Slice[];
};

/** The slice from its segment's beginning, for what lies shortly before the backup. */
function widened(slice: Slice, branch: Branch): Slice {
  const floor = stepOf(branch, slice.timeline)?.fromLsn ?? slice.fromLsn;
  return { ...slice, fromLsn: laterLsn(floor, slice.segmentLsn) };
}

function pagesMayBeTorn(slice: Slice): Lsn | undefined {
  return eventsIn(slice).find(
    (event) =>
      (event.kind === "full-page-writes" && !event.enabled) ||
      (event.kind === "checkpoint" && !event.fullPageWrites),
  )?.lsn;
}

function later(a: bigint | undefined, b: bigint | undefined): bigint | undefined {
  return a === undefined || (b !== undefined && b > a) ? b : a;
}

/**
 * Looks at the WAL of a backup. A primary writes whole pages while a backup runs, whatever `full_page_writes` says; a
 * standby cannot make its primary do so.
 */
export async function surveyBackup(
  knowledge: WalKnowledge,
  branch: Branch,
  backup: BackupSummary,
  call: { readonly signal: AbortSignal },
): Promise<SurveyedBackup | Unfit> {
  const { timeline, startLsn, stopLsn, walFrom } = backup;
  const run = runFrom(knowledge, branch, { timeline, lsn: walFrom });
  if (run === undefined || run.toLsn < stopLsn) {
    return { kind: "wal-missing", fromLsn: run?.toLsn ?? walFrom, toLsn: stopLsn };
  }
  const slices: Slice[] = [];
  const { required, unread } = await replay(knowledge, run, {
    fromLsn: startLsn,
    toLsn: stopLsn,
    passUnread: true,
    stopIn: (slice) => {
      slices.push(slice);
      return undefined;
    },
    ...call,
  });
  const tornLsn = backup.standby
    ? slices.map(pagesMayBeTorn).find((lsn) => lsn !== undefined)
    : undefined;
  if (tornLsn !== undefined) {
    return { kind: "torn-pages", lsn: tornLsn };
  }
  let lastCommit: TransactionEnd | undefined;
  let newestMicros: bigint | undefined;
  for (const slice of slices.map((one) => widened(one, branch))) {
    lastCommit = lastCommitIn(slice) ?? lastCommit;
    newestMicros = later(newestMicros, newestMicrosIn(slice));
  }
  const end = slices
    .flatMap(eventsIn)
    .findLast((event) => event.kind === "backup-end" && event.endLsn === stopLsn);
  const byClock =
    unread.length > 0 || newestMicros === undefined ? backup.finishedMicros : undefined;
  return {
    backup,
    run,
    earliestMicros: later(newestMicros, byClock) ?? backup.finishedMicros,
    earliestLsn: end?.lsn ?? stopLsn,
    lastCommit,
    newestMicros,
    required,
    slices,
  };
}

/**
 * What the plan needs of a backup, and what its own WAL says: a replay must pass everything up to the backup's end, so a target
 * inside that stretch, or before it, cannot be reached from this backup (loss class 44).
 *
 * The earliest time is the latest of the times found before the backup's end: from then on, and not earlier, stopping before the
 * first later transaction gives the state of that time. Only where no transaction ended near the backup does the clock
 * of the host that took it decide.
 */
import { guard } from "../core/failpoint.ts";
import { planLookBackSegmentsMax } from "../core/limits.ts";
import { type Lsn, addToLsn, laterLsn } from "../core/lsn.ts";
import type { ObjectId } from "../core/object-id.ts";
import { type TimelineId, segmentStartAt } from "../core/wal-name.ts";
import type { BackupRoot } from "../repository/root.ts";
import { type TransactionEnd, pgTimeOfEpochMs } from "../wal/record/wal-event.ts";
import { type Branch, type WalRun, holds, runFrom, stepOf } from "./plan-lineage.ts";
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
    (step.toLsn === undefined ||
      backup.stopLsn <= step.toLsn ||
      !guard("L15-backup-before-parting")) &&
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
  /** The last commit that it contains; undefined when none is near. */
  readonly lastCommit: TransactionEnd | undefined;
  /** The latest time of a transaction that it contains; undefined when none is near: then a clock decides. */
  readonly newestMicros: bigint | undefined;
  readonly required: RequiredSettings;
  /** What of it a server would meet before the backup's end. */
  readonly slices: readonly Slice[];
};

function pagesMayBeTorn(slice: Slice): Lsn | undefined {
  return eventsIn(slice).find(
    (event) =>
      (event.kind === "full-page-writes" && !event.enabled) ||
      (event.kind === "checkpoint" && !event.fullPageWrites),
  )?.lsn;
}

/** The segments before a backup, newest first, as far as they are held without a hole. */
async function* backwardsFrom(
  knowledge: WalKnowledge,
  branch: Branch,
  { timeline, startLsn }: BackupSummary,
  call: { readonly signal: AbortSignal },
): AsyncGenerator<Slice> {
  const bytes = knowledge.walSegmentBytes;
  const floor = stepOf(branch, timeline)?.fromLsn ?? startLsn;
  let segmentLsn = segmentStartAt(startLsn, bytes);
  for (let looked = 0; looked < planLookBackSegmentsMax; looked++) {
    const segmentEndLsn = addToLsn(segmentLsn, bytes);
    const toLsn = startLsn < segmentEndLsn ? startLsn : segmentEndLsn;
    const fromLsn = laterLsn(floor, segmentLsn);
    if (!holds(knowledge, { timeline, fromLsn, toLsn })) {
      return;
    }
    const index = await knowledge.indexAt(timeline, segmentLsn, call);
    // A record belongs to the segment in which it ends; it may begin before.
    yield { timeline, segmentLsn, segmentEndLsn, fromLsn: floor, toLsn: startLsn, index };
    if (fromLsn <= floor || segmentLsn < BigInt(bytes) || index === undefined) {
      return;
    }
    segmentLsn = addToLsn(segmentLsn, -bytes);
  }
}

function later(a: bigint | undefined, b: bigint | undefined): bigint | undefined {
  return a === undefined || (b !== undefined && b > a) ? b : a;
}

/** The last commit before a backup's end, and the latest time there. */
async function lastBefore(
  knowledge: WalKnowledge,
  branch: Branch,
  backup: BackupSummary,
  call: { readonly slices: readonly Slice[]; readonly signal: AbortSignal },
): Promise<Pick<SurveyedBackup, "lastCommit" | "newestMicros">> {
  let lastCommit: TransactionEnd | undefined;
  let newestMicros: bigint | undefined;
  for (const slice of call.slices) {
    lastCommit = lastCommitIn(slice) ?? lastCommit;
    newestMicros = later(newestMicros, newestMicrosIn(slice));
  }
  for await (const slice of backwardsFrom(knowledge, branch, backup, call)) {
    lastCommit ??= lastCommitIn(slice);
    newestMicros = later(newestMicros, newestMicrosIn(slice));
    if (newestMicros !== undefined && lastCommit !== undefined) {
      break;
    }
  }
  return { lastCommit, newestMicros };
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
  if (run === undefined || (run.toLsn < stopLsn && guard("L3-own-wal"))) {
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
  const tornLsn =
    backup.standby && guard("L48-full-page-writes")
      ? slices.map(pagesMayBeTorn).find((lsn) => lsn !== undefined)
      : undefined;
  if (tornLsn !== undefined) {
    return { kind: "torn-pages", lsn: tornLsn };
  }
  const { lastCommit, newestMicros } = await lastBefore(knowledge, branch, backup, {
    slices,
    ...call,
  });
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

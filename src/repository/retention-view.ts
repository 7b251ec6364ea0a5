/**
 * What retention decides upon: the backups and the WAL of a cluster as the repository shows them, over all its incarnations, and
 * what follows from that alone: branches of history, which backup lies on which, whether a backup's own WAL is there.
 *
 * A branch is a timeline and its ancestors, each up to where it was left, as in a history file (timeline.c of PostgreSQL).
 */
import { type Lsn, LSN_ZERO } from "../core/lsn.ts";
import type { ObjectId } from "../core/object-id.ts";
import { type TimelineId, segmentStartAt } from "../core/wal-name.ts";
import type { IncarnationPlace } from "./object-names.ts";

/** What is to be kept; every count is a whole number. */
export type RetentionPolicy = {
  /** Every instant of so many last days stays restorable. At least 1. */
  readonly days: number;
  /** So many newest backups stay in any case. At least 1. */
  readonly minBackups: number;
  /** The newest backup of each of so many last days, ISO weeks, months, years that have one. 0 = none. */
  readonly daily: number;
  readonly weekly: number;
  readonly monthly: number;
  readonly yearly: number;
};

/** That somebody wants a backup kept. */
export type ActiveHold = {
  readonly reason: string;
  /** Null = until it is released. */
  readonly untilMs: number | null;
};

/** What proofs say against backups. */
export type ProofWords = {
  /** Backups whose newest proof found that they do not come back whole. */
  readonly damaged: ReadonlySet<string>;
  /** Parts of the record that cannot be read: what they say of any backup is unknown. */
  readonly unread: number;
};

/** What the rules that backups and dumps share must know of one. Instants by the clock of the host that took it. */
export type RetainedRecord = {
  readonly id: ObjectId;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
  readonly hold: ActiveHold | undefined;
  /** Somebody reads it, or builds upon it, now. */
  readonly pinned: boolean;
};

/** One backup that counts. */
export type RetainedBackup = RetainedRecord & {
  /** Its newest proof found that it does not come back whole. */
  readonly damaged: boolean;
  readonly timeline: TimelineId;
  readonly startLsn: Lsn;
  readonly stopLsn: Lsn;
  readonly walFrom: Lsn;
  readonly walTo: Lsn;
};

/** Where a successor left an ancestor. */
export type RetentionSwitch = { readonly timeline: TimelineId; readonly switchLsn: Lsn };

/** A timeline that holds WAL. */
export type RetentionTimeline = {
  readonly timeline: TimelineId;
  /** Its ancestors, oldest first; undefined when its history is not there. */
  readonly switches: readonly RetentionSwitch[] | undefined;
  /** Ascending, apart. */
  readonly spans: readonly { readonly fromLsn: Lsn; readonly toLsn: Lsn }[];
  /**
   * The newest instant that its branch is known to hold. `none`: all of its WAL was read, and no transaction ends in it, so that it
   * leads to no instant but its backups'. Undefined when nobody can tell: then it may be any.
   */
  readonly newestMs: number | "none" | undefined;
};

/** WAL of one incarnation. */
export type RetentionWal = {
  /** Undefined when there is none. */
  readonly walSegmentBytes: number | undefined;
  readonly timelines: readonly RetentionTimeline[];
};

/** One incarnation. */
export type RetentionIncarnation = RetentionWal & {
  readonly place: IncarnationPlace;
  readonly backups: readonly RetainedBackup[];
  /** Roots that are there and cannot be read: what they need is unknown. */
  readonly unreadableRoots: readonly ObjectId[];
};

/** One cluster. */
export type RetentionView = {
  readonly incarnations: readonly RetentionIncarnation[];
  /** Parts of the record of proofs that cannot be read; absent: none. */
  readonly proofsUnread?: number;
};

/** One timeline of a branch: from where to where its WAL counts. */
export type RetentionStep = {
  readonly timeline: TimelineId;
  readonly fromLsn: Lsn;
  /** Undefined on the branch's own timeline. */
  readonly toLsn: Lsn | undefined;
};

/** A branch, oldest step first. */
export type RetentionBranch = {
  readonly of: RetentionTimeline;
  readonly steps: readonly RetentionStep[];
};

function stepsOf({ timeline, switches }: RetentionTimeline): readonly RetentionStep[] {
  const steps: RetentionStep[] = [];
  let fromLsn = LSN_ZERO;
  for (const { timeline: ancestor, switchLsn } of switches ?? []) {
    steps.push({ timeline: ancestor, fromLsn, toLsn: switchLsn });
    fromLsn = switchLsn;
  }
  return [...steps, { timeline, fromLsn, toLsn: undefined }];
}

/** A branch for every timeline that holds WAL. */
export function retentionBranches({ timelines }: RetentionWal): readonly RetentionBranch[] {
  return timelines.map((timeline) => ({ of: timeline, steps: stepsOf(timeline) }));
}

/** True when the whole backup lies on the branch. Without a history only the timeline's own backups are known to. */
export function isOnRetentionBranch(
  { steps }: RetentionBranch,
  { timeline, startLsn, stopLsn }: RetainedBackup,
): boolean {
  return steps.some(
    (step) =>
      step.timeline === timeline &&
      startLsn >= step.fromLsn &&
      (step.toLsn === undefined || stopLsn <= step.toLsn),
  );
}

/** A timeline that began where another was left, inside a segment whose beginning it repeats (XLogInitNewTimeline in xlog.c). */
export type TimelineChild = { readonly timeline: TimelineId; readonly switchLsn: Lsn };

/** The timelines that began directly from this one. */
export function childrenOf(wal: RetentionWal, timeline: TimelineId): readonly TimelineChild[] {
  return wal.timelines.flatMap(({ timeline: child, switches }) => {
    const parent = switches?.at(-1);
    return parent?.timeline === timeline ? [{ timeline: child, switchLsn: parent.switchLsn }] : [];
  });
}

/** How far the timeline's own WAL leads from a position without a hole; the position itself when it is not held. */
export function heldUntil(wal: RetentionWal, timeline: TimelineId, fromLsn: Lsn): Lsn {
  const spans = wal.timelines.find((known) => known.timeline === timeline)?.spans ?? [];
  return spans.find((span) => span.fromLsn <= fromLsn && fromLsn < span.toLsn)?.toLsn ?? fromLsn;
}

/** True when all WAL between a backup's start and its end is there: its timeline's own, or a successor's copy of the last segment. */
export function holdsOwnWal(wal: RetentionWal, backup: RetainedBackup): boolean {
  const { timeline, walFrom, walTo } = backup;
  const { walSegmentBytes } = wal;
  const reach = heldUntil(wal, timeline, walFrom);
  if (reach >= walTo || walSegmentBytes === undefined) {
    return reach >= walTo;
  }
  return childrenOf(wal, timeline).some(
    (child) =>
      child.switchLsn >= walTo &&
      reach >= segmentStartAt(child.switchLsn, walSegmentBytes) &&
      heldUntil(wal, child.timeline, reach) > child.switchLsn,
  );
}

/**
 * Which backups are kept and which are given up, with every reason: a pure decision over what the repository shows of one
 * cluster, all its incarnations together (requirement R22). Kept is what any rule keeps:
 *
 * - the window: every backup of the last days, and as their base, on each branch of history that has instants in the window, the
 *   newest restorable backup from before it;
 * - the newest backups of the cluster, so many as the policy says, restorable ones first: never none;
 * - the newest backup of each of the last days, weeks, months, years that have one;
 * - what is held, what somebody uses now, and everything of an incarnation of which a root cannot be read;
 * - every backup, while what proofs said of them cannot be read: one that stands in for the others may be known not to come back.
 *
 * A backup whose newest proof found it damaged counts among the newest or for a period only where no other one can, and as base together
 * with one that is whole: what is given up is never the last that is not known to be bad.
 *
 * Order is by time and never by timeline or name, which go backwards after an upgrade (loss class 35). Every backup is
 * self-sufficient, so giving up the parent of a kept one takes nothing from it (loss class 36).
 */
import { guard } from "../core/failpoint.ts";
import { retentionSkewMs } from "../core/limits.ts";
import type { ObjectId } from "../core/object-id.ts";
import type { TimelineId } from "../core/wal-name.ts";
import type { IncarnationName, IncarnationPlace } from "./object-names.ts";
import {
  type OwnKeepReason,
  type RankKeepReason,
  type RetentionWindow,
  type SharedGiveUpReason,
  byTime,
  isInWindow,
  keptAmong,
  ownReasons,
  sharedGiveUpReasons,
  windowOf,
} from "./retention-rules.ts";
import {
  type RetainedBackup,
  type RetentionIncarnation,
  type RetentionPolicy,
  type RetentionTimeline,
  type RetentionView,
  holdsOwnWal,
  isOnRetentionBranch,
  retentionBranches,
} from "./retention-view.ts";
import { type WalNeeds, type WindowBranch, walNeedsOf } from "./retention-wal.ts";

/** Why a backup is kept. */
export type KeepReason =
  | OwnKeepReason
  | RankKeepReason
  /** The instants of the window on this timeline's branch are reached from it. */
  | { readonly kind: "base"; readonly timeline: TimelineId }
  /** So many parts of the record of proofs cannot be read. */
  | { readonly kind: "proofs-unread"; readonly parts: number };

/** Why a backup is given up. */
export type GiveUpReason =
  | SharedGiveUpReason
  /** A newer one is the base of the window. */
  | { readonly kind: "newer-base"; readonly base: ObjectId }
  /** Nothing of the window lies on its branch. */
  | { readonly kind: "no-instants" }
  /** It would not come back whole. */
  | { readonly kind: "proof-failed" };

/** What becomes of a backup. */
export type BackupVerdict = {
  readonly place: IncarnationPlace;
  readonly backup: RetainedBackup;
} & (
  | { readonly kind: "keep"; readonly reasons: readonly KeepReason[] }
  | { readonly kind: "give-up"; readonly reasons: readonly GiveUpReason[] }
);

/** The whole decision on backups and WAL. Every instant from the window's beginning on stays restorable, as far as it is now. */
export type RetentionDecision = RetentionWindow & {
  /** Oldest first. */
  readonly backups: readonly BackupVerdict[];
  readonly wal: ReadonlyMap<IncarnationName, WalNeeds>;
};

type Candidate = {
  readonly incarnation: RetentionIncarnation;
  readonly record: RetainedBackup;
  readonly restorable: boolean;
  readonly damaged: boolean;
  readonly keep: KeepReason[];
};

/** In order of time; never of timelines and positions. */
function inOrder({ record: a }: Candidate, { record: b }: Candidate): number {
  const position = (backup: RetainedBackup): number =>
    backup.timeline * 2 ** 40 + Number(backup.startLsn);
  return guard("L35-order-by-time") ? byTime(a, b) : position(a) - position(b);
}

function candidatesOf({ incarnations }: RetentionView): Candidate[] {
  return incarnations
    .flatMap((incarnation) =>
      incarnation.backups.map((record) => ({
        incarnation,
        record,
        restorable: holdsOwnWal(incarnation, record),
        damaged: record.damaged && guard("L36-whole-ones-first"),
        keep: [],
      })),
    )
    .toSorted(inOrder);
}

function newestFinished(candidates: readonly Candidate[]): Candidate | undefined {
  return candidates.reduce<Candidate | undefined>(
    (best, one) =>
      best === undefined || one.record.finishedAtMs >= best.record.finishedAtMs ? one : best,
    undefined,
  );
}

/** True when a branch leads to no instant of the window. Without a backup and a transaction, its first backup may be on its way. */
function isOver({ newestMs }: RetentionTimeline, backups: number, windowFromMs: number): boolean {
  if (newestMs === "none") {
    return backups > 0;
  }
  return newestMs !== undefined && newestMs < windowFromMs - retentionSkewMs;
}

/** The newest, and where that one is damaged, the newest that is not: a hole in the WAL may lie between them. */
function basesAmong(before: readonly Candidate[]): readonly Candidate[] {
  const whole = newestFinished(before.filter(({ damaged }) => !damaged));
  return [...new Set([newestFinished(before), whole])].filter((base) => base !== undefined);
}

/** The branches of one incarnation that have instants in the window, each with the backups by which they are reached. */
function windowBranches(
  incarnation: RetentionIncarnation,
  own: readonly Candidate[],
  windowFromMs: number,
): WindowBranch[] {
  const found: WindowBranch[] = [];
  for (const branch of retentionBranches(incarnation)) {
    const on = own.filter(({ record }) => isOnRetentionBranch(branch, record));
    const inside = on.filter(({ record }) => isInWindow(record, windowFromMs));
    if (inside.length === 0 && isOver(branch.of, on.length, windowFromMs)) {
      continue;
    }
    const before = on.filter(
      ({ record, restorable }) => restorable && !isInWindow(record, windowFromMs),
    );
    const bases = basesAmong(before);
    for (const { keep } of bases) {
      keep.push({ kind: "base", timeline: branch.of.timeline });
    }
    // Between a base and the window's beginning there may be others: they lie within what is kept for it.
    const backups = [...bases, ...inside];
    found.push({ branch, backups: backups.map(({ record }) => record) });
  }
  return found;
}

function giveUpReasons(
  one: Candidate,
  bases: readonly Candidate[],
  about: { readonly policy: RetentionPolicy; readonly window: RetentionWindow },
): GiveUpReason[] {
  const [beforeWindow, ...others] = sharedGiveUpReasons(one.record, about.policy, about.window);
  const base = bases.find(({ incarnation }) => incarnation === one.incarnation)?.record.id;
  return [
    beforeWindow,
    base === undefined ? { kind: "no-instants" } : { kind: "newer-base", base },
    ...others,
    ...(one.record.damaged ? [{ kind: "proof-failed" } as const] : []),
  ];
}

/** Decides. `nowMs`: the host's clock. */
export function decideRetention(
  view: RetentionView,
  policy: RetentionPolicy,
  nowMs: number,
): RetentionDecision {
  const candidates = candidatesOf(view);
  const records = candidates.map(({ record }) => record);
  const window = windowOf(records, policy, nowMs);
  const { windowFromMs } = window;
  const { proofsUnread = 0 } = view;
  for (const { record, incarnation, keep } of candidates) {
    keep.push(...ownReasons(record, incarnation.unreadableRoots, window));
    if (proofsUnread > 0 && guard("L36-proofs-unread")) {
      keep.push({ kind: "proofs-unread", parts: proofsUnread });
    }
  }
  const windows = view.incarnations.map((incarnation) => {
    const own = candidates.filter((one) => one.incarnation === incarnation);
    return { incarnation, own, branches: windowBranches(incarnation, own, windowFromMs) };
  });
  for (const { one, reason } of keptAmong(candidates, policy)) {
    one.keep.push(reason);
  }
  const bases = candidates.filter(({ keep }) => keep.some(({ kind }) => kind === "base"));
  const backups = candidates.map((one): BackupVerdict => {
    const { record: backup, incarnation, keep } = one;
    const { place } = incarnation;
    return keep.length > 0
      ? { kind: "keep", place, backup, reasons: keep }
      : { kind: "give-up", place, backup, reasons: giveUpReasons(one, bases, { policy, window }) };
  });
  const wal = new Map<IncarnationName, WalNeeds>();
  for (const { incarnation, own, branches } of windows) {
    const kept = own.filter(({ keep }) => keep.length > 0).map(({ record }) => record);
    wal.set(incarnation.place.incarnation, walNeedsOf(incarnation, kept, branches));
  }
  return { ...window, backups, wal };
}

/**
 * Which backups are kept and which are given up, with every reason: a pure decision over what the repository shows of one
 * cluster, all its incarnations together (requirement R22). Kept is what any rule keeps:
 *
 * - the window: every backup of the last days, and as their base, on each branch of history that has instants in the window, the
 *   newest restorable backup from before it;
 * - the newest backups of the cluster, so many as the policy says, restorable ones first: never none;
 * - the newest backup of each of the last days, weeks, months, years that have one;
 * - what is held, what somebody uses now, and everything of an incarnation of which a root cannot be read.
 *
 * Order is by time and never by timeline or name, which go backwards after an upgrade (loss class 35). Every backup is
 * self-sufficient, so giving up the parent of a kept one takes nothing from it (loss class 36).
 */
import { guard } from "../core/failpoint.ts";
import { retentionSkewMs } from "../core/limits.ts";
import type { ObjectId } from "../core/object-id.ts";
import type { TimelineId } from "../core/wal-name.ts";
import type { IncarnationName, IncarnationPlace } from "./object-names.ts";
import { type PeriodRule, periodOf, periodRules } from "./retention-calendar.ts";
import { type RetentionReference, referenceOf } from "./retention-clock.ts";
import {
  type ActiveHold,
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
  | { readonly kind: "window" }
  /** The instants of the window on this timeline's branch are reached from it. */
  | { readonly kind: "base"; readonly timeline: TimelineId }
  /** The `rank`-th newest, of so many that stay in any case. */
  | { readonly kind: "minimum"; readonly rank: number; readonly of: number }
  | { readonly kind: "period"; readonly rule: PeriodRule; readonly period: string }
  | { readonly kind: "hold"; readonly hold: ActiveHold }
  | { readonly kind: "used" }
  | { readonly kind: "unreadable-root"; readonly root: ObjectId };

/** Why a backup is given up: each rule that does not keep it. */
export type GiveUpReason =
  | { readonly kind: "before-window"; readonly fromMs: number }
  /** A newer one is the base of the window. */
  | { readonly kind: "newer-base"; readonly base: ObjectId }
  /** Nothing of the window lies on its branch. */
  | { readonly kind: "no-instants" }
  | { readonly kind: "beyond-minimum"; readonly of: number }
  /** Of each of its periods another one is kept, or they are too old. */
  | { readonly kind: "no-period" }
  | { readonly kind: "hold-over"; readonly untilMs: number };

/** What becomes of a backup. */
export type BackupVerdict = {
  readonly place: IncarnationPlace;
  readonly backup: RetainedBackup;
} & (
  | { readonly kind: "keep"; readonly reasons: readonly KeepReason[] }
  | { readonly kind: "give-up"; readonly reasons: readonly GiveUpReason[] }
);

/** The whole decision. */
export type RetentionDecision = {
  readonly reference: RetentionReference;
  /** Every instant from here on stays restorable, as far as it is now. */
  readonly windowFromMs: number;
  /** Oldest first. */
  readonly backups: readonly BackupVerdict[];
  readonly wal: ReadonlyMap<IncarnationName, WalNeeds>;
};

const DAY_MS = 86_400_000;

type Candidate = {
  readonly incarnation: RetentionIncarnation;
  readonly backup: RetainedBackup;
  readonly restorable: boolean;
  readonly keep: KeepReason[];
};

/** By the instant of beginning; ids decide between equal ones. */
function byTime({ backup: a }: Candidate, { backup: b }: Candidate): number {
  const times = guard("L35-order-by-time")
    ? [a.startedAtMs, b.startedAtMs]
    : [a.timeline * 2 ** 40 + Number(a.startLsn), b.timeline * 2 ** 40 + Number(b.startLsn)];
  const difference = (times[0] ?? 0) - (times[1] ?? 0);
  return difference === 0 ? (a.id < b.id ? -1 : 1) : difference;
}

function candidatesOf({ incarnations }: RetentionView): Candidate[] {
  return incarnations
    .flatMap((incarnation) =>
      incarnation.backups.map((backup) => ({
        incarnation,
        backup,
        restorable: holdsOwnWal(incarnation, backup),
        keep: [],
      })),
    )
    .toSorted(byTime);
}

function newestFinished(candidates: readonly Candidate[]): Candidate | undefined {
  return candidates.reduce<Candidate | undefined>(
    (best, one) =>
      best === undefined || one.backup.finishedAtMs >= best.backup.finishedAtMs ? one : best,
    undefined,
  );
}

/**
 * One that ended shortly before the window counts as inside: by the server's clock it may have, and then only an older one leads to
 * the window's first instants.
 */
function isInWindow({ finishedAtMs }: RetainedBackup, windowFromMs: number): boolean {
  return finishedAtMs > windowFromMs - retentionSkewMs;
}

/** True when a branch leads to no instant of the window. Without a backup and a transaction, its first backup may be on its way. */
function isOver({ newestMs }: RetentionTimeline, backups: number, windowFromMs: number): boolean {
  if (newestMs === "none") {
    return backups > 0;
  }
  return newestMs !== undefined && newestMs < windowFromMs - retentionSkewMs;
}

/** The branches of one incarnation that have instants in the window, each with the backups by which they are reached. */
function windowBranches(
  incarnation: RetentionIncarnation,
  own: readonly Candidate[],
  windowFromMs: number,
): WindowBranch[] {
  const found: WindowBranch[] = [];
  for (const branch of retentionBranches(incarnation)) {
    const on = own.filter(({ backup }) => isOnRetentionBranch(branch, backup));
    const inside = on.filter(({ backup }) => isInWindow(backup, windowFromMs));
    if (inside.length === 0 && isOver(branch.of, on.length, windowFromMs)) {
      continue;
    }
    const before = on.filter(
      ({ backup, restorable }) => restorable && !isInWindow(backup, windowFromMs),
    );
    const base = newestFinished(before);
    base?.keep.push({ kind: "base", timeline: branch.of.timeline });
    // Between the base and the window's beginning there may be others: they lie within what is kept for it.
    const backups = [...(base === undefined ? [] : [base]), ...inside];
    found.push({ branch, backups: backups.map(({ backup }) => backup) });
  }
  return found;
}

/** Restorable ones first, newest first. */
function keepNewest(candidates: readonly Candidate[], minBackups: number): void {
  const newestFirst = candidates.toReversed();
  const ranked = [
    ...newestFirst.filter(({ restorable }) => restorable),
    ...newestFirst.filter(({ restorable }) => !restorable),
  ];
  const count = guard("L36-minimum-redundancy") ? Math.max(1, minBackups) : 0;
  for (const [index, { keep }] of ranked.slice(0, count).entries()) {
    keep.push({ kind: "minimum", rank: index + 1, of: count });
  }
}

function keepPeriods(candidates: readonly Candidate[], policy: RetentionPolicy): void {
  for (const rule of periodRules) {
    const seen = new Set<string>();
    for (const { backup, restorable, keep } of candidates.toReversed()) {
      const period = periodOf(rule, backup.startedAtMs);
      if (restorable && seen.size < policy[rule] && !seen.has(period)) {
        seen.add(period);
        keep.push({ kind: "period", rule, period });
      }
    }
  }
}

/** What keeps one backup whatever the others are. */
function keepByItself(one: Candidate, at: { readonly windowFromMs: number; atMs: number }): void {
  const { backup, incarnation, keep } = one;
  const { hold } = backup;
  if (hold !== undefined && isHeld(hold, at.atMs) && guard("L36-hold")) {
    keep.push({ kind: "hold", hold });
  }
  if (backup.pinned && guard("L34-used-is-kept")) {
    keep.push({ kind: "used" });
  }
  if (isInWindow(backup, at.windowFromMs)) {
    keep.push({ kind: "window" });
  }
  const [root] = incarnation.unreadableRoots;
  if (root !== undefined) {
    keep.push({ kind: "unreadable-root", root });
  }
}

/** Judged by the same instant as the window, so that a clock that is wrong ends no hold. */
function isHeld({ untilMs }: ActiveHold, atMs: number): boolean {
  return untilMs === null || untilMs > atMs;
}

function giveUpReasons(
  one: Candidate,
  bases: readonly Candidate[],
  about: { readonly policy: RetentionPolicy; readonly windowFromMs: number },
): GiveUpReason[] {
  const { policy, windowFromMs } = about;
  const { hold } = one.backup;
  const base = bases.find(({ incarnation }) => incarnation === one.incarnation)?.backup.id;
  return [
    { kind: "before-window", fromMs: windowFromMs },
    base === undefined ? { kind: "no-instants" } : { kind: "newer-base", base },
    { kind: "beyond-minimum", of: policy.minBackups },
    ...(periodRules.some((rule) => policy[rule] > 0) ? [{ kind: "no-period" } as const] : []),
    ...(hold === undefined || hold.untilMs === null
      ? []
      : [{ kind: "hold-over", untilMs: hold.untilMs } as const]),
  ];
}

/** Decides. `nowMs`: the host's clock. */
export function decideRetention(
  view: RetentionView,
  policy: RetentionPolicy,
  nowMs: number,
): RetentionDecision {
  const candidates = candidatesOf(view);
  const windowMs = policy.days * DAY_MS;
  const finished = candidates.map(({ backup }) => backup.finishedAtMs);
  const reference = referenceOf(finished, { nowMs, windowMs });
  const { atMs } = reference;
  const windowFromMs = atMs - windowMs;
  for (const one of candidates) {
    keepByItself(one, { windowFromMs, atMs });
  }
  const windows = view.incarnations.map((incarnation) => {
    const own = candidates.filter((one) => one.incarnation === incarnation);
    return { incarnation, own, branches: windowBranches(incarnation, own, windowFromMs) };
  });
  keepNewest(candidates, policy.minBackups);
  keepPeriods(candidates, policy);
  const bases = candidates.filter(({ keep }) => keep.some(({ kind }) => kind === "base"));
  const backups = candidates.map((one): BackupVerdict => {
    const { backup, incarnation, keep } = one;
    const { place } = incarnation;
    return keep.length > 0
      ? { kind: "keep", place, backup, reasons: keep }
      : {
          kind: "give-up",
          place,
          backup,
          reasons: giveUpReasons(one, bases, { policy, windowFromMs }),
        };
  });
  const wal = new Map<IncarnationName, WalNeeds>();
  for (const { incarnation, own, branches } of windows) {
    const kept = own.filter(({ keep }) => keep.length > 0).map(({ backup }) => backup);
    wal.set(incarnation.place.incarnation, walNeedsOf(incarnation, kept, branches));
  }
  return { reference, windowFromMs, backups, wal };
}

/**
 * The rules of retention that hold for backups and for dumps alike (requirement R22): the window of the last days, the newest so many,
 * the newest of each period, holds, use, and what nobody can judge because something of its incarnation cannot be read. Pure; who is
 * compared with whom the callers say.
 */
import { guard } from "../core/failpoint.ts";
import { retentionSkewMs } from "../core/limits.ts";
import type { ObjectId } from "../core/object-id.ts";
import { type PeriodRule, periodOf, periodRules } from "./retention-calendar.ts";
import { type RetentionReference, referenceOf } from "./retention-clock.ts";
import type { ActiveHold, RetainedRecord, RetentionPolicy } from "./retention-view.ts";

/** Why something is kept, whatever else there is. */
export type OwnKeepReason =
  | { readonly kind: "window" }
  | { readonly kind: "hold"; readonly hold: ActiveHold }
  | { readonly kind: "used" }
  | { readonly kind: "unreadable-root"; readonly root: ObjectId };

/** Why it is kept among others. */
export type RankKeepReason =
  /** The `rank`-th newest, of so many that stay in any case. */
  | { readonly kind: "minimum"; readonly rank: number; readonly of: number }
  | { readonly kind: "period"; readonly rule: PeriodRule; readonly period: string };

/** Why it is given up: each rule that does not keep it. */
export type SharedGiveUpReason =
  | { readonly kind: "before-window"; readonly fromMs: number }
  | { readonly kind: "beyond-minimum"; readonly of: number }
  /** Of each of its periods another one is kept, or they are too old. */
  | { readonly kind: "no-period" }
  | { readonly kind: "hold-over"; readonly untilMs: number };

/** From where days are counted back, and how far. */
export type RetentionWindow = {
  readonly reference: RetentionReference;
  readonly windowFromMs: number;
};

const DAY_MS = 86_400_000;

/** The window over records of one sort. `nowMs`: the host's clock. */
export function windowOf(
  records: readonly RetainedRecord[],
  policy: RetentionPolicy,
  nowMs: number,
): RetentionWindow {
  const windowMs = policy.days * DAY_MS;
  const finished = records.map(({ finishedAtMs }) => finishedAtMs);
  const reference = referenceOf(finished, { nowMs, windowMs });
  return { reference, windowFromMs: reference.atMs - windowMs };
}

/** By the instant of beginning; ids decide between equal ones. */
export function byTime(a: RetainedRecord, b: RetainedRecord): number {
  const difference = a.startedAtMs - b.startedAtMs;
  return difference === 0 ? (a.id < b.id ? -1 : 1) : difference;
}

/**
 * One that ended shortly before the window counts as inside: by the server's clock it may have, and then only an older one leads to
 * the window's first instants.
 */
export function isInWindow({ finishedAtMs }: RetainedRecord, windowFromMs: number): boolean {
  return finishedAtMs > windowFromMs - retentionSkewMs;
}

/** Judged by the same instant as the window, so that a clock that is wrong ends no hold. */
function isHeld({ untilMs }: ActiveHold, atMs: number): boolean {
  return untilMs === null || untilMs > atMs;
}

/** What keeps one whatever the others are. `unreadable`: roots of its incarnation that cannot be read. */
export function ownReasons(
  record: RetainedRecord,
  unreadable: readonly ObjectId[],
  { reference, windowFromMs }: RetentionWindow,
): OwnKeepReason[] {
  const { hold, pinned } = record;
  const [root] = unreadable;
  const held = hold !== undefined && isHeld(hold, reference.atMs) && guard("L36-hold");
  return [
    ...(held ? [{ kind: "hold", hold } as const] : []),
    ...(pinned && guard("L34-used-is-kept") ? [{ kind: "used" } as const] : []),
    ...(isInWindow(record, windowFromMs) ? [{ kind: "window" } as const] : []),
    ...(root === undefined ? [] : [{ kind: "unreadable-root", root } as const]),
  ];
}

/** One among others. */
export type Ranked = {
  readonly record: RetainedRecord;
  readonly restorable: boolean;
  /** Known not to come back whole: it counts only where no other one does. */
  readonly damaged: boolean;
};

/** How many newest stay in any case: never none. */
export function minimumOf({ minBackups }: RetentionPolicy): number {
  return guard("L36-minimum-redundancy") ? Math.max(1, minBackups) : 0;
}

/** The newest of each period that has one, of the newest so many periods. */
function newestOfPeriods<T extends Ranked>(
  newestFirst: readonly T[],
  rule: PeriodRule,
  periodsMax: number,
): ReadonlyMap<string, T> {
  const found = new Map<string, T>();
  for (const one of newestFirst.filter(({ restorable }) => restorable)) {
    const period = periodOf(rule, one.record.startedAtMs);
    const known = found.get(period);
    const isBetter = known === undefined ? found.size < periodsMax : known.damaged && !one.damaged;
    if (isBetter) {
      found.set(period, one);
    }
  }
  return found;
}

/**
 * Those that are kept among these, which are in order of time: the newest, restorable ones first, and the newest of each period. One that
 * is damaged stands behind all that are not.
 */
export function* keptAmong<T extends Ranked>(
  candidates: readonly T[],
  policy: RetentionPolicy,
): Generator<{ readonly one: T; readonly reason: RankKeepReason }, void, undefined> {
  const newestFirst = candidates.toReversed();
  const worth = ({ restorable, damaged }: T): number => (restorable ? (damaged ? 1 : 2) : 0);
  const ranked = newestFirst.toSorted((a, b) => worth(b) - worth(a));
  const of = minimumOf(policy);
  for (const [index, one] of ranked.slice(0, of).entries()) {
    yield { one, reason: { kind: "minimum", rank: index + 1, of } };
  }
  for (const rule of periodRules) {
    for (const [period, one] of newestOfPeriods(newestFirst, rule, policy[rule])) {
      yield { one, reason: { kind: "period", rule, period } };
    }
  }
}

/** Which rules do not keep one that none keeps. */
export function sharedGiveUpReasons(
  { hold }: RetainedRecord,
  policy: RetentionPolicy,
  { windowFromMs }: RetentionWindow,
): readonly [SharedGiveUpReason, ...SharedGiveUpReason[]] {
  return [
    { kind: "before-window", fromMs: windowFromMs },
    { kind: "beyond-minimum", of: policy.minBackups },
    ...(periodRules.some((rule) => policy[rule] > 0) ? [{ kind: "no-period" } as const] : []),
    ...(hold === undefined || hold.untilMs === null
      ? []
      : [{ kind: "hold-over", untilMs: hold.untilMs } as const]),
  ];
}

/**
 * How the time of a load is divided: rounds in which WAL is streamed and is not, in turn, then backups with the same load between them without
 * one, until the crash. A pair of neighbouring windows tells what protection costs; the more pairs, the surer. Pure.
 */
import { assert } from "../core/assert.ts";

/** For the rounds, of the whole. */
const ROUNDS_SHARE = 0.35;
const ROUNDS_MAX = 10;
/** Shorter windows tell of single commits; longer ones let the machine drift between two of a pair. */
const WINDOW_LEAST_MS = 4000;
const WINDOW_MOST_MS = 10_000;
/** Between two backups, of the whole. */
const GAP_SHARE = 0.06;
/** After a change, before it is measured; the first connections of a load are slow, too. */
const SETTLE_SHARE = 0.1;
const SETTLE_MOST_MS = 1000;
const WARM_SHARE = 0.04;
const WARM_MOST_MS = 3000;
const CRASH_FROM_SHARE = 0.85;

/** Milliseconds. */
export type LoadSchedule = {
  readonly warmMs: number;
  /** The kinds of windows of each round, in order; those of neighbouring rounds are turned round, so that few changes are made. */
  readonly rounds: readonly (readonly ["plain", "streaming"] | readonly ["streaming", "plain"])[];
  readonly windowMs: number;
  readonly settleMs: number;
  /** Between two backups; the first and last part of it is measured. */
  readonly gapMs: number;
  readonly besideMs: number;
  /** The crash comes between these. */
  readonly crashFromMs: number;
  readonly crashToMs: number;
};

/** Of a load of this length. */
export function scheduleOf(loadMs: number): LoadSchedule {
  assert(loadMs > 0, "a load takes time");
  const roundsMs = loadMs * ROUNDS_SHARE;
  const count = Math.min(ROUNDS_MAX, Math.max(1, Math.floor(roundsMs / (2 * WINDOW_LEAST_MS))));
  const windowMs = Math.min(WINDOW_MOST_MS, roundsMs / (2 * count));
  const gapMs = loadMs * GAP_SHARE;
  return {
    warmMs: Math.min(WARM_MOST_MS, loadMs * WARM_SHARE),
    rounds: Array.from({ length: count }, (_, round) =>
      round % 2 === 0 ? (["plain", "streaming"] as const) : (["streaming", "plain"] as const),
    ),
    windowMs,
    settleMs: Math.min(SETTLE_MOST_MS, windowMs * SETTLE_SHARE),
    gapMs,
    besideMs: Math.min(WINDOW_MOST_MS, gapMs / 2),
    crashFromMs: loadMs * CRASH_FROM_SHARE,
    crashToMs: loadMs,
  };
}

/**
 * How long commits took and how many there were, over time, in memory that does not grow with the load: each slot of time has counts
 * by latency, in steps of 2 %. A percentile is the upper edge of its step: never below the true one, and at most 2 % above it.
 */
import { assert } from "../core/assert.ts";

const LEAST_MS = 0.05;
const STEP = 1.02;
/** The last step begins at 2,700 s: longer than anybody waits for a commit. */
const STEPS = 900;

/** A stretch of the load, in milliseconds from its beginning. */
export type Stretch = { readonly fromMs: number; readonly toMs: number };

/** What was measured over some time. Latencies are those of a whole commit, as its client waits for it. */
export type LoadFigures = {
  readonly seconds: number;
  readonly commits: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
};

/** One slot of the series. Latencies are null where nothing was committed. */
export type LoadPoint = {
  readonly atMs: number;
  readonly perSecond: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
};

function stepOf(latencyMs: number): number {
  const step = Math.ceil(Math.log(Math.max(latencyMs, LEAST_MS) / LEAST_MS) / Math.log(STEP));
  return Math.min(STEPS - 1, step);
}

function percentile(counts: Uint32Array, total: number, share: number): number {
  const wanted = Math.max(1, Math.ceil(total * share));
  let seen = 0;
  for (const [step, count] of counts.entries()) {
    seen += count;
    if (seen >= wanted) {
      return LEAST_MS * STEP ** step;
    }
  }
  return 0;
}

function totalOf(counts: Uint32Array): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/** The record of one load. 3.6 kB a slot that holds a commit. */
export class LatencyRecord {
  readonly slotMs: number;
  readonly #slots: (Uint32Array | undefined)[] = [];

  constructor(options: { readonly slotMs: number }) {
    assert(options.slotMs > 0, "a slot of time has a length");
    this.slotMs = options.slotMs;
  }

  /** A commit that was acknowledged at `atMs` after so long. */
  note({ atMs, latencyMs }: { readonly atMs: number; readonly latencyMs: number }): void {
    const slot = Math.floor(Math.max(0, atMs) / this.slotMs);
    const counts = (this.#slots[slot] ??= new Uint32Array(STEPS));
    const step = stepOf(latencyMs);
    counts[step] = (counts[step] ?? 0) + 1;
  }

  /** Over the slots that lie wholly within the stretches; null where there is none, or nothing was committed in it. */
  over(stretches: readonly Stretch[]): LoadFigures | null {
    const sum = new Uint32Array(STEPS);
    let slots = 0;
    for (const { fromMs, toMs } of stretches) {
      const end = Math.floor(toMs / this.slotMs);
      for (let slot = Math.ceil(fromMs / this.slotMs); slot < end; slot++) {
        slots += 1;
        for (const [step, count] of this.#slots[slot]?.entries() ?? []) {
          sum[step] = (sum[step] ?? 0) + count;
        }
      }
    }
    const commits = totalOf(sum);
    const seconds = (slots * this.slotMs) / 1000;
    return commits === 0
      ? null
      : {
          seconds,
          commits,
          perSecond: commits / seconds,
          p50Ms: percentile(sum, commits, 0.5),
          p95Ms: percentile(sum, commits, 0.95),
          p99Ms: percentile(sum, commits, 0.99),
        };
  }

  /** Every slot that has ended before `untilMs`. */
  series(untilMs: number): readonly LoadPoint[] {
    return Array.from({ length: Math.floor(untilMs / this.slotMs) }, (_, slot) => {
      const counts = this.#slots[slot];
      const commits = counts === undefined ? 0 : totalOf(counts);
      const some = counts !== undefined && commits > 0;
      return {
        atMs: slot * this.slotMs,
        perSecond: (commits * 1000) / this.slotMs,
        p50Ms: some ? percentile(counts, commits, 0.5) : null,
        p99Ms: some ? percentile(counts, commits, 0.99) : null,
      };
    });
  }

  /** The longest run of slots without a commit, within the stretch. */
  longestSilenceMs({ fromMs, toMs }: Stretch): number {
    let [longest, run] = [0, 0];
    for (
      let slot = Math.ceil(fromMs / this.slotMs);
      slot < Math.floor(toMs / this.slotMs);
      slot++
    ) {
      run = this.#slots[slot] === undefined ? run + 1 : 0;
      longest = Math.max(longest, run);
    }
    return longest * this.slotMs;
  }
}

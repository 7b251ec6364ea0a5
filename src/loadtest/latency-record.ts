/**
 * How long commits took and how many there were, in memory that does not grow with the load: over time in slots, of which only their figures stay,
 * and exactly for windows, which begin and end when what runs beside the load does. Counts are by latency, in steps of 2 %. A percentile
 * is the upper edge of its step: never below the true one, and at most 2 % above it.
 */
import { assert } from "../core/assert.ts";

const LEAST_MS = 0.05;
const STEP = 1.02;
/** The last step begins at 2,700 s: longer than anybody waits for a commit. */
const STEPS = 900;

/** A stretch of the load, in milliseconds from its beginning. */
export type Stretch = { readonly fromMs: number; readonly toMs: number };

/** How the server ran: alone, with WAL streamed and each commit waiting for it, and with a backup beside that. */
export type LoadStretch = "plain" | "streaming" | "backup";

/** What was measured over some time. Latencies are those of a whole commit, as its client waits for it. */
export type LoadFigures = {
  readonly seconds: number;
  readonly commits: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
};

/** A window with what was measured in it. `round`: windows of one round are compared with each other. */
export type LoadWindow = Stretch & {
  readonly kind: LoadStretch;
  readonly round: number | null;
  /** Null: nothing was committed in it. */
  readonly figures: LoadFigures | null;
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

/** How many commits there were of each latency. 3.6 kB. */
class LatencyCounts {
  readonly #counts = new Uint32Array(STEPS);
  #total = 0;

  get total(): number {
    return this.#total;
  }

  note(latencyMs: number): void {
    const step = stepOf(latencyMs);
    this.#counts[step] = (this.#counts[step] ?? 0) + 1;
    this.#total += 1;
  }

  add(other: LatencyCounts): void {
    for (const [step, count] of other.#counts.entries()) {
      this.#counts[step] = (this.#counts[step] ?? 0) + count;
    }
    this.#total += other.#total;
  }

  clear(): void {
    this.#counts.fill(0);
    this.#total = 0;
  }

  percentile(share: number): number {
    const wanted = Math.max(1, Math.ceil(this.#total * share));
    let seen = 0;
    for (const [step, count] of this.#counts.entries()) {
      seen += count;
      if (seen >= wanted) {
        return LEAST_MS * STEP ** step;
      }
    }
    return 0;
  }

  figures(seconds: number): LoadFigures | null {
    return this.#total === 0 || seconds <= 0
      ? null
      : {
          seconds,
          commits: this.#total,
          perSecond: this.#total / seconds,
          p50Ms: this.percentile(0.5),
          p95Ms: this.percentile(0.95),
          p99Ms: this.percentile(0.99),
        };
  }
}

type OpenWindow = {
  readonly kind: LoadStretch;
  readonly round: number | null;
  readonly fromMs: number;
  toMs: number | undefined;
  readonly counts: LatencyCounts;
};

/** What a report takes from a record. */
export type LoadMeasurement = Pick<
  LatencyRecord,
  "windows" | "over" | "series" | "longestSilenceMs"
>;

/** The same as plain data. */
export type KeptMeasurement = {
  readonly windows: readonly LoadWindow[];
  readonly over: Readonly<Record<LoadStretch, LoadFigures | null>>;
  readonly series: readonly LoadPoint[];
  readonly silenceMs: number;
};

/** Of a load that has ended. */
export function keepMeasurement(record: LoadMeasurement, untilMs: number): KeptMeasurement {
  return {
    windows: record.windows(),
    over: {
      plain: record.over("plain"),
      streaming: record.over("streaming"),
      backup: record.over("backup"),
    },
    series: record.series(untilMs),
    silenceMs: record.longestSilenceMs(untilMs),
  };
}

/** As it was kept. */
export function measurementOf(kept: KeptMeasurement): LoadMeasurement {
  return {
    windows: () => kept.windows,
    over: (kind) => kept.over[kind],
    series: () => kept.series,
    longestSilenceMs: () => kept.silenceMs,
  };
}

/** The record of one load. Instants are given in their order. 3.6 kB a window, 100 bytes a slot. */
export class LatencyRecord {
  readonly slotMs: number;
  readonly #points: LoadPoint[] = [];
  readonly #slot = new LatencyCounts();
  readonly #windows: OpenWindow[] = [];
  #open: OpenWindow | undefined;
  #lastAtMs = 0;
  #silenceMs = 0;

  constructor(options: { readonly slotMs: number }) {
    assert(options.slotMs > 0, "a slot of time has a length");
    this.slotMs = options.slotMs;
  }

  /** A commit that was acknowledged at `atMs` after so long. */
  note({ atMs, latencyMs }: { readonly atMs: number; readonly latencyMs: number }): void {
    this.#endSlotsBefore(atMs);
    this.#slot.note(latencyMs);
    this.#open?.counts.note(latencyMs);
    this.#silenceMs = Math.max(this.#silenceMs, atMs - this.#lastAtMs);
    this.#lastAtMs = atMs;
  }

  /** From now on commits belong to a window of this kind; the one before has ended. */
  begin(
    kind: LoadStretch,
    { atMs, round = null }: { readonly atMs: number; readonly round?: number | null },
  ): void {
    this.end(atMs);
    this.#open = { kind, round, fromMs: atMs, toMs: undefined, counts: new LatencyCounts() };
    this.#windows.push(this.#open);
  }

  /** From now on commits belong to no window. */
  end(atMs: number): void {
    if (this.#open !== undefined) {
      this.#open.toMs = atMs;
      this.#open = undefined;
    }
  }

  /** As `end`, but the window is forgotten. */
  drop(): void {
    if (this.#open !== undefined) {
      this.#open = undefined;
      this.#windows.pop();
    }
  }

  /** Every window that has ended, in order. */
  windows(): readonly LoadWindow[] {
    return this.#windows.flatMap(({ kind, round, fromMs, toMs, counts }) =>
      toMs === undefined
        ? []
        : [{ kind, round, fromMs, toMs, figures: counts.figures((toMs - fromMs) / 1000) }],
    );
  }

  /** Over all ended windows of a kind; null where there is none, or nothing was committed in it. */
  over(kind: LoadStretch): LoadFigures | null {
    const sum = new LatencyCounts();
    let durationMs = 0;
    for (const window of this.#windows) {
      if (window.kind === kind && window.toMs !== undefined) {
        sum.add(window.counts);
        durationMs += window.toMs - window.fromMs;
      }
    }
    return sum.figures(durationMs / 1000);
  }

  /** Every slot that has ended before `untilMs`. */
  series(untilMs: number): readonly LoadPoint[] {
    this.#endSlotsBefore(untilMs);
    return this.#points.slice(0, Math.floor(untilMs / this.slotMs));
  }

  /** The longest time without a commit, from the beginning of the load. */
  longestSilenceMs(untilMs: number): number {
    return Math.max(this.#silenceMs, untilMs - this.#lastAtMs);
  }

  #endSlotsBefore(atMs: number): void {
    const current = Math.floor(Math.max(0, atMs) / this.slotMs);
    while (this.#points.length < current) {
      const some = this.#slot.total > 0;
      this.#points.push({
        atMs: this.#points.length * this.slotMs,
        perSecond: (this.#slot.total * 1000) / this.slotMs,
        p50Ms: some ? this.#slot.percentile(0.5) : null,
        p99Ms: some ? this.#slot.percentile(0.99) : null,
      });
      this.#slot.clear();
    }
  }
}

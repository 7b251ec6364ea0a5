/**
 * Exposure: what would be lost if the server vanished now, as an age. Samples say where the server's WAL ended at an instant; the
 * repository holds everything up to some position. Everything that was committed before the newest sample whose end is held is
 * safe; of what came later nothing is known. Pure; times are of one monotonic clock.
 */
import type { Lsn } from "../core/lsn.ts";

/** The end of the server's flushed WAL at an instant. */
export type FlushSample = { readonly atMs: number; readonly flushLsn: Lsn };

/** Samples kept: an hour of one each second. Older ones that are not held say "at least an hour". */
const SAMPLES_MAX = 3600;

/** Collects samples and answers the exposure. Memory: 3,600 samples of two numbers. */
export class ExposureMeter {
  readonly #startedMs: number;
  readonly #samples: FlushSample[] = [];

  constructor(startedMs: number) {
    this.#startedMs = startedMs;
  }

  /** The newest sample. */
  get newest(): FlushSample | undefined {
    return this.#samples.at(-1);
  }

  /** Adds a sample; the instant is the one *before* the question was sent, the pessimistic end. */
  add(sample: FlushSample): void {
    this.#samples.push(sample);
    if (this.#samples.length > SAMPLES_MAX) {
      this.#samples.splice(1, 1);
    }
  }

  /**
   * Milliseconds of work that would be lost. 0 when nothing is missing, however old the last write; without any held sample
   * the time since the meter began.
   */
  exposureMs(durableLsn: Lsn | undefined, nowMs: number): number {
    const held = (sample: FlushSample): boolean =>
      durableLsn !== undefined && sample.flushLsn <= durableLsn;
    const { newest } = this;
    if (newest !== undefined && held(newest)) {
      return 0;
    }
    const safe = this.#samples.findLast(held);
    return nowMs - (safe?.atMs ?? this.#startedMs);
  }
}

/**
 * The port for time. Instants that people read come from `now`, which may jump; everything that measures or waits
 * uses `monotonic` and `sleep`, so that a stepped clock neither shortens a lease nor stops a retry
 * (loss class 43). Tests use `ManualClock`, in which time passes only when told.
 */
import { msOf, type Ms } from "./units.ts";

export interface Clock {
  /** The wall clock: whole milliseconds since 1970-01-01 UTC. */
  now(): Ms;
  /** Milliseconds since an arbitrary instant, with a fraction; never goes back within one process. */
  monotonic(): Ms;
  /** Waits. Aborted: rejects with the signal's reason, leaving nothing behind. */
  sleep(durationMs: number, options: { readonly signal: AbortSignal }): Promise<void>;
}

/** The clock of this machine. */
export const systemClock: Clock = {
  now: () => msOf(Date.now()),
  monotonic: () => msOf(performance.now()),
  sleep: (durationMs, { signal }) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const stop = (): void => {
        clearTimeout(timer);
        reject(signal.reason as Error);
      };
      const timer = setTimeout(() => {
        signal.removeEventListener("abort", stop);
        resolve();
      }, durationMs);
      signal.addEventListener("abort", stop, { once: true });
    }),
};

/** A clock for tests: `sleep` returns at once and moves time on by as much; `advance` moves it too. */
export class ManualClock implements Clock {
  #elapsedMs = 0;
  #stepMs = 0;
  readonly #startMs: number;

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#startMs = startMs;
  }

  now(): Ms {
    return msOf(this.#startMs + Math.floor(this.#elapsedMs) + this.#stepMs);
  }

  monotonic(): Ms {
    return msOf(this.#elapsedMs);
  }

  async sleep(durationMs: number, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    signal.throwIfAborted();
    this.advance(durationMs);
    await Promise.resolve();
  }

  /** Time passes, on both clocks. */
  advance(durationMs: number): void {
    this.#elapsedMs += durationMs;
  }

  /** Somebody sets the wall clock; the monotonic one does not notice. */
  stepWallClock(byMs: number): void {
    this.#stepMs += byMs;
  }
}

/** A pause that ends early when somebody rings: a signal of the person at the daemon, or a part that has work for another. */
import type { Clock } from "../../core/clock.ts";

/** One sleeper. A ring while it is awake is remembered: its next pause ends at once. */
export class Nap {
  readonly #clock: Clock;
  #ring: AbortController | undefined;
  #rung = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  ring(): void {
    this.#rung = true;
    this.#ring?.abort();
  }

  /** Sleeps so long, until it is rung for, or until aborted. True when it was rung for. */
  async sleep(durationMs: number, { signal }: { readonly signal: AbortSignal }): Promise<boolean> {
    const ring = new AbortController();
    if (!this.#rung && !signal.aborted) {
      this.#ring = ring;
      const stop = (): void => {
        ring.abort();
      };
      signal.addEventListener("abort", stop, { once: true });
      try {
        await this.#clock.sleep(durationMs, { signal: ring.signal });
      } catch (error) {
        if (!ring.signal.aborted) {
          throw error;
        }
      } finally {
        signal.removeEventListener("abort", stop);
        this.#ring = undefined;
      }
    }
    const rung = this.#rung;
    this.#rung = false;
    return rung;
  }
}

/** A promise that is kept when the signal is aborted; disposing of it takes its listener away. */
export function abortionOf(signal: AbortSignal): { readonly happens: Promise<void> } & Disposable {
  const { promise, resolve } = Promise.withResolvers<void>();
  const listener = (): void => {
    resolve();
  };
  signal.addEventListener("abort", listener, { once: true });
  if (signal.aborted) {
    resolve();
  }
  return {
    happens: promise,
    [Symbol.dispose]: () => {
      signal.removeEventListener("abort", listener);
    },
  };
}

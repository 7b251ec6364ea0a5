/**
 * Time that passes only while everybody sleeps: what is done between two pauses (files, sockets, other processes) takes as long as it really takes,
 * and the pauses themselves take none. For programs whose number of loops is known.
 */
import { setImmediate as turn } from "node:timers/promises";
import type { Clock } from "../../src/core/clock.ts";
import { msOf } from "../../src/core/units.ts";
import type { Moment } from "../../src/watch/moment.ts";

type Sleeper = { readonly atMs: number; readonly wake: () => void };

/** The clock, and who sleeps by it. */
export class IdleClock implements Clock {
  #elapsedMs = 0;
  readonly #startMs: number;
  readonly #sleepers = new Set<Sleeper>();
  /** Called whenever somebody begins to sleep. */
  #asleep = (): void => undefined;

  constructor(startMs: number) {
    this.#startMs = startMs;
  }

  now(): ReturnType<Clock["now"]> {
    return msOf(this.#startMs + Math.floor(this.#elapsedMs));
  }

  monotonic(): ReturnType<Clock["monotonic"]> {
    return msOf(this.#elapsedMs);
  }

  /** As the watch counts time. */
  moment(): Moment {
    return { wallMs: this.now(), uptimeMs: this.#elapsedMs, bootId: "simulated" };
  }

  sleep(durationMs: number, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const stop = (): void => {
        this.#sleepers.delete(sleeper);
        reject(signal.reason as Error);
      };
      const sleeper: Sleeper = {
        atMs: this.#elapsedMs + Math.max(0, durationMs),
        wake: () => {
          signal.removeEventListener("abort", stop);
          resolve();
        },
      };
      signal.addEventListener("abort", stop, { once: true });
      this.#sleepers.add(sleeper);
      this.#asleep();
    });
  }

  /** Waits until so many sleep at once. */
  async #until(loops: number): Promise<void> {
    const all = Promise.withResolvers<void>();
    this.#asleep = () => {
      if (this.#sleepers.size >= loops) {
        all.resolve();
      }
    };
    this.#asleep();
    await all.promise;
  }

  /** Lets so much time pass, whenever `loops` sleep at once. */
  async pass(durationMs: number, loops: number): Promise<void> {
    const untilMs = this.#elapsedMs + durationMs;
    for (;;) {
      await this.#until(loops);
      const [next] = [...this.#sleepers].toSorted((a, b) => a.atMs - b.atMs);
      if (next === undefined || next.atMs > untilMs) {
        this.#elapsedMs = untilMs;
        return;
      }
      this.#elapsedMs = Math.max(this.#elapsedMs, next.atMs);
      this.#sleepers.delete(next);
      next.wake();
      await turn();
    }
  }
}

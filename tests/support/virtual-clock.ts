/**
 * Time for simulations of several hosts: sleepers wait until the test lets time pass, one after the other in order of their
 * instants, and everything that a woken sleeper sets in motion runs before the next one wakes. Each host has a
 * wall clock of its own, wrong by as much as the test wants; the monotonic one is common.
 */
import type { Clock } from "../../src/core/clock.ts";
import { msOf } from "../../src/core/units.ts";

type Sleeper = { readonly atMs: number; readonly order: number; readonly wake: () => void };

const START_MS = Date.UTC(2026, 0, 1);

/** One simulated time and its sleepers. */
export class VirtualTime {
  #nowMs = 0;
  #order = 0;
  readonly #sleepers = new Set<Sleeper>();

  /** Milliseconds since the simulation began. */
  get elapsedMs(): number {
    return this.#nowMs;
  }

  /** The clock of one host. */
  clock(skewMs = 0): Clock {
    return {
      now: () => msOf(START_MS + Math.floor(this.#nowMs) + skewMs),
      monotonic: () => msOf(this.#nowMs),
      sleep: (durationMs, { signal }) => this.#sleep(durationMs, signal),
    };
  }

  #sleep(durationMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason as Error);
        return;
      }
      this.#order += 1;
      const stop = (): void => {
        this.#sleepers.delete(sleeper);
        reject(signal.reason as Error);
      };
      const sleeper: Sleeper = {
        atMs: this.#nowMs + Math.max(0, durationMs),
        order: this.#order,
        wake: () => {
          signal.removeEventListener("abort", stop);
          resolve();
        },
      };
      signal.addEventListener("abort", stop, { once: true });
      this.#sleepers.add(sleeper);
    });
  }

  #next(): Sleeper | undefined {
    let next: Sleeper | undefined;
    for (const sleeper of this.#sleepers) {
      const earlier =
        next === undefined ||
        sleeper.atMs < next.atMs ||
        (sleeper.atMs === next.atMs && sleeper.order < next.order);
      next = earlier ? sleeper : next;
    }
    return next;
  }

  /** Lets everything run that needs no time. */
  async settle(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Lets this much time pass. */
  async pass(durationMs: number): Promise<void> {
    const untilMs = this.#nowMs + durationMs;
    await this.settle();
    for (let next = this.#next(); next !== undefined && next.atMs <= untilMs; next = this.#next()) {
      this.#nowMs = next.atMs;
      this.#sleepers.delete(next);
      next.wake();
      await this.settle();
    }
    this.#nowMs = untilMs;
  }

  /** Lets time pass until `work` has ended, at most `limitMs`. */
  async until<T>(work: Promise<T>, limitMs = 24 * 3_600_000): Promise<T> {
    let done = false;
    const watched = work.finally(() => {
      done = true;
    });
    watched.catch(() => undefined);
    const untilMs = this.#nowMs + limitMs;
    await this.settle();
    while (!done) {
      const next = this.#next();
      if (next === undefined || next.atMs > untilMs) {
        throw new Error(next === undefined ? "everybody waits for ever" : "not done in time");
      }
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      this.#sleepers.delete(next);
      next.wake();
      await this.settle();
    }
    return await watched;
  }
}

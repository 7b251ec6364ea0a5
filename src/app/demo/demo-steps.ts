/** The steps of one run: what is told when one begins, and how long each took. */
import type { Clock } from "../../core/clock.ts";
import type { DemoEvent, DemoPhase, DemoTiming } from "./demo-report.ts";

/** Runs steps one after another. */
export class DemoSteps {
  readonly #clock: Clock;
  readonly tell: (event: DemoEvent) => void;
  readonly timings: DemoTiming[] = [];

  constructor(clock: Clock, tell: (event: DemoEvent) => void) {
    this.#clock = clock;
    this.tell = tell;
  }

  /** Runs one step; answers how long it took as well. */
  async run<T>(
    phase: DemoPhase,
    work: () => Promise<T>,
  ): Promise<{ readonly value: T; readonly durationMs: number }> {
    const beganMs = this.#clock.monotonic();
    this.tell({ kind: "progress", phase });
    const value = await work();
    const durationMs = Math.round(this.#clock.monotonic() - beganMs);
    this.timings.push({ phase, durationMs });
    return { value, durationMs };
  }
}

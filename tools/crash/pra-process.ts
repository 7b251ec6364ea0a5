/**
 * The real program as a child: run to its end, or killed at a failpoint or at a random moment. Each run writes the failpoints it
 * reached to a log of its own, which says what could have been hit.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fastClockEnvironment } from "./fast-clock.ts";

/** How a run ended. */
export type PraEnd = {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
  readonly errors: string;
  readonly durationMs: number;
  /** How often each failpoint was reached. */
  readonly reached: ReadonlyMap<string, number>;
};

/** What happens to a run. */
export type Fate =
  | { readonly kind: "none" }
  | { readonly kind: "failpoint"; readonly rule: string }
  | { readonly kind: "sigkill"; readonly afterMs: number };

/** Where the program is and what it is told by its environment. */
export type PraSetting = {
  readonly program: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Logs of failpoints go here. */
  readonly directory: string;
  /** Its time passes so many times as fast. */
  readonly clockFactor?: number | undefined;
};

let runs = 0;

function reachedIn(log: string): ReadonlyMap<string, number> {
  const reached = new Map<string, number>();
  if (existsSync(log)) {
    for (const name of readFileSync(log, "utf8").split("\n")) {
      if (name !== "") {
        reached.set(name, (reached.get(name) ?? 0) + 1);
      }
    }
  }
  return reached;
}

/** A run under way. */
export class PraRun {
  readonly #child: ChildProcess;
  readonly #log: string;
  readonly #ended: Promise<PraEnd>;
  #hasEnded = false;

  constructor(setting: PraSetting, words: readonly string[], fate: Fate) {
    runs += 1;
    const log = join(setting.directory, `failpoints-${runs}`);
    this.#log = log;
    const failpoint = fate.kind === "failpoint" ? { PRA_FAILPOINT: fate.rule } : {};
    const { clockFactor } = setting;
    const clock = clockFactor === undefined ? {} : fastClockEnvironment(clockFactor);
    const began = performance.now();
    this.#child = spawn(setting.program, words, {
      env: { ...setting.environment, PRA_FAILPOINT_LOG: log, ...failpoint, ...clock },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const texts = { output: "", errors: "" };
    this.#child.stdout?.on("data", (chunk: Buffer) => (texts.output += chunk.toString()));
    this.#child.stderr?.on("data", (chunk: Buffer) => (texts.errors += chunk.toString()));
    const timer =
      fate.kind === "sigkill"
        ? setTimeout(() => this.#child.kill("SIGKILL"), fate.afterMs)
        : undefined;
    this.#ended = new Promise((resolve, reject) => {
      this.#child.once("error", reject);
      this.#child.once("close", (code, signal) => {
        clearTimeout(timer);
        this.#hasEnded = true;
        const durationMs = performance.now() - began;
        resolve({ code, signal, ...texts, durationMs, reached: reachedIn(log) });
      });
    });
  }

  get ended(): Promise<PraEnd> {
    return this.#ended;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** How often it came by a failpoint so far. */
  timesAt(name: string): number {
    return reachedIn(this.#log).get(name) ?? 0;
  }

  /** Its end, or undefined when it has not ended by then. */
  async endWithin(timeoutMs: number): Promise<PraEnd | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<undefined>((resolve) => {
      timer = setTimeout(resolve, timeoutMs, undefined);
    });
    try {
      return await Promise.race([this.#ended, timeout]);
    } finally {
      clearTimeout(timer);
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async kill(signal: NodeJS.Signals): Promise<PraEnd> {
    this.#child.kill(signal);
    return this.#ended;
  }
}

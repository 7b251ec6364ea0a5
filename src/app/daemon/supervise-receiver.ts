/**
 * Keeps the WAL receiver alive, as a process of its own: what takes it down takes neither the watch nor the daemon with it, and a daemon that
 * dies leaves it receiving; the next one finds its lease held and waits for it. It is stopped in good order, so that what it has is durable.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Clock } from "../../core/clock.ts";
import type { Finding } from "../../core/finding/finding.ts";
import {
  daemonHeldDelayMs,
  daemonIdleLooksMax,
  daemonLogLineMax,
  daemonStopMs,
} from "../../core/look-limits.ts";
import type { Observation } from "../../watch/observation.ts";
import type { Log } from "./log.ts";
import { abortionOf } from "./nap.ts";
import { LastWords } from "./last-words.ts";
import { type Deaths, isCrashLoop, restartDelayMs, withDeath } from "./restarts.ts";

/** A program with its words. */
export type ReceiverCommand = { readonly program: string; readonly words: readonly string[] };

/** Another process holds the lease: refused for safety, exit code 3. */
const HELD_EXIT = 3;

/** The supervisor; `run` returns when its signal was aborted and the receiver has ended. */
export class ReceiverSupervisor {
  readonly #command: ReceiverCommand;
  readonly #clock: Clock;
  readonly #log: Log;
  #deaths: Deaths = [];
  /** Of its newest life. */
  #lastWords = new LastWords();
  /** Ends the life that goes on, so that the next one begins at once. */
  #endLife: (() => void) | undefined;
  #isAsked = false;
  #child: ChildProcess | undefined;
  #idleLooks = 0;

  constructor(command: ReceiverCommand, tools: { readonly clock: Clock; readonly log: Log }) {
    this.#command = command;
    this.#clock = tools.clock;
    this.#log = tools.log;
  }

  /** Whether it dies again and again. */
  observe(): Observation {
    const loops = isCrashLoop(this.#deaths, this.#clock.monotonic());
    const { said, hint } = this.#lastWords;
    return {
      rule: "daemon",
      subject: "receiver",
      health: loops ? "ill" : "well",
      words: {
        en: loops
          ? {
              summary: `the WAL receiver has died ${this.#deaths.length} times in ten minutes: ${said}`,
              hint: hint === "" ? "pra wal receive, by hand, says why" : hint,
            }
          : { summary: "the WAL receiver stays up", hint: "" },
        fr: loops
          ? {
              summary: `le récepteur de WAL est mort ${this.#deaths.length} fois en dix minutes : ${said}`,
              hint: hint === "" ? "pra wal receive, à la main, dit pourquoi" : hint,
            }
          : { summary: "le récepteur de WAL reste en vie", hint: "" },
      },
    };
  }

  /** Starts it, and starts it again, until aborted. Never rejects for what the receiver does. */
  async run({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    while (!signal.aborted) {
      const code = await this.#live(signal);
      if (signal.aborted) {
        return;
      }
      if (this.#isAsked) {
        this.#isAsked = false;
        continue;
      }
      const nowMs = this.#clock.monotonic();
      if (code !== HELD_EXIT) {
        this.#deaths = withDeath(this.#deaths, nowMs);
      }
      const delayMs = code === HELD_EXIT ? daemonHeldDelayMs : restartDelayMs(this.#deaths, nowMs);
      this.#log("warn", "receiver-ended", {
        code: code ?? -1,
        delayMs,
        said: this.#lastWords.said,
      });
      await this.#pause(delayMs, signal);
    }
  }

  /**
   * What a look at everything found. A receiver that lives and reads nothing, seen twice a minute apart, stands still for good: it is killed,
   * and the next one goes on where it stopped.
   */
  heed(findings: readonly Finding[]): void {
    const pid = this.#child?.pid;
    const isIdle = findings.some(
      (finding) => finding.fact === "receiver-idle" && finding.values["pid"] === pid,
    );
    this.#idleLooks = isIdle ? this.#idleLooks + 1 : 0;
    if (this.#idleLooks >= daemonIdleLooksMax) {
      this.#idleLooks = 0;
      this.#log("warn", "receiver-stuck", { receiverPid: pid ?? -1 });
      this.#child?.kill("SIGKILL");
    }
  }

  /** Ends it in good order and starts it again: it reads its configuration when it starts. */
  restart(): void {
    this.#endLife?.();
  }

  async #pause(delayMs: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#clock.sleep(delayMs, { signal });
    } catch (error) {
      if (!signal.aborted) {
        throw error;
      }
    }
  }

  /** One life; its exit code, null when a signal ended it. */
  async #live(signal: AbortSignal): Promise<number | null> {
    const { program, words } = this.#command;
    const child = spawn(program, words, { stdio: ["ignore", "ignore", "pipe"] });
    const heard = new LastWords();
    this.#lastWords = heard;
    createInterface({ input: child.stderr }).on("line", (line) => {
      const text = line.trim().slice(0, daemonLogLineMax);
      heard.hear(text);
      this.#log("info", "receiver-says", { text });
    });
    const ended = once(child, "close");
    this.#child = child;
    try {
      await once(child, "spawn");
      this.#log("info", "receiver-started", { receiverPid: child.pid ?? -1 });
      using abortion = abortionOf(signal);
      const asked = Promise.withResolvers<void>();
      this.#endLife = () => {
        this.#isAsked = true;
        asked.resolve();
      };
      await Promise.race([ended, abortion.happens, asked.promise]);
      if (child.exitCode === null && child.signalCode === null) {
        await this.#end(child, ended);
      }
      return child.exitCode;
    } catch (error) {
      heard.hear(error instanceof Error ? error.message : "?");
      return null;
    } finally {
      this.#child = undefined;
      this.#endLife = undefined;
    }
  }

  /** In good order; after that, not. */
  async #end(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
    child.kill("SIGTERM");
    const timer = setTimeout(() => {
      this.#log("warn", "receiver-killed", { afterMs: daemonStopMs });
      child.kill("SIGKILL");
    }, daemonStopMs);
    await ended;
    clearTimeout(timer);
  }
}

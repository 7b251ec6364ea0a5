/**
 * Runs a job's program with its words going into the job's log, and keeps the last of them. What it says passes through here because a full
 * disk under the log must cost the log and nothing else: a backup that writes to a file on that disk by itself would die of it.
 * The program leads a process group of its own; an interruption is handed to the whole group once, and its end awaited.
 */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { failpoint } from "../../core/failpoint.ts";
import {
  scheduleDrainMs,
  scheduleLogAttemptsMax,
  scheduleLogRetryMs,
  scheduleTailBytes,
} from "../../core/limits.ts";
import { errnoOf } from "../../files/file-error.ts";
import { signalGroup } from "../../postgres/run-program.ts";
import { writeSync } from "node:fs";

/** How it ended. A program that a signal ended has 128 and the signal's number, as in a shell. */
export type ProgramEnd =
  | { readonly state: "exited"; readonly exitCode: number; readonly errorCode: string | undefined }
  | { readonly state: "unstartable"; readonly reason: string };

/** A log that takes what it can: the first failure is kept and nothing is thrown. */
export class LogSink {
  readonly #descriptor: number;
  /** Why it could not be written. */
  failure: Error | undefined;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  write(chunk: Buffer): void {
    let rest = chunk;
    try {
      failpoint("schedule.log");
      while (rest.length > 0) {
        rest = rest.subarray(this.#writeSome(rest));
      }
    } catch (error) {
      if (errnoOf(error) === undefined) {
        throw error;
      }
      this.failure ??= error instanceof Error ? error : new Error(String(error));
    }
  }

  /** A pipe whose reader is slow is waited for, but not for ever, and not again once it was in vain. */
  #writeSome(bytes: Buffer): number {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return writeSync(this.#descriptor, bytes);
      } catch (error) {
        const last = this.failure === undefined ? scheduleLogAttemptsMax : 0;
        if (errnoOf(error) !== "EAGAIN" || attempt >= last) {
          throw error;
        }
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, scheduleLogRetryMs);
      }
    }
  }

  line(text: string): void {
    this.write(Buffer.from(`${text}\n`));
  }
}

/** The last error code that was told: `pra` ends its complaints with "pra explain CODE". */
function errorCodeIn(tail: Buffer): string | undefined {
  return [...tail.toString("utf8").matchAll(/pra explain ([A-Z][A-Z0-9_]{2,60})/g)].at(-1)?.[1];
}

/** Runs it to its end. Aborted: the group gets SIGTERM, and its end is awaited all the same. */
export async function runProgramLogged(
  program: string,
  words: readonly string[],
  options: { readonly log: LogSink; readonly signal: AbortSignal },
): Promise<ProgramEnd> {
  const { log, signal } = options;
  if (signal.aborted) {
    return { state: "exited", exitCode: 130, errorCode: undefined };
  }
  const child = spawn(program, words, { stdio: ["ignore", "pipe", "pipe"], detached: true });
  let tail: Buffer = Buffer.alloc(0);
  const take = (chunk: Buffer): void => {
    log.write(chunk);
    tail = Buffer.concat([tail, chunk]).subarray(-scheduleTailBytes);
  };
  child.stdout.on("data", take);
  child.stderr.on("data", take);
  const stop = (): void => {
    signalGroup(child.pid, "SIGTERM");
  };
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await new Promise<ProgramEnd>((resolve) => {
      child.once("error", (error: NodeJS.ErrnoException) => {
        resolve({ state: "unstartable", reason: error.code ?? error.message });
      });
      child.once("exit", (code, ended) => {
        const exitCode = code ?? 128 + (ended === null ? 0 : constants.signals[ended]);
        const conclude = (): void => {
          clearTimeout(timer);
          child.stdout.destroy();
          child.stderr.destroy();
          resolve({ state: "exited", exitCode, errorCode: errorCodeIn(tail) });
        };
        const timer = setTimeout(conclude, scheduleDrainMs);
        child.once("close", conclude);
      });
    });
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

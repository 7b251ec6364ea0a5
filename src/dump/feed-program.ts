/**
 * Runs a program on bytes that come from elsewhere, and keeps what it says. A program that has read enough may close its input: that is
 * no failure. It never outlives the call. Memory: three chunks of the source, and the program's output up to a bound.
 */
import { spawn } from "node:child_process";
import type { Writable } from "node:stream";
import {
  dumpErrorTextBytesMax,
  dumpProgramEndMs,
  dumpProgramOutputBytesMax,
} from "../core/limits.ts";
import type { ProgramEnd, StreamProgram } from "./stream-messages.ts";

/** What a program made of its input. */
export type FedProgram = {
  readonly end: ProgramEnd;
  /** The beginning of its standard output. */
  readonly output: string;
};

/** Bytes that a program is fed with. A chunk need not last longer than until the third one after it is asked for. */
export type ByteSource = AsyncIterable<Uint8Array>;

/** Resolves when the program has taken the chunk but for what a pipe holds, or takes nothing any more. */
function written(input: Writable, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    input.write(chunk, () => {
      resolve();
    });
  });
}

/**
 * Two chunks are on their way, the second ready before the first is gone: a pipe holds what a program takes within two milliseconds,
 * in which nothing can be read, opened and unpacked.
 */
async function feed(input: Writable, source: ByteSource): Promise<void> {
  let before: Promise<void> = Promise.resolve();
  for await (const chunk of source) {
    if (input.destroyed) {
      return;
    }
    const taken = written(input, chunk);
    await before;
    before = taken;
  }
  input.end();
}

/**
 * Feeds a program and waits for its end. Rejects with what the source throws, when the program cannot be started, or aborted; the
 * program has ended by then. How it ended otherwise is the caller's to judge.
 */
export async function feedProgram(
  program: StreamProgram,
  source: ByteSource,
  call: { readonly signal: AbortSignal; readonly extraFile?: number | undefined },
): Promise<FedProgram> {
  const { signal, extraFile } = call;
  signal.throwIfAborted();
  const child = spawn(program.path, [...program.words], {
    cwd: "/",
    env: { ...program.environment },
    stdio: ["pipe", "pipe", "pipe", ...(extraFile === undefined ? [] : [extraFile])],
    detached: true,
  });
  const { stdin, stdout, stderr } = child;
  if (stdin === null || stdout === null || stderr === null) {
    throw new Error("a program has its three streams");
  }
  // A program that closes its input ends by itself, and says how.
  stdin.on("error", () => undefined);
  let output = Buffer.alloc(0);
  stdout.on("data", (chunk: Buffer) => {
    if (output.length < dumpProgramOutputBytesMax) {
      output = Buffer.concat([output, chunk]);
    }
  });
  let complaints = Buffer.alloc(0);
  stderr.on("data", (chunk: Buffer) => {
    complaints = Buffer.concat([complaints, chunk]).subarray(-dumpErrorTextBytesMax);
  });
  const ended = new Promise<ProgramEnd>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, ending) => {
      resolve({ code, signal: ending, text: complaints.toString("utf8").trim() });
    });
  });
  ended.catch(() => undefined);
  const stop = (): void => {
    stdin.destroy();
    child.kill("SIGTERM");
    setTimeout(() => child.kill("SIGKILL"), dumpProgramEndMs).unref();
  };
  signal.addEventListener("abort", stop, { once: true });
  try {
    await feed(stdin, source);
    const end = await ended;
    signal.throwIfAborted();
    return { end, output: output.toString("utf8") };
  } catch (error) {
    stop();
    await ended.catch(() => undefined);
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

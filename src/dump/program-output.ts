/** What a program writes, as it comes. A program that ends badly is an error at the end of its bytes, never a short success. */
import { spawn } from "node:child_process";
import type { DrError } from "../core/errors.ts";
import { dumpErrorTextBytesMax } from "../core/limits.ts";
import type { ByteSource } from "./feed-program.ts";
import type { ProgramEnd, StreamProgram } from "./stream-messages.ts";

/** How a program's end is judged. */
export type JudgeEnd = (end: ProgramEnd) => DrError | undefined;

/**
 * Runs a program and gives on what it writes. It is killed when the reader stops early or the signal is aborted.
 * @throws what `judge` makes of its end; the signal's reason.
 */
export async function* programOutput(
  program: StreamProgram,
  call: { readonly judge: JudgeEnd; readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array, void, undefined> {
  const { judge, signal } = call;
  signal.throwIfAborted();
  const child = spawn(program.path, [...program.words], {
    cwd: "/",
    env: { ...program.environment },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let text = Buffer.alloc(0);
  child.stderr.on("data", (chunk: Buffer) => {
    text = Buffer.concat([text, chunk]).subarray(-dumpErrorTextBytesMax);
  });
  const ended = new Promise<ProgramEnd>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, ending) => {
      resolve({ code, signal: ending, text: text.toString("utf8").trim() });
    });
  });
  ended.catch(() => undefined);
  const stop = (): void => {
    child.kill("SIGKILL");
  };
  signal.addEventListener("abort", stop, { once: true });
  try {
    yield* child.stdout as ByteSource;
    const failure = judge(await ended);
    signal.throwIfAborted();
    if (failure !== undefined) {
      throw failure;
    }
  } finally {
    signal.removeEventListener("abort", stop);
    stop();
  }
}

/**
 * Questions on a terminal. Asked on standard error, because standard output carries results; where either end is no terminal nothing
 * is ever asked, so that cron and pipes never wait. A secret is not echoed.
 */
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";

/** True when a person can be asked. */
export function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/** One answer, without blanks around it. Rejects with the signal's reason when aborted, and when input ends. */
export async function ask(
  question: string,
  options: { readonly secret: boolean; readonly signal: AbortSignal },
): Promise<string> {
  const { secret, signal } = options;
  signal.throwIfAborted();
  let muted = false;
  const output = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      if (!muted) {
        process.stderr.write(chunk);
      }
      done();
    },
  });
  using lines = createInterface({ input: process.stdin, output, terminal: true });
  const ended = new AbortController();
  lines.once("close", () => {
    ended.abort(signal.aborted ? signal.reason : new Error("standard input ended"));
  });
  // In raw mode Ctrl-C is a key like any other.
  lines.once("SIGINT", () => process.kill(process.pid, "SIGINT"));
  const answered = lines.question(question, { signal: AbortSignal.any([signal, ended.signal]) });
  muted = secret;
  try {
    return (await answered).trim();
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    if (secret) {
      process.stderr.write("\n");
    }
  }
}

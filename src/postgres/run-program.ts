/**
 * Runs a short program to its end (a version query, `initdb`) with a scrubbed environment. Nothing of
 * this process's environment reaches it: PG* variables or a password there would change what it does.
 * Output is kept up to a bound; the program never outlives the call.
 */
import { spawn } from "node:child_process";
import { programOutputBytesMax } from "../core/limits.ts";
import { type ServerAccount, spawnIdentity } from "./server-account.ts";

/** How a program ended. `failure`: it could not even be started. */
export type ProgramResult =
  | {
      readonly state: "exited";
      readonly code: number | null;
      readonly output: string;
      readonly errorOutput: string;
    }
  | { readonly state: "unstartable"; readonly reason: string };

/** The environment server programs get: nothing inherited, messages in English, plus what is named. */
export function serverEnvironment(
  extra: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return { PATH: "/usr/local/bin:/usr/bin:/bin", LC_ALL: "C", HOME: "/", ...extra };
}

/** Keeps the first bytes of a stream, up to the bound, and drops the rest. */
function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream.on("data", (chunk: Buffer) => {
    if (bytes < programOutputBytesMax) {
      chunks.push(chunk.subarray(0, programOutputBytesMax - bytes));
      bytes += chunk.length;
    }
  });
  return () => Buffer.concat(chunks).toString("utf8");
}

/** Signals a program that leads a group, and whoever it started: `initdb` would leave a server in bootstrap behind. */
export function signalGroup(leader: number | undefined, signal: "SIGTERM" | "SIGKILL"): void {
  if (leader !== undefined) {
    try {
      process.kill(-leader, signal);
    } catch (error) {
      // It has ended, and all its children have.
      if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) {
        throw error;
      }
    }
  }
}

/**
 * Runs `program` as `account` and waits for its end. Aborting kills it and its children, and rejects with the signal's
 * reason once they are gone. Memory: twice `programOutputBytesMax`.
 */
export async function runProgram(
  program: string,
  programArguments: readonly string[],
  options: {
    readonly account: ServerAccount;
    readonly signal: AbortSignal;
    readonly environment?: Readonly<Record<string, string>>;
  },
): Promise<ProgramResult> {
  options.signal.throwIfAborted();
  const child = spawn(program, programArguments, {
    cwd: "/",
    env: serverEnvironment(options.environment),
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own, so that all of it can be ended.
    detached: true,
    ...spawnIdentity(options.account),
  });
  const output = collect(child.stdout);
  const errorOutput = collect(child.stderr);
  const kill = (): void => {
    signalGroup(child.pid, "SIGKILL");
  };
  options.signal.addEventListener("abort", kill, { once: true });
  try {
    return await new Promise<ProgramResult>((resolve, reject) => {
      child.once("error", (error: NodeJS.ErrnoException) => {
        resolve({ state: "unstartable", reason: error.code ?? error.message });
      });
      child.once("close", (code) => {
        if (options.signal.aborted) {
          reject(options.signal.reason as Error);
          return;
        }
        resolve({ state: "exited", code, output: output(), errorOutput: errorOutput() });
      });
    });
  } finally {
    options.signal.removeEventListener("abort", kill);
  }
}

/** `pra` from its sources, as a person runs it, in a directory that every account can enter, as the server's must. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

/** A directory for one test; removed with all in it. */
export async function playground(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp("/tmp/pra-playground-");
  await chmod(path, 0o755);
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      await rm(path, { recursive: true, force: true });
    },
  };
}

/** A program that runs, and what it has written so far. */
export type Run = {
  readonly child: ChildProcess;
  readonly out: () => string;
  readonly err: () => string;
};

/** Starts it with this environment and no other. */
export function runPra(
  directory: string,
  words: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Run {
  const child = spawn(process.execPath, [main, ...words], {
    cwd: directory,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  return { child, out: () => out, err: () => err };
}

/** Its exit code; null when a signal ended it. */
export async function ended(run: Run): Promise<number | null> {
  await once(run.child, "close");
  return run.child.exitCode;
}

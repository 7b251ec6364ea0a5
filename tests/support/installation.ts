/** The operating scripts as cron starts them: a copy of the checkout in a folder with spaces, hardly any environment, no terminal. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { endProcessesNaming } from "./process-tree.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The scripts at the repository's root. */
export const operatingScripts = [
  "backup.sh",
  "restore_run.sh",
  "status.sh",
  "quickstart.sh",
  "loadtest.sh",
] as const;

/** How a program ended. */
export type CronAnswer = {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
};

/** Runs a program as cron does. */
export async function cron(
  program: string,
  words: readonly string[] = [],
  options: { readonly cwd?: string; readonly env?: Record<string, string> } = {},
): Promise<CronAnswer> {
  const child = spawn(program, words, {
    cwd: options.cwd ?? "/",
    env: { PATH: "/usr/bin:/bin", ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  await once(child, "close");
  return { code: child.exitCode, out, err };
}

/** An installation with these lines in its `.env`; its folder is called "le dossier". Removed with the test. */
export function installationIn(context: TestContext, lines: readonly string[]): string {
  const home = mkdtempSync("/tmp/pra-scripts-");
  context.after(async () => {
    // What a status started to hand alerts over lives on by itself.
    await endProcessesNaming(home);
    rmSync(home, { recursive: true });
  });
  chmodSync(home, 0o755);
  const folder = join(home, "le dossier");
  mkdirSync(join(folder, "tools"), { recursive: true });
  const files = ["pra", "package.json", "package-lock.json", "tools/build.ts"];
  for (const name of [...operatingScripts, ...files]) {
    cpSync(join(root, name), join(folder, name));
  }
  cpSync(join(root, "src"), join(folder, "src"), { recursive: true });
  symlinkSync(realpathSync(join(root, "node_modules")), join(folder, "node_modules"));
  writeFileSync(
    join(folder, ".env"),
    [...lines, "PRA_STATUS_TIMEOUT_MS=20000"].map((line) => `${line}\r\n`).join(""),
  );
  chmodSync(join(folder, ".env"), 0o600);
  return folder;
}

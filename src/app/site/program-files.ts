/**
 * Files around the program that must have the right mode and place: the scripts (755), `.env` (600, ignored by git, never
 * committed) and the directory of backups (700). Looked at, and mended when asked for, as far as mending is safe: modes, and a line
 * more in `.gitignore`; git's history is never touched. Each thing that was mended is told.
 */
import { appendFile, chmod, readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { errnoOf } from "../../files/file-error.ts";
import { runProgram } from "../../postgres/run-program.ts";
import { type Finding, found } from "../../core/finding/finding.ts";
import type { Environment } from "../environment.ts";

/** Go-live items S42 to S46. */
export const scriptNames = [
  "backup.sh",
  "restore_run.sh",
  "status.sh",
  "quickstart.sh",
  "loadtest.sh",
] as const;

type Look = { readonly fix: boolean; readonly signal: AbortSignal };

type ModeState =
  | { readonly kind: "absent" | "right" | "mended" }
  | { readonly kind: "wrong"; readonly mode: string; readonly reason: string };

/** Bits that must be set and bits that must not; the rest is the owner's choice. */
type WantedMode = { readonly set: number; readonly clear: number; readonly mend: number };

const SCRIPT_MODE: WantedMode = { set: 0o555, clear: 0o022, mend: 0o755 };
const SECRET_MODE: WantedMode = { set: 0o400, clear: 0o177, mend: 0o600 };
const FOLDER_MODE: WantedMode = { set: 0o700, clear: 0o077, mend: 0o700 };

async function lookAtMode(path: string, wanted: WantedMode, look: Look): Promise<ModeState> {
  const facts = await stat(path).catch((error: unknown) => {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") {
      return undefined;
    }
    throw error;
  });
  if (facts === undefined) {
    return { kind: "absent" };
  }
  const mode = facts.mode & 0o777;
  if ((mode & wanted.set) === wanted.set && (mode & wanted.clear) === 0) {
    return { kind: "right" };
  }
  if (!look.fix) {
    return { kind: "wrong", mode: mode.toString(8), reason: "" };
  }
  try {
    await chmod(path, wanted.mend);
    return { kind: "mended" };
  } catch (error) {
    return { kind: "wrong", mode: mode.toString(8), reason: errnoOf(error) ?? "?" };
  }
}

async function judgeMode(
  id: "env-mode" | "backup-folder",
  path: string,
  wanted: WantedMode,
  look: Look,
): Promise<Finding[]> {
  const state = await lookAtMode(path, wanted, look);
  const values = { path, wanted: wanted.mend.toString(8) };
  switch (state.kind) {
    case "absent":
      return [];
    case "right":
      return [found(id, "good", "mode-right", values)];
    case "mended":
      return [found(id, "good", "mode-mended", values)];
    case "wrong": {
      const { mode, reason } = state;
      return [
        reason === ""
          ? found(id, "bad", "mode-wrong", { ...values, mode })
          : found(id, "bad", "mode-unmended", { ...values, mode, reason }),
      ];
    }
  }
}

/** S42-S46. */
async function judgeScripts(programDirectory: string, look: Look): Promise<Finding[]> {
  const states: { readonly name: string; readonly state: ModeState }[] = [];
  for (const name of scriptNames) {
    const path = join(programDirectory, name);
    states.push({ name, state: await lookAtMode(path, SCRIPT_MODE, look) });
  }
  const names = (kind: ModeState["kind"]): string =>
    states.flatMap(({ name, state }) => (state.kind === kind ? [name] : [])).join(" ");
  if (names("absent") === scriptNames.join(" ")) {
    // Installed as a package: there the scripts are the package's.
    return [];
  }
  const folder = programDirectory;
  return [
    ...(names("wrong") === ""
      ? []
      : [found("scripts", "bad", "scripts-wrong", { names: names("wrong"), folder })]),
    ...(names("absent") === ""
      ? []
      : [found("scripts", "note", "scripts-absent", { names: names("absent"), folder })]),
    ...(names("mended") === ""
      ? []
      : [found("scripts", "good", "scripts-mended", { names: names("mended") })]),
    ...(names("wrong") + names("absent") + names("mended") === ""
      ? [found("scripts", "good", "scripts-right", { count: scriptNames.length })]
      : []),
  ];
}

type GitAnswer = { readonly code: number | null; readonly output: string };

/** Asks git about a folder; undefined when there is no git. Hooks and watchers of the folder are not run. */
async function askGit(
  folder: string,
  words: readonly string[],
  signal: AbortSignal,
): Promise<GitAnswer | undefined> {
  const account = { name: "", uid: 0, gid: 0, switched: false };
  const result = await runProgram("git", ["-C", folder, "-c", "core.fsmonitor=false", ...words], {
    account,
    signal,
    environment: { GIT_OPTIONAL_LOCKS: "0", GIT_TERMINAL_PROMPT: "0" },
  });
  return result.state === "exited"
    ? { code: result.code, output: `${result.output}${result.errorOutput}`.trim() }
    : undefined;
}

async function addToIgnored(folder: string, name: string): Promise<void> {
  const path = join(folder, ".gitignore");
  const before = await readFile(path, "utf8").catch((error: unknown) => {
    if (errnoOf(error) === "ENOENT") {
      return "";
    }
    throw error;
  });
  await appendFile(path, `${before === "" || before.endsWith("\n") ? "" : "\n"}/${name}\n`);
}

/** S29. */
async function judgeIgnored(path: string, look: Look): Promise<Finding> {
  const [folder, name] = [dirname(path), basename(path)];
  const ask = ["check-ignore", "--quiet", "--no-index", name];
  const answer = await askGit(folder, ask, look.signal);
  if (answer?.code === 0) {
    return found("gitignore", "good", "ignored", { path });
  }
  if (answer?.code !== 1 || !look.fix) {
    const reason = answer?.output.split("\n")[0] ?? "";
    return answer?.code === 1
      ? found("gitignore", "bad", "not-ignored", { path, name, folder })
      : found("gitignore", "note", "git-unknown", { path, reason });
  }
  try {
    await addToIgnored(folder, name);
  } catch (error) {
    const reason = errnoOf(error) ?? "?";
    return found("gitignore", "bad", "ignore-unmended", { path, name, folder, reason });
  }
  const again = await askGit(folder, ask, look.signal);
  return again?.code === 0
    ? found("gitignore", "good", "ignore-mended", { path, folder })
    : found("gitignore", "bad", "not-ignored", { path, name, folder });
}

/** S52: neither tracked now, nor in any commit of any branch. */
async function judgeHistory(path: string, look: Look): Promise<Finding> {
  const [folder, name] = [dirname(path), basename(path)];
  const log = await askGit(
    folder,
    ["log", "--all", "--full-history", "-1", "--format=%h %cs", "--", name],
    look.signal,
  );
  const tracked = await askGit(folder, ["ls-files", "--cached", "--", name], look.signal);
  // A repository without a commit has no log, and says so with an error.
  const unborn =
    log?.code === 128 && /does not have any commits yet|bad default revision/.test(log.output);
  if (tracked?.code !== 0 || (log?.code !== 0 && !unborn)) {
    const reason = (log?.output ?? "").split("\n")[0] ?? "";
    return found("git-history", "note", "git-unknown", { path, reason });
  }
  if (log?.code === 0 && log.output !== "") {
    return found("git-history", "bad", "history-holds", { path, name, commit: log.output });
  }
  return tracked.output === ""
    ? found("git-history", "good", "history-clean", { path })
    : found("git-history", "bad", "env-tracked", { path, name, folder });
}

async function judgeGit(path: string, look: Look): Promise<Finding[]> {
  const inside = await askGit(dirname(path), ["rev-parse", "--is-inside-work-tree"], look.signal);
  if (inside === undefined || /not a git repository/.test(inside.output)) {
    return [found("gitignore", "good", "git-none", { path })];
  }
  return [await judgeIgnored(path, look), await judgeHistory(path, look)];
}

/** Looks at all of them. `fix`: mends what can be mended without harm. */
export async function checkProgramFiles(environment: Environment, look: Look): Promise<Finding[]> {
  const { envFile, backupDirectory, programDirectory } = environment;
  return [
    ...(envFile === undefined ? [] : await judgeMode("env-mode", envFile, SECRET_MODE, look)),
    ...(envFile === undefined ? [] : await judgeGit(envFile, look)),
    ...(await judgeScripts(programDirectory, look)),
    ...(backupDirectory === undefined
      ? []
      : await judgeMode("backup-folder", backupDirectory, FOLDER_MODE, look)),
  ];
}

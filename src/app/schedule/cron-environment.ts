/**
 * What a job will see: cron and systemd give it a home directory and little else. A setting that stands only in the shell of the person who
 * installs would be missing at night, so it is named at once; and the program is started once as cron will start it.
 */
import { stat } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { DrError } from "../../core/errors.ts";
import { errnoOf } from "../../files/file-error.ts";
import { runProgram } from "../../postgres/run-program.ts";
import { type Environment, readEnvironment } from "../environment.ts";
import { settingNames } from "../settings.ts";

/** The account whose jobs these are. */
export type JobAccount = { readonly name: string; readonly home: string; readonly isRoot: boolean };

/** The account of this process, as the password file has it: `HOME` may say something else under sudo. */
export function jobAccount(): JobAccount {
  const { username, homedir, uid } = userInfo();
  return { name: username, home: homedir, isRoot: uid === 0 };
}

/** Given by a person for one command, or meant for tests; never a part of a schedule. */
const PASSING: ReadonlySet<string> = new Set(["PRA_LANG", "PRA_FAILPOINT"]);

function environmentOfJobs(environment: Environment, account: JobAccount): Environment {
  return readEnvironment({
    variables: {},
    workingDirectory: account.home,
    checkoutDirectory: environment.programDirectory,
    homeDirectory: account.home,
    userName: account.name,
    isRoot: account.isRoot,
    envFile: environment.envFile,
    strict: false,
  });
}

/** Names of what is set here and would be missing, or another, there. */
function missingThere(here: Environment, there: Environment): readonly string[] {
  const names: string[] = settingNames.filter(
    (name) =>
      !PASSING.has(name) && here.settings.get(name)?.value !== there.settings.get(name)?.value,
  );
  const connection = ({ connection: { host, port, user } }: Environment): string =>
    JSON.stringify([host, port, user]);
  return [
    ...names,
    ...(names.length === 0 && connection(here) !== connection(there) ? ["PGHOST"] : []),
    ...(names.length === 0 && here.stateDirectory !== there.stateDirectory
      ? ["XDG_STATE_HOME"]
      : []),
    ...(names.length === 0 && here.keyDirectory !== there.keyDirectory ? ["XDG_CONFIG_HOME"] : []),
  ];
}

/**
 * The words that each command needs to see what the installer sees: always the `.env`, because one in the home directory would come
 * first; the language where nothing else would tell it.
 * @throws DrError `CONFIG_SCHEDULE_ENVIRONMENT` when settings would be missing.
 */
export function commonWordsFor(environment: Environment, account: JobAccount): readonly string[] {
  const { envFile, language } = environment;
  const there = environmentOfJobs(environment, account);
  const names = missingThere(environment, there);
  if (envFile === undefined || names.length > 0) {
    throw new DrError("CONFIG_SCHEDULE_ENVIRONMENT", {
      names: names.length === 0 ? "BACKUP_DIR" : names.join(", "),
    });
  }
  return [
    "--env-file",
    envFile,
    ...(there.language === "en" && language === "en" ? [] : ["--lang", language]),
  ];
}

/** What the jobs of a whole schedule start. */
export const jobPrograms = [
  "pra",
  "backup.sh",
  "status.sh",
  "quickstart.sh",
  "loadtest.sh",
] as const;

/** The programs that lines name must be there. @throws DrError `CONFIG_SCHEDULE_SCRIPTS`. */
export async function requireScripts(
  environment: Environment,
  programs: readonly string[],
): Promise<void> {
  const { programDirectory } = environment;
  for (const name of programs) {
    try {
      await stat(join(programDirectory, name));
    } catch (error) {
      if (errnoOf(error) === undefined) {
        throw error;
      }
      throw new DrError("CONFIG_SCHEDULE_SCRIPTS", { folder: programDirectory, name });
    }
  }
}

/** Starts the program with what cron gives. @throws DrError `CONFIG_SCHEDULE_START` with its own words. */
export async function requireStart(
  environment: Environment,
  account: JobAccount,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const { name, home } = account;
  const result = await runProgram(join(environment.programDirectory, "pra"), ["version"], {
    account: { name: "", uid: 0, gid: 0, switched: false },
    environment: { HOME: home, LOGNAME: name, USER: name, SHELL: "/bin/sh", PATH: "/usr/bin:/bin" },
    signal,
  });
  if (result.state === "exited" && result.code === 0) {
    return;
  }
  const reason =
    result.state === "unstartable"
      ? result.reason
      : `${result.errorOutput.trim().split("\n")[0] ?? ""} (${result.code})`;
  throw new DrError("CONFIG_SCHEDULE_START", { reason });
}

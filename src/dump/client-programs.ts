/**
 * Finds the distribution's `pg_dump`, `pg_dumpall` and `pg_restore`: `PRA_PG_BIN_DIR`, the distribution's directories, the
 * system's path, `pg_config`. They must be at least as new as what they deal with; the very major is preferred, since a dump made by
 * it goes back into its own major. Nothing here guesses: a program counts when it answers `--version`.
 *
 * Follows "Notes" of pg_dump in PostgreSQL's documentation: it refuses servers newer than itself.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { DrError } from "../core/errors.ts";
import { type PgVersion, versionOfProgram } from "../core/pg-version.ts";
import { runProgram } from "../postgres/run-program.ts";

/** One of the programs. */
export type ClientProgram = "pg_dump" | "pg_dumpall" | "pg_restore" | "psql";

/** A directory whose programs run. */
export type ClientPrograms = { readonly directory: string; readonly version: PgVersion };

/** What to look for. */
export type ProgramSearch = {
  readonly program: ClientProgram;
  /** The least major. */
  readonly major: number;
  /** The value of `PRA_PG_BIN_DIR`; when set, nothing else is considered. */
  readonly binDirectory: string | undefined;
  readonly signal: AbortSignal;
};

/** Where distributions put each major, in a folder of its own, with `bin` below. */
const MAJOR_PARENTS = ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"];
const OTHERS = ["/usr/local/pgsql/bin", "/usr/local/bin", "/usr/bin"];

async function childrenOf(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch {
    // Absent or out of reach: both mean that this place offers nothing.
    return [];
  }
}

async function candidates(search: ProgramSearch): Promise<readonly string[]> {
  const found: string[] = [];
  for (const parent of MAJOR_PARENTS) {
    const names = (await childrenOf(parent)).filter((name) => /^(?:postgresql@)?\d+$/.test(name));
    found.push(...names.map((name) => join(parent, name, "bin")));
  }
  const redHat = (await childrenOf("/usr")).filter((name) => /^pgsql-\d+$/.test(name));
  found.push(...redHat.map((name) => join("/usr", name, "bin")), ...OTHERS);
  const asked = await run("pg_config", ["--bindir"], search.signal);
  if (asked?.startsWith("/") === true) {
    found.push(asked.trim());
  }
  return found;
}

/** Output of a program of ours; undefined when it cannot be run or fails. */
async function run(
  program: string,
  words: readonly string[],
  signal: AbortSignal,
): Promise<string | undefined> {
  const account = { name: "", uid: 0, gid: 0, switched: false };
  const result = await runProgram(program, words, { account, signal });
  return result.state === "exited" && result.code === 0 ? result.output : undefined;
}

async function versionIn(directory: string, search: ProgramSearch): Promise<PgVersion | undefined> {
  const output = await run(join(directory, search.program), ["--version"], search.signal);
  return output === undefined ? undefined : versionOfProgram(output);
}

function packageOf(major: number): string {
  return `postgresql-client-${major}`;
}

/** Better is what is exactly the wanted major, else the least newer one. */
function fitter(a: ClientPrograms, b: ClientPrograms, major: number): ClientPrograms {
  const distance = ({ version }: ClientPrograms): number => version.major - major;
  return distance(b) < distance(a) ? b : a;
}

/** The programs. @throws DrError `DUMP_PROGRAM_MISSING`, `DUMP_PROGRAM_OLDER`. */
export async function findClientPrograms(search: ProgramSearch): Promise<ClientPrograms> {
  const { program, major, binDirectory } = search;
  const directories =
    binDirectory === undefined || binDirectory === "" ? await candidates(search) : [binDirectory];
  let best: ClientPrograms | undefined;
  let older: ClientPrograms | undefined;
  for (const directory of new Set(directories)) {
    const version = await versionIn(directory, search);
    if (version !== undefined && version.major >= major) {
      const found = { directory, version };
      best = best === undefined ? found : fitter(best, found, major);
    } else if (version !== undefined && version.major > (older?.version.major ?? 0)) {
      older = { directory, version };
    }
  }
  if (best !== undefined) {
    return best;
  }
  if (older !== undefined) {
    const { directory, version } = older;
    const details = { program, directory, version: version.text, major };
    throw new DrError("DUMP_PROGRAM_OLDER", { ...details, package: packageOf(major) });
  }
  const searched = [...new Set(directories)].join(", ");
  throw new DrError("DUMP_PROGRAM_MISSING", {
    program,
    major,
    searched,
    package: packageOf(major),
  });
}

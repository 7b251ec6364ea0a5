/**
 * Finds the programs of a PostgreSQL server of a wanted major: `PRA_PG_BIN_DIR`, the distribution's
 * directories, `pg_config`, then an embedded npm package. A directory counts only when its `postgres`,
 * run as the account that will run the server, answers with the wanted major: a path that looks right
 * proves nothing. Never offers another major: data files of two majors do not mix.
 *
 * Client programs are not looked for; nothing in the product needs them.
 */
import { access, constants } from "node:fs/promises";
import { join } from "node:path";
import { DrError, isDrError } from "../core/errors.ts";
import { type PgVersion, versionOfProgram } from "../core/pg-version.ts";
import {
  copyEmbeddedPackage,
  embeddedPackageSpec,
  findEmbeddedPackages,
  makePackageLinks,
} from "./embedded-binaries.ts";
import { runProgram } from "./run-program.ts";
import type { ServerAccount } from "./server-account.ts";

/** Where programs were found. */
export type BinariesOrigin = "PRA_PG_BIN_DIR" | "distribution" | "pg_config" | "embedded";

/** A server's programs that were seen to run. */
export type ServerBinaries = {
  readonly binDirectory: string;
  readonly version: PgVersion;
  readonly origin: BinariesOrigin;
};

/** What a search needs beside the wanted major. */
export type BinariesSearch = {
  readonly account: ServerAccount;
  readonly signal: AbortSignal;
  /** The value of `PRA_PG_BIN_DIR`; when set, nothing else is considered. */
  readonly binDirectory?: string | undefined;
  /** Which places to look in, in order; all by default. */
  readonly origins?: readonly Exclude<BinariesOrigin, "PRA_PG_BIN_DIR">[];
  readonly cacheDirectories?: readonly string[];
  /** Where the search for npm packages starts; the product's own directory by default. */
  readonly packagesFrom?: string;
};

type Probe =
  | { readonly state: "runs"; readonly version: PgVersion }
  | { readonly state: "broken"; readonly reason: string };

/** Runs `postgres --version` as the server's account. */
async function probe(binDirectory: string, search: BinariesSearch): Promise<Probe> {
  const result = await runProgram(join(binDirectory, "postgres"), ["--version"], search);
  if (result.state === "unstartable") {
    return { state: "broken", reason: result.reason };
  }
  if (result.code !== 0) {
    return { state: "broken", reason: result.errorOutput.trim().slice(0, 500) };
  }
  return { state: "runs", version: versionOfProgram(result.output) };
}

/** The directories distributions use, for one major. */
export function distributionDirectories(major: number): readonly string[] {
  return [
    `/usr/lib/postgresql/${major}/bin`,
    `/usr/pgsql-${major}/bin`,
    `/usr/lib/postgresql${major}/bin`,
    `/usr/libexec/postgresql${major}`,
    `/opt/homebrew/opt/postgresql@${major}/bin`,
    `/usr/local/opt/postgresql@${major}/bin`,
    `/usr/local/pgsql/bin`,
  ];
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path, constants.F_OK);
    return true;
  } catch {
    // Absent or out of reach: both mean that this place offers nothing.
    return false;
  }
}

async function fromOverride(
  major: number,
  directory: string,
  search: BinariesSearch,
): Promise<ServerBinaries> {
  const probed = await probe(directory, search);
  const reason =
    probed.state === "broken"
      ? probed.reason
      : probed.version.major === major
        ? undefined
        : `its postgres is ${probed.version.text}`;
  if (probed.state === "broken" || reason !== undefined) {
    throw new DrError("PG_BIN_DIR_WRONG", { directory, major, reason: reason ?? "" });
  }
  return { binDirectory: directory, version: probed.version, origin: "PRA_PG_BIN_DIR" };
}

async function fromDirectories(
  major: number,
  directories: readonly string[],
  origin: BinariesOrigin,
  search: BinariesSearch,
): Promise<ServerBinaries | undefined> {
  for (const binDirectory of directories) {
    if (await exists(join(binDirectory, "postgres"))) {
      const probed = await probe(binDirectory, search);
      if (probed.state === "runs" && probed.version.major === major) {
        return { binDirectory, version: probed.version, origin };
      }
    }
  }
  return undefined;
}

/** `pg_config --bindir` of the system's path; it may belong to any major, so its answer is probed like the rest. */
async function pgConfigDirectory(search: BinariesSearch): Promise<readonly string[]> {
  const result = await runProgram("pg_config", ["--bindir"], search);
  return result.state === "exited" && result.code === 0 && result.output.startsWith("/")
    ? [result.output.trim()]
    : [];
}

/** initdb hands its own path to a shell, between double quotes: there these mean something else. All else runs from such a path. */
const SHELL_SIGNS = /["$`\\]/;

/** The copy; what is usable without one where there can be none. @throws what `make` throws, when nothing is. */
async function copyOr(
  usable: ServerBinaries | undefined,
  make: () => Promise<string>,
): Promise<string | ServerBinaries> {
  try {
    return await make();
  } catch (error) {
    if (usable !== undefined && isDrError(error, "PG_CACHE_UNSAFE")) {
      return usable;
    }
    throw error;
  }
}

async function fromPackages(
  major: number,
  search: BinariesSearch,
): Promise<ServerBinaries | undefined> {
  const packages = await findEmbeddedPackages(search.packagesFrom);
  for (const candidate of packages.filter((each) => each.major === major)) {
    const complete = await makePackageLinks(candidate.directory);
    const inPlace = join(candidate.directory, "native", "bin");
    const probed: Probe = complete
      ? await probe(inPlace, search)
      : { state: "broken", reason: "links missing" };
    const usable: ServerBinaries | undefined =
      probed.state === "runs"
        ? { binDirectory: inPlace, version: probed.version, origin: "embedded" }
        : undefined;
    if (usable !== undefined && !SHELL_SIGNS.test(inPlace)) {
      return usable;
    }
    const copy = await copyOr(usable, () => copyEmbeddedPackage(candidate, search));
    if (typeof copy !== "string") {
      return copy;
    }
    const binDirectory = join(copy, "native", "bin");
    const probedCopy = await probe(binDirectory, search);
    if (probedCopy.state === "broken") {
      throw new DrError("PG_BINARIES_BROKEN", {
        program: join(binDirectory, "postgres"),
        account: search.account.name,
        reason: probedCopy.reason,
      });
    }
    return { binDirectory, version: probedCopy.version, origin: "embedded" };
  }
  return undefined;
}

/**
 * Programs of a server of `major` that run as `search.account`. Aborting stops the search; a package's
 * links or a complete copy in the cache may stay. @throws DrError `PG_BINARIES_MISSING`,
 * `PG_BIN_DIR_WRONG`, `PG_BINARIES_BROKEN`, `PG_CACHE_UNSAFE`.
 */
export async function findServerBinaries(
  major: number,
  search: BinariesSearch,
): Promise<ServerBinaries> {
  if (search.binDirectory !== undefined && search.binDirectory !== "") {
    return fromOverride(major, search.binDirectory, search);
  }
  const origins = search.origins ?? ["distribution", "pg_config", "embedded"];
  for (const origin of origins) {
    const found =
      origin === "distribution"
        ? await fromDirectories(major, distributionDirectories(major), origin, search)
        : origin === "pg_config"
          ? await fromDirectories(major, await pgConfigDirectory(search), origin, search)
          : await fromPackages(major, search);
    if (found !== undefined) {
      return found;
    }
  }
  throw new DrError("PG_BINARIES_MISSING", {
    major,
    searched: origins
      .map((origin) =>
        origin === "distribution" ? distributionDirectories(major).join(", ") : origin,
      )
      .join(", "),
    npmPackage: embeddedPackageSpec(major),
  });
}

/**
 * Whether this host can judge a backup at all. A server of another build may fail, or worse, succeed, for reasons that say
 * nothing about the backup: what it lacks is named, and the proof ends "unfit", which is never green.
 */
import { join } from "node:path";
import type { ClientBase } from "pg";
import { DrError } from "../core/errors.ts";
import type { ServerAccount } from "../postgres/server-account.ts";
import { missingLibraries } from "../postgres/installed-libraries.ts";
import { runProgram } from "../postgres/run-program.ts";
import type { ServerBinaries } from "../postgres/server-binaries.ts";
import type { ServerIdentity } from "../repository/root.ts";
import { librariesIn, preloadedLibraries } from "../restore/preload-libraries.ts";
import {
  recordedResourceManagers,
  recordedRows,
  recordedSetting,
  rowsAt,
} from "./recorded-facts.ts";

/** Something this host has not, or has otherwise, than the backed-up server. */
export type FitnessFinding = {
  readonly kind:
    | "extension"
    | "collation"
    | "locale"
    | "size"
    | "compression"
    | "library"
    | "checksums"
    | "prepared";
  readonly name: string;
  readonly detail: string;
};

/** Extensions that the backed-up databases used, by what the backup recorded. */
export function recordedExtensions(server: ServerIdentity): readonly string[] {
  const names = recordedRows(server, ["databases"]).flatMap((database) =>
    rowsAt(database, ["extensions"]).map((row) => String(row["extname"] ?? row["name"])),
  );
  return [...new Set(names)].sort();
}

/** Compile-time sizes of a server, by the name under which it tells them. */
const SIZES = [
  ["block_size", "blockBytes"],
  ["wal_block_size", "walBlockBytes"],
  ["segment_size", "segmentBlocks"],
] as const;

/** Settings whose value needs a library that the programs may have been built without. */
const COMPRESSIONS = ["wal_compression", "default_toast_compression"] as const;

type Told = { readonly value: string } | { readonly refusal: string };

/** Reading one setting takes the programs a few milliseconds; a directory without files is enough. */
async function tell(programs: FitPrograms, setting: string, value?: string): Promise<Told> {
  const { account, emptyDirectory, signal } = programs;
  const given = value === undefined ? [] : ["-c", `${setting}=${value}`];
  const flags = ["-C", setting, ...given, "-D", emptyDirectory, "-c", "config_file=/dev/null"];
  const result = await runProgram(programOf(programs), flags, { account, signal });
  if (result.state === "unstartable") {
    return { refusal: result.reason };
  }
  return result.code === 0
    ? { value: result.output.trim() }
    : { refusal: result.errorOutput.trim().split("\n").at(-1) ?? "" };
}

function programOf(programs: FitPrograms): string {
  return join(programs.binaries.binDirectory, "postgres");
}

/** What only a program that does not run at all refuses to tell. @throws DrError `PROOF_PROGRAMS_FAIL`. */
async function sizeOf(programs: FitPrograms, setting: string): Promise<number> {
  const told = await tell(programs, setting);
  if ("refusal" in told) {
    throw new DrError("PROOF_PROGRAMS_FAIL", {
      program: programOf(programs),
      account: programs.account.name,
      directory: programs.emptyDirectory,
      reason: told.refusal,
    });
  }
  return Number(told.value);
}

/** The programs that prove, and a directory in which they find nothing. */
export type FitPrograms = {
  readonly binaries: ServerBinaries;
  readonly account: ServerAccount;
  readonly emptyDirectory: string;
  readonly signal: AbortSignal;
};

/**
 * What the programs cannot do although the backed-up server did: sizes that they were built with, compressions that they
 * lack. Known before anything is restored. @throws DrError `PROOF_PROGRAMS_FAIL` when they do not run at all.
 */
export async function unfitPrograms(
  programs: FitPrograms,
  server: ServerIdentity,
): Promise<readonly FitnessFinding[]> {
  const findings: FitnessFinding[] = [];
  for (const [setting, key] of SIZES) {
    const here = await sizeOf(programs, setting);
    if (here !== server[key]) {
      const detail = `the backed-up server has ${server[key]}, the programs that prove have ${here}`;
      findings.push({ kind: "size", name: setting, detail });
    }
  }
  for (const setting of COMPRESSIONS) {
    const value = recordedSetting(server, setting);
    const told = value === undefined ? undefined : await tell(programs, setting, value);
    if (told !== undefined && "refusal" in told) {
      const detail = `the backed-up server uses ${value}, which the programs that prove were built without`;
      findings.push({ kind: "compression", name: setting, detail });
    }
  }
  return [...findings, ...(await missingForReplay(programs, server))];
}

/** Preloaded libraries that are not here, where one of them may bring a resource manager that the WAL needs. */
async function missingForReplay(
  { binaries }: FitPrograms,
  server: ServerIdentity,
): Promise<readonly FitnessFinding[]> {
  const managers = recordedResourceManagers(server);
  if (managers.length === 0) {
    return [];
  }
  const needed = `the WAL needs the resource managers ${managers.join(", ")}`;
  const value = recordedSetting(server, "shared_preload_libraries");
  if (value === undefined) {
    const detail = `${needed}; which libraries the backed-up server loads was not shown to the backup`;
    return [{ kind: "library", name: "shared_preload_libraries", detail }];
  }
  const detail = `${needed}; preloaded by the backed-up server, not installed for the programs that prove`;
  const missing = await missingLibraries(binaries, librariesIn(value));
  return [...missing].map((name) => ({ kind: "library", name, detail }));
}

/** What a proof loads: libraries whose resource managers the WAL may need, and nothing otherwise. They are all here. */
export function librariesForReplay(server: ServerIdentity): string {
  const value = recordedSetting(server, "shared_preload_libraries") ?? "";
  return recordedResourceManagers(server).length === 0
    ? ""
    : preloadedLibraries(value, new Set()).value;
}

/** Extensions that are used and that these programs do not bring. */
export async function missingExtensions(
  client: ClientBase,
  server: ServerIdentity,
): Promise<readonly FitnessFinding[]> {
  const { rows } = await client.query<{ name: string }>("SELECT name FROM pg_available_extensions");
  const available = new Set(rows.map((row) => row.name));
  return recordedExtensions(server)
    .filter((name) => !available.has(name))
    .map((name) => ({
      kind: "extension",
      name,
      detail: "used by the backed-up server, not installed for the programs that prove",
    }));
}

/** A server that keeps no page checksums: that is no fault of the backup, and nothing was seen of its pages. */
export function missingChecksums(server: ServerIdentity): readonly FitnessFinding[] {
  const detail = "the backed-up server keeps none: its pages were not checked";
  return server.dataChecksums ? [] : [{ kind: "checksums", name: "data_checksums", detail }];
}

/** Collations whose version here differs from the one indexes were built with: environment, not corruption. */
export async function differingCollations(
  client: ClientBase,
  major: number,
): Promise<readonly FitnessFinding[]> {
  if (major < 15) {
    // pg_database has no collation version before 15.
    return [];
  }
  const { rows } = await client.query<{ name: string; recorded: string; present: string }>(`
    SELECT datname AS name, datcollversion AS recorded, pg_database_collation_actual_version(oid) AS present
      FROM pg_database
     WHERE datallowconn AND datcollversion IS DISTINCT FROM pg_database_collation_actual_version(oid)`);
  return rows.map((row) => ({
    kind: "collation",
    name: row.name,
    detail: `built with version ${row.recorded}, here ${row.present}`,
  }));
}

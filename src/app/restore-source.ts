/**
 * What a restore test takes its database from: a dump or a backup of the repository, by its id, by the path that `pra backup` and `pra
 * dump` print, or the newest; or a file that somebody has.
 */
import { basename, join, resolve, sep } from "node:path";
import { stat } from "node:fs/promises";
import { DrError, isDrError } from "../core/errors.ts";
import type { DumpDocument, DumpedDatabase } from "../repository/dump-document.ts";
import { listDumps } from "../repository/dump-catalogue.ts";
import { newestBackup } from "../repository/catalogue.ts";
import { clusterNameOf, type IncarnationPlace } from "../repository/object-names.ts";
import type { StoreCall } from "../repository/object-store.ts";
import { listIncarnations } from "../repository/read-lease.ts";
import { listClusters } from "../repository/catalogue.ts";
import { type DumpFile, recogniseFile } from "../rescue/restore-file.ts";
import type { Environment } from "./environment.ts";
import { type FoundBackup, findBackup } from "./find-backup.ts";
import type { OpenRepository } from "./repository-access.ts";

/** What was found. */
export type FoundSource =
  | { readonly kind: "dump"; readonly place: IncarnationPlace; readonly dump: DumpDocument }
  | { readonly kind: "backup"; readonly found: FoundBackup | undefined }
  | { readonly kind: "file"; readonly file: DumpFile };

type FoundDump = Extract<FoundSource, { readonly kind: "dump" }>;

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    // Absent or out of reach: then it is no file of ours to read.
    return false;
  }
}

async function* allDumps(
  { sealed }: OpenRepository,
  call: StoreCall & { readonly cluster?: string },
): AsyncGenerator<FoundDump> {
  for (const cluster of await listClusters(sealed, call)) {
    if (call.cluster === undefined || call.cluster === cluster) {
      for await (const place of listIncarnations(sealed, cluster, call)) {
        for await (const entry of listDumps(sealed, place, call)) {
          if (entry.state === "dump") {
            yield { kind: "dump", place, dump: entry.dump };
          }
        }
      }
    }
  }
}

/** By its id or the beginning of it. @throws DrError `DUMP_UNKNOWN` when several begin so. */
async function dumpNamed(
  repository: OpenRepository,
  typed: string,
  call: StoreCall,
): Promise<FoundDump | undefined> {
  const found: FoundDump[] = [];
  for await (const each of allDumps(repository, call)) {
    if (each.dump.id.startsWith(typed)) {
      found.push(each);
    }
  }
  if (found.length > 1) {
    throw new DrError("DUMP_UNKNOWN", { dump: typed, matches: found.length });
  }
  return found[0];
}

/** The newest of all dumps and backups of the cluster; a backup when an instant is asked for. */
async function newestSource(
  repository: OpenRepository,
  environment: Environment,
  call: StoreCall & { readonly anyInstant: boolean },
): Promise<FoundSource> {
  const cluster = clusterNameOf(environment.cluster);
  let dump: FoundDump | undefined;
  for await (const each of allDumps(repository, { signal: call.signal, cluster })) {
    dump = dump === undefined || each.dump.startedAt > dump.dump.startedAt ? each : dump;
  }
  let backupAt = "";
  for await (const place of listIncarnations(repository.sealed, cluster, call)) {
    const newest = await newestBackup(repository.sealed, place, call);
    if (newest?.state === "backup" && newest.backup.startedAt > backupAt) {
      backupAt = newest.backup.startedAt;
    }
  }
  return dump === undefined || call.anyInstant || backupAt > dump.dump.startedAt
    ? { kind: "backup", found: undefined }
    : dump;
}

/**
 * What `--from` means. @throws DrError `RESTORE_DB_SOURCE_UNKNOWN`, `RESTORE_DB_FILE`, `DUMP_UNKNOWN`, `STORE_*`, `REPO_*`.
 */
export async function findSource(
  repository: OpenRepository,
  environment: Environment,
  call: StoreCall & { readonly from: string | undefined; readonly anyInstant: boolean },
): Promise<FoundSource> {
  const { from, signal } = call;
  if (from === undefined || from === "") {
    return await newestSource(repository, environment, call);
  }
  const path = resolve(from);
  const inRepository = path.startsWith(join(repository.location, sep));
  if (!inRepository && (await exists(path))) {
    return { kind: "file", file: await recogniseFile(path) };
  }
  const typed = (inRepository ? basename(path) : from).trim().toLowerCase();
  if (/^[0-9a-f]{4,32}$/.test(typed)) {
    const dump = await dumpNamed(repository, typed, { signal });
    if (dump !== undefined) {
      return dump;
    }
    try {
      const found = await findBackup(repository.sealed, typed, { signal });
      return { kind: "backup", found };
    } catch (error) {
      if (!isDrError(error, "REPO_BACKUP_UNKNOWN")) {
        throw error;
      }
    }
  }
  throw new DrError("RESTORE_DB_SOURCE_UNKNOWN", { from });
}

/**
 * Which database is meant: the named one, the one that DATABASE_URL or PG_DATABASE names, the only one beside `postgres`.
 * @throws DrError `RESTORE_DB_WHICH`.
 */
export function chooseDatabase(
  names: readonly string[],
  of: {
    readonly source: string;
    readonly wanted: string | undefined;
    readonly environment: Environment;
  },
): string {
  const { database, origins } = of.environment.connection;
  const usual = origins.database === "default" ? undefined : database;
  const wanted = of.wanted ?? usual;
  const others = names.filter((name) => name !== "postgres");
  const chosen =
    names.find((name) => name === wanted) ??
    (of.wanted === undefined
      ? others.length === 1
        ? others[0]
        : names.length === 1
          ? names[0]
          : undefined
      : undefined);
  if (chosen === undefined) {
    throw new DrError("RESTORE_DB_WHICH", { source: of.source, names: names.join(", ") });
  }
  return chosen;
}

/** A dump's database by name. */
export function databaseOf(dump: DumpDocument, name: string): DumpedDatabase | undefined {
  return dump.databases.find((each) => each.name === name);
}

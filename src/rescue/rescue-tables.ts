/**
 * Tables from a copy into a database of their own, by the distribution's programs: of the copy's definitions those that the tables need, and
 * the tables' rows in streams beside each other. Everything happens in a database with a name for work in progress, which takes
 * its own name when all is there and counted: nothing half is ever seen, and what a killed run left is dropped by the next.
 *
 * Follows "pg_dump" and "pg_restore" (`--use-list`) in PostgreSQL's documentation.
 */
import { createReadStream, createWriteStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Clock } from "../core/clock.ts";
import { DrError } from "../core/errors.ts";
import { failpointAsync } from "../core/failpoint.ts";
import { dumpOwnStreamBytes, rescueTablesOfStream } from "../core/limits.ts";
import type { Random } from "../core/random.ts";
import { quoteTable } from "../dump/census.ts";
import type { ClientPrograms } from "../dump/client-programs.ts";
import { feedProgram } from "../dump/feed-program.ts";
import { databaseWord, libpqEnvironment, tablePattern } from "../dump/libpq.ts";
import { failureOf } from "../dump/program-failure.ts";
import { programOutput } from "../dump/program-output.ts";
import type { StreamProgram } from "../dump/stream-messages.ts";
import type { ConnectionSettings } from "../postgres/connection-settings.ts";
import { SqlSession } from "../postgres/sql-session.ts";
import { inRestoreWords } from "../restore/restored-file.ts";
import { type NeededObjects, findNeededObjects, neededEntries } from "./needed-objects.ts";
import {
  type DatabaseArchives,
  type RestorePhase,
  type TimedPhase,
  restoreArchives,
  restoreFailureOf,
} from "./restore-archives.ts";
import type { DatabaseShape, TargetDatabase } from "./target-database.ts";
import type { WishedRelation, WishedRelations } from "./wished-relations.ts";

/** What to bring, from where, and where to. */
export type RescueTablesOptions = {
  /** The copy's database. */
  readonly source: ConnectionSettings;
  readonly wished: WishedRelations;
  readonly shape: DatabaseShape | undefined;
  /** A database in the making; made anew here. */
  readonly work: TargetDatabase;
  /** For the mark: `backup 0123…`. */
  readonly label: string;
  readonly programs: ClientPrograms;
  /** For definitions. */
  readonly scratchDirectory: string;
  readonly jobs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly onPhase: (phase: RestorePhase | "checks") => void;
  readonly signal: AbortSignal;
};

/** What is there now. */
export type RescuedTables = {
  readonly tables: readonly (WishedRelation & { readonly rows: number })[];
  /** Oids of those that belong to a partitioned table among them. */
  readonly partitions: readonly string[];
  readonly leftOut: NeededObjects["leftOut"];
  readonly phases: readonly TimedPhase[];
};

const APPLICATION = "pra_rescue";

function dumping(options: RescueTablesOptions, words: readonly string[]): StreamProgram {
  const { programs, source } = options;
  const common = ["--format=custom", "--compress=0", "--no-password"];
  return {
    path: join(programs.directory, "pg_dump"),
    words: [...common, databaseWord(source.database), ...words],
    environment: libpqEnvironment(source, APPLICATION),
  };
}

function stream(
  options: RescueTablesOptions,
  words: readonly string[],
): AsyncGenerator<Uint8Array, void, undefined> {
  const { source: settings, signal } = options;
  const judge = (end: Parameters<typeof failureOf>[0]) =>
    failureOf(end, { program: "pg_dump", settings });
  return programOutput(dumping(options, words), { judge, signal });
}

async function* noBytes(): AsyncGenerator<Uint8Array, void, undefined> {}

/** All definitions of the database in a file, and beside it the list of those that are needed. */
async function writeDefinitions(
  options: RescueTablesOptions,
  needed: NeededObjects,
): Promise<{ readonly archive: string; readonly list: string; readonly bytes: number }> {
  const { programs, scratchDirectory, signal } = options;
  const archive = join(scratchDirectory, "definitions.dump");
  const output = createWriteStream(archive, { flags: "wx", mode: 0o600 });
  // Not by sections: those would read every sequence of the database, and most of them are not on the copy.
  await pipeline(stream(options, ["--schema-only"]), output, { signal });
  const { end, output: contents } = await feedProgram(
    {
      path: join(programs.directory, "pg_restore"),
      words: ["--list", archive],
      environment: { LC_ALL: "C" },
    },
    noBytes(),
    { signal },
  );
  const failure = restoreFailureOf("pg_restore", end);
  if (failure !== undefined) {
    throw failure;
  }
  const list = join(scratchDirectory, "definitions.list");
  await failpointAsync("rescue.list", { signal });
  await writeFile(list, `${neededEntries(contents, needed).join("\n")}\n`, { mode: 0o600 });
  return { archive, list, bytes: output.bytesWritten };
}

/** @throws DrError `RESTORE_DISK_FULL`, `RESTORE_FILE_IO`. */
async function inScratch<T>(options: RescueTablesOptions, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw inRestoreWords(error, options.scratchDirectory);
  }
}

type Sized = WishedRelation & { readonly bytes: number };

async function sized(
  session: SqlSession,
  relations: readonly WishedRelation[],
  signal: AbortSignal,
): Promise<readonly Sized[]> {
  const oids = relations.map(({ oid }) => oid).join(",");
  const rows = await session.query(
    `SELECT oid::text AS oid, pg_catalog.pg_table_size(oid)::text AS bytes FROM pg_catalog.unnest('{${oids}}'::oid[]) u(oid)`,
    { signal },
  );
  const bytesOf = new Map(rows.map((row) => [row["oid"], Number(row["bytes"])]));
  return relations.map((each) => ({ ...each, bytes: bytesOf.get(each.oid) ?? 0 }));
}

/** Large tables have a stream of their own; the others share some. Pure. */
export function streamsOf(relations: readonly Sized[]): readonly (readonly Sized[])[] {
  const large = relations.filter(({ bytes }) => bytes >= dumpOwnStreamBytes);
  const others = relations.filter(({ bytes }) => bytes < dumpOwnStreamBytes);
  const shared = Array.from({ length: Math.ceil(others.length / rescueTablesOfStream) }, (_, at) =>
    others.slice(at * rescueTablesOfStream, (at + 1) * rescueTablesOfStream),
  );
  return [...large.map((each) => [each]), ...shared];
}

async function archivesOf(
  options: RescueTablesOptions,
  session: SqlSession,
  definitions: { readonly archive: string; readonly bytes: number },
): Promise<DatabaseArchives> {
  const { wished, signal } = options;
  const filled = wished.tables.filter(({ kind }) => kind === "r");
  const relations = await sized(session, [...filled, ...wished.sequences], signal);
  return {
    schema: () => createReadStream(definitions.archive),
    schemaBytes: definitions.bytes,
    data: streamsOf(relations).map((some) => () => {
      const patterns = some.map((each) => `--table=${tablePattern(each)}`);
      return stream(options, ["--section=data", "--strict-names", ...patterns]);
    }),
  };
}

async function countTables(
  session: SqlSession,
  tables: readonly WishedRelation[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const table of tables) {
    const only = table.kind === "p" ? "" : "ONLY ";
    const sql = `SELECT pg_catalog.count(*)::text AS n FROM ${only}${quoteTable(table)}`;
    const [row] = await session.query(sql, { signal });
    counts.set(quoteTable(table), Number(row?.["n"]));
  }
  return counts;
}

async function partitionsAmong(
  session: SqlSession,
  tables: readonly WishedRelation[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const oids = `'{${tables.map(({ oid }) => oid).join(",")}}'::oid[]`;
  const rows = await session.query(
    `SELECT i.inhrelid::text AS oid FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhparent
      WHERE c.relkind = 'p' AND i.inhrelid = ANY (${oids}) AND i.inhparent = ANY (${oids})`,
    { signal },
  );
  return rows.map((row) => row["oid"] ?? "");
}

/** Counts on both sides. @throws DrError `RESTORE_RESCUE_COUNT`. */
async function checkCounts(
  options: RescueTablesOptions,
  session: SqlSession,
  tables: readonly WishedRelation[],
): Promise<RescuedTables["tables"]> {
  const { work, signal } = options;
  await using inside = await SqlSession.open(work.settings, {
    database: work.name,
    applicationName: APPLICATION,
    signal,
  });
  const then = await countTables(session, tables, signal);
  const now = await countTables(inside, tables, signal);
  return tables.map((table) => {
    const name = quoteTable(table);
    const [rows, copied] = [then.get(name) ?? 0, now.get(name) ?? 0];
    if (rows !== copied) {
      throw new DrError("RESTORE_RESCUE_COUNT", { table: name, rows, copied });
    }
    return { ...table, rows };
  });
}

/**
 * Makes the database and fills it. @throws DrError `RESTORE_DB_*`, `RESTORE_RESCUE_COUNT`, `DUMP_*`, `PG_*`; the signal's reason: then it
 * is incomplete, under its name for work in progress.
 */
export async function rescueTables(options: RescueTablesOptions): Promise<RescuedTables> {
  const { source, wished, work, shape, label, programs, clock, onPhase, signal } = options;
  const tables = wished.tables.filter(({ kind }) => kind === "r" || kind === "p");
  await using session = await SqlSession.open(source, { applicationName: APPLICATION, signal });
  await session.query("SET max_parallel_workers_per_gather = 0", { signal });
  const needed = await findNeededObjects(session, { ...wished, tables }, { signal });
  const definitions = await inScratch(options, () => writeDefinitions(options, needed));
  const archives = await archivesOf(options, session, definitions);
  await work.drop();
  await work.create(shape, label);
  const phases = await restoreArchives(archives, {
    ...options,
    settings: work.settings,
    database: work.name,
    directory: programs.directory,
    applicationName: APPLICATION,
    keepOwners: false,
    only: definitions.list,
  });
  onPhase("checks");
  const began = clock.monotonic();
  const counted = await checkCounts(options, session, tables);
  const durationMs = Math.round(clock.monotonic() - began);
  return {
    tables: counted,
    partitions: await partitionsAmong(session, tables, signal),
    leftOut: needed.leftOut,
    phases: [...phases, { name: "checks", durationMs }],
  };
}

/**
 * The command lines of a dump. A database is an archive of everything but data, one of the data of each large table, and one of the rest:
 * so large tables are read side by side, written without a seekable file, and given back side by side, each read from the
 * repository once. All in one snapshot. Not compressed: our frames are.
 *
 * Follows "pg_dump", "pg_dumpall" in PostgreSQL's documentation; `--section` and `--snapshot` are older than 14.
 */
import { join } from "node:path";
import { dumpLockWaitMs } from "../core/limits.ts";
import type { DumpStream } from "../repository/dump-document.ts";
import type { TableName } from "./census.ts";
import { databaseWord, tablePattern } from "./libpq.ts";
import type { StreamProgram } from "./stream-messages.ts";

/** A stream to be made. */
export type PlannedStream = {
  readonly part: DumpStream["part"];
  readonly table: TableName | null;
  readonly program: StreamProgram;
};

/** What the programs of one database are told. */
export type DumpProgramOptions = {
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
};

/** The streams of one database, the one of the rest first: it is what everything else can be compared with. */
export function databaseStreams(
  of: {
    readonly database: string;
    readonly snapshot: string;
    readonly large: readonly TableName[];
  },
  { directory, environment }: DumpProgramOptions,
): readonly PlannedStream[] {
  const { database, snapshot, large } = of;
  const path = join(directory, "pg_dump");
  const common = [
    "--format=custom",
    "--compress=0",
    "--no-password",
    `--snapshot=${snapshot}`,
    `--lock-wait-timeout=${dumpLockWaitMs}`,
    databaseWord(database),
  ];
  const program = (...words: string[]): StreamProgram => ({
    path,
    words: [...common, ...words],
    environment,
  });
  const others = large.map((table) => `--exclude-table-data=${tablePattern(table)}`);
  return [
    {
      part: "schema",
      table: null,
      program: program("--section=pre-data", "--section=post-data"),
    },
    ...large.map((table): PlannedStream => {
      const only = ["--section=data", "--strict-names", `--table=${tablePattern(table)}`];
      return { part: "data", table, program: program(...only) };
    }),
    { part: "data", table: null, program: program("--section=data", ...others) },
  ];
}

/** Roles, memberships, tablespaces, settings of roles and databases. */
export function globalsStream(
  of: { readonly passwords: boolean },
  { directory, environment }: DumpProgramOptions,
): PlannedStream {
  const words = [
    "--globals-only",
    "--no-password",
    ...(of.passwords ? [] : ["--no-role-passwords"]),
  ];
  const path = join(directory, "pg_dumpall");
  return { part: "globals", table: null, program: { path, words, environment } };
}

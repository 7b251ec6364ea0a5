/**
 * What there is in a database, counted: by kind, row by row, and what tends to get lost on the way (owners, extensions, sequences,
 * constraints that hold nothing). Counted by the same statements in the dump's own snapshot and in the database that was restored
 * from it, so that the two can be compared. What belongs to an extension is the extension's, on either side.
 *
 * Counting reads every table once more; one plain scan at a time, for production comes first.
 */
import type { Census } from "../repository/dump-document.ts";
import type { SqlRow, SqlSession } from "../postgres/sql-session.ts";

/** A name of a table. */
export type TableName = { readonly schema: string; readonly name: string };

/** An identifier between quotes. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A table's name in SQL. */
export function quoteTable({ schema, name }: TableName): string {
  return `${quoteName(schema)}.${quoteName(name)}`;
}

const OURS = (oid: string, catalogue: string): string =>
  `NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.${catalogue}'::regclass AND d.objid = ${oid} AND d.deptype = 'e')`;
const OF_USERS = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'";

function counted(of: {
  readonly kind: string;
  readonly catalogue: string;
  readonly namespace?: string;
  readonly where?: string;
}): string {
  const { kind, catalogue, namespace, where } = of;
  const joined =
    namespace === undefined
      ? ""
      : ` JOIN pg_catalog.pg_namespace n ON n.oid = o.${namespace} AND ${OF_USERS}`;
  const also = where === undefined ? "" : ` AND ${where}`;
  return `SELECT ${kind} AS kind, o.oid FROM pg_catalog.${catalogue} o${joined} WHERE ${OURS("o.oid", catalogue)}${also}`;
}

const RELATIONS = `CASE o.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view'
 WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence' WHEN 'f' THEN 'foreign table' ELSE 'composite type' END`;
const ROUTINES = `CASE o.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END`;
const CONSTRAINTS = `CASE o.contype WHEN 'c' THEN 'check' WHEN 'f' THEN 'foreign key' WHEN 'p' THEN 'primary key'
 WHEN 'u' THEN 'unique' WHEN 'x' THEN 'exclusion' ELSE 'constraint trigger' END`;
const OF_TABLE = (column: string): string =>
  `EXISTS (SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND ${OF_USERS}
   WHERE c.oid = o.${column} AND ${OURS("c.oid", "pg_class")})`;

/** An index that is not valid is left out of dumps; constraints NOT NULL are kept as such from 18 on only. */
const OBJECTS = [
  counted({
    kind: RELATIONS,
    catalogue: "pg_class",
    namespace: "relnamespace",
    where: "o.relpersistence <> 't' AND o.relkind IN ('r','p','v','m','S','f','c')",
  }),
  `SELECT 'index', o.indexrelid FROM pg_catalog.pg_index o WHERE o.indisvalid AND ${OF_TABLE("indrelid")}`,
  counted({ kind: ROUTINES, catalogue: "pg_proc", namespace: "pronamespace" }),
  counted({
    kind: "CASE o.typtype WHEN 'd' THEN 'domain' WHEN 'e' THEN 'enum' ELSE 'range' END",
    catalogue: "pg_type",
    namespace: "typnamespace",
    where: "o.typtype IN ('d','e','r')",
  }),
  counted({
    kind: CONSTRAINTS,
    catalogue: "pg_constraint",
    namespace: "connamespace",
    where: "o.contype <> 'n'",
  }),
  `SELECT 'trigger', o.oid FROM pg_catalog.pg_trigger o WHERE NOT o.tgisinternal AND ${OF_TABLE("tgrelid")}`,
  `SELECT 'policy', o.oid FROM pg_catalog.pg_policy o WHERE ${OF_TABLE("polrelid")}`,
  `SELECT 'rule', o.oid FROM pg_catalog.pg_rewrite o WHERE o.rulename <> '_RETURN' AND ${OF_TABLE("ev_class")}`,
  `SELECT 'statistics', o.oid FROM pg_catalog.pg_statistic_ext o WHERE ${OF_TABLE("stxrelid")}`,
  `SELECT 'schema', n.oid FROM pg_catalog.pg_namespace n WHERE ${OF_USERS} AND n.nspname <> 'public' AND ${OURS("n.oid", "pg_namespace")}`,
  counted({ kind: "'event trigger'", catalogue: "pg_event_trigger" }),
  counted({ kind: "'publication'", catalogue: "pg_publication" }),
].join("\nUNION ALL\n");

const TABLES = `SELECT n.nspname AS schema, o.relname AS name FROM pg_catalog.pg_class o
 JOIN pg_catalog.pg_namespace n ON n.oid = o.relnamespace AND ${OF_USERS}
 WHERE o.relkind = 'r' AND o.relpersistence <> 't' AND ${OURS("o.oid", "pg_class")} ORDER BY 1, 2`;

/** A sequence that was never asked has no last value. Of another's the view hides it, so the relation itself is read below. */
const SEQUENCES = `SELECT n.nspname AS schema, o.relname AS name, (s.seqincrement > 0)::text AS ascending,
 pg_catalog.pg_sequence_last_value(s.seqrelid)::text AS value
 FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace n ON n.oid = o.relnamespace AND ${OF_USERS}
 JOIN pg_catalog.pg_sequence s ON s.seqrelid = o.oid
 WHERE o.relpersistence <> 't' AND pg_catalog.has_sequence_privilege(s.seqrelid, 'SELECT,USAGE') AND ${OURS("o.oid", "pg_class")} ORDER BY 1, 2`;

const OWNERS = `SELECT owner, pg_catalog.count(*)::text AS n FROM (
 SELECT pg_catalog.pg_get_userbyid(o.relowner) AS owner FROM pg_catalog.pg_class o
 JOIN pg_catalog.pg_namespace n ON n.oid = o.relnamespace AND ${OF_USERS}
 WHERE o.relkind IN ('r','p','v','m','f') AND o.relpersistence <> 't' AND ${OURS("o.oid", "pg_class")}
 UNION ALL SELECT pg_catalog.pg_get_userbyid(o.proowner) FROM pg_catalog.pg_proc o
 JOIN pg_catalog.pg_namespace n ON n.oid = o.pronamespace AND ${OF_USERS} WHERE ${OURS("o.oid", "pg_proc")}) s GROUP BY 1`;

/** The first superuser stands nowhere in these records, for it cannot be dropped; it is found among the owners. */
const ROLES = `SELECT DISTINCT r.rolname AS name FROM pg_catalog.pg_shdepend d
 JOIN pg_catalog.pg_roles r ON r.oid = d.refobjid
 WHERE d.refclassid = 'pg_catalog.pg_authid'::regclass AND r.rolname !~ '^pg_'
 AND d.dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())`;

const INVALID_CONSTRAINTS = `SELECT n.nspname || '.' || c.relname || '.' || o.conname AS name FROM pg_catalog.pg_constraint o
 JOIN pg_catalog.pg_class c ON c.oid = o.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND ${OF_USERS}
 WHERE NOT o.convalidated ORDER BY 1`;
const INVALID_INDEXES = `SELECT n.nspname || '.' || c.relname AS name FROM pg_catalog.pg_index o
 JOIN pg_catalog.pg_class c ON c.oid = o.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND ${OF_USERS}
 WHERE NOT o.indisvalid ORDER BY 1`;

function text(row: SqlRow, column: string): string {
  return row[column] ?? "";
}

function numbers(rows: readonly SqlRow[], column: string): Record<string, number> {
  return Object.fromEntries(rows.map((row) => [text(row, column), Number(row["n"])]));
}

type Call = {
  readonly signal: AbortSignal;
  readonly onTable?: (done: number, all: number) => void;
};

async function countRows(session: SqlSession, call: Call): Promise<Census["tables"]> {
  const found = await session.query(TABLES, call);
  const tables: Census["tables"] = [];
  for (const row of found) {
    const table = { schema: text(row, "schema"), name: text(row, "name") };
    const sql = `SELECT pg_catalog.count(*)::text AS n FROM ONLY ${quoteTable(table)}`;
    const [counts] = await session.query(sql, call);
    tables.push({ ...table, rows: Number(counts?.["n"]) });
    call.onTable?.(tables.length, found.length);
  }
  return tables;
}

/** Counts. @throws DrError `PG_*`. */
export async function takeCensus(session: SqlSession, call: Call): Promise<Census> {
  const ask = (sql: string): Promise<readonly SqlRow[]> => session.query(sql, call);
  await ask("SET max_parallel_workers_per_gather = 0");
  const kinds = `SELECT kind, pg_catalog.count(*)::text AS n FROM (${OBJECTS}) s GROUP BY 1`;
  const objects = numbers(await ask(kinds), "kind");
  const sequences = (await ask(SEQUENCES)).map((row) => ({
    schema: text(row, "schema"),
    name: text(row, "name"),
    lastValue: row["value"] ?? null,
    ascending: row["ascending"] === "true",
  }));
  const extensions = (
    await ask(
      "SELECT extname AS name, extversion AS version FROM pg_catalog.pg_extension ORDER BY 1",
    )
  ).map((row) => ({ name: text(row, "name"), version: text(row, "version") }));
  const owners = numbers(await ask(OWNERS), "owner");
  const names = async (sql: string): Promise<string[]> =>
    (await ask(sql)).map((row) => text(row, "name"));
  const roles = [...new Set([...Object.keys(owners), ...(await names(ROLES))])].toSorted();
  const invalidConstraints = await names(INVALID_CONSTRAINTS);
  const invalidIndexes = await names(INVALID_INDEXES);
  const [large] = await ask(
    "SELECT pg_catalog.count(*)::text AS n FROM pg_catalog.pg_largeobject_metadata",
  );
  const largeObjects = Number(large?.["n"]);
  const tables = await countRows(session, call);
  return {
    objects,
    tables,
    sequences,
    extensions,
    owners,
    roles,
    invalidConstraints,
    invalidIndexes,
    largeObjects,
  };
}

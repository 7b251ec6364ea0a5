/**
 * The shape of a server's data: which tables it has, how many rows of which width, which indexes. Read from the catalogues and their statistics alone,
 * in one transaction that cannot write: no row of anybody's is read, and nothing of what rows hold leaves the server. What the
 * role may not see is counted, not guessed.
 *
 * Follows sections 53.11 "pg_class", 54.27 "pg_stats" and 53.26 "pg_index" of PostgreSQL's documentation.
 */
import * as z from "zod/mini";
import {
  shapeColumnsMax,
  shapeDatabasesMax,
  shapeStatementMs,
  shapeTablesMax,
} from "../core/load-limits.ts";
import type { ConnectionSettings } from "../postgres/connection-settings.ts";
import { SqlSession } from "../postgres/sql-session.ts";

/** `type`: its name in `pg_catalog`; null for a type that somebody made. `width`: bytes of a value, on the average. */
export type ColumnShape = {
  readonly name: string;
  readonly type: string | null;
  readonly notNull: boolean;
  readonly width: number;
  readonly nullShare: number;
};

/** One table. `indexes`: the columns of each, by their place from 0; only those that can be made of columns alone. */
export type TableShape = {
  readonly schema: string;
  readonly name: string;
  readonly rows: number;
  /** With its indexes and what lies out of line. */
  readonly bytes: number;
  readonly columns: readonly ColumnShape[];
  readonly indexes: readonly (readonly number[])[];
};

/** One database; `left`: tables beyond the most that are looked at. */
export type DatabaseShape = {
  readonly name: string;
  readonly bytes: number;
  readonly tables: readonly TableShape[];
};

/** A server's data, and which major it is. */
export type ServerShape = {
  readonly major: number;
  readonly databases: readonly DatabaseShape[];
};

const DATABASES = `SELECT datname AS name, pg_catalog.pg_database_size(oid)::text AS bytes
  FROM pg_catalog.pg_database
  WHERE datallowconn AND NOT datistemplate AND pg_catalog.has_database_privilege(oid, 'CONNECT')
  ORDER BY pg_catalog.pg_database_size(oid) DESC LIMIT ${shapeDatabasesMax}`;

/** Partitions are tables of their own; of a partitioned table itself nothing is stored. */
const TABLES = `
SELECT pg_catalog.json_build_object(
  'schema', n.nspname, 'name', c.relname,
  'rows', greatest(c.reltuples, 0), 'bytes', pg_catalog.pg_total_relation_size(c.oid),
  'columns', (
    SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
        'name', a.attname,
        'type', CASE WHEN t.typnamespace = 'pg_catalog'::regnamespace THEN t.typname END,
        'notNull', a.attnotnull,
        'width', coalesce(s.avg_width, CASE WHEN t.typlen > 0 THEN t.typlen ELSE 32 END),
        'nullShare', coalesce(s.null_frac, 0)) ORDER BY a.attnum), '[]')
      FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
      LEFT JOIN pg_catalog.pg_stats s
        ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = a.attname AND NOT s.inherited
     WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''),
  'indexes', (
    SELECT coalesce(pg_catalog.json_agg(k.places), '[]')
      FROM pg_catalog.pg_index i
      CROSS JOIN LATERAL (
        SELECT pg_catalog.json_agg((
            SELECT count(*) FROM pg_catalog.pg_attribute b
             WHERE b.attrelid = c.oid AND b.attnum > 0 AND b.attnum < key AND NOT b.attisdropped AND b.attgenerated = '')
          ORDER BY place) AS places
          FROM pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY AS u (key, place)
         WHERE place <= i.indnkeyatts) AS k
     WHERE i.indrelid = c.oid AND i.indexprs IS NULL AND i.indpred IS NULL AND i.indisvalid
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute b
                        WHERE b.attrelid = c.oid AND b.attnum = ANY (i.indkey::int2[]) AND b.attgenerated <> '')))::text AS shape
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'r' AND c.relpersistence <> 't'
   AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_toast%'
 ORDER BY pg_catalog.pg_total_relation_size(c.oid) DESC
 LIMIT ${shapeTablesMax}`;

const count = z.number().check(z.minimum(0));
const tableSchema = z.object({
  schema: z.string(),
  name: z.string(),
  rows: count,
  bytes: count,
  columns: z
    .array(
      z.object({
        name: z.string(),
        type: z.nullable(z.string()),
        notNull: z.boolean(),
        width: count,
        nullShare: z.number().check(z.minimum(0), z.maximum(1)),
      }),
    )
    .check(z.maxLength(shapeColumnsMax)),
  indexes: z.array(z.array(count)),
});

async function readTables(
  settings: ConnectionSettings,
  database: string,
  signal: AbortSignal,
): Promise<readonly TableShape[]> {
  const applicationName = "pra_loadtest";
  await using session = await SqlSession.open(settings, { database, applicationName, signal });
  const call = { signal };
  await session.query("BEGIN READ ONLY", call);
  await session.query(`SET LOCAL statement_timeout = ${shapeStatementMs}`, call);
  const rows = await session.query(TABLES, call);
  await session.query("ROLLBACK", call);
  return rows.map((row) => tableSchema.parse(JSON.parse(row["shape"] ?? "")));
}

/** Every database that the role may connect to. Reads nothing but catalogues. @throws DrError `PG_*`. */
export async function readShape(
  settings: ConnectionSettings,
  { signal }: { readonly signal: AbortSignal },
): Promise<ServerShape> {
  await using session = await SqlSession.open(settings, {
    applicationName: "pra_loadtest",
    signal,
  });
  const [version] = await session.query("SHOW server_version_num", { signal });
  const databases = await session.query(DATABASES, { signal });
  const shapes: DatabaseShape[] = [];
  for (const row of databases) {
    const name = row["name"] ?? "";
    const tables = await readTables(settings, name, signal);
    shapes.push({ name, bytes: Number(row["bytes"]), tables });
  }
  const major = Math.floor(Number(version?.["server_version_num"]) / 10_000);
  return { major, databases: shapes };
}

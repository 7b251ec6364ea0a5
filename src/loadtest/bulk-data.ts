/**
 * Fills a database to a wanted size in seconds, with data that compresses well and data that does not at
 * all: figures measured on compressible data alone flatter every backup.
 *
 * Rows are made by the server; nothing but statements crosses the connection.
 */
import type { ClientConfig } from "pg";
import { assert } from "../core/assert.ts";
import { loadClient } from "./connect-client.ts";
import { loadSchema } from "./load-schema.ts";

/** Content of one row: 15 SHA-512 values, 960 bytes; a page holds 8 rows. */
const HASHES_PER_ROW = 15;
const ROW_BYTES_ON_DISK = 8192 / 8;

function fillSql(incompressibleEvery: number): string {
  const hashes = Array.from(
    { length: HASHES_PER_ROW },
    (_, index) => `sha512(int8send(i * ${HASHES_PER_ROW} + ${index}))`,
  ).join(" || ");
  return `
    INSERT INTO ${loadSchema}.bulk (id, filler, content)
    SELECT i, i % 97,
           CASE WHEN i % ${incompressibleEvery} = 0 THEN ${hashes}
                ELSE decode(repeat(lpad(to_hex(i % 1000), 4, '0'), ${HASHES_PER_ROW * 32}), 'hex') END
      FROM generate_series($1::bigint, $2::bigint) AS i`;
}

/**
 * Adds about `bytes` of table data (its index comes on top) in `pra_load.bulk`, by two connections.
 * `incompressibleEvery`: each how many-th row is incompressible, 2 by default. Resolves with the size of
 * the table and its index. Aborting stops between two pieces of 8 MiB; what is committed stays.
 */
export async function addBulkData(
  connection: ClientConfig,
  options: {
    readonly bytes: number;
    readonly signal: AbortSignal;
    readonly incompressibleEvery?: number;
    readonly connections?: number;
  },
): Promise<number> {
  const rows = Math.ceil(options.bytes / ROW_BYTES_ON_DISK);
  assert(rows > 0, "bulk data has at least one row");
  const setup = loadClient(connection);
  await setup.connect();
  try {
    await setup.query(`
      CREATE SCHEMA IF NOT EXISTS ${loadSchema};
      CREATE TABLE IF NOT EXISTS ${loadSchema}.bulk (
        id bigint PRIMARY KEY, filler int NOT NULL, content bytea NOT NULL);
      ALTER TABLE ${loadSchema}.bulk ALTER content SET STORAGE PLAIN`);
    const last = await setup.query<{ last: string }>(
      `SELECT coalesce(max(id), 0) AS last FROM ${loadSchema}.bulk`,
    );
    await fill(connection, { ...options, first: Number(last.rows[0]?.last ?? 0) + 1, rows });
    const size = await setup.query<{ size: string }>(
      `SELECT pg_total_relation_size('${loadSchema}.bulk') AS size`,
    );
    return Number(size.rows[0]?.size ?? 0);
  } finally {
    await setup.end();
  }
}

async function fill(
  connection: ClientConfig,
  options: {
    readonly first: number;
    readonly rows: number;
    readonly signal: AbortSignal;
    readonly incompressibleEvery?: number;
    readonly connections?: number;
  },
): Promise<void> {
  const piece = 8192;
  const sql = fillSql(options.incompressibleEvery ?? 2);
  let next = options.first;
  const end = options.first + options.rows;
  const one = async (): Promise<void> => {
    const client = loadClient(connection);
    await client.connect();
    try {
      while (next < end) {
        options.signal.throwIfAborted();
        const from = next;
        next = Math.min(end, from + piece);
        await client.query({ name: "pra_bulk", text: sql, values: [from, next - 1] });
      }
    } finally {
      await client.end();
    }
  };
  await Promise.all(Array.from({ length: options.connections ?? 2 }, one));
}

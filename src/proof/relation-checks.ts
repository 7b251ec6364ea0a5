/**
 * Checks that a recovered server's own structures hold: heaps and B-trees by amcheck, and the visibility
 * map by counting each table once through an index alone and once through the heap. A stale map makes
 * those two counts differ, and nothing else notices (loss classes 23 to 25).
 *
 * Creates the extension amcheck, so it belongs on throw-away copies only.
 * Follows "amcheck" in appendix F of PostgreSQL's documentation.
 */
import type { ClientBase } from "pg";
import { present } from "../core/assert.ts";
import { findingsKeptMax } from "../core/limits.ts";
import type { Random } from "../core/random.ts";
import { sideBySide } from "./side-by-side.ts";

/** Something that does not hold. `unfit`: this host cannot tell, because it lacks a library or orders text otherwise. */
export type RelationFinding = {
  readonly relation: string;
  readonly finding: string;
  readonly unfit?: "library" | "collation";
};

/** What was checked and found. `amcheck` is false when the server does not bring the extension. */
export type RelationChecks = {
  readonly amcheck: boolean;
  readonly heaps: number;
  readonly indexes: number;
  /** Relations that a sample left out. */
  readonly leftOut: number;
  readonly findings: readonly RelationFinding[];
};

/** How much to look at: all of it, or relations drawn at random up to so many bytes of heaps and as many of indexes. */
export type Sampling = { readonly random: Random; readonly bytesMax: number };

/** Draws from `all` until `bytesMax` are reached; always at least one. Pages of 8 KiB are assumed: it is a bound, not a count. */
export function sampleOf<T extends { readonly pages: number }>(
  all: readonly T[],
  sampling: Sampling | undefined,
): { readonly chosen: readonly T[]; readonly leftOut: number } {
  const bytes = all.reduce((sum, each) => sum + each.pages * PAGE_BYTES, 0);
  if (sampling === undefined || bytes <= sampling.bytesMax) {
    return { chosen: all, leftOut: 0 };
  }
  const drawn = all
    .map((each) => ({ each, order: Buffer.from(sampling.random.bytes(6)).readUIntBE(0, 6) }))
    .sort((a, b) => a.order - b.order);
  const chosen: T[] = [];
  let taken = 0;
  for (const { each } of drawn) {
    if (chosen.length === 0 || taken + each.pages * PAGE_BYTES <= sampling.bytesMax) {
      chosen.push(each);
      taken += each.pages * PAGE_BYTES;
    }
  }
  return { chosen, leftOut: all.length - chosen.length };
}

const PAGE_BYTES = 8192;

async function hasAmcheck(client: ClientBase): Promise<boolean> {
  const available = await client.query(
    "SELECT FROM pg_available_extensions WHERE name = 'amcheck'",
  );
  if (available.rowCount === 0) {
    return false;
  }
  await client.query("CREATE EXTENSION IF NOT EXISTS amcheck");
  return true;
}

type Relation = {
  readonly oid: number;
  readonly name: string;
  readonly pages: number;
  /** An index on text whose order was made with another version of its collation than there is here. */
  readonly ordered_otherwise: boolean;
};

/**
 * The version that an index's collations were recorded with, against the one here. The default collation's stands with the database,
 * from 15 on (read through JSON, which does not mind that it is missing before).
 */
const ORDERED_OTHERWISE = `coalesce(c.relkind = 'i' AND EXISTS (
      SELECT FROM unnest(i.indcollation::oid[]) AS used (oid)
        JOIN pg_collation k ON k.oid = used.oid
       WHERE pg_collation_actual_version(k.oid) <> CASE k.collprovider
         WHEN 'd' THEN (SELECT to_jsonb(d) ->> 'datcollversion' FROM pg_database d WHERE d.datname = current_database())
         ELSE k.collversion END), false)`;

/** SQLSTATE of a file, a library say, that is not here. */
const UNDEFINED_FILE = "58P01";

/** What the server says of a relation is a finding; a connection that broke is not. @throws everything without an SQLSTATE. */
function findingOf(relation: Relation, error: unknown): RelationFinding {
  const { code, message } = error as { readonly code?: string; readonly message?: string };
  // 57P..: the server, or somebody, ended the session.
  if (code === undefined || !/^[0-9A-Z]{5}$/.test(code) || code.startsWith("57P")) {
    throw error;
  }
  const unfit =
    code === UNDEFINED_FILE ? "library" : relation.ordered_otherwise ? "collation" : undefined;
  const finding = message ?? code;
  return { relation: relation.name, finding, ...(unfit === undefined ? {} : { unfit }) };
}

async function relations(client: ClientBase, condition: string): Promise<readonly Relation[]> {
  const result = await client.query<Relation>(`
    SELECT c.oid, c.oid::regclass::text AS name, greatest(c.relpages, 0) AS pages,
           ${ORDERED_OTHERWISE} AS ordered_otherwise
      FROM pg_class c
      LEFT JOIN pg_index i ON i.indexrelid = c.oid
      LEFT JOIN pg_am a ON a.oid = c.relam
     WHERE c.relpersistence = 'p' AND ${condition}
     ORDER BY c.relpages DESC`);
  return result.rows;
}

/** One index; what amcheck raises is the finding. */
async function checkIndex(
  client: ClientBase,
  index: Relation,
): Promise<readonly RelationFinding[]> {
  try {
    await client.query("SELECT bt_index_check($1::oid::regclass, true)", [index.oid]);
    return [];
  } catch (error) {
    return [findingOf(index, error)];
  }
}

/** One heap: what amcheck reports, or what it raises when a page cannot even be read. */
async function checkHeap(client: ClientBase, heap: Relation): Promise<readonly RelationFinding[]> {
  try {
    const result = await client.query<{ blkno: string; msg: string }>(
      "SELECT blkno, msg FROM verify_heapam($1::oid::regclass, check_toast => true) LIMIT 100",
      [heap.oid],
    );
    return result.rows.map((row) => ({
      relation: heap.name,
      finding: `block ${row.blkno}: ${row.msg}`,
    }));
  } catch (error) {
    return [findingOf(heap, error)];
  }
}

/** Relations of tables, by oid: these, their TOAST tables, and the indexes of both. */
function belongingTo(tables: readonly string[]): string {
  const own = `'{${tables.join(",")}}'::oid[]`;
  const stored = `(SELECT unnest(${own}) UNION ALL SELECT reltoastrelid FROM pg_class WHERE oid = ANY (${own}))`;
  return `(c.oid IN ${stored} OR i.indrelid IN ${stored})`;
}

/**
 * Runs amcheck over every heap and valid B-tree of the client's database, over a sample of them, or over those of the tables that
 * `tablesOnly` names by oid. `beside`: further connections to the same database that help.
 */
export async function checkRelations(
  client: ClientBase,
  sampling?: Sampling,
  tablesOnly?: readonly string[],
  beside: readonly ClientBase[] = [],
): Promise<RelationChecks> {
  const wanted = tablesOnly === undefined ? "true" : belongingTo(tablesOnly);
  if (!(await hasAmcheck(client))) {
    return { amcheck: false, heaps: 0, indexes: 0, leftOut: 0, findings: [] };
  }
  const heaps = sampleOf(
    await relations(client, `c.relkind IN ('r', 't', 'm') AND a.amname = 'heap' AND ${wanted}`),
    sampling,
  );
  const indexes = sampleOf(
    await relations(
      client,
      `c.relkind = 'i' AND a.amname = 'btree' AND i.indisvalid AND i.indisready AND ${wanted}`,
    ),
    sampling,
  );
  const all = [
    ...heaps.chosen.map((relation) => ({ relation, check: checkHeap })),
    ...indexes.chosen.map((relation) => ({ relation, check: checkIndex })),
    // The largest first, so that no connection is left alone with one at the end.
  ].toSorted((a, b) => b.relation.pages - a.relation.pages);
  const found = await sideBySide([client, ...beside], all, (one, { relation, check }) =>
    check(one, relation),
  );
  const findings = found.flat();
  return {
    amcheck: true,
    heaps: heaps.chosen.length,
    indexes: indexes.chosen.length,
    leftOut: heaps.leftOut + indexes.leftOut,
    findings: findings.slice(0, findingsKeptMax),
  };
}

/** Both counts of a table. They differ when its visibility map lies. */
export type TwoCounts = {
  readonly indexOnly: number;
  readonly sequential: number;
  /** False when the plan did not use an index alone: the comparison then proves nothing. */
  readonly forced: boolean;
};

async function count(client: ClientBase, table: string): Promise<number> {
  const result = await client.query<{ count: string }>(`SELECT count(*) FROM ${table}`);
  return Number(present(result.rows[0], "a count gives a row").count);
}

/**
 * Counts `table` (a name as SQL takes it) through an index alone and through its heap, in one snapshot.
 * Parallel plans are off, so that the plan shown is the plan that counts.
 */
export async function countBothWays(client: ClientBase, table: string): Promise<TwoCounts> {
  await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  try {
    await client.query(`
      SET LOCAL max_parallel_workers_per_gather = 0;
      SET LOCAL enable_seqscan = off;
      SET LOCAL enable_bitmapscan = off;
      SET LOCAL enable_indexonlyscan = on`);
    const plan = await client.query<{ "QUERY PLAN": string }>(
      `EXPLAIN (COSTS OFF) SELECT count(*) FROM ${table}`,
    );
    const forced = plan.rows.some((row) => row["QUERY PLAN"].includes("Index Only Scan"));
    const indexOnly = await count(client, table);
    await client.query(`
      SET LOCAL enable_seqscan = on;
      SET LOCAL enable_indexscan = off;
      SET LOCAL enable_indexonlyscan = off`);
    return { indexOnly, sequential: await count(client, table), forced };
  } finally {
    await client.query("ROLLBACK");
  }
}

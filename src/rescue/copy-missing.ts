/**
 * The one act that writes to live data: rows that are missing there are inserted, in one transaction, and a row whose key is there, or comes
 * in between, stays as it is. Nothing is updated, nothing deleted. It is asked for by name, and happens all at once or not at all.
 */
import { DrError, isDrError } from "../core/errors.ts";
import { failpointAsync } from "../core/failpoint.ts";
import { quoteTable } from "../dump/census.ts";
import type { SqlSession } from "../postgres/sql-session.ts";
import { type RescuedTable, type TwoSides, type TwoTables, bothOf } from "./compare-tables.ts";
import { type StretchRow, readStretch } from "./keyed-rows.ts";
import { columnList, commonShape, readTableShape } from "./table-shape.ts";

/** Rows that were inserted into one table. */
export type CopiedRows = { readonly schema: string; readonly name: string; readonly rows: number };

/** Keys of a stretch that live has. */
async function liveKeys(
  { live, common }: TwoTables,
  stretch: readonly StretchRow[],
  after: readonly string[] | undefined,
): Promise<ReadonlySet<string>> {
  const key = common.key ?? [];
  const keys = new Set<string>();
  const until = stretch.at(-1)?.place;
  for (let from = after; ;) {
    const rows = await readStretch({ ...live, key }, { after: from, until });
    rows.forEach((row) => keys.add(row.key));
    const last = rows.at(-1);
    if (last === undefined) {
      return keys;
    }
    from = last.place;
  }
}

async function insert({ live, common }: TwoTables, rows: readonly StretchRow[]): Promise<number> {
  const { session, table, signal } = live;
  const columns = common.columns.filter(({ generated }) => !generated);
  const values = columns
    .map((column) => `(r.v)[${common.columns.indexOf(column) + 1}]::${column.type}`)
    .join(", ");
  const given = rows.map((_, at) => `($${at + 1}::text[])`).join(", ");
  const [row] = await session.query(
    `WITH inserted AS (INSERT INTO ${quoteTable(table)} ${columnList(columns)} OVERRIDING SYSTEM VALUE
       SELECT ${values} FROM (VALUES ${given}) r(v) ON CONFLICT DO NOTHING RETURNING 1)
     SELECT pg_catalog.count(*)::text AS n FROM inserted`,
    { values: rows.map(({ content }) => content), signal },
  );
  return Number(row?.["n"]);
}

async function copyTable(sides: TwoSides, table: RescuedTable): Promise<CopiedRows> {
  const { signal } = sides;
  const { schema, name } = table;
  const past = await readTableShape(sides.past, table, { signal });
  const live = await readTableShape(sides.live, table, { signal });
  const common = past === undefined || live === undefined ? undefined : commonShape(past, live);
  if (common?.key === undefined) {
    throw new DrError("RESTORE_RESCUE_NO_KEY", { table: `${schema}.${name}` });
  }
  const both = bothOf(sides, table, common);
  let copied = 0;
  for (let after: readonly string[] | undefined; ;) {
    const from = { ...both.past, key: common.key, withContent: true };
    const stretch = await readStretch(from, { after, until: undefined });
    const last = stretch.at(-1);
    if (last === undefined) {
      return { schema, name, rows: copied };
    }
    const present = await liveKeys(both, stretch, after);
    const missing = stretch.filter(({ key }) => !present.has(key));
    if (missing.length > 0) {
      copied += await insert(both, missing);
    }
    after = last.place;
  }
}

/**
 * Copies what is missing, all tables in one transaction of `sides.now`, which must be allowed to write. @throws DrError
 * `RESTORE_RESCUE_NO_KEY`, `RESTORE_RESCUE_COPY`, `PG_*`: then nothing was copied.
 */
export async function copyMissing(
  sides: TwoSides,
  tables: readonly RescuedTable[],
): Promise<readonly CopiedRows[]> {
  const { live, signal } = sides;
  await live.query("BEGIN", { signal });
  let at = "";
  try {
    const copied: CopiedRows[] = [];
    for (const table of tables) {
      at = `${table.schema}.${table.name}`;
      copied.push(await copyTable(sides, table));
    }
    await failpointAsync("rescue.copy", { signal });
    await live.query("COMMIT", { signal });
    return copied;
  } catch (error) {
    await rolledBack(live, signal);
    const text = isDrError(error) ? error.details["text"] : undefined;
    if (isDrError(error) && error.code.startsWith("PG_") && text !== undefined) {
      throw new DrError("RESTORE_RESCUE_COPY", { table: at, text: String(text) }, { cause: error });
    }
    throw error;
  }
}

/** A session that is gone has rolled back by itself. */
async function rolledBack(session: SqlSession, signal: AbortSignal): Promise<void> {
  if (!signal.aborted) {
    try {
      await session.query("ROLLBACK", { signal });
    } catch (error) {
      if (!isDrError(error, "PG_CONNECTION_LOST")) {
        throw error;
      }
    }
  }
}

/** A rescued table beside the live one: which rows are missing there, were changed, or are new since. Reads only. */
import { isDrError } from "../core/errors.ts";
import type { TableName } from "../dump/census.ts";
import type { SqlSession } from "../postgres/sql-session.ts";
import { type RowDifference, RowComparison, compareCounts } from "./compare-rows.ts";
import { type Bounds, type ReadTable, countedHashes, readStretch } from "./keyed-rows.ts";
import { type CommonShape, type TableShape, commonShape, readTableShape } from "./table-shape.ts";

/** A table that was rescued. */
export type RescuedTable = TableName & { readonly partitioned: boolean };

/** How it compares. */
export type TableComparison = TableName & {
  /** `absent`: not there any more; `unreadable`: this role may not read it. */
  readonly state: "compared" | "absent" | "unreadable";
  /** By the primary key, or by whole rows where there is none that both have. */
  readonly by: "key" | "row";
  /** Of an absent or unreadable table: all rows are missing. */
  readonly rows: RowDifference;
  /** Columns that only one side has, or has with another type: not compared. */
  readonly onlyThen: readonly string[];
  readonly onlyNow: readonly string[];
  /** Triggers and foreign keys that act when a row is inserted live. */
  readonly onInsert: readonly string[];
};

/** Both sides, and the seed of their hashes. */
export type TwoSides = {
  readonly past: SqlSession;
  readonly live: SqlSession;
  readonly seed: bigint;
  readonly signal: AbortSignal;
};

/** What reads one table on both sides. */
export type TwoTables = {
  readonly past: ReadTable;
  readonly live: ReadTable;
  readonly common: CommonShape;
};

/** The table on both sides. */
export function bothOf(sides: TwoSides, table: RescuedTable, common: CommonShape): TwoTables {
  const { seed, signal } = sides;
  const { partitioned } = table;
  const about = { table, partitioned, columns: common.columns, seed, signal };
  return {
    past: { ...about, session: sides.past },
    live: { ...about, session: sides.live },
    common,
  };
}

type Key = NonNullable<CommonShape["key"]>;

/** All live rows of a stretch, page by page. */
async function meetAll(
  comparison: RowComparison,
  live: ReadTable & { readonly key: Key },
  bounds: Bounds,
): Promise<void> {
  for (let { after } = bounds; ;) {
    const rows = await readStretch(live, { after, until: bounds.until });
    comparison.meet(rows);
    const last = rows.at(-1);
    if (last === undefined) {
      return;
    }
    after = last.place;
  }
}

async function compareByKey({ past, live }: TwoTables, key: Key): Promise<RowDifference> {
  const comparison = new RowComparison();
  let after: readonly string[] | undefined;
  for (;;) {
    const rows = await readStretch({ ...past, key }, { after, until: undefined });
    comparison.begin(rows);
    const until = rows.at(-1)?.place;
    await meetAll(comparison, { ...live, key }, { after, until });
    if (until === undefined) {
      return comparison.result();
    }
    after = until;
  }
}

async function countAll({ session, table, partitioned, signal }: ReadTable): Promise<number> {
  const { schema, name } = table;
  const quoted = [schema, name].map((part) => `"${part.replaceAll('"', '""')}"`).join(".");
  const sql = `SELECT pg_catalog.count(*)::text AS n FROM ${partitioned ? "" : "ONLY "}${quoted}`;
  const [row] = await session.query(sql, { signal });
  return Number(row?.["n"]);
}

async function notCompared(
  sides: TwoSides,
  table: RescuedTable,
  of: { readonly state: "absent" | "unreadable"; readonly shape: TableShape },
): Promise<TableComparison> {
  const common = { columns: of.shape.columns, key: undefined, onlyThen: [], onlyNow: [] };
  const past = await countAll(bothOf(sides, table, common).past);
  const none = { rows: 0, first: [] };
  const { schema, name } = table;
  return {
    schema,
    name,
    state: of.state,
    by: "row",
    rows: { past, live: 0, missing: { rows: past, first: [] }, changed: none, added: none },
    onlyThen: [],
    onlyNow: [],
    onInsert: [],
  };
}

/** Compares. @throws DrError `PG_*`. */
export async function compareTable(sides: TwoSides, table: RescuedTable): Promise<TableComparison> {
  const { signal } = sides;
  const thenShape = await readTableShape(sides.past, table, { signal });
  const nowShape = await readTableShape(sides.live, table, { signal });
  const shape = thenShape ?? { columns: [], key: [], onInsert: [] };
  if (nowShape === undefined) {
    return await notCompared(sides, table, { state: "absent", shape });
  }
  const common = commonShape(shape, nowShape);
  const both = bothOf(sides, table, common);
  try {
    const { key } = common;
    const rows =
      key === undefined
        ? await compareCounts(countedHashes(both.past), countedHashes(both.live))
        : await compareByKey(both, key);
    const { schema, name } = table;
    const { onlyThen, onlyNow } = common;
    const { onInsert } = nowShape;
    const by = key === undefined ? "row" : "key";
    return { schema, name, state: "compared", by, rows, onlyThen, onlyNow, onInsert };
  } catch (error) {
    if (isDrError(error, "PG_RIGHTS")) {
      return await notCompared(sides, table, { state: "unreadable", shape });
    }
    throw error;
  }
}

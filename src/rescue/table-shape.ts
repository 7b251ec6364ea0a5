/** A table's columns and key as a server describes them, and what two states of it have in common. */
import { type TableName, quoteName } from "../dump/census.ts";
import type { SqlSession } from "../postgres/sql-session.ts";
import { quoteLiteral } from "./target-database.ts";

/** A column. `type` has no length: a value cast to it is never cut. */
export type Column = {
  readonly name: string;
  readonly type: string;
  readonly generated: boolean;
};

/** A table, when it is there. */
export type TableShape = {
  readonly columns: readonly Column[];
  /** Columns of the primary key in their order; empty without one. */
  readonly key: readonly string[];
  /** What fires, or looks elsewhere, when a row is inserted. */
  readonly onInsert: readonly string[];
};

/** What can be compared. */
export type CommonShape = {
  readonly columns: readonly Column[];
  /** Undefined: no key that both have. */
  readonly key: readonly Column[] | undefined;
  readonly onlyThen: readonly string[];
  readonly onlyNow: readonly string[];
};

/** Reads a table's shape; undefined when there is no such table. @throws DrError `PG_*`. */
export async function readTableShape(
  session: SqlSession,
  table: TableName,
  call: { readonly signal: AbortSignal },
): Promise<TableShape | undefined> {
  const [found] = await session.query(
    `SELECT c.oid::text AS oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = ${quoteLiteral(table.schema)} AND c.relname = ${quoteLiteral(table.name)} AND c.relkind IN ('r', 'p')`,
    call,
  );
  const oid = found?.["oid"];
  if (oid === undefined || oid === null) {
    return undefined;
  }
  const columns = await session.query(
    `SELECT a.attname AS name, pg_catalog.format_type(a.atttypid, -1) AS type, (a.attgenerated <> '')::text AS generated,
      COALESCE(pg_catalog.array_position(i.indkey::int2[], a.attnum)::text, '') AS place
     FROM pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_index i ON i.indrelid = a.attrelid AND i.indisprimary
     WHERE a.attrelid = ${oid} AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
    call,
  );
  const onInsert = await session.query(
    `SELECT tgname AS name FROM pg_catalog.pg_trigger WHERE tgrelid = ${oid} AND NOT tgisinternal AND tgenabled IN ('O', 'A')
       AND (tgtype & 4) <> 0
     UNION ALL SELECT conname FROM pg_catalog.pg_constraint WHERE conrelid = ${oid} AND contype = 'f' ORDER BY 1`,
    call,
  );
  const inKey = columns
    .filter((row) => row["place"] !== "")
    .sort((a, b) => Number(a["place"]) - Number(b["place"]));
  return {
    columns: columns.map((row) => ({
      name: row["name"] ?? "",
      type: row["type"] ?? "",
      generated: row["generated"] === "true",
    })),
    key: inKey.map((row) => row["name"] ?? ""),
    onInsert: onInsert.map((row) => row["name"] ?? ""),
  };
}

/** What then and now have in common: columns of one name and type; now's key, where it could be told then. Pure. */
export function commonShape(then: TableShape, now: TableShape): CommonShape {
  const nowColumns = new Map(now.columns.map((column) => [column.name, column]));
  const columns = then.columns.filter(({ name, type }) => nowColumns.get(name)?.type === type);
  const names = new Set(columns.map(({ name }) => name));
  const key = now.key.flatMap((name) => columns.filter((column) => column.name === name));
  const sameKey = now.key.length > 0 && now.key.join("\0") === then.key.join("\0");
  const left = ({ columns: all }: TableShape): readonly string[] =>
    all.filter(({ name }) => !names.has(name)).map(({ name }) => name);
  return {
    columns,
    key: sameKey && key.length === now.key.length ? key : undefined,
    onlyThen: left(then),
    onlyNow: left(now),
  };
}

/** `("a", "b")` */
export function columnList(columns: readonly Column[]): string {
  return `(${columns.map(({ name }) => quoteName(name)).join(", ")})`;
}

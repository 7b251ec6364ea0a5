/**
 * Statements that fill a server with data of another's shape: the same tables, columns, widths and indexes, rows made up by the server itself, as many
 * as fit. A type that only the other server has becomes text of the same width. Pure.
 */
import { quoteIdentifier } from "../postgres/replication-connection.ts";
import type { ColumnShape, DatabaseShape, TableShape } from "./production-shape.ts";

/** A piece of filling is of this many rows at most, and about so many bytes. */
const PIECE_ROWS_MAX = 50_000;
const PIECE_BYTES = 8 * 2 ** 20;
/** What a row costs beside its values. */
const ROW_BYTES = 32;
/** Wider values are cut: the server would have to put them out of line one by one. */
const WIDTH_MAX = 8192;
const HASH_DIGITS = 32;

/** What is made of a table. */
export type ShapedTable = {
  readonly create: string;
  /** One statement; `$1` and `$2`: the first and the last row. */
  readonly fill: string;
  readonly rows: number;
  readonly pieceRows: number;
  readonly indexes: readonly string[];
};

/** What is made of a database. */
export type ShapedDatabase = { readonly name: string; readonly tables: readonly ShapedTable[] };

/** All of it, and how it differs. */
export type ShapedData = {
  readonly databases: readonly ShapedDatabase[];
  /** Of all databases there. */
  readonly productionBytes: number;
  /** Of the tables that were seen there, and which part of their rows is made. */
  readonly tableBytes: number;
  readonly share: number;
  readonly tables: number;
  /** Columns whose type is not known here. */
  readonly columnsAsText: number;
};

/** Text of a width, different in each row and column; every 32 digits are a hash of their own, so that it compresses as text does. */
function textSql(width: number, column: number): string {
  const wanted = Math.max(1, Math.min(WIDTH_MAX, Math.round(width)));
  const hashes = Math.ceil(wanted / HASH_DIGITS);
  const part = `md5((i * ${hashes + 1} + n)::text || '${column}')`;
  return hashes === 1
    ? `left(md5(i::text || '${column}'), ${wanted})`
    : `(SELECT left(string_agg(${part}, ''), ${wanted}) FROM generate_series(1, ${hashes}) AS n)`;
}

type Maker = (column: ColumnShape, place: number) => string;

/** How a value of each type is made of a row's number `i`. */
const MAKERS: Readonly<Record<string, Maker>> = {
  bool: () => "i % 2 = 0",
  int2: () => "(i % 32767)::int2",
  int4: () => "(i % 2147483647)::int4",
  int8: () => "i",
  float4: () => "(i * 0.618)::float4",
  float8: () => "i * 0.618::float8",
  numeric: () => "(i * 7919 % 100000007)::numeric / 100",
  date: () => "date '2020-01-01' + (i % 2500)::int",
  time: () => "time '00:00' + (i % 86400) * interval '1 second'",
  timestamp: () => "timestamp '2020-01-01' + i % 100000000 * interval '1 second'",
  timestamptz: () => "timestamptz '2020-01-01 00:00+00' + i % 100000000 * interval '1 second'",
  interval: () => "i % 1000000 * interval '1 second'",
  uuid: (_, place) => `md5(i::text || '${place}')::uuid`,
  inet: () => "'10.0.0.0'::inet + i % 16777216",
  text: ({ width }, place) => textSql(width, place),
  varchar: ({ width }, place) => textSql(width, place),
  bpchar: ({ width }, place) => textSql(width, place),
  name: ({ width }, place) => `${textSql(Math.min(width, 63), place)}::name`,
  bytea: ({ width }, place) => `convert_to(${textSql(width, place)}, 'UTF8')`,
  json: ({ width }, place) => `json_build_object('v', ${textSql(width - 10, place)})`,
  jsonb: ({ width }, place) => `jsonb_build_object('v', ${textSql(width - 10, place)})`,
};

/** B-trees cannot sort it. */
const UNSORTED = new Set(["json"]);

function typeOf({ type }: ColumnShape): string {
  return type !== null && Object.hasOwn(MAKERS, type) ? type : "text";
}

function valueSql(column: ColumnShape, place: number): string {
  const value = MAKERS[typeOf(column)]?.(column, place) ?? "NULL";
  const nullsIn1000 = column.notNull ? 0 : Math.round(column.nullShare * 1000);
  // By a prime that is no factor of the values' own patterns.
  return nullsIn1000 === 0
    ? value
    : `CASE WHEN (i * 7919 + ${place}) % 1000 >= ${nullsIn1000} THEN ${value} END`;
}

function tableSql(table: TableShape, share: number): ShapedTable {
  const name = `${quoteIdentifier(table.schema)}.${quoteIdentifier(table.name)}`;
  const { columns } = table;
  const named = columns.map(({ name: column }) => quoteIdentifier(column));
  const definitions = columns.map(
    (column, place) =>
      `${named[place] ?? ""} pg_catalog.${typeOf(column)}${column.notNull ? " NOT NULL" : ""}`,
  );
  const values = columns.map((column, place) => valueSql(column, place));
  const width = columns.reduce((sum, column) => sum + column.width, ROW_BYTES);
  const indexes = table.indexes.flatMap((places) => {
    const picked = places.map((place) => columns[place]);
    const sortable = picked.every(
      (column) => column !== undefined && !UNSORTED.has(typeOf(column)),
    );
    const keys = places.map((place) => named[place] ?? "");
    return sortable && keys.length > 0 ? [`CREATE INDEX ON ${name} (${keys.join(", ")})`] : [];
  });
  return {
    create: `CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(table.schema)}; CREATE TABLE ${name} (${definitions.join(", ")})`,
    fill:
      columns.length === 0
        ? `INSERT INTO ${name} SELECT FROM generate_series($1::bigint, $2::bigint)`
        : `INSERT INTO ${name} (${named.join(", ")}) SELECT ${values.join(", ")} FROM generate_series($1::bigint, $2::bigint) AS i`,
    rows: Math.round(table.rows * share),
    pieceRows: Math.max(1, Math.min(PIECE_ROWS_MAX, Math.floor(PIECE_BYTES / width))),
    indexes,
  };
}

/** As much of it as fits into `bytesMax`: every table keeps its share of the whole. */
export function shapeData(databases: readonly DatabaseShape[], bytesMax: number): ShapedData {
  const tables = databases.flatMap((database) => database.tables);
  const ofTables = tables.reduce((sum, { bytes }) => sum + bytes, 0);
  const share = ofTables === 0 ? 1 : Math.min(1, bytesMax / ofTables);
  const columns = tables.flatMap((table) => table.columns);
  return {
    databases: databases.map(({ name, tables: own }) => {
      return { name, tables: own.map((table) => tableSql(table, share)) };
    }),
    productionBytes: databases.reduce((sum, { bytes }) => sum + bytes, 0),
    tableBytes: ofTables,
    share,
    tables: tables.length,
    columnsAsText: columns.filter((column) => typeOf(column) !== column.type).length,
  };
}

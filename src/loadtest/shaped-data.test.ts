import assert from "node:assert/strict";
import { test } from "node:test";
import type { ColumnShape, DatabaseShape, TableShape } from "./production-shape.ts";
import { shapeData } from "./shaped-data.ts";

const MIB = 2 ** 20;

function column(name: string, type: string | null, about: Partial<ColumnShape> = {}): ColumnShape {
  return { name, type, notNull: false, width: 8, nullShare: 0, ...about };
}

function table(name: string, about: Partial<TableShape> = {}): TableShape {
  const columns = [column("id", "int8", { notNull: true })];
  return { schema: "shop", name, rows: 1000, bytes: MIB, columns, indexes: [], ...about };
}

function database(...tables: readonly TableShape[]): readonly DatabaseShape[] {
  return [{ name: "orders", bytes: 100 * MIB, tables }];
}

test("R6 all tables keep their share of the whole when not all of it fits, and what fits is made whole", () => {
  const tables = [table("large", { rows: 9000, bytes: 9 * MIB }), table("small")];
  const rowsIn = (bytesMax: number): readonly number[] =>
    shapeData(database(...tables), bytesMax).databases.flatMap((one) =>
      one.tables.map(({ rows }) => rows),
    );
  assert.deepEqual(rowsIn(5 * MIB), [4500, 500]);
  assert.deepEqual(rowsIn(50 * MIB), [9000, 1000]);
  assert.equal(shapeData(database(...tables), 5 * MIB).share, 0.5);
  assert.equal(shapeData([], 5 * MIB).share, 1);
});

test("R6 a type that only the other server has becomes text of its width, and is counted", () => {
  const columns = [column("id", "int8"), column("mood", null, { width: 5 }), column("p", "point")];
  const made = shapeData(database(table("t", { columns })), MIB);
  assert.equal(made.columnsAsText, 2);
  const [only] = made.databases[0]?.tables ?? [];
  assert.match(only?.create ?? "", /"id" pg_catalog\.int8, "mood" pg_catalog\.text, "p" pg_cat/);
  assert.match(only?.fill ?? "", /left\(md5\(i::text \|\| '1'\), 5\)/);
});

test("R6 an index of columns that cannot be sorted is not made, and names are quoted", () => {
  const columns = [column('a"b', "int4"), column("doc", "json"), column("c", "text")];
  const indexes = [[0], [1], [2, 0], [7]];
  const made = shapeData(database(table("t t", { columns, indexes })), MIB);
  assert.deepEqual(made.databases[0]?.tables[0]?.indexes, [
    'CREATE INDEX ON "shop"."t t" ("a""b")',
    'CREATE INDEX ON "shop"."t t" ("c", "a""b")',
  ]);
});

test("R6 wide rows are made in small pieces, and a table without columns is one", () => {
  const wide = table("wide", { columns: [column("a", "text", { width: 8000 })] });
  const empty = table("empty", { columns: [] });
  const made = shapeData(database(wide, empty), 100 * MIB).databases[0]?.tables ?? [];
  assert.equal(made[0]?.pieceRows, Math.floor((8 * MIB) / 8032));
  assert.equal(made[1]?.pieceRows, 50_000);
  assert.match(made[1].fill, /INSERT INTO "shop"\."empty" SELECT FROM generate_series/);
});

test("R6 nulls come in their share, but where a column has none", () => {
  const columns = [
    column("a", "int4", { nullShare: 0.25 }),
    column("b", "int4", { nullShare: 0.25, notNull: true }),
  ];
  const fill = shapeData(database(table("t", { columns })), MIB).databases[0]?.tables[0]?.fill;
  assert.match(
    fill ?? "",
    />= 250 THEN \(i % 2147483647\)::int4 END, \(i % 2147483647\)::int4 FROM/,
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { type DatabaseDescription, compareDescriptions } from "./describe-database.ts";

const described = (
  objects: Readonly<Record<string, string>>,
  tables: Readonly<Record<string, number>>,
): DatabaseDescription => ({
  objects: Object.entries(objects).map(([name, definition]) => ({
    kind: "table",
    name,
    definition,
  })),
  tables: Object.entries(tables).map(([name, rows]) => ({ name, rows })),
});

test("objects added, removed and changed are named with both definitions, and tables by their rows", () => {
  const from = described({ a: "x int", b: "y int", c: "z int" }, { a: 1, b: 2, c: 3 });
  const to = described({ a: "x int", b: "y bigint", d: "" }, { a: 1, b: 5, d: 0 });
  assert.deepEqual(compareDescriptions(from, to), {
    objects: [
      { kind: "table", name: "b", change: "changed", from: "y int", to: "y bigint" },
      { kind: "table", name: "c", change: "removed", from: "z int", to: null },
      { kind: "table", name: "d", change: "added", from: null, to: "" },
    ],
    tables: [
      { name: "b", from: 2, to: 5 },
      { name: "c", from: 3, to: null },
      { name: "d", from: null, to: 0 },
    ],
  });
  assert.deepEqual(compareDescriptions(from, from), { objects: [], tables: [] });
});

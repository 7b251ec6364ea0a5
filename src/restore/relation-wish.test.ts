import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isDrError } from "../core/errors.ts";
import { parseRelationWish, parseTableWish } from "./relation-wish.ts";

const OF = { name: "--table", command: "pra rescue" };

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

test("a name between quotes is read back whatever it holds", () => {
  const names = fc.string({ minLength: 1, unit: "grapheme" });
  fc.assert(
    fc.property(names, names, (schema, name) => {
      const wish = parseTableWish(`${quoted(schema)}.${quoted(name)}`, OF);
      assert.deepEqual([wish.schema, wish.name], [[schema], [name]]);
    }),
  );
});

test("a name without quotes is meant as it stands, then in small letters", () => {
  assert.deepEqual(parseTableWish("Public.ORDERS", OF), {
    typed: "Public.ORDERS",
    schema: ["Public", "public"],
    name: ["ORDERS", "orders"],
  });
});

test("what is no name is refused with USAGE_VALUE, tables beside a schema with USAGE_CONFLICT", () => {
  for (const typed of ["", ".", "a.", ".a", "a.b.c", '"', '"a', 'a"b"', '""', '"a".']) {
    assert.throws(
      () => parseTableWish(typed, OF),
      (error) => isDrError(error, "USAGE_VALUE"),
      typed,
    );
  }
  const both = { tables: ["a"], schema: "b" };
  assert.throws(
    () => parseRelationWish(both, "pra rescue"),
    (error) => isDrError(error, "USAGE_CONFLICT"),
  );
  assert.throws(
    () => parseRelationWish({ tables: [], schema: "a.b" }, "pra rescue"),
    (error) => isDrError(error, "USAGE_VALUE"),
  );
  assert.deepEqual(parseRelationWish({ tables: [] }, "pra peek"), { kind: "all" });
});

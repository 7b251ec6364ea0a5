import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRelationWish } from "../restore/relation-wish.ts";
import { type WishedRelation, meaningOf } from "./wished-relations.ts";

const relation = (schema: string, name: string): WishedRelation => ({
  oid: `${schema}/${name}`,
  schema,
  name,
  kind: "r",
});

const ALL = [
  relation("public", "orders"),
  relation("public", "Orders"),
  relation("sales", "orders"),
  relation("a", "twice"),
  relation("b", "twice"),
];

function found(...tables: readonly string[]): unknown {
  const meaning = meaningOf(parseRelationWish({ tables }, "pra rescue"), ALL);
  return meaning.kind === "found" ? meaning.relations.map(({ oid }) => oid) : meaning.kind;
}

test("a name is taken as it stands first, in small letters next, and between quotes only as it stands", () => {
  assert.deepEqual(found("Orders"), ["public/Orders"]);
  assert.deepEqual(found("ORDERS"), ["public/orders"]);
  assert.deepEqual(found('"ORDERS"'), "absent");
  assert.deepEqual(found("sales.orders", "orders"), ["sales/orders", "public/orders"]);
});

test("a table of several schemas is the one of public, else it is asked for", () => {
  assert.deepEqual(found("orders"), ["public/orders"]);
  assert.deepEqual(found("twice"), "several");
  assert.deepEqual(found("b.twice"), ["b/twice"]);
  assert.deepEqual(found("none.twice"), "absent");
});

/** What counts as a difference between what was dumped and what was restored. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Census } from "../repository/dump-document.ts";
import { compareCensus } from "./compare-census.ts";

function censusWith(part: Partial<Census>): Census {
  return {
    objects: { table: 1, index: 2 },
    tables: [{ schema: "public", name: "t", rows: 10 }],
    sequences: [{ schema: "public", name: "s", lastValue: "9007199254740993", ascending: true }],
    extensions: [{ name: "hstore", version: "1.8" }],
    owners: { app: 1 },
    roles: ["app"],
    invalidConstraints: ["public.t.later"],
    invalidIndexes: [],
    largeObjects: 0,
    ...part,
  };
}

function kinds(found: Partial<Census>, ownersKept = true): string[] {
  const compared = compareCensus(censusWith({}), censusWith(found), { ownersKept });
  return compared.map(({ kind, severity }) => `${kind} ${severity}`);
}

test("what is the same has no findings, a constraint that was not validated before included", () => {
  assert.deepEqual(kinds({}), []);
});

test("a lost row, a lost table, a lost index, a lost large object are problems", () => {
  assert.deepEqual(kinds({ tables: [{ schema: "public", name: "t", rows: 9 }] }), ["rows problem"]);
  assert.deepEqual(kinds({ tables: [] }), ["tableMissing problem"]);
  assert.deepEqual(kinds({ objects: { table: 1 } }), ["objects problem"]);
  assert.deepEqual(kinds({ largeObjects: 1 }), ["largeObjects problem"]);
});

test("a sequence may stand further on than it was counted, never behind, to the last of 64 bits", () => {
  const at = (lastValue: string | null): string[] =>
    kinds({ sequences: [{ schema: "public", name: "s", lastValue, ascending: true }] });
  assert.deepEqual(at("9007199254740994"), []);
  assert.deepEqual(at("9007199254740992"), ["sequence problem"]);
  assert.deepEqual(at(null), ["sequence problem"]);
});

test("another version of an extension is worth a word, a missing one is a problem", () => {
  assert.deepEqual(kinds({ extensions: [{ name: "hstore", version: "1.7" }] }), [
    "extensionVersion note",
  ]);
  assert.deepEqual(kinds({ extensions: [] }), ["extensionMissing problem"]);
});

test("owners are compared only where objects were given to them", () => {
  assert.deepEqual(kinds({ owners: {} }), ["owners problem"]);
  assert.deepEqual(kinds({ owners: {} }, false), []);
});

test("a constraint or an index that is not valid now is a problem", () => {
  assert.deepEqual(kinds({ invalidConstraints: ["public.t.later", "public.t.new"] }), [
    "constraintInvalid problem",
  ]);
  assert.deepEqual(kinds({ invalidIndexes: ["public.i"] }), ["indexInvalid problem"]);
});

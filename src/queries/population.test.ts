/** Lists of events as an auditor samples them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseObjectId } from "../core/object-id.ts";
import type { LedgerEvent } from "../ledger/event.ts";
import { populationsOf } from "./population.ts";

function event(sequence: number, kind: string, data: LedgerEvent["data"]): LedgerEvent {
  return {
    id: parseObjectId("0".repeat(32)),
    kind,
    version: 1,
    time: "2026-10-01T00:00:00.000Z",
    writer: "a",
    sequence,
    previousHash: "0".repeat(64),
    actor: "awa@db",
    reason: "",
    data,
    content: undefined,
  };
}

test("a row holds all that its event says, also fields that this version does not know, and null for those of other kinds", () => {
  const lists = populationsOf([
    event(1, "accessed", { what: "list", cluster: "main", object: null, repeats: 0, later: [1] }),
    event(2, "accessed", { what: "list", cluster: null, eventActor: "somebody else" }),
    event(3, "accessed", ["of another shape"]),
    event(4, "notYetKnown", { what: 1 }),
  ]);
  const accesses = lists.find(({ name }) => name === "accesses");
  assert.deepEqual(accesses?.columns.slice(-2), ["data", "later"]);
  assert.deepEqual(
    accesses.rows.map((row) => [row["eventActor"], row["what"], row["later"], row["data"]]),
    [
      ["awa@db", "list", [1], null],
      ["awa@db", "list", null, null],
      ["awa@db", null, null, ["of another shape"]],
    ],
  );
  assert.ok(accesses.rows.every((row) => Object.keys(row).length === accesses.columns.length));
  const operations = lists.find(({ name }) => name === "operations");
  assert.deepEqual(operations?.rows[0]?.["data"], { what: 1 });
  assert.equal(operations.columns.at(-1), "data");
});

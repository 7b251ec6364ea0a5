import assert from "node:assert/strict";
import { test } from "node:test";
import { parseProcStat } from "./proc-stat.ts";

const FIELDS = "7 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 123456 0";

test("a command with spaces and parentheses does not shift the fields", () => {
  const row = parseProcStat(`42 (evil) S 1 (x) S ${FIELDS}`);
  assert.deepEqual(row, { pid: 42, started: "123456", parent: 7, zombie: false });
});

test("a process that is dead counts as such, whatever is left of it", () => {
  assert.equal(parseProcStat(`42 (x) Z ${FIELDS}`)?.zombie, true);
  assert.equal(parseProcStat(`42 (x) X ${FIELDS}`)?.zombie, true);
});

test("what is no such line is undefined", () => {
  assert.equal(parseProcStat(""), undefined);
  assert.equal(parseProcStat("42 (x) S 1 2"), undefined);
});

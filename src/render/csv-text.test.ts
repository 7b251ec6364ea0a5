/** Cells as spreadsheets read them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { csvText } from "./csv-text.ts";

function cellOf(value: unknown): string {
  return csvText(["a"], [{ a: value }]).slice("\ufeffa\r\n".length, -"\r\n".length);
}

test("text that a spreadsheet would take for a formula begins with an apostrophe, also behind what begins a cell elsewhere", () => {
  const cases = [
    ["=1+1", "'=1+1"],
    ["'quoted'", "''quoted'"],
    ["a-b=c+d@e", "a-b=c+d@e"],
    ["done;=cmd|' /C calc'!A0", "done;'=cmd|' /C calc'!A0"],
    ["done; ;  @a", "done; ;  '@a"],
    ["a\t+1", "a\t'+1"],
    ["\t=1", "'\t'=1"],
    ["a\n-1\r\n=2", `"a\n'-1\r\n'=2"`],
    ['a;"=1"', `"a;""'=1"""`],
    ['he said "=1"', `"he said ""=1"""`],
    ["a; b; c = d", "a; b; c = d"],
    ["a;'b", "a;''b"],
  ];
  for (const [text, cell] of cases) {
    assert.equal(cellOf(text), cell);
  }
  const long = `${" ;".repeat(500_000)}a`;
  assert.equal(cellOf(long), long);
});

test("JSON in a cell says what it said, without a sign behind a semicolon", () => {
  const value = { note: "done;=cmd;  @x;-;+", n: -1, more: ["a;", "=1"], none: null };
  const cell = cellOf(value);
  assert.match(cell, /done;\\u003dcmd; {2}\\u0040x;\\u002d;\\u002b/);
  const json = cell.slice(1, -1).replaceAll('""', '"');
  assert.deepEqual(JSON.parse(json), value);
  assert.deepEqual(
    [cellOf(-1), cellOf(true), cellOf(null), cellOf(undefined)],
    ["-1", "true", "", ""],
  );
});

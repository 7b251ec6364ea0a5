/** The daemon's log. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { lineLog } from "./log.ts";

test("a line of the log is one JSON object, whatever is said", () => {
  const lines: string[] = [];
  const log = lineLog(
    (line) => lines.push(line),
    () => 0,
  );
  log("warn", "said", { text: 'a "line"\nand another\u2028', count: 3 });
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? "", /^[^\n]*\n$/);
  assert.deepEqual(JSON.parse(lines[0] ?? ""), {
    time: "1970-01-01T00:00:00.000Z",
    level: "warn",
    event: "said",
    pid: process.pid,
    text: 'a "line"\nand another\u2028',
    count: 3,
  });
});

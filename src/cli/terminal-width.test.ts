import assert from "node:assert/strict";
import { test } from "node:test";
import { terminalWidth } from "./terminal-width.ts";

test("a terminal that says zero, and what is no terminal, have no known width", () => {
  assert.equal(terminalWidth({ isTTY: true, columns: 120 }), 120);
  assert.equal(terminalWidth({ isTTY: true, columns: 0 }), undefined);
  assert.equal(terminalWidth({ columns: 120 }), undefined);
});

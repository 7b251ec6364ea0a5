import assert from "node:assert/strict";
import { test } from "node:test";

import { fitLines } from "./fit-lines.ts";

test("a wide line goes on below its value, between words", () => {
  const text = "  Store  creates once, reads back\nThe copy is isolated from production.";
  assert.equal(
    fitLines(text, 24),
    "  Store  creates once,\n         reads back\nThe copy is isolated\nfrom production.",
  );
});

test("what people copy is never broken, nor is a word that is too long", () => {
  const psql = "  Connect  psql -h /tmp/pra-server-aUBKPr -p 5544 -U postgres postgres";
  assert.equal(fitLines(psql, 30), psql);
  assert.equal(fitLines("Key in /a/very/long/path/to/it", 12), "Key in\n/a/very/long/path/to/it");
});

test("without a terminal nothing is changed", () => {
  const text = `${"word ".repeat(40)}`;
  assert.equal(fitLines(text, undefined), text);
});

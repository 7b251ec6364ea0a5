import assert from "node:assert/strict";
import { test } from "node:test";

import { cutToWidth, displayWidth, padToWidth } from "./display-width.ts";
import { formatTable } from "./table.ts";

test("letters with accents take one column, composed or not", () => {
  assert.equal(displayWidth("éàœ"), 3);
  assert.equal(displayWidth("e\u0301"), 1);
});

test("East Asian letters and emoji take two columns, colours none", () => {
  assert.equal(displayWidth("数据库"), 6);
  assert.equal(displayWidth("👩‍💻 ok"), 5);
  assert.equal(displayWidth("\x1b[31mred\x1b[39m"), 3);
  assert.equal(displayWidth("✓ ✗ █"), 5);
});

test("a text is padded and cut by columns, not by characters", () => {
  assert.equal(padToWidth("库", 4, "right"), "  库");
  assert.equal(cutToWidth("数据库备份", 6), "数据…");
  assert.equal(cutToWidth("short", 6), "short");
});

test("columns are as wide as their widest cell, numbers stand on the right", () => {
  const table = formatTable(
    [{ heading: "base" }, { heading: "taille", align: "right" }, { heading: "note" }],
    [
      ["données", "1,5 Gio", ""],
      ["数据", "12 o"],
    ],
  );
  assert.equal(table, "base      taille  note\ndonnées  1,5 Gio\n数据        12 o");
});

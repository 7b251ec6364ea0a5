/** A text that is cut stays a text. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { cutText } from "./cut-text.ts";

test("a character that does not fit as a whole is left out", () => {
  assert.equal(cutText("ab😀", 3), "ab");
  assert.equal(cutText("ab😀", 4), "ab😀");
  assert.equal(cutText("ab😀c", 4), "ab😀");
  assert.equal(cutText("\ud83d", 5), "\ufffd");
});

test("what is cut is well formed, no longer than asked, and the beginning of what was there", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.nat({ max: 12 }), (text, lengthMax) => {
      const cut = cutText(text, lengthMax);
      assert.ok(cut.isWellFormed() && cut.length <= lengthMax);
      assert.ok(text.startsWith(cut));
      assert.ok(cut.length >= Math.min(text.length, lengthMax - 1));
    }),
  );
});

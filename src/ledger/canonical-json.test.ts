import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { canonicalJson, hasCanonicalForm, type JsonValue, wellFormed } from "./canonical-json.ts";

test("members are sorted by code units, without white space", () => {
  const value = { b: [1, 2.5, -0, 1e21], a: { "\u20ac": null, "\r": true, é: "x\u0007" } };
  assert.equal(
    canonicalJson(value),
    '{"a":{"\\r":true,"é":"x\\u0007","\u20ac":null},"b":[1,2.5,0,1e+21]}',
  );
});

test("what has no single form is refused", () => {
  for (const value of [Number.NaN, Infinity, "\ud800", { a: undefined }, 1n]) {
    assert.throws(() => canonicalJson(value as unknown as JsonValue), /canonical JSON/);
  }
});

/** A value in so many lists. */
function listed(depth: number, value: JsonValue): JsonValue {
  return depth === 0 ? value : [listed(depth - 1, value)];
}

test("what has a canonical form is what canonicalJson takes", () => {
  const unlike = [Number.NaN, Infinity, "\ud800", { a: undefined }, { "\ud800": 1 }, 1n, [() => 1]];
  const deep = [64, 65].flatMap((depth) => [listed(depth, 1), listed(depth, [])]);
  for (const value of [...unlike, ...deep, null, {}, [], "é", -0, { a: [true, 1e21] }]) {
    let taken = true;
    try {
      canonicalJson(value as JsonValue);
    } catch {
      taken = false;
    }
    assert.equal(hasCanonicalForm(value), taken, typeof value);
  }
});

test("a value whose texts are made well formed has a canonical form, and is the same where they were", () => {
  const made = wellFormed({ "a\ud800": ["b\udc00", { c: null }], d: 1, e: "é" });
  assert.deepEqual(made, { "a\ufffd": ["b\ufffd", { c: null }], d: 1, e: "é" });
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      assert.equal(
        canonicalJson(wellFormed(value as JsonValue)),
        canonicalJson(value as JsonValue),
      );
    }),
  );
});

test("the order of members does not matter, and reading gives the value back", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue()), (value) => {
      const text = canonicalJson(value as JsonValue);
      const reversed = Object.fromEntries(Object.entries(value).reverse());
      assert.equal(canonicalJson(reversed as JsonValue), text);
      assert.equal(canonicalJson(JSON.parse(text) as JsonValue), text);
    }),
  );
});

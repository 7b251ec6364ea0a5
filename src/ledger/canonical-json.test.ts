import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { canonicalJson, type JsonValue } from "./canonical-json.ts";

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

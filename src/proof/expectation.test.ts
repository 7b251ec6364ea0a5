import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fits, parseExpectation } from "./expectation.ts";

function holds(value: string | null, expectation: string): boolean {
  return fits(value, parseExpectation(expectation));
}

test("without an operator a value must be equal: numbers as numbers, everything else as text", () => {
  assert.ok(holds("true", "true"));
  assert.ok(!holds("false", "true"));
  assert.ok(holds("1.0", "1"));
  assert.ok(holds("0042", "42"));
  assert.ok(holds(" paid ", "paid"));
  assert.ok(!holds("Paid", "paid"));
  assert.ok(holds("1e3", "1e3"));
  assert.ok(!holds("1e3", "1000"), "an exponent is text");
});

test("numbers are compared exactly, however long; text is never less or more", () => {
  assert.ok(holds("9007199254740993", "> 9007199254740992"));
  assert.ok(holds("10", ">= 9"));
  assert.ok(!holds("9", ">= 10"));
  assert.ok(holds("-3.5", "<-3.49"));
  assert.ok(!holds("b", "> a"));
  assert.ok(!holds("a", ">= a"));
  assert.ok(!holds("12 rows", "> 1"));
  assert.ok(!holds("NaN", "< 1"));
});

test("unequal is unequal, also between a number and a text; NULL fits nothing", () => {
  assert.ok(holds("a", "!= b"));
  assert.ok(holds("1", "!= one"));
  assert.ok(!holds("1.0", "!= 1"));
  for (const expectation of ["true", "= ", "!= 1", "< 1", ">= 0"]) {
    assert.ok(!holds(null, expectation));
  }
});

test("a value that begins with an operator is written behind =", () => {
  assert.ok(holds(">= 1", "= >= 1"));
  assert.ok(holds("", "="));
});

test("numbers order as JavaScript's whole numbers do, and one of <, = and > holds", () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), fc.maxSafeInteger(), (a, b) => {
      assert.equal(holds(String(a), `< ${b}`), a < b);
      assert.equal(holds(String(a), `>= ${b}`), a >= b);
      assert.equal(holds(`${a}.50`, `= ${a}.5`), true);
    }),
  );
  fc.assert(
    fc.property(fc.string(), fc.string(), (value, wanted) => {
      assert.notEqual(holds(value, `= ${wanted}`), holds(value, `!= ${wanted}`));
    }),
  );
});

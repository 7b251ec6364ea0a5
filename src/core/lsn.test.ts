import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isDrError } from "./errors.ts";
import { addToLsn, formatLsn, lsnDistanceBytes, lsnOf, parseLsn } from "./lsn.ts";

test("an LSN survives its text form", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), (offset) => {
      assert.equal(parseLsn(formatLsn(lsnOf(offset))), offset);
    }),
  );
});

test("LSNs of different digit counts are ordered as numbers, not as text", () => {
  assert.ok(parseLsn("0/A0000000") < parseLsn("1/0"));
  assert.ok(parseLsn("9/0") < parseLsn("10/0"));
});

test("a position is printed as PostgreSQL prints it", () => {
  assert.equal(formatLsn(addToLsn(parseLsn("16/B374D848"), 8)), "16/B374D850");
  assert.equal(lsnDistanceBytes(parseLsn("0/10"), parseLsn("0/0")), -16);
});

for (const text of ["", "0", "0/", "/0", "0/123456789", "x/1", " 0/1", "0/1\n", "-1/0"]) {
  test(`${JSON.stringify(text)} is refused with USAGE_LSN`, () => {
    assert.throws(
      () => parseLsn(text),
      (error) => isDrError(error, "USAGE_LSN") && error.message.includes("is not a WAL position"),
    );
  });
}

import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { crc32c } from "./crc32c.ts";

test("the published check value of CRC-32C is met", () => {
  assert.equal(crc32c(Buffer.from("123456789")), 0xe3069283);
});

test("the test vectors of RFC 3720 appendix B.4 are met", () => {
  const ascending = Uint8Array.from({ length: 32 }, (_, index) => index);
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assert.equal(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  assert.equal(crc32c(ascending), 0x46dd794e);
  assert.equal(crc32c(ascending.toReversed()), 0x113fdb5c);
});

test("the empty input leaves the seed as it is", () => {
  assert.equal(crc32c(new Uint8Array(0)), 0);
  assert.equal(crc32c(new Uint8Array(0), 0xe3069283), 0xe3069283);
});

test("the CRC of parts, carried on as seed, is the CRC of the whole", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), (bytes, at) => {
      const cut = Math.min(at, bytes.length);
      const whole = crc32c(bytes);
      assert.equal(crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut))), whole);
      assert.equal(crc32c(bytes, crc32c(bytes, 0, 0, cut), cut), whole);
    }),
  );
});

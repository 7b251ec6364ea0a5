import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeFileName, encodeFileName } from "./file-name-bytes.ts";

test("L31 any bytes of a file name survive the way to text and back", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      assert.deepEqual([...encodeFileName(decodeFileName(bytes))], [...bytes]);
    }),
  );
});

test("names in UTF-8 read as themselves, a byte order mark included", () => {
  for (const name of ["base/1", "é #=\n\\", "\uFEFFx", "日本"]) {
    assert.equal(decodeFileName(Buffer.from(name)), name);
  }
});

test("a byte that is not UTF-8 becomes a lone surrogate, and the rest of the name stays readable", () => {
  assert.equal(decodeFileName(Buffer.from([0x61, 0xe9, 0x62])), "a\uDCE9b");
});

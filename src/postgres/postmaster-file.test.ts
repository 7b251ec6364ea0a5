import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parsePostmasterFile } from "./postmaster-file.ts";

test("a complete file gives process, place and status", () => {
  const content = "1234\n/data\n1795359988\n5433\n/tmp/s\nlocalhost\n  123 456\nready   \n";
  assert.deepEqual(parsePostmasterFile(content), {
    pid: 1234,
    dataDirectory: "/data",
    startedEpochSeconds: 1795359988,
    port: 5433,
    socketDirectory: "/tmp/s",
    status: "ready",
  });
});

test("a file in the making gives nothing or what is there", () => {
  assert.equal(parsePostmasterFile(""), undefined);
  assert.equal(parsePostmasterFile("1234\n/data\n"), undefined);
  const early = parsePostmasterFile("1234\n/data\n1795359988\n5433\n");
  assert.equal(early?.status, undefined);
  assert.equal(early?.socketDirectory, undefined);
});

test("any text is read without throwing", () => {
  fc.assert(
    fc.property(fc.string(), (content) => {
      const file = parsePostmasterFile(content);
      assert.ok(file === undefined || Number.isInteger(file.pid));
    }),
  );
});

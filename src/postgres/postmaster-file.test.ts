import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parsePostmasterFile } from "./postmaster-file.ts";
import { answerOf } from "./server-probe.ts";

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

test("only SQLSTATE 57P03 counts as not accepting", () => {
  const error = (state: string): Buffer =>
    Buffer.from(`E\0\0\0\x40SFATAL\0VFATAL\0C${state}\0Mtext\0\0`, "latin1");
  assert.equal(answerOf(error("57P03")), "refusing");
  assert.equal(answerOf(error("28000")), "accepting");
  assert.equal(answerOf(error("3D000")), "accepting");
  assert.equal(answerOf(Buffer.from("R\0\0\0\x08\0\0\0\0", "latin1")), "accepting");
});

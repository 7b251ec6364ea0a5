import assert from "node:assert/strict";
import { test } from "node:test";

import { formatBytes, formatDuration, labelled } from "./format.ts";

test("sizes have at most three figures and the language's units", () => {
  assert.equal(formatBytes(0, "en"), "0 B");
  assert.equal(formatBytes(1023, "fr"), "1 023 o");
  assert.equal(formatBytes(1024, "en"), "1 KiB");
  assert.equal(formatBytes(1.5 * 1024 ** 3, "fr"), "1,5 Gio");
  assert.equal(formatBytes(123.4 * 1024 ** 2, "en"), "123 MiB");
  assert.equal(formatBytes(1024 ** 2 - 1, "en"), "1 MiB");
});

test("durations show their two largest units", () => {
  assert.equal(formatDuration(850, "en"), "850 ms");
  assert.equal(formatDuration(4210, "fr"), "4,2 s");
  assert.equal(formatDuration(59_990, "en"), "1 min 00 s");
  assert.equal(formatDuration(200_000, "en"), "3 min 20 s");
  assert.equal(formatDuration(7_500_000, "en"), "2 h 05 min");
  assert.equal(formatDuration(273_600_000, "fr"), "3 j 4 h");
});

test("a label is set before its colon as its language does", () => {
  assert.deepEqual([labelled("RPO", "en"), labelled("RPO", "fr")], ["RPO:", "RPO :"]);
});

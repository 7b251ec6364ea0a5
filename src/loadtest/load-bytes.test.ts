import assert from "node:assert/strict";
import { test } from "node:test";
import { loadBytes } from "./load-bytes.ts";

const HOUR_MS = 3_600_000;
const of = { bytesPerSecond: 5 * 2 ** 20, bytesPerCommit: 4096 };

test("R6 a long load asks for no more room than the commits take that it is held to", () => {
  assert.equal(loadBytes(10_000, of), 50 * 2 ** 20);
  assert.equal(loadBytes(24 * HOUR_MS, of), 4_000_000 * 4096);
  assert.equal(loadBytes(HOUR_MS, of), loadBytes(24 * HOUR_MS, of));
});

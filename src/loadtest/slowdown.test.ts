import assert from "node:assert/strict";
import { test } from "node:test";
import type { LoadFigures, LoadStretch, LoadWindow } from "./latency-record.ts";
import { backupPairs, slowdownOf, streamingPairs } from "./slowdown.ts";

function figures(perSecond: number, p99Ms = 10): LoadFigures {
  return { seconds: 1, commits: perSecond, perSecond, p50Ms: p99Ms / 4, p95Ms: p99Ms / 2, p99Ms };
}

function window(
  kind: LoadStretch,
  perSecond: number,
  about: { readonly round?: number; readonly p99Ms?: number } = {},
): LoadWindow {
  return {
    kind,
    round: about.round ?? null,
    fromMs: 0,
    toMs: 1000,
    figures: perSecond === 0 ? null : figures(perSecond, about.p99Ms),
  };
}

test("R6 streaming is compared within its round, in whichever order the two came", () => {
  const pairs = streamingPairs([
    window("plain", 1000, { round: 0 }),
    window("streaming", 800, { round: 0, p99Ms: 14 }),
    window("streaming", 400, { round: 1, p99Ms: 12 }),
    window("plain", 500, { round: 1 }),
    window("plain", 900, { round: 2 }),
    window("streaming", 700),
  ]);
  const found = slowdownOf(pairs);
  assert.equal(found?.rate.count, 2, "a round that was not ended is none");
  assert.equal(found.rate.mean.toFixed(3), "0.200");
  assert.equal(found.p99Ms?.mean, 3);
});

test("R6 a drift of the machine, the same for both, is no cost: each backup is held against its neighbours", () => {
  const rates = Array.from({ length: 15 }, (_, index) => 2000 - 100 * index);
  const windows = rates.map((rate, index) =>
    index % 2 === 0 ? window("streaming", rate) : window("backup", rate * 0.9),
  );
  const found = slowdownOf(backupPairs(windows));
  assert.equal(found?.rate.count, 7);
  assert.equal(found.rate.mean.toFixed(6), "0.100000");
  assert.ok((found.rate.high ?? 1) - (found.rate.low ?? 0) < 1e-9);
});

test("R6 a backup that the crash cuts off has one neighbour, one without any is compared with nothing", () => {
  const one = backupPairs([window("streaming", 1000), window("backup", 500)]);
  assert.equal(slowdownOf(one)?.rate.mean, 0.5);
  assert.equal(slowdownOf(one)?.rate.low, null, "one pair has no interval");
  assert.deepEqual(backupPairs([window("plain", 1000), window("backup", 500)]), []);
  assert.equal(slowdownOf([]), null);
});

test("R6 a backup during which nothing was committed costs everything", () => {
  const found = slowdownOf(backupPairs([window("streaming", 1000), window("backup", 0)]));
  assert.equal(found?.rate.mean, 1);
  assert.equal(found.p99Ms, null);
});

/** Looks that repeat are counted, not recorded one by one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { accessCountsMax } from "../core/ledger-limits.ts";
import { countLook } from "./record-access.ts";

const MINUTE = 60_000;

function look(atMs: number, reason = ""): Parameters<typeof countLook>[1] {
  return { look: "list", repository: "r", account: "root", from: "", reason, atMs, repeats: 0 };
}

/** The repeats told at each minute that was recorded. */
function recorded(minutes: readonly number[]): readonly (readonly [number, number])[] {
  let counts: Parameters<typeof countLook>[0] = [];
  const told: (readonly [number, number])[] = [];
  for (const minute of minutes) {
    const next = countLook(counts, look(minute * MINUTE));
    counts = next.counts;
    if (next.record !== undefined) {
      told.push([minute, next.record]);
    }
  }
  return told;
}

test("R16 a list every minute for a day is recorded 24 times, and the counts say how many there were", () => {
  const told = recorded(Array.from({ length: 1440 }, (_one, index) => 1000 + index));
  assert.equal(told.length, 24);
  assert.deepEqual(told.slice(0, 2), [
    [1000, 0],
    [1060, 59],
  ]);
});

test("R16 L43 after the clock was set back a look is recorded", () => {
  assert.deepEqual(recorded([5000, 4000, 4001]), [
    [5000, 0],
    [4000, 0],
  ]);
});

test("R16 a look with another reason is recorded, and the counts stay bounded", () => {
  let counts: Parameters<typeof countLook>[0] = [];
  for (let index = 0; index < 3 * accessCountsMax; index += 1) {
    const next = countLook(counts, look(index, `ticket ${index}`));
    counts = next.counts;
    assert.equal(next.record, 0);
  }
  assert.equal(counts.length, accessCountsMax);
});

/** What is kept of past looks, and what a trend says. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { samplesMax } from "../core/look-limits.ts";
import { type Sample, slopePerMs, withSample } from "./samples.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;

function sample(atMs: number, repositoryFreeBytes = 0): Sample {
  return { atMs, repositoryFreeBytes, walFreeBytes: undefined };
}

function looks(count: number, everyMs: number, endMs = 100 * DAY): readonly Sample[] {
  return Array.from({ length: count }).reduce<readonly Sample[]>(
    (samples, _one, index) => withSample(samples, sample(endMs - (count - 1 - index) * everyMs)),
    [],
  );
}

test("R20 a month of looks every five minutes leaves a day of them and a fortnight by the hour", () => {
  const samples = looks(30 * 288, 5 * MINUTE);
  const newest = samples.at(-1)?.atMs ?? 0;
  const fine = samples.filter(({ atMs }) => newest - atMs <= DAY);
  assert.ok(fine.length > 250 && fine.length <= 290, String(fine.length));
  assert.ok(samples.length - fine.length > 300, String(samples.length));
  assert.ok(newest - (samples[0]?.atMs ?? 0) <= 15 * DAY);
});

test("R20 looks every two seconds leave no more than those every five minutes", () => {
  assert.ok(looks(5000, 2000).length < 40);
});

test("L43 what lies in the future after the clock was set back is dropped", () => {
  const kept = withSample(looks(100, 5 * MINUTE), sample(50 * DAY));
  assert.deepEqual(kept, [sample(50 * DAY)]);
});

test("R20 samples stay in order and bounded, whatever the clock does", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 40 * DAY }), { maxLength: 400 }), (times) => {
      const kept = times.reduce<readonly Sample[]>(
        (samples, atMs) => withSample(samples, sample(atMs)),
        [],
      );
      assert.ok(kept.length <= samplesMax);
      assert.equal(kept.at(-1)?.atMs, times.at(-1));
      assert.ok(
        kept.every(({ atMs }, index) => index === 0 || atMs > (kept[index - 1]?.atMs ?? 0)),
      );
    }),
  );
});

test("a straight line's slope is found, and none where nothing changes", () => {
  assert.equal(
    slopePerMs([
      [0, 10],
      [5, 0],
    ]),
    -2,
  );
  assert.equal(
    slopePerMs([
      [3, 10],
      [3, 0],
    ]),
    undefined,
  );
  assert.equal(slopePerMs([]), undefined);
});

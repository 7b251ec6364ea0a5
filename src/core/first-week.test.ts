/** The table of the first week, and when it holds. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { firstWeekDay, firstWeekTable, thresholdsAt, usualThresholds } from "./first-week.ts";

const DAY = 86_400_000;

test("R24 the first week has seven days from the go-live on, and none before anybody said so", () => {
  const days = [-DAY, 0, DAY - 1, DAY, 6 * DAY, 7 * DAY - 1, 7 * DAY].map((ms) =>
    firstWeekDay(1e12, 1e12 + ms),
  );
  assert.deepEqual(days, [1, 1, 1, 2, 7, 7, undefined]);
  assert.equal(firstWeekDay(undefined, 1e12), undefined);
});

test("R24 every threshold of the first week tells sooner than the usual one, and the usual ones hold afterwards", () => {
  const sooner = Object.entries(firstWeekTable).map(([name, { usual, firstWeek }]) =>
    // What is left until something is full is told sooner by more; an age or a share, by less.
    /Fill/.test(name) ? firstWeek > usual : firstWeek < usual,
  );
  assert.ok(sooner.every(Boolean));
  assert.deepEqual(thresholdsAt(0, 8 * DAY), usualThresholds);
  assert.equal(thresholdsAt(0, DAY).exposureShare, 0.5);
});

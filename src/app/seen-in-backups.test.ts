import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { seenLooksMax } from "../core/limits.ts";
import { nearestSeen } from "./seen-in-backups.ts";

async function search(
  count: number,
  isThere: (place: number) => boolean,
): Promise<{ readonly found: number | undefined; readonly looks: number }> {
  let looks = 0;
  const found = await nearestSeen(count, seenLooksMax, (place) => {
    looks += 1;
    assert.ok(place >= 0 && place < count);
    return Promise.resolve(isThere(place));
  });
  return { found, looks };
}

test("what is there from some backup on is found at the nearest of them, in a few looks", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 64 }), fc.nat({ max: 80 }), async (count, from) => {
      const { found, looks } = await search(count, (place) => place >= from);
      assert.equal(found, from < count ? from : undefined);
      assert.ok(looks <= seenLooksMax, `${looks} looks`);
    }),
    { numRuns: 500 },
  );
});

test("what comes and goes is found where it is, or not at all; among thousands the looks are bounded", async () => {
  const places = fc.uniqueArray(fc.nat({ max: 4999 }), { maxLength: 200 });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 5000 }), places, async (count, there) => {
      const { found, looks } = await search(count, (place) => there.includes(place));
      assert.ok(found === undefined || there.includes(found));
      assert.ok(looks <= seenLooksMax);
    }),
    { numRuns: 500 },
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ManualClock, systemClock } from "./clock.ts";
import { isDrError } from "./errors.ts";
import {
  newObjectId,
  objectIdBytes,
  objectIdFromBytes,
  objectIdTimeMs,
  parseObjectId,
} from "./object-id.ts";
import { randomInteger, SeededRandom, systemRandom } from "./random.ts";

test("identifiers sort by the instant of their making, whatever their random part", () => {
  fc.assert(
    fc.property(
      fc.nat(2 ** 31),
      fc.integer({ min: 1, max: 2 ** 40 }),
      fc.nat(),
      (start, later, seed) => {
        const random = new SeededRandom(seed);
        const first = newObjectId({ clock: new ManualClock(start), random });
        const second = newObjectId({ clock: new ManualClock(start + later), random });
        assert.ok(first < second);
        assert.equal(objectIdTimeMs(first), start);
        assert.match(first, /^[0-9a-f]{32}$/);
      },
    ),
  );
});

test("an identifier survives its 16 bytes", () => {
  const id = newObjectId({ clock: systemClock, random: systemRandom });
  assert.equal(objectIdBytes(id).length, 16);
  assert.equal(objectIdFromBytes(objectIdBytes(id)), id);
});

test("10,000 identifiers of one millisecond are different", () => {
  const clock = new ManualClock();
  const ids = new Set(
    Array.from({ length: 10_000 }, () => newObjectId({ clock, random: systemRandom })),
  );
  assert.equal(ids.size, 10_000);
});

for (const text of [
  "",
  "0".repeat(31),
  "0".repeat(33),
  "A".repeat(32),
  "g".repeat(32),
  `${"0".repeat(31)}\n`,
]) {
  test(`${JSON.stringify(text)} is refused with USAGE_OBJECT_ID`, () => {
    assert.throws(
      () => parseObjectId(text),
      (error) =>
        isDrError(error, "USAGE_OBJECT_ID") && error.message.endsWith("is not an identifier"),
    );
  });
}

test("a seed repeats its sequence, and its numbers fill their range", () => {
  const take = (seed: number): number[] => {
    const random = new SeededRandom(seed);
    return Array.from({ length: 1000 }, () => randomInteger(random, { from: 3, to: 12 }));
  };
  assert.deepEqual(take(42), take(42));
  assert.notDeepEqual(take(42), take(43));
  assert.deepEqual(
    [...new Set(take(42))].toSorted((a, b) => a - b),
    [3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
  );
});

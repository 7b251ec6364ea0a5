/** Looks become hours, and hours say no more than was seen. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { lookHoursMax } from "../core/ledger-limits.ts";
import { type LookFigures, type LookHour, withLook, worseFigures } from "./look-hours.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = Date.UTC(2026, 9, 1);
const objectives = { rpoSeconds: 3600, rtoSeconds: 1800 };

function figures(exposureSeconds: number | null): LookFigures {
  return { exposureSeconds, backupAgeSeconds: 60, proofAgeSeconds: null, state: "good" };
}

function recorded(looks: readonly (readonly [atMs: number, exposure: number | null])[]): {
  readonly done: readonly LookHour[];
  readonly open: readonly LookHour[];
} {
  const done: LookHour[] = [];
  let open: readonly LookHour[] = [];
  for (const [atMs, exposure] of looks) {
    const next = withLook(open, { atMs, objectives, figures: figures(exposure) });
    done.push(...next.finished);
    open = next.hours.filter((hour) => !next.finished.includes(hour));
  }
  return { done, open };
}

test("R30 a day of looks every minute is 24 hours of twelve slots, each the worst of its five looks", () => {
  const looks = Array.from(
    { length: 1441 },
    (_one, minute) => [START + minute * MINUTE, minute] as const,
  );
  const { done, open } = recorded(looks);
  assert.deepEqual([done.length, open.length], [24, 1]);
  assert.deepEqual(
    done[1]?.slots.map((slot) => slot?.exposureSeconds),
    Array.from({ length: 12 }, (_one, slot) => 64 + slot * 5),
  );
  assert.ok(done.every(({ looks: count }) => count === 60));
});

test("R30 where nobody looked a slot is empty, and a figure that was not known stays unknown", () => {
  const { open } = recorded([
    [START + MINUTE, null],
    [START + 31 * MINUTE, 7],
    [START + 32 * MINUTE, null],
  ]);
  assert.deepEqual(
    open[0]?.slots.map((slot) => slot && slot.exposureSeconds),
    [null, null, null, null, null, null, 7, null, null, null, null, null],
  );
  assert.notEqual(open[0]?.slots[0], null);
});

test("R30 objectives that change within an hour make two events of it, each with its own slots", () => {
  const first = withLook([], { atMs: START, objectives, figures: figures(1) });
  const changed = { ...objectives, rpoSeconds: 60 };
  const { hours, finished } = withLook(first.hours, {
    atMs: START + 30 * MINUTE,
    objectives: changed,
    figures: figures(2),
  });
  assert.deepEqual([hours.length, finished.length], [2, 1]);
  assert.equal(finished[0]?.slots[6], null);
  assert.deepEqual(hours[1]?.objectives, changed);
});

test("L43 R30 however the clock is set, each look is in the hour that it names, and what waits is bounded", () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 300 * HOUR }), { maxLength: 300 }), (times) => {
      let hours: readonly LookHour[] = [];
      for (const at of times) {
        // Nothing can be recorded: all wait.
        ({ hours } = withLook(hours, { atMs: START + at, objectives, figures: figures(at) }));
        assert.ok(hours.length <= lookHoursMax + 1);
        const newest = hours.at(-1);
        const slot = newest?.slots[Math.floor((at % HOUR) / (5 * MINUTE))];
        assert.equal(newest?.fromMs, START + Math.floor(at / HOUR) * HOUR);
        assert.ok((slot?.exposureSeconds ?? -1) >= at);
      }
    }),
    { numRuns: 50 },
  );
});

test("the worse of two looks is the worse in each figure, and nothing is better than something", () => {
  const one: LookFigures = {
    exposureSeconds: 5,
    backupAgeSeconds: null,
    proofAgeSeconds: 1,
    state: "bad",
  };
  const two: LookFigures = {
    exposureSeconds: 3,
    backupAgeSeconds: 9,
    proofAgeSeconds: 2,
    state: "note",
  };
  assert.deepEqual(worseFigures(one, two), {
    exposureSeconds: 5,
    backupAgeSeconds: 9,
    proofAgeSeconds: 2,
    state: "bad",
  });
  assert.deepEqual(worseFigures(null, two), two);
  assert.equal(worseFigures(null, null), null);
});

/** Periods of the calendar, beside what the standard says of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";

import { periodOf } from "./retention-calendar.ts";

test("a week belongs to the year of its Thursday and begins on Monday", () => {
  const week = (date: string): string => periodOf("weekly", Date.parse(date));
  assert.equal(week("2026-01-01T00:00:00Z"), "2026-W01");
  assert.equal(week("2027-01-01T12:00:00Z"), "2026-W53");
  assert.equal(week("2024-12-30T00:00:00Z"), "2025-W01");
  assert.equal(week("2026-11-22T23:59:59.999Z"), "2026-W47");
  assert.equal(week("2026-11-23T00:00:00Z"), "2026-W48");
  assert.equal(week("1969-12-31T23:00:00Z"), "1970-W01");
});

test("days, months and years are those of UTC", () => {
  const ms = Date.parse("2026-03-01T00:30:00+02:00");
  assert.equal(periodOf("daily", ms), "2026-02-28");
  assert.equal(periodOf("monthly", ms), "2026-02");
  assert.equal(periodOf("yearly", ms), "2026");
});

test("a week has seven days, and its name never goes back", () => {
  const from = Date.UTC(1971, 0, 1);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 36_500 }), (day) => {
      const at = from + day * 86_400_000;
      const names = Array.from({ length: 8 }, (_, n) => periodOf("weekly", at + n * 86_400_000));
      assert.notEqual(names[0], names[7]);
      assert.ok(names.every((name, n) => n === 0 || name >= (names[n - 1] ?? "")));
      assert.ok(new Set(names.slice(0, 7)).size <= 2);
    }),
  );
});

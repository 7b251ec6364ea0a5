import assert from "node:assert/strict";
import { test } from "node:test";
import {
  calendarPeriod,
  dateIn,
  periodAround,
  periodBefore,
  wholeDays,
  wholeWeeks,
} from "./calendar.ts";

const HOUR = 3_600_000;
const iso = (ms: number | undefined): string => new Date(ms ?? Number.NaN).toISOString();

test("R31 a month in Paris has an hour more in October and one less in March", () => {
  const october = calendarPeriod("monthly", "2026-10", "Europe/Paris");
  assert.equal(iso(october?.fromMs), "2026-09-30T22:00:00.000Z");
  assert.equal(iso(october?.toMs), "2026-10-31T23:00:00.000Z");
  assert.equal(october?.days.length, 31);
  const long = october.days.filter(({ fromMs, toMs }) => toMs - fromMs !== 24 * HOUR);
  assert.deepEqual(
    long.map(({ date, fromMs, toMs }) => [date, (toMs - fromMs) / HOUR]),
    [["2026-10-25", 25]],
  );
  const short = calendarPeriod("daily", "2026-03-29", "Europe/Paris");
  assert.equal((short?.toMs ?? 0) - (short?.fromMs ?? 0), 23 * HOUR);
});

test("R31 a day whose midnight the clocks skip begins where they go on", () => {
  // In Cairo clocks went from 00:00 to 01:00 on the last Friday of April 2026.
  const day = calendarPeriod("daily", "2026-04-24", "Africa/Cairo");
  assert.equal(iso(day?.fromMs), "2026-04-23T22:00:00.000Z");
  assert.equal((day?.toMs ?? 0) - (day?.fromMs ?? 0), 23 * HOUR);
  assert.equal(dateIn("Africa/Cairo", day?.fromMs ?? 0), "2026-04-24");
  assert.equal(dateIn("Africa/Cairo", (day?.fromMs ?? 0) - 1), "2026-04-23");
});

test("R31 days of a period follow each other without a hole in any zone", () => {
  for (const zone of ["UTC", "Europe/Paris", "America/Havana", "Asia/Kathmandu", "Pacific/Apia"]) {
    let period = calendarPeriod("monthly", "2026-12", zone);
    for (let months = 0; months < 24 && period !== undefined; months += 1) {
      const before = periodBefore(period);
      assert.equal(before.toMs, period.fromMs);
      period.days.forEach(({ fromMs, date }, index, all) => {
        assert.equal(fromMs, all[index - 1]?.toMs ?? period?.fromMs);
        assert.equal(dateIn(zone, fromMs), date);
        assert.notEqual(dateIn(zone, fromMs - 1), date);
      });
      period = before;
    }
  }
});

test("R31 weeks are those of ISO 8601: the first of January may lie in the last week of the year before", () => {
  const at = Date.parse("2027-01-02T12:00:00Z");
  assert.equal(periodAround("weekly", at, "Europe/Paris").name, "2026-W53");
  assert.equal(
    iso(calendarPeriod("weekly", "2026-W01", "UTC")?.fromMs),
    "2025-12-29T00:00:00.000Z",
  );
  assert.equal(calendarPeriod("weekly", "2026-W53", "UTC")?.name, "2026-W53");
  assert.equal(calendarPeriod("weekly", "2025-W53", "UTC"), undefined);
  const october = calendarPeriod("monthly", "2026-10", "UTC");
  assert.deepEqual(
    wholeWeeks(october ?? { fromMs: 0, toMs: 0 }, "UTC").map(({ fromMs }) =>
      iso(fromMs).slice(0, 10),
    ),
    ["2026-10-05", "2026-10-12", "2026-10-19"],
  );
});

test("R31 whole days and weeks of a span are those of the zone, also where clocks are set, and none that the span cuts", () => {
  for (const zone of ["UTC", "Europe/Paris", "America/Havana", "Asia/Kathmandu", "Pacific/Apia"]) {
    const october = calendarPeriod("monthly", "2026-10", zone);
    assert.ok(october !== undefined);
    assert.deepEqual(wholeDays(october, zone), october.days);
    const { fromMs, toMs } = october;
    assert.equal(wholeDays({ fromMs: fromMs + 1, toMs: toMs - 1 }, zone).length, 29);
  }
  const paris = "Europe/Paris";
  const span = {
    fromMs: Date.parse("2026-10-18T22:00:00Z"),
    toMs: Date.parse("2026-11-02T00:00:00Z"),
  };
  assert.deepEqual(
    wholeWeeks(span, paris).map(({ fromMs, toMs }) => [iso(fromMs), (toMs - fromMs) / HOUR]),
    [
      ["2026-10-18T22:00:00.000Z", 7 * 24 + 1],
      ["2026-10-25T23:00:00.000Z", 7 * 24],
    ],
  );
  // Apia left out the 30th of December 2011: it has no first instant, and no day.
  const apia = calendarPeriod("monthly", "2011-12", "Pacific/Apia");
  assert.deepEqual(
    wholeDays(apia ?? { fromMs: 0, toMs: 0 }, "Pacific/Apia")
      .slice(-2)
      .map(({ date }) => date),
    ["2011-12-29", "2011-12-31"],
  );
  assert.deepEqual(wholeDays({ fromMs: 5, toMs: 5 }, paris), []);
});

test("R31 what is no period is none", () => {
  const wrong = [
    ["daily", "2026-02-29"],
    ["daily", "2026-10"],
    ["daily", "yesterday"],
    ["weekly", "2026-W00"],
    ["weekly", "2026-43"],
    ["monthly", "2026-13"],
    ["monthly", "2026-1"],
    ["monthly", ""],
  ] as const;
  for (const [kind, name] of wrong) {
    assert.equal(calendarPeriod(kind, name, "UTC"), undefined, name);
  }
  assert.equal(calendarPeriod("weekly", " 2026-w43 ", "UTC")?.name, "2026-W43");
});

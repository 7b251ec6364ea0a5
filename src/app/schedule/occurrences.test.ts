import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { loadOccurrences, systemZone } from "./occurrences.ts";

const occurrencesOf = await loadOccurrences();
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

type Wall = { readonly minute: number; readonly hour: number; readonly weekday: number };

/** Offset of a zone at an instant, asked once an hour: clocks are set on the hour or the half. */
function wallClock(zone: string): (atMs: number) => Wall {
  const format = new Intl.DateTimeFormat("en-GB", { timeZone: zone, timeZoneName: "longOffset" });
  const known = new Map<number, number>();
  const offsetAt = (atMs: number): number => {
    const slot = Math.floor(atMs / (30 * MINUTE_MS));
    const kept = known.get(slot);
    if (kept !== undefined) {
      return kept;
    }
    const name = format.formatToParts(new Date(atMs)).find(({ type }) => type === "timeZoneName");
    const [, sign, hours = "0", minutes = "0"] =
      /GMT([+-])(\d\d):(\d\d)/.exec(name?.value ?? "") ?? [];
    const offsetMs = (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * MINUTE_MS;
    known.set(slot, offsetMs);
    return offsetMs;
  };
  return (atMs) => {
    const shown = new Date(atMs + offsetAt(atMs));
    return { minute: shown.getUTCMinutes(), hour: shown.getUTCHours(), weekday: shown.getUTCDay() };
  };
}

/** Every minute of 400 days that fits, looked at one by one. */
function fitting(zone: string, fromMs: number, fits: (wall: Wall) => boolean): number[] {
  const clock = wallClock(zone);
  const instants: number[] = [];
  for (let atMs = fromMs; atMs < fromMs + 400 * DAY_MS; atMs += MINUTE_MS) {
    if (fits(clock(atMs))) {
      instants.push(atMs);
    }
  }
  return instants;
}

function listed(pattern: string, zone: string, fromMs: number): number[] {
  const occurrences = occurrencesOf(pattern, zone);
  const instants: number[] = [];
  for (
    let atMs = occurrences.nextAfter(fromMs - 1000);
    atMs !== undefined && atMs < fromMs + 400 * DAY_MS;
    atMs = occurrences.nextAfter(atMs)
  ) {
    instants.push(atMs);
  }
  return instants;
}

const FROM_MS = Date.UTC(2026, 0, 1);
const zones = ["Europe/Paris", "America/New_York", "Australia/Lord_Howe"];

for (const zone of zones) {
  test(`R19 over 400 days in ${zone} an hourly job is due once an hour, a daily and a weekly one once a day and a week`, () => {
    const hourly = fitting(zone, FROM_MS, ({ minute }) => minute === 17);
    assert.deepEqual(listed("17 * * * *", zone, FROM_MS), hourly);
    const gaps = hourly.slice(1).map((atMs, index) => (atMs - (hourly[index] ?? 0)) / MINUTE_MS);
    assert.ok(
      gaps.every(
        (gap) => gap === 60 || (zone === "Australia/Lord_Howe" && (gap === 30 || gap === 90)),
      ),
      `${new Set(gaps).size} lengths of an hour`,
    );
    const daily = fitting(zone, FROM_MS, ({ hour, minute }) => hour === 8 && minute === 0);
    assert.deepEqual(listed("0 8 * * *", zone, FROM_MS), daily);
    assert.equal(daily.length, 400);
    const weekly = fitting(
      zone,
      FROM_MS,
      ({ hour, minute, weekday }) => weekday === 1 && hour === 9 && minute === 0,
    );
    assert.deepEqual(listed("0 9 * * 1", zone, FROM_MS), weekly);
  });
}

test("R19 a daily job in the hour that the clocks skip, or show twice, is due exactly once that day", () => {
  const days = listed("30 2 * * *", "Europe/Paris", FROM_MS);
  assert.equal(days.length, 400);
  assert.ok(days.includes(Date.parse("2026-03-29T01:00:00Z")), "moved on to 03:00");
  assert.ok(days.includes(Date.parse("2026-10-25T00:30:00Z")), "the first of the two");
});

test("R19 last, next and count agree with each other at any instant of 400 days", () => {
  const patterns = ["17 * * * *", "*/5 * * * *", "0 8 * * *", "26 6 * * 0"];
  fc.assert(
    fc.property(
      fc.constantFrom(...patterns),
      fc.constantFrom(...zones),
      fc.integer({ min: 0, max: 400 * 86_400 }),
      fc.integer({ min: 0, max: 999 }),
      (pattern, zone, seconds, ms) => {
        const atMs = FROM_MS + seconds * 1000 + ms;
        const { lastAtOrBefore, nextAfter, countBetween } = occurrencesOf(pattern, zone);
        const last = lastAtOrBefore(atMs) ?? Number.NaN;
        const next = nextAfter(atMs) ?? Number.NaN;
        assert.ok(last <= atMs && atMs < next, `${last} ${atMs} ${next}`);
        assert.equal(nextAfter(last), next);
        assert.equal(lastAtOrBefore(last), last);
        assert.equal(lastAtOrBefore(next - 1), last);
        assert.equal(countBetween(last - 1, atMs, 10), 1);
        assert.equal(countBetween(last, atMs, 10), 0);
      },
    ),
    { numRuns: 300 },
  );
});

test("the machine's zone is one that the calendar knows", () => {
  assert.doesNotThrow(() => new Intl.DateTimeFormat("en", { timeZone: systemZone() }));
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";

import { type DrError, errorText, isDrError } from "../core/errors.ts";
import { msOf } from "../core/units.ts";
import { pgTimeOfEpochMs } from "../wal/record/wal-event.ts";
import { formatInstant, formatRecoveryTime, parseInstant } from "./target-time.ts";

const NOW = msOf(Date.UTC(2026, 10, 22, 13, 0, 0));
const paris = { now: NOW, localZone: "Europe/Paris" };

function shown(text: string): string {
  return formatInstant(parseInstant(text, paris));
}

function refusal(text: string): DrError {
  try {
    parseInstant(text, paris);
  } catch (error) {
    assert.ok(isDrError(error));
    return error;
  }
  return assert.fail(`${text} was taken`);
}

test("a time with Z, an offset or a zone's name is one instant, to the microsecond", () => {
  const wanted = "2026-11-22T13:05:00.123456Z";
  for (const text of [
    "2026-11-22T13:05:00.123456Z",
    "2026-11-22t13:05:00.123456z",
    "2026-11-22 13:05:00.123456 UTC",
    "2026-11-22 14:05:00.123456+01",
    "2026-11-22 14:05:00.123456 +01:00",
    "2026-11-22T14:05:00,123456+0100",
    "2026-11-22 08:05:00.123456-05:00",
    "2026-11-22 14:05:00.123456 Europe/Paris",
    "2026-11-22 18:50:00.123456 Asia/Kathmandu",
    "2026-11-22 08:05:00.123456 America/New_York",
  ]) {
    assert.equal(shown(text), wanted, text);
  }
  assert.equal(shown("2026-07-14 14:05 Europe/Paris"), "2026-07-14T12:05:00.000000Z");
  assert.equal(shown("2026-11-22 14:05:00.5+01"), "2026-11-22T13:05:00.500000Z");
});

test("a relative time counts back from now", () => {
  for (const text of ["-15min", "-15 min", "15 minutes ago", "-900s", "900 seconds ago"]) {
    assert.equal(shown(text), "2026-11-22T12:45:00.000000Z", text);
  }
  assert.equal(shown("-2h"), "2026-11-22T11:00:00.000000Z");
  assert.equal(shown("1 day ago"), "2026-11-21T13:00:00.000000Z");
  assert.equal(shown("now"), "2026-11-22T13:00:00.000000Z");
});

test("L43 a time without a zone is refused with USAGE_TIME_ZONE, and shown in the local zone and in UTC", () => {
  const error = refusal("2026-11-22 14:05:00.25");
  assert.equal(error.code, "USAGE_TIME_ZONE");
  assert.equal(error.message, 'the time "2026-11-22 14:05:00.25" has no zone');
  assert.equal(
    error.hint,
    "On this machine's clock (Europe/Paris) it is 2026-11-22T14:05:00.25+01:00, which is 2026-11-22T13:05:00.25Z. If that is what you mean, write either of them; if you mean UTC, write Z behind yours.",
  );
  const french = errorText(error, "fr");
  assert.equal(french.message, "l'heure « 2026-11-22 14:05:00.25 » n'a pas de fuseau");
  assert.ok(french.hint.includes("2026-11-22T14:05:00.25+01:00"));
});

test("L43 a time that was shown twice is refused with USAGE_TIME_TWICE, and both instants are named", () => {
  const error = refusal("2026-10-25 02:30:00 Europe/Paris");
  assert.equal(error.code, "USAGE_TIME_TWICE");
  const { first, second } = error.details;
  assert.deepEqual([first, second], ["2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"]);
  assert.equal(shown(String(first)), "2026-10-25T00:30:00.000000Z");
  assert.equal(shown(String(second)), "2026-10-25T01:30:00.000000Z");
  assert.ok(error.hint.includes(String(first)) && error.hint.includes(String(second)));
  assert.ok(errorText(error, "fr").hint.includes(String(second)));
  assert.equal(shown("2026-10-25 01:59:59 Europe/Paris"), "2026-10-24T23:59:59.000000Z");
  assert.equal(shown("2026-10-25 03:00:00 Europe/Paris"), "2026-10-25T02:00:00.000000Z");
});

test("L43 a time that no clock showed is refused with USAGE_TIME_SKIPPED", () => {
  const error = refusal("2026-03-29 02:30 Europe/Paris");
  assert.equal(error.code, "USAGE_TIME_SKIPPED");
  assert.equal(error.details["first"], "2026-03-29T02:30:00+01:00");
  assert.equal(error.details["second"], "2026-03-29T02:30:00+02:00");
  assert.ok(errorText(error, "fr").message.includes("Europe/Paris"));
});

test("an abbreviation or an unknown name is refused with USAGE_TIME_ZONE_UNKNOWN", () => {
  for (const text of [
    "2026-11-22 14:05 CET",
    "2026-11-22 14:05 Europe/Lutetia",
    "2026-11-22 14:05 +99",
  ]) {
    const error = refusal(text);
    assert.equal(error.code, "USAGE_TIME_ZONE_UNKNOWN", text);
    assert.match(error.message, /is not a time zone$/);
    assert.match(errorText(error, "fr").message, /n'est pas un fuseau horaire$/);
  }
});

test("what is no time is refused with USAGE_TIME", () => {
  for (const text of [
    "",
    "yesterday",
    "2026-02-30 12:00Z",
    "2026-11-22Z",
    "2026-11-22 24:00Z",
    "2026-11-22 12:60Z",
    "2026-11-22 12:00:60Z",
    "2026-13-01 12:00Z",
    "2026-11-22 12:00:00.1234567Z",
    "-15 parsecs",
    "22/11/2026 12:00Z",
    `2026-11-22 12:00 ${"Z".repeat(200)}`,
  ]) {
    const error = refusal(text);
    assert.equal(error.code, "USAGE_TIME", text);
    assert.match(error.message, /is not a time$/);
    assert.match(errorText(error, "fr").message, /n'est pas une heure$/);
    assert.ok(error.hint.includes("Europe/Paris"));
  }
});

test("every instant is read back from what is shown of it", () => {
  const micros = fc.bigInt({
    min: pgTimeOfEpochMs(Date.UTC(1999, 0)),
    max: pgTimeOfEpochMs(Date.UTC(2099, 0)),
  });
  fc.assert(
    fc.property(micros, (value) => {
      assert.equal(parseInstant(formatInstant(value), paris), value);
      assert.equal(parseInstant(formatRecoveryTime(value), paris), value);
    }),
  );
});

test("any text is an instant or one of the refusals", () => {
  const pieces = fc.constantFrom(
    "2026-11-22",
    "T",
    " ",
    "14:05",
    ":00",
    ".5",
    "Z",
    "+01",
    "Europe/Paris",
    "-",
    "15min",
    "ago",
  );
  const text = fc.oneof(
    fc.string(),
    fc.array(pieces, { maxLength: 8 }).map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(text, (value) => {
      try {
        parseInstant(value, paris);
      } catch (error) {
        assert.ok(isDrError(error) && error.code.startsWith("USAGE_TIME"));
      }
    }),
  );
});

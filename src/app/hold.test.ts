/** What a person may type for the end of a hold, and how refusals are told. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { DrError, errorText, isDrError } from "../core/errors.ts";
import { holdEnd } from "./hold.ts";

const NOW_MS = Date.parse("2026-11-22T12:00:00Z");

test("a day holds until its end in UTC, an instant until it comes", () => {
  assert.equal(holdEnd("2026-11-22", NOW_MS), "2026-11-22T23:59:59.999Z");
  assert.equal(holdEnd("2027-01-31T18:00:00+01:00", NOW_MS), "2027-01-31T17:00:00.000Z");
  assert.equal(holdEnd("2027-01-31T18:00Z", NOW_MS), "2027-01-31T18:00:00.000Z");
});

for (const typed of ["", "tomorrow", "2026-11-21", "2027-02-30", "2027-01-31T18:00:00", "2027"]) {
  test(`${JSON.stringify(typed)} is refused as the end of a hold with USAGE_HOLD_UNTIL`, () => {
    assert.throws(
      () => holdEnd(typed, NOW_MS),
      (error) => isDrError(error, "USAGE_HOLD_UNTIL") && error.message.includes(typed),
    );
  });
}

test("what is wrong with a hold is told in both languages, with what to do", () => {
  const told = (error: DrError): string =>
    (["en", "fr"] as const)
      .flatMap((language) => Object.values(errorText(error, language)))
      .join("\n");
  const until = told(new DrError("USAGE_HOLD_UNTIL", { value: '"x"' }));
  assert.match(until, /"x" is no end for a hold\n.*2027-01-31.*\n"x" n'est pas une fin.*\n.*UTC/);
  const reason = told(new DrError("USAGE_HOLD_REASON", { max: 1000 }));
  assert.match(reason, /1 to 1000 characters.*\n.*--reason.*\n.*1 à 1000 caractères.*\n.*--reason/);
  const notHeld = told(new DrError("REPO_NOT_HELD", { backup: "01a2" }));
  assert.match(
    notHeld,
    /nothing holds 01a2\n.*pra list.*\naucun ordre ne conserve 01a2\n.*pra list/,
  );
});

/** Alerts with real processes, a real receiver and SIGKILL; `tests/long` plays fifty sequences. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { playSequence } from "../support/alert-sequences.ts";

test("R21 L53 looks and deliveries killed at any step lose no alert, tell its end, and repeat only what nobody can know", async () => {
  let kills = 0;
  for (let seed = 1; seed <= 3; seed += 1) {
    const report = await playSequence(seed);
    kills += report.kills;
  }
  assert.ok(kills >= 3, `${kills} kills`);
});

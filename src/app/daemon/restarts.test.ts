/** When what died is started again, and when somebody must look. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Deaths, isCrashLoop, restartDelayMs, withDeath } from "./restarts.ts";

const MINUTE = 60_000;

test("L53 pauses double up to a minute, and a quiet ten minutes begin anew", () => {
  let deaths: Deaths = [];
  const delays: number[] = [restartDelayMs(deaths, 0)];
  for (let count = 0; count < 9; count += 1) {
    deaths = withDeath(deaths, count * 1000);
    delays.push(restartDelayMs(deaths, count * 1000) / 1000);
  }
  assert.deepEqual(delays, [0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
  assert.equal(restartDelayMs(deaths, 11 * MINUTE), 0);
});

test("L53 five deaths within ten minutes are a crash loop; spread over more they are none", () => {
  const loop = [0, 1, 2, 3, 4].map((at) => at * MINUTE).reduce<Deaths>(withDeath, []);
  assert.ok(isCrashLoop(loop, 5 * MINUTE));
  assert.ok(!isCrashLoop(loop, 11 * MINUTE));
  const spread = [0, 3, 6, 9, 12].map((at) => at * MINUTE).reduce<Deaths>(withDeath, []);
  assert.ok(!isCrashLoop(spread, 12 * MINUTE));
});

test("a receiver that dies every minute for a week is remembered in a bounded list", () => {
  let deaths: Deaths = [];
  for (let minute = 0; minute < 10_080; minute += 1) {
    deaths = withDeath(deaths, minute * MINUTE);
  }
  assert.ok(deaths.length <= 10);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { scheduleOf } from "./load-schedule.ts";

test("R6 the rounds and several backups lie before the crash, whatever the length of a load", () => {
  for (const seconds of [10, 20, 60, 120, 300, 2700, 24 * 3600]) {
    const loadMs = seconds * 1000;
    const found = scheduleOf(loadMs);
    const roundsMs = found.rounds.length * 2 * (found.windowMs + found.settleMs) + found.warmMs;
    assert.ok(roundsMs < loadMs * 0.45, `${seconds} s: rounds of ${roundsMs} ms`);
    assert.ok(found.crashFromMs - roundsMs > 4 * found.gapMs, `${seconds} s: room for backups`);
    assert.ok(found.besideMs * 2 <= found.gapMs);
    assert.ok(found.windowMs <= 10_000);
  }
});

test("R6 five minutes have ten rounds, and so have 45; twenty seconds have one", () => {
  const rounds = [20_000, 300_000, 2_700_000].map((loadMs) => scheduleOf(loadMs).rounds.length);
  assert.deepEqual(rounds, [1, 10, 10]);
  const [first, second, third] = scheduleOf(300_000).rounds;
  assert.deepEqual(
    [first, second, third],
    [
      ["plain", "streaming"],
      ["streaming", "plain"],
      ["plain", "streaming"],
    ],
  );
});

/** The second watcher's judgement: who is silent, and who tells what. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { secondPatienceMs } from "../../core/watch-limits.ts";
import { configureFailpointsFrom } from "../../files/failpoint-effects.ts";
import type { WatchSign } from "../../repository/watch-signs.ts";
import type { Moment } from "../../watch/moment.ts";
import type { Observation } from "../../watch/observation.ts";
import { type First, divided, isAlive, judgeFirst, judgeHostClock } from "./judge-first.ts";
import { clockOffOf, nothingSeen, see, seeNumber, silentMs } from "./seen.ts";

configureFailpointsFrom(process.env);

const MINUTE = 60_000;

const sign: WatchSign = {
  version: 1,
  cluster: "main",
  number: 7,
  watcher: "abcd",
  host: "db1",
  at: "2026-11-23T08:00:00.000Z",
  everySeconds: 120,
  open: [],
  quiets: [],
  mutedSeconds: 0,
  deadManSeconds: null,
};

function firstWith(change: Partial<WatchSign>, silent = 0): First {
  return { sign: { ...sign, ...change }, silentMs: silent };
}

function ill(rule: string): Observation {
  const words = { summary: `${rule} is ill`, hint: "" };
  return { rule, subject: "", health: "ill", words: { en: words, fr: words } };
}

const factOf = (first: First | undefined): readonly string[] =>
  judgeFirst(first).map(({ fact }) => fact);

test("R20 the first is silent after three signs that did not come, and never before five minutes", () => {
  assert.ok(isAlive(firstWith({}, 5.9 * MINUTE)));
  assert.ok(!isAlive(firstWith({}, 6 * MINUTE)));
  assert.ok(isAlive(firstWith({ everySeconds: 10 }, 4.9 * MINUTE)));
  assert.ok(isAlive(firstWith({ everySeconds: 300 }, 14.9 * MINUTE)), "looks by cron");
  assert.deepEqual(factOf(firstWith({}, 7 * MINUTE)), ["watcher-silent"]);
  assert.deepEqual(factOf(undefined), ["watcher-never"]);
});

test("R21 a first watcher whose words do not get out, or that has no way to people, is told of as if it were silent", () => {
  assert.deepEqual(factOf(firstWith({ mutedSeconds: 1000 })), ["watcher-mute"]);
  assert.deepEqual(factOf(firstWith({ mutedSeconds: null })), ["watcher-alone"]);
  assert.deepEqual(factOf(firstWith({ deadManSeconds: 30 })), ["watcher-alive", "dead-man-called"]);
  assert.deepEqual(factOf(firstWith({ deadManSeconds: 3600 })), [
    "watcher-alive",
    "dead-man-silent",
  ]);
});

test("R21 what the first tells, what it explains, what it keeps quiet and what only it can see is left to it", () => {
  const healthOf = (first: First | undefined, rule: string, illMs = 60 * MINUTE): string =>
    divided(ill(rule), first, illMs).health;
  assert.equal(healthOf(firstWith({ open: ["gaps"] }), "gaps"), "well");
  assert.equal(healthOf(firstWith({ open: ["repository"] }), "gaps"), "well", "explained");
  assert.equal(healthOf(firstWith({}), "exposure"), "well", "it asks the server");
  assert.equal(healthOf(firstWith({}), "gaps"), "ill", "it lives, and does not tell");
  assert.equal(healthOf(firstWith({}), "gaps", secondPatienceMs - 1), "unknown", "it may still");
  const quiets = [{ rule: "all", leftSeconds: 1800 }];
  assert.equal(healthOf(firstWith({ quiets }, 20 * MINUTE), "watcher"), "well", "planned work");
  assert.equal(healthOf(firstWith({ quiets }, 31 * MINUTE), "watcher"), "ill", "and its end");
  for (const first of [
    firstWith({ open: ["gaps"] }, 7 * MINUTE),
    firstWith({ open: ["gaps"], mutedSeconds: 1000 }),
  ]) {
    assert.equal(healthOf(first, "gaps"), "ill");
    assert.equal(healthOf(first, "exposure"), "ill");
  }
  assert.equal(healthOf(undefined, "repository"), "ill");
});

const at = (minutes: number, change: Partial<Moment> = {}): Moment => ({
  wallMs: minutes * MINUTE,
  uptimeMs: minutes * MINUTE,
  bootId: "a",
  ...change,
});

test("L43 silence is counted by this machine's time: neither its own wall clock nor the other's makes it longer or shorter", () => {
  const seen = see(nothingSeen, "sign", "7", at(0));
  assert.equal(silentMs(seen, "sign", at(4, { wallMs: 900 * MINUTE })), 4 * MINUTE);
  const same = see(seen, "sign", "7", at(5));
  assert.equal(silentMs(same, "sign", at(6)), 6 * MINUTE);
  const next = see(same, "sign", "8", at(7));
  assert.equal(silentMs(next, "sign", at(8)), MINUTE);
  assert.equal(silentMs(nothingSeen, "sign", at(8)), undefined);
});

test("L46 a repository that was set back shows no new sign of life; a new repository does", () => {
  const seen = seeNumber(nothingSeen, "sign", { series: "a", number: 7 }, at(0));
  const back = seeNumber(seen, "sign", { series: "a", number: 5 }, at(3));
  assert.equal(silentMs(back, "sign", at(4)), 4 * MINUTE);
  const next = seeNumber(back, "sign", { series: "a", number: 8 }, at(5));
  assert.equal(silentMs(next, "sign", at(6)), MINUTE);
  const other = seeNumber(next, "sign", { series: "b", number: 1 }, at(7));
  assert.equal(silentMs(other, "sign", at(7)), 0);
  assert.equal(silentMs(seeNumber(other, "sign", undefined, at(8)), "sign", at(8)), undefined);
});

test("L43 how far the other clock is off is told as far as it is certain: a sign was left between two looks", () => {
  const between = { before: at(10), now: at(12) };
  assert.equal(clockOffOf(11 * MINUTE, between), 0);
  assert.equal(clockOffOf(10 * MINUTE - 5000, between), 0, "a slow store");
  assert.equal(clockOffOf(42 * MINUTE, between), 30 * MINUTE, "ahead, at least");
  assert.equal(Math.round(clockOffOf(-20 * MINUTE, between) / MINUTE), -30, "behind, at least");
  assert.equal(
    clockOffOf(-9999 * MINUTE, { before: null, now: at(12) }),
    0,
    "an old sign says nothing",
  );
  assert.equal(judgeHostClock("db1", 0).state, "good");
  assert.equal(judgeHostClock("db1", -30 * MINUTE).state, "bad");
});

/** The second watcher's judgement: who is silent, and who tells what. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { environmentIn } from "../../../tests/support/environment-in.ts";
import { isDrError } from "../../core/errors.ts";
import { secondPatienceMs } from "../../core/watch-limits.ts";
import { configureFailpointsFrom } from "../../files/failpoint-effects.ts";
import type { WatchSign } from "../../repository/watch-signs.ts";
import type { Moment } from "../../watch/moment.ts";
import type { Observation } from "../../watch/observation.ts";
import {
  type First,
  divided,
  isAlive,
  judgeFirst,
  judgeHostClock,
  judgeLedger,
} from "./judge-first.ts";
import { patienceOf, silenceLimitMs } from "./patience.ts";
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
  digests: [],
};

function firstWith(change: Partial<WatchSign>, silent = 0): First {
  const changed = { ...sign, ...change };
  return {
    sign: changed,
    silentMs: silent,
    limitMs: silenceLimitMs(changed, { silentMs: undefined }),
  };
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

test("R20 how long a second watcher waits can be set, and never below two signs of the first", () => {
  const waits = (settings: Readonly<Record<string, string>> = {}): ReturnType<typeof patienceOf> =>
    patienceOf(environmentIn("/nowhere", settings));
  assert.deepEqual(waits(), {
    silentMs: undefined,
    untoldMs: 12 * MINUTE,
    ledgerMs: 26 * 60 * MINUTE,
  });
  const set = waits({
    PRA_SECOND_SILENT_MINUTES: "4",
    PRA_SECOND_UNTOLD_MINUTES: "3",
    PRA_SECOND_LEDGER_HOURS: "200",
  });
  const limit = (everySeconds: number, patience = set): number =>
    silenceLimitMs({ everySeconds }, patience) / MINUTE;
  assert.deepEqual([limit(60), limit(120), limit(300)], [4, 4, 10]);
  assert.equal(limit(120, waits({ PRA_SECOND_SILENT_MINUTES: "60" })), 60);
  const first = { ...firstWith({}, 4 * MINUTE), limitMs: limit(120) * MINUTE };
  assert.ok(isAlive({ ...first, silentMs: 4 * MINUTE - 1 }));
  assert.ok(!isAlive(first));
  assert.deepEqual(factOf(first), ["watcher-silent"]);
  const untold = (illMs: number): string =>
    divided(ill("gaps"), firstWith({}), { illMs, untoldMs: set.untoldMs }).health;
  assert.deepEqual([untold(3 * MINUTE - 1), untold(3 * MINUTE)], ["unknown", "ill"]);
  const ledger = (hours: number): string => judgeLedger(hours * 60 * MINUTE, set.ledgerMs).state;
  assert.deepEqual([ledger(199.9), ledger(200)], ["good", "bad"]);
  for (const [name, value] of [
    ["PRA_SECOND_SILENT_MINUTES", "1"],
    ["PRA_SECOND_UNTOLD_MINUTES", "15"],
    ["PRA_SECOND_LEDGER_HOURS", "0"],
  ] as const) {
    assert.throws(
      () => waits({ [name]: value }),
      (error) => isDrError(error, "CONFIG_NUMBER"),
      name,
    );
  }
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
    divided(ill(rule), first, { illMs, untoldMs: secondPatienceMs }).health;
  assert.equal(healthOf(firstWith({ open: ["gaps"] }), "gaps"), "well");
  assert.equal(healthOf(firstWith({ open: ["repository"] }), "gaps"), "well", "explained");
  assert.equal(healthOf(firstWith({}), "exposure"), "well", "it asks the server");
  assert.equal(healthOf(firstWith({}), "gaps"), "ill", "it lives, and does not tell");
  const apart = firstWith({ open: ["reachability"] });
  assert.equal(healthOf(apart, "reachability"), "ill", "the network from this side is its own");
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

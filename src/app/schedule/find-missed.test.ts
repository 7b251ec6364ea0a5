import assert from "node:assert/strict";
import { test } from "node:test";

import { scheduleMissedMax } from "../../core/limits.ts";
import { type WatchedJob, findMissed } from "./find-missed.ts";
import { loadOccurrences } from "./occurrences.ts";
import { type Run, type RunHistory, begin, emptyHistory, finish } from "./run-history.ts";

const occurrencesOf = await loadOccurrences();
const at = (text: string): number => Date.parse(text);

function runAt(startedAt: string): Run {
  return {
    startedAt,
    finishedAt: startedAt,
    durationMs: 1,
    outcome: "ended",
    exitCode: 0,
    code: null,
    cause: "schedule",
    dueAt: null,
    logFailed: false,
  };
}

function after(...starts: readonly string[]): RunHistory {
  return starts.reduce((history, start) => finish(history, runAt(start), "nobody"), emptyHistory);
}

function hourly(history: RunHistory, since = "2026-11-20T00:00:00Z"): WatchedJob {
  return { id: "backup", pattern: "17 * * * *", since, history };
}

function missedAt(now: string, job: WatchedJob): ReturnType<typeof findMissed> {
  return findMissed([job], { nowMs: at(now), zone: "Europe/Paris", occurrencesOf });
}

test("R19 R23 a run that began since it was due is not missed, and gets ten minutes to begin", () => {
  const job = hourly(after("2026-11-23T09:17:00.400Z"));
  assert.deepEqual(missedAt("2026-11-23T09:59:00Z", job), []);
  assert.deepEqual(missedAt("2026-11-23T10:26:59Z", job), []);
  assert.deepEqual(missedAt("2026-11-23T10:27:00Z", job), [
    {
      job: "backup",
      dueAt: "2026-11-23T10:17:00.000Z",
      lastRunAt: "2026-11-23T09:17:00.400Z",
      count: 1,
    },
  ]);
});

test("R19 R23 after a night asleep every run that did not happen is counted, and the newest is named", () => {
  const [missed] = missedAt("2026-11-23T07:30:00Z", hourly(after("2026-11-22T21:17:01Z")));
  assert.equal(missed?.count, 10);
  assert.equal(missed.dueAt, "2026-11-23T07:17:00.000Z");
});

test("R19 nothing is missed before it was installed, and a job that never ran is", () => {
  const fresh = hourly(emptyHistory, "2026-11-23T10:20:00Z");
  assert.deepEqual(missedAt("2026-11-23T11:20:00Z", fresh), []);
  const [missed] = missedAt("2026-11-23T11:27:30Z", fresh);
  assert.equal(missed?.lastRunAt, undefined);
  assert.equal(missed?.count, 1);
});

test("R19 a run that still goes on counts as begun", () => {
  const running = begin(emptyHistory, {
    startedAt: "2026-11-23T10:17:00Z",
    process: "p",
    cause: "schedule",
    dueAt: null,
  });
  assert.deepEqual(missedAt("2026-11-23T11:10:00Z", hourly(running)), []);
});

test("L43 R19 a run from the future, left by a clock that was set back, hides nothing", () => {
  const job = hourly(after("2026-11-22T10:17:00Z", "2027-11-23T10:17:00Z"));
  const [missed] = missedAt("2026-11-23T10:30:00Z", job);
  assert.equal(missed?.lastRunAt, "2026-11-22T10:17:00.000Z");
  assert.equal(missed?.count, 24);
});

test("L43 R19 an installation from the future hides nothing", () => {
  const [missed] = missedAt("2026-11-23T10:30:00Z", hourly(emptyHistory, "2027-01-01T00:00:00Z"));
  assert.equal(missed?.dueAt, "2026-11-23T10:17:00.000Z");
});

test("R19 what was missed for years is counted up to a bound", () => {
  const [missed] = missedAt(
    "2026-11-23T10:30:00Z",
    hourly(after("2020-01-01T00:00:00Z"), "2020-01-01T00:00:00Z"),
  );
  assert.equal(missed?.count, scheduleMissedMax);
});

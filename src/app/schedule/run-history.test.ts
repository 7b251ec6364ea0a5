import assert from "node:assert/strict";
import { test } from "node:test";

import { scheduleFirstRunsMax, scheduleRunsKeptMax } from "../../core/limits.ts";
import {
  type Run,
  type RunHistory,
  begin,
  decodeHistory,
  emptyHistory,
  encodeHistory,
  finish,
  foundBusy,
} from "./run-history.ts";

const STARTED = "2026-11-23T10:17:00.000Z";
const LATER = "2026-11-23T11:17:00.000Z";

function run(process: string, startedAt = STARTED): NonNullable<RunHistory["running"]> {
  return { startedAt, process, cause: "schedule", dueAt: null };
}

const ended: Run = {
  startedAt: STARTED,
  finishedAt: LATER,
  durationMs: 5,
  outcome: "ended",
  exitCode: 0,
  code: null,
  cause: "schedule",
  dueAt: null,
  logFailed: false,
};

test("S68 S88 the first five runs stay known for good, of the others the newest", () => {
  let history = emptyHistory;
  for (let hour = 0; hour < 1000; hour += 1) {
    const startedAt = new Date(Date.parse(STARTED) + hour * 3_600_000).toISOString();
    history = finish(begin(history, run("p", startedAt)), { ...ended, startedAt }, "p");
  }
  assert.equal(history.total, 1000);
  assert.equal(history.first.length, scheduleFirstRunsMax);
  assert.equal(history.first[0]?.startedAt, STARTED);
  assert.equal(history.runs.length, scheduleRunsKeptMax);
  assert.equal(history.running, null);
  assert.ok(encodeHistory(history).length < 20_000, "bounded");
});

test("L53 a run whose process vanished is noted as died by the next one", () => {
  const history = begin(begin(emptyHistory, run("dead")), run("next", LATER));
  assert.equal(history.runs.at(-1)?.outcome, "died");
  assert.equal(history.runs.at(-1)?.durationMs, 3_600_000);
  assert.equal(history.running?.process, "next");
});

test("R19 a run that found another at work leaves it running", () => {
  const history = foundBusy(begin(emptyHistory, run("first")), LATER);
  assert.equal(history.running?.process, "first");
  assert.equal(history.runs.at(-1)?.outcome, "busy");
});

test("L53 the end of a run that was taken for dead ends nothing but itself", () => {
  const taken = begin(begin(emptyHistory, run("slow")), run("next", LATER));
  assert.equal(finish(taken, ended, "slow").running?.process, "next");
});

test("R19 what cannot be read counts as empty", () => {
  for (const text of [
    "",
    "{",
    "[]",
    '{"version":2}',
    JSON.stringify({ ...emptyHistory, total: -1 }),
  ]) {
    assert.deepEqual(decodeHistory(Buffer.from(text)), emptyHistory);
  }
  const history = finish(begin(emptyHistory, run("p")), ended, "p");
  assert.deepEqual(decodeHistory(encodeHistory(history)), history);
});

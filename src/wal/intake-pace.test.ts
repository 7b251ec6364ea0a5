import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../core/clock.ts";
import { walFrameBytes } from "../core/limits.ts";
import { walGatherMs, walRestMs } from "../core/wal-limits.ts";
import { IntakePace } from "./intake-pace.ts";

const few = { pendingBytes: 300, replyDue: false, caughtUp: true };

async function rested(clock: ManualClock, isWaitedFor = (): boolean => false): Promise<IntakePace> {
  const pace = new IntakePace({ clock, isWaitedFor });
  await pace.rest({ caughtUp: true });
  return pace;
}

test("the first WAL is stored at once, and what comes after a rest gathers for a moment only", async () => {
  const clock = new ManualClock();
  assert.equal(new IntakePace({ clock, isWaitedFor: () => false }).gatherMs(few), undefined);
  const pace = await rested(clock);
  assert.equal(pace.gatherMs(few), walGatherMs);
  clock.advance(walGatherMs);
  assert.equal(pace.gatherMs(few), undefined);
});

test("whoever lags does not rest: what comes gathers for as long as a rest since the last storing", () => {
  const lagging = { ...few, caughtUp: false };
  const clock = new ManualClock();
  const pace = new IntakePace({ clock, isWaitedFor: () => false });
  assert.equal(pace.gatherMs(lagging), undefined);
  pace.stored();
  assert.equal(pace.rest(lagging), undefined);
  clock.advance(10);
  assert.equal(pace.gatherMs(lagging), walRestMs - 10);
  assert.equal(pace.gatherMs(few), undefined, "what caught up is stored");
  clock.advance(walRestMs - 10);
  assert.equal(pace.gatherMs(lagging), undefined);
});

test("nothing gathers that the server asks about, or that fills a frame", async () => {
  const pace = await rested(new ManualClock());
  pace.stored();
  for (const caughtUp of [true, false]) {
    assert.equal(pace.gatherMs({ ...few, caughtUp, replyDue: true }), undefined);
    assert.equal(pace.gatherMs({ ...few, caughtUp, pendingBytes: walFrameBytes }), undefined);
  }
});

test("from the moment at which commits wait, nothing gathers and nothing rests", async () => {
  let waits = false;
  const pace = await rested(new ManualClock(), () => waits);
  pace.stored();
  waits = true;
  for (const caughtUp of [true, false]) {
    assert.equal(pace.gatherMs({ ...few, caughtUp }), undefined);
    assert.equal(pace.rest({ caughtUp }), undefined);
  }
});

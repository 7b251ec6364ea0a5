import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../core/clock.ts";
import { walFrameBytes } from "../core/limits.ts";
import { walGatherMs } from "../core/wal-limits.ts";
import { IntakePace } from "./intake-pace.ts";

const few = { pendingBytes: 300, replyDue: false, caughtUp: true };

async function rested(clock: ManualClock, isWaitedFor = (): boolean => false): Promise<IntakePace> {
  const pace = new IntakePace({ clock, isWaitedFor });
  await pace.rest({ caughtUp: true });
  return pace;
}

test("the first WAL is stored at once, and what comes after a rest gathers for a moment only", async () => {
  const clock = new ManualClock();
  assert.equal(new IntakePace({ clock, isWaitedFor: () => false }).gathers(few), false);
  const pace = await rested(clock);
  assert.equal(pace.gathers(few), true);
  clock.advance(walGatherMs);
  assert.equal(pace.gathers(few), false);
});

test("nothing gathers that the server asks about, that fills a frame, or that lags behind the server", async () => {
  const pace = await rested(new ManualClock());
  assert.equal(pace.gathers({ ...few, replyDue: true }), false);
  assert.equal(pace.gathers({ ...few, pendingBytes: walFrameBytes }), false);
  assert.equal(pace.gathers({ ...few, caughtUp: false }), false);
  assert.equal(pace.rest({ caughtUp: false }), undefined);
});

test("from the moment at which commits wait, nothing gathers and nothing rests", async () => {
  let waits = false;
  const pace = await rested(new ManualClock(), () => waits);
  waits = true;
  assert.equal(pace.gathers(few), false);
  assert.equal(pace.rest({ caughtUp: true }), undefined);
});

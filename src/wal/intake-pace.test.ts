import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../core/clock.ts";
import { walGatherMs, walRestMs } from "../core/wal-limits.ts";
import { IntakePace } from "./intake-pace.ts";

const asked = { replyDue: true };
const unasked = { replyDue: false };

function storedJustNow(clock: ManualClock, isWaitedFor = (): boolean => false): IntakePace {
  const pace = new IntakePace({ clock, isWaitedFor });
  pace.stored();
  return pace;
}

test("the first WAL is stored at once, and what follows gathers for as long as a rest", () => {
  const clock = new ManualClock();
  assert.equal(new IntakePace({ clock, isWaitedFor: () => false }).gatherMs(unasked), undefined);
  const pace = storedJustNow(clock);
  clock.advance(10);
  assert.equal(pace.gatherMs(unasked), walRestMs - 10);
  clock.advance(walRestMs - 10);
  assert.equal(pace.gatherMs(unasked), undefined);
});

test("the socket rests until then, and what comes after a rest gathers for a moment", async () => {
  const clock = new ManualClock();
  const pace = storedJustNow(clock);
  clock.advance(walRestMs - 1);
  const rest = pace.rest({ caughtUp: true });
  clock.advance(1);
  await rest;
  assert.equal(pace.gatherMs(unasked), walGatherMs);
  clock.advance(walGatherMs);
  assert.equal(pace.gatherMs(unasked), undefined);
  assert.equal(pace.rest({ caughtUp: true }), undefined, "nothing was stored since");
});

test("nothing gathers that the server asks about, and who lags does not rest", () => {
  const pace = storedJustNow(new ManualClock());
  assert.equal(pace.gatherMs(asked), undefined);
  assert.equal(pace.rest({ caughtUp: false }), undefined);
});

test("from the moment at which commits wait, nothing gathers and nothing rests", () => {
  let waits = false;
  const pace = storedJustNow(new ManualClock(), () => waits);
  assert.notEqual(pace.gatherMs(unasked), undefined);
  waits = true;
  assert.equal(pace.gatherMs(unasked), undefined);
  assert.equal(pace.rest({ caughtUp: true }), undefined);
});

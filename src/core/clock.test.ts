import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock, systemClock } from "./clock.ts";

const { signal } = new AbortController();

test("a sleep lasts, and an aborted one rejects with the signal's reason", async () => {
  const startMs = systemClock.monotonic();
  await systemClock.sleep(20, { signal });
  assert.ok(systemClock.monotonic() - startMs >= 18);
  const reason = new Error("stop");
  await assert.rejects(
    systemClock.sleep(60_000, { signal: AbortSignal.abort(reason) }),
    (e) => e === reason,
  );
  const controller = new AbortController();
  const sleeping = systemClock.sleep(60_000, { signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(sleeping, (error) => error === reason);
});

test("L43 a stepped wall clock does not move the monotonic one", async () => {
  const clock = new ManualClock(1000);
  await clock.sleep(500, { signal });
  clock.stepWallClock(-600_000);
  assert.equal(clock.monotonic(), 500);
  assert.equal(clock.now(), 1500 - 600_000);
});

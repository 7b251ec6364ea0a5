import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualTime } from "../../tests/support/virtual-clock.ts";
import { untilSilent } from "./silence.ts";

test("R6 a load without a commit for half a minute is found silent, and one with a commit in each half minute never", async () => {
  const time = new VirtualTime();
  const clock = time.clock();
  const ending = new AbortController();
  let commits = 0;
  let silentAtMs: number | undefined;
  const { signal } = ending;
  const watching = untilSilent({ count: () => commits, silenceMaxMs: 30_000, clock, signal }).then(
    () => {
      silentAtMs = time.elapsedMs;
    },
  );
  for (let minute = 0; minute < 10; minute += 1) {
    await time.pass(29_000);
    commits += 1;
  }
  assert.equal(silentAtMs, undefined);
  await time.pass(31_000);
  await watching;
  assert.ok(silentAtMs !== undefined && silentAtMs > 10 * 29_000 + 29_900, String(silentAtMs));
});

test("R6 the watch over a load ends with it", async () => {
  const time = new VirtualTime();
  const ending = new AbortController();
  const { signal } = ending;
  const watching = untilSilent({ count: () => 0, silenceMaxMs: 1000, clock: time.clock(), signal });
  watching.catch(() => undefined);
  await time.pass(500);
  ending.abort(new Error("crashed"));
  await assert.rejects(watching, /crashed/);
});

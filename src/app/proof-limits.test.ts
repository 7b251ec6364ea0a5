import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { getPriority } from "node:os";
import { test } from "node:test";
import { giveWay, giveWayAsSession, timeLimit } from "./proof-limits.ts";

const signal = new AbortController().signal;
test("every thread gives way, and none that gave way more comes back", async () => {
  const before = getPriority(0);
  const nice = Math.max(before, 11);
  await giveWay(0, { signal });
  assert.equal(getPriority(0), before);
  await giveWay(nice, { signal });
  await giveWay(1, { signal });
  for (const thread of readdirSync("/proc/self/task")) {
    assert.equal(getPriority(Number(thread)), nice);
  }
  await giveWayAsSession(process.pid, nice);
  // On a machine of its own, 2 is a thread of the kernel, which has no session: the root group's share cannot be set.
  await giveWayAsSession(2, nice);
  await giveWayAsSession(2 ** 22 + 1, nice);
});

test("a proof that takes too long is ended with a code of its own; one that is done in time is not", async () => {
  using limit = timeLimit(0.0005);
  await new Promise((resolve) => {
    limit.signal.addEventListener("abort", resolve);
  });
  assert.match(String(limit.signal.reason), /PROOF|limit of 0\.0005 min/);
  const done = timeLimit(0.0005);
  done[Symbol.dispose]();
  await new Promise((resolve) => {
    setTimeout(resolve, 60);
  });
  assert.equal(done.signal.aborted, false);
});

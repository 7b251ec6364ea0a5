import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { getPriority } from "node:os";
import { test } from "node:test";
import { giveWay, giveWayAsSession, neededBytes, requireRoom, timeLimit } from "./proof-limits.ts";

const signal = new AbortController().signal;
const GB = 1e9;

test("a proof needs room for the files, the WAL twice, and a margin that grows with the files", () => {
  assert.equal(neededBytes({ clusterBytes: 0, walBytes: 0 }), 512 * 1024 * 1024);
  assert.equal(neededBytes({ clusterBytes: 100 * GB, walBytes: 3 * GB }), 111 * GB);
});

test("too little room is refused with what is needed, what is free, and where", async () => {
  const sizes = { clusterBytes: 1e15, walBytes: 5 };
  await assert.rejects(requireRoom("/tmp", sizes), {
    code: "PROOF_ROOM",
    message: /^a proof needs 1001358033 MiB in \/tmp, which has \d+ free$/,
    hint: /Nothing was written\. .*PRA_SPOOL_DIR.* 953674317 MiB are for the files, 1 for the WAL/,
  });
  assert.ok((await requireRoom("/tmp", { clusterBytes: 0, walBytes: 0 })) > 0);
});

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

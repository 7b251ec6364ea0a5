import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { WorkerGroup } from "./worker-group.ts";

const never = new AbortController().signal;

function worker(code: string): Worker {
  return new Worker(`const { parentPort } = require("node:worker_threads"); ${code}`, {
    eval: true,
  });
}

async function untilFailed(group: WorkerGroup): Promise<unknown> {
  try {
    for (;;) {
      await group.change();
    }
  } catch (error) {
    return error;
  }
}

for (const [title, code, wanted] of [
  ["throws", `throw new Error("broken")`, /broken/],
  [
    "throws later",
    `setTimeout(() => { throw new Error("late") }, 5); parentPort.on("message", () => {})`,
    /late/,
  ],
  ["ends", `process.exit(3)`, /ended with code 3/],
  ["ends quietly", ``, /ended with code 0/],
] as const) {
  test(`a thread that ${title} fails the group, once for all who wait`, async () => {
    await using group = new WorkerGroup({ signal: never });
    group.add(worker(code), () => undefined);
    group.add(worker(`parentPort.on("message", () => {})`), () => undefined);
    const errors = await Promise.all([untilFailed(group), untilFailed(group)]);
    assert.match(String(errors[0]), wanted);
    assert.equal(errors[0], errors[1]);
    assert.throws(() => group.check(), wanted);
    assert.equal(group.signal.reason, errors[0]);
  });
}

test("what a message's handler throws fails the group, and no further message is handled", async () => {
  await using group = new WorkerGroup({ signal: never });
  let handled = 0;
  group.add(
    worker(
      `parentPort.postMessage(1); parentPort.postMessage(2); parentPort.on("message", () => {})`,
    ),
    () => {
      handled += 1;
      throw new Error("not understood");
    },
  );
  assert.match(String(await untilFailed(group)), /not understood/);
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.equal(handled, 1);
});

test("the caller's abort fails the group; its listener goes with the group", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  {
    await using group = new WorkerGroup({ signal });
    group.add(worker(`parentPort.on("message", () => {})`), () => undefined);
    assert.equal(getEventListeners(signal, "abort").length, 1);
    const failed = untilFailed(group);
    controller.abort(new Error("stop"));
    assert.match(String(await failed), /stop/);
  }
  assert.equal(getEventListeners(signal, "abort").length, 0);
  assert.throws(() => new WorkerGroup({ signal }), /stop/);
});

test("disposal ends a thread that is busy for ever, at once", async () => {
  const began = process.hrtime.bigint();
  const exits: number[] = [];
  {
    await using group = new WorkerGroup({ signal: never });
    const busy = worker(`parentPort.postMessage(1); for (;;) {}`);
    busy.on("exit", (code) => exits.push(code));
    group.add(busy, () => undefined);
    await group.change();
  }
  assert.equal(exits.length, 1);
  assert.ok(process.hrtime.bigint() - began < 3_000_000_000n);
});

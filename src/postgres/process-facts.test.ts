import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { childrenOf, identifyProcess, isRunning, signalProcess } from "./process-facts.ts";

test("a process with another start time gets no signal", async () => {
  const child = spawn("sleep", ["60"], { stdio: "ignore" });
  const identity = await identifyProcess(child.pid ?? 0);
  assert.ok(identity !== undefined);
  assert.ok((await childrenOf(process.pid)).some((each) => each.pid === child.pid));
  assert.equal(await signalProcess({ ...identity, started: "1" }, "SIGKILL"), false);
  assert.equal(await isRunning(identity), true);
  assert.equal(await signalProcess(identity, "SIGKILL"), true);
  await once(child, "exit");
  assert.equal(await isRunning(identity), false);
  assert.equal(await signalProcess(identity, "SIGKILL"), false);
});

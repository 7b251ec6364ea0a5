import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import {
  childrenOf,
  identifyProcess,
  isRunning,
  parseProcStat,
  signalProcess,
} from "./process-facts.ts";

const FIELDS = "7 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 123456 0";

test("a command with spaces and parentheses does not shift the fields", () => {
  const row = parseProcStat(`42 (evil) S 1 (x) S ${FIELDS}`);
  assert.deepEqual(row, { pid: 42, started: "123456", parent: 7, zombie: false });
  assert.equal(parseProcStat(`42 (x) Z ${FIELDS}`)?.zombie, true);
  assert.equal(parseProcStat(""), undefined);
  assert.equal(parseProcStat("42 (x) S 1 2"), undefined);
});

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

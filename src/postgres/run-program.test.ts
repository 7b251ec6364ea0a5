import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { runProgram } from "./run-program.ts";
import { serverAccount } from "./server-account.ts";

/** Also true of one that has ended and whose parent has not asked yet. */
function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test("an aborted program ends with the children it started", async (t) => {
  const account = await serverAccount();
  const controller = new AbortController();
  const directory = await mkdtemp("/tmp/pra-program-");
  t.after(() => rm(directory, { recursive: true, force: true }));
  await chmod(directory, 0o777);
  const noted = join(directory, "pid");
  const script = `sleep 61 & echo $! >${noted}.new; mv ${noted}.new ${noted}; sleep 62`;
  const { signal } = controller;
  const program = runProgram("/bin/sh", ["-c", script], { account, signal });
  while (!existsSync(noted)) {
    await sleep(10);
  }
  controller.abort(new Error("enough"));
  await assert.rejects(program, /enough/);
  const child = Number(await readFile(noted, "utf8"));
  for (let waited = 0; isThere(child); waited += 10) {
    assert.ok(waited < 5000, "the child has ended");
    await sleep(10);
  }
});

test("a program that ends in time answers with its output and its code", async () => {
  const account = await serverAccount();
  const { signal } = new AbortController();
  const result = await runProgram("/bin/sh", ["-c", "echo out; echo err >&2; exit 3"], {
    account,
    signal,
  });
  assert.deepEqual(result, { state: "exited", code: 3, output: "out\n", errorOutput: "err\n" });
});

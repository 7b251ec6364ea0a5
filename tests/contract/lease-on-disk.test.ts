/** Leases between real processes on a real directory. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../support/lease-contender.ts", import.meta.url));
const seed = "5a".repeat(32);

function contend(directory: string): {
  readonly child: ChildProcess;
  readonly said: Promise<string>;
} {
  const stdio = ["ignore", "pipe", "inherit"] as const;
  const child = spawn(process.execPath, [program, directory, seed], { stdio: [...stdio] });
  const said = once(child.stdout ?? child, "data").then(([data]) => String(data).trim());
  return { child, said };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const exit = once(child, "exit");
    child.kill("SIGKILL");
    await exit;
  }
}

test("L53 of four processes that contend one wins; when it is killed, the next one takes over at once", async () => {
  const directory = await mkdtemp(join(tmpdir(), "pra-lease-"));
  const contenders = Array.from({ length: 4 }, () => contend(directory));
  try {
    const answers = await Promise.all(contenders.map(({ said }) => said));
    assert.deepEqual(answers.toSorted(), [
      "REPO_LEASE_HELD",
      "REPO_LEASE_HELD",
      "REPO_LEASE_HELD",
      "won 1",
    ]);
    const winner = contenders[answers.indexOf("won 1")];
    assert.ok(winner !== undefined);
    await kill(winner.child);
    const next = contend(directory);
    contenders.push(next);
    const began = performance.now();
    assert.equal(await next.said, "won 2");
    assert.ok(performance.now() - began < 10_000, "a dead holder is not waited for");
  } finally {
    await Promise.all(contenders.map(({ child }) => kill(child)));
    await rm(directory, { recursive: true });
  }
});

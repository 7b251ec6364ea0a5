import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { ManualClock, systemClock } from "../core/clock.ts";
import { errorText, isDrError } from "../core/errors.ts";
import { systemRandom } from "../core/random.ts";
import { acquireLocalLock, type LocalLock } from "./local-lock.ts";
import { livenessOf, ownIdentity } from "./process-identity.ts";

const { signal } = new AbortController();
let directory = "";

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "pra-local-lock-"));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

async function acquire(clock = new ManualClock()): Promise<LocalLock> {
  return await acquireLocalLock(directory, { signal, clock, random: systemRandom });
}

test("a held lock is refused with RESTORE_LOCKED, and free again once it is disposed of", async () => {
  {
    await using held = await acquire();
    assert.deepEqual(await readdir(directory), [basename(held.path)]);
    await assert.rejects(
      acquire(),
      (error) =>
        isDrError(error, "RESTORE_LOCKED") &&
        error.details["pid"] === process.pid &&
        error.message === `${directory} is held by process ${process.pid} of this machine` &&
        errorText(error, "fr").hint.startsWith("Une autre commande"),
    );
    assert.deepEqual(await readdir(directory), [basename(held.path)]);
  }
  await using again = await acquire();
  assert.ok(again.path.startsWith(directory));
});

test("L53 the lock of a process that was killed is taken over at once", async () => {
  const held = await acquire();
  const child = spawn("sleep", ["60"]);
  await once(child, "spawn");
  const fields = basename(held.path).split("-");
  const stat = await readFile(`/proc/${child.pid}/stat`, "utf8");
  const started = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  const named = [...fields.slice(0, 4), String(child.pid), started, "00"].join("-");
  await held[Symbol.asyncDispose]();
  await writeFile(join(directory, named), "");
  await assert.rejects(acquire(), (error) => isDrError(error, "RESTORE_LOCKED"));
  child.kill("SIGKILL");
  await once(child, "exit");
  await using taken = await acquire();
  assert.deepEqual(await readdir(directory), [basename(taken.path)]);
});

test("L53 a number used again by another process is not its holder", () => {
  const self = ownIdentity();
  assert.equal(livenessOf(self), "alive");
  assert.equal(livenessOf({ ...self, startTicks: "1" }), "dead");
  assert.equal(livenessOf({ ...self, pid: 0x7fffffff }), "dead");
});

test("a holder before a reboot is dead, one elsewhere cannot be judged", () => {
  const self = { ...ownIdentity(), machine: "m1" };
  assert.equal(livenessOf({ ...self, boot: "other" }, self), "dead");
  assert.equal(livenessOf({ ...self, machine: "m2", boot: "other" }, self), "unknown");
  assert.equal(
    livenessOf({ ...self, machine: "unknown", boot: "b" }, { ...self, machine: "unknown" }),
    "unknown",
  );
  assert.equal(livenessOf({ ...self, pidNamespace: "pid1" }, self), "unknown");
});

for (const name of [".pra-lock.other-boot-pid1-12-34-00", ".pra-lock.nonsense"]) {
  test(`${name} is refused with RESTORE_LOCK_UNREADABLE and left alone`, async () => {
    await writeFile(join(directory, name), "");
    await assert.rejects(
      acquire(),
      (error) => isDrError(error, "RESTORE_LOCK_UNREADABLE") && error.hint.includes(name),
    );
    assert.deepEqual(await readdir(directory), [name]);
  });
}

test("of many that try at once at most one holds the lock at any time", async () => {
  let holders = 0;
  let acquired = 0;
  const contender = async (): Promise<void> => {
    try {
      await using _held = await acquireLocalLock(directory, {
        signal,
        clock: systemClock,
        random: systemRandom,
      });
      holders += 1;
      assert.equal(holders, 1);
      await systemClock.sleep(5, { signal });
      holders -= 1;
      acquired += 1;
    } catch (error) {
      assert.ok(isDrError(error, "RESTORE_LOCKED"));
    }
  };
  await Promise.all(Array.from({ length: 8 }, contender));
  assert.deepEqual(await readdir(directory), []);
  await contender();
  assert.ok(acquired >= 1);
});

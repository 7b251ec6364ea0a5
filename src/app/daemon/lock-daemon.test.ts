/** What a dead daemon left is taken over, by whatever it died; what a living one holds is not. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type TestContext, test } from "node:test";
import { ManualClock } from "../../core/clock.ts";
import { type ProcessIdentity, ownIdentity, processText } from "../../files/process-identity.ts";
import { type Adapters, compose } from "../compose.ts";
import type { Environment } from "../environment.ts";
import { environmentIn } from "../../../tests/support/environment-in.ts";
import { lockDaemon, runningDaemon, touchLock } from "./lock-daemon.ts";

const { signal } = new AbortController();

class Host {
  readonly clock = new ManualClock(Date.now());
  readonly adapters: Adapters = { ...compose(), clock: this.clock };
  readonly environment: Environment;
  readonly locks: string;

  constructor(context: TestContext) {
    const folder = mkdtempSync(join(tmpdir(), "pra-lock-"));
    context.after(() => {
      rmSync(folder, { recursive: true });
    });
    this.environment = environmentIn(folder, { PRA_STATE_DIR: folder });
    this.locks = join(folder, "watch/main/daemon");
    mkdirSync(this.locks, { recursive: true });
  }

  /** The lock of another process, touched so long ago. */
  leave(change: Partial<ProcessIdentity>, agoMs: number): string {
    const identity = { ...ownIdentity(), ...change };
    const path = join(this.locks, `.pra-lock.${processText(identity)}-00`);
    writeFileSync(path, "");
    const seconds = (this.clock.now() - agoMs) / 1000;
    utimesSync(path, seconds, seconds);
    return path;
  }
}

test("L53 a lock of a process that is dead, whose number another has, or from before a reboot, is taken over at once", async (context) => {
  const host = new Host(context);
  const { machine } = ownIdentity();
  host.leave({ pid: 0x7fff_fff0, startTicks: "7" }, 0);
  host.leave({ startTicks: "1" }, 0);
  if (machine !== "unknown") {
    host.leave({ boot: "another" }, 0);
  }
  assert.equal(await runningDaemon(host.environment), undefined);
  const beganMs = host.clock.monotonic();
  const held = await lockDaemon(host.adapters, host.environment, { signal });
  assert.equal(host.clock.monotonic(), beganMs, "nobody is waited for");
  assert.deepEqual(readdirSync(host.locks), [basename(held.path)]);
  assert.equal(await runningDaemon(host.environment), process.pid);
  await assert.rejects(lockDaemon(host.adapters, host.environment, { signal }), {
    code: "WATCH_DAEMON_RUNNING",
    details: { pid: process.pid },
  });
  await held[Symbol.asyncDispose]();
});

test("L53 a lock of a container that is gone is taken over when nobody has touched it for three minutes", async (context) => {
  const host = new Host(context);
  host.leave({ pidNamespace: "gone" }, 4 * 60_000);
  const beganMs = host.clock.monotonic();
  await (await lockDaemon(host.adapters, host.environment, { signal }))[Symbol.asyncDispose]();
  assert.equal(host.clock.monotonic(), beganMs);
  host.leave({ pidNamespace: "gone" }, 0);
  await (await lockDaemon(host.adapters, host.environment, { signal }))[Symbol.asyncDispose]();
  assert.ok(host.clock.monotonic() - beganMs >= 180_000 - 10_000, "watched first");
  host.leave({ pidNamespace: "gone" }, -3_600_000);
  await (await lockDaemon(host.adapters, host.environment, { signal }))[Symbol.asyncDispose]();
  assert.deepEqual(readdirSync(host.locks), [], "also from a clock that was ahead");
});

test("L53 a daemon in another container that lives keeps its lock: it touches it", async (context) => {
  const host = new Host(context);
  const path = host.leave({ pidNamespace: "other" }, 0);
  const { clock } = host;
  const touching = Object.assign(Object.create(clock) as ManualClock, {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    sleep: async (durationMs: number, options: { readonly signal: AbortSignal }) => {
      await clock.sleep(durationMs, options);
      if (clock.monotonic() > 60_000) {
        await touchLock({ path, [Symbol.asyncDispose]: () => Promise.resolve() }, clock);
      }
    },
  });
  const adapters = { ...host.adapters, clock: touching };
  await assert.rejects(lockDaemon(adapters, host.environment, { signal }), {
    code: "WATCH_DAEMON_RUNNING",
  });
  assert.deepEqual(readdirSync(host.locks), [basename(path)]);
});

/**
 * Handing over what waits. One process of a host at a time does it, for a bounded while; looks go on beside it. `pra status` must end in two
 * seconds even when a mail relay hangs, so it starts a process of its own for this; a daemon calls `deliverDue` itself.
 */
import { spawn } from "node:child_process";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { type DrError, isDrError } from "../../core/errors.ts";
import { failpoint } from "../../core/failpoint.ts";
import { deliveryLifeMs, deliveryLockAgeMs } from "../../core/watch-limits.ts";
import { createDirectories } from "../../files/directories.ts";
import { LOCAL_LOCK_PREFIX, type LocalLock, acquireLocalLock } from "../../files/local-lock.ts";
import { removeFile } from "../../files/write-durably.ts";
import { deliverPass } from "../../watch/delivery.ts";
import { passTime } from "../../watch/moment.ts";
import { type Settled, nextDueMs } from "../../watch/outbox.ts";
import type { Adapters } from "../compose.ts";
import type { Environment } from "../environment.ts";
import { watchDirectory } from "../look/memory.ts";
import { flushEvents } from "./flush-events.ts";
import { type OpenWatch, type WatchOptions, openWatch, reserveDirectory } from "./watch-setup.ts";

/** What a delivery did. */
export type DeliveryReport = {
  /** `busy`: another process is at it, and nothing was done. */
  readonly state: "done" | "busy";
  readonly settled: readonly Settled[];
  readonly waiting: number;
  readonly events: number;
  /** Why the ledger did not get its events; they wait. */
  readonly ledgerFailure: DrError | undefined;
  readonly problems: readonly DrError[];
};

/** How often what others have queued is looked for while a pause lasts. */
const LOOK_EVERY_MS = 1000;

/** Removes locks whose holders nobody can look at, such as those of a container that is gone, once no delivery can live so long. */
async function removeStaleLocks(directory: string, nowMs: number): Promise<void> {
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    if (
      name.startsWith(LOCAL_LOCK_PREFIX) &&
      nowMs - (await stat(path)).mtimeMs > deliveryLockAgeMs
    ) {
      await removeFile(path);
    }
  }
}

async function lock(
  adapters: Adapters,
  directory: string,
  signal: AbortSignal,
): Promise<LocalLock | undefined> {
  const { clock, random } = adapters;
  await createDirectories(directory, { group: "STORE", signal });
  try {
    return await acquireLocalLock(directory, { clock, random, signal });
  } catch (error) {
    if (isDrError(error, "RESTORE_LOCKED")) {
      return undefined;
    }
    if (!isDrError(error, "RESTORE_LOCK_UNREADABLE")) {
      throw error;
    }
    await removeStaleLocks(directory, clock.now());
    return undefined;
  }
}

/** In the state directory, or where the reserve is when that takes nothing. */
async function lockAnywhere(
  adapters: Adapters,
  environment: Environment,
  signal: AbortSignal,
): Promise<LocalLock | undefined> {
  try {
    return await lock(adapters, join(watchDirectory(environment), "delivery"), signal);
  } catch (error) {
    const reserve = await reserveDirectory(environment);
    if (!isDrError(error) || reserve === undefined) {
      throw error;
    }
    return await lock(adapters, join(reserve, "delivery"), signal);
  }
}

type Loop = { readonly watch: OpenWatch; readonly adapters: Adapters; readonly endMs: number };

/** Passes until nothing waits, or the time is over. */
async function passes({ watch, adapters, endMs }: Loop, signal: AbortSignal): Promise<Settled[]> {
  const { memory, setup, notifiers, moment } = watch;
  const { clock } = adapters;
  const settled: Settled[] = [];
  for (;;) {
    const pass = await deliverPass({ memory, setup, notifiers, moment, clock, signal });
    settled.push(...pass.settled);
    const document = await memory.read({ signal });
    const nextMs = nextDueMs(document.outbox);
    const { watchMs } = passTime(document.alerts.time, moment());
    const leftMs = endMs - clock.monotonic();
    // What one channel's refusal has queued for the others is due now, and belongs to the same delivery.
    const isFollowedUp = pass.settled.some(({ state }) => state === "refused");
    if (nextMs === undefined || (leftMs <= 0 && !isFollowedUp)) {
      return settled;
    }
    const pauseMs = Math.max(0, Math.min(LOOK_EVERY_MS, leftMs, nextMs - watchMs));
    await clock.sleep(pauseMs, { signal });
  }
}

/**
 * Hands over what is due, and goes on trying for `lifeMs` (0: one pass). Aborted: what is on its way is tried again later under the same id.
 * @throws DrError `STORE_IO`, `STORE_DISK_FULL`: outcomes that could not be recorded are tried again.
 */
export async function deliverDue(
  adapters: Adapters,
  environment: Environment,
  options: WatchOptions & { readonly lifeMs?: number; readonly watch?: OpenWatch },
): Promise<DeliveryReport> {
  const { signal, lifeMs = deliveryLifeMs } = options;
  const watch = options.watch ?? (await openWatch(adapters, environment, options));
  const { memory, problems } = watch;
  const endMs = adapters.clock.monotonic() + lifeMs;
  const settled: Settled[] = [];
  let ledgerFailure: DrError | undefined;
  for (;;) {
    const held = await lockAnywhere(adapters, environment, signal);
    if (held === undefined) {
      const { outbox, events } = await memory.read({ signal });
      const left = { waiting: outbox.waiting.length, events: events.length };
      return { state: "busy", settled, ...left, ledgerFailure, problems };
    }
    try {
      failpoint("watch.locked");
      settled.push(...(await passes({ watch, adapters, endMs }, signal)));
      ledgerFailure = await flushEvents(adapters, environment, { memory, signal });
    } finally {
      await held[Symbol.asyncDispose]();
    }
    // What was queued while the lock was being given back has found it taken.
    const { outbox, events } = await memory.read({ signal });
    const isLate = adapters.clock.monotonic() >= endMs;
    if (outbox.waiting.length === 0 || isLate) {
      const left = { waiting: outbox.waiting.length, events: events.length };
      return { state: "done", settled, ...left, ledgerFailure, problems };
    }
  }
}

/**
 * Starts `pra alert deliver` beside this process, in a session of its own and with no stream of ours, and does not wait for it: it lives on when
 * this process ends, for a few minutes at most. Its command line holds no secret. `look`: it looks again first, with patience. `sign`: it leaves a
 * sign of life of the first watcher.
 */
export function startDelivery(
  environment: Environment,
  options: { readonly look?: boolean; readonly sign?: boolean } = {},
): void {
  const [, entry] = process.argv;
  if (entry === undefined) {
    return;
  }
  const file = environment.envFile === undefined ? [] : ["--env-file", environment.envFile];
  const { look = false, sign = false } = options;
  const words = ["alert", "deliver", ...(look ? ["--look"] : []), ...(sign ? ["--sign"] : [])];
  const child = spawn(process.execPath, [...process.execArgv, entry, ...file, ...words], {
    detached: true,
    stdio: "ignore",
  });
  // A process that cannot be started is told by what goes on waiting.
  child.on("error", () => undefined);
  child.unref();
}

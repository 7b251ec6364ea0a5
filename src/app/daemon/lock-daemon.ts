/**
 * One daemon a host and cluster. What a dead one left is taken over: at once where this machine can prove it dead (killed, its number used again,
 * rebooted since), and where it cannot look, because that one ran in a container that is gone, when nothing has touched its lock for three minutes:
 * a daemon that lives touches its own once a minute.
 */
import { stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../core/clock.ts";
import { DrError, isDrError } from "../../core/errors.ts";
import { daemonLockAgeMs, daemonLockLookMs } from "../../core/look-limits.ts";
import { createDirectories } from "../../files/directories.ts";
import { errnoOf } from "../../files/file-error.ts";
import { type LocalLock, acquireLocalLock, liveHolder } from "../../files/local-lock.ts";
import { removeFile } from "../../files/write-durably.ts";
import type { Adapters } from "../compose.ts";
import type { Environment } from "../environment.ts";
import { watchDirectory } from "../look/memory.ts";

type Call = { readonly signal: AbortSignal };

function lockDirectory(environment: Environment): string {
  return join(watchDirectory(environment), "daemon");
}

/** The process of the daemon that watches this cluster; undefined: none does. @throws DrError `STORE_IO`. */
export async function runningDaemon(environment: Environment): Promise<number | undefined> {
  return (await liveHolder(lockDirectory(environment)))?.pid;
}

async function touchedMs(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") {
      return undefined;
    }
    throw error;
  }
}

/** Whether nobody touches a lock: for long already, or for as long as it takes to be sure. */
async function isAbandoned(path: string, clock: Clock, { signal }: Call): Promise<boolean> {
  const first = await touchedMs(path);
  const beganMs = clock.monotonic();
  for (;;) {
    const last = await touchedMs(path);
    if (last === undefined || last !== first) {
      return last === undefined;
    }
    const watchedMs = clock.monotonic() - beganMs;
    if (Math.max(watchedMs, clock.now() - last) >= daemonLockAgeMs) {
      return true;
    }
    await clock.sleep(daemonLockLookMs, { signal });
  }
}

/**
 * Takes the lock, which may mean watching one that cannot be judged for three minutes.
 * @throws DrError `WATCH_DAEMON_RUNNING`, `STORE_*` of the state directory.
 */
export async function lockDaemon(
  adapters: Adapters,
  environment: Environment,
  call: Call,
): Promise<LocalLock> {
  const { clock, random } = adapters;
  const directory = lockDirectory(environment);
  await createDirectories(directory, { group: "STORE", signal: call.signal });
  for (;;) {
    try {
      return await acquireLocalLock(directory, { clock, random, signal: call.signal });
    } catch (error) {
      if (isDrError(error, "RESTORE_LOCKED")) {
        const { pid } = error.details;
        throw new DrError("WATCH_DAEMON_RUNNING", { pid: pid ?? "?" }, { cause: error });
      }
      if (!isDrError(error, "RESTORE_LOCK_UNREADABLE")) {
        throw error;
      }
      const path = String(error.details["path"]);
      if (!(await isAbandoned(path, clock, call))) {
        throw new DrError("WATCH_DAEMON_RUNNING", { pid: "?" }, { cause: error });
      }
      await removeFile(path);
    }
  }
}

/** Says that its holder lives, to those who cannot look at it. A disk that does not take it costs no look. */
export async function touchLock({ path }: LocalLock, clock: Clock): Promise<void> {
  const seconds = clock.now() / 1000;
  try {
    await utimes(path, seconds, seconds);
  } catch (error) {
    if (errnoOf(error) === undefined) {
      throw error;
    }
  }
}

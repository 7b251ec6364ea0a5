/**
 * Stops a server by its data directory alone: one that was left running on purpose. The process id in
 * `postmaster.pid` may be stale and belong to anyone by now, so a process is signalled only when its
 * working directory is that data directory, which is where every postmaster stays.
 *
 * Follows src/bin/pg_ctl/pg_ctl.c (do_stop) of PostgreSQL, which trusts the file alone.
 */
import { lstat, realpath, rm, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, systemClock } from "../core/clock.ts";
import { DrError } from "../core/errors.ts";
import { guard } from "../core/failpoint.ts";
import { serverPollIntervalMs, serverStopTimeoutMs } from "../core/limits.ts";
import { type PostmasterFile, readPostmasterFile } from "./postmaster-file.ts";
import {
  type KnownProcess,
  identifyProcess,
  isRunning,
  signalProcess,
  workingDirectoryOf,
} from "./process-facts.ts";
import { privateDirectoryPattern, privateFiles } from "./private-directory.ts";
import { type StopMode, stopSignal } from "./throwaway-server.ts";

/** What was stopped. */
export type StoppedServer = {
  readonly pid: number;
  readonly dataDirectory: string;
  readonly durationMs: number;
};

async function provenServer(
  directory: string,
  file: PostmasterFile,
): Promise<KnownProcess | undefined> {
  const foreign = (reason: string): DrError =>
    new DrError("PG_PID_FILE_FOREIGN", { directory, reason });
  if (file.pid < 0) {
    throw foreign(`process ${-file.pid} is a server in single-user mode`);
  }
  const identity = await identifyProcess(file.pid);
  if (identity === undefined) {
    return undefined;
  }
  const cwd = await workingDirectoryOf(identity.pid);
  if (cwd === undefined) {
    throw foreign(`where process ${file.pid} works cannot be seen from this account`);
  }
  if (cwd !== directory && guard("L53-pid-file-proved")) {
    throw foreign(`process ${file.pid} works in ${cwd}`);
  }
  return identity;
}

/** Removes the private directory of a detached server; anything unexpected in it keeps it. */
async function removePrivateDirectory(
  socketDirectory: string | undefined,
  owner: number,
): Promise<void> {
  if (socketDirectory === undefined || !privateDirectoryPattern.test(socketDirectory)) {
    return;
  }
  try {
    const facts = await lstat(socketDirectory);
    if (facts.isDirectory() && facts.uid === owner) {
      for (const name of Object.values(privateFiles)) {
        await rm(join(socketDirectory, name), { force: true });
      }
      await rmdir(socketDirectory);
    }
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code !== "ENOENT" && code !== "ENOTEMPTY") {
      throw error;
    }
  }
}

/**
 * Stops the server of `dataDirectory` and waits until it is gone. Aborting leaves a server that was told
 * to stop. @throws DrError `PG_NOT_RUNNING`, `PG_PID_FILE_FOREIGN` (nothing was signalled),
 * `PG_STOP_TIMEOUT` (it still runs).
 */
export async function stopServerOf(
  dataDirectory: string,
  options: {
    readonly mode: StopMode;
    readonly signal: AbortSignal;
    readonly timeoutMs?: number;
    readonly clock?: Clock;
  },
): Promise<StoppedServer> {
  options.signal.throwIfAborted();
  const clock = options.clock ?? systemClock;
  const startedMs = clock.monotonic();
  const directory = await realpath(dataDirectory);
  const file = await readPostmasterFile(directory);
  const identity = file === undefined ? undefined : await provenServer(directory, file);
  if (file === undefined || identity === undefined) {
    throw new DrError("PG_NOT_RUNNING", { directory });
  }
  const owner = (await stat(directory)).uid;
  await signalProcess(identity, stopSignal(options.mode));
  const timeoutMs = options.timeoutMs ?? serverStopTimeoutMs;
  while (await isRunning(identity)) {
    if (clock.monotonic() - startedMs > timeoutMs) {
      throw new DrError("PG_STOP_TIMEOUT", {
        pid: identity.pid,
        directory,
        seconds: Math.round(timeoutMs / 1000),
      });
    }
    await clock.sleep(serverPollIntervalMs, { signal: options.signal });
  }
  await removePrivateDirectory(file.socketDirectory, owner);
  return {
    pid: identity.pid,
    dataDirectory: directory,
    durationMs: Math.round(clock.monotonic() - startedMs),
  };
}

/**
 * One command at a time in a directory of this machine. Each contender creates a file whose *name* says who it is, then looks
 * around: it holds the lock when no other live contender's file is there, else it withdraws. Creating
 * before looking makes two holders impossible without any takeover step that could itself be raced; two
 * that meet may both withdraw, so each tries a few times. Files of processes proved dead are removed.
 *
 * A lock is no lease: between hosts use the repository's leases.
 */
import { constants } from "node:fs";
import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../core/clock.ts";
import { DrError } from "../core/errors.ts";
import { failpoint } from "../core/failpoint.ts";
import { localLockAttemptsMax, localLockRetryDelayMs } from "../core/limits.ts";
import type { Random } from "../core/random.ts";
import { errnoOf, fileError } from "./file-error.ts";
import {
  livenessOf,
  ownIdentity,
  parseProcessText,
  processText,
  type ProcessIdentity,
} from "./process-identity.ts";
import { removeFile } from "./write-durably.ts";

/** Names of locks begin with this. */
export const LOCAL_LOCK_PREFIX = ".pra-lock.";

/** A held lock; disposing of it removes the file. */
export interface LocalLock extends AsyncDisposable {
  readonly path: string;
}

function nameFor(identity: ProcessIdentity, nonce: string): string {
  return `${LOCAL_LOCK_PREFIX}${processText(identity)}-${nonce}`;
}

function identityIn(name: string): ProcessIdentity | undefined {
  return parseProcessText(name.slice(LOCAL_LOCK_PREFIX.length, name.lastIndexOf("-")));
}

/** Removes the files of the dead; answers the error about the first contender that may be alive. */
async function rivalOf(directory: string, ownName: string): Promise<DrError | undefined> {
  const names = await readdir(directory);
  for (const name of names) {
    if (!name.startsWith(LOCAL_LOCK_PREFIX) || name === ownName) {
      continue;
    }
    const path = join(directory, name);
    const identity = identityIn(name);
    const liveness = identity === undefined ? "unknown" : livenessOf(identity);
    if (identity !== undefined && liveness === "alive") {
      return new DrError("RESTORE_LOCKED", { path: directory, pid: identity.pid });
    }
    if (liveness === "unknown") {
      return new DrError("RESTORE_LOCK_UNREADABLE", { path });
    }
    await removeFile(path);
  }
  return undefined;
}

/** Who holds the lock of a directory; undefined: nobody that is known to be alive. @throws DrError `STORE_IO`. */
export async function liveHolder(directory: string): Promise<ProcessIdentity | undefined> {
  let names: string[];
  try {
    names = await readdir(directory);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") {
      return undefined;
    }
    throw fileError(error, { group: "STORE", operation: "list", path: directory });
  }
  return names
    .filter((name) => name.startsWith(LOCAL_LOCK_PREFIX))
    .map(identityIn)
    .find((identity) => identity !== undefined && livenessOf(identity) === "alive");
}

/**
 * Takes the lock of an existing directory. Aborted: nothing stays behind.
 * @throws DrError `RESTORE_LOCKED`, `RESTORE_LOCK_UNREADABLE`, `RESTORE_FILE_IO`, `RESTORE_DISK_FULL`.
 */
export async function acquireLocalLock(
  directory: string,
  options: { readonly signal: AbortSignal; readonly clock: Clock; readonly random: Random },
): Promise<LocalLock> {
  const { signal, clock, random } = options;
  for (let attempt = 1; ; attempt += 1) {
    signal.throwIfAborted();
    const name = nameFor(ownIdentity(), Buffer.from(random.bytes(8)).toString("hex"));
    const path = join(directory, name);
    try {
      failpoint("files.lock-create");
      await using created = await open(
        path,
        constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL,
        0o600,
      );
      await created.datasync();
    } catch (error) {
      throw fileError(error, { group: "RESTORE", operation: "lock", path: directory });
    }
    const rival = await rivalOf(directory, name);
    if (rival === undefined) {
      return { path, [Symbol.asyncDispose]: () => removeFile(path) };
    }
    await removeFile(path);
    if (rival.code !== "RESTORE_LOCKED" || attempt >= localLockAttemptsMax) {
      throw rival;
    }
    await clock.sleep(localLockRetryDelayMs * (0.5 + random.fraction()), { signal });
  }
}

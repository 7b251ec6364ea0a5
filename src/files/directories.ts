/**
 * Directories that survive a power failure. A directory is an entry in its parent; until the parent is synced, everything below
 * it can vanish even though each file was synced (loss class 8). So the parent of every directory on the way is
 * synced, also where the directory was there already: another process may have made it a moment ago.
 *
 * Follows fsync(2), "calling fsync() does not necessarily ensure that the entry in the directory ... has
 * also reached disk", and PostgreSQL's src/common/file_utils.c (fsync_parent_path).
 */
import { constants } from "node:fs";
import { lstat, mkdir, open } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { failpoint, guard } from "../core/failpoint.ts";
import { errnoOf, fileError, type FileErrorGroup } from "./file-error.ts";

/** Whose directory, and the right to stop. */
export type DirectoryCall = { readonly group: FileErrorGroup; readonly signal: AbortSignal };

/** Makes the entries of a directory durable. A failure is final: it is never tried again on hope. */
export async function syncDirectory(path: string, group: FileErrorGroup): Promise<void> {
  if (!guard("L8-directory-fsync")) {
    return;
  }
  try {
    failpoint("files.fsync-directory");
    await using handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
    await handle.sync();
  } catch (error) {
    throw fileError(error, { group, operation: "fsync", path });
  }
}

async function makeDirectory(path: string, mode: number, group: FileErrorGroup): Promise<boolean> {
  try {
    failpoint("files.mkdir");
    await mkdir(path, { mode });
    return true;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENOENT") {
      return false;
    }
    if (errno === "EEXIST" && (await lstat(path)).isDirectory()) {
      return true;
    }
    throw fileError(error, { group, operation: "mkdir", path });
  }
}

/**
 * Creates `path` and what is missing above it, without syncing anything; answers the directories whose entries may have
 * changed. Only for callers that sync them, or the whole way, themselves.
 */
export async function makeDirectories(
  path: string,
  call: DirectoryCall & { readonly mode?: number },
): Promise<ReadonlySet<string>> {
  const mode = call.mode ?? 0o700;
  const target = resolve(path);
  const missing: string[] = [];
  for (let at = target; !(await makeDirectory(at, mode, call.group)); at = dirname(at)) {
    call.signal.throwIfAborted();
    missing.push(at);
  }
  const changed = new Set<string>([dirname(target)]);
  for (const directory of missing.reverse()) {
    // Somebody may remove an empty directory in between; the caller's own use of `path` will notice.
    await makeDirectory(directory, mode, call.group);
    changed.add(dirname(directory));
    changed.add(dirname(dirname(directory)));
  }
  return changed;
}

/** Syncs every directory from `anchor` down to the parent of `path`: then nothing on the way to `path` can vanish. */
export async function syncWay(
  path: string,
  call: DirectoryCall & { readonly anchor: string },
): Promise<void> {
  const anchor = resolve(call.anchor);
  for (let at = resolve(path); at !== anchor && at !== dirname(at);) {
    call.signal.throwIfAborted();
    at = dirname(at);
    await syncDirectory(at, call.group);
  }
}

/**
 * Creates `path` and what is missing above it (mode 0700 unless told otherwise), and makes durable what it created and the
 * entry of `path` itself. Aborted: what was created stays.
 * @throws DrError `STORE_IO`/`RESTORE_FILE_IO`, also when a file is in the way.
 */
export async function createDirectories(
  path: string,
  call: DirectoryCall & { readonly mode?: number },
): Promise<void> {
  for (const directory of await makeDirectories(path, call)) {
    call.signal.throwIfAborted();
    await syncDirectory(directory, call.group);
  }
}

/**
 * The directory a restore writes to. It must be ours alone: missing, empty, or left by a restore that did not end,
 * which a marker file proves. Anything else is refused, a running server's directory first of all.
 *
 * The marker is there from before the first file until after `pg_control`: a directory that has it is no
 * cluster. A restore that was killed is run again, and begins by emptying what it left.
 */
import { chmod, chown, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { DrError } from "../core/errors.ts";
import { failpointAsync, guard } from "../core/failpoint.ts";
import { decodeFileName, systemPath } from "../core/file-name-bytes.ts";
import { createDirectories, syncDirectory } from "../files/directories.ts";
import { errnoOf, fileError } from "../files/file-error.ts";
import { LOCAL_LOCK_PREFIX } from "../files/local-lock.ts";
import { writeDurably } from "../files/write-durably.ts";
import { runningServerOf } from "../postgres/throwaway-server.ts";
import type { Owner } from "./scatter-messages.ts";

/** The name of the marker of an unfinished restore. */
export const UNFINISHED_MARKER = "pra-restore-unfinished";

/** The marker as `writeDurably` begins it: a restore that died there has left nothing else. */
const MARKER_IN_THE_MAKING = new RegExp(`^\\.tmp-\\d+-[0-9a-f]{20}-${UNFINISHED_MARKER}$`);

/** Left by a server that was started on a directory; a backup has none. */
const STARTED_MARK = "postmaster.opts";

/** Names in a directory, locks aside; none when it does not exist. */
async function contentOf(directory: string): Promise<readonly string[]> {
  try {
    const names = await readdir(directory, { encoding: "buffer" });
    return names.map(decodeFileName).filter((name) => !name.startsWith(LOCAL_LOCK_PREFIX));
  } catch (error) {
    if (errnoOf(error) === "ENOENT") {
      return [];
    }
    throw fileError(error, { group: "RESTORE", operation: "readdir", path: directory });
  }
}

/** A way that cannot be gone, a circle of links for example, is told as that. */
async function runningIn(directory: string): ReturnType<typeof runningServerOf> {
  try {
    return await runningServerOf(directory);
  } catch (error) {
    throw fileError(error, { group: "RESTORE", operation: "open", path: directory });
  }
}

/**
 * Refuses a directory that is not free; answers its content. Touches nothing, and the directory need not exist. One that
 * bears the marker and was started since holds somebody's data.
 * @throws DrError `RESTORE_TARGET_RUNNING`, `RESTORE_TARGET_NOT_EMPTY`, `RESTORE_FILE_IO`.
 */
export async function requireFree(directory: string): Promise<readonly string[]> {
  const running = await runningIn(directory);
  if (running !== undefined) {
    throw new DrError("RESTORE_TARGET_RUNNING", { directory, pid: running.pid });
  }
  const content = await contentOf(directory);
  const ours =
    (content.includes(UNFINISHED_MARKER) && !content.includes(STARTED_MARK)) ||
    content.every((name) => MARKER_IN_THE_MAKING.test(name));
  if (content.length > 0 && !ours && guard("L49-target-free")) {
    const found = content.slice(0, 3).join(", ");
    throw new DrError("RESTORE_TARGET_NOT_EMPTY", { directory, found });
  }
  return content;
}

/**
 * Makes the directory ready: created if missing (mode 0700, `owner`), emptied if an unfinished restore left it,
 * marked. Aborted: it stays marked. @throws DrError `RESTORE_TARGET_RUNNING`, `RESTORE_TARGET_NOT_EMPTY`,
 * `RESTORE_FILE_IO`, `RESTORE_DISK_FULL`.
 */
export async function claimDirectory(
  directory: string,
  options: { readonly owner: Owner | undefined; readonly signal: AbortSignal },
): Promise<void> {
  const { owner, signal } = options;
  await createDirectories(directory, { group: "RESTORE", mode: 0o755, signal });
  const content = await requireFree(directory);
  for (const name of content.filter((found) => found !== UNFINISHED_MARKER)) {
    signal.throwIfAborted();
    await rm(systemPath(join(directory, name)), { recursive: true, force: true });
  }
  if (owner !== undefined) {
    await chown(directory, owner.uid, owner.gid);
  }
  await chmod(directory, 0o700);
  await failpointAsync("restore.claim", { signal });
  const finalPath = join(directory, UNFINISHED_MARKER);
  const parts = [Buffer.from("This directory is being restored. It is no cluster yet.\n")];
  if (guard("L49-unfinished-marked")) {
    await writeDurably({ finalPath, parts, group: "RESTORE", signal });
  }
}

/** Takes the marker away: the directory is what it was meant to be. Durable when it resolves. */
export async function releaseDirectory(directory: string): Promise<void> {
  await rm(join(directory, UNFINISHED_MARKER), { force: true });
  await syncDirectory(directory, "RESTORE");
}

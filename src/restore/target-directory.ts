/**
 * The directory a restore writes to. It must be ours alone: missing, empty, or left by a restore that did not end,
 * which a marker file proves; or a stopped cluster that somebody gave up on purpose. Anything else is refused, a running server's directory
 * first of all.
 *
 * The marker is there from before the first file until after `pg_control`: a directory that has it is no
 * cluster. A restore that was killed is run again, and keeps what is right of what it left (`kept-files.ts`).
 */
import { chmod, chown, lstat, readdir, realpath, rm } from "node:fs/promises";
import { join } from "node:path";
import { DrError } from "../core/errors.ts";
import { failpointAsync, guard } from "../core/failpoint.ts";
import { decodeFileName } from "../core/file-name-bytes.ts";
import { createDirectories, syncDirectory } from "../files/directories.ts";
import { errnoOf, fileError } from "../files/file-error.ts";
import { LOCAL_LOCK_PREFIX } from "../files/local-lock.ts";
import { writeDurably } from "../files/write-durably.ts";
import { serverProcessIn } from "../postgres/process-facts.ts";
import { runningServerOf } from "../postgres/throwaway-server.ts";
import type { Owner } from "./scatter-messages.ts";

/** The name of the marker of an unfinished restore. */
export const UNFINISHED_MARKER = "pra-restore-unfinished";

/** The marker as `writeDurably` begins it: a restore that died there has left nothing else. */
const MARKER_IN_THE_MAKING = new RegExp(`^\\.tmp-\\d+-[0-9a-f]{20}-${UNFINISHED_MARKER}$`);

/** In the data directory of every cluster. */
const CLUSTER_MARK = "PG_VERSION";

/** Without these below `global` no server starts: its own, and ours in the making. */
const CONTROL_FILES = ["pg_control", "pg_control.pra"];

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

/** What a restore finds in its directory. */
export type TargetContent =
  | { readonly kind: "nothing" }
  /** Of a restore that did not end. */
  | { readonly kind: "unfinished" }
  /** A cluster, or what is left of one. */
  | { readonly kind: "cluster" };

/** Whether `over` lets a restore have what it found. */
function requireTakeable(
  directory: string,
  content: readonly string[],
  over: boolean,
): TargetContent {
  const left = content.filter((name) => !MARKER_IN_THE_MAKING.test(name));
  if (left.length === 0) {
    return { kind: "nothing" };
  }
  if (left.includes(UNFINISHED_MARKER) && !left.includes(STARTED_MARK)) {
    return { kind: "unfinished" };
  }
  if (!(over && left.includes(CLUSTER_MARK)) && guard("L49-target-free")) {
    const found = left.slice(0, 3).join(", ");
    throw new DrError("RESTORE_TARGET_NOT_EMPTY", { directory, found });
  }
  return { kind: "cluster" };
}

/**
 * Looks at a directory, which need not exist, and touches nothing. One that bears the marker and was started since holds somebody's
 * data: it is a cluster. `over`: a stopped cluster may be there, to become another.
 * @throws DrError `RESTORE_TARGET_RUNNING`, `RESTORE_TARGET_NOT_EMPTY`, `RESTORE_FILE_IO`.
 */
export async function lookAtTarget(directory: string, over: boolean): Promise<TargetContent> {
  const running = await runningIn(directory);
  if (running !== undefined) {
    throw new DrError("RESTORE_TARGET_RUNNING", { directory, pid: running.pid });
  }
  const found = requireTakeable(directory, await contentOf(directory), over);
  const left = found.kind === "cluster" ? await leftRunningIn(directory) : undefined;
  if (left !== undefined) {
    throw new DrError("RESTORE_TARGET_RUNNING", { directory, pid: left.pid });
  }
  return found;
}

async function leftRunningIn(directory: string): ReturnType<typeof serverProcessIn> {
  return await serverProcessIn(await realpath(directory));
}

/** What shall become of a directory. */
export type Claim = {
  readonly owner: Owner | undefined;
  /** A stopped cluster that lies there, or whatever a tablespace of it holds, may be made into another. */
  readonly over: boolean;
  /** A directory of a tablespace: it may hold those of other clusters. */
  readonly isTablespace: boolean;
  readonly signal: AbortSignal;
};

/**
 * Makes the directory ready: created if missing (mode 0700, `owner`) and marked. What an unfinished restore left, or a cluster that may be
 * overwritten, stays, but can start no more. True when something is there. Aborted: it stays marked.
 * @throws DrError `RESTORE_TARGET_RUNNING`, `RESTORE_TARGET_NOT_EMPTY`, `RESTORE_FILE_IO`, `RESTORE_DISK_FULL`.
 */
export async function claimDirectory(directory: string, claim: Claim): Promise<boolean> {
  const { owner, over, isTablespace, signal } = claim;
  await createDirectories(directory, { group: "RESTORE", mode: 0o755, signal });
  const { kind } = isTablespace && over ? { kind: "cluster" } : await lookAtTarget(directory, over);
  for (const name of await contentOf(directory)) {
    if (MARKER_IN_THE_MAKING.test(name)) {
      await rm(join(directory, name), { force: true });
    }
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
  if (kind !== "nothing" && !isTablespace) {
    await disable(directory, signal);
  }
  return kind !== "nothing";
}

/**
 * Takes from a marked directory what a server starts by, before anything else of it changes. Who is killed before leaves the old cluster
 * as it was; who is killed behind leaves what no server takes for one.
 */
async function disable(directory: string, signal: AbortSignal): Promise<void> {
  const global = join(directory, "global");
  for (const name of CONTROL_FILES) {
    await failpointAsync("restore.disable", { signal });
    await rm(join(global, name), { force: true });
  }
  if (await isDirectory(global)) {
    await syncDirectory(global, "RESTORE");
  }
  for (const name of [STARTED_MARK, "postmaster.pid"]) {
    await rm(join(directory, name), { force: true });
  }
  await syncDirectory(directory, "RESTORE");
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isDirectory();
  } catch (error) {
    if (errnoOf(error) === "ENOENT") {
      return false;
    }
    throw error;
  }
}

/** Takes the marker away: the directory is what it was meant to be. Durable when it resolves. */
export async function releaseDirectory(directory: string): Promise<void> {
  await rm(join(directory, UNFINISHED_MARKER), { force: true });
  await syncDirectory(directory, "RESTORE");
}

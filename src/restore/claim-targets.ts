/**
 * Takes the directories of a restore: the data directory and those of tablespaces. All are looked at before one is
 * touched, so that a refusal changes nothing anywhere.
 */
import { chmod, chown, lstat, mkdir, realpath, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../core/clock.ts";
import { DrError } from "../core/errors.ts";
import type { Random } from "../core/random.ts";
import { createDirectories } from "../files/directories.ts";
import { errnoOf } from "../files/file-error.ts";
import { acquireLocalLock } from "../files/local-lock.ts";
import type { RestoreTarget } from "./restored-file.ts";
import type { Owner } from "./scatter-messages.ts";
import type { TablespacePlace } from "./tablespace-places.ts";
import { claimDirectory, lookAtTarget } from "./target-directory.ts";

/** What claiming needs of a restore. */
export type ClaimOptions = RestoreTarget & {
  /** A stopped cluster that lies there, its tablespaces included, may be made into another. */
  readonly over: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
};

/** Directories that BASE_BACKUP leaves out or empty, and a server wants. */
export const NEEDED_DIRECTORIES = ["pg_wal", "pg_wal/archive_status", "pg_tblspc", "pg_replslot"];

async function makeOwned(path: string, owner: Owner | undefined): Promise<void> {
  await removeLink(path);
  await mkdir(path, { recursive: true, mode: 0o700 });
  await chmod(path, 0o700);
  if (owner !== undefined) {
    await chown(path, owner.uid, owner.gid);
  }
}

/** WAL of an old cluster may lie elsewhere: that place is left alone, and what it was linked to as well. */
async function removeLink(path: string): Promise<void> {
  try {
    if (!(await lstat(path)).isDirectory()) {
      await rm(path);
    }
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") {
      throw error;
    }
  }
}

/** Runs `step` for a place; a tablespace that nobody mapped fails as unplaced. */
async function atPlace(
  place: TablespacePlace | undefined,
  step: () => Promise<void>,
): Promise<void> {
  try {
    await step();
  } catch (cause) {
    if (place === undefined || place.mapped) {
      throw cause;
    }
    const { oid, location } = place;
    throw new DrError("RESTORE_TABLESPACE_UNPLACED", { oid, location }, { cause });
  }
}

type Place = {
  readonly directory: string;
  readonly tablespace: TablespacePlace | undefined;
  readonly over: boolean;
};

/** True when the cluster in the data directory has its tablespace there: then what it holds is that cluster's. */
async function isTablespaceOf(
  dataDirectory: string,
  { oid, directory }: TablespacePlace,
): Promise<boolean> {
  try {
    const linked = await realpath(join(dataDirectory, "pg_tblspc", String(oid)));
    return linked === (await realpath(directory));
  } catch (error) {
    if (errnoOf(error) === "ENOENT") {
      return false;
    }
    throw error;
  }
}

/**
 * Looks at every directory before it touches one; then locks and marks each. The locks are held until `locks` is
 * disposed of. Answers the directories that hold something already.
 */
export async function claimTargets(
  options: ClaimOptions,
  tablespaces: readonly TablespacePlace[],
  locks: AsyncDisposableStack,
): Promise<ReadonlySet<string>> {
  const { signal, clock, random, owner, dataDirectory, over } = options;
  const places: Place[] = [{ directory: dataDirectory, tablespace: undefined, over }];
  for (const tablespace of tablespaces.filter(({ inPlace }) => !inPlace)) {
    const { directory } = tablespace;
    const isOurs = over && (await isTablespaceOf(dataDirectory, tablespace));
    places.push({ directory, tablespace, over: isOurs });
  }
  for (const place of places) {
    await atPlace(place.tablespace, async () => {
      if (place.tablespace === undefined || !place.over) {
        await lookAtTarget(place.directory, place.over);
      }
    });
  }
  const filled = new Set<string>();
  for (const { directory, tablespace, over: mayHold } of places) {
    await atPlace(tablespace, async () => {
      // What is missing on the way must let the server's account through; the directory itself becomes 0700.
      await createDirectories(directory, { group: "RESTORE", mode: 0o755, signal });
      locks.use(await acquireLocalLock(directory, { signal, clock, random }));
      const isTablespace = tablespace !== undefined;
      if (await claimDirectory(directory, { owner, over: mayHold, isTablespace, signal })) {
        filled.add(directory);
      }
    });
  }
  for (const name of NEEDED_DIRECTORIES) {
    await makeOwned(join(dataDirectory, name), owner);
  }
  return filled;
}

/**
 * Takes the directories of a restore: the data directory and those of tablespaces. All are looked at before one is
 * touched, so that a refusal changes nothing anywhere.
 */
import { chmod, chown, mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../core/clock.ts";
import { DrError } from "../core/errors.ts";
import type { Random } from "../core/random.ts";
import { createDirectories } from "../files/directories.ts";
import { acquireLocalLock } from "../files/local-lock.ts";
import type { RestoreTarget } from "./restored-file.ts";
import type { Owner } from "./scatter-messages.ts";
import type { TablespacePlace } from "./tablespace-places.ts";
import { claimDirectory, requireFree } from "./target-directory.ts";

/** What claiming needs of a restore. */
export type ClaimOptions = RestoreTarget & {
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
};

/** Directories that BASE_BACKUP leaves out or empty, and a server wants. */
const NEEDED_DIRECTORIES = ["pg_wal", "pg_wal/archive_status", "pg_tblspc", "pg_replslot"];

async function makeOwned(path: string, owner: Owner | undefined): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  await chmod(path, 0o700);
  if (owner !== undefined) {
    await chown(path, owner.uid, owner.gid);
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

type Place = { readonly directory: string; readonly tablespace: TablespacePlace | undefined };

/**
 * Looks at every directory before it touches one; then locks, empties and marks each. The locks are held until `locks` is
 * disposed of.
 */
export async function claimTargets(
  options: ClaimOptions,
  tablespaces: readonly TablespacePlace[],
  locks: AsyncDisposableStack,
): Promise<void> {
  const { signal, clock, random, owner, dataDirectory } = options;
  const outside = tablespaces.filter(({ inPlace }) => !inPlace);
  const places: readonly Place[] = [
    { directory: dataDirectory, tablespace: undefined },
    ...outside.map((tablespace) => ({ directory: tablespace.directory, tablespace })),
  ];
  for (const { directory, tablespace } of places) {
    await atPlace(tablespace, async () => {
      await requireFree(directory);
    });
  }
  for (const { directory, tablespace } of places) {
    await atPlace(tablespace, async () => {
      // What is missing on the way must let the server's account through; the directory itself becomes 0700.
      await createDirectories(directory, { group: "RESTORE", mode: 0o755, signal });
      locks.use(await acquireLocalLock(directory, { signal, clock, random }));
      await claimDirectory(directory, { owner, signal });
    });
  }
  for (const name of NEEDED_DIRECTORIES) {
    await makeOwned(join(dataDirectory, name), owner);
  }
}

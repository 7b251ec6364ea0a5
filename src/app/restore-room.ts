/**
 * What a restore needs on the disk, and whether it is there. Asked before the first byte is written: a disk that is full half-way has cost
 * the time that a restore takes, and may be the one that production's server writes to.
 *
 * A throw-away server is refused where it would come near the end of a disk, for others live on it. A restore that people ask for is refused
 * only where it cannot fit, since nothing else may be there to restore to, and told where it fits barely: `target-room.ts`.
 */
import { statfs } from "node:fs/promises";
import { DrError } from "../core/errors.ts";
import { throwawayRoomMarginBytes } from "../core/limits.ts";

const MIB = 1024 * 1024;

/** What is laid before the server starts. */
export type RestoreSizes = {
  /** Of the files that come with their content: those of the whole cluster, or of the part that is wanted. */
  readonly filesBytes: number;
  readonly walBytes: number;
};

/** Files, WAL, what replaying that WAL may add to the files, and work and temporary files beside. */
export function neededBytes({ filesBytes, walBytes }: RestoreSizes): number {
  const margin = Math.max(throwawayRoomMarginBytes, Math.ceil(filesBytes / 20));
  return filesBytes + 2 * walBytes + margin;
}

/** The refusal. */
export function noRoom(
  directory: string,
  sizes: RestoreSizes,
  found: { readonly neededBytes: number; readonly freeBytes: number; readonly command: string },
): DrError {
  return new DrError("RESTORE_ROOM", {
    command: found.command,
    directory,
    freeMib: Math.floor(found.freeBytes / MIB),
    neededMib: Math.ceil(found.neededBytes / MIB),
    filesMib: Math.ceil(sizes.filesBytes / MIB),
    walMib: Math.ceil(sizes.walBytes / MIB),
  });
}

/** @throws DrError `RESTORE_ROOM` when the directory's disk has less than a throw-away server needs. Answers what is free. */
export async function requireRoom(
  directory: string,
  sizes: RestoreSizes,
  command: string,
): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  const freeBytes = bavail * bsize;
  const needed = neededBytes(sizes);
  if (freeBytes < needed) {
    throw noRoom(directory, sizes, { neededBytes: needed, freeBytes, command });
  }
  return freeBytes;
}

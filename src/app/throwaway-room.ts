/**
 * What a throw-away server needs on the disk, and whether it is there. Asked before the first byte is written: a disk that is full half-way
 * may be the one that production's server writes to.
 */
import { statfs } from "node:fs/promises";
import { DrError } from "../core/errors.ts";
import { throwawayRoomMarginBytes } from "../core/limits.ts";

const MIB = 1024 * 1024;

/** What is laid before the server starts. */
export type ThrowawaySizes = {
  /** Of the files that come with their content: those of the whole cluster, or of the part that is wanted. */
  readonly filesBytes: number;
  readonly walBytes: number;
};

/** Files, WAL, what replaying that WAL may add to the files, and work and temporary files beside. */
export function neededBytes({ filesBytes, walBytes }: ThrowawaySizes): number {
  const margin = Math.max(throwawayRoomMarginBytes, Math.ceil(filesBytes / 20));
  return filesBytes + 2 * walBytes + margin;
}

/** @throws DrError `RESTORE_ROOM` when the directory's disk has less than is needed. Answers what is free. */
export async function requireRoom(
  directory: string,
  sizes: ThrowawaySizes,
  command: string,
): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  const freeBytes = bavail * bsize;
  const needed = neededBytes(sizes);
  if (freeBytes < needed) {
    throw new DrError("RESTORE_ROOM", {
      command,
      directory,
      freeMib: Math.floor(freeBytes / MIB),
      neededMib: Math.ceil(needed / MIB),
      filesMib: Math.ceil(sizes.filesBytes / MIB),
      walMib: Math.ceil(sizes.walBytes / MIB),
    });
  }
  return freeBytes;
}

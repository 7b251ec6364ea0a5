/**
 * Whether a restore fits where people want it, asked of each file system that it writes to: the data directory's, those of its
 * tablespaces, and that of a `pg_wal` which is a mount of its own. Nothing is written, and what lies there already counts as far as
 * the restore takes its place: it removes files that the backup does not have before it opens one, and writes the others over.
 *
 * Refused is what cannot fit. A file system that compresses, or does not count what it holds, may take more than it says: there, and where
 * replay may fill what is left, the person is told and decides.
 */
import type { BigIntStats, BigIntStatsFs } from "node:fs";
import { lstat, readdir, stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { decodeFileName, systemPath } from "../core/file-name-bytes.ts";
import { errnoOf } from "../files/file-error.ts";
import type { StoreCall } from "../repository/object-store.ts";
import type { RestorePlace } from "../restore/restore-places.ts";
import { fileSystemName } from "../stores/disk/file-system-type.ts";
import { type RestoreSizes, neededBytes, noRoom } from "./restore-room.ts";

/** Not much is left where a restore goes. */
export type TightRoom = {
  readonly directory: string;
  readonly freeBytes: number;
  /** What the files and the WAL take beyond what makes way for them. */
  readonly takenBytes: number;
};

/** What a restore brings to one file system. */
export type VolumeRoom = RestoreSizes & {
  /** The first place on it. */
  readonly directory: string;
  readonly freeBytes: number;
  /** Of files that lie there and make way. */
  readonly replacedBytes: number;
  /** It may take more than it says. */
  readonly elastic: boolean;
};

/** They compress, share blocks between files, or both. */
const ELASTIC = new Set(["zfs", "btrfs", "bcachefs"]);

/** Of what stands where a place will be, or of the nearest directory above it; undefined: it cannot be looked at. */
async function nearest(
  path: string,
): Promise<{ readonly path: string; readonly facts: BigIntStats } | undefined> {
  for (let at = path; ; at = dirname(at)) {
    try {
      return { path: at, facts: await stat(systemPath(at), { bigint: true }) };
    } catch (error) {
      if (errnoOf(error) !== "ENOENT" || at === dirname(at)) {
        // Whoever claims the place says why in words of its own.
        return undefined;
      }
    }
  }
}

/** Adds what the files of a tree take, by file system. A file with a second name stays on the disk when one goes. */
async function addTaken(
  directory: string,
  taken: Map<bigint, number>,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const path = systemPath(directory);
  for (const entry of await readdir(path, { withFileTypes: true, encoding: "buffer" })) {
    const inside = join(directory, decodeFileName(entry.name));
    if (entry.isDirectory()) {
      await addTaken(inside, taken, signal);
    } else if (entry.isFile()) {
      const { nlink, blocks, dev } = await lstat(systemPath(inside), { bigint: true });
      taken.set(dev, (taken.get(dev) ?? 0) + (nlink === 1n ? Number(blocks) * 512 : 0));
    }
  }
}

/** What lies where the restore goes, as far as it makes way for it; nothing where there is nothing. */
async function takenBelow(directory: string, { signal }: StoreCall): Promise<Map<bigint, number>> {
  const taken = new Map<bigint, number>();
  try {
    await addTaken(directory, taken, signal);
  } catch (error) {
    // What may not be read is not replaced either: whoever claims it says so.
    if (!["ENOENT", "ENOTDIR", "EACCES"].includes(errnoOf(error) ?? "")) {
      throw error;
    }
  }
  return taken;
}

/** True for a place of its own in the data directory: WAL of an old cluster that is only linked lies elsewhere, and the link goes. */
async function isOwnDirectory(path: string): Promise<boolean> {
  try {
    return (await lstat(systemPath(path))).isDirectory();
  } catch {
    return false;
  }
}

type Part = RestoreSizes & { readonly directory: string; readonly replaced: string };

async function partsOf(
  places: readonly [RestorePlace, ...RestorePlace[]],
  walBytes: number,
): Promise<readonly Part[]> {
  const [{ directory: data }] = places;
  const parts = places.map((place): Part => ({ ...place, walBytes: 0 }));
  const wal = join(data, "pg_wal");
  const directory = (await isOwnDirectory(wal)) ? wal : data;
  return [...parts, { directory, replaced: directory, filesBytes: 0, walBytes }];
}

type Volume = { -readonly [K in keyof VolumeRoom]: VolumeRoom[K] };

function isElastic({ type, blocks }: BigIntStatsFs): boolean {
  return blocks === 0n || ELASTIC.has(fileSystemName(type));
}

/** What each file system gets and has, the data directory's first. */
export async function roomOnVolumes(
  places: readonly [RestorePlace, ...RestorePlace[]],
  call: StoreCall & { readonly walBytes: number },
): Promise<readonly VolumeRoom[]> {
  const volumes = new Map<bigint, Volume>();
  for (const { directory, filesBytes, walBytes } of await partsOf(places, call.walBytes)) {
    const found = await nearest(directory);
    if (found === undefined) {
      continue;
    }
    const { dev } = found.facts;
    const known = volumes.get(dev);
    if (known === undefined) {
      const free = await statfs(systemPath(found.path), { bigint: true });
      const freeBytes = Number(free.bavail * free.bsize);
      const elastic = isElastic(free);
      volumes.set(dev, { directory, filesBytes, walBytes, freeBytes, replacedBytes: 0, elastic });
    } else {
      known.filesBytes += filesBytes;
      known.walBytes += walBytes;
    }
  }
  for (const { replaced } of places) {
    for (const [dev, bytes] of await takenBelow(replaced, call)) {
      const volume = volumes.get(dev);
      if (volume !== undefined) {
        volume.replacedBytes += bytes;
      }
    }
  }
  return [...volumes.values()];
}

/** Judges: what cannot fit is thrown, what fits barely answered. Pure. @throws DrError `RESTORE_ROOM`. */
export function judgeRoom(
  volumes: readonly VolumeRoom[],
  about: { readonly walBytes: number; readonly command: string },
): readonly TightRoom[] {
  const tight: TightRoom[] = [];
  for (const volume of volumes) {
    const { directory, freeBytes, replacedBytes, walBytes, elastic } = volume;
    const takenBytes = Math.max(0, volume.filesBytes + walBytes - replacedBytes);
    if (freeBytes < takenBytes && !elastic) {
      const { command } = about;
      const sizes = { filesBytes: Math.max(0, takenBytes - walBytes), walBytes };
      throw noRoom(directory, sizes, { neededBytes: takenBytes, freeBytes, command });
    }
    // Replay writes to files; where only WAL goes, nothing is added to it.
    const sizes = { filesBytes: volume.filesBytes, walBytes: about.walBytes };
    const wanted = volume.filesBytes === 0 ? takenBytes : neededBytes(sizes) - replacedBytes;
    if (freeBytes < wanted) {
      tight.push({ directory, freeBytes, takenBytes });
    }
  }
  return tight;
}

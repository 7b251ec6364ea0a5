/**
 * Objects that a dead writer left without a trailer, where there are no hard links. Their names are free again ten minutes after the
 * last write (docs/format.md): here those minutes pass at once, for files that nobody is writing any more.
 */
import { open, readdir, stat, utimes } from "node:fs/promises";
import { join, relative } from "node:path";
import { storeUnfinishedAbandonedMs } from "../../src/core/limits.ts";
import { TRAILER_BYTES, objectBytesIn } from "../../src/stores/disk/trailer-file.ts";

/** A writer that lives ends an object in less. */
const STILL_FOR_MS = 1500;

type Unfinished = { readonly path: string; readonly mtimeMs: number; readonly size: number };

async function lookAt(path: string): Promise<Unfinished | undefined> {
  await using handle = await open(path, "r");
  const { mtimeMs, size } = await handle.stat();
  const isWhole = size >= TRAILER_BYTES && (await objectBytesIn(handle, size)) !== undefined;
  return isWhole ? undefined : { path, mtimeMs, size };
}

/** A file may go away while it is looked at. */
async function ifThere<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      return undefined;
    }
    throw error;
  }
}

async function unfinishedIn(repository: string): Promise<readonly Unfinished[]> {
  const found: Unfinished[] = [];
  for (const entry of await readdir(repository, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && !relative(repository, path).startsWith(".")) {
      const unfinished = await ifThere(() => lookAt(path));
      if (unfinished !== undefined) {
        found.push(unfinished);
      }
    }
  }
  return found;
}

/** Answers how many there were. */
export async function ageUnfinishedObjects(repository: string): Promise<number> {
  const found = await ifThere(() => unfinishedIn(repository));
  if (found === undefined || found.length === 0) {
    return 0;
  }
  await new Promise((resolve) => setTimeout(resolve, STILL_FOR_MS));
  let aged = 0;
  for (const { path, mtimeMs, size } of found) {
    const now = await ifThere(() => stat(path));
    if (now?.mtimeMs === mtimeMs && now.size === size) {
      const past = new Date(mtimeMs - storeUnfinishedAbandonedMs - STILL_FOR_MS);
      await utimes(path, past, past);
      aged += 1;
    }
  }
  return aged;
}

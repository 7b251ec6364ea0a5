/**
 * Listing a directory tree as a store lists keys: in byte order of the whole key, by prefix, from a starting point, a page
 * at a time. A directory sorts as its name with a slash, for `a-b` comes before `a/b`, which comes before `a0`.
 * Names that begin with a dot are ours (staging, markers) and never shown. What vanishes meanwhile is left out.
 */
import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { assert } from "../../core/assert.ts";
import { storeDirectoryDepthMax } from "../../core/limits.ts";
import { errnoOf, fileError } from "../../files/file-error.ts";
import type { StoreEntry, StorePage } from "../../repository/object-store.ts";

/** What to list; `entryOf` looks at one object and answers undefined when it is none, or none any more. */
export type TreeListing = {
  readonly root: string;
  readonly prefix: string;
  readonly startAfter: string | undefined;
  readonly limit: number;
  readonly signal: AbortSignal;
  readonly entryOf: (key: string) => Promise<StoreEntry | undefined>;
};

async function childrenOf(directory: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(directory, { withFileTypes: true });
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENOENT" || errno === "ENOTDIR") {
      return [];
    }
    throw fileError(error, { group: "STORE", operation: "list", path: directory });
  }
}

function sorted(children: readonly Dirent[]): string[] {
  return children
    .filter((child) => !child.name.startsWith(".") && (child.isFile() || child.isDirectory()))
    .map((child) => (child.isDirectory() ? `${child.name}/` : child.name))
    .toSorted((a, b) => (a < b ? -1 : 1));
}

function mayHold(directoryKey: string, listing: TreeListing): boolean {
  const { prefix, startAfter } = listing;
  const matches = directoryKey.startsWith(prefix) || prefix.startsWith(directoryKey);
  const passed =
    startAfter !== undefined && directoryKey < startAfter && !startAfter.startsWith(directoryKey);
  return matches && !passed;
}

async function* keysBelow(
  listing: TreeListing,
  base: string,
  depth: number,
): AsyncGenerator<string, void, undefined> {
  assert(depth <= storeDirectoryDepthMax, "a key has fewer parts than its longest length allows");
  listing.signal.throwIfAborted();
  for (const name of sorted(await childrenOf(join(listing.root, base)))) {
    const key = base + name;
    if (name.endsWith("/")) {
      if (mayHold(key, listing)) {
        yield* keysBelow(listing, key, depth + 1);
      }
    } else if (
      key.startsWith(listing.prefix) &&
      (listing.startAfter === undefined || key > listing.startAfter)
    ) {
      yield key;
    }
  }
}

/** The folders in a directory, in the order of the keys below them: one reading, however much lies below. */
export async function listFolders(
  directory: string,
  { signal }: { readonly signal: AbortSignal },
): Promise<readonly string[]> {
  signal.throwIfAborted();
  return sorted(await childrenOf(directory))
    .filter((name) => name.endsWith("/"))
    .map((name) => name.slice(0, -1));
}

/** One page. Peak memory: the names of the directories on the way, and the page. */
export async function listTree(listing: TreeListing): Promise<StorePage> {
  const base = listing.prefix.slice(0, listing.prefix.lastIndexOf("/") + 1);
  const entries: StoreEntry[] = [];
  for await (const key of keysBelow(listing, base, 0)) {
    const entry = await listing.entryOf(key);
    if (entry === undefined) {
      continue;
    }
    if (entries.length >= listing.limit) {
      return { entries, more: true };
    }
    entries.push(entry);
  }
  return { entries, more: false };
}

/**
 * What lies in the directories of a restore already: left by one that was interrupted, or an old cluster that `--delta` makes into
 * another. Files that the backup has are compared and kept; everything else goes, before a file is opened for writing.
 *
 * Links are never followed: one that lies where the backup has a directory would lead the restore elsewhere. A file with a second
 * name is not kept either, because its other name may belong to another cluster (`pg_upgrade --link`).
 *
 * Memory: about 200 bytes a name that is there, until it is known to be kept.
 */
import { readdir, lstat, rm } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { failpointAsync } from "../core/failpoint.ts";
import { decodeFileName, systemPath } from "../core/file-name-bytes.ts";
import { LOCAL_LOCK_PREFIX } from "../files/local-lock.ts";
import { UNFINISHED_MARKER } from "./target-directory.ts";

/** One directory of a restore. */
type Base = {
  readonly directory: string;
  /** Other clusters may have directories of their own in it: only what lies below names that the backup has is ours. */
  readonly isShared: boolean;
};

type Kind = "file" | "directory" | "other";

function firstName(base: string, path: string): string {
  return relative(base, path).split("/")[0] ?? "";
}

/** See the file's comment. */
export class KeptFiles {
  readonly #bases: readonly Base[];
  /** What is there and was not asked for yet, a directory before what is in it. */
  readonly #found = new Map<string, Kind>();
  /** First names below shared directories that the backup has. */
  readonly #ours = new Set<string>();

  private constructor(bases: readonly Base[]) {
    this.#bases = bases;
  }

  /** Looks at all that is there. @throws errors of the operating system. */
  static async find(bases: readonly Base[], signal: AbortSignal): Promise<KeptFiles> {
    const kept = new KeptFiles(bases);
    for (const { directory } of bases) {
      await kept.#walk(directory, signal, true);
    }
    return kept;
  }

  /** The backup has such a file: true when one is there whose content may be compared. */
  file(path: string): boolean {
    this.#keepDirectories(dirname(path));
    const isThere = this.#found.get(path) === "file";
    if (isThere) {
      this.#found.delete(path);
    }
    return isThere;
  }

  /** The backup, or the server, has such a directory. */
  directory(path: string): void {
    this.#keepDirectories(path);
  }

  /** Removes what nobody asked for. Removed names are durable when the directories are synced, before the restore ends. */
  async removeOthers(signal: AbortSignal): Promise<void> {
    // What is in a directory comes after it, and so is removed before it.
    for (const path of [...this.#found.keys()].reverse()) {
      if (this.#isOurs(path)) {
        await failpointAsync("restore.remove", { signal });
        await rm(systemPath(path), { recursive: true, force: true });
      }
    }
    this.#found.clear();
  }

  /** Keeps a directory and those it lies in. */
  #keepDirectories(path: string): void {
    const base = this.#sharedBaseOf(path);
    if (base !== undefined) {
      this.#ours.add(join(base.directory, firstName(base.directory, path)));
    }
    for (let at = path; this.#found.get(at) === "directory"; at = dirname(at)) {
      this.#found.delete(at);
    }
  }

  #sharedBaseOf(path: string): Base | undefined {
    return this.#bases.find(
      ({ directory, isShared }) => isShared && path.startsWith(`${directory}/`),
    );
  }

  #isOurs(path: string): boolean {
    const base = this.#sharedBaseOf(path);
    return (
      base === undefined || this.#ours.has(join(base.directory, firstName(base.directory, path)))
    );
  }

  async #walk(directory: string, signal: AbortSignal, isTop: boolean): Promise<void> {
    signal.throwIfAborted();
    const entries = await readdir(systemPath(directory), {
      withFileTypes: true,
      encoding: "buffer",
    });
    for (const entry of entries) {
      const name = decodeFileName(entry.name);
      if (isTop && (name === UNFINISHED_MARKER || name.startsWith(LOCAL_LOCK_PREFIX))) {
        continue;
      }
      const path = join(directory, name);
      if (entry.isDirectory()) {
        this.#found.set(path, "directory");
        await this.#walk(path, signal, false);
      } else {
        const { nlink } = await lstat(systemPath(path));
        this.#found.set(path, entry.isFile() && nlink === 1 ? "file" : "other");
      }
    }
  }
}

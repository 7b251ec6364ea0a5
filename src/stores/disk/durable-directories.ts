/**
 * The directories of one store that this process knows to be durable, so that only the first object in a directory pays for syncing
 * the way to it. Empty directories are removed by whoever deletes their last object, so a known
 * one may be gone and made anew by another process that has not synced it yet: its identity (device, inode, birth)
 * is compared after each new entry, and a stranger is synced from the root down again (loss class 8).
 */
import { stat } from "node:fs/promises";
import { makeDirectories, syncWay } from "../../files/directories.ts";
import { diskDirectoriesKnownMax } from "../../core/limits.ts";

async function identityOf(directory: string): Promise<string> {
  const { dev, ino, birthtimeNs } = await stat(directory, { bigint: true });
  return `${dev}:${ino}:${birthtimeNs}`;
}

export class DurableDirectories {
  readonly #root: string;
  readonly #known = new Map<string, string>();

  constructor(root: string) {
    this.#root = root;
  }

  /** After this the directory exists and nothing on the way to it can vanish. */
  async ensure(directory: string, signal: AbortSignal): Promise<void> {
    if (this.#known.has(directory)) {
      return;
    }
    await makeDirectories(directory, { group: "STORE", signal });
    await this.#sync(directory, signal);
  }

  /** After an entry was made in it: the directory is still the one that `ensure` made durable, or is made so now. */
  async confirm(directory: string, signal: AbortSignal): Promise<void> {
    if (this.#known.get(directory) !== (await identityOf(directory))) {
      await this.#sync(directory, signal);
    }
  }

  /** To be told when a directory turned out to be gone. */
  forget(directory: string): void {
    this.#known.delete(directory);
  }

  async #sync(directory: string, signal: AbortSignal): Promise<void> {
    // The identity first: what is synced afterwards includes the directory that was looked at.
    const identity = await identityOf(directory);
    await syncWay(directory, { group: "STORE", signal, anchor: this.#root });
    if (this.#known.size >= diskDirectoriesKnownMax) {
      this.#known.clear();
    }
    this.#known.set(directory, identity);
  }
}

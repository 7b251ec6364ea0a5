/**
 * Objects as local files, for worker threads and for maps, which are read at random places: in place where the
 * store is a directory, else a copy that goes when this is disposed of.
 */
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { present } from "../core/assert.ts";
import { storeTransferBytesMax } from "../core/limits.ts";
import { systemRandom } from "../core/random.ts";
import type { ObjectStore } from "./object-store.ts";

/** Bytes of an object fetched at once when it is copied. */
const COPY_BYTES = storeTransferBytesMax / 16;

/** Use with `await using`. Disk: the copies, which are as large as the objects asked for. */
export class LocalObjects implements AsyncDisposable {
  readonly #store: ObjectStore;
  readonly #signal: AbortSignal;
  readonly #copies = new Map<string, Promise<string>>();

  constructor(store: ObjectStore, options: { readonly signal: AbortSignal }) {
    this.#store = store;
    this.#signal = options.signal;
  }

  /** A path at which the object can be read until this is disposed of. @throws DrError `STORE_*`: `STORE_MISSING` among them. */
  async path(key: string): Promise<string> {
    const known = this.#copies.get(key);
    if (known !== undefined) {
      return known;
    }
    const inPlace = this.#store.localPath(key);
    if (inPlace !== undefined) {
      await this.#store.size(key, { signal: this.#signal });
      return inPlace;
    }
    const copy = this.#copy(key);
    this.#copies.set(key, copy);
    try {
      return await copy;
    } catch (error) {
      this.#copies.delete(key);
      throw error;
    }
  }

  /** Removes the copy of one object, when there is one. */
  async forget(key: string): Promise<void> {
    const copy = this.#copies.get(key);
    this.#copies.delete(key);
    if (copy !== undefined) {
      await rm(await copy, { force: true });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const settled = await Promise.allSettled(this.#copies.values());
    this.#copies.clear();
    const paths = settled.flatMap((copy) => (copy.status === "fulfilled" ? [copy.value] : []));
    await Promise.all(paths.map((path) => rm(path, { force: true })));
  }

  async #copy(key: string): Promise<string> {
    const call = { signal: this.#signal };
    const directory = await this.#store.stagingDirectory(call);
    const sizeBytes = await this.#store.size(key, call);
    // Another process may copy the same object at the same time: each has a file of its own.
    const own = Buffer.from(systemRandom.bytes(8)).toString("hex");
    const path = join(
      directory,
      `copy-${present(key.split("/").at(-1), "a key ends in a name")}-${own}`,
    );
    try {
      await using file = await open(path, "wx", 0o600);
      for (let offset = 0; offset < sizeBytes; offset += COPY_BYTES) {
        const range = { offset, length: Math.min(COPY_BYTES, sizeBytes - offset) };
        await file.appendFile(await this.#store.get(key, { ...call, range }));
      }
      return path;
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
  }
}

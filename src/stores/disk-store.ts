/**
 * Objects as files below one directory, at the path that their key spells. Put-if-absent is a hard link of a finished,
 * synced file; where a file system has none, exclusive creation with a validity trailer (`disk/trailer-file.ts`),
 * chosen once for the whole store and marked by the directory `.trailers`. Names that begin with a dot are
 * the store's own: `.staging` holds files in the making, `.emergency-room` room for clearing away. It must never rename, overwrite, or answer before
 * file and directories are on stable storage, and never believe or write what lies where its root was: a disk that is
 * unmounted leaves an empty directory, and what is written there is hidden when the disk returns (loss class 7).
 */
import { lstat, open, readdir, rm, rmdir, stat } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import { assert } from "../core/assert.ts";
import { DrError, isDrError } from "../core/errors.ts";
import { failpoint, failpointAsync, guard } from "../core/failpoint.ts";
import {
  fileDirectoryRaceAttemptsMax,
  storeListPageMax,
  storeTransferBytesMax,
} from "../core/limits.ts";
import { createDirectories, syncDirectory } from "../files/directories.ts";
import { errnoOf, fileError, withFileErrors } from "../files/file-error.ts";
import {
  type DurableWriteResult,
  linkDurably,
  readFully,
  removeFile,
  writeDurably,
} from "../files/write-durably.ts";
import {
  type AppendHandle,
  checkedKey,
  checkedPrefix,
  type ObjectStore,
  type PutResult,
  type StoreCall,
  type StoreCapabilities,
  type StoreEntry,
  type StorePage,
  type StoreRange,
} from "../repository/object-store.ts";
import { createAppendFile } from "./disk/append-file.ts";
import { fileSystemTimeMs, hardLinksWork } from "./disk/directory-probe.ts";
import { DiskEmergencyRoom } from "./disk/emergency-room.ts";
import { DurableDirectories } from "./disk/durable-directories.ts";
import { fileSystemFactsOf } from "./disk/file-system-type.ts";
import { listFolders, listTree } from "./disk/listing.ts";
import { StoreRoot } from "./disk/store-root.ts";
import {
  blocksOfFile,
  type ByteSource,
  createWithTrailer,
  objectBytesIn,
} from "./disk/trailer-file.ts";

const STAGING = ".staging";
const TRAILERS = ".trailers";

type Layout = "hard-link" | "trailer";

/** `hardLinks: "none"` treats the file system as one without them; for tests where it has. */
export type DiskStoreOptions = {
  readonly root: string;
  readonly create: boolean;
  readonly hardLinks?: "none";
};

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") {
      return false;
    }
    throw fileError(error, { group: "STORE", operation: "lstat", path });
  }
}

function joinedBytes(key: string, parts: readonly Uint8Array[]): number {
  const sizeBytes = parts.reduce((sum, part) => sum + part.length, 0);
  if (sizeBytes > storeTransferBytesMax) {
    throw new DrError("STORE_TOO_LARGE", { key, sizeBytes, limitBytes: storeTransferBytesMax });
  }
  return sizeBytes;
}

export class DiskStore implements ObjectStore {
  readonly location: string;
  readonly emergencyRoom: DiskEmergencyRoom;
  readonly #staging: string;
  readonly #directories: DurableDirectories;
  readonly #linksRefused: boolean;
  readonly #root: StoreRoot;
  #layout: Layout;
  #prepared: Promise<void> | undefined;

  private constructor(
    root: StoreRoot,
    options: { readonly layout: Layout; readonly linksRefused: boolean },
  ) {
    this.location = root.path;
    this.emergencyRoom = new DiskEmergencyRoom(root);
    this.#root = root;
    this.#staging = join(root.path, STAGING);
    this.#directories = new DurableDirectories(root.path);
    this.#layout = options.layout;
    this.#linksRefused = options.linksRefused;
  }

  /**
   * Opens the directory; creates it (0700) only when asked, so that an unmounted disk is not taken for an empty
   * repository. Writes nothing otherwise. @throws DrError `STORE_ROOT_MISSING`, `STORE_IO`.
   */
  static async open(options: DiskStoreOptions, call: StoreCall): Promise<DiskStore> {
    const root = resolve(options.root);
    if (options.create) {
      await createDirectories(root, { group: "STORE", signal: call.signal });
    }
    const opened = await StoreRoot.open(root);
    const layout = (await exists(join(root, TRAILERS))) ? "trailer" : "hard-link";
    const linksRefused = options.hardLinks === "none";
    return new DiskStore(opened, { layout, linksRefused });
  }

  async put(key: string, parts: readonly Uint8Array[], call: StoreCall): Promise<PutResult> {
    const { signal } = call;
    const finalPath = this.#pathOf(key);
    joinedBytes(key, parts);
    await this.#prepare(signal);
    if (this.#layout === "trailer") {
      // An array of parts is an asynchronous source too, once it says so.
      const source: ByteSource = async function* partsInOrder() {
        yield* parts;
      };
      return await this.#putWithTrailer(key, { finalPath, source, signal });
    }
    return await this.#linked(key, finalPath, signal, () =>
      writeDurably({
        finalPath,
        parts,
        temporaryDirectory: this.#staging,
        group: "STORE",
        signal,
      }),
    );
  }

  async putFile(localPath: string, key: string, call: StoreCall): Promise<PutResult> {
    const { signal } = call;
    const finalPath = this.#pathOf(key);
    const temporaryPath = resolve(localPath);
    if (!temporaryPath.startsWith(this.#staging + sep)) {
      throw new DrError("STORE_STAGING", { path: localPath, staging: this.#staging });
    }
    await this.#prepare(signal);
    if (this.#layout === "trailer") {
      const source: ByteSource = () => blocksOfFile(temporaryPath, signal);
      const result = await this.#putWithTrailer(key, { finalPath, source, signal });
      await removeFile(temporaryPath);
      return result;
    }
    await withFileErrors(
      { group: "STORE", operation: "fsync", path: temporaryPath, signal },
      async () => {
        failpoint("disk.put-file-fsync");
        await using handle = await open(temporaryPath, "r");
        await handle.sync();
      },
    );
    return await this.#linked(key, finalPath, signal, () =>
      linkDurably({ temporaryPath, finalPath, group: "STORE", signal }),
    );
  }

  async get(key: string, call: StoreCall & { readonly range?: StoreRange }): Promise<Buffer> {
    const { signal, range } = call;
    return await this.#withObject(key, signal, async (handle, sizeBytes) => {
      const offset = range?.offset ?? 0;
      const length = range?.length ?? sizeBytes;
      assert(offset >= 0 && length >= 0, "a range begins and extends at 0 or more");
      if (length > storeTransferBytesMax) {
        const limitBytes = storeTransferBytesMax;
        throw new DrError("STORE_TOO_LARGE", { key, sizeBytes: length, limitBytes });
      }
      const available = Math.min(length, Math.max(sizeBytes - offset, 0));
      const buffer = Buffer.allocUnsafe(available);
      await failpointAsync("store.get", { signal });
      const gotBytes = await readFully(handle, buffer, offset);
      signal.throwIfAborted();
      // Who appends to an object reserves room and gives it back, even in the middle of a read: the whole of it is what is left then.
      if (range === undefined && gotBytes < length && guard("L39-room-given-back")) {
        const { size: leftBytes } = await handle.stat();
        if (leftBytes <= gotBytes) {
          return buffer.subarray(0, leftBytes);
        }
      }
      if (gotBytes !== length) {
        throw new DrError("STORE_SHORT_READ", { key, offset, wantedBytes: length, gotBytes });
      }
      return buffer;
    });
  }

  async size(key: string, call: StoreCall): Promise<number> {
    return await this.#withObject(key, call.signal, (_, sizeBytes) => Promise.resolve(sizeBytes));
  }

  async list(
    prefix: string,
    call: StoreCall & { readonly startAfter?: string; readonly limit?: number },
  ): Promise<StorePage> {
    checkedPrefix(prefix);
    const limit = Math.min(call.limit ?? storeListPageMax, storeListPageMax);
    const page = await listTree({
      root: this.location,
      prefix,
      startAfter: call.startAfter,
      limit,
      signal: call.signal,
      entryOf: (key) => this.#entryOf(key, call.signal),
    });
    await this.#root.requireUnchanged();
    return page;
  }

  readonly folders = async (prefix: string, { signal }: StoreCall): Promise<readonly string[]> => {
    checkedPrefix(prefix);
    assert(prefix.endsWith("/"), "folders lie below a prefix that ends with a slash");
    const names = await listFolders(join(this.location, prefix), { signal });
    await this.#root.requireUnchanged();
    return names;
  };

  async delete(key: string, call: StoreCall): Promise<void> {
    const path = this.#pathOf(key);
    call.signal.throwIfAborted();
    await this.#root.requireUnchanged();
    await withFileErrors(
      { group: "STORE", operation: "unlink", path, signal: call.signal },
      async () => {
        failpoint("disk.delete");
        try {
          await removeFile(path);
        } catch (error) {
          if (errnoOf(error) !== "ENOTDIR" && errnoOf(error) !== "EISDIR") {
            throw error;
          }
        }
        await this.#syncNearest(dirname(path));
        await this.#removeEmptyDirectories(dirname(path));
      },
    );
  }

  async stagingDirectory(call: StoreCall): Promise<string> {
    await this.#prepare(call.signal);
    return this.#staging;
  }

  async removeLeftovers(call: StoreCall & { readonly olderThanMs: number }): Promise<number> {
    await this.#prepare(call.signal);
    const nowMs = await fileSystemTimeMs(this.#staging);
    let removed = 0;
    for (const name of await readdir(this.#staging)) {
      call.signal.throwIfAborted();
      const path = join(this.#staging, name);
      const { mtimeMs } = await lstat(path);
      if (nowMs - mtimeMs > call.olderThanMs) {
        await rm(path, { recursive: true, force: true });
        removed += 1;
      }
    }
    return removed;
  }

  localPath(key: string): string | undefined {
    const path = this.#pathOf(key);
    return this.#layout === "hard-link" ? path : undefined;
  }

  async capabilities(call: StoreCall): Promise<StoreCapabilities> {
    await this.#prepare(call.signal);
    const linked = this.#layout === "hard-link";
    return {
      kind: "disk",
      append: linked,
      localPaths: linked,
      createdBy: this.#layout,
      ...(await fileSystemFactsOf(this.location)),
    };
  }

  async openAppend(key: string, call: StoreCall): Promise<AppendHandle> {
    const { signal } = call;
    const path = this.#pathOf(key);
    await this.#prepare(signal);
    assert(this.#layout === "hard-link", "capabilities().append was asked before openAppend");
    const directory = dirname(path);
    return await this.#whileDirectoriesVanish(directory, signal, async () => {
      const handle = await createAppendFile({ key, path, location: this.location });
      try {
        await this.#confirm(directory, signal);
      } catch (error) {
        await handle.close();
        throw error;
      }
      return handle;
    });
  }

  #pathOf(key: string): string {
    return join(this.location, checkedKey(key));
  }

  async #putWithTrailer(
    key: string,
    write: {
      readonly finalPath: string;
      readonly source: ByteSource;
      readonly signal: AbortSignal;
    },
  ): Promise<PutResult> {
    const { finalPath: path, source, signal } = write;
    const nowMs = await fileSystemTimeMs(this.#staging);
    const directory = dirname(path);
    return await this.#whileDirectoriesVanish(directory, signal, async () => {
      const place = { key, path, location: this.location, staging: this.#staging };
      const result = await createWithTrailer({ ...place, source, nowMs, signal });
      await this.#confirm(directory, signal);
      return result;
    });
  }

  async #linked(
    key: string,
    finalPath: string,
    signal: AbortSignal,
    publish: () => Promise<DurableWriteResult>,
  ): Promise<PutResult> {
    const directory = dirname(finalPath);
    const result = await this.#whileDirectoriesVanish(directory, signal, publish);
    if (result === "conflict") {
      throw new DrError("STORE_CONFLICT", { key, location: this.location });
    }
    await this.#confirm(directory, signal);
    return result;
  }

  /** After an entry was made: it lies in the store, in a directory that cannot vanish. */
  async #confirm(directory: string, signal: AbortSignal): Promise<void> {
    await this.#root.requireUnchanged();
    await this.#directories.confirm(directory, signal);
  }

  /**
   * Who deletes the last object of a directory removes it, perhaps just before we make an entry there: then the
   * way is made again. What the work does is safe to begin anew after an ENOENT.
   */
  async #whileDirectoriesVanish<T>(
    directory: string,
    signal: AbortSignal,
    work: () => Promise<T>,
  ): Promise<T> {
    return await withFileErrors(
      { group: "STORE", operation: "put", path: directory, signal },
      async () => {
        for (let attempt = 1; ; attempt += 1) {
          try {
            await this.#root.requireUnchanged();
            await this.#directories.ensure(directory, signal);
            return await work();
          } catch (error) {
            const cause = isDrError(error, "STORE_IO") ? error.cause : error;
            if (errnoOf(cause) !== "ENOENT" || attempt >= fileDirectoryRaceAttemptsMax) {
              throw error;
            }
            this.#directories.forget(directory);
            this.#prepared = undefined;
            await this.#prepare(signal);
          }
        }
      },
    );
  }

  async #withObject<T>(
    key: string,
    signal: AbortSignal,
    work: (handle: Awaited<ReturnType<typeof open>>, sizeBytes: number) => Promise<T>,
  ): Promise<T> {
    const path = this.#pathOf(key);
    signal.throwIfAborted();
    return await withFileErrors({ group: "STORE", operation: "read", path, signal }, async () => {
      // Absent is an answer that others rely on: not of a directory that is another.
      const missing = async (cause?: unknown): Promise<DrError> => {
        await this.#root.requireUnchanged();
        return new DrError("STORE_MISSING", { key, location: this.location }, { cause });
      };
      let opened: Awaited<ReturnType<typeof open>>;
      try {
        opened = await open(path, "r");
      } catch (error) {
        throw ["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "") ? await missing(error) : error;
      }
      await using handle = opened;
      const found = await handle.stat();
      if (!found.isFile()) {
        throw await missing();
      }
      const sizeBytes =
        this.#layout === "trailer" ? await objectBytesIn(handle, found.size) : found.size;
      if (sizeBytes === undefined) {
        throw await missing();
      }
      return await work(handle, sizeBytes);
    });
  }

  async #entryOf(key: string, signal: AbortSignal): Promise<StoreEntry | undefined> {
    try {
      const { size, mtimeMs } = await stat(join(this.location, key));
      const sizeBytes = this.#layout === "trailer" ? await this.size(key, { signal }) : size;
      return { key, sizeBytes, modifiedAtMs: Math.floor(mtimeMs) };
    } catch (error) {
      if (errnoOf(error) === "ENOENT" || isDrError(error, "STORE_MISSING")) {
        return undefined;
      }
      throw fileError(error, { group: "STORE", operation: "stat", path: key });
    }
  }

  /** Once per process: staging directory and layout. A failure is forgotten, so that a later call tries again. */
  async #prepare(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await this.#root.requireUnchanged();
    this.#prepared ??= this.#prepareOnce();
    try {
      await this.#prepared;
    } catch (error) {
      this.#prepared = undefined;
      throw error;
    }
    signal.throwIfAborted();
  }

  async #prepareOnce(): Promise<void> {
    const signal = new AbortController().signal;
    await createDirectories(this.#staging, { group: "STORE", signal });
    if (this.#layout === "hard-link" && !(await this.#linksWork(signal))) {
      const names = await readdir(this.location);
      if (names.some((name) => !name.startsWith("."))) {
        throw new DrError("STORE_NO_HARD_LINKS", { path: this.location });
      }
      await createDirectories(join(this.location, TRAILERS), { group: "STORE", signal });
      this.#layout = "trailer";
    }
  }

  async #linksWork(signal: AbortSignal): Promise<boolean> {
    return !this.#linksRefused && (await hardLinksWork(this.#staging, signal));
  }

  async #syncNearest(directory: string): Promise<void> {
    for (let at = directory; ; at = dirname(at)) {
      try {
        await syncDirectory(at, "STORE");
        return;
      } catch (error) {
        const errno = isDrError(error, "STORE_IO") ? errnoOf(error.cause) : undefined;
        const absent = errno === "ENOENT" || errno === "ENOTDIR";
        if (!absent || at === this.location) {
          throw error;
        }
      }
    }
  }

  async #removeEmptyDirectories(directory: string): Promise<void> {
    for (let at = directory; at !== this.location; at = dirname(at)) {
      try {
        failpoint("disk.delete-directory");
        await rmdir(at);
      } catch (error) {
        const errno = errnoOf(error) ?? "";
        if (["ENOTEMPTY", "EEXIST"].includes(errno)) {
          return;
        }
        if (errno !== "ENOENT") {
          throw error;
        }
      }
      this.#directories.forget(at);
    }
  }
}

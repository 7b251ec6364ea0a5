/**
 * The port through which everything of a repository is stored. It is as small as the weakest store we
 * use (a directory, an S3-compatible service), and its rules are promises 1 and 4 of the product: an
 * object exists whole or not at all, it is durable when the call returns, and it is never overwritten.
 *
 * Rules that hold for every method of every adapter:
 * - `key`: parts of letters, digits, `.`, `_`, `-` joined by `/`; no part is empty or begins with a dot; limits in
 *   `core/limits.ts`. Anything else is `STORE_KEY`. Keys are ordered by their bytes (they are ASCII).
 *   No key continues another one part-wise (`a` and `a/b`): a directory cannot hold both.
 * - Aborting rejects with the signal's reason. What stays behind: at most a staged file that no listing
 *   shows, or the object itself, whole. So after an abort or an error a put may have happened; putting
 *   the same bytes again answers `identical`.
 * - A failure that may pass is a `DrError` with `retryable`; adapters do not retry (`stores/retry-store.ts` does).
 * - Nothing here authenticates: bytes are what the store says. Readers open frames, which do.
 */
import { DrError } from "../core/errors.ts";
import { storeKeyLengthMax, storeKeyPartLengthMax } from "../core/limits.ts";

/** Every call can be aborted. */
export type StoreCall = { readonly signal: AbortSignal };

/** `created`: this call made the object. `identical`: the same bytes were already there. */
export type PutResult = "created" | "identical";

/** A part of an object: exactly `length` bytes from `offset`. */
export type StoreRange = { readonly offset: number; readonly length: number };

/** One object in a listing. `modifiedAtMs` is the store's clock, where it tells. */
export type StoreEntry = {
  readonly key: string;
  readonly sizeBytes: number;
  readonly modifiedAtMs?: number;
};

/** A page of a listing. `more`: ask again with `startAfter` = the last key. */
export type StorePage = { readonly entries: readonly StoreEntry[]; readonly more: boolean };

/** What an adapter can do, beyond what all can; observed on the store itself, never read from a name. */
export type StoreCapabilities = {
  readonly kind: "disk" | "memory" | "s3";
  /** `openAppend` exists and works. */
  readonly append: boolean;
  /** `localPath` answers: workers may read objects in place. */
  readonly localPaths: boolean;
  /** How put-if-absent is done. `trailer`: exclusive creation on a file system without hard links. */
  readonly createdBy: "hard-link" | "trailer" | "conditional-put" | "memory";
  /** A directory's file system: `ext4`, `xfs`, `nfs`, `fuse`... or `0x` and its magic number. */
  readonly fileSystem?: string;
  /** Bytes that can still be stored, where that is known. */
  readonly freeBytes?: number;
};

/** An object in the making, created by this process alone and never opened again. */
export interface AppendHandle extends AsyncDisposable {
  readonly key: string;
  /** Bytes appended. */
  readonly sizeBytes: number;
  /**
   * Makes room for so many bytes more, so that appending them waits for less; once, and nothing may be appended meanwhile. Without
   * room for it nothing changes. A reader sees zeros there until they are appended. @throws DrError `STORE_IO`.
   */
  reserve(bytes: number, call: StoreCall): Promise<void>;
  /**
   * Writes all bytes at the end and syncs the data; durable when it returns. Blocks the thread (0.1 to 0.4 ms on
   * an SSD). After one failure every later call fails: what the kernel holds is unknown then.
   * @throws DrError `STORE_DISK_FULL`, `STORE_IO`.
   */
  appendSync(bytes: Uint8Array): void;
  /** Gives back what was reserved and not used, and closes; the object stays. Closing twice is fine. @throws DrError `STORE_IO`. */
  close(): Promise<void>;
}

/** A place for objects. */
export interface ObjectStore {
  /** Where this is, for people: a path or an address, without secrets. */
  readonly location: string;

  /**
   * Creates an object of the parts joined, durable when it returns. Peak memory: the parts themselves.
   * @throws DrError `STORE_CONFLICT` when other bytes are under the key; `STORE_KEY`, `STORE_DISK_FULL`,
   * `STORE_IO`, `STORE_TOO_LARGE`, `STORE_UNAVAILABLE`.
   */
  put(key: string, parts: readonly Uint8Array[], call: StoreCall): Promise<PutResult>;

  /**
   * Publishes a finished file that lies in `stagingDirectory()`, durable when it returns; the file is gone then.
   * Whoever wrote it must not touch it again, and has to care for its own write errors. Peak memory: two
   * `fileCopyBufferBytes`. On an error the file stays. @throws as `put`.
   */
  putFile(localPath: string, key: string, call: StoreCall): Promise<PutResult>;

  /**
   * The whole object, or exactly the range. @throws DrError `STORE_MISSING`; `STORE_SHORT_READ` when the object
   * itself ends before the range does; `STORE_UNAVAILABLE` when its transport broke off; `STORE_TOO_LARGE`.
   */
  get(key: string, call: StoreCall & { readonly range?: StoreRange }): Promise<Buffer>;

  /** The object's size in bytes. @throws DrError `STORE_MISSING`. */
  size(key: string, call: StoreCall): Promise<number>;

  /**
   * Objects whose key begins with `prefix` (any text, not only whole parts) and lies after `startAfter`, in order, at
   * most `limit` (default and maximum `storeListPageMax`). A page may be shorter than asked; `more` alone
   * tells whether the listing is done. An object created or deleted meanwhile may be shown or not.
   */
  list(
    prefix: string,
    call: StoreCall & { readonly startAfter?: string; readonly limit?: number },
  ): Promise<StorePage>;

  /**
   * Only where the store knows it without listing what lies below, as a disk does: the names one level below `prefix`, which ends with a slash, in order. Of one
   * that is named all objects may be gone by now.
   */
  readonly folders?: (prefix: string, call: StoreCall) => Promise<readonly string[]>;

  /** Deletes durably; an absent object is fine. Only `expire` may call it for what is in a repository. */
  delete(key: string, call: StoreCall): Promise<void>;

  /**
   * A local directory in which to prepare files for `putFile`; it exists when this returns. On disk it is inside
   * the store's file system. Leftovers in it are harmless and are removed by `removeLeftovers`.
   */
  stagingDirectory(call: StoreCall): Promise<string>;

  /**
   * Removes what dead writers left and no listing shows: staged files, unfinished uploads, last touched more than `olderThanMs`
   * ago by the store's own clock. Answers how many. Live writers touch theirs far more often than `expire` asks.
   */
  removeLeftovers(call: StoreCall & { readonly olderThanMs: number }): Promise<number>;

  /** Where a worker can read the object in place; undefined where that is not possible. Read only. */
  localPath(key: string): string | undefined;

  capabilities(call: StoreCall): Promise<StoreCapabilities>;

  /**
   * Only where `capabilities().append`: creates an empty object that grows. The name is durable when it
   * returns, before the first append is acknowledged. A crash leaves a prefix of what was
   * appended, never less than what was acknowledged. @throws DrError `STORE_CONFLICT` when the key exists.
   */
  openAppend?(key: string, call: StoreCall): Promise<AppendHandle>;

  /** Only of a store that can be full. */
  readonly emergencyRoom?: EmergencyRoom;
}

const KEY_PART = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/;

/** Room that is kept for who clears away when nothing else is left. */
export interface EmergencyRoom {
  /** Makes it where it is missing and there is plenty; answers whether it is there. @throws DrError `STORE_*`. */
  keep(call: StoreCall): Promise<boolean>;
  /** Gives it back; false: there was none. @throws DrError `STORE_*`. */
  release(call: StoreCall): Promise<boolean>;
}

/** The key itself when it is well formed. @throws DrError `STORE_KEY`. */
export function checkedKey(key: string): string {
  const wellFormed =
    key.length <= storeKeyLengthMax &&
    key.split("/").every((part) => part.length <= storeKeyPartLengthMax && KEY_PART.test(part));
  if (!wellFormed) {
    throw new DrError("STORE_KEY", { key: key.slice(0, storeKeyLengthMax) });
  }
  return key;
}

/** A prefix may also be empty or end in the middle of a part. @throws DrError `STORE_KEY`. */
export function checkedPrefix(prefix: string): string {
  const rest = prefix === "" || prefix.endsWith("/") ? `${prefix}x` : prefix;
  checkedKey(rest);
  return prefix;
}

/** Every object under a prefix, behind `startAfter` when given, page by page; peak memory one page. */
export async function* listAll(
  store: ObjectStore,
  prefix: string,
  call: StoreCall & { readonly startAfter?: string },
): AsyncGenerator<StoreEntry, void, undefined> {
  let { startAfter } = call;
  for (;;) {
    const page = await store.list(prefix, {
      signal: call.signal,
      ...(startAfter === undefined ? {} : { startAfter }),
    });
    yield* page.entries;
    const last = page.entries.at(-1);
    if (!page.more) {
      return;
    }
    if (last === undefined || (startAfter !== undefined && last.key <= startAfter)) {
      throw new DrError("STORE_LISTING", { prefix, location: store.location });
    }
    startAfter = last.key;
  }
}

/**
 * Objects in memory, with every misfortune that a store can have, drawn from a seed: the model against which the rest of the
 * program is tested. It keeps the contract unless a fault is switched on; the faults `tear`, `unsynced` and
 * `bitFlip` break it on purpose, as a lying disk or a bad cable would, and readers must notice.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert } from "../core/assert.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import { DrError } from "../core/errors.ts";
import { memoryStoreHistoryMax, storeListPageMax, storeTransferBytesMax } from "../core/limits.ts";
import { type Random, randomInteger, systemRandom } from "../core/random.ts";
import {
  checkedKey,
  checkedPrefix,
  type ObjectStore,
  type PutResult,
  type StoreCall,
  type StoreCapabilities,
  type StorePage,
  type StoreRange,
} from "../repository/object-store.ts";

/** How often each misfortune strikes, from 0 to 1. */
export type MemoryFaults = {
  /** The call fails and did nothing. */
  readonly fail?: number;
  /** The call was applied, and fails all the same. */
  readonly lostAck?: number;
  /** Calls wait up to this long before they are applied; `crash` meets them there. */
  readonly delayMsMax?: number;
  /** A put met by `crash` leaves its first half. */
  readonly tear?: number;
  /** An acknowledged put is gone after `crash`. */
  readonly unsynced?: number;
  /** A listing shows the store as it was up to 5 changes ago. */
  readonly staleList?: number;
  /** A transport breaks off in the middle of a read, and the adapter notices. */
  readonly shortRead?: number;
  /** A read has one wrong bit, and nobody notices. */
  readonly bitFlip?: number;
};

export type MemoryStoreOptions = {
  readonly clock?: Clock;
  readonly random?: Random;
  readonly faults?: MemoryFaults;
  /** Objects in one page of a listing. */
  readonly pageSize?: number;
};

type Stored = { readonly bytes: Buffer; readonly modifiedAtMs: number; readonly durable: boolean };
type Change = { readonly key: string; readonly before: Stored | undefined };

export class MemoryStore implements ObjectStore, AsyncDisposable {
  readonly location = "memory";
  readonly #objects = new Map<string, Stored>();
  #history: Change[] = [];
  #crashes = 0;
  #staging: string | undefined;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #pageSize: number;
  #faults: MemoryFaults;

  constructor(options: MemoryStoreOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? systemRandom;
    this.#faults = options.faults ?? {};
    this.#pageSize = options.pageSize ?? storeListPageMax;
  }

  /** Other misfortunes from now on. */
  setFaults(faults: MemoryFaults): void {
    this.#faults = faults;
  }

  /** Power fails: calls under way fail, what was not durable is gone, the rest stays. */
  crash(): void {
    this.#crashes += 1;
    for (const [key, stored] of this.#objects) {
      if (!stored.durable) {
        this.#objects.delete(key);
      }
    }
    this.#history = [];
  }

  /** Changes what is stored behind the program's back, as a hostile store would; undefined removes it. */
  tamper(key: string, bytes: Uint8Array | undefined): void {
    this.#apply(key, bytes === undefined ? undefined : this.#stored(Buffer.from(bytes), true));
  }

  async put(key: string, parts: readonly Uint8Array[], call: StoreCall): Promise<PutResult> {
    checkedKey(key);
    const bytes = Buffer.concat(parts);
    if (bytes.length > storeTransferBytesMax) {
      const limitBytes = storeTransferBytesMax;
      throw new DrError("STORE_TOO_LARGE", { key, sizeBytes: bytes.length, limitBytes });
    }
    await this.#arrive("put", key, call, () => {
      if (this.#strikes(this.#faults.tear) && !this.#objects.has(key)) {
        this.#apply(key, this.#stored(bytes.subarray(0, bytes.length >> 1), true));
      }
    });
    const existing = this.#objects.get(key);
    if (existing !== undefined && !existing.bytes.equals(bytes)) {
      throw new DrError("STORE_CONFLICT", { key, location: this.location });
    }
    if (existing === undefined) {
      this.#apply(key, this.#stored(bytes, !this.#strikes(this.#faults.unsynced)));
    }
    this.#acknowledge("put", key);
    return existing === undefined ? "created" : "identical";
  }

  async putFile(localPath: string, key: string, call: StoreCall): Promise<PutResult> {
    const result = await this.put(key, [await readFile(localPath)], call);
    await rm(localPath);
    return result;
  }

  async get(key: string, call: StoreCall & { readonly range?: StoreRange }): Promise<Buffer> {
    checkedKey(key);
    await this.#arrive("get", key, call);
    const { bytes } = this.#existing(key);
    const offset = call.range?.offset ?? 0;
    const length = call.range?.length ?? bytes.length;
    assert(offset >= 0 && length >= 0, "a range begins and extends at 0 or more");
    const found = Buffer.from(bytes.subarray(offset, offset + length));
    if (this.#strikes(this.#faults.shortRead)) {
      throw new DrError("STORE_UNAVAILABLE", { operation: "get", key, reason: "early end" });
    }
    const gotBytes = found.length;
    if (gotBytes !== length) {
      throw new DrError("STORE_SHORT_READ", { key, offset, wantedBytes: length, gotBytes });
    }
    if (found.length > 0 && this.#strikes(this.#faults.bitFlip)) {
      const at = randomInteger(this.#random, { from: 0, to: found.length - 1 });
      found.writeUInt8(
        found.readUInt8(at) ^ (1 << randomInteger(this.#random, { from: 0, to: 7 })),
        at,
      );
    }
    return found;
  }

  async size(key: string, call: StoreCall): Promise<number> {
    checkedKey(key);
    await this.#arrive("size", key, call);
    return this.#existing(key).bytes.length;
  }

  async list(
    prefix: string,
    call: StoreCall & { readonly startAfter?: string; readonly limit?: number },
  ): Promise<StorePage> {
    checkedPrefix(prefix);
    await this.#arrive("list", prefix, call);
    const view = this.#strikes(this.#faults.staleList) ? this.#earlierView() : this.#objects;
    const limit = Math.min(call.limit ?? this.#pageSize, this.#pageSize);
    const { startAfter } = call;
    const found = [...view]
      .filter(([key]) => key.startsWith(prefix) && (startAfter === undefined || key > startAfter))
      .toSorted(([a], [b]) => (a < b ? -1 : 1));
    const entries = found
      .slice(0, limit)
      .map(([key, { bytes, modifiedAtMs }]) => ({ key, sizeBytes: bytes.length, modifiedAtMs }));
    return { entries, more: found.length > entries.length };
  }

  async delete(key: string, call: StoreCall): Promise<void> {
    checkedKey(key);
    await this.#arrive("delete", key, call);
    if (this.#objects.has(key)) {
      this.#apply(key, undefined);
    }
    this.#acknowledge("delete", key);
  }

  async stagingDirectory(call: StoreCall): Promise<string> {
    call.signal.throwIfAborted();
    this.#staging ??= await mkdtemp(join(tmpdir(), "pra-memory-store-"));
    return this.#staging;
  }

  async removeLeftovers(call: StoreCall & { readonly olderThanMs: number }): Promise<number> {
    await this.#arrive("removeLeftovers", "", call);
    return 0;
  }

  localPath(key: string): string | undefined {
    checkedKey(key);
    return undefined;
  }

  async capabilities(call: StoreCall): Promise<StoreCapabilities> {
    await this.#arrive("capabilities", "", call);
    return { kind: "memory", append: false, localPaths: false, createdBy: "memory" };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#staging !== undefined) {
      await rm(this.#staging, { recursive: true, force: true });
      this.#staging = undefined;
    }
  }

  #strikes(probability: number | undefined): boolean {
    return probability !== undefined && probability > 0 && this.#random.fraction() < probability;
  }

  #stored(bytes: Buffer, durable: boolean): Stored {
    return { bytes, durable, modifiedAtMs: this.#clock.now() };
  }

  #apply(key: string, stored: Stored | undefined): void {
    this.#history = [...this.#history, { key, before: this.#objects.get(key) }].slice(
      -memoryStoreHistoryMax,
    );
    if (stored === undefined) {
      this.#objects.delete(key);
    } else {
      this.#objects.set(key, stored);
    }
  }

  #existing(key: string): Stored {
    const stored = this.#objects.get(key);
    if (stored === undefined) {
      throw new DrError("STORE_MISSING", { key, location: this.location });
    }
    return stored;
  }

  #earlierView(): ReadonlyMap<string, Stored> {
    const view = new Map(this.#objects);
    const steps = randomInteger(this.#random, { from: 1, to: memoryStoreHistoryMax });
    for (const { key, before } of this.#history.slice(-steps).reverse()) {
      if (before === undefined) {
        view.delete(key);
      } else {
        view.set(key, before);
      }
    }
    return view;
  }

  /** On the way to being applied: delays, failures, and the crash that comes in between. */
  async #arrive(
    operation: string,
    key: string,
    call: StoreCall,
    whenCrashed?: () => void,
  ): Promise<void> {
    call.signal.throwIfAborted();
    const crashes = this.#crashes;
    const delayMsMax = this.#faults.delayMsMax ?? 0;
    if (delayMsMax > 0) {
      await this.#clock.sleep(this.#random.fraction() * delayMsMax, { signal: call.signal });
    } else {
      await Promise.resolve();
    }
    if (crashes !== this.#crashes) {
      whenCrashed?.();
      throw new DrError("STORE_UNAVAILABLE", { operation, key, reason: "crash" });
    }
    if (this.#strikes(this.#faults.fail)) {
      throw new DrError("STORE_UNAVAILABLE", { operation, key, reason: "fault" });
    }
  }

  #acknowledge(operation: string, key: string): void {
    if (this.#strikes(this.#faults.lostAck)) {
      throw new DrError("STORE_UNAVAILABLE", { operation, key, reason: "lost answer" });
    }
  }
}

/**
 * Repeats what may succeed the next time, a bounded number of times, with growing and scattered waits. It asks the error
 * alone (`retryable`) and never guesses. Repeating is safe because every call of the port is: a put of
 * the same bytes answers `identical`, a delete of what is gone is fine. So after a lost answer a put
 * may say `identical` for an object that this very call created.
 */
import type { Clock } from "../core/clock.ts";
import { isDrError } from "../core/errors.ts";
import { storeAttemptsMax, storeRetryDelayMs, storeRetryDelayMsMax } from "../core/limits.ts";
import type { Random } from "../core/random.ts";
import type {
  ObjectStore,
  PutResult,
  StoreCall,
  StoreCapabilities,
  StorePage,
  StoreRange,
} from "../repository/object-store.ts";

export type RetryOptions = {
  readonly clock: Clock;
  readonly random: Random;
  /** The first attempt included. */
  readonly attemptsMax?: number;
  /** Told before each wait, for logs and measures. */
  readonly onRetry?: (retry: {
    readonly error: Error;
    readonly attempt: number;
    readonly delayMs: number;
  }) => void;
};

export class RetryStore implements ObjectStore {
  readonly location: string;
  /** Not repeated: after a lost answer the own object would look like somebody else's. */
  readonly openAppend?: NonNullable<ObjectStore["openAppend"]>;
  readonly folders?: NonNullable<ObjectStore["folders"]>;
  /** Not repeated: it is asked for when something failed. */
  readonly emergencyRoom?: NonNullable<ObjectStore["emergencyRoom"]>;
  readonly #inner: ObjectStore;
  readonly #options: RetryOptions;

  constructor(inner: ObjectStore, options: RetryOptions) {
    this.location = inner.location;
    this.#inner = inner;
    this.#options = options;
    if (inner.openAppend !== undefined) {
      this.openAppend = inner.openAppend.bind(inner);
    }
    if (inner.emergencyRoom !== undefined) {
      this.emergencyRoom = inner.emergencyRoom;
    }
    const { folders } = inner;
    if (folders !== undefined) {
      this.folders = (prefix, call) => this.#repeat(call, () => folders(prefix, call));
    }
  }

  async put(key: string, parts: readonly Uint8Array[], call: StoreCall): Promise<PutResult> {
    return await this.#repeat(call, () => this.#inner.put(key, parts, call));
  }

  async putFile(localPath: string, key: string, call: StoreCall): Promise<PutResult> {
    return await this.#repeat(call, () => this.#inner.putFile(localPath, key, call));
  }

  async get(key: string, call: StoreCall & { readonly range?: StoreRange }): Promise<Buffer> {
    return await this.#repeat(call, () => this.#inner.get(key, call));
  }

  async size(key: string, call: StoreCall): Promise<number> {
    return await this.#repeat(call, () => this.#inner.size(key, call));
  }

  async list(
    prefix: string,
    call: StoreCall & { readonly startAfter?: string; readonly limit?: number },
  ): Promise<StorePage> {
    return await this.#repeat(call, () => this.#inner.list(prefix, call));
  }

  async delete(key: string, call: StoreCall): Promise<void> {
    await this.#repeat(call, () => this.#inner.delete(key, call));
  }

  async stagingDirectory(call: StoreCall): Promise<string> {
    return await this.#repeat(call, () => this.#inner.stagingDirectory(call));
  }

  async removeLeftovers(call: StoreCall & { readonly olderThanMs: number }): Promise<number> {
    return await this.#repeat(call, () => this.#inner.removeLeftovers(call));
  }

  localPath(key: string): string | undefined {
    return this.#inner.localPath(key);
  }

  async capabilities(call: StoreCall): Promise<StoreCapabilities> {
    return await this.#repeat(call, () => this.#inner.capabilities(call));
  }

  async #repeat<T>(call: StoreCall, attemptOnce: () => Promise<T>): Promise<T> {
    const { clock, random, onRetry } = this.#options;
    const attemptsMax = this.#options.attemptsMax ?? storeAttemptsMax;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await attemptOnce();
      } catch (error) {
        if (!isDrError(error) || !error.retryable || attempt >= attemptsMax) {
          throw error;
        }
        const fullMs = Math.min(storeRetryDelayMs * 2 ** (attempt - 1), storeRetryDelayMsMax);
        // From half of it to the whole: many clients that failed together do not come back together.
        const delayMs = fullMs * (0.5 + random.fraction() / 2);
        onRetry?.({ error, attempt, delayMs });
        await clock.sleep(delayMs, { signal: call.signal });
      }
    }
  }
}

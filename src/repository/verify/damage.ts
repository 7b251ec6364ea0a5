/**
 * What verify writes down: objects that are not what they should be, and the backups that each takes down. An object is
 * named once, with what was seen first; a backup that needs three damaged objects is named by each. What is no fault of an object
 * (an abort, a missing private key) is no damage and ends the verification instead.
 */
import { type DrError, type ErrorCode, isDrError } from "../../core/errors.ts";
import { verifyFindingsMax } from "../../core/limits.ts";
import type { ObjectId } from "../../core/object-id.ts";

/** A damaged or missing object. */
export type Damage = {
  /** The object's key. */
  readonly object: string;
  readonly error: DrError;
  /** Faults seen in it, this one included: frames, blocks. */
  readonly faults: number;
  /** Backups that refer to the object; none for WAL outside all of them, leases, pins. */
  readonly backups: readonly ObjectId[];
};

/** Errors that speak about a process or a key, although their group speaks about the repository. */
const NOT_DAMAGE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "REPO_LEASE_HELD",
  "REPO_LEASE_LOST",
  "REPO_CONDEMNED",
  "REPO_PIN_LOST",
  "REPO_ROLLED_BACK",
]);

const DAMAGE = /^(?:REPO_|WAL_|STORE_(?:MISSING|SHORT_READ|IO)$)/;

/** True when the error says that an object is not what it should be, or cannot be read. */
export function isDamage(error: unknown): error is DrError {
  return isDrError(error) && DAMAGE.test(error.code) && !NOT_DAMAGE.has(error.code);
}

/** Collects damage, at most `verifyFindingsMax` objects word for word; the rest are counted. */
export class DamageLog {
  readonly #found = new Map<string, Damage>();
  readonly #down = new Set<ObjectId>();
  #objects = 0;

  /** Notes a fault of an object. */
  add(object: string, error: DrError, backups: readonly ObjectId[]): void {
    backups.forEach((id) => this.#down.add(id));
    const known = this.#found.get(object);
    if (known !== undefined) {
      const all = [...new Set([...known.backups, ...backups])];
      this.#found.set(object, { ...known, faults: known.faults + 1, backups: all });
      return;
    }
    this.#objects += 1;
    if (this.#found.size < verifyFindingsMax) {
      this.#found.set(object, { object, error, faults: 1, backups: [...backups] });
    }
  }

  /** Runs `step`; damage that it throws is noted, and undefined answered. */
  async watch<T>(
    object: string,
    backups: readonly ObjectId[],
    step: () => Promise<T>,
  ): Promise<T | undefined> {
    try {
      return await step();
    } catch (error) {
      if (!isDamage(error)) {
        throw error;
      }
      this.add(object, error, backups);
      return undefined;
    }
  }

  has(object: string): boolean {
    return this.#found.has(object);
  }

  /** Those kept, in the order in which they were found. */
  get damage(): readonly Damage[] {
    return [...this.#found.values()];
  }

  /** Damaged objects, those not kept included. */
  get objects(): number {
    return this.#objects;
  }

  /** Backups that some damaged object takes down. */
  get backupsDown(): ReadonlySet<ObjectId> {
    return this.#down;
  }
}

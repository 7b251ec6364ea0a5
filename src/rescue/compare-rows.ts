/**
 * How rows of two states of a table differ, told from streams of hashes: by key, stretch by stretch, so that neither side is held in memory
 * nor sorted for us; or, without a key, by counting equal rows. Pure.
 *
 * Hashes are 64 bits under a fresh seed: two different rows of one key pass for equal once in 1.8e19.
 */
import { rescueNamesMax } from "../core/limits.ts";

/** A row by its key, as text, and the hash of all its columns. */
export type KeyedRow = { readonly key: string; readonly hash: string };

/** Rows, and the first few of them by key. */
export type Tally = { readonly rows: number; readonly first: readonly string[] };

/** What differs between then and now. */
export type RowDifference = {
  /** Rows then. */
  readonly past: number;
  /** Rows now. */
  readonly live: number;
  readonly missing: Tally;
  readonly changed: Tally;
  readonly added: Tally;
};

class Counting {
  rows = 0;
  readonly first: string[] = [];

  add(key: string | undefined, rows = 1): void {
    this.rows += rows;
    if (key !== undefined && this.first.length < rescueNamesMax) {
      this.first.push(key);
    }
  }

  tally(): Tally {
    return { rows: this.rows, first: this.first };
  }
}

/** Gathers differences stretch by stretch. Memory: the keys and hashes of one stretch. */
export class RowComparison {
  #past = 0;
  #live = 0;
  readonly #missing = new Counting();
  readonly #changed = new Counting();
  readonly #added = new Counting();
  readonly #open = new Map<string, string>();

  /** Begins a stretch of keys with the rows that it held then, in their order. The one before ends. */
  begin(rows: readonly KeyedRow[]): void {
    this.end();
    this.#past += rows.length;
    rows.forEach(({ key, hash }) => this.#open.set(key, hash));
  }

  /** Rows of the stretch now. */
  meet(rows: readonly KeyedRow[]): void {
    this.#live += rows.length;
    for (const { key, hash } of rows) {
      const past = this.#open.get(key);
      if (past === undefined) {
        this.#added.add(key);
      } else if (past !== hash) {
        this.#changed.add(key);
      }
      this.#open.delete(key);
    }
  }

  /** Ends the stretch: what was not met is missing. */
  end(): void {
    for (const key of this.#open.keys()) {
      this.#missing.add(key);
    }
    this.#open.clear();
  }

  result(): RowDifference {
    this.end();
    return {
      past: this.#past,
      live: this.#live,
      missing: this.#missing.tally(),
      changed: this.#changed.tally(),
      added: this.#added.tally(),
    };
  }
}

/** Equal rows: their hash, and how many there are. */
export type CountedHash = { readonly hash: bigint; readonly rows: number };

/** Compares two streams that ascend by hash. Memory: one of each. */
export async function compareCounts(
  past: AsyncIterable<CountedHash>,
  live: AsyncIterable<CountedHash>,
): Promise<RowDifference> {
  const counts = { past: 0, live: 0, missing: 0, added: 0 };
  const before = past[Symbol.asyncIterator]();
  const after = live[Symbol.asyncIterator]();
  let a = await before.next();
  let b = await after.next();
  while (a.done !== true || b.done !== true) {
    const onlyThen = b.done === true || (a.done !== true && a.value.hash < b.value.hash);
    const onlyNow = a.done === true || (b.done !== true && b.value.hash < a.value.hash);
    const rowsThen = onlyNow || a.done === true ? 0 : a.value.rows;
    const rowsNow = onlyThen || b.done === true ? 0 : b.value.rows;
    counts.past += rowsThen;
    counts.live += rowsNow;
    counts.missing += Math.max(0, rowsThen - rowsNow);
    counts.added += Math.max(0, rowsNow - rowsThen);
    a = onlyNow ? a : await before.next();
    b = onlyThen ? b : await after.next();
  }
  const tally = (rows: number): Tally => ({ rows, first: [] });
  return {
    past: counts.past,
    live: counts.live,
    missing: tally(counts.missing),
    changed: tally(0),
    added: tally(counts.added),
  };
}

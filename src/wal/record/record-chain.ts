/**
 * The backward chain of WAL records: each names the start of the one before it (`xl_prev`), which is how the
 * leftovers of a recycled segment are told from the next record. Positions are kept as two 32-bit halves,
 * because a bigint for each record would cost more than all other checks together.
 *
 * Follows ValidXLogRecordHeader in src/backend/access/transam/xlogreader.c of PostgreSQL.
 */
import type { Lsn } from "../../core/lsn.ts";

const TWO_TO_32 = 0x1_0000_0000;

/** Where the last record began. Offsets count from `baseLsn`. */
export class RecordChain {
  readonly #baseHigh: number;
  readonly #baseLow: number;
  #known = false;
  #high = 0;
  #low = 0;

  constructor(baseLsn: Lsn) {
    this.#baseHigh = Number(baseLsn >> 32n);
    this.#baseLow = Number(baseLsn & 0xffffffffn);
  }

  /** True when a record at `offset` may name `high`/`low`: the last record, or any earlier place at first. */
  accepts(high: number, low: number, offset: number): boolean {
    if (this.#known) {
      return low === this.#low && high === this.#high;
    }
    const sum = this.#baseLow + offset;
    const ownHigh = this.#baseHigh + Math.floor(sum / TWO_TO_32);
    return high < ownHigh || (high === ownHigh && low < sum >>> 0);
  }

  /** The record at `offset` is complete: the next one must name it. */
  advance(offset: number): void {
    const sum = this.#baseLow + offset;
    this.#high = this.#baseHigh + Math.floor(sum / TWO_TO_32);
    this.#low = sum >>> 0;
    this.#known = true;
  }
}

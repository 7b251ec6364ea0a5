/**
 * The transactions that ended in one WAL segment, as columns in WAL order: a busy segment holds a hundred
 * thousand of them, far too many for an object each. Commits and aborts share the columns because
 * PostgreSQL judges a target by both in the order of their records, not by the order of their times, which
 * may go back.
 */
import { present } from "../core/assert.ts";
import { type Lsn, addToLsn, lsnDistanceBytes } from "../core/lsn.ts";
import type { TransactionEnd } from "./record/wal-event.ts";

/** Bits of `flags`. */
export const TRANSACTION_ABORTED = 1;
export const TRANSACTION_PREPARED = 2;

/** One row a transaction; `startOffsets` ascend. Offsets count from the segment's start. */
export type TransactionColumns = {
  readonly count: number;
  /** Where the commit or abort record starts: negative when in an earlier segment. */
  readonly startOffsets: Float64Array;
  readonly endOffsets: Float64Array;
  readonly xids: Uint32Array;
  /** Microseconds since 2000-01-01 UTC. */
  readonly timesMicros: BigInt64Array;
  readonly flags: Uint8Array;
  /** Row `i` has the subtransactions from `subXidsUntil[i - 1]` (0 for the first) to `subXidsUntil[i]`. */
  readonly subXidsUntil: Uint32Array;
  readonly subXids: Uint32Array;
};

/** Collects rows. Peak memory: about 60 bytes a transaction. */
export class TransactionColumnsBuilder {
  readonly #baseLsn: Lsn;
  readonly #startOffsets: number[] = [];
  readonly #endOffsets: number[] = [];
  readonly #xids: number[] = [];
  readonly #timesMicros: bigint[] = [];
  readonly #flags: number[] = [];
  readonly #subXidsUntil: number[] = [];
  readonly #subXids: number[] = [];

  /** `baseLsn`: the segment's start. */
  constructor(baseLsn: Lsn) {
    this.#baseLsn = baseLsn;
  }

  add(end: TransactionEnd): void {
    this.#startOffsets.push(lsnDistanceBytes(this.#baseLsn, end.lsn));
    this.#endOffsets.push(lsnDistanceBytes(this.#baseLsn, end.endLsn));
    this.#xids.push(end.xid);
    this.#timesMicros.push(end.timeMicros);
    this.#flags.push(
      (end.kind === "abort" ? TRANSACTION_ABORTED : 0) | (end.prepared ? TRANSACTION_PREPARED : 0),
    );
    for (const subXid of end.subXids) {
      this.#subXids.push(subXid);
    }
    this.#subXidsUntil.push(this.#subXids.length);
  }

  /** A copy of what was added. */
  build(): TransactionColumns {
    return {
      count: this.#xids.length,
      startOffsets: Float64Array.from(this.#startOffsets),
      endOffsets: Float64Array.from(this.#endOffsets),
      xids: Uint32Array.from(this.#xids),
      timesMicros: BigInt64Array.from(this.#timesMicros),
      flags: Uint8Array.from(this.#flags),
      subXidsUntil: Uint32Array.from(this.#subXidsUntil),
      subXids: Uint32Array.from(this.#subXids),
    };
  }
}

function cell<T>(value: T | undefined): T {
  return present(value, "a row exists in every column");
}

/** True when row `row` is a commit. */
export function isCommit(columns: TransactionColumns, row: number): boolean {
  return (cell(columns.flags[row]) & TRANSACTION_ABORTED) === 0;
}

/** Row `row` as an object; `baseLsn` is the segment's start. */
export function transactionAt(
  columns: TransactionColumns,
  row: number,
  baseLsn: Lsn,
): TransactionEnd {
  const flags = cell(columns.flags[row]);
  const from = row === 0 ? 0 : cell(columns.subXidsUntil[row - 1]);
  return {
    kind: (flags & TRANSACTION_ABORTED) === 0 ? "commit" : "abort",
    lsn: addToLsn(baseLsn, cell(columns.startOffsets[row])),
    endLsn: addToLsn(baseLsn, cell(columns.endOffsets[row])),
    prepared: (flags & TRANSACTION_PREPARED) !== 0,
    xid: cell(columns.xids[row]),
    subXids: Array.from(columns.subXids.subarray(from, cell(columns.subXidsUntil[row]))),
    timeMicros: cell(columns.timesMicros[row]),
  };
}

/**
 * Makes the index of each segment while its WAL streams by: the record reader's one listener on the way
 * into the repository. Never touches the WAL itself; when reading fails, the WAL is still good to keep, so
 * the caller decides what becomes of the error.
 */
import type { Lsn } from "../core/lsn.ts";
import { segmentAt, segmentStartAt } from "../core/wal-name.ts";
import { present } from "../core/assert.ts";
import { WalRecordReader, type WalRecordReaderOptions } from "./record/record-reader.ts";
import { type WalEvent, endsTransaction } from "./record/wal-event.ts";
import type { WalEnd, WalRecord } from "./record/wal-record.ts";
import type { SegmentEvent, SegmentIndex } from "./segment-index.ts";
import { TransactionColumnsBuilder } from "./transaction-columns.ts";

/** As for the reader, and from which segment on indexes are wanted. */
export type SegmentIndexerOptions = WalRecordReaderOptions & {
  /** A segment's start; earlier WAL is read only to see the record that reaches into it. */
  readonly indexFrom?: Lsn;
};

/**
 * Where to begin reading so that the index of the segment after `previous` misses nothing: the page that
 * holds the end of its last record. Undefined when no record ends in `previous`.
 */
export function readingStartAfter(
  previous: SegmentIndex,
  options: { readonly walBlockBytes: number },
): Lsn | undefined {
  return previous.records === undefined
    ? undefined
    : segmentStartAt(previous.records.endLsn, options.walBlockBytes);
}

/** What is collected of the segment being read. */
type Collected = {
  readonly startLsn: Lsn;
  readonly transactions: TransactionColumnsBuilder;
  readonly events: SegmentEvent[];
  count: number;
  firstStart: number;
  lastStart: number;
  lastEnd: number;
};

function collectFrom(startLsn: Lsn): Collected {
  return {
    startLsn,
    transactions: new TransactionColumnsBuilder(startLsn),
    events: [],
    count: 0,
    firstStart: 0,
    lastStart: 0,
    lastEnd: 0,
  };
}

/**
 * Reads one timeline's WAL and hands out an index at the end of each segment. Peak memory: the reader's, and
 * about 60 bytes for each transaction that ends in the segment (16 MiB hold at most some 400,000: 24 MB).
 */
export class SegmentIndexer {
  readonly #options: SegmentIndexerOptions;
  readonly #reader: WalRecordReader;
  readonly #onSegment: (index: SegmentIndex) => void;
  readonly #indexFrom: Lsn;
  #collected: Collected;

  constructor(options: SegmentIndexerOptions, onSegment: (index: SegmentIndex) => void) {
    this.#options = options;
    this.#onSegment = onSegment;
    this.#indexFrom =
      options.indexFrom ?? segmentStartAt(options.startLsn, options.walSegmentBytes);
    this.#reader = new WalRecordReader(options, {
      record: (record): void => {
        this.#addRecord(record);
      },
      event: (event): void => {
        this.#addEvent(event);
      },
    });
    this.#collected = collectFrom(this.#reader.baseLsn);
  }

  /** Where WAL ended; undefined while it goes on. */
  get end(): WalEnd | undefined {
    return this.#reader.end;
  }

  /** Where the next byte is due. */
  get position(): Lsn {
    return this.#reader.position;
  }

  /**
   * Reads WAL as `WalRecordReader.push` does, and calls `onSegment` for each segment that it completes.
   * @throws DrError as `WalRecordReader.push`; the indexer must then be discarded.
   */
  push(bytes: Uint8Array, lsn: Lsn): void {
    let from = 0;
    let at = lsn;
    while (from < bytes.length && this.end === undefined) {
      const nextSegment = this.#collected.startLsn + BigInt(this.#options.walSegmentBytes);
      const until = Math.min(bytes.length, from + Number(nextSegment - at));
      this.#reader.push(bytes.subarray(from, until), at);
      from = until;
      if (this.end === undefined) {
        at = this.position;
        if (at === nextSegment) {
          this.#finishSegment(at);
        }
      }
    }
  }

  /** The index of the segment in the making; undefined before its first page was read. */
  current(): SegmentIndex | undefined {
    return this.#reader.major === undefined ? undefined : this.#build(false);
  }

  #finishSegment(nextSegment: Lsn): void {
    if (this.#collected.startLsn >= this.#indexFrom) {
      this.#onSegment(this.#build(true));
    }
    this.#collected = collectFrom(nextSegment);
  }

  #build(complete: boolean): SegmentIndex {
    const { walSegmentBytes, timeline } = this.#options;
    const { startLsn, transactions, events, count, firstStart, lastStart, lastEnd } =
      this.#collected;
    const completeFrom = this.#reader.completeFrom;
    return {
      segment: segmentAt(timeline, startLsn, walSegmentBytes),
      timeline,
      startLsn,
      walSegmentBytes,
      major: present(this.#reader.major, "the first page told the major"),
      complete,
      headMissing: completeFrom === undefined || completeFrom > startLsn,
      records:
        count === 0
          ? undefined
          : {
              count,
              firstRecordLsn: this.#reader.lsnAt(firstStart),
              lastRecordLsn: this.#reader.lsnAt(lastStart),
              endLsn: this.#reader.lsnAt(lastEnd),
            },
      transactions: transactions.build(),
      events: [...events],
    };
  }

  #addRecord(record: WalRecord): void {
    const collected = this.#collected;
    if (collected.count === 0) {
      collected.firstStart = record.startOffset;
    }
    collected.count++;
    collected.lastStart = record.startOffset;
    collected.lastEnd = record.endOffset;
  }

  #addEvent(event: WalEvent): void {
    if (endsTransaction(event)) {
      this.#collected.transactions.add(event);
    } else {
      this.#collected.events.push(event);
    }
  }
}

/**
 * The stored form of a segment's index, before compression and sealing. Columns one after the other as
 * small differences, so that zstd has little left to do: some 6 bytes a transaction.
 *
 * Version 1, integers little-endian, `v` a varint, `z` a zigzag varint, positions as distances from the
 * segment's start unless said otherwise:
 * - `PRAX`, version u8, flags u8 (1 complete, 2 head missing, 4 records), major u8, log2 of the segment size u8
 * - timeline v, start LSN u64
 * - with records: count v, first start z, from there to the last start v, from there to the last end v
 * - transactions: count v, then the columns flags u8 (1 abort, 2 prepared, 4 subtransactions, 8 wide time);
 *   start z (difference from the one before); length v; xid z (difference); time z (difference), or with
 *   "wide time", as always in the first row, the value itself u64; for each row with flag 4: number of
 *   subtransactions v and their xids z (difference from the one before, at first from the row's xid)
 * - events: count v, then for each kind u8, start z, length v and its fields in the order of segment-event-codec.ts
 *
 * Decoding trusts nothing: no memory beyond a fixed multiple of the input, no field outside its range, no
 * bytes left over.
 */
import { ByteReader } from "../core/byte-reader.ts";
import { ByteWriter } from "../core/byte-writer.ts";
import { DrError } from "../core/errors.ts";
import { type Lsn, addToLsn, lsnDistanceBytes, lsnOf } from "../core/lsn.ts";
import { supportedMajors } from "../core/pg-version.ts";
import { isWalSegmentSize, segmentAt, timelineOf } from "../core/wal-name.ts";
import type { WalMajor } from "./record/page-header.ts";
import type { SegmentIndex, SegmentRecords } from "./segment-index.ts";
import { readEvent, writeEvent } from "./segment-event-codec.ts";
import {
  TRANSACTION_ABORTED,
  TRANSACTION_PREPARED,
  type TransactionColumns,
} from "./transaction-columns.ts";

const MAGIC = Buffer.from("PRAX");
const VERSION = 1;

const COMPLETE = 1;
const HEAD_MISSING = 2;
const HAS_RECORDS = 4;

const ROW_HAS_SUB_XIDS = 4;
const ROW_WIDE_TIME = 8;
const ROW_STORED_FLAGS = TRANSACTION_ABORTED | TRANSACTION_PREPARED;

/** Bytes that the shortest row takes: one in each of five columns. */
const ROW_BYTES_MIN = 5;
/** Bytes that the shortest event takes: kind, start, length. */
const EVENT_BYTES_MIN = 3;
/** Time differences from here on are stored whole: zigzag holds less than 2^52 (142 years). */
const NARROW_TIME_LIMIT = 1n << 52n;
const XID_MAX = 0xffffffff;

function writeRecords(writer: ByteWriter, startLsn: Lsn, records: SegmentRecords): void {
  writer.varint(records.count);
  writer.zigzag(lsnDistanceBytes(startLsn, records.firstRecordLsn));
  writer.varint(lsnDistanceBytes(records.firstRecordLsn, records.lastRecordLsn));
  writer.varint(lsnDistanceBytes(records.lastRecordLsn, records.endLsn));
}

function isWide(columns: TransactionColumns, row: number): boolean {
  const previous = columns.timesMicros[row - 1];
  if (previous === undefined) {
    return true;
  }
  const difference = (columns.timesMicros[row] ?? 0n) - previous;
  return difference >= NARROW_TIME_LIMIT || difference <= -NARROW_TIME_LIMIT;
}

function writeDifferences(writer: ByteWriter, column: Float64Array | Uint32Array): void {
  let previous = 0;
  for (const value of column) {
    writer.zigzag(value - previous);
    previous = value;
  }
}

function writeTimes(writer: ByteWriter, columns: TransactionColumns): void {
  let previous = 0n;
  for (const [row, time] of columns.timesMicros.entries()) {
    if (isWide(columns, row)) {
      writer.u64(BigInt.asUintN(64, time));
    } else {
      writer.zigzag(Number(time - previous));
    }
    previous = time;
  }
}

function writeSubXids(writer: ByteWriter, columns: TransactionColumns): void {
  let from = 0;
  for (const [row, until] of columns.subXidsUntil.entries()) {
    if (until > from) {
      writer.varint(until - from);
      let previous = columns.xids[row] ?? 0;
      for (const subXid of columns.subXids.subarray(from, until)) {
        writer.zigzag(subXid - previous);
        previous = subXid;
      }
      from = until;
    }
  }
}

function writeTransactions(writer: ByteWriter, columns: TransactionColumns): void {
  writer.varint(columns.count);
  let from = 0;
  for (const [row, until] of columns.subXidsUntil.entries()) {
    writer.u8(
      (columns.flags[row] ?? 0) |
        (until > from ? ROW_HAS_SUB_XIDS : 0) |
        (isWide(columns, row) ? ROW_WIDE_TIME : 0),
    );
    from = until;
  }
  writeDifferences(writer, columns.startOffsets);
  for (const [row, end] of columns.endOffsets.entries()) {
    writer.varint(end - (columns.startOffsets[row] ?? 0));
  }
  writeDifferences(writer, columns.xids);
  writeTimes(writer, columns);
  writeSubXids(writer, columns);
}

/** The stored form. Peak memory: three times its size. */
export function encodeSegmentIndex(index: SegmentIndex): Uint8Array {
  const writer = new ByteWriter(64 + index.transactions.count * 8);
  writer.bytes(MAGIC);
  writer.u8(VERSION);
  writer.u8(
    (index.complete ? COMPLETE : 0) |
      (index.headMissing ? HEAD_MISSING : 0) |
      (index.records === undefined ? 0 : HAS_RECORDS),
  );
  writer.u8(index.major);
  writer.u8(Math.log2(index.walSegmentBytes));
  writer.varint(index.timeline);
  writer.u64(index.startLsn);
  if (index.records !== undefined) {
    writeRecords(writer, index.startLsn, index.records);
  }
  writeTransactions(writer, index.transactions);
  writer.varint(index.events.length);
  for (const event of index.events) {
    writeEvent(writer, event, index.startLsn);
  }
  return writer.toBuffer();
}

/** Where a record may lie: it ends within the segment, so it starts at most one record before it. */
class Bounds {
  readonly startLsn: Lsn;
  readonly #walSegmentBytes: number;
  readonly #reader: ByteReader;

  constructor(reader: ByteReader, startLsn: Lsn, walSegmentBytes: number) {
    this.#reader = reader;
    this.startLsn = startLsn;
    this.#walSegmentBytes = walSegmentBytes;
  }

  /** Checks that `end` lies in the segment and `start` before it, at no negative position. */
  check(start: number, end: number): void {
    const inside =
      Number.isSafeInteger(start) &&
      Number.isSafeInteger(end) &&
      start < end &&
      end > 0 &&
      end <= this.#walSegmentBytes;
    if (!inside || this.startLsn + BigInt(start) < 0n) {
      throw this.#reader.fault(`a record from ${start} to ${end} does not end in the segment`);
    }
  }
}

function readRecords(reader: ByteReader, bounds: Bounds): SegmentRecords {
  const count = reader.varint();
  const first = reader.zigzag();
  const last = first + reader.varint();
  const end = last + reader.varint();
  bounds.check(first, end);
  bounds.check(last, end);
  if (!(count > 0)) {
    throw reader.fault("records without a record");
  }
  return {
    count,
    firstRecordLsn: addToLsn(bounds.startLsn, first),
    lastRecordLsn: addToLsn(bounds.startLsn, last),
    endLsn: addToLsn(bounds.startLsn, end),
  };
}

function readXid(reader: ByteReader, previous: number): number {
  const xid = previous + reader.zigzag();
  if (!(xid >= 0 && xid <= XID_MAX)) {
    throw reader.fault(`${xid} is not a transaction id`);
  }
  return xid;
}

function readFlags(reader: ByteReader, count: number): Buffer {
  const flags = reader.bytes(count);
  const known = ROW_STORED_FLAGS | ROW_HAS_SUB_XIDS | ROW_WIDE_TIME;
  if (flags.some((value) => (value & ~known) !== 0)) {
    throw reader.fault("unknown flags of a transaction");
  }
  return flags;
}

function readSubXids(
  reader: ByteReader,
  flags: Uint8Array,
  xids: Uint32Array,
): Pick<TransactionColumns, "subXids" | "subXidsUntil"> {
  const subXids: number[] = [];
  const subXidsUntil = new Uint32Array(flags.length);
  for (const [row, value] of flags.entries()) {
    if ((value & ROW_HAS_SUB_XIDS) !== 0) {
      const count = reader.varintUpTo(reader.remaining, "the number of subtransactions");
      let previous = xids[row] ?? 0;
      for (let place = 0; place < count; place++) {
        previous = readXid(reader, previous);
        subXids.push(previous);
      }
    }
    subXidsUntil[row] = subXids.length;
  }
  return { subXids: Uint32Array.from(subXids), subXidsUntil };
}

function readTransactions(reader: ByteReader, bounds: Bounds): TransactionColumns {
  const count = reader.varintUpTo(
    Math.floor(reader.remaining / ROW_BYTES_MIN),
    "the number of transactions",
  );
  const flags = readFlags(reader, count);
  const startOffsets = new Float64Array(count);
  const endOffsets = new Float64Array(count);
  const xids = new Uint32Array(count);
  const timesMicros = new BigInt64Array(count);
  let start = 0;
  for (let row = 0; row < count; row++) {
    const step = reader.zigzag();
    if (row > 0 && !(step > 0)) {
      throw reader.fault("transactions out of order");
    }
    start += step;
    startOffsets[row] = start;
  }
  for (const [row, from] of startOffsets.entries()) {
    const end = from + reader.varint();
    bounds.check(from, end);
    endOffsets[row] = end;
  }
  let xid = 0;
  for (let row = 0; row < count; row++) {
    xid = readXid(reader, xid);
    xids[row] = xid;
  }
  let time = 0n;
  for (const [row, value] of flags.entries()) {
    const wide = (value & ROW_WIDE_TIME) !== 0;
    time = BigInt.asIntN(64, wide ? reader.u64() : time + BigInt(reader.zigzag()));
    timesMicros[row] = time;
  }
  return {
    count,
    startOffsets,
    endOffsets,
    xids,
    timesMicros,
    flags: Uint8Array.from(flags, (value) => value & ROW_STORED_FLAGS),
    ...readSubXids(reader, flags, xids),
  };
}

function readHead(reader: ByteReader): { flags: number; major: WalMajor; walSegmentBytes: number } {
  if (!reader.bytes(MAGIC.length).equals(MAGIC)) {
    throw reader.fault("not an index of a WAL segment");
  }
  const version = reader.u8();
  if (version > VERSION) {
    throw new DrError("WAL_INDEX_VERSION", { version });
  }
  const flags = reader.u8();
  const majorByte = reader.u8();
  const major = supportedMajors.find((known) => known === majorByte);
  const sizeBits = reader.u8();
  const walSegmentBytes = sizeBits > 30 ? 0 : 2 ** sizeBits;
  if (
    version === 0 ||
    (flags & ~(COMPLETE | HEAD_MISSING | HAS_RECORDS)) !== 0 ||
    major === undefined ||
    !isWalSegmentSize(walSegmentBytes)
  ) {
    throw reader.fault("a head that no version writes");
  }
  return { flags, major, walSegmentBytes };
}

/**
 * Reads the stored form; shares no memory with `bytes`.
 * @throws DrError `REPO_ENCODING` when malformed, `WAL_INDEX_VERSION` when newer than this program.
 */
export function decodeSegmentIndex(bytes: Uint8Array): SegmentIndex {
  const reader = new ByteReader(bytes, "index of a WAL segment");
  const { flags, major, walSegmentBytes } = readHead(reader);
  const timelineNumber = reader.varintUpTo(0xffffffff, "the timeline");
  const startLsn = lsnOf(reader.u64());
  const end = startLsn + BigInt(walSegmentBytes);
  if (timelineNumber === 0 || startLsn % BigInt(walSegmentBytes) !== 0n || end >= 1n << 64n) {
    throw reader.fault("not a segment's timeline and start");
  }
  const timeline = timelineOf(timelineNumber);
  const bounds = new Bounds(reader, startLsn, walSegmentBytes);
  const records = (flags & HAS_RECORDS) === 0 ? undefined : readRecords(reader, bounds);
  const transactions = readTransactions(reader, bounds);
  const eventCount = reader.varintUpTo(
    Math.floor(reader.remaining / EVENT_BYTES_MIN),
    "the number of events",
  );
  const events = Array.from({ length: eventCount }, () => readEvent(reader, bounds));
  reader.end();
  return {
    segment: segmentAt(timeline, startLsn, walSegmentBytes),
    timeline,
    startLsn,
    walSegmentBytes,
    major,
    complete: (flags & COMPLETE) !== 0,
    headMissing: (flags & HEAD_MISSING) !== 0,
    records,
    transactions,
    events,
  };
}

/**
 * Reads commit and abort records. They carry optional parts in a fixed order, announced by flags; a part
 * whose size is taken wrongly shifts all that follow, so each size is stated with the major it holds for.
 *
 * Follows xl_xact_commit, xl_xact_abort in src/include/access/xact.h and ParseCommitRecord,
 * ParseAbortRecord in src/backend/access/rmgrdesc/xactdesc.c of PostgreSQL 14 to 18.
 */
import type { WalMajor } from "./page-header.ts";
import type { RecordBytes } from "./record-bytes.ts";
import { RecordLayoutFault } from "./record-layout-fault.ts";
import type { TransactionEnd } from "./wal-event.ts";

const OPCODE_MASK = 0x70;
const COMMIT = 0x00;
const ABORT = 0x20;
const COMMIT_PREPARED = 0x30;
const ABORT_PREPARED = 0x40;
const HAS_INFO = 0x80;

const HAS_DATABASE = 1 << 0;
const HAS_SUBTRANSACTIONS = 1 << 1;
const HAS_RELATION_FILES = 1 << 2;
const HAS_INVALIDATIONS = 1 << 3;
const HAS_TWO_PHASE = 1 << 4;
const HAS_DROPPED_STATISTICS = 1 << 8;

const RELATION_FILE_BYTES = 12;
const INVALIDATION_BYTES = 16;

const NO_SUB_XIDS: readonly number[] = [];

/** 15 introduced dropped statistics; 18 widened their object id from 32 to 64 bits. */
function droppedStatisticBytes(major: WalMajor): number {
  if (major < 15) {
    throw new RecordLayoutFault("dropped statistics before major 15");
  }
  return major >= 18 ? 16 : 12;
}

/** True for the info byte of a record that ends a transaction. */
export function isTransactionEnd(info: number): boolean {
  const opcode = info & OPCODE_MASK;
  return (
    opcode === COMMIT || opcode === ABORT || opcode === COMMIT_PREPARED || opcode === ABORT_PREPARED
  );
}

/** Reads a record's optional parts one after the other. */
class Parts {
  readonly #data: DataView;
  #at = 8;

  constructor(data: DataView) {
    this.#data = data;
  }

  number(): number {
    const value = this.#data.getUint32(this.#at, true);
    this.#at += 4;
    return value;
  }

  skip(bytes: number): void {
    this.#at += bytes;
    if (this.#at > this.#data.byteLength) {
      throw new RecordLayoutFault("a part ends behind the record");
    }
  }

  skipList(itemBytes: number): void {
    this.skip(this.number() * itemBytes);
  }

  numbers(): readonly number[] {
    const count = this.number();
    if (count * 4 > this.#data.byteLength - this.#at) {
      throw new RecordLayoutFault("a list ends behind the record");
    }
    return Array.from({ length: count }, () => this.number());
  }
}

/**
 * The transaction that ends with this record; `data` is its main data.
 * @throws RecordLayoutFault or RangeError when the parts do not fit.
 */
export function decodeTransactionEnd(data: DataView, record: RecordBytes): TransactionEnd {
  const opcode = record.info & OPCODE_MASK;
  const parts = new Parts(data);
  const present = (record.info & HAS_INFO) === 0 ? 0 : parts.number();
  const has = (flag: number): boolean => (present & flag) !== 0;
  if (has(HAS_DATABASE)) {
    parts.skip(8);
  }
  const subXids = has(HAS_SUBTRANSACTIONS) ? parts.numbers() : NO_SUB_XIDS;
  if (has(HAS_RELATION_FILES)) {
    parts.skipList(RELATION_FILE_BYTES);
  }
  if (has(HAS_DROPPED_STATISTICS)) {
    parts.skipList(droppedStatisticBytes(record.major));
  }
  if (has(HAS_INVALIDATIONS)) {
    parts.skipList(INVALIDATION_BYTES);
  }
  // The session that ends a prepared transaction has no xid of its own; the record names the prepared one.
  const twoPhaseXid = has(HAS_TWO_PHASE) ? parts.number() : undefined;
  const prepared = opcode === COMMIT_PREPARED || opcode === ABORT_PREPARED;
  if (prepared !== (twoPhaseXid !== undefined)) {
    throw new RecordLayoutFault("a prepared transaction's xid is missing or out of place");
  }
  return {
    kind: opcode === COMMIT || opcode === COMMIT_PREPARED ? "commit" : "abort",
    lsn: record.lsn,
    endLsn: record.endLsn,
    prepared,
    xid: twoPhaseXid ?? record.xid,
    subXids,
    timeMicros: data.getBigInt64(0, true),
  };
}

/**
 * Turns the few WAL records that the index needs into events. All others are only counted. A record whose
 * checksum is right but whose layout is not what its major writes is an error, never a guess: an index that
 * silently lacks a commit would promise instants that cannot be restored, or hide ones that can.
 *
 * Follows src/include/access/xlogrecord.h, xlog_internal.h, xact.h and src/include/catalog/pg_control.h of
 * PostgreSQL 14 to 18; the differences between majors are named where they are read.
 */
import { DrError } from "../../core/errors.ts";
import { formatLsn, lsnOf } from "../../core/lsn.ts";
import type { RecordBytes } from "./record-bytes.ts";
import { RecordLayoutFault } from "./record-layout-fault.ts";
import { decodeTransactionEnd, isTransactionEnd } from "./transaction-record.ts";
import type { RecordSpan, WalEvent, WalLevel } from "./wal-event.ts";

/** Bytes of a record's fixed header (`XLogRecord`). */
export const RECORD_HEADER_BYTES = 24;

/** Resource managers whose records are decoded. */
export const RMGR_XLOG = 0;
export const RMGR_XACT = 1;

const INFO_OPCODE_MASK = 0xf0;

const XLOG_CHECKPOINT_SHUTDOWN = 0x00;
const XLOG_CHECKPOINT_ONLINE = 0x10;
const XLOG_SWITCH = 0x40;
const XLOG_BACKUP_END = 0x50;
const XLOG_PARAMETER_CHANGE = 0x60;
const XLOG_RESTORE_POINT = 0x70;
const XLOG_FPW_CHANGE = 0x80;
const XLOG_END_OF_RECOVERY = 0x90;
const XLOG_OVERWRITE_CONTRECORD = 0xd0;

/** One bit per opcode of the XLOG resource manager that becomes an event. */
const DECODED_XLOG_OPCODES = [
  XLOG_CHECKPOINT_SHUTDOWN,
  XLOG_CHECKPOINT_ONLINE,
  XLOG_SWITCH,
  XLOG_BACKUP_END,
  XLOG_PARAMETER_CHANGE,
  XLOG_RESTORE_POINT,
  XLOG_FPW_CHANGE,
  XLOG_END_OF_RECOVERY,
  XLOG_OVERWRITE_CONTRECORD,
].reduce((bits, opcode) => bits | (1 << (opcode >> 4)), 0);

const BLOCK_ID_DATA_SHORT = 255;
const BLOCK_ID_DATA_LONG = 254;
const BLOCK_ID_ORIGIN = 253;
const BLOCK_ID_TOPLEVEL_XID = 252;

const RESTORE_POINT_NAME_BYTES = 64;

/** True for records that become an event; only their bytes need to be kept together. */
export function becomesEvent(rmgr: number, info: number): boolean {
  if (rmgr === RMGR_XACT) {
    return isTransactionEnd(info);
  }
  return rmgr === RMGR_XLOG && (DECODED_XLOG_OPCODES & (1 << (info >> 4))) !== 0;
}

/** True for the record after which the rest of the segment is empty. */
export function isSegmentSwitch(rmgr: number, info: number): boolean {
  return rmgr === RMGR_XLOG && (info & INFO_OPCODE_MASK) === XLOG_SWITCH;
}

/** The record's main data: what follows the headers when there are no block references. */
function mainData(view: DataView): DataView {
  let at = RECORD_HEADER_BYTES;
  while (at < view.byteLength) {
    const id = view.getUint8(at);
    if (id === BLOCK_ID_ORIGIN) {
      at += 3;
    } else if (id === BLOCK_ID_TOPLEVEL_XID) {
      at += 5;
    } else if (id === BLOCK_ID_DATA_SHORT || id === BLOCK_ID_DATA_LONG) {
      const short = id === BLOCK_ID_DATA_SHORT;
      const bytes = short ? view.getUint8(at + 1) : view.getUint32(at + 1, true);
      at += short ? 2 : 5;
      if (at + bytes !== view.byteLength) {
        throw new RecordLayoutFault("the main data does not end with the record");
      }
      return new DataView(view.buffer, view.byteOffset + at, bytes);
    } else {
      throw new RecordLayoutFault(`unexpected header id ${id}`);
    }
  }
  return new DataView(view.buffer, view.byteOffset + view.byteLength, 0);
}

function walLevelOf(value: number): WalLevel {
  switch (value) {
    case 0:
      return "minimal";
    case 1:
      return "replica";
    case 2:
      return "logical";
    default:
      throw new RecordLayoutFault(`wal_level ${value}`);
  }
}

function restorePointName(data: DataView): string {
  const field = new Uint8Array(data.buffer, data.byteOffset + 8, RESTORE_POINT_NAME_BYTES);
  const end = field.indexOf(0);
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(
    field.subarray(0, end === -1 ? field.length : end),
  );
}

function decodeCheckpoint(data: DataView, record: RecordBytes): WalEvent {
  return {
    kind: "checkpoint",
    lsn: record.lsn,
    endLsn: record.endLsn,
    shutdown: (record.info & INFO_OPCODE_MASK) === XLOG_CHECKPOINT_SHUTDOWN,
    redoLsn: lsnOf(data.getBigUint64(0, true)),
    timeline: data.getUint32(8, true),
    previousTimeline: data.getUint32(12, true),
    fullPageWrites: data.getUint8(16) !== 0,
    // 17 put wal_level where 14 to 16 have padding; nothing else moved.
    walLevel: record.major >= 17 ? walLevelOf(data.getInt32(20, true)) : undefined,
  };
}

function settingOf(value: number): number {
  if (value < 0) {
    throw new RecordLayoutFault(`a setting of ${value}`);
  }
  return value;
}

function decodeParameterChange(data: DataView, span: RecordSpan): WalEvent {
  return {
    kind: "parameter-change",
    ...span,
    maxConnections: settingOf(data.getInt32(0, true)),
    maxWorkerProcesses: settingOf(data.getInt32(4, true)),
    maxWalSenders: settingOf(data.getInt32(8, true)),
    maxPreparedTransactions: settingOf(data.getInt32(12, true)),
    maxLocksPerTransaction: settingOf(data.getInt32(16, true)),
    walLevel: walLevelOf(data.getInt32(20, true)),
    walLogHints: data.getUint8(24) !== 0,
    trackCommitTimestamp: data.getUint8(25) !== 0,
  };
}

function decodeEndOfRecovery(data: DataView, record: RecordBytes, span: RecordSpan): WalEvent {
  return {
    kind: "end-of-recovery",
    ...span,
    timeMicros: data.getBigInt64(0, true),
    timeline: data.getUint32(8, true),
    previousTimeline: data.getUint32(12, true),
    // 17 appended wal_level.
    walLevel: record.major >= 17 ? walLevelOf(data.getInt32(16, true)) : undefined,
  };
}

function decodeXlog(data: DataView, record: RecordBytes): WalEvent {
  const span = { lsn: record.lsn, endLsn: record.endLsn };
  const opcode = record.info & INFO_OPCODE_MASK;
  switch (opcode) {
    case XLOG_CHECKPOINT_SHUTDOWN:
    case XLOG_CHECKPOINT_ONLINE:
      return decodeCheckpoint(data, record);
    case XLOG_SWITCH:
      return { kind: "switch", ...span };
    case XLOG_BACKUP_END:
      return { kind: "backup-end", ...span, startLsn: lsnOf(data.getBigUint64(0, true)) };
    case XLOG_PARAMETER_CHANGE:
      return decodeParameterChange(data, span);
    case XLOG_RESTORE_POINT:
      return {
        kind: "restore-point",
        ...span,
        timeMicros: data.getBigInt64(0, true),
        name: restorePointName(data),
      };
    case XLOG_FPW_CHANGE:
      return { kind: "full-page-writes", ...span, enabled: data.getUint8(0) !== 0 };
    case XLOG_END_OF_RECOVERY:
      return decodeEndOfRecovery(data, record, span);
    case XLOG_OVERWRITE_CONTRECORD:
      return {
        kind: "overwritten",
        ...span,
        overwrittenLsn: lsnOf(data.getBigUint64(0, true)),
        timeMicros: data.getBigInt64(8, true),
      };
    default:
      throw new RecordLayoutFault(`unexpected opcode ${opcode}`);
  }
}

/**
 * The event of a record for which `becomesEvent` holds. Keeps no reference to the record's bytes.
 * @throws DrError `WAL_RECORD_LAYOUT` when the record is not what its major writes.
 */
export function decodeRecord(record: RecordBytes): WalEvent {
  try {
    const data = mainData(record.view);
    return record.rmgr === RMGR_XACT
      ? decodeTransactionEnd(data, record)
      : decodeXlog(data, record);
  } catch (cause) {
    // A RangeError is a read past the record's end.
    if (cause instanceof RecordLayoutFault || cause instanceof RangeError) {
      throw new DrError(
        "WAL_RECORD_LAYOUT",
        {
          lsn: formatLsn(record.lsn),
          rmgr: record.rmgr,
          info: record.info,
          major: record.major,
        },
        { cause },
      );
    }
    throw cause;
  }
}

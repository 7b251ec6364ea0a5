/**
 * The stored form of the events in a segment's index. One pair of functions a kind, side by side, so that a
 * field added to one side and not the other is seen; kind numbers are never used again for something else.
 */
import type { ByteReader } from "../core/byte-reader.ts";
import type { ByteWriter } from "../core/byte-writer.ts";
import { unreachable } from "../core/assert.ts";
import { type Lsn, addToLsn, lsnDistanceBytes, lsnOf } from "../core/lsn.ts";
import type { ParameterChange, RecordSpan, WalLevel } from "./record/wal-event.ts";
import type { SegmentEvent } from "./segment-index.ts";

/** The number of each kind. */
const KIND_NUMBERS: Readonly<Record<SegmentEvent["kind"], number>> = {
  "restore-point": 1,
  checkpoint: 2,
  "parameter-change": 3,
  "full-page-writes": 4,
  "end-of-recovery": 5,
  "backup-end": 6,
  switch: 7,
  overwritten: 8,
};

/** The bytes of a restore point's name: 63 in the server, at most 3 in UTF-8 for each that is not UTF-8. */
const RESTORE_POINT_NAME_BYTES_MAX = 3 * 63;

const WAL_LEVELS: readonly (WalLevel | undefined)[] = [undefined, "minimal", "replica", "logical"];

function writeLevel(writer: ByteWriter, level: WalLevel | undefined): void {
  writer.u8(WAL_LEVELS.indexOf(level));
}

function readLevel(reader: ByteReader): WalLevel | undefined {
  const number = reader.u8();
  if (number >= WAL_LEVELS.length) {
    throw reader.fault(`${number} is not a wal_level`);
  }
  return WAL_LEVELS[number];
}

function readBoolean(reader: ByteReader): boolean {
  const value = reader.u8();
  if (value > 1) {
    throw reader.fault(`${value} is not a truth value`);
  }
  return value === 1;
}

function writeTime(writer: ByteWriter, micros: bigint): void {
  writer.u64(BigInt.asUintN(64, micros));
}

function readTime(reader: ByteReader): bigint {
  return BigInt.asIntN(64, reader.u64());
}

function readTimeline(reader: ByteReader): number {
  return reader.varintUpTo(0xffffffff, "a timeline");
}

function readSetting(reader: ByteReader): number {
  return reader.varintUpTo(0x7fffffff, "a setting");
}

function writeParameters(writer: ByteWriter, event: ParameterChange): void {
  writeLevel(writer, event.walLevel);
  writer.varint(event.maxConnections);
  writer.varint(event.maxWorkerProcesses);
  writer.varint(event.maxWalSenders);
  writer.varint(event.maxPreparedTransactions);
  writer.varint(event.maxLocksPerTransaction);
  writer.u8(Number(event.walLogHints));
  writer.u8(Number(event.trackCommitTimestamp));
}

function readParameters(reader: ByteReader, span: RecordSpan): ParameterChange {
  const walLevel = readLevel(reader);
  if (walLevel === undefined) {
    throw reader.fault("a parameter change without wal_level");
  }
  return {
    kind: "parameter-change",
    ...span,
    walLevel,
    maxConnections: readSetting(reader),
    maxWorkerProcesses: readSetting(reader),
    maxWalSenders: readSetting(reader),
    maxPreparedTransactions: readSetting(reader),
    maxLocksPerTransaction: readSetting(reader),
    walLogHints: readBoolean(reader),
    trackCommitTimestamp: readBoolean(reader),
  };
}

function writeFields(writer: ByteWriter, event: SegmentEvent): void {
  switch (event.kind) {
    case "restore-point":
      writeTime(writer, event.timeMicros);
      writer.sized(Buffer.from(event.name));
      return;
    case "checkpoint":
      writer.u8(Number(event.shutdown));
      writer.u64(event.redoLsn);
      writer.varint(event.timeline);
      writer.varint(event.previousTimeline);
      writer.u8(Number(event.fullPageWrites));
      writeLevel(writer, event.walLevel);
      return;
    case "parameter-change":
      writeParameters(writer, event);
      return;
    case "full-page-writes":
      writer.u8(Number(event.enabled));
      return;
    case "end-of-recovery":
      writeTime(writer, event.timeMicros);
      writer.varint(event.timeline);
      writer.varint(event.previousTimeline);
      writeLevel(writer, event.walLevel);
      return;
    case "backup-end":
      writer.u64(event.startLsn);
      return;
    case "switch":
      return;
    case "overwritten":
      writer.u64(event.overwrittenLsn);
      writeTime(writer, event.timeMicros);
      return;
    default:
      return unreachable(event);
  }
}

function readName(reader: ByteReader): string {
  const bytes = reader.sized(RESTORE_POINT_NAME_BYTES_MAX, "the length of a name");
  const name = bytes.toString("utf8");
  if (!Buffer.from(name).equals(bytes)) {
    throw reader.fault("a name that is not UTF-8");
  }
  return name;
}

function readFields(
  reader: ByteReader,
  kind: SegmentEvent["kind"],
  span: RecordSpan,
): SegmentEvent {
  switch (kind) {
    case "restore-point":
      return { kind, ...span, timeMicros: readTime(reader), name: readName(reader) };
    case "checkpoint":
      return {
        kind,
        ...span,
        shutdown: readBoolean(reader),
        redoLsn: lsnOf(reader.u64()),
        timeline: readTimeline(reader),
        previousTimeline: readTimeline(reader),
        fullPageWrites: readBoolean(reader),
        walLevel: readLevel(reader),
      };
    case "parameter-change":
      return readParameters(reader, span);
    case "full-page-writes":
      return { kind, ...span, enabled: readBoolean(reader) };
    case "end-of-recovery":
      return {
        kind,
        ...span,
        timeMicros: readTime(reader),
        timeline: readTimeline(reader),
        previousTimeline: readTimeline(reader),
        walLevel: readLevel(reader),
      };
    case "backup-end":
      return { kind, ...span, startLsn: lsnOf(reader.u64()) };
    case "switch":
      return { kind, ...span };
    case "overwritten":
      return {
        kind,
        ...span,
        overwrittenLsn: lsnOf(reader.u64()),
        timeMicros: readTime(reader),
      };
    default:
      return unreachable(kind);
  }
}

/** Appends one event; positions are stored as distances from `baseLsn`. */
export function writeEvent(writer: ByteWriter, event: SegmentEvent, baseLsn: Lsn): void {
  writer.u8(KIND_NUMBERS[event.kind]);
  writer.zigzag(lsnDistanceBytes(baseLsn, event.lsn));
  writer.varint(lsnDistanceBytes(event.lsn, event.endLsn));
  writeFields(writer, event);
}

/** Reads one event; `bounds.check` refuses places outside the segment. @throws DrError `REPO_ENCODING`. */
export function readEvent(
  reader: ByteReader,
  bounds: { readonly startLsn: Lsn; check(start: number, end: number): void },
): SegmentEvent {
  const number = reader.u8();
  const start = reader.zigzag();
  const end = start + reader.varint();
  bounds.check(start, end);
  for (const kind of Object.keys(KIND_NUMBERS) as SegmentEvent["kind"][]) {
    if (KIND_NUMBERS[kind] === number) {
      return readFields(reader, kind, {
        lsn: addToLsn(bounds.startLsn, start),
        endLsn: addToLsn(bounds.startLsn, end),
      });
    }
  }
  throw reader.fault(`unknown kind of event ${number}`);
}

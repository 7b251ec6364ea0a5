/**
 * Names of WAL segments and timelines. A segment's name is 24 upper-case hexadecimal digits: timeline,
 * then the segment's number in two halves whose split depends on the segment size, so a name can only
 * be turned into a position together with that size.
 *
 * Follows src/include/access/xlog_internal.h (XLogFileName, XLByteToSeg) of PostgreSQL.
 */
import { DrError } from "./errors.ts";
import { type Lsn, lsnOf } from "./lsn.ts";

declare const timelineBrand: unique symbol;
declare const segmentBrand: unique symbol;

/** A timeline's number, 1 .. 2^32-1. Its text form in file names is hexadecimal (loss class 12). */
export type TimelineId = number & { readonly [timelineBrand]: true };

/** 24 upper-case hexadecimal digits. */
export type WalSegmentName = string & { readonly [segmentBrand]: true };

/** @throws DrError `USAGE_TIMELINE`. */
export function timelineOf(value: number): TimelineId {
  if (!Number.isInteger(value) || value < 1 || value > 0xffffffff) {
    throw new DrError("USAGE_TIMELINE", { value: String(value) });
  }
  return value as TimelineId;
}

/** Eight hexadecimal digits, as in file names. */
export function formatTimeline(timeline: TimelineId): string {
  return timeline.toString(16).toUpperCase().padStart(8, "0");
}

/** Reads eight hexadecimal digits. @throws DrError `USAGE_TIMELINE`. */
export function parseTimeline(text: string): TimelineId {
  if (!/^[0-9A-Fa-f]{8}$/.test(text)) {
    throw new DrError("USAGE_TIMELINE", { value: text });
  }
  return timelineOf(Number.parseInt(text, 16));
}

/** Segment sizes PostgreSQL accepts: powers of two from 1 MiB to 1 GiB. */
export function isWalSegmentSize(bytes: number): boolean {
  return bytes >= 1 << 20 && bytes <= 1 << 30 && (bytes & (bytes - 1)) === 0;
}

/** The segment that holds the byte at `lsn`. */
export function segmentAt(timeline: TimelineId, lsn: Lsn, walSegmentBytes: number): WalSegmentName {
  const size = BigInt(walSegmentBytes);
  const perLog = 0x100000000n / size;
  const number = lsn / size;
  const log = (number / perLog).toString(16).toUpperCase().padStart(8, "0");
  const segment = (number % perLog).toString(16).toUpperCase().padStart(8, "0");
  return `${formatTimeline(timeline)}${log}${segment}` as WalSegmentName;
}

/** @throws DrError `USAGE_WAL_SEGMENT` when `text` is not a segment's name. */
export function parseWalSegmentName(text: string): WalSegmentName {
  if (!/^[0-9A-F]{24}$/.test(text)) {
    throw new DrError("USAGE_WAL_SEGMENT", { value: text });
  }
  return text as WalSegmentName;
}

/** True for names such as `00000002.history`. */
export function isTimelineHistoryName(text: string): boolean {
  return /^[0-9A-F]{8}\.history$/.test(text);
}

/** The name of a timeline's history file. */
export function timelineHistoryName(timeline: TimelineId): string {
  return `${formatTimeline(timeline)}.history`;
}

/** The timeline a segment belongs to. */
export function timelineOfSegment(name: WalSegmentName): TimelineId {
  return timelineOf(Number.parseInt(name.slice(0, 8), 16));
}

/** Digits 9 to 16 of the name: the log number, under which the repository groups segments. */
export function logOfSegment(name: WalSegmentName): string {
  return name.slice(8, 16);
}

/** The first byte of a segment. */
export function startOfSegment(name: WalSegmentName, walSegmentBytes: number): Lsn {
  const size = BigInt(walSegmentBytes);
  const perLog = 0x100000000n / size;
  const number = BigInt(`0x${name.slice(8, 16)}`) * perLog + BigInt(`0x${name.slice(16)}`);
  return lsnOf(number * size);
}

/** The start of the segment that holds the byte at `lsn`. */
export function segmentStartAt(lsn: Lsn, walSegmentBytes: number): Lsn {
  return lsnOf(lsn - (lsn % BigInt(walSegmentBytes)));
}

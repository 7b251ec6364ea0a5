/**
 * The header of each WAL page. It says which major wrote the page, on which timeline, where in the WAL it
 * belongs and whether it begins inside a record. A page that belongs elsewhere must never be read as if it
 * were in place: recycled segments are full of valid old pages.
 *
 * Follows src/include/access/xlog_internal.h (XLogPageHeaderData, XLogLongPageHeaderData) and
 * XLogReaderValidatePageHeader in src/backend/access/transam/xlogreader.c of PostgreSQL 14 to 18.
 */
import { DrError } from "../../core/errors.ts";
import { type Lsn, formatLsn } from "../../core/lsn.ts";
import { type SupportedMajor, supportedMajors } from "../../core/pg-version.ts";
import type { TimelineId } from "../../core/wal-name.ts";

/** The majors whose WAL is understood. */
export type WalMajor = SupportedMajor;

/** `XLOG_PAGE_MAGIC`: changes with every major's WAL format. */
const PAGE_MAGIC_OF_MAJOR: Readonly<Record<WalMajor, number>> = {
  14: 0xd10d,
  15: 0xd110,
  16: 0xd113,
  17: 0xd116,
  18: 0xd118,
};

/** Bytes of the header on all pages but a segment's first. */
export const SHORT_PAGE_HEADER_BYTES = 24;

/** Bytes of the header on a segment's first page. */
export const LONG_PAGE_HEADER_BYTES = 40;

const FIRST_IS_CONTRECORD = 0x0001;
const LONG_HEADER = 0x0002;
const FIRST_IS_OVERWRITE_CONTRECORD = 0x0008;
const ALL_FLAGS = 0x000f;

/** What every page of one stretch of WAL must agree with. */
export type PageExpectations = {
  readonly walSegmentBytes: number;
  readonly walBlockBytes: number;
  /** The timeline being read; its first segment may hold pages of its ancestors. */
  readonly timeline: TimelineId;
  /** The previous page's timeline: they never go back. 0 before the first page. */
  readonly timelineMin: number;
  /** Unset until the first page told it. */
  readonly major: WalMajor | undefined;
  /** Unset when not known beforehand and no long header was seen yet. */
  readonly systemId: bigint | undefined;
};

/** A checked page header. */
export type PageHeader = {
  readonly major: WalMajor;
  readonly timeline: number;
  readonly headerBytes: number;
  /** The page begins inside a record of which `remainingBytes` are still to come. */
  readonly continues: boolean;
  /** The record that should continue here was given up; another begins here instead. */
  readonly overwrites: boolean;
  readonly remainingBytes: number;
  /** Only on a segment's first page. */
  readonly systemId: bigint | undefined;
};

/** A page that holds no WAL yet: never written, or left over from the segment's former life. */
export type UnwrittenPage = "zero-page" | "stale-page";

/** The header's size, from its first four bytes. */
export function pageHeaderBytes(view: DataView): number {
  return (view.getUint16(2, true) & LONG_HEADER) === 0
    ? SHORT_PAGE_HEADER_BYTES
    : LONG_PAGE_HEADER_BYTES;
}

function hex(value: number): string {
  return value.toString(16).toUpperCase();
}

function checkMagic(magic: number, lsn: Lsn, major: WalMajor | undefined): WalMajor {
  const found = supportedMajors.find((candidate) => PAGE_MAGIC_OF_MAJOR[candidate] === magic);
  if (found === undefined || (major !== undefined && found !== major)) {
    throw new DrError("WAL_PAGE_MAGIC", {
      lsn: formatLsn(lsn),
      found: hex(magic),
      expected: major === undefined ? "14 to 18" : String(major),
    });
  }
  return found;
}

function checkLongHeader(view: DataView, lsn: Lsn, expected: PageExpectations): bigint {
  const systemId = view.getBigUint64(24, true);
  if (expected.systemId !== undefined && systemId !== expected.systemId) {
    throw new DrError("WAL_SYSTEM_ID", {
      lsn: formatLsn(lsn),
      found: systemId,
      expected: expected.systemId,
    });
  }
  const segmentBytes = view.getUint32(32, true);
  const blockBytes = view.getUint32(36, true);
  if (segmentBytes !== expected.walSegmentBytes || blockBytes !== expected.walBlockBytes) {
    throw new DrError("WAL_SEGMENT_SIZE", {
      lsn: formatLsn(lsn),
      found: `${segmentBytes}/${blockBytes}`,
      expected: `${expected.walSegmentBytes}/${expected.walBlockBytes}`,
    });
  }
  return systemId;
}

function isZero(view: DataView): boolean {
  for (let at = 0; at < SHORT_PAGE_HEADER_BYTES; at += 4) {
    if (view.getUint32(at) !== 0) {
      return false;
    }
  }
  return true;
}

/**
 * Reads and checks the header of the page at `lsn`; `view` holds at least `pageHeaderBytes(view)` bytes.
 * `mayEnd`: a page with an earlier address means that WAL ends here (a recycled segment) and is no error.
 * @throws DrError `WAL_PAGE_MAGIC`, `WAL_PAGE_HEADER`, `WAL_PAGE_ADDRESS`, `WAL_PAGE_TIMELINE`,
 * `WAL_SYSTEM_ID`, `WAL_SEGMENT_SIZE`.
 */
export function readPageHeader(
  view: DataView,
  lsn: Lsn,
  expected: PageExpectations,
  options: { readonly mayEnd: boolean },
): PageHeader | UnwrittenPage {
  if (isZero(view)) {
    return "zero-page";
  }
  const major = checkMagic(view.getUint16(0, true), lsn, expected.major);
  const address = view.getBigUint64(8, true);
  if (address < lsn && options.mayEnd) {
    return "stale-page";
  }
  if (address !== lsn) {
    throw new DrError("WAL_PAGE_ADDRESS", {
      lsn: formatLsn(lsn),
      found: `${hex(view.getUint32(12, true))}/${hex(view.getUint32(8, true))}`,
    });
  }
  const flags = view.getUint16(2, true);
  const long = (flags & LONG_HEADER) !== 0;
  const startsSegment = lsn % BigInt(expected.walSegmentBytes) === 0n;
  if ((flags & ~ALL_FLAGS) !== 0 || (startsSegment && !long)) {
    throw new DrError("WAL_PAGE_HEADER", { lsn: formatLsn(lsn), flags: hex(flags) });
  }
  const timeline = view.getUint32(4, true);
  if (timeline > expected.timeline || timeline < Math.max(1, expected.timelineMin)) {
    throw new DrError("WAL_PAGE_TIMELINE", {
      lsn: formatLsn(lsn),
      found: timeline,
      expected: expected.timeline,
    });
  }
  return {
    major,
    timeline,
    headerBytes: long ? LONG_PAGE_HEADER_BYTES : SHORT_PAGE_HEADER_BYTES,
    continues: (flags & FIRST_IS_CONTRECORD) !== 0,
    overwrites: (flags & FIRST_IS_OVERWRITE_CONTRECORD) !== 0,
    remainingBytes: view.getUint32(16, true),
    systemId: long ? checkLongHeader(view, lsn, expected) : undefined,
  };
}

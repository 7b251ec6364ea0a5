/**
 * Finds the records in a stretch of WAL as it arrives, so that the index is written while receiving and no
 * segment is read twice. It copies nothing but records that become events and pieces that a chunk or page
 * cuts, keeps no reference to what was pushed, and never changes it.
 *
 * Two kinds of trouble, never mixed up: WAL that *ends* (nothing written yet, a half-written record) is a
 * position in `end`; WAL that is *wrong* (another cluster, major, place or timeline) is a DrError.
 *
 * States: `first` (nothing read) → `start` (a record is due) → `gather` (a record cut by a chunk or page is
 * put together) → `start`. `skip`: bytes without a record of ours: the rest of one that began before the
 * reader, or alignment. `switch`: the empty rest of a segment. At each page boundary the page's header is
 * checked against the state; a record that is overwritten returns to `start`. Once `end` is set, for good.
 *
 * Follows XLogDecodeNextRecord, ValidXLogRecordHeader and ValidXLogRecord in
 * src/backend/access/transam/xlogreader.c of PostgreSQL 14 to 18.
 */
import { assert } from "../../core/assert.ts";
import { crc32c } from "../../core/crc32c.ts";
import { DrError } from "../../core/errors.ts";
import { walRecordBufferKeptBytesMax, walRecordBytesMax } from "../../core/limits.ts";
import { type Lsn, addToLsn, formatLsn } from "../../core/lsn.ts";
import { type TimelineId, isWalSegmentSize, segmentStartAt } from "../../core/wal-name.ts";
import {
  RECORD_HEADER_BYTES,
  becomesEvent,
  decodeRecord,
  isSegmentSwitch,
} from "./decode-record.ts";
import {
  LONG_PAGE_HEADER_BYTES,
  type PageHeader,
  SHORT_PAGE_HEADER_BYTES,
  type WalMajor,
  pageHeaderBytes,
  readPageHeader,
} from "./page-header.ts";
import { RecordChain } from "./record-chain.ts";
import type { WalEvent } from "./wal-event.ts";
import type { WalEnd, WalEndReason, WalRecord, WalRecordSink } from "./wal-record.ts";

const LENGTH_BYTES = 4;
const CRC_OFFSET = 20;
const LAST_BUILT_IN_RMGR = 21;
const FIRST_CUSTOM_RMGR = 128;
const FIRST_BUFFER_BYTES = 8192;

/** How to read. */
export type WalRecordReaderOptions = {
  readonly walSegmentBytes: number;
  /** From `pg_control`; 8192 almost always. */
  readonly walBlockBytes?: number;
  readonly major: WalMajor | "detect";
  readonly timeline: TimelineId;
  /** The start of a page; best of a segment. A record that began earlier is passed over. */
  readonly startLsn: Lsn;
  /** Refuse the WAL of any other cluster. */
  readonly systemId?: bigint;
  /**
   * The WAL may stop anywhere (a file of a crashed server, a partial segment): check each record's CRC and
   * take a page left over from a recycled segment as the end. Without it only records that become events
   * are checked, which is enough for what a server sends.
   */
  readonly mayEnd: boolean;
};

type State = "first" | "start" | "gather" | "skip" | "switch";

type MutableRecord = { -readonly [Key in keyof WalRecord]: WalRecord[Key] };

function alignUp(offset: number): number {
  const over = offset % 8;
  return over === 0 ? offset : offset + 8 - over;
}

/**
 * A push parser of one timeline's WAL. Peak memory: the longest record that becomes an event (a commit with
 * many subtransactions), else 8 KiB.
 */
export class WalRecordReader {
  /** What record offsets count from: the start of the segment that holds `startLsn`. */
  readonly baseLsn: Lsn;
  readonly #sink: WalRecordSink;
  readonly #timeline: TimelineId;
  readonly #walSegmentBytes: number;
  readonly #walBlockBytes: number;
  readonly #mayEnd: boolean;
  readonly #chain: RecordChain;
  #major: WalMajor | undefined;
  #systemId: bigint | undefined;
  #state: State = "first";
  #end: WalEnd | undefined;
  #completeFrom: number | undefined;
  /** Offset of the next byte due; of the current chunk's first byte while one is read. */
  #position: number;
  #pageTimeline = 0;
  #pageLeft = 0;
  #skipLeft = 0;
  readonly #pageHeader = new Uint8Array(LONG_PAGE_HEADER_BYTES);
  readonly #pageHeaderView = new DataView(this.#pageHeader.buffer);
  #pageHeaderHave = 0;
  /** The record being gathered: its bytes while they are needed, else only its header. */
  #buffer = new Uint8Array(FIRST_BUFFER_BYTES);
  #bufferView = new DataView(this.#buffer.buffer);
  #gatheredBytes = 0;
  #gatherKeeps = false;
  #gatherCrc = 0;
  readonly #record: MutableRecord = {
    startOffset: 0,
    endOffset: 0,
    totalBytes: 0,
    rmgr: 0,
    info: 0,
    xid: 0,
  };

  constructor(options: WalRecordReaderOptions, sink: WalRecordSink) {
    this.#walBlockBytes = options.walBlockBytes ?? 8192;
    assert(isWalSegmentSize(options.walSegmentBytes), "a WAL segment size is a power of two");
    assert(
      options.startLsn % BigInt(this.#walBlockBytes) === 0n,
      "reading WAL begins at the start of a page",
    );
    this.#sink = sink;
    this.#timeline = options.timeline;
    this.#walSegmentBytes = options.walSegmentBytes;
    this.#mayEnd = options.mayEnd;
    this.#major = options.major === "detect" ? undefined : options.major;
    this.#systemId = options.systemId;
    this.baseLsn = segmentStartAt(options.startLsn, options.walSegmentBytes);
    this.#chain = new RecordChain(this.baseLsn);
    this.#position = Number(options.startLsn - this.baseLsn);
  }

  /** Where WAL ended; undefined while it goes on. */
  get end(): WalEnd | undefined {
    return this.#end;
  }

  /** Where the next byte is due. */
  get position(): Lsn {
    return this.lsnAt(this.#position);
  }

  /** The major that wrote the WAL; undefined before the first page when it is to be detected. */
  get major(): WalMajor | undefined {
    return this.#major;
  }

  /** The cluster's identifier, as given or as the first segment header told it. */
  get systemId(): bigint | undefined {
    return this.#systemId;
  }

  /**
   * From here on every record is seen: `startLsn`, or the end of the record that it lies in. Undefined
   * until that is known.
   */
  get completeFrom(): Lsn | undefined {
    return this.#completeFrom === undefined ? undefined : this.lsnAt(this.#completeFrom);
  }

  /** The position of a record's offset. */
  lsnAt(offset: number): Lsn {
    return addToLsn(this.baseLsn, offset);
  }

  /**
   * Reads the WAL that begins at `lsn`, which must be where the last push ended. `bytes` may be reused
   * afterwards. Does nothing once `end` is set.
   * @throws DrError `WAL_NOT_CONTIGUOUS`, those of `readPageHeader` and of `decodeRecord`; after one of
   * these, or an exception of the sink, the reader must be discarded.
   */
  push(bytes: Uint8Array, lsn: Lsn): void {
    if (this.#end !== undefined) {
      return;
    }
    if (lsn !== this.position) {
      throw new DrError("WAL_NOT_CONTIGUOUS", {
        found: formatLsn(lsn),
        expected: formatLsn(this.position),
      });
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    while (at < bytes.length && this.#end === undefined) {
      at = this.#step(bytes, view, at);
    }
    this.#position += at;
  }

  #step(bytes: Uint8Array, view: DataView, at: number): number {
    if (this.#state === "switch") {
      return this.#skipSwitch(bytes, at);
    }
    if (this.#pageLeft === 0) {
      return this.#takePageHeader(bytes, at);
    }
    const stop = Math.min(bytes.length, at + this.#pageLeft);
    const next = this.#takeContent(bytes, view, at, stop);
    this.#pageLeft -= next - at;
    return next;
  }

  #takeContent(bytes: Uint8Array, view: DataView, at: number, stop: number): number {
    if (this.#state === "gather") {
      return this.#gather(bytes, at, stop);
    }
    if (this.#state === "skip") {
      const taken = Math.min(stop - at, this.#skipLeft);
      this.#skipLeft -= taken;
      if (this.#skipLeft === 0) {
        this.#state = "start";
        this.#completeFrom ??= this.#position + at + taken;
      }
      return at + taken;
    }
    return this.#readRecords(bytes, view, at, stop);
  }

  #skipSwitch(bytes: Uint8Array, at: number): number {
    const taken = Math.min(bytes.length - at, this.#skipLeft);
    this.#skipLeft -= taken;
    if (this.#skipLeft === 0) {
      this.#state = "start";
      this.#pageLeft = 0;
    }
    return at + taken;
  }

  #takePageHeader(bytes: Uint8Array, at: number): number {
    const have = this.#pageHeaderHave;
    const need =
      have < SHORT_PAGE_HEADER_BYTES
        ? SHORT_PAGE_HEADER_BYTES
        : pageHeaderBytes(this.#pageHeaderView);
    const next = Math.min(at + need - have, bytes.length);
    this.#pageHeader.set(bytes.subarray(at, next), have);
    this.#pageHeaderHave = have + next - at;
    if (
      this.#pageHeaderHave >= SHORT_PAGE_HEADER_BYTES &&
      this.#pageHeaderHave === pageHeaderBytes(this.#pageHeaderView)
    ) {
      this.#enterPage(this.#position + next - this.#pageHeaderHave);
      this.#pageHeaderHave = 0;
    }
    return next;
  }

  #enterPage(pageOffset: number): void {
    const header = readPageHeader(
      this.#pageHeaderView,
      this.lsnAt(pageOffset),
      {
        walSegmentBytes: this.#walSegmentBytes,
        walBlockBytes: this.#walBlockBytes,
        timeline: this.#timeline,
        major: this.#major,
        systemId: this.#systemId,
        timelineMin: this.#pageTimeline,
      },
      { mayEnd: this.#mayEnd },
    );
    const endOffset = this.#state === "gather" ? this.#record.startOffset : pageOffset;
    if (typeof header === "string") {
      this.#endAt(endOffset, header);
      return;
    }
    this.#major = header.major;
    this.#systemId ??= header.systemId;
    this.#pageTimeline = header.timeline;
    this.#pageLeft = this.#walBlockBytes - header.headerBytes;
    if (!this.#continues(header, pageOffset)) {
      this.#endAt(endOffset, "continuation");
    }
  }

  /** Checks what the page says of the record cut by its start, and follows it; false when they disagree. */
  #continues(header: PageHeader, pageOffset: number): boolean {
    const rest = alignUp(header.remainingBytes);
    switch (this.#state) {
      case "first":
        this.#completeFrom = header.continues ? undefined : pageOffset;
        this.#state = header.continues ? "skip" : "start";
        this.#skipLeft = rest;
        return !header.continues || rest > 0;
      case "gather":
      case "skip": {
        if (header.overwrites) {
          this.#state = "start";
          this.#completeFrom ??= pageOffset;
          return true;
        }
        const expected =
          this.#state === "skip"
            ? rest === this.#skipLeft
            : header.remainingBytes === this.#record.totalBytes - this.#gatheredBytes;
        return header.continues && expected;
      }
      case "start":
      case "switch":
        return !header.continues;
    }
  }

  /** Reads the records that lie whole in `[from, stop)`, and begins to gather one that does not. */
  #readRecords(bytes: Uint8Array, view: DataView, from: number, stop: number): number {
    let at = from;
    while (stop - at >= RECORD_HEADER_BYTES) {
      const totalBytes = view.getUint32(at, true);
      if (totalBytes > stop - at) {
        break;
      }
      const fault = this.#takeHeader(view, at, this.#position + at);
      if (fault !== undefined) {
        this.#endAt(this.#position + at, fault);
        return at;
      }
      const record = this.#record;
      if (
        (this.#mayEnd || becomesEvent(record.rmgr, record.info)) &&
        !this.#crcMatches(
          bytes,
          view,
          at,
          crc32c(bytes, 0, at + RECORD_HEADER_BYTES, at + totalBytes),
        )
      ) {
        this.#endAt(this.#position + at, "crc");
        return at;
      }
      at = this.#finishRecord(view, at, at + totalBytes, stop);
      if (this.#state !== "start") {
        return at;
      }
    }
    if (at < stop) {
      this.#state = "gather";
      this.#gatheredBytes = 0;
      this.#gatherCrc = 0;
      this.#gatherKeeps = false;
      this.#record.startOffset = this.#position + at;
      return this.#gather(bytes, at, stop);
    }
    return at;
  }

  /** Takes the record header at `at` into `#record` and checks it. */
  #takeHeader(view: DataView, at: number, startOffset: number): WalEndReason | undefined {
    const record = this.#record;
    record.startOffset = startOffset;
    record.totalBytes = view.getUint32(at, true);
    record.xid = view.getUint32(at + 4, true);
    record.info = view.getUint8(at + 16);
    record.rmgr = view.getUint8(at + 17);
    if (record.totalBytes < RECORD_HEADER_BYTES || record.totalBytes > walRecordBytesMax) {
      return record.totalBytes === 0 ? "no-length" : "length";
    }
    if (
      record.rmgr > LAST_BUILT_IN_RMGR &&
      (record.rmgr < FIRST_CUSTOM_RMGR || this.#major === 14)
    ) {
      return "resource-manager";
    }
    const chained = this.#chain.accepts(
      view.getUint32(at + 12, true),
      view.getUint32(at + 8, true),
      startOffset,
    );
    return chained ? undefined : "chain";
  }

  /** `bodyCrc` is over the bytes after the header; PostgreSQL adds the header without its CRC field last. */
  #crcMatches(bytes: Uint8Array, view: DataView, at: number, bodyCrc: number): boolean {
    return crc32c(bytes, bodyCrc, at, at + CRC_OFFSET) === view.getUint32(at + CRC_OFFSET, true);
  }

  #gather(bytes: Uint8Array, from: number, stop: number): number {
    let at = from;
    if (this.#gatheredBytes < RECORD_HEADER_BYTES) {
      at = this.#gatherHeader(bytes, at, stop);
      if (this.#gatheredBytes < RECORD_HEADER_BYTES || this.#end !== undefined) {
        return at;
      }
    }
    const next = Math.min(stop, at + this.#record.totalBytes - this.#gatheredBytes);
    if (this.#gatherKeeps) {
      this.#reserve(this.#gatheredBytes + next - at);
      this.#buffer.set(bytes.subarray(at, next), this.#gatheredBytes);
    }
    if (this.#gatherKeeps || this.#mayEnd) {
      this.#gatherCrc = crc32c(bytes, this.#gatherCrc, at, next);
    }
    this.#gatheredBytes += next - at;
    return this.#gatheredBytes === this.#record.totalBytes
      ? this.#finishGathered(next, stop)
      : next;
  }

  #gatherHeader(bytes: Uint8Array, at: number, stop: number): number {
    const next = Math.min(stop, at + RECORD_HEADER_BYTES - this.#gatheredBytes);
    this.#buffer.set(bytes.subarray(at, next), this.#gatheredBytes);
    this.#gatheredBytes += next - at;
    if (this.#gatheredBytes >= LENGTH_BYTES) {
      // A page boundary needs the length before the rest of the header has come.
      this.#record.totalBytes = this.#bufferView.getUint32(0, true);
    }
    const { startOffset, totalBytes } = this.#record;
    if (this.#gatheredBytes === RECORD_HEADER_BYTES) {
      const fault = this.#takeHeader(this.#bufferView, 0, startOffset);
      if (fault !== undefined) {
        this.#endAt(startOffset, fault);
      }
      this.#gatherKeeps = becomesEvent(this.#record.rmgr, this.#record.info);
    } else if (this.#gatheredBytes >= LENGTH_BYTES && totalBytes < RECORD_HEADER_BYTES) {
      this.#endAt(startOffset, totalBytes === 0 ? "no-length" : "length");
    }
    return next;
  }

  #finishGathered(at: number, stop: number): number {
    const checked = this.#gatherKeeps || this.#mayEnd;
    if (checked && !this.#crcMatches(this.#buffer, this.#bufferView, 0, this.#gatherCrc)) {
      this.#endAt(this.#record.startOffset, "crc");
      return at;
    }
    this.#state = "start";
    const next = this.#finishRecord(this.#bufferView, 0, at, stop);
    if (this.#buffer.length > walRecordBufferKeptBytesMax) {
      this.#buffer = new Uint8Array(FIRST_BUFFER_BYTES);
      this.#bufferView = new DataView(this.#buffer.buffer);
    }
    return next;
  }

  #reserve(bytes: number): void {
    if (bytes > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(bytes, this.#buffer.length * 2));
      grown.set(this.#buffer.subarray(0, this.#gatheredBytes));
      this.#buffer = grown;
      this.#bufferView = new DataView(grown.buffer);
    }
  }

  /**
   * Passes on the complete record in `#record`, whose bytes lie in `view` at `recordAt` and which ends at
   * `at` in the chunk; returns where the next one is due, or `stop` when that lies beyond.
   */
  #finishRecord(view: DataView, recordAt: number, at: number, stop: number): number {
    const record = this.#record;
    const end = alignUp(this.#position + at);
    const switches = isSegmentSwitch(record.rmgr, record.info);
    record.endOffset = switches
      ? Math.ceil(end / this.#walSegmentBytes) * this.#walSegmentBytes
      : end;
    this.#chain.advance(record.startOffset);
    this.#sink.record(record);
    if (becomesEvent(record.rmgr, record.info)) {
      this.#sink.event(this.#decode(view, recordAt));
    }
    if (switches) {
      this.#skipLeft = record.endOffset - (this.#position + at);
      this.#state = this.#skipLeft > 0 ? "switch" : "start";
      return at;
    }
    const next = end - this.#position;
    if (next > stop) {
      this.#skipLeft = next - stop;
      this.#state = "skip";
      return stop;
    }
    return next;
  }

  #decode(view: DataView, at: number): WalEvent {
    const { startOffset, endOffset, totalBytes, rmgr, info, xid } = this.#record;
    assert(this.#major !== undefined, "a page header tells the major before any record");
    return decodeRecord({
      major: this.#major,
      lsn: this.lsnAt(startOffset),
      endLsn: this.lsnAt(endOffset),
      rmgr,
      info,
      xid,
      view: new DataView(view.buffer, view.byteOffset + at, totalBytes),
    });
  }

  #endAt(offset: number, reason: WalEndReason): void {
    this.#end = { lsn: this.lsnAt(offset), reason };
  }
}

/**
 * Runs the record reader over WAL in chunks and collects what it finds, and the handmade records that its
 * tests use most.
 */
import assert from "node:assert/strict";

import { type ErrorCode, isDrError } from "../../src/core/errors.ts";
import { type Lsn, addToLsn } from "../../src/core/lsn.ts";
import { timelineOf } from "../../src/core/wal-name.ts";
import {
  WalRecordReader,
  type WalRecordReaderOptions,
} from "../../src/wal/record/record-reader.ts";
import type { WalEvent } from "../../src/wal/record/wal-event.ts";
import type { WalEnd } from "../../src/wal/record/wal-record.ts";
import { type HandmadeRecord, fields } from "./handmade-wal.ts";

/** A record that makes no event. */
export const HEAP: HandmadeRecord = { rmgr: 10, info: 0, xid: 700, mainData: Buffer.alloc(50, 7) };

/** The same with main data of this size. */
export function heap(bytes: number): HandmadeRecord {
  return { ...HEAP, mainData: Buffer.alloc(bytes, bytes) };
}

/** The shortest commit. */
export function commit(xid: number): HandmadeRecord {
  return { rmgr: 1, info: 0x00, xid, mainData: fields(["i64", 5_000_000n + BigInt(xid)]) };
}

/** A record found. */
export type Found = {
  readonly lsn: Lsn;
  readonly endLsn: Lsn;
  readonly totalBytes: number;
  readonly rmgr: number;
  readonly info: number;
  readonly xid: number;
};

/** All that a run found. */
export type Outcome = {
  readonly records: readonly Found[];
  readonly events: readonly WalEvent[];
  readonly end: WalEnd | undefined;
  readonly reader: WalRecordReader;
};

/** Reads `bytes` in chunks of these sizes, the last one repeated; each chunk's buffer is spoilt after use. */
export function readHandmade(
  bytes: Uint8Array,
  options: Partial<WalRecordReaderOptions> & { readonly startLsn: Lsn },
  sizes: readonly number[] = [bytes.length],
): Outcome {
  const records: Found[] = [];
  const events: WalEvent[] = [];
  const reader: WalRecordReader = new WalRecordReader(
    {
      walSegmentBytes: 1 << 20,
      major: "detect",
      timeline: timelineOf(1),
      mayEnd: false,
      ...options,
    },
    {
      record: ({ startOffset, endOffset, ...rest }): void => {
        records.push({ lsn: reader.lsnAt(startOffset), endLsn: reader.lsnAt(endOffset), ...rest });
      },
      event: (event): void => {
        events.push(event);
      },
    },
  );
  let at = 0;
  for (let turn = 0; at < bytes.length; turn++) {
    const size = Math.max(1, sizes[Math.min(turn, sizes.length - 1)] ?? 1);
    const chunk = Uint8Array.from(bytes.subarray(at, at + size));
    reader.push(chunk, addToLsn(options.startLsn, at));
    chunk.fill(0xee);
    at += size;
  }
  return { records, events, end: reader.end, reader };
}

/** Asserts that `act` is refused with this code and text. */
export function refuses(code: ErrorCode, act: () => unknown, text: RegExp): void {
  assert.throws(act, (error) => isDrError(error, code) && text.test(error.message));
}

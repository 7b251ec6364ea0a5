/** What passes between the record reader and those who listen to it. */
import type { Lsn } from "../../core/lsn.ts";
import type { UnwrittenPage } from "./page-header.ts";
import type { WalEvent } from "./wal-event.ts";

/** Why reading stopped; `continuation`: the rest of a record is missing. */
export type WalEndReason =
  UnwrittenPage | "no-length" | "length" | "resource-manager" | "chain" | "crc" | "continuation";

/** Where WAL ends: `lsn` is where the next record would start. */
export type WalEnd = { readonly lsn: Lsn; readonly reason: WalEndReason };

/**
 * One record, as the reader passes it on. The object is reused: valid only during the call. Offsets count
 * from the reader's `baseLsn`, because a bigint for each of millions of records would cost more than the rest.
 */
export type WalRecord = {
  readonly startOffset: number;
  /** Aligned; the segment's end for a segment switch. */
  readonly endOffset: number;
  readonly totalBytes: number;
  readonly rmgr: number;
  readonly info: number;
  readonly xid: number;
};

/** Receives what the reader finds, in WAL order: each record, then its event if it makes one. */
export interface WalRecordSink {
  record(record: WalRecord): void;
  event(event: WalEvent): void;
}

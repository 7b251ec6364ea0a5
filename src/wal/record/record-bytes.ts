/** One WAL record handed to the decoders: its place, its header's fields and all its bytes. */
import type { WalMajor } from "./page-header.ts";
import type { RecordSpan } from "./wal-event.ts";

/** A record as the decoder sees it: whole, header included. */
export type RecordBytes = RecordSpan & {
  readonly major: WalMajor;
  readonly rmgr: number;
  readonly info: number;
  readonly xid: number;
  readonly view: DataView;
};

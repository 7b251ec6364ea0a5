/**
 * Writes WAL by hand, page by page, so that tests can have any record at any place, and any fault. Follows
 * CopyXLogRecordToWAL and CreateOverwriteContrecordRecord in src/backend/access/transam/xlog.c; kept
 * independent of the reader's own code, whose mistakes it would otherwise repeat.
 */
import { crc32c } from "../../src/core/crc32c.ts";
import { type Lsn, addToLsn, lsnOf } from "../../src/core/lsn.ts";

const MAGIC = { 14: 0xd10d, 15: 0xd110, 16: 0xd113, 17: 0xd116, 18: 0xd118 } as const;

/** The cluster that handmade WAL belongs to. */
export const HANDMADE_SYSTEM_ID = 7_300_000_000_000_000_001n;

/** One record to write. */
export type HandmadeRecord = {
  readonly rmgr: number;
  readonly info: number;
  readonly xid?: number;
  readonly mainData: Uint8Array;
  /** Written in front of the main data header, as for a logged origin. */
  readonly extraHeader?: Uint8Array;
};

/** Where a record was written. */
export type HandmadeSpan = { readonly lsn: Lsn; readonly endLsn: Lsn };

/** Little-endian fields of a record, by size. */
export function fields(
  ...values: readonly (readonly ["u8" | "u16" | "u32" | "i32" | "u64" | "i64", number | bigint])[]
): Buffer {
  return Buffer.concat(
    values.map(([type, value]) => {
      const bytes = Buffer.alloc(8);
      switch (type) {
        case "u8":
          return bytes.subarray(0, bytes.writeUInt8(Number(value)));
        case "u16":
          return bytes.subarray(0, bytes.writeUInt16LE(Number(value)));
        case "u32":
          return bytes.subarray(0, bytes.writeUInt32LE(Number(value)));
        case "i32":
          return bytes.subarray(0, bytes.writeInt32LE(Number(value)));
        case "u64":
          return bytes.subarray(0, bytes.writeBigUInt64LE(BigInt(value)));
        case "i64":
          return bytes.subarray(0, bytes.writeBigInt64LE(BigInt(value)));
      }
    }),
  );
}

/** A stretch of WAL in the making. */
export class HandmadeWal {
  readonly startLsn: Lsn;
  readonly walSegmentBytes: number;
  readonly #blockBytes: number;
  readonly #major: keyof typeof MAGIC;
  readonly #timeline: number;
  #bytes = Buffer.alloc(1 << 20);
  #length = 0;
  #previous: bigint;

  constructor(options: {
    readonly major?: keyof typeof MAGIC;
    readonly startLsn?: bigint;
    readonly walSegmentBytes?: number;
    readonly blockBytes?: number;
    readonly timeline?: number;
  }) {
    this.#major = options.major ?? 18;
    this.walSegmentBytes = options.walSegmentBytes ?? 1 << 20;
    this.#blockBytes = options.blockBytes ?? 8192;
    this.#timeline = options.timeline ?? 1;
    this.startLsn = lsnOf(options.startLsn ?? 0x1_0000_0000n - 0x100000n);
    this.#previous = this.startLsn - 8n;
  }

  /** Where the next byte goes. */
  get position(): Lsn {
    return addToLsn(this.startLsn, this.#length);
  }

  /** All that was written. */
  bytes(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#length));
  }

  /** Zeros up to the end of the segment. */
  fillSegment(): void {
    const over = Number(this.position % BigInt(this.walSegmentBytes));
    if (over !== 0) {
      this.#put(Buffer.alloc(this.walSegmentBytes - over));
    }
  }

  record(record: HandmadeRecord): HandmadeSpan {
    this.#openPage(0, 0);
    const lsn = this.position;
    this.#write(this.#assemble(record), { stopAtPage: false });
    this.#previous = lsn;
    this.#put(Buffer.alloc((8 - (this.#length % 8)) % 8));
    return { lsn, endLsn: this.position };
  }

  /** XLOG_SWITCH and the empty rest of its segment. */
  switchSegment(): HandmadeSpan {
    const { lsn } = this.record({ rmgr: 0, info: 0x40, mainData: new Uint8Array(0) });
    this.fillSegment();
    return { lsn, endLsn: this.position };
  }

  /** A record that is cut at the end of its page, as by a crash; the next page says so. */
  abandonedRecord(record: HandmadeRecord): Lsn {
    this.#openPage(0, 0);
    const lsn = this.position;
    this.#write(this.#assemble(record), { stopAtPage: true });
    this.#openPage(0x0008, 0);
    return lsn;
  }

  /** Restates the last record's place, to break the chain. */
  setPrevious(lsn: bigint): void {
    this.#previous = lsn;
  }

  #assemble(record: HandmadeRecord): Buffer {
    const { mainData } = record;
    const dataHeader =
      mainData.length === 0
        ? Buffer.alloc(0)
        : mainData.length < 256
          ? fields(["u8", 255], ["u8", mainData.length])
          : fields(["u8", 254], ["u32", mainData.length]);
    const extra = record.extraHeader ?? new Uint8Array(0);
    const body = Buffer.concat([extra, dataHeader, mainData]);
    const head = fields(
      ["u32", 24 + body.length],
      ["u32", record.xid ?? 0],
      ["u64", this.#previous],
      ["u8", record.info],
      ["u8", record.rmgr],
      ["u16", 0],
    );
    return Buffer.concat([head, fields(["u32", crc32c(head, crc32c(body))]), body]);
  }

  #write(bytes: Buffer, options: { readonly stopAtPage: boolean }): void {
    let from = 0;
    while (from < bytes.length) {
      const left = this.#blockBytes - Number(this.position % BigInt(this.#blockBytes));
      if (left === this.#blockBytes) {
        if (options.stopAtPage) {
          return;
        }
        this.#openPage(0x0001, bytes.length - from);
        continue;
      }
      this.#put(bytes.subarray(from, from + left));
      from += left;
    }
  }

  /** Writes a page header when a page begins here. */
  #openPage(flags: number, remainingBytes: number): void {
    if (this.position % BigInt(this.#blockBytes) !== 0n) {
      return;
    }
    const long = this.position % BigInt(this.walSegmentBytes) === 0n;
    const head = fields(
      ["u16", MAGIC[this.#major]],
      ["u16", flags | (long ? 0x0002 : 0)],
      ["u32", this.#timeline],
      ["u64", this.position],
      ["u32", remainingBytes],
      ["u32", 0],
    );
    this.#put(head);
    if (long) {
      this.#put(
        fields(
          ["u64", HANDMADE_SYSTEM_ID],
          ["u32", this.walSegmentBytes],
          ["u32", this.#blockBytes],
        ),
      );
    }
  }

  #put(bytes: Uint8Array): void {
    while (this.#length + bytes.length > this.#bytes.length) {
      this.#bytes = Buffer.concat([this.#bytes, Buffer.alloc(this.#bytes.length)]);
    }
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }
}

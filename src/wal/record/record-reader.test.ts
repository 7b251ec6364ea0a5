import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import {
  HEAP,
  commit,
  heap,
  readHandmade as read,
  refuses,
} from "../../../tests/support/collect-records.ts";
import {
  HANDMADE_SYSTEM_ID,
  type HandmadeRecord,
  HandmadeWal,
  fields,
} from "../../../tests/support/handmade-wal.ts";
import { type ErrorCode, isDrError } from "../../core/errors.ts";
import { type Lsn, addToLsn, lsnOf } from "../../core/lsn.ts";
import { timelineOf } from "../../core/wal-name.ts";
import type { WalEnd } from "./wal-record.ts";

test("records on one page are found with their places", () => {
  const wal = new HandmadeWal({});
  const spans = [wal.record(HEAP), wal.record(heap(1)), wal.record(commit(701))];
  const { records, events, end } = read(wal.bytes(), wal);
  assert.deepEqual(
    records.map(({ lsn, endLsn }) => ({ lsn, endLsn })),
    spans,
  );
  assert.deepEqual(
    records.map(({ totalBytes, rmgr, info, xid }) => [totalBytes, rmgr, info, xid]),
    [
      [76, 10, 0, 700],
      [27, 10, 0, 700],
      [34, 1, 0, 701],
    ],
  );
  assert.deepEqual(events, [
    { kind: "commit", ...spans[2], prepared: false, xid: 701, subXids: [], timeMicros: 5_000_701n },
  ]);
  assert.equal(end, undefined);
});

test("records longer than pages and than a segment are followed across both", () => {
  const wal = new HandmadeWal({});
  const spans = [
    wal.record(heap(20_000)),
    wal.record(HEAP),
    wal.record(heap(3_000_000)),
    wal.record(HEAP),
  ];
  for (const sizes of [[1 << 22], [8192], [100], [1 << 20]]) {
    const { records, end } = read(wal.bytes(), wal, sizes);
    assert.deepEqual(
      records.map(({ lsn, endLsn }) => ({ lsn, endLsn })),
      spans,
    );
    assert.equal(end, undefined);
  }
});

test("positions are right where the lower half of an LSN overflows", () => {
  const wal = new HandmadeWal({ startLsn: 0x1_0000_0000n - 0x100000n });
  wal.record(heap((1 << 20) + 5000));
  const span = wal.record(commit(9));
  assert.ok(span.lsn > 0x1_0000_0000n);
  assert.deepEqual(
    read(wal.bytes(), wal).records.map(({ lsn }) => lsn),
    [lsnOf(wal.startLsn + 40n), span.lsn],
  );
});

test("after a segment switch the next record is looked for in the next segment", () => {
  const wal = new HandmadeWal({});
  wal.record(HEAP);
  const span = wal.switchSegment();
  const after = wal.record(commit(800));
  const { records, events } = read(wal.bytes(), wal, [1000]);
  assert.deepEqual(
    records.map(({ lsn }) => lsn),
    [lsnOf(wal.startLsn + 40n), span.lsn, after.lsn],
  );
  assert.deepEqual(events[0], { kind: "switch", ...span });
  assert.equal(span.endLsn, wal.startLsn + (1n << 20n));
});

test("a record that began before the reader is passed over", () => {
  const wal = new HandmadeWal({});
  wal.record(heap(20_000));
  const span = wal.record(HEAP);
  for (const skipped of [8192, 16384]) {
    const startLsn = addToLsn(wal.startLsn, skipped);
    const { records, reader } = read(wal.bytes().subarray(skipped), { startLsn }, [77]);
    assert.deepEqual(
      records.map(({ lsn }) => lsn),
      [span.lsn],
    );
    assert.equal(reader.completeFrom, span.lsn);
  }
  assert.equal(read(wal.bytes(), wal).reader.completeFrom, wal.startLsn);
});

test("a record given up at a page's end never happened, and the one that replaces it is read", () => {
  const wal = new HandmadeWal({});
  const first = wal.record(heap(8000));
  const overwrittenLsn = wal.abandonedRecord(heap(9000));
  const span = wal.record({
    rmgr: 0,
    info: 0xd0,
    mainData: fields(["u64", overwrittenLsn], ["i64", 42]),
  });
  const last = wal.record(commit(5));
  for (const sizes of [[1 << 20], [13]]) {
    const { records, events, end } = read(
      wal.bytes(),
      { startLsn: wal.startLsn, mayEnd: true },
      sizes,
    );
    assert.equal(end, undefined);
    assert.deepEqual(
      records.map(({ lsn }) => lsn),
      [first.lsn, span.lsn, last.lsn],
    );
    assert.deepEqual(events[0], { kind: "overwritten", ...span, overwrittenLsn, timeMicros: 42n });
  }
});

function threePages(): { wal: HandmadeWal; bytes: Buffer; spans: { lsn: Lsn; endLsn: Lsn }[] } {
  const wal = new HandmadeWal({});
  const spans = Array.from({ length: 250 }, (_, row) =>
    wal.record(row % 3 === 0 ? commit(row + 10) : HEAP),
  );
  return { wal, bytes: wal.bytes(), spans };
}

const WRONG: readonly (readonly [ErrorCode, RegExp, (bytes: Buffer) => void])[] = [
  ["WAL_PAGE_MAGIC", /mark 1234/, (bytes) => bytes.writeUInt16LE(0x1234, 0)],
  [
    "WAL_PAGE_MAGIC",
    /mark D110, not that of PostgreSQL 18/,
    (bytes) => bytes.writeUInt16LE(0xd110, 8192),
  ],
  ["WAL_PAGE_ADDRESS", /belongs at 0\/FFF02008/, (bytes) => bytes.writeUInt8(8, 8192 + 8)],
  ["WAL_PAGE_ADDRESS", /belongs at 1\/FFF00000/, (bytes) => bytes.writeUInt8(1, 12)],
  ["WAL_PAGE_HEADER", /flags 13/, (bytes) => bytes.writeUInt16LE(0x13, 8192 + 2)],
  ["WAL_PAGE_HEADER", /flags 0/, (bytes) => bytes.writeUInt16LE(0, 2)],
  ["WAL_PAGE_TIMELINE", /timeline 2, not of timeline 1/, (bytes) => bytes.writeUInt32LE(2, 4)],
  ["WAL_PAGE_TIMELINE", /timeline 0/, (bytes) => bytes.writeUInt32LE(0, 8192 + 4)],
  [
    "WAL_SYSTEM_ID",
    /cluster 7300000000000000002/,
    (bytes) => bytes.writeUInt8(bytes.readUInt8(24) + 1, 24),
  ],
  ["WAL_SEGMENT_SIZE", /2097152\/8192/, (bytes) => bytes.writeUInt32LE(1 << 21, 32)],
  ["WAL_SEGMENT_SIZE", /1048576\/4096/, (bytes) => bytes.writeUInt32LE(4096, 36)],
];

for (const [code, text, spoil] of WRONG) {
  test(`a page header is refused with ${code} (${text.source}), however it is cut`, () => {
    const { wal, bytes } = threePages();
    spoil(bytes);
    for (const mayEnd of [false, true]) {
      const options = { startLsn: wal.startLsn, systemId: HANDMADE_SYSTEM_ID, mayEnd };
      refuses(code, () => read(bytes, options), text);
      refuses(code, () => read(bytes, options, [3]), text);
    }
  });
}

test("L12 a page of an ancestor timeline is read, one that goes back is refused with WAL_PAGE_TIMELINE", () => {
  const { wal, bytes, spans } = threePages();
  bytes.writeUInt32LE(10, 4);
  bytes.writeUInt32LE(11, 8192 + 4);
  bytes.writeUInt32LE(11, 16384 + 4);
  const options = { startLsn: wal.startLsn, timeline: timelineOf(11) };
  assert.equal(read(bytes, options).records.length, spans.length);
  bytes.writeUInt32LE(10, 16384 + 4);
  refuses("WAL_PAGE_TIMELINE", () => read(bytes, options), /timeline 10, not of timeline 11/);
});

test("WAL that continues elsewhere is refused with WAL_NOT_CONTIGUOUS", () => {
  const { wal, bytes } = threePages();
  const { reader } = read(bytes.subarray(0, 500), wal);
  refuses(
    "WAL_NOT_CONTIGUOUS",
    () => {
      reader.push(bytes.subarray(500), addToLsn(wal.startLsn, 508));
    },
    /continues at 0\/FFF001FC, 0\/FFF001F4 was due/,
  );
});

test("L6 an all-zero page is where WAL ends, not a failure", () => {
  const { wal, bytes, spans } = threePages();
  const zeroed = Buffer.from(bytes);
  zeroed.fill(0, 8192, 16384);
  const { end, records } = read(zeroed, wal);
  const last = spans.findLast(({ endLsn }) => endLsn <= addToLsn(wal.startLsn, 8192));
  assert.deepEqual(end, { lsn: last?.endLsn, reason: "zero-page" });
  assert.equal(records.at(-1)?.lsn, last?.lsn);
});

test("L11 a page left over from the segment's former life is where partial WAL ends, and wrong elsewhere", () => {
  const { wal, bytes } = threePages();
  bytes.writeBigUInt64LE(wal.startLsn - 0x100000n + 8192n, 8192 + 8);
  assert.equal(read(bytes, { startLsn: wal.startLsn, mayEnd: true }).end?.reason, "stale-page");
  refuses("WAL_PAGE_ADDRESS", () => read(bytes, wal), /belongs at/);
});

test("zeros where a record is due are the end of WAL", () => {
  const wal = new HandmadeWal({});
  const span = wal.record(HEAP);
  const bytes = Buffer.concat([wal.bytes(), Buffer.alloc(100)]);
  for (const sizes of [[500], [1]]) {
    assert.deepEqual(read(bytes, wal, sizes).end, { lsn: span.endLsn, reason: "no-length" });
  }
});

const ENDS: readonly (readonly [WalEnd["reason"], string, (record: Buffer) => void])[] = [
  ["length", "a length below a header's", (record) => record.writeUInt32LE(23, 0)],
  ["length", "a length beyond the server's limit", (record) => record.writeUInt32LE(0x40000000, 0)],
  ["resource-manager", "an unknown resource manager", (record) => record.writeUInt8(22, 17)],
  ["chain", "a wrong previous position", (record) => record.writeUInt8(record.readUInt8(8) ^ 8, 8)],
  ["crc", "a flipped bit in its body", (record) => record.writeUInt8(record.readUInt8(30) ^ 1, 30)],
  ["crc", "a flipped bit in its xid", (record) => record.writeUInt8(record.readUInt8(4) ^ 1, 4)],
];

for (const [reason, fault, spoil] of ENDS) {
  test(`a record with ${fault} is where WAL ends (${reason}), in any chunking`, () => {
    const { wal, bytes, spans } = threePages();
    for (const span of [spans[100], spans[101]]) {
      assert.ok(span !== undefined);
      const spoilt = Buffer.from(bytes);
      spoil(spoilt.subarray(Number(span.lsn - wal.startLsn)));
      for (const sizes of [[1 << 20], [5], [1]]) {
        const { end, records } = read(spoilt, { startLsn: wal.startLsn, mayEnd: true }, sizes);
        assert.deepEqual(end, { lsn: span.lsn, reason });
        assert.equal(records.at(-1)?.endLsn, span.lsn);
      }
    }
  });
}

test("the first record may name any earlier place as its predecessor, but none at or behind its own", () => {
  const startLsn = 0x1_0000_0000n;
  for (const [previous, reason] of [
    [0n, undefined],
    [0xffff_fff8n, undefined],
    [startLsn + 32n, undefined],
    [startLsn + 40n, "chain"],
    [startLsn + 0x1_0000_0000n, "chain"],
  ] as const) {
    const wal = new HandmadeWal({ startLsn });
    wal.setPrevious(previous);
    wal.record(HEAP);
    assert.equal(read(wal.bytes(), wal).end?.reason, reason, `previous ${previous}`);
  }
});

test("a commit's checksum is checked even where the end is not looked for", () => {
  const { wal, bytes, spans } = threePages();
  const span = spans[99];
  assert.ok(span !== undefined);
  const at = Number(span.lsn - wal.startLsn) + 27;
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  assert.deepEqual(read(bytes, wal).end, { lsn: span.lsn, reason: "crc" });
});

test("a page that does not continue the record cut before it is where WAL ends", () => {
  const wal = new HandmadeWal({});
  const span = wal.record(heap(20_000));
  for (const spoil of [
    (bytes: Buffer): number => bytes.writeUInt16LE(0, 8192 + 2),
    (bytes: Buffer): number => bytes.writeUInt32LE(5, 8192 + 16),
  ]) {
    const bytes = wal.bytes();
    spoil(bytes);
    assert.deepEqual(read(bytes, wal).end, { lsn: span.lsn, reason: "continuation" });
  }
  const whole = threePages();
  const bytes = whole.bytes;
  const inside = whole.spans.some(
    ({ lsn, endLsn }) => lsn < whole.wal.startLsn + 8192n && endLsn > whole.wal.startLsn + 8192n,
  );
  bytes.writeUInt16LE(inside ? 0 : 1, 8192 + 2);
  assert.equal(read(bytes, whole.wal).end?.reason, "continuation");
});

test("a custom resource manager is known from major 15 on", () => {
  for (const [major, reason] of [
    [14, "resource-manager"],
    [15, undefined],
  ] as const) {
    const wal = new HandmadeWal({ major });
    wal.record({ ...HEAP, rmgr: 128 });
    assert.equal(read(wal.bytes(), wal).end?.reason, reason);
  }
});

test("nothing is read once WAL has ended", () => {
  const wal = new HandmadeWal({});
  wal.record(HEAP);
  const { reader } = read(Buffer.concat([wal.bytes(), Buffer.alloc(24)]), wal);
  const { end } = reader;
  reader.push(Buffer.alloc(10), lsnOf(0n));
  assert.equal(reader.end, end);
});

const arbitraryRecord: fc.Arbitrary<HandmadeRecord | "switch" | "abandoned"> = fc.oneof(
  { weight: 6, arbitrary: fc.nat(300).map((bytes) => heap(bytes)) },
  { weight: 2, arbitrary: fc.integer({ min: 7000, max: 30_000 }).map((bytes) => heap(bytes)) },
  { weight: 5, arbitrary: fc.nat(1000).map((xid) => commit(xid)) },
  {
    weight: 2,
    arbitrary: fc.nat(6000).map((count) => ({
      rmgr: 1,
      info: 0xa0,
      xid: 1,
      mainData: Buffer.concat([
        fields(["i64", 8n], ["u32", 2], ["u32", count]),
        Buffer.alloc(count * 4, 3),
      ]),
    })),
  },
  { weight: 1, arbitrary: fc.constant("switch" as const) },
  { weight: 1, arbitrary: fc.constant("abandoned" as const) },
);

test("any chunking of the same WAL gives the same records and events", () => {
  fc.assert(
    fc.property(
      fc.array(arbitraryRecord, { minLength: 1, maxLength: 60 }),
      fc.array(fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 20_000 })), {
        minLength: 1,
        maxLength: 40,
      }),
      fc.boolean(),
      (plan, sizes, mayEnd) => {
        const wal = new HandmadeWal({ startLsn: 0xfffe00000n });
        const spans = plan.flatMap((step) => {
          if (step === "abandoned") {
            wal.abandonedRecord(heap(9000));
            return [];
          }
          return [step === "switch" ? wal.switchSegment() : wal.record(step)];
        });
        const whole = read(wal.bytes(), { startLsn: wal.startLsn, mayEnd });
        const cut = read(wal.bytes(), { startLsn: wal.startLsn, mayEnd }, sizes);
        assert.equal(whole.end, undefined);
        assert.deepEqual(
          whole.records.map(({ lsn, endLsn }) => ({ lsn, endLsn })),
          spans,
        );
        assert.deepEqual(cut.records, whole.records);
        assert.deepEqual(cut.events, whole.events);
      },
    ),
    { numRuns: 60 },
  );
});

test("random bytes after a page header end WAL or are refused with a registered error", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (garbage, mayEnd) => {
      const wal = new HandmadeWal({});
      wal.record(HEAP);
      try {
        read(Buffer.concat([wal.bytes(), garbage]), { startLsn: wal.startLsn, mayEnd }, [9]);
      } catch (error) {
        assert.ok(isDrError(error), String(error));
      }
    }),
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { isDrError } from "../core/errors.ts";
import { addToLsn, lsnOf } from "../core/lsn.ts";
import { segmentAt, timelineOf } from "../core/wal-name.ts";
import { decodeSegmentIndex, encodeSegmentIndex } from "./segment-index-codec.ts";
import type { SegmentEvent, SegmentIndex } from "./segment-index.ts";
import { TransactionColumnsBuilder } from "./transaction-columns.ts";

const u32 = fc.integer({ min: 0, max: 0xffffffff });
const lsn = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }).map(lsnOf);
const time = fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n });
const level = fc.constantFrom("minimal" as const, "replica" as const, "logical" as const);
const maybeLevel = fc.option(level, { nil: undefined });
const setting = fc.nat(0x7fffffff);

type EventFields = SegmentEvent extends infer E
  ? E extends SegmentEvent
    ? Omit<E, "lsn" | "endLsn">
    : never
  : never;

const eventFields: fc.Arbitrary<EventFields> = fc.oneof(
  fc.record({
    kind: fc.constant("restore-point" as const),
    name: fc.string({ unit: "grapheme", maxLength: 15 }).filter((text) => text.length < 60),
    timeMicros: time,
  }),
  fc.record({
    kind: fc.constant("checkpoint" as const),
    shutdown: fc.boolean(),
    redoLsn: lsn,
    timeline: u32,
    previousTimeline: u32,
    fullPageWrites: fc.boolean(),
    walLevel: maybeLevel,
  }),
  fc.record({
    kind: fc.constant("parameter-change" as const),
    walLevel: level,
    maxConnections: setting,
    maxWorkerProcesses: setting,
    maxWalSenders: setting,
    maxPreparedTransactions: setting,
    maxLocksPerTransaction: setting,
    walLogHints: fc.boolean(),
    trackCommitTimestamp: fc.boolean(),
  }),
  fc.record({ kind: fc.constant("full-page-writes" as const), enabled: fc.boolean() }),
  fc.record({
    kind: fc.constant("end-of-recovery" as const),
    timeline: u32,
    previousTimeline: u32,
    timeMicros: time,
    walLevel: maybeLevel,
  }),
  fc.record({ kind: fc.constant("backup-end" as const), startLsn: lsn }),
  fc.record({ kind: fc.constant("switch" as const) }),
  fc.record({ kind: fc.constant("overwritten" as const), overwrittenLsn: lsn, timeMicros: time }),
);

const transaction = fc.record({
  kind: fc.constantFrom("commit" as const, "abort" as const),
  prepared: fc.boolean(),
  xid: u32,
  subXids: fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, fc.array(u32, { maxLength: 5 })),
  timeMicros: fc.oneof(time, fc.bigInt({ min: 0n, max: 10n ** 15n })),
});

const index: fc.Arbitrary<SegmentIndex> = fc
  .record({
    number: fc.bigInt({ min: 1n, max: 1n << 30n }),
    sizeBits: fc.integer({ min: 20, max: 30 }),
    timeline: fc.integer({ min: 1, max: 0xffffffff }).map(timelineOf),
    major: fc.constantFrom(14 as const, 15 as const, 16 as const, 17 as const, 18 as const),
    complete: fc.boolean(),
    headMissing: fc.boolean(),
    firstOffset: fc.integer({ min: -100_000, max: 8 }),
    transactions: fc.array(transaction, { maxLength: 40 }),
    events: fc.array(eventFields, { maxLength: 12 }),
    hasRecords: fc.boolean(),
  })
  .map((parts) => {
    const walSegmentBytes = 2 ** parts.sizeBits;
    const startLsn = lsnOf(parts.number * BigInt(walSegmentBytes));
    const columns = new TransactionColumnsBuilder(startLsn);
    let offset = parts.firstOffset;
    const span = (): Pick<SegmentEvent, "lsn" | "endLsn"> => {
      const from = offset;
      offset = Math.max(offset, 0) + 64;
      return { lsn: addToLsn(startLsn, from), endLsn: addToLsn(startLsn, offset) };
    };
    for (const end of parts.transactions) {
      columns.add({ ...end, ...span() });
    }
    const events = parts.events.map((event): SegmentEvent => ({ ...event, ...span() }));
    const first = span();
    return {
      segment: segmentAt(parts.timeline, startLsn, walSegmentBytes),
      timeline: parts.timeline,
      startLsn,
      walSegmentBytes,
      major: parts.major,
      complete: parts.complete,
      headMissing: parts.headMissing,
      records: parts.hasRecords
        ? { count: 7, firstRecordLsn: first.lsn, lastRecordLsn: first.lsn, endLsn: first.endLsn }
        : undefined,
      transactions: columns.build(),
      events,
    };
  });

test("an index survives its stored form", () => {
  fc.assert(
    fc.property(index, (original) => {
      assert.deepEqual(decodeSegmentIndex(encodeSegmentIndex(original)), original);
    }),
    { numRuns: 200 },
  );
});

function refusesOrReads(bytes: Uint8Array): void {
  try {
    decodeSegmentIndex(bytes);
  } catch (error) {
    assert.ok(
      isDrError(error, "REPO_ENCODING") || isDrError(error, "WAL_INDEX_VERSION"),
      String(error),
    );
  }
}

test("random bytes, with or without a good head, are refused with a registered error", () => {
  const head = Buffer.from("5052415801040e1801000000010000000000", "hex");
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      refusesOrReads(bytes);
      refusesOrReads(Buffer.concat([head, bytes]));
    }),
    { numRuns: 1000 },
  );
});

test("a changed, cut or lengthened index is refused or reads as another index, and never crashes", () => {
  fc.assert(
    fc.property(index, fc.nat(), fc.nat(255), fc.nat(), (original, place, value, cut) => {
      const bytes = Buffer.from(encodeSegmentIndex(original));
      assert.throws(
        () => decodeSegmentIndex(bytes.subarray(0, cut % bytes.length)),
        (error) => isDrError(error, "REPO_ENCODING"),
      );
      assert.throws(
        () => decodeSegmentIndex(Buffer.concat([bytes, Buffer.of(0)])),
        (error) => isDrError(error, "REPO_ENCODING"),
      );
      bytes[place % bytes.length] = value;
      refusesOrReads(bytes);
    }),
    { numRuns: 300 },
  );
});

test("a number written with endless leading zeros is refused or read, at every place, and never crashes", () => {
  fc.assert(
    fc.property(index, fc.nat(), (original, place) => {
      const bytes = encodeSegmentIndex(original);
      const at = 17 + (place % (bytes.length - 17));
      refusesOrReads(
        Buffer.concat([
          bytes.subarray(0, at),
          Buffer.alloc(300, 0x80),
          Buffer.of(0),
          bytes.subarray(at),
        ]),
      );
    }),
    { numRuns: 300 },
  );
});

test("an index of a newer version is refused with WAL_INDEX_VERSION, not read", () => {
  const bytes = Buffer.from("PRAX\u0002");
  assert.throws(
    () => decodeSegmentIndex(bytes),
    (error) =>
      isDrError(error, "WAL_INDEX_VERSION") &&
      error.message.includes("format version 2") &&
      error.hint.includes("newer version of pra"),
  );
});

test("an ordinary transaction takes about six bytes", () => {
  const startLsn = lsnOf(1n << 24n);
  const columns = new TransactionColumnsBuilder(startLsn);
  for (let row = 0; row < 10_000; row++) {
    columns.add({
      kind: "commit",
      lsn: addToLsn(startLsn, 40 + row * 900),
      endLsn: addToLsn(startLsn, 76 + row * 900),
      prepared: false,
      xid: 5000 + row,
      subXids: [],
      timeMicros: 800_000_000_000_000n + BigInt(row) * 150n,
    });
  }
  const bytes = encodeSegmentIndex({
    segment: segmentAt(timelineOf(1), startLsn, 1 << 24),
    timeline: timelineOf(1),
    startLsn,
    walSegmentBytes: 1 << 24,
    major: 18,
    complete: true,
    headMissing: false,
    records: undefined,
    transactions: columns.build(),
    events: [],
  });
  assert.ok(bytes.length < 7.1 * 10_000, `${bytes.length} bytes`);
});

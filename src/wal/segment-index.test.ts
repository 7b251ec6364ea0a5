import assert from "node:assert/strict";
import { test } from "node:test";

import { HEAP, commit, heap } from "../../tests/support/collect-records.ts";
import { type HandmadeRecord, HandmadeWal, fields } from "../../tests/support/handmade-wal.ts";
import { addToLsn } from "../core/lsn.ts";
import { timelineOf } from "../core/wal-name.ts";
import {
  type SegmentIndex,
  eventsOf,
  firstCommit,
  lastCommit,
  nearestCommits,
  reachesLsn,
  segmentEnd,
  stopForTime,
  transactionOfXid,
  transactionsOf,
} from "./segment-index.ts";
import {
  SegmentIndexer,
  type SegmentIndexerOptions,
  readingStartAfter,
} from "./segment-indexer.ts";

function indexer(
  wal: HandmadeWal,
  found: SegmentIndex[],
  options: Partial<SegmentIndexerOptions> = {},
): SegmentIndexer {
  return new SegmentIndexer(
    {
      walSegmentBytes: wal.walSegmentBytes,
      major: "detect",
      timeline: timelineOf(1),
      startLsn: wal.startLsn,
      mayEnd: false,
      ...options,
    },
    (index) => found.push(index),
  );
}

function ends(kind: "commit" | "abort", xid: number, timeMicros: bigint): HandmadeRecord {
  return {
    rmgr: 1,
    info: kind === "commit" ? 0 : 0x20,
    xid,
    mainData: fields(["i64", timeMicros]),
  };
}

/** A complete segment with these records. */
function segmentWith(records: readonly HandmadeRecord[]): SegmentIndex {
  const wal = new HandmadeWal({});
  for (const record of records) {
    wal.record(record);
  }
  wal.switchSegment();
  const found: SegmentIndex[] = [];
  indexer(wal, found).push(wal.bytes(), wal.startLsn);
  const [index] = found;
  assert.ok(index !== undefined);
  return index;
}

test("a record cut by a segment's end belongs to the segment in which it ends", () => {
  const wal = new HandmadeWal({});
  const first = wal.record(HEAP);
  const cut = wal.record(heap((1 << 20) + 100));
  const last = wal.record(commit(50));
  wal.fillSegment();
  for (const chunkBytes of [1 << 22, 5000]) {
    const found: SegmentIndex[] = [];
    const indexing = indexer(wal, found);
    const bytes = wal.bytes();
    for (let at = 0; at < bytes.length; at += chunkBytes) {
      indexing.push(bytes.subarray(at, at + chunkBytes), addToLsn(wal.startLsn, at));
    }
    assert.equal(found.length, 1);
    assert.deepEqual(found[0]?.records, {
      count: 1,
      firstRecordLsn: first.lsn,
      lastRecordLsn: first.lsn,
      endLsn: first.endLsn,
    });
    assert.equal(found[0]?.segment, "000000010000000000000FFF");
    assert.equal(indexing.end?.lsn, last.endLsn);
    const current = indexing.current();
    assert.deepEqual(current?.records, {
      count: 2,
      firstRecordLsn: cut.lsn,
      lastRecordLsn: last.lsn,
      endLsn: last.endLsn,
    });
    assert.equal(current?.complete, false);
    assert.equal(current?.headMissing, false);
  }
});

test("a segment that a longer record passes through has an index without records", () => {
  const wal = new HandmadeWal({});
  wal.record(heap(3 << 20));
  wal.switchSegment();
  const found: SegmentIndex[] = [];
  indexer(wal, found).push(wal.bytes(), wal.startLsn);
  assert.deepEqual(
    found.map(({ records, complete, headMissing }) => [records?.count, complete, headMissing]),
    [
      [undefined, true, false],
      [undefined, true, false],
      [undefined, true, false],
      [2, true, false],
    ],
  );
});

test("an index says when a record that ends in its segment was not seen, and reading earlier heals it", () => {
  const wal = new HandmadeWal({});
  wal.record(HEAP);
  const spanning = wal.record({
    rmgr: 1,
    info: 0x80,
    xid: 77,
    mainData: Buffer.concat([
      fields(["i64", 1n], ["u32", 2], ["u32", 300_000]),
      Buffer.alloc(1_200_000, 1),
    ]),
  });
  wal.switchSegment();
  wal.record(commit(78));
  wal.switchSegment();
  const bytes = wal.bytes();
  const all: SegmentIndex[] = [];
  indexer(wal, all).push(bytes, wal.startLsn);
  assert.deepEqual(
    all.map(({ headMissing, transactions }) => [headMissing, transactions.count]),
    [
      [false, 0],
      [false, 1],
      [false, 1],
    ],
  );
  const second = addToLsn(wal.startLsn, 1 << 20);
  const late: SegmentIndex[] = [];
  indexer(wal, late, { startLsn: second }).push(bytes.subarray(1 << 20), second);
  assert.deepEqual(
    late.map(({ headMissing, transactions }) => [headMissing, transactions.count]),
    [
      [true, 0],
      [false, 1],
    ],
  );
  assert.ok(all[0] !== undefined);
  const startLsn = readingStartAfter(all[0], { walBlockBytes: 8192 });
  assert.equal(startLsn, wal.startLsn);
  const healed: SegmentIndex[] = [];
  indexer(wal, healed, { startLsn, indexFrom: second }).push(bytes, wal.startLsn);
  assert.deepEqual(healed, all.slice(1));
  assert.equal(healed[0]?.records?.firstRecordLsn, spanning.lsn);
});

test("reading from the middle of a segment makes an index with its head missing", () => {
  const wal = new HandmadeWal({});
  for (let row = 0; row < 300; row++) {
    wal.record(HEAP);
  }
  wal.switchSegment();
  const found: SegmentIndex[] = [];
  const startLsn = addToLsn(wal.startLsn, 8192);
  indexer(wal, found, { startLsn }).push(wal.bytes().subarray(8192), startLsn);
  assert.equal(found[0]?.headMissing, true);
});

test("restore points and the like are found by kind", () => {
  const name = Buffer.alloc(64);
  name.write("p1");
  const index = segmentWith([
    { rmgr: 0, info: 0x70, mainData: Buffer.concat([fields(["i64", 5n]), name]) },
    { rmgr: 0, info: 0x80, mainData: fields(["u8", 1]) },
  ]);
  assert.deepEqual(
    eventsOf(index, "restore-point").map((event) => event.name),
    ["p1"],
  );
  assert.equal(eventsOf(index, "checkpoint").length, 0);
  assert.equal(eventsOf(index, "switch")[0]?.endLsn, segmentEnd(index));
  assert.equal(index.records?.endLsn, segmentEnd(index));
});

test("L44 a replay to a time stops at the first transaction after it in WAL order, abort or commit", () => {
  const index = segmentWith([
    ends("commit", 10, 100n),
    ends("commit", 11, 130n),
    ends("commit", 12, 120n),
    ends("abort", 13, 200n),
    ends("commit", 14, 150n),
    ends("commit", 15, 300n),
  ]);
  const stop = (timeMicros: bigint, inclusive: boolean): (number | undefined)[] => {
    const { stopsAt, lastCommit: last } = stopForTime(index, { timeMicros, inclusive });
    return [stopsAt?.xid, last?.xid];
  };
  assert.deepEqual(stop(99n, true), [10, undefined]);
  assert.deepEqual(stop(100n, true), [11, 10]);
  assert.deepEqual(stop(100n, false), [10, undefined]);
  assert.deepEqual(stop(125n, true), [11, 10], "12 was earlier by the clock but comes after 11");
  assert.deepEqual(stop(150n, true), [13, 12], "an abort stops too");
  assert.deepEqual(stop(299n, true), [15, 14]);
  assert.deepEqual(stop(300n, true), [undefined, 15]);
  assert.deepEqual(stop(300n, false), [15, 14]);
});

test("the commits nearest to a time are told by their times, aborts left out", () => {
  const index = segmentWith([
    ends("commit", 10, 100n),
    ends("commit", 11, 130n),
    ends("commit", 12, 120n),
    ends("abort", 13, 126n),
  ]);
  const near = (time: bigint): (number | undefined)[] => {
    const { before, after } = nearestCommits(index, time);
    return [before?.xid, after?.xid];
  };
  assert.deepEqual(near(99n), [undefined, 10]);
  assert.deepEqual(near(100n), [10, 12]);
  assert.deepEqual(near(125n), [12, 11]);
  assert.deepEqual(near(130n), [11, undefined]);
});

test("first and last commit leave aborts out; a segment without commits has neither", () => {
  const index = segmentWith([
    ends("abort", 9, 1n),
    ends("commit", 10, 2n),
    ends("commit", 11, 3n),
    ends("abort", 12, 4n),
  ]);
  assert.equal(firstCommit(index)?.xid, 10);
  assert.equal(lastCommit(index)?.xid, 11);
  assert.deepEqual(
    [...transactionsOf(index)].map(({ xid, kind }) => [xid, kind]),
    [
      [9, "abort"],
      [10, "commit"],
      [11, "commit"],
      [12, "abort"],
    ],
  );
  const none = segmentWith([ends("abort", 9, 1n)]);
  assert.equal(firstCommit(none), undefined);
  assert.equal(lastCommit(none), undefined);
});

test("a transaction is found by its xid and by those of its subtransactions", () => {
  const withChildren: HandmadeRecord = {
    rmgr: 1,
    info: 0x80,
    xid: 20,
    mainData: fields(["i64", 5n], ["u32", 2], ["u32", 2], ["u32", 21], ["u32", 22]),
  };
  const index = segmentWith([ends("commit", 19, 1n), withChildren, ends("abort", 23, 6n)]);
  assert.equal(transactionOfXid(index, 20)?.subtransaction, false);
  assert.deepEqual(transactionOfXid(index, 20)?.transaction.subXids, [21, 22]);
  assert.equal(transactionOfXid(index, 22)?.subtransaction, true);
  assert.equal(transactionOfXid(index, 22)?.transaction.xid, 20);
  assert.equal(transactionOfXid(index, 23)?.transaction.kind, "abort");
  assert.equal(transactionOfXid(index, 24), undefined);
});

test("L44 an LSN target is reachable up to the start of the last complete record, not up to its end", () => {
  const wal = new HandmadeWal({});
  wal.record(HEAP);
  const last = wal.record(commit(5));
  const indexing = indexer(wal, []);
  indexing.push(wal.bytes(), wal.startLsn);
  const index = indexing.current();
  assert.ok(index !== undefined);
  assert.equal(reachesLsn(index, last.lsn), true);
  assert.equal(reachesLsn(index, addToLsn(last.lsn, 1)), false);
  assert.equal(reachesLsn(index, last.endLsn), false);
});

test("there is no index before the first page", () => {
  assert.equal(indexer(new HandmadeWal({}), []).current(), undefined);
});

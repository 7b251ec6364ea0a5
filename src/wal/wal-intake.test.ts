import assert from "node:assert/strict";
import { test } from "node:test";
import { type Clock, ManualClock } from "../core/clock.ts";
import { walFrameBytes, walPartBatchBytes, walReplyPauseMs } from "../core/limits.ts";
import { type Lsn, LSN_ZERO, addToLsn, lsnOf } from "../core/lsn.ts";
import { walRestMs } from "../core/wal-limits.ts";
import { timelineOf } from "../core/wal-name.ts";
import type { PartPiece, PartSink } from "./part-sink.ts";
import { SegmentMemoryPool } from "./segment-memory.ts";
import { WalIntake } from "./wal-intake.ts";

const SEGMENT_BYTES = 1024 * 1024;
const START = lsnOf(16n * BigInt(SEGMENT_BYTES));

/** A store that takes a while: each piece is durable when the test says so. */
function slowSink(): PartSink & { readonly waiting: (() => void)[] } {
  const waiting: (() => void)[] = [];
  return {
    waiting,
    batchBytes: walPartBatchBytes,
    lingerMs: 60_000,
    takesEmpty: false,
    append: (_piece: PartPiece) => new Promise((resolve) => waiting.push(resolve)),
    partsOf: () => [],
    forget: () => undefined,
    close: () => Promise.resolve(),
  };
}

function intakeOn(
  sink: PartSink,
  isWaitedFor = (): boolean => true,
  {
    clock = new ManualClock(),
    walSegmentBytes = SEGMENT_BYTES,
  }: { readonly clock?: Clock; readonly walSegmentBytes?: number } = {},
): { readonly intake: WalIntake; readonly told: Lsn[] } {
  const told: Lsn[] = [];
  const intake = new WalIntake({
    timeline: timelineOf(1),
    walSegmentBytes,
    storeFrom: START,
    readFrom: START,
    reportedLsn: LSN_ZERO,
    sink,
    pool: new SegmentMemoryPool(walSegmentBytes),
    publisher: { publish: () => assert.fail("no segment is full"), readAhead: () => undefined },
    clock,
    isWaitedFor,
  });
  intake.attach({
    inRecovery: false,
    sendStatus: ({ flush }) => told.push(flush),
    fail: (error) => assert.fail(String(error)),
  });
  return { intake, told };
}

test("a server that asks has what is pending stored at once, and is answered with the new position", async () => {
  const sink = slowSink();
  const { intake, told } = intakeOn(sink);
  const server = { endLsn: addToLsn(START, 100), timeMicros: 1n };
  intake.onWal(new Uint8Array(100), START, server);
  void intake.onBatch();
  assert.equal(sink.waiting.length, 0, "it waits for company");
  intake.onKeepalive(server, { replyRequested: true });
  void intake.onBatch();
  assert.equal(sink.waiting.length, 1);
  sink.waiting[0]?.();
  await intake.changed();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(told.at(-1), addToLsn(START, 100));
  intake.close();
});

test("a server that asks without pause while WAL is being stored is told the same position ten times a second at most", async () => {
  const sink = slowSink();
  const { intake, told } = intakeOn(sink);
  const server = { endLsn: addToLsn(START, 100), timeMicros: 1n };
  intake.onWal(new Uint8Array(100), START, server);
  const toldBefore = told.length;
  const startMs = performance.now();
  while (performance.now() < startMs + 2.5 * walReplyPauseMs) {
    intake.onKeepalive(server, { replyRequested: true });
    void intake.onBatch();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const answers = told.length - toldBefore;
  const tookMs = performance.now() - startMs;
  const answersMax = Math.floor(tookMs / walReplyPauseMs) + 1;
  assert.ok(answers >= 1 && answers <= answersMax, `${answers} answers in ${tookMs} ms`);
  intake.close();
});

/** A store that takes each piece at once, as one that appends does. */
function appendingSink(): PartSink & { readonly pieces: number[] } {
  const pieces: number[] = [];
  return {
    pieces,
    batchBytes: 1,
    lingerMs: 0,
    takesEmpty: true,
    append: ({ wal }) => void pieces.push(wal.length),
    partsOf: () => [],
    forget: () => undefined,
    close: () => Promise.resolve(),
  };
}

/** Commits one after the other, as the socket delivers them: none while it is held. By the clock, time passes only while it is. */
async function commits(intake: WalIntake, count: number, clock = new ManualClock()): Promise<void> {
  for (let done = 0; done < count; done += 1) {
    const startLsn = addToLsn(START, done * 100);
    intake.onWal(new Uint8Array(100), startLsn, {
      endLsn: addToLsn(startLsn, 100),
      timeMicros: BigInt(done + 1),
    });
    const held = intake.onBatch();
    if (held !== undefined) {
      clock.advance(walRestMs);
      await held;
    }
  }
}

test("while commits wait for it each piece is stored as it comes", async () => {
  const sink = appendingSink();
  const { intake, told } = intakeOn(sink);
  await commits(intake, 20);
  assert.deepEqual(sink.pieces, Array<number>(20).fill(100));
  assert.equal(told.at(-1), addToLsn(START, 2000));
  intake.close();
});

test("while none does the first is stored and told at once, and what follows is stored as one", async () => {
  const sink = appendingSink();
  const clock = new ManualClock();
  const { intake, told } = intakeOn(sink, () => false, { clock });
  await commits(intake, 20, clock);
  assert.deepEqual(sink.pieces, [100]);
  assert.deepEqual(told, [addToLsn(START, 100)]);
  while (sink.pieces.length < 2) {
    await intake.changed();
  }
  assert.deepEqual(sink.pieces, [100, 1900]);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(told.at(-1), addToLsn(START, 2000));
  intake.close();
});

test("a receiver that lags is not held while none waits: WAL gathers until it is a frame, for as long as a rest at most", async () => {
  const sink = appendingSink();
  const clock = new ManualClock();
  const { intake, told } = intakeOn(sink, () => false, {
    clock,
    walSegmentBytes: 16 * SEGMENT_BYTES,
  });
  const server = { endLsn: addToLsn(START, 10 * walFrameBytes), timeMicros: 1n };
  const quarter = walFrameBytes / 4;
  let at = 0;
  const deliver = (): void => {
    intake.onWal(new Uint8Array(quarter), addToLsn(START, at), server);
    at += quarter;
    assert.equal(intake.onBatch(), undefined, "the socket is not held");
  };
  deliver();
  assert.deepEqual(sink.pieces, [quarter], "the first at once");
  for (let more = 0; more < 8; more += 1) {
    deliver();
  }
  assert.deepEqual(sink.pieces, [quarter, 3 * quarter, walFrameBytes], "whole frames as they fill");
  deliver();
  clock.advance(walRestMs);
  deliver();
  assert.deepEqual(sink.pieces.slice(3), [3 * quarter], "it has waited long enough");
  assert.equal(told.length, sink.pieces.length);
  deliver();
  deliver();
  assert.deepEqual(sink.pieces.slice(4), [quarter], "to the frame's end");
  while (sink.pieces.length < 6) {
    await intake.changed();
  }
  assert.deepEqual(sink.pieces.slice(5), [quarter], "also when nothing follows");
  intake.close();
});

test("what gathers is stored before a connection that ended is left", async () => {
  const sink = appendingSink();
  const clock = new ManualClock();
  const { intake } = intakeOn(sink, () => false, { clock });
  await commits(intake, 3, clock);
  await intake.detach();
  assert.deepEqual(sink.pieces, [100, 200]);
  assert.equal(intake.durableLsn, addToLsn(START, 300));
  intake.close();
});

test("a receiver with little to do fills one segment's memory again and again, and each segment is published as it came", async () => {
  const pool = new SegmentMemoryPool(SEGMENT_BYTES);
  const published: { readonly shared: SharedArrayBuffer; readonly bytes: Buffer }[] = [];
  const sink = appendingSink();
  const intake = new WalIntake({
    timeline: timelineOf(1),
    walSegmentBytes: SEGMENT_BYTES,
    storeFrom: START,
    readFrom: START,
    reportedLsn: LSN_ZERO,
    sink,
    pool,
    publisher: {
      publish: ({ memory }) => {
        published.push({ shared: memory.shared, bytes: Buffer.from(memory.bytes) });
        setImmediate(() => {
          pool.give(memory);
          intake.memoryFreed();
        });
      },
      readAhead: () => undefined,
    },
    clock: new ManualClock(),
    isWaitedFor: () => true,
  });
  intake.attach({
    inRecovery: false,
    sendStatus: () => undefined,
    fail: (error) => assert.fail(String(error)),
  });
  // Messages that do not end where segments do: the next segment has begun when the last one is published.
  const messageBytes = 100_000;
  const wal = Buffer.from(
    Uint32Array.from({ length: SEGMENT_BYTES }, (_, index) => index * 2_654_435_761).buffer,
  );
  for (let at = 0; at < wal.length; at += messageBytes) {
    const bytes = wal.subarray(at, at + messageBytes);
    const startLsn = addToLsn(START, at);
    intake.onWal(bytes, startLsn, { endLsn: addToLsn(startLsn, bytes.length), timeMicros: 1n });
    await intake.onBatch();
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual(Buffer.concat(published.map(({ bytes }) => bytes)), wal);
  assert.equal(published.length, 4);
  assert.equal(new Set(published.map(({ shared }) => shared)).size, 1, "always the same");
  intake.close();
  assert.equal(pool.used, 0);
});

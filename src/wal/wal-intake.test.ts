import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../core/clock.ts";
import { walPartBatchBytes, walReplyPauseMs } from "../core/limits.ts";
import { type Lsn, LSN_ZERO, addToLsn, lsnOf } from "../core/lsn.ts";
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

function intakeOn(sink: PartSink): { readonly intake: WalIntake; readonly told: Lsn[] } {
  const told: Lsn[] = [];
  const intake = new WalIntake({
    timeline: timelineOf(1),
    walSegmentBytes: SEGMENT_BYTES,
    storeFrom: START,
    readFrom: START,
    reportedLsn: LSN_ZERO,
    sink,
    pool: new SegmentMemoryPool(SEGMENT_BYTES),
    publisher: { publish: () => assert.fail("no segment is full"), readAhead: () => undefined },
    clock: new ManualClock(),
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
  const until = performance.now() + 2.5 * walReplyPauseMs;
  while (performance.now() < until) {
    intake.onKeepalive(server, { replyRequested: true });
    void intake.onBatch();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const answers = told.length - toldBefore;
  assert.ok(answers >= 2 && answers <= 4, `${answers} answers`);
  intake.close();
});

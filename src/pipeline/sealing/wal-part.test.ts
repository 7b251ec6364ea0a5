import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { lsnOf } from "../../core/lsn.ts";
import { timelineOf } from "../../core/wal-name.ts";
import { ZstdCodec } from "../zstd-codec.ts";
import { createWriterPair, publicSide } from "./key-ring.ts";
import { codeOf, testIncarnation, testObjectId, testRing, withBitFlipped } from "./test-keys.ts";
import { PartAppender, PartPositions, readPart, type NewPart } from "./wal-part.ts";

const ring = testRing(1);
const incarnation = testIncarnation(9);
const facts = {
  systemIdentifier: 7n,
  timeline: timelineOf(1),
  walSegmentBytes: 1 << 24,
  startLsn: lsnOf(0x3000100n),
};
const here = { incarnation };

function newPart(number = 1): NewPart {
  return { objectId: testObjectId(number), createdAtMs: 1, epoch: 2, incarnation, facts };
}

async function partOf(
  pieces: readonly Uint8Array[],
  keys = publicSide(ring),
): Promise<{ bytes: Buffer; ends: number[] }> {
  using codec = new ZstdCodec();
  const appender = await PartAppender.begin(keys, newPart(), codec);
  const frames = pieces.map((piece, index) => Buffer.from(appender.append(piece, BigInt(index))));
  const ends = [appender.header.length];
  for (const frame of frames) {
    ends.push((ends.at(-1) ?? 0) + frame.length);
  }
  return { bytes: Buffer.concat([appender.header, ...frames]), ends };
}

const pieces = [Buffer.from("first record"), Buffer.alloc(0), Buffer.alloc(500, "wal ")];

test("what was appended on a host without the private side is read back, with contiguous positions", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 8 }), async (wal) => {
      const { bytes } = await partOf(wal);
      const part = await readPart(ring, bytes, here);
      assert.deepEqual(
        part.frames.map((frame) => new Uint8Array(frame.wal)),
        wal,
      );
      assert.equal(part.stop.reason, "end");
      assert.equal(part.stop.offset, bytes.length);
      assert.deepEqual(part.facts, facts);
      const total = wal.reduce((sum, piece) => sum + piece.length, 0);
      assert.equal(part.endLsn, facts.startLsn + BigInt(total));
    }),
    { numRuns: 20 },
  );
});

test("L6 a part torn at any byte gives the whole frames before the tear and never throws", async () => {
  const { bytes, ends } = await partOf(pieces);
  for (let length = ends[0] ?? 0; length <= bytes.length; length++) {
    const part = await readPart(ring, bytes.subarray(0, length), here);
    const whole = ends.filter((end) => end <= length).length - 1;
    assert.equal(part.frames.length, whole);
    assert.equal(part.stop.reason, ends.includes(length) ? "end" : "torn");
    assert.equal(part.stop.offset, ends[whole]);
  }
});

test("L40 a bit turned in a frame ends the part before that frame", async () => {
  const { bytes, ends } = await partOf(pieces);
  for (let bit = (ends[0] ?? 0) * 8; bit < bytes.length * 8; bit++) {
    const part = await readPart(ring, withBitFlipped(bytes, bit), here);
    const before = ends.filter((end) => end * 8 <= bit).length - 1;
    assert.equal(part.frames.length, before, `bit ${bit}`);
    assert.notEqual(part.stop.reason, "end");
    assert.deepEqual(
      part.frames.map((frame) => frame.wal),
      pieces.slice(0, before),
    );
  }
});

test("L40 a part with any bit of its header turned is refused", async () => {
  const { bytes, ends } = await partOf(pieces);
  for (let bit = 0; bit < (ends[0] ?? 0) * 8; bit += 3) {
    assert.match(
      await codeOf(() => readPart(ring, withBitFlipped(bytes, bit), here)),
      /^(REPO|KEY)_/,
    );
  }
});

test("frames left out, exchanged or repeated end the part", async () => {
  const { bytes, ends } = await partOf(pieces);
  const piece = (index: number): Buffer => bytes.subarray(ends[index], ends[index + 1]);
  const header = bytes.subarray(0, ends[0]);
  const cases = [
    [[0, 2], 1],
    [[1, 0, 2], 0],
    [[0, 0, 1, 2], 1],
    [[0, 1, 2, 2], 3],
  ] as const;
  for (const [order, authentic] of cases) {
    const part = await readPart(ring, Buffer.concat([header, ...order.map(piece)]), here);
    assert.equal(part.frames.length, authentic);
    assert.equal(part.stop.reason, "corrupt");
  }
});

test("a tail of zeros, as a crash leaves it, is no frame", async () => {
  const { bytes } = await partOf(pieces);
  const part = await readPart(ring, Buffer.concat([bytes, Buffer.alloc(4096)]), here);
  assert.equal(part.frames.length, pieces.length);
  assert.equal(part.stop.reason, "corrupt");
  assert.equal(part.stop.offset, bytes.length);
});

test("the metadata key alone reads positions, and not WAL", async () => {
  const host = publicSide(ring);
  const { bytes, ends } = await partOf(pieces);
  const whole = await readPart(ring, bytes, here);
  const seen = new PartPositions(host, bytes, here).content;
  assert.deepEqual(
    seen.frames,
    whole.frames.map(({ startLsn, endLsn, knownAt }) => ({ startLsn, endLsn, knownAt })),
  );
  assert.equal(seen.endLsn, whole.endLsn);
  assert.equal(await codeOf(() => readPart(host, bytes, here)), "KEY_PRIVATE_MISSING");
  const torn = new PartPositions(host, bytes.subarray(0, bytes.length - 1), here).content;
  assert.equal(torn.frames.length, 2);
  assert.equal(torn.stop.reason, "torn");
  // Header and position of the first frame; its WAL is not looked at.
  for (let bit = (ends[0] ?? 0) * 8; bit < ((ends[0] ?? 0) + 56) * 8; bit++) {
    const damaged = new PartPositions(host, withBitFlipped(bytes, bit), here).content;
    assert.equal(damaged.frames.length, 0);
  }
  const otherKey = { ...host, metadataKey: testRing(2).metadataKey };
  assert.equal(new PartPositions(otherKey, bytes, here).content.frames.length, 0);
});

test("a part by a writer that nobody enrolled is refused, positions too", async () => {
  const forger = {
    ...publicSide(ring),
    writer: { ...createWriterPair(), enrolment: ring.writer.enrolment },
  };
  const { bytes } = await partOf(pieces, forger);
  assert.equal(await codeOf(() => readPart(ring, bytes, here)), "REPO_WRITER_UNKNOWN");
  assert.equal(await codeOf(() => new PartPositions(ring, bytes, here)), "REPO_WRITER_UNKNOWN");
  const elsewhere = { incarnation: testIncarnation(1) };
  const { bytes: own } = await partOf(pieces);
  assert.equal(await codeOf(() => readPart(ring, own, elsewhere)), "REPO_OBJECT_MISPLACED");
});

/** A published segment is compared with what it should hold, from a file piece by piece or in memory: every difference is found. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { walFrameBytes } from "../core/limits.ts";
import { addToLsn, lsnOf } from "../core/lsn.ts";
import { timelineOf } from "../core/wal-name.ts";
import { sealTicket } from "../pipeline/sealing/object-header.ts";
import { testIncarnation, testObjectId, testRing } from "../pipeline/sealing/test-keys.ts";
import { ZstdCodec } from "../pipeline/zstd-codec.ts";
import { SegmentMemory } from "./segment-memory.ts";
import { differenceOf, writeSegmentObject } from "./segment-object.ts";

const directory = mkdtempSync(join(tmpdir(), "pra-segment-"));
after(() => {
  rmSync(directory, { recursive: true, force: true });
});

async function ticketOf(id: number): ReturnType<typeof sealTicket> {
  return sealTicket(testRing(1), {
    kind: "walSegment",
    objectId: testObjectId(id),
    createdAtMs: 0,
    incarnation: testIncarnation(2),
    epoch: 1,
    facts: new Uint8Array(56),
  });
}

test("L7 a segment read back is equal, and a byte turned, cut off or added anywhere is found, from a file as from memory", async () => {
  const codec = new ZstdCodec();
  const ticket = await ticketOf(1);
  // A frame that does not shrink, one that does, and a short one.
  const segment = Buffer.concat([
    randomBytes(walFrameBytes),
    Buffer.alloc(walFrameBytes, 7),
    Buffer.alloc(5000, 9),
  ]);
  const path = join(directory, "object");
  writeSegmentObject({ startLsn: lsnOf(0n), bytes: segment, knownAt: 0n }, { ticket, path, codec });
  const whole = readFileSync(path);
  const altered = join(directory, "altered");
  const differences = (object: Buffer, held: Buffer = segment): readonly (string | undefined)[] => {
    writeFileSync(altered, object);
    const comparison = { ticket, segment: held, codec };
    return [differenceOf(altered, comparison), differenceOf(object, comparison)];
  };
  assert.deepEqual(differences(whole), [undefined, undefined]);
  const others: readonly (readonly [string, Buffer, Buffer?])[] = [
    ["a byte less", whole.subarray(0, -1)],
    ["half of it", whole.subarray(0, whole.length / 2)],
    ["its header cut", whole.subarray(0, 20)],
    ["nothing", Buffer.alloc(0)],
    ["a byte more", Buffer.concat([whole, Buffer.alloc(1)])],
    ["more in the segment", whole, Buffer.concat([segment, Buffer.alloc(1)])],
    ["less in the segment", whole, segment.subarray(0, -1)],
    ["another segment", whole, Buffer.concat([segment.subarray(0, -1), Buffer.alloc(1)])],
  ];
  for (const [what, object, held] of others) {
    const [fromFile, fromMemory] = differences(object, held);
    assert.notEqual(fromFile, undefined, what);
    assert.equal(fromFile, fromMemory, what);
  }
  for (let at = 0; at < whole.length - 64; at += Math.floor(whole.length / 41)) {
    const object = Buffer.from(whole);
    object[at] = (object[at] ?? 0) ^ 1;
    const [fromFile, fromMemory] = differences(object);
    assert.notEqual(fromFile, undefined, `byte ${at}`);
    assert.equal(fromFile, fromMemory, `byte ${at}`);
  }
  codec.close();
});

/** A codec that counts what it compresses. */
class CountingCodec extends ZstdCodec {
  compressed = 0;

  override compressInto(source: Uint8Array, target: Uint8Array): number | "larger" {
    this.compressed += 1;
    return super.compressInto(source, target);
  }
}

test("L7 a frame that was compressed for a part is not compressed again, and one of other WAL is found when it is read back", async () => {
  const startLsn = lsnOf(BigInt(8 * walFrameBytes));
  const segmentBytes = 4 * walFrameBytes;
  const memory = new SegmentMemory(
    { timeline: timelineOf(1), startLsn, walSegmentBytes: segmentBytes },
    new SharedArrayBuffer(segmentBytes),
  );
  memory.write(Buffer.alloc(segmentBytes, "wal "), startLsn);
  using codec = new CountingCodec();
  const room = Buffer.alloc(2 * walFrameBytes);
  const keep = (frame: number, content: Buffer): void => {
    const from = addToLsn(startLsn, frame * walFrameBytes);
    const keeper = memory.frameKeeper(from, addToLsn(from, walFrameBytes));
    const length = codec.compressInto(content, room);
    assert.ok(length !== "larger");
    keeper?.(room.subarray(0, length));
  };
  const frameOf = (frame: number): Buffer =>
    memory.bytes.subarray(frame * walFrameBytes, (frame + 1) * walFrameBytes);
  const halfway = addToLsn(startLsn, walFrameBytes / 2);
  assert.equal(memory.frameKeeper(halfway, addToLsn(halfway, walFrameBytes)), undefined);
  assert.equal(memory.frameKeeper(startLsn, halfway), undefined);
  keep(0, frameOf(0));
  keep(2, frameOf(2));
  const publish = async (id: number): Promise<string | undefined> => {
    const ticket = await ticketOf(id);
    const path = join(directory, `compressed-${id}`);
    const { bytes, compressed } = memory;
    codec.compressed = 0;
    writeSegmentObject({ startLsn, bytes, knownAt: 0n, compressed }, { ticket, path, codec });
    assert.equal(codec.compressed, 2, "the two that were not");
    return differenceOf(path, { ticket, segment: bytes, codec });
  };
  assert.equal(await publish(2), undefined);
  keep(2, Buffer.alloc(walFrameBytes, "not "));
  assert.equal(await publish(3), "frame 2 differs");
});

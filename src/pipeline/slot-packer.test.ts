import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import fc from "fast-check";
import { present } from "../core/assert.ts";
import { connectionReadBufferBytes, slotBytes, slotExtentsMax } from "../core/limits.ts";
import { deriveFingerprintKey } from "./fingerprint-key.ts";
import { type FinishedObject, FramedFileWriter } from "./framed-file-writer.ts";
import { FrameReader } from "./sealing/frame-codec.ts";
import { openFramed } from "./sealing/framed-object.ts";
import { type ObjectTicket, sealTicket } from "./sealing/object-header.ts";
import { testIncarnation, testObjectId, testRing } from "./sealing/test-keys.ts";
import { selectBlockPass } from "./select-block-pass.ts";
import { SlotPacker, type SlotPlacement } from "./slot-packer.ts";
import { PLACED_UNCHANGED, PLACED_ZEROS, Slot, allocateSlots } from "./slot.ts";
import { ZstdCodec } from "./zstd-codec.ts";

const BLOCK = 1024;
const ring = testRing(1);
const incarnation = testIncarnation(2);
const directory = mkdtempSync("/tmp/pra-packer-");
after(() => {
  rmSync(directory, { recursive: true, force: true });
});

let made = 0;

async function tickets(count: number): Promise<{ ticket: ObjectTicket; path: string }[]> {
  return await Promise.all(
    Array.from({ length: count }, async () => {
      const objectId = testObjectId(made++);
      const about = { kind: "pack", objectId, createdAtMs: 0, incarnation, epoch: 0 } as const;
      return { ticket: await sealTicket(ring, about), path: join(directory, objectId) };
    }),
  );
}

/** What a block of a slot shall be. */
type Wanted = "new" | "unchanged" | "zeros";
type WantedExtent = {
  readonly blocks: readonly Wanted[];
  readonly tail: number;
  readonly old: boolean;
};

const extent: fc.Arbitrary<WantedExtent> = fc
  .record({
    blocks: fc.array(fc.constantFrom<Wanted>("new", "unchanged", "zeros"), { maxLength: 6 }),
    tail: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: BLOCK - 1 })),
    old: fc.boolean(),
  })
  .filter(({ blocks, tail }) => blocks.length > 0 || tail > 0);

const slots = fc.array(fc.array(extent, { minLength: 1, maxLength: 8 }), {
  minLength: 1,
  maxLength: 4,
});

const key = deriveFingerprintKey(ring.metadataKey, incarnation);
const memory = allocateSlots(1, BLOCK);
const pass = selectBlockPass(memory.blocks, key);
let salt = 0;

/** Fills a slot as wanted; answers the bytes of each block. */
function fill(slot: Slot, extents: readonly WantedExtent[]): Buffer[] {
  slot.clear();
  slot.previous.fill(1n << 62n);
  const blocks: Buffer[] = [];
  let at = 0;
  for (const { blocks: kinds, tail, old } of extents) {
    at = Math.ceil(at / 64) * 64;
    const lengthBytes = kinds.length * BLOCK + tail;
    const first = blocks.length;
    slot.addExtent({ offsetBytes: at, lengthBytes, firstBlockNumber: 0, checkPages: false });
    for (const kind of [...kinds, ...(tail > 0 ? (["new"] as const) : [])]) {
      const length = Math.min(BLOCK, at + lengthBytes - (at + (blocks.length - first) * BLOCK));
      const bytes = Buffer.alloc(length);
      if (kind !== "zeros") {
        bytes.fill((salt += 7) % 251);
        bytes.writeUInt8(1 + (salt % 200), 0);
      }
      slot.data.set(bytes, at + (blocks.length - first) * BLOCK);
      blocks.push(bytes);
    }
    kinds.forEach((kind, n) => {
      if (kind === "unchanged") {
        const offsetBytes = slot.inputOffset + at + n * BLOCK;
        const run = { offsetBytes, blockCount: 1, firstBlockNumber: 0, checkPages: false };
        slot.previous[first + n] = pass.run(run).fingerprints[0] ?? 0n;
      }
    });
    if (tail > 0 && old) {
      const piece = {
        offsetBytes: slot.inputOffset + at + kinds.length * BLOCK,
        lengthBytes: tail,
      };
      slot.previous[first + kinds.length] = pass.tail(piece);
    }
    at += lengthBytes;
  }
  return blocks;
}

async function framesOf(pack: FinishedObject): Promise<Buffer[]> {
  const bytes = readFileSync(pack.path);
  const read = (offset: number, length: number): Promise<Uint8Array> =>
    Promise.resolve(bytes.subarray(offset, offset + length));
  const expected = { kind: "pack", objectId: pack.id, incarnation } as const;
  const opened = await openFramed(ring, read, bytes.length, expected);
  const codec = new ZstdCodec();
  const reader = new FrameReader(opened.ticket, codec);
  return opened.directory.map((_, index) => {
    const { offset, length } = opened.frameRange(index);
    return Buffer.from(reader.read(bytes.subarray(offset, offset + length), index).plain);
  });
}

type Claim = { readonly placement: SlotPlacement; readonly offset: number; readonly bytes: Buffer };

test("every block is new, unchanged or zeros, and new ones lie where the placement says", async () => {
  const codec = new ZstdCodec();
  await fc.assert(
    fc.asyncProperty(slots, async (wanted) => {
      const places = await tickets(2);
      const finished: FinishedObject[] = [];
      const packer = new SlotPacker({
        pass,
        openPack: () => new FramedFileWriter({ ...present(places.shift(), "a ticket"), codec }),
        onFinished: (pack) => finished.push(pack),
      });
      const slot = new Slot(memory, 0);
      const claims: Claim[] = [];
      for (const extents of wanted) {
        const blocks = fill(slot, extents);
        const placement = packer.process(slot);
        assert.equal(slot.blockCount, blocks.length);
        let at = 0;
        for (const { blocks: kinds, tail, old } of extents) {
          const expected = [...kinds, ...(tail > 0 ? [old ? "unchanged" : "new"] : [])];
          expected.forEach((kind) => {
            const offset = slot.placements[at] ?? -9;
            const known = { unchanged: PLACED_UNCHANGED, zeros: PLACED_ZEROS };
            if (kind === "unchanged" || kind === "zeros") {
              assert.equal(offset, known[kind]);
            } else {
              assert.ok(offset >= 0);
              claims.push({ placement, offset, bytes: present(blocks[at], "a block") });
            }
            at += 1;
          });
        }
      }
      packer.finish();
      const frames = new Map(
        await Promise.all(finished.map(async (pack) => [pack.id, await framesOf(pack)] as const)),
      );
      for (const { placement, offset, bytes } of claims) {
        assert.ok(placement.pack !== null);
        const frame = frames.get(placement.pack)?.[placement.frame];
        assert.deepEqual(frame?.subarray(offset, offset + bytes.length), bytes);
      }
      assert.equal(finished.length, claims.length > 0 ? 1 : 0);
    }),
    { numRuns: 60 },
  );
});

test("one slot takes all files that one read of a socket can hold", () => {
  const archiveBytesOfSmallestFile = 512 + 512;
  assert.ok(slotExtentsMax * archiveBytesOfSmallestFile >= connectionReadBufferBytes);
  assert.ok(slotBytes >= connectionReadBufferBytes + slotExtentsMax * 64);
});

test("a slot of as many files as it can take, each shorter than a block, is packed whole", async () => {
  const codec = new ZstdCodec();
  const [place] = await tickets(1);
  const finished: FinishedObject[] = [];
  const packer = new SlotPacker({
    pass,
    openPack: () => new FramedFileWriter({ ...present(place, "a ticket"), codec }),
    onFinished: (pack) => finished.push(pack),
  });
  const slot = new Slot(memory, 0);
  const extents = Array.from({ length: slotExtentsMax }, (_, n) => ({
    blocks: n % 2 === 0 ? (["new"] as const) : [],
    tail: 1 + (n % (BLOCK - 1)),
    old: false,
  }));
  const blocks = fill(slot, extents);
  const placement = packer.process(slot);
  packer.finish();
  const [pack] = finished;
  assert.ok(pack !== undefined);
  const frames = await framesOf(pack);
  blocks.forEach((bytes, at) => {
    const offset = slot.placements[at] ?? -1;
    assert.deepEqual(frames[placement.frame]?.subarray(offset, offset + bytes.length), bytes);
  });
  assert.equal(
    pack.plainBytes,
    frames.reduce((sum, frame) => sum + frame.length, 0),
  );
});

test("a slot of one file, new to its last block, is a frame as it lies, and what follows begins the next", async () => {
  const codec = new ZstdCodec();
  const [place] = await tickets(1);
  const finished: FinishedObject[] = [];
  const packer = new SlotPacker({
    pass,
    openPack: () => new FramedFileWriter({ ...present(place, "a ticket"), codec }),
    onFinished: (pack) => finished.push(pack),
  });
  const slot = new Slot(memory, 0);
  const count = slotBytes / BLOCK;
  const whole = {
    blocks: Array.from({ length: count }, () => "new" as const),
    tail: 0,
    old: false,
  };
  const holed = { ...whole, blocks: whole.blocks.map((kind, n) => (n === 7 ? "zeros" : kind)) };
  const short = { blocks: ["new"] as const, tail: 9, old: false };
  const found: { bytes: Buffer; frame: number; offset: number }[] = [];
  for (const extents of [[whole], [holed], [short], [whole], [short], [whole]]) {
    const blocks = fill(slot, extents);
    const { frame } = packer.process(slot);
    blocks.forEach((bytes, at) => {
      const offset = slot.placements[at] ?? -1;
      assert.equal(
        offset === PLACED_ZEROS,
        bytes.every((byte) => byte === 0),
      );
      found.push(...(offset < 0 ? [] : [{ bytes, frame, offset }]));
    });
  }
  packer.finish();
  const frames = await framesOf(present(finished[0], "a pack"));
  assert.equal(frames.length, 4);
  for (const { bytes, frame, offset } of found) {
    assert.deepEqual(frames[frame]?.subarray(offset, offset + bytes.length), bytes);
  }
  assert.equal(found.length, count * 4 - 1 + 2 * 2);
});

test("a writer that is disposed of closes its file, and one that exists is not written over", async () => {
  const codec = new ZstdCodec();
  const [place] = await tickets(1);
  assert.ok(place !== undefined);
  const open = (): number => readdirSync("/proc/self/fd").length;
  const before = open();
  {
    using writer = new FramedFileWriter({ ...place, codec });
    writer.addFrame(Buffer.alloc(100_000, 1));
    assert.equal(open(), before + 1);
  }
  assert.equal(open(), before);
  assert.throws(() => new FramedFileWriter({ ...place, codec }), { code: "EEXIST" });
  assert.equal(open(), before);
});

test("an object of no frames, of one stored and of frames beyond the write buffer is read back, and hashed", async () => {
  const codec = new ZstdCodec();
  const [empty, large] = await tickets(2);
  assert.ok(empty !== undefined && large !== undefined);
  const none = new FramedFileWriter({ ...empty, codec }).finish();
  assert.deepEqual(await framesOf(none), []);
  assert.equal(none.sha256, undefined);
  const writer = new FramedFileWriter({ ...large, codec, digest: true });
  const random = Buffer.from(crypto.getRandomValues(new Uint8Array(60_000)));
  const contents = [
    random,
    Buffer.alloc(5_000_000, "abc"),
    Buffer.alloc(16 * 1024 * 1024, 7),
    Buffer.from("x"),
  ];
  contents.forEach((content, index) => assert.equal(writer.addFrame(content), index));
  const done = writer.finish();
  assert.deepEqual(await framesOf(done), contents);
  const bytes = readFileSync(done.path);
  assert.equal(bytes.length, done.bytes);
  const digest = Buffer.from(await crypto.subtle.digest("SHA-256", bytes)).toString("hex");
  assert.equal(done.sha256, digest);
});

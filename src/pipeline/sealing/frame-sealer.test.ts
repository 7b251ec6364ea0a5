import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isDrError } from "../../core/errors.ts";
import { configureFailpoints } from "../../core/failpoint.ts";
import { lsnOf } from "../../core/lsn.ts";
import { zstdBoundBytes, ZstdCodec } from "../zstd-codec.ts";
import { FrameReader, FrameWriter } from "./frame-codec.ts";
import { FrameOpener, frameOverheadBytes, FrameSealer, PositionOpener } from "./frame-sealer.ts";
import { metadataObjectKey, positionKey } from "./key-derivation.ts";
import type { ObjectKind } from "./object-kind.ts";
import type { ObjectTicket } from "./object-header.ts";
import { codeOf, testObjectId, testRing, withBitFlipped } from "./test-keys.ts";

function testTicket(kind: ObjectKind, seed = 1, id = 1): ObjectTicket {
  const ring = testRing(seed);
  const place = { kind, objectId: testObjectId(id), repositoryId: ring.repositoryId };
  const key = metadataObjectKey(ring.metadataKey, { ...place, generation: 1 });
  const ticket = { ...place, key, header: new Uint8Array(0) };
  return kind === "walPart" || kind === "walSegment"
    ? { ...ticket, positionKey: positionKey(ring.metadataKey, place) }
    : ticket;
}

function position(
  start: number,
  length: number,
): { startLsn: ReturnType<typeof lsnOf>; endLsn: ReturnType<typeof lsnOf>; knownAt: bigint } {
  return { startLsn: lsnOf(BigInt(start)), endLsn: lsnOf(BigInt(start + length)), knownAt: 77n };
}

function sealStored(
  sealer: FrameSealer,
  content: Uint8Array,
  more: { last?: boolean; position?: ReturnType<typeof position> } = {},
): Buffer {
  const target = Buffer.alloc(content.length + frameOverheadBytes(more.position !== undefined) + 5);
  const written = sealer.seal(
    content,
    {
      plainLength: content.length,
      codec: "stored",
      last: more.last ?? false,
      position: more.position,
    },
    target,
    5,
  );
  return target.subarray(5, 5 + written);
}

configureFailpoints({
  guardsOff: process.env["PRA_GUARD_OFF"],
  effects: { kill: () => process.exit(99) },
});

test("what was sealed opens under its index, in any order", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 6 }),
      (contents) => {
        const sealer = new FrameSealer(testTicket("pack"));
        const frames = contents.map((content, index) =>
          sealStored(sealer, content, { last: index === contents.length - 1 }),
        );
        const opener = new FrameOpener(testTicket("pack"));
        for (let index = contents.length - 1; index >= 0; index--) {
          const opened = opener.open(frames[index] ?? Buffer.alloc(0), index);
          assert.deepEqual(new Uint8Array(opened.content), contents[index]);
          assert.equal(opened.last, index === contents.length - 1);
        }
      },
    ),
  );
});

test("ciphers made ahead, at whatever moments, seal the same bytes as those made when they are needed", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 9000 })), { maxLength: 40 }),
      (frames) => {
        const ahead = new FrameSealer(testTicket("walPart"));
        const plain = new FrameSealer(testTicket("walPart"));
        for (const [index, [prepares, length]] of frames.entries()) {
          if (prepares) {
            ahead.prepare();
          }
          const content = Buffer.alloc(length, index);
          const more = { position: position(index * 10_000, length) };
          const sealed = sealStored(ahead, content, more);
          assert.ok(sealed.equals(sealStored(plain, content, more)));
          const opened = new FrameOpener(testTicket("walPart")).open(sealed, index);
          assert.deepEqual(opened.position, more.position);
        }
      },
    ),
  );
});

test("frames with positions give them back", () => {
  const sealer = new FrameSealer(testTicket("walPart"));
  const frame = sealStored(sealer, Buffer.from("wal"), { position: position(100, 3) });
  assert.equal(frame.length, 3 + 72);
  const opened = new FrameOpener(testTicket("walPart")).open(frame, 0);
  assert.deepEqual(opened.position, position(100, 3));
  const ticket = testTicket("walPart");
  const positions = new PositionOpener({
    ...ticket,
    positionKey: ticket.positionKey ?? new Uint8Array(0),
  });
  assert.deepEqual(positions.open(frame.subarray(0, 56), 0), position(100, 3));
});

test("L40 a frame with any single bit turned is refused with REPO_FRAME_CORRUPT", async () => {
  const plain = new FrameSealer(testTicket("pack"));
  const positioned = new FrameSealer(testTicket("walPart"));
  const cases = [
    ["pack", sealStored(plain, Buffer.from("a block of a relation"))],
    [
      "walPart",
      sealStored(positioned, Buffer.from("a WAL record"), { position: position(100, 12) }),
    ],
  ] as const;
  for (const [kind, frame] of cases) {
    const opener = new FrameOpener(testTicket(kind));
    for (let bit = 0; bit < frame.length * 8; bit++) {
      const code = await codeOf(() => opener.open(withBitFlipped(frame, bit), 0));
      assert.equal(code, "REPO_FRAME_CORRUPT", `${kind}, bit ${bit}`);
    }
  }
});

test("L40 a frame that is cut or has more behind it is refused at every length", async () => {
  const frame = sealStored(new FrameSealer(testTicket("pack")), Buffer.from("a block"));
  const opener = new FrameOpener(testTicket("pack"));
  for (let length = 0; length < frame.length; length++) {
    assert.equal(
      await codeOf(() => opener.open(frame.subarray(0, length), 0)),
      "REPO_FRAME_CORRUPT",
    );
  }
  const longer = Buffer.concat([frame, Buffer.alloc(1)]);
  assert.equal(await codeOf(() => opener.open(longer, 0)), "REPO_FRAME_CORRUPT");
});

test("L40 frames exchanged, repeated at another index, of another object, kind or repository are refused", async () => {
  const sealer = new FrameSealer(testTicket("pack"));
  const first = sealStored(sealer, Buffer.from("one"));
  const second = sealStored(sealer, Buffer.from("two"));
  const opener = new FrameOpener(testTicket("pack"));
  assert.equal(await codeOf(() => opener.open(first, 1)), "REPO_FRAME_CORRUPT");
  assert.equal(await codeOf(() => opener.open(second, 0)), "REPO_FRAME_CORRUPT");
  assert.equal(await codeOf(() => opener.open(first, 2 ** 31)), "REPO_FRAME_CORRUPT");
  const own = testTicket("pack");
  // Same object key each time: what refuses is the binding, not the key.
  const elsewhere: readonly ObjectTicket[] = [
    { ...own, objectId: testObjectId(2) },
    { ...own, kind: "map" },
    { ...own, repositoryId: testRing(2).repositoryId },
  ];
  for (const ticket of elsewhere) {
    assert.equal(await codeOf(() => new FrameOpener(ticket).open(first, 0)), "REPO_FRAME_CORRUPT");
  }
  const otherKey = { ...own, key: testTicket("pack", 2).key };
  assert.equal(await codeOf(() => new FrameOpener(otherKey).open(first, 0)), "REPO_FRAME_CORRUPT");
  assert.equal(opener.open(first, 0).content.toString(), "one");
});

test("a position taken from another frame of the same part is refused", async () => {
  const sealer = new FrameSealer(testTicket("walPart"));
  const first = sealStored(sealer, Buffer.from("abc"), { position: position(100, 3) });
  const second = sealStored(sealer, Buffer.from("abc"), { position: position(103, 3) });
  const mixed = Buffer.concat([
    second.subarray(0, 16),
    first.subarray(16, 56),
    second.subarray(56),
  ]);
  const opener = new FrameOpener(testTicket("walPart"));
  assert.equal(await codeOf(() => opener.open(mixed, 1)), "REPO_FRAME_CORRUPT");
});

test("a frame whose error is shown names object and index, and no key", () => {
  const ticket = testTicket("pack");
  try {
    new FrameOpener(ticket).open(Buffer.alloc(40), 3);
    assert.fail("it was accepted");
  } catch (error) {
    assert.ok(isDrError(error, "REPO_FRAME_CORRUPT"));
    assert.equal(error.details["index"], 3);
    assert.match(error.message, /frame 3 of pack 0192a4b7c5d0/);
    const key = Buffer.from(ticket.key);
    assert.equal(error.message.includes(key.toString("hex").slice(0, 12)), false);
    assert.equal(error.message.includes(key.toString("base64").slice(0, 12)), false);
  }
});

test("a sealer refuses what would repeat a nonce or break the layout", () => {
  const closed = new FrameSealer(testTicket("pack"));
  sealStored(closed, Buffer.from("x"), { last: true });
  assert.throws(() => sealStored(closed, Buffer.from("y")), /no frame follows/);
  const open = new FrameSealer(testTicket("pack"));
  assert.throws(() => sealStored(open, Buffer.from("x"), { position: position(0, 1) }), /position/);
  const part = new FrameSealer(testTicket("walPart"));
  assert.throws(() => sealStored(part, Buffer.from("x")), /position/);
  assert.throws(() => sealStored(part, Buffer.from("x"), { last: true }), /no last frame/);
  const wrongLength = { plainLength: 2, codec: "stored", last: false } as const;
  assert.throws(
    () => open.seal(Buffer.from("x"), wrongLength, Buffer.alloc(100), 0),
    /plain length/,
  );
  const right = { plainLength: 1, codec: "stored", last: false } as const;
  assert.throws(() => open.seal(Buffer.from("x"), right, Buffer.alloc(32), 0), /room/);
  assert.equal(open.nextIndex, 0);
});

test("known answer: a sealed frame with a position", () => {
  const frame = sealStored(new FrameSealer(testTicket("walPart")), Buffer.from("WAL"), {
    position: position(0x1000000, 3),
  });
  assert.equal(
    frame.toString("hex"),
    "130000000300000000020000000000003d577d6cd7a3652ccff420f9c3bdd950abd4177b5df35a5b5ce9bc8934e764c41729aff9f37d936b750fa24aa6e33d29b9596a408b8e4e4b98b2d4",
  );
});

test("frames through the codec come back, compressed or stored", () => {
  using codec = new ZstdCodec();
  const contents = [
    Buffer.alloc(100_000, "compressible "),
    Buffer.from("x"),
    Buffer.alloc(0),
    testRing(3).metadataKey,
  ];
  const writer = new FrameWriter(testTicket("pack"), codec);
  const frames = contents.map((content) => Buffer.from(writer.write(content)));
  assert.deepEqual(
    writer.entries.map((entry) => entry.codec),
    ["zstd", "stored", "stored", "stored"],
  );
  assert.ok((frames[0]?.length ?? 0) < 1000);
  const reader = new FrameReader(testTicket("pack"), codec);
  frames.forEach((frame, index) => {
    assert.deepEqual(reader.read(frame, index).plain, Buffer.from(contents[index] ?? []));
  });
});

test("an authentic frame that states another plain length than zstd gives is refused", async () => {
  using codec = new ZstdCodec();
  const plain = Buffer.alloc(5000, "abc");
  const room = Buffer.alloc(zstdBoundBytes(plain.length));
  const length = codec.compressInto(plain, room);
  assert.ok(length !== "larger");
  const content = room.subarray(0, length);
  const frame = Buffer.alloc(length + frameOverheadBytes(false));
  new FrameSealer(testTicket("pack")).seal(
    content,
    { plainLength: 5001, codec: "zstd", last: false },
    frame,
    0,
  );
  assert.equal(
    await codeOf(() => new FrameReader(testTicket("pack"), codec).read(frame, 0)),
    "REPO_FRAME_CODEC",
  );
});

test("frames of any length around the cipher's pieces open, into room of the caller and into a buffer of their own", async () => {
  const ticket = testTicket("pack");
  const sealer = new FrameSealer(ticket);
  const opener = new FrameOpener(ticket);
  const room = Buffer.alloc(300_000);
  for (const length of [0, 1, 65_535, 65_536, 65_537, 131_072, 200_001]) {
    const content = Buffer.from(Array.from({ length }, (_, at) => (at * 31 + length) & 255));
    const index = sealer.nextIndex;
    const frame = sealStored(sealer, content);
    assert.deepEqual(opener.open(frame, index).content, content);
    const opened = opener.open(frame, index, room).content;
    assert.deepEqual(opened, content);
    assert.equal(opened.buffer, room.buffer);
    const damaged = withBitFlipped(frame, (frame.length - 20) * 8);
    const code = await codeOf(() => opener.open(damaged, index, room));
    assert.equal(code, "REPO_FRAME_CORRUPT");
  }
});

test("sealing three hundred frames of a MiB leaves no more memory behind than sealing ten", () => {
  const content = Buffer.alloc(1_048_576, 5);
  const target = Buffer.alloc(content.length + frameOverheadBytes(false));
  const sealer = new FrameSealer(testTicket("pack"));
  const frame = { plainLength: content.length, codec: "stored", last: false } as const;
  const external = (count: number): number => {
    let most = 0;
    for (let n = 0; n < count; n++) {
      sealer.seal(content, frame, target, 0);
      most = Math.max(most, process.memoryUsage().arrayBuffers);
    }
    return most;
  };
  const few = external(10);
  assert.ok(external(300) < few + 1_048_576);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { directoryGuessBytes, headerBytesMax } from "../../core/limits.ts";
import { lsnOf } from "../../core/lsn.ts";
import { SeededRandom } from "../../core/random.ts";
import { timelineOf } from "../../core/wal-name.ts";
import { ZstdCodec } from "../zstd-codec.ts";
import {
  decodeDirectory,
  encodeDirectory,
  TRAILER_BYTES,
  type DirectoryEntry,
} from "./directory.ts";
import { decodeWalSegmentFacts, encodeWalSegmentFacts } from "./facts.ts";
import { FrameReader, FrameWriter } from "./frame-codec.ts";
import { openFramed, type FramedObject } from "./framed-object.ts";
import { wrapKey } from "./hpke-wrap.ts";
import { dataKeyInfo, walContentDigest } from "./key-derivation.ts";
import { createWriterPair, enrolWriter, publicSide, type KeyRing } from "./key-ring.ts";
import {
  checkHeader,
  sealTicket,
  signHeader,
  type ExpectedObject,
  type NewObject,
  type ObjectTicket,
} from "./object-header.ts";
import { codeOf, testIncarnation, testObjectId, testRing, withBitFlipped } from "./test-keys.ts";

const ring = testRing(1);
const incarnation = testIncarnation(9);
const facts = {
  systemIdentifier: 7n,
  timeline: timelineOf(1),
  walSegmentBytes: 1 << 24,
  startLsn: lsnOf(0x1000000n),
};

function newObject(kind: NewObject["kind"], number = 1): NewObject {
  const base = { kind, objectId: testObjectId(number), createdAtMs: 1, incarnation };
  const contentDigest = walContentDigest(ring, [Buffer.from("wal")]);
  return kind === "walSegment"
    ? { ...base, facts: encodeWalSegmentFacts({ ...facts, contentDigest }) }
    : base;
}

function expectedOf(kind: NewObject["kind"], number = 1): ExpectedObject {
  return { kind, objectId: testObjectId(number), incarnation };
}

function written(ticket: ObjectTicket, contents: readonly Uint8Array[]): Buffer {
  using codec = new ZstdCodec();
  const writer = new FrameWriter(ticket, codec);
  let start = facts.startLsn;
  const frames = contents.map((content) => {
    const end = lsnOf(start + BigInt(content.length));
    const position = { startLsn: start, endLsn: end, knownAt: 0n };
    start = end;
    return Buffer.from(writer.write(content, ticket.kind === "walSegment" ? { position } : {}));
  });
  return Buffer.concat([ticket.header, ...frames, writer.finish()]);
}

function open(
  bytes: Buffer,
  expected: ExpectedObject,
  keys: KeyRing = ring,
): Promise<FramedObject> {
  const read = (offset: number, length: number): Promise<Buffer> => {
    assert.ok(offset >= 0 && offset + length <= bytes.length, "reads stay inside the object");
    return Promise.resolve(bytes.subarray(offset, offset + length));
  };
  return openFramed(keys, read, bytes.length, expected);
}

function contentsOf(bytes: Buffer, framed: FramedObject): Buffer[] {
  using codec = new ZstdCodec();
  const reader = new FrameReader(framed.ticket, codec);
  return framed.directory.map((_, index) => {
    const { offset, length } = framed.frameRange(index);
    return reader.read(bytes.subarray(offset, offset + length), index).plain;
  });
}

const contents = [Buffer.alloc(9000, "block"), Buffer.from("short"), Buffer.alloc(0)];

test("packs, maps and WAL segments are found from their end and read back", async () => {
  for (const kind of ["pack", "map", "walSegment"] as const) {
    const bytes = written(await sealTicket(publicSide(ring), newObject(kind)), contents);
    const framed = await open(bytes, expectedOf(kind));
    assert.deepEqual(contentsOf(bytes, framed), contents);
  }
});

test("an object without frames, and one whose directory needs a third read, open", async () => {
  const ticket = await sealTicket(ring, newObject("pack"));
  const empty = written(ticket, []);
  assert.equal((await open(empty, expectedOf("pack"))).directory.length, 0);
  using codec = new ZstdCodec();
  const writer = new FrameWriter(ticket, codec);
  const lengths = new SeededRandom(1).bytes(50_000).map((byte) => byte & 127);
  const frames = Array.from({ length: 50_000 }, (_, index) =>
    Buffer.from(writer.write(Buffer.alloc(lengths[index] ?? 0))),
  );
  const large = Buffer.concat([ticket.header, ...frames, writer.finish()]);
  assert.ok(large.readUInt32LE(large.length - 4) > directoryGuessBytes);
  assert.ok(large.length > directoryGuessBytes + headerBytesMax);
  const framed = await open(large, expectedOf("pack"));
  assert.equal(framed.directory.length, 50_000);
  const { offset, length } = framed.frameRange(49_999);
  assert.deepEqual(large.subarray(offset, offset + length), frames[49_999]);
});

test("L40 a pack with any single bit turned is refused on opening, or in the frame that holds it", async () => {
  const bytes = written(await sealTicket(ring, newObject("pack")), [
    Buffer.from("one"),
    Buffer.from("two"),
  ]);
  for (let bit = 0; bit < bytes.length * 8; bit += 3) {
    const damaged = withBitFlipped(bytes, bit);
    const code = await codeOf(async () =>
      contentsOf(damaged, await open(damaged, expectedOf("pack"))),
    );
    assert.match(code, /^(REPO|KEY)_/, `bit ${bit}: ${code}`);
  }
});

test("L40 a pack cut at any byte or with bytes behind it is refused", async () => {
  const bytes = written(await sealTicket(ring, newObject("pack")), [
    Buffer.from("one"),
    Buffer.from("two"),
  ]);
  for (let length = 0; length < bytes.length; length++) {
    const code = await codeOf(() => open(bytes.subarray(0, length), expectedOf("pack")));
    assert.match(code, /^REPO_/, `${length} bytes: ${code}`);
  }
  const longer = Buffer.concat([bytes, Buffer.alloc(16)]);
  assert.equal(await codeOf(() => open(longer, expectedOf("pack"))), "REPO_OBJECT_DAMAGED");
});

test("a forged trailer only fails", async () => {
  const bytes = written(await sealTicket(ring, newObject("pack")), [
    Buffer.from("one"),
    Buffer.from("two"),
  ]);
  const trailer = bytes.length - TRAILER_BYTES;
  const first = bytes.indexOf(Buffer.from("13000000030000", "hex"));
  assert.ok(first > 0);
  const cases: readonly (readonly [number, number])[] = [
    [trailer + 4, 1],
    [trailer + 4, 3],
    [trailer + 4, 0xffffffff],
    [trailer + 8, 0],
    [trailer + 8, trailer],
    [trailer + 8, 0xffffffff],
    [trailer + 8, trailer - first],
  ];
  for (const [at, value] of cases) {
    const forged = Buffer.from(bytes);
    forged.writeUInt32LE(value, at);
    assert.match(await codeOf(() => open(forged, expectedOf("pack"))), /^REPO_/);
  }
  // The object cut after its first frame, with a trailer that calls that frame the directory.
  const cut = Buffer.concat([bytes.subarray(0, first + 35), bytes.subarray(trailer)]);
  cut.writeUInt32LE(0, cut.length - 8);
  cut.writeUInt32LE(35, cut.length - 4);
  assert.equal(await codeOf(() => open(cut, expectedOf("pack"))), "REPO_OBJECT_DAMAGED");
});

test("L40 a pack of another id, incarnation, kind or repository is refused", async () => {
  const bytes = written(await sealTicket(ring, newObject("pack")), contents);
  assert.equal(await codeOf(() => open(bytes, expectedOf("pack", 2))), "REPO_OBJECT_MISPLACED");
  assert.equal(
    await codeOf(() => open(bytes, { ...expectedOf("pack"), incarnation: testIncarnation(1) })),
    "REPO_OBJECT_MISPLACED",
  );
  assert.equal(await codeOf(() => open(bytes, expectedOf("map"))), "REPO_OBJECT_MISPLACED");
  assert.equal(
    await codeOf(() => open(bytes, expectedOf("pack"), testRing(2))),
    "REPO_OBJECT_MISPLACED",
  );
});

test("data does not open without the private side, nor with another private key", async () => {
  const bytes = written(await sealTicket(ring, newObject("pack")), contents);
  assert.equal(
    await codeOf(() => open(bytes, expectedOf("pack"), publicSide(ring))),
    "KEY_PRIVATE_MISSING",
  );
  const wrong = {
    ...ring,
    private: { ...ring.private, dataPrivateKey: testRing(2).private.dataPrivateKey },
  };
  assert.equal(await codeOf(() => open(bytes, expectedOf("pack"), wrong)), "REPO_KEY_WRONG");
});

test("a forgery by who holds only the public key is REPO_WRITER_UNKNOWN, though its HPKE seal is valid", async () => {
  const pair = createWriterPair();
  const forgers: readonly KeyRing[] = [
    { ...publicSide(ring), writer: { ...pair, enrolment: new Uint8Array(64) } },
    {
      ...publicSide(ring),
      writer: { ...pair, enrolment: enrolWriter(testRing(2), pair.publicKey) },
    },
  ];
  for (const forger of forgers) {
    for (const kind of ["pack", "walSegment"] as const) {
      const bytes = written(await sealTicket(forger, newObject(kind)), contents);
      assert.equal(await codeOf(() => open(bytes, expectedOf(kind))), "REPO_WRITER_UNKNOWN");
    }
  }
});

test("a wrapped key moved from another object does not open, even when an enrolled writer signs it", async () => {
  const object = newObject("pack");
  const info = dataKeyInfo({
    kind: "pack",
    objectId: testObjectId(2),
    repositoryId: ring.repositoryId,
  });
  const wrappedKey = await wrapKey({
    publicKey: ring.dataPublicKey,
    info,
    key: new Uint8Array(32),
  });
  const header = signHeader(ring, object, { wrappedKey });
  const bytes = Buffer.concat([header, Buffer.alloc(64)]);
  assert.equal(await codeOf(() => open(bytes, expectedOf("pack"))), "REPO_KEY_WRONG");
});

test("a segment's facts are read without the private side", async () => {
  const { header } = await sealTicket(ring, newObject("walSegment"));
  const checked = checkHeader(publicSide(ring), header, expectedOf("walSegment"));
  const contentDigest = walContentDigest(publicSide(ring), [Buffer.from("w"), Buffer.from("al")]);
  assert.deepEqual(decodeWalSegmentFacts(checked.facts), { ...facts, contentDigest });
  assert.notDeepEqual(walContentDigest(testRing(2), [Buffer.from("wal")]), contentDigest);
});

test("a directory reads back, and other bytes are REPO_ENCODING", async () => {
  const entry = fc.record(
    {
      sealedBytes: fc.integer({ min: 16, max: 1 << 24 }),
      plainBytes: fc.integer({ min: 0, max: 1 << 24 }),
      codec: fc.constantFrom("stored" as const, "zstd" as const),
    },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 50 }), (entries: readonly DirectoryEntry[]) => {
      assert.deepEqual(decodeDirectory(encodeDirectory(entries)), entries);
    }),
  );
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), async (bytes) => {
      const code = await codeOf(() => decodeDirectory(bytes));
      assert.ok(code === "no error" || code === "REPO_ENCODING", code);
    }),
  );
});

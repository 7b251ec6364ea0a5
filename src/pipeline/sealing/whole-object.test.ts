import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { wholeFramePlainBytes } from "../../core/limits.ts";
import { isDrError } from "../../core/errors.ts";
import { configureFailpoints } from "../../core/failpoint.ts";
import { timelineOf } from "../../core/wal-name.ts";
import { encodeHistoryFacts } from "./facts.ts";
import { encodeUnsigned, parseHeader, signedMessage } from "./header-bytes.ts";
import { createWriterPair, enrolWriter, publicSide, type KeyRing } from "./key-ring.ts";
import { objectKinds, type ObjectKind } from "./object-kind.ts";
import type { ExpectedObject } from "./object-header.ts";
import { signWith } from "./raw-keys.ts";
import { codeOf, testIncarnation, testObjectId, testRing, withBitFlipped } from "./test-keys.ts";
import { openWhole, sealWhole, type NewWholeObject } from "./whole-object.ts";

const ring = testRing(1);
const incarnation = testIncarnation(9);
const content = Buffer.from('{"a root": "of a backup"}');
const name = "clusters/main/x/backups/202611/y";

const wholeKinds = (Object.keys(objectKinds) as ObjectKind[]).filter(
  (kind) => objectKinds[kind].layout === "whole",
);

function objectOf(kind: ObjectKind, number = 1): NewWholeObject {
  const { ofIncarnation, factsBytes } = objectKinds[kind];
  const base = {
    kind,
    name,
    objectId: testObjectId(number),
    createdAtMs: 1_790_000_000_000,
    epoch: 3,
  };
  const facts =
    kind === "history"
      ? encodeHistoryFacts({ timeline: timelineOf(2) })
      : new Uint8Array(factsBytes);
  return { ...base, facts, ...(ofIncarnation ? { incarnation } : {}) };
}

function expectedOf(kind: ObjectKind): ExpectedObject {
  return { kind, name, ...(objectKinds[kind].ofIncarnation ? { incarnation } : {}) };
}

async function sealed(kind: ObjectKind = "root", keys: KeyRing = ring): Promise<Buffer> {
  return (await sealWhole(keys, objectOf(kind), content)).bytes;
}

configureFailpoints({
  guardsOff: process.env["PRA_GUARD_OFF"],
  effects: { kill: () => process.exit(99) },
});

test("every kind that is written whole is written, and opens, on a host without the private side; saved settings are read with it only", async () => {
  for (const kind of wholeKinds) {
    const { bytes, headerSha256 } = await sealWhole(publicSide(ring), objectOf(kind), content);
    const isData = objectKinds[kind].keyClass === "data";
    assert.equal(isData, kind === "settings");
    if (isData) {
      await assert.rejects(openWhole(publicSide(ring), bytes, expectedOf(kind)), (error) =>
        isDrError(error, "KEY_PRIVATE_MISSING"),
      );
    }
    const opened = await openWhole(isData ? ring : publicSide(ring), bytes, expectedOf(kind));
    assert.deepEqual(opened.content, content);
    assert.equal(opened.ticket.epoch, 3);
    assert.equal(
      createHash("sha256").update(opened.ticket.headerBytes).digest("hex"),
      headerSha256,
    );
  }
});

test("content of any length comes back, empty and of several frames included", async () => {
  const lengths = [
    0,
    1,
    wholeFramePlainBytes,
    wholeFramePlainBytes + 1,
    2 * wholeFramePlainBytes + 7,
  ];
  for (const length of lengths) {
    const plain = Buffer.alloc(length, "abcdefgh");
    const { bytes } = await sealWhole(ring, objectOf("ledger"), plain);
    const opened = await openWhole(ring, bytes, expectedOf("ledger"));
    assert.ok(opened.content.equals(plain), `${length} bytes`);
  }
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), async (plain) => {
      const { bytes } = await sealWhole(ring, objectOf("lease"), plain);
      const opened = await openWhole(ring, bytes, expectedOf("lease"));
      assert.deepEqual(new Uint8Array(opened.content), plain);
    }),
    { numRuns: 20 },
  );
});

test("L40 an object with any single bit turned fails with a REPO_ or KEY_ error and yields nothing", async () => {
  for (const kind of ["root", "format"] as const) {
    const bytes = await sealed(kind);
    const codes = new Set<string>();
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const code = await codeOf(() =>
        openWhole(ring, withBitFlipped(bytes, bit), expectedOf(kind)),
      );
      assert.match(code, /^(REPO|KEY)_/, `${kind}, bit ${bit}: ${code}`);
      codes.add(code);
    }
    assert.deepEqual([...codes].sort(), [
      "KEY_GENERATION_MISSING",
      "REPO_FEATURE_UNKNOWN",
      "REPO_HEADER_INVALID",
      "REPO_NOT_AN_OBJECT",
      "REPO_OBJECT_DAMAGED",
      "REPO_OBJECT_MISPLACED",
      "REPO_SIGNATURE_INVALID",
      "REPO_VERSION_UNKNOWN",
      "REPO_WRITER_UNKNOWN",
    ]);
  }
});

test("L40 an object cut at any byte, or with bytes behind it, is refused", async () => {
  const bytes = await sealed();
  for (let length = 0; length < bytes.length; length++) {
    const code = await codeOf(() => openWhole(ring, bytes.subarray(0, length), expectedOf("root")));
    assert.match(code, /^REPO_(NOT_AN_OBJECT|HEADER_INVALID|OBJECT_DAMAGED)$/);
  }
  const longer = Buffer.concat([bytes, Buffer.alloc(1)]);
  assert.equal(
    await codeOf(() => openWhole(ring, longer, expectedOf("root"))),
    "REPO_OBJECT_DAMAGED",
  );
});

test("L40 frames of one object exchanged are refused", async () => {
  const plain = Buffer.concat([testIncarnation(1), Buffer.alloc(wholeFramePlainBytes * 2)]);
  const { bytes } = await sealWhole(ring, objectOf("root"), plain);
  const at = parseHeader(bytes).headerBytes.length;
  const firstBytes = 16 + bytes.readUInt32LE(at);
  const secondBytes = 16 + bytes.readUInt32LE(at + firstBytes);
  const [first, second] = [
    bytes.subarray(at, at + firstBytes),
    bytes.subarray(at + firstBytes, at + firstBytes + secondBytes),
  ];
  const swapped = Buffer.concat([
    bytes.subarray(0, at),
    second,
    first,
    bytes.subarray(at + firstBytes + secondBytes),
  ]);
  assert.equal(
    await codeOf(() => openWhole(ring, swapped, expectedOf("root"))),
    "REPO_OBJECT_DAMAGED",
  );
});

test("L40 an authentic object in another place is refused: name, kind, id, incarnation, repository", async () => {
  const bytes = await sealed();
  const expected = expectedOf("root");
  const places: readonly ExpectedObject[] = [
    { ...expected, name: "clusters/main/x/backups/202612/y" },
    { ...expected, kind: "identity" },
    { ...expected, objectId: testObjectId(2) },
    { ...expected, incarnation: testIncarnation(10) },
  ];
  for (const place of places) {
    assert.equal(await codeOf(() => openWhole(ring, bytes, place)), "REPO_OBJECT_MISPLACED");
  }
  const otherRepository = { ...ring, repositoryId: testRing(2).repositoryId };
  assert.equal(
    await codeOf(() => openWhole(otherRepository, bytes, expected)),
    "REPO_OBJECT_MISPLACED",
  );
  const renewal = await sealed("lease");
  const later = { ...expectedOf("lease"), name: `${name}2` };
  assert.equal(await codeOf(() => openWhole(ring, renewal, later)), "REPO_OBJECT_MISPLACED");
});

test("L40 the body of one object behind the header of another is refused, in the open class too", async () => {
  for (const kind of ["format", "ledger"] as const) {
    const one = await sealWhole(ring, objectOf(kind), Buffer.from("one"));
    // Who knows the object's key seals other content under the same id.
    const two = await sealWhole(ring, objectOf(kind), Buffer.from("two"));
    const at = parseHeader(one.bytes).headerBytes.length;
    const mixed = Buffer.concat([one.bytes.subarray(0, at), two.bytes.subarray(at)]);
    assert.equal(
      await codeOf(() => openWhole(ring, mixed, expectedOf(kind))),
      "REPO_OBJECT_DAMAGED",
    );
  }
});

test("an object by a writer that nobody enrolled, or that another root enrolled, is REPO_WRITER_UNKNOWN", async () => {
  const other = testRing(2);
  const pair = createWriterPair();
  const strangers: readonly KeyRing[] = [
    { ...ring, writer: { ...pair, enrolment: new Uint8Array(64) } },
    { ...ring, writer: { ...pair, enrolment: ring.writer.enrolment } },
    { ...ring, writer: { ...pair, enrolment: enrolWriter(other, pair.publicKey) } },
    { ...ring, writer: other.writer },
    {
      ...ring,
      writer: { ...pair, enrolment: enrolWriter({ ...ring, generation: 2 }, pair.publicKey) },
    },
  ];
  for (const stranger of strangers) {
    const bytes = await sealed("root", stranger);
    assert.equal(
      await codeOf(() => openWhole(ring, bytes, expectedOf("root"))),
      "REPO_WRITER_UNKNOWN",
    );
  }
  const host = publicSide(ring, { ...pair, enrolment: enrolWriter(ring, pair.publicKey) });
  assert.deepEqual(
    (await openWhole(ring, await sealed("root", host), expectedOf("root"))).content,
    content,
  );
});

test("an enrolled writer's name under another's signature is REPO_SIGNATURE_INVALID", async () => {
  const thief: KeyRing = {
    ...ring,
    writer: { ...ring.writer, privateKey: createWriterPair().privateKey },
  };
  const bytes = await sealed("root", thief);
  assert.equal(
    await codeOf(() => openWhole(ring, bytes, expectedOf("root"))),
    "REPO_SIGNATURE_INVALID",
  );
});

test("another generation and another metadata key are told apart", async () => {
  const second = { ...ring, generation: 2 };
  const host = {
    ...second,
    writer: { ...ring.writer, enrolment: enrolWriter(second, ring.writer.publicKey) },
  };
  const bytes = await sealed("root", host);
  assert.equal(
    await codeOf(() => openWhole(ring, bytes, expectedOf("root"))),
    "KEY_GENERATION_MISSING",
  );
  const otherKey = { ...ring, metadataKey: testRing(2).metadataKey };
  assert.equal(
    await codeOf(async () => openWhole(otherKey, await sealed(), expectedOf("root"))),
    "REPO_FRAME_CORRUPT",
  );
});

test("a signed header that this version cannot know is refused before its signature counts", async () => {
  const bytes = await sealed();
  const header = parseHeader(bytes);
  const cases = [
    [8, 2, "REPO_VERSION_UNKNOWN"],
    [16, 1, "REPO_FEATURE_UNKNOWN"],
    [10, 99, "REPO_HEADER_INVALID"],
    [14, 1, "REPO_HEADER_INVALID"],
    [256, 80, "REPO_HEADER_INVALID"],
    [258, 4, "REPO_HEADER_INVALID"],
  ] as const;
  for (const [at, value, code] of cases) {
    const unsigned = Buffer.from(encodeUnsigned(header));
    unsigned.writeUInt16LE(value, at);
    const signature = signWith(ring.writer.privateKey, signedMessage(unsigned));
    const forged = Buffer.concat([unsigned, signature, bytes.subarray(header.headerBytes.length)]);
    assert.equal(await codeOf(() => openWhole(ring, forged, expectedOf("root"))), code);
  }
  // An optional feature bit is none of a reader's business.
  const unsigned = Buffer.from(encodeUnsigned(header));
  unsigned.writeUInt8(1, 24);
  const signature = signWith(ring.writer.privateKey, signedMessage(unsigned));
  const newer = Buffer.concat([unsigned, signature, bytes.subarray(header.headerBytes.length)]);
  assert.deepEqual((await openWhole(ring, newer, expectedOf("root"))).content, content);
});

test("parsing a header never fails but with a DrError, whatever the bytes", () => {
  const magic = Buffer.from("895052410d0a1a0a0100", "hex");
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), fc.boolean(), (bytes, withMagic) => {
      const tried = withMagic ? Buffer.concat([magic, bytes]) : bytes;
      try {
        parseHeader(tried);
      } catch (error) {
        assert.ok(isDrError(error));
      }
    }),
  );
});

test("L54 no key appears in the error of an object that does not open", async () => {
  const secrets = [
    ring.metadataKey,
    ring.writer.privateKey,
    ring.private.dataPrivateKey,
    ring.private.rootPrivateKey,
  ];
  const bytes = await sealed();
  for (let at = 0; at < bytes.length; at += 3) {
    try {
      await openWhole(ring, withBitFlipped(bytes, at * 8), expectedOf("root"));
      assert.fail("it was accepted");
    } catch (error) {
      assert.ok(isDrError(error));
      const shown = `${error.stack} ${error.hint} ${JSON.stringify(error.details)} ${String(error.cause)}`;
      for (const secret of secrets) {
        for (const encoding of ["hex", "base64"] as const) {
          assert.equal(shown.includes(Buffer.from(secret).toString(encoding).slice(0, 10)), false);
        }
      }
    }
  }
});

test("known answer: the bytes of a root of fixed keys, id and time", async () => {
  const bytes = await sealed();
  assert.equal(bytes.length, 324 + 16 + content.length + 16);
  assert.equal(
    createHash("sha256").update(bytes).digest("hex"),
    "98ec8ea43c43ed8510451bd1486a97a5c77f1f35be725a2939c2f3e6e47b260d",
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../core/clock.ts";
import { partPieceBytes } from "../core/limits.ts";
import { lsnOf } from "../core/lsn.ts";
import { SeededRandom } from "../core/random.ts";
import { segmentAt, timelineOf } from "../core/wal-name.ts";
import {
  encodeHistoryFacts,
  encodeWalFacts,
  encodeWalSegmentFacts,
} from "../pipeline/sealing/facts.ts";
import { FrameWriter } from "../pipeline/sealing/frame-codec.ts";
import { walContentDigest } from "../pipeline/sealing/key-derivation.ts";
import { publicSide, type KeyRing } from "../pipeline/sealing/key-ring.ts";
import { sealTicket } from "../pipeline/sealing/object-header.ts";
import { codeOf, testIncarnation, testRing } from "../pipeline/sealing/test-keys.ts";
import { PartAppender } from "../pipeline/sealing/wal-part.ts";
import { ZstdCodec } from "../pipeline/zstd-codec.ts";
import { MemoryStore } from "../stores/memory-store.ts";
import {
  clusterNameOf,
  incarnationNameOf,
  ledgerWriterNameOf,
  objectKey,
  type ObjectName,
} from "./object-names.ts";
import { SealedStore, type NamedEntry, type WholeName } from "./sealed-store.ts";

const ring = testRing(1);
const { signal } = new AbortController();
const call = { signal };
const cluster = clusterNameOf("main");
const incarnation = incarnationNameOf(7n, testIncarnation(9));
const place = { cluster, incarnation };
const timeline = timelineOf(2);
const facts = {
  systemIdentifier: 7n,
  timeline,
  walSegmentBytes: 1 << 24,
  startLsn: lsnOf(0x5000000n),
};
const segment = segmentAt(timeline, facts.startLsn, facts.walSegmentBytes);
const content = Buffer.from('{"some": "document"}');

function sealedStore(keys: KeyRing = ring): { sealed: SealedStore; store: MemoryStore } {
  const clock = new ManualClock();
  const random = new SeededRandom(3);
  const store = new MemoryStore();
  return { store, sealed: new SealedStore({ store, ring: keys, clock, random }) };
}

async function listed(sealed: SealedStore): Promise<NamedEntry[]> {
  const entries: NamedEntry[] = [];
  for await (const entry of sealed.listNames("", call)) {
    entries.push(entry);
  }
  return entries;
}

/** A hostile store: the bytes of one object lie under the name of another. */
async function copied(from: ObjectName, to: ObjectName, source: MemoryStore): Promise<SealedStore> {
  const { store, sealed } = sealedStore();
  await store.put(objectKey(to), [await source.get(objectKey(from), call)], call);
  return sealed;
}

test("objects of every whole kind are put and got by name", async () => {
  const { sealed } = sealedStore(publicSide(ring));
  const id = sealed.newId();
  const names: readonly WholeName[] = [
    { type: "format", number: 1 },
    { type: "keySlot", generation: 1, slot: "recovery" },
    { type: "lease", cluster, purpose: "wal", epoch: 1, renewal: 0 },
    { type: "pin", id },
    { type: "pinReleased", id },
    { type: "condemn", id: sealed.newId() },
    { type: "ledger", writer: ledgerWriterNameOf(ring.writer.publicKey, id), sequence: 1 },
    { ...place, type: "identity", number: 1 },
    { ...place, type: "root", id: sealed.newId() },
    { ...place, type: "history", timeline },
    { ...place, type: "walIndex", segment },
  ];
  for (const name of names) {
    const own =
      name.type === "history"
        ? encodeHistoryFacts({ timeline })
        : name.type === "walIndex"
          ? encodeWalFacts(facts)
          : undefined;
    const put = await sealed.putWhole(name, content, { signal, epoch: 5, facts: own });
    assert.equal(put.result, "created");
    const got = await sealed.getWhole(name, call);
    assert.deepEqual(got.content, content);
    assert.equal(got.ticket.epoch, 5);
    assert.equal(got.ticket.objectId, put.objectId);
    assert.equal(put.objectId === id, name.type === "pin");
  }
  const entries = await listed(sealed);
  assert.equal(entries.length, names.length);
  assert.ok(entries.every(({ name }) => name !== undefined));
});

test("a name that exists is a conflict, and what was there stays", async () => {
  const { sealed } = sealedStore();
  const name = { type: "lease", cluster, purpose: "backup", epoch: 1, renewal: 0 } as const;
  await sealed.putWhole(name, content, call);
  assert.equal(await codeOf(() => sealed.putWhole(name, Buffer.from("x"), call)), "STORE_CONFLICT");
  assert.deepEqual((await sealed.getWhole(name, call)).content, content);
});

test("L40 an authentic object under another name of its kind is REPO_OBJECT_MISPLACED", async () => {
  const { sealed, store } = sealedStore();
  const id = sealed.newId();
  const lease = { type: "lease", cluster, purpose: "wal", epoch: 1 } as const;
  const writer = ledgerWriterNameOf(ring.writer.publicKey, id);
  const pairs: readonly (readonly [WholeName, WholeName])[] = [
    [
      { ...lease, renewal: 0 },
      { ...lease, renewal: 1 },
    ],
    [
      { type: "pin", id },
      { type: "pinReleased", id },
    ],
    [
      { type: "ledger", writer, sequence: 1 },
      { type: "ledger", writer, sequence: 2 },
    ],
    [
      { ...place, type: "identity", number: 1 },
      { ...place, type: "identity", number: 2 },
    ],
    [
      { ...place, type: "root", id },
      { ...place, cluster: clusterNameOf("other"), type: "root", id },
    ],
  ];
  for (const [from, to] of pairs) {
    await sealed.putWhole(from, content, call);
    const hostile = await copied(from, to, store);
    assert.equal(await codeOf(() => hostile.getWhole(to, call)), "REPO_OBJECT_MISPLACED");
  }
});

test("facts that do not fit the name are refused on writing", async () => {
  const { sealed } = sealedStore();
  const history = { ...place, type: "history", timeline } as const;
  const other = encodeHistoryFacts({ timeline: timelineOf(3) });
  assert.equal(
    await codeOf(() => sealed.putWhole(history, content, { signal, facts: other })),
    "REPO_OBJECT_MISPLACED",
  );
  const index = { ...place, type: "walIndex", segment } as const;
  const inside = encodeWalFacts({ ...facts, startLsn: lsnOf(facts.startLsn + 8n) });
  assert.equal(
    await codeOf(() => sealed.putWhole(index, content, { signal, facts: inside })),
    "REPO_OBJECT_MISPLACED",
  );
  const foreign = encodeWalFacts({ ...facts, systemIdentifier: 8n });
  assert.equal(
    await codeOf(() => sealed.putWhole(index, content, { signal, facts: foreign })),
    "REPO_OBJECT_MISPLACED",
  );
});

test("a WAL segment opens under its own name only; its facts need no private side", async () => {
  const { sealed, store } = sealedStore();
  const objectId = sealed.newId();
  const contentDigest = walContentDigest(ring, [content]);
  const ticket = await sealTicket(ring, {
    kind: "walSegment",
    objectId,
    createdAtMs: 1,
    incarnation: testIncarnation(9),
    facts: encodeWalSegmentFacts({ ...facts, contentDigest }),
  });
  using codec = new ZstdCodec();
  const writer = new FrameWriter(ticket, codec);
  const endLsn = lsnOf(facts.startLsn + BigInt(content.length));
  const frame = Buffer.from(
    writer.write(content, { position: { startLsn: facts.startLsn, endLsn, knownAt: 0n } }),
  );
  const name = { ...place, type: "walSegment", segment } as const;
  await store.put(objectKey(name), [ticket.header, frame, writer.finish()], call);
  const framed = await sealed.openFramed(name, call);
  assert.deepEqual(framed.frameRange(0), { offset: ticket.header.length, length: frame.length });
  const host = new SealedStore({
    store,
    ring: publicSide(ring),
    clock: new ManualClock(),
    random: new SeededRandom(1),
  });
  assert.deepEqual(await host.segmentFacts(name, call), { ...facts, contentDigest });
  assert.equal(await codeOf(() => host.openFramed(name, call)), "KEY_PRIVATE_MISSING");
  const next = { ...name, segment: segmentAt(timeline, lsnOf(0x6000000n), 1 << 24) };
  const hostile = await copied(name, next, store);
  assert.equal(await codeOf(() => hostile.openFramed(next, call)), "REPO_OBJECT_MISPLACED");
  assert.equal(await codeOf(() => hostile.segmentFacts(next, call)), "REPO_OBJECT_MISPLACED");
  const conflict = { ...place, type: "walConflict", segment, id: sealed.newId() } as const;
  const elsewhere = await copied(name, conflict, store);
  assert.equal(await codeOf(() => elsewhere.openFramed(conflict, call)), "REPO_OBJECT_MISPLACED");
});

test("a WAL part is read under its own start and epoch only", async () => {
  const { sealed, store } = sealedStore();
  using codec = new ZstdCodec();
  const part = {
    objectId: sealed.newId(),
    createdAtMs: 1,
    epoch: 2,
    incarnation: testIncarnation(9),
    facts,
  };
  const appender = await PartAppender.begin(ring, part, codec);
  const name = { ...place, type: "walPart", segment, startLsn: facts.startLsn, epoch: 2 } as const;
  await store.put(objectKey(name), [appender.header, appender.append(content)], call);
  assert.deepEqual((await sealed.readPart(name, call)).frames[0]?.wal, content);
  assert.equal((await sealed.readPartPositions(name, call)).frames.length, 1);
  for (const other of [
    { ...name, epoch: 3 },
    { ...name, startLsn: lsnOf(facts.startLsn + 1n) },
  ]) {
    const hostile = await copied(name, other, store);
    assert.equal(await codeOf(() => hostile.readPart(other, call)), "REPO_OBJECT_MISPLACED");
    assert.equal(
      await codeOf(() => hostile.readPartPositions(other, call)),
      "REPO_OBJECT_MISPLACED",
    );
  }
});

test("of a WAL part with reserved room what is filled is read, and not the room; of a long one all", async () => {
  const { sealed, store } = sealedStore();
  using codec = new ZstdCodec();
  const about = { createdAtMs: 1, epoch: 2, incarnation: testIncarnation(9), facts };
  const appender = await PartAppender.begin(ring, { ...about, objectId: sealed.newId() }, codec);
  const name = { ...place, type: "walPart", segment, startLsn: facts.startLsn, epoch: 2 } as const;
  const frames: Buffer[] = [];
  // Bytes that do not compress, three times as many as are read at first.
  for (let frame = 0; frame < 30; frame += 1) {
    frames.push(Buffer.from(appender.append(new SeededRandom(frame).bytes(partPieceBytes / 10))));
  }
  let read = 0;
  const get = store.get.bind(store);
  store.get = async (...of) => {
    const bytes = await get(...of);
    read += bytes.length;
    return bytes;
  };
  for (const [filled, readMax] of [
    [3, partPieceBytes],
    [30, 4 * partPieceBytes],
  ] as const) {
    const room = Buffer.alloc(16 * partPieceBytes);
    store.tamper(
      objectKey(name),
      Buffer.concat([appender.header, ...frames.slice(0, filled), room]),
    );
    read = 0;
    const seen = await sealed.readPartPositions(name, call);
    const readForIt = read;
    const whole = await sealed.readPart(name, call);
    assert.deepEqual([seen.frames.length, seen.endLsn], [filled, whole.endLsn]);
    assert.ok(readForIt <= readMax, `${readForIt} bytes for ${filled} frames`);
  }
});

test("of a WAL part a frame that is longer than what is read at a time is found, and what is torn behind it is not", async () => {
  const { sealed, store } = sealedStore();
  using codec = new ZstdCodec();
  const about = { createdAtMs: 1, epoch: 2, incarnation: testIncarnation(9), facts };
  const appender = await PartAppender.begin(ring, { ...about, objectId: sealed.newId() }, codec);
  const name = { ...place, type: "walPart", segment, startLsn: facts.startLsn, epoch: 2 } as const;
  const frames = [0.1, 3.5, 0.2, 1].map((pieces, seed) =>
    Buffer.from(appender.append(new SeededRandom(seed).bytes(Math.floor(partPieceBytes * pieces)))),
  );
  const bytes = Buffer.concat([appender.header, ...frames]);
  for (const [cut, count] of [
    [0, 4],
    [1, 3],
    [partPieceBytes, 3],
    [2 * partPieceBytes, 1],
  ] as const) {
    store.tamper(objectKey(name), bytes.subarray(0, bytes.length - cut));
    const seen = await sealed.readPartPositions(name, call);
    const whole = await sealed.readPart(name, call);
    assert.deepEqual([seen.frames.length, seen.stop], [count, whole.stop]);
  }
});

test("what nobody of us put into the store is listed without a name", async () => {
  const { sealed, store } = sealedStore();
  await store.put("clusters/notes.txt", [content], call);
  await sealed.putWhole({ type: "format", number: 1 }, content, call);
  const entries = await listed(sealed);
  assert.deepEqual(
    entries.map(({ key, name }) => [key, name?.type]),
    [
      ["clusters/notes.txt", undefined],
      ["format/00000001", "format"],
    ],
  );
});

test("a call that was aborted before puts nothing", async () => {
  const { sealed } = sealedStore();
  const stop = AbortSignal.abort(new Error("stopped"));
  await assert.rejects(
    sealed.putWhole({ type: "format", number: 1 }, content, { signal: stop }),
    /stopped/,
  );
  assert.equal((await listed(sealed)).length, 0);
});

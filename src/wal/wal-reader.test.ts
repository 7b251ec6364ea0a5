import assert from "node:assert/strict";
import { test } from "node:test";

import { systemClock } from "../core/clock.ts";
import { isDrError } from "../core/errors.ts";
import { addToLsn, lsnOf } from "../core/lsn.ts";
import { systemRandom } from "../core/random.ts";
import { timelineOf } from "../core/wal-name.ts";
import { createKeyRing, publicSide } from "../pipeline/sealing/key-ring.ts";
import { clusterNameOf, incarnationNameOf } from "../repository/object-names.ts";
import { SealedStore } from "../repository/sealed-store.ts";
import { MemoryStore } from "../stores/memory-store.ts";
import { PutParts } from "./part-sink.ts";
import { WalCatalogue } from "./wal-catalogue.ts";
import { WalReader } from "./wal-reader.ts";

const signal = new AbortController().signal;
const timeline = timelineOf(10);
const walSegmentBytes = 1 << 20;
const start = lsnOf(5n << 20n);
const place = {
  cluster: clusterNameOf("main"),
  incarnation: incarnationNameOf(7n, systemRandom.bytes(16)),
};

type Lab = {
  readonly store: MemoryStore;
  readonly sealed: SealedStore;
  readonly opened: SealedStore;
};

function lab(): Lab {
  const store = new MemoryStore();
  const ring = createKeyRing();
  const parts = { store, clock: systemClock, random: systemRandom };
  return {
    store,
    sealed: new SealedStore({ ...parts, ring: publicSide(ring) }),
    opened: new SealedStore({ ...parts, ring }),
  };
}

async function putParts(
  { sealed }: Lab,
  epoch: number,
  pieces: readonly (readonly [offset: number, wal: Uint8Array])[],
): Promise<void> {
  const segments = { timeline, walSegmentBytes };
  const sink = new PutParts({ sealed, place, epoch, segments, clock: systemClock, signal });
  for (const [offset, wal] of pieces) {
    await sink.append({ wal, startLsn: addToLsn(start, offset), knownAt: BigInt(offset) });
  }
  await sink.close();
}

test("L9 parts of two writers that hold different bytes at one position are refused, not mixed", async () => {
  const both = lab();
  await putParts(both, 1, [[0, Buffer.alloc(300, 1)]]);
  await putParts(both, 2, [
    [0, Buffer.alloc(100, 1)],
    [100, Buffer.alloc(100, 2)],
  ]);
  const catalogue = await WalCatalogue.load(both.sealed, place, { signal });
  const reader = new WalReader(both.opened, catalogue);
  await assert.rejects(
    reader.segment(timeline, start, { signal }),
    (error) =>
      isDrError(error, "WAL_PARTS_DISAGREE") &&
      error.message ===
        "two parts of WAL segment 0000000A0000000000000005 hold different bytes at 0/500064",
  );
});

test("parts that overlap and agree are one stretch, however they were cut", async () => {
  const both = lab();
  const wal = Buffer.from(systemRandom.bytes(5000));
  await putParts(both, 1, [
    [0, wal.subarray(0, 2000)],
    [2000, wal.subarray(2000, 4500)],
  ]);
  await putParts(both, 2, [
    [0, wal.subarray(0, 3000)],
    [3000, wal.subarray(3000)],
  ]);
  const catalogue = await WalCatalogue.load(both.sealed, place, { signal });
  assert.deepEqual(catalogue.timeline(timeline)?.spans, [
    { timeline, fromLsn: start, toLsn: addToLsn(start, 5000) },
  ]);
  const read = await new WalReader(both.opened, catalogue).segment(timeline, start, { signal });
  assert.equal(read.endLsn, addToLsn(start, 5000));
  assert.ok(read.bytes.subarray(0, 5000).equals(wal));
});

test("a part whose header or last frame is cut counts as far as it is whole; a hole is a hole", async () => {
  const torn = lab();
  await putParts(torn, 1, [
    [0, Buffer.alloc(100, 1)],
    [100, Buffer.alloc(100, 2)],
    [200, Buffer.alloc(100, 3)],
  ]);
  const { entries } = await torn.store.list("", { signal });
  const [, second = "", third = ""] = entries.map(({ key }) => key);
  torn.store.tamper(second, (await torn.store.get(second, { signal })).subarray(0, -1));
  const cut = await WalCatalogue.load(torn.sealed, place, { signal });
  assert.deepEqual(
    cut.holes(timeline).map(({ fromLsn, toLsn }) => [fromLsn, toLsn]),
    [[addToLsn(start, 100), addToLsn(start, 200)]],
  );
  torn.store.tamper(third, new Uint8Array(0));
  const shorter = await WalCatalogue.load(torn.sealed, place, { signal });
  assert.equal(shorter.durableLsn(timeline), addToLsn(start, 100));
  assert.equal(shorter.spanCovering(timeline, addToLsn(start, 150)), undefined);
});

test("a host without the private key knows what is held and cannot read it", async () => {
  const host = lab();
  await putParts(host, 1, [[0, Buffer.alloc(100, 1)]]);
  const catalogue = await WalCatalogue.load(host.sealed, place, { signal });
  assert.equal(catalogue.durableLsn(timeline), addToLsn(start, 100));
  await assert.rejects(
    new WalReader(host.sealed, catalogue).segment(timeline, start, { signal }),
    (error) => isDrError(error, "KEY_PRIVATE_MISSING"),
  );
});

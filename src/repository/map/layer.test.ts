import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { present } from "../../core/assert.ts";
import { isDrError } from "../../core/errors.ts";
import { type ObjectId, parseObjectId } from "../../core/object-id.ts";
import { ByteWriter } from "../../core/byte-writer.ts";
import { type LayerType, decodeLayer, mergeLayers, writeLayer } from "./layer.ts";
import { NO_FINGERPRINT, Stretch, UNKNOWN, ZEROS, ZEROS_FINGERPRINT } from "./stretch.ts";

function encodeLayer(
  stretch: Stretch,
  blockBytes: number,
  type: LayerType,
  changed: (block: number) => boolean = () => true,
): Buffer {
  const writer = new ByteWriter();
  writeLayer(writer, stretch, { blockBytes, type, changed });
  return writer.toBuffer();
}

const BLOCK = 1024;
const packs: readonly ObjectId[] = [0, 1, 2].map((n) => parseObjectId(String(n).padStart(32, "0")));

type Block =
  | { readonly kind: "zeros" }
  | {
      readonly kind: "stored";
      readonly pack: number;
      readonly frame: number;
      readonly slot: number;
    };

const block: fc.Arbitrary<Block> = fc.oneof(
  { weight: 1, arbitrary: fc.constant({ kind: "zeros" } as const) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("stored" as const),
      pack: fc.nat(2),
      frame: fc.nat(5),
      slot: fc.nat(900),
    }),
  },
);

/** One backup of a stretch: its size, its tail, and what changed. */
const step = fc.record({
  blockCount: fc.integer({ min: 1, max: 40 }),
  tailBytes: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: BLOCK - 1 })),
  changes: fc.array(fc.tuple(fc.nat(39), block), { maxLength: 12 }),
  fill: block,
});

function put(stretch: Stretch, at: number, value: Block): void {
  if (value.kind === "zeros") {
    stretch.setZeros(at);
    return;
  }
  const place = stretch.packPlace(present(packs[value.pack], "a pack"));
  const fingerprint = BigInt(value.slot * 100 + value.frame * 7 + value.pack);
  stretch.setLocation(at, { place, frame: value.frame, offset: value.slot * 8 }, fingerprint);
}

function described(stretch: Stretch): unknown[] {
  return Array.from({ length: stretch.blockCount }, (_, at) => {
    const pack = stretch.packOf[at] ?? UNKNOWN;
    return pack === ZEROS
      ? ["zeros", stretch.fingerprints[at]]
      : [stretch.packs[pack], stretch.frameOf[at], stretch.offsetOf[at], stretch.fingerprints[at]];
  });
}

test("a base and any deltas that shrink, grow and change tails merge to the last backup's blocks", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 8 }), (steps) => {
      const layers: Buffer[] = [];
      let last: Stretch | undefined;
      for (const { blockCount, tailBytes, changes, fill } of steps) {
        const stretch = new Stretch(blockCount, tailBytes);
        const changed = new Set<number>();
        for (let at = 0; at < blockCount; at++) {
          if (last !== undefined && at < last.blockCount) {
            stretch.copyBlock(at, last);
          } else {
            put(stretch, at, fill);
            changed.add(at);
          }
        }
        for (const [at, value] of changes.filter(([place]) => place < blockCount)) {
          put(stretch, at, value);
          changed.add(at);
        }
        const type = last === undefined ? "base" : "delta";
        layers.push(encodeLayer(stretch, BLOCK, type, (at) => changed.has(at)));
        last = stretch;
      }
      const { stretch } = mergeLayers(layers, BLOCK);
      assert.ok(last !== undefined);
      assert.equal(stretch.tailBytes, last.tailBytes);
      assert.deepEqual(described(stretch), described(last));
    }),
  );
});

test("blocks that a delta cut away do not come back from below when a later one grows again", () => {
  const base = new Stretch(4, 0);
  [0, 1, 2, 3].forEach((at) =>
    put(base, at, { kind: "stored", pack: 0, frame: 0, slot: at * 128 }),
  );
  const cut = new Stretch(2, 0);
  const grown = new Stretch(4, 0);
  const layers = [
    encodeLayer(base, BLOCK, "base"),
    encodeLayer(cut, BLOCK, "delta", () => false),
    encodeLayer(grown, BLOCK, "delta", () => false),
  ];
  assert.throws(
    () => mergeLayers(layers, BLOCK),
    (error: unknown) => isDrError(error, "REPO_ENCODING"),
  );
});

test("layers out of order, or none, are refused with REPO_ENCODING", () => {
  const base = encodeLayer(new Stretch(0, 0), BLOCK, "base");
  const delta = encodeLayer(new Stretch(0, 0), BLOCK, "delta", () => false);
  for (const layers of [[], [delta], [base, base], [delta, base]]) {
    assert.throws(
      () => mergeLayers(layers, BLOCK),
      (error: unknown) => isDrError(error, "REPO_ENCODING"),
    );
  }
});

test("any bytes, and any damage to a layer, decode or are refused with REPO_ENCODING", () => {
  const stretch = new Stretch(30, 17);
  for (let at = 0; at < 30; at++) {
    put(
      stretch,
      at,
      at % 5 === 0 ? { kind: "zeros" } : { kind: "stored", pack: at % 3, frame: at, slot: at },
    );
  }
  const good = encodeLayer(stretch, BLOCK, "base");
  const tryIt = (bytes: Uint8Array): void => {
    try {
      mergeLayers([bytes], BLOCK);
      decodeLayer(bytes, BLOCK).applyTo(new Stretch(5, 0));
    } catch (error) {
      assert.ok(isDrError(error, "REPO_ENCODING"), String(error));
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), tryIt));
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.nat(255), (at, value) => {
      const bad = Buffer.from(good);
      bad[at] = value;
      tryIt(bad);
      tryIt(good.subarray(0, at));
    }),
  );
});

test("a thousand blocks end to end cost one run", () => {
  const stretch = new Stretch(1000, 0);
  for (let at = 0; at < 1000; at++) {
    put(stretch, at, { kind: "stored", pack: 1, frame: 3, slot: at * (BLOCK / 8) });
  }
  assert.ok(encodeLayer(stretch, BLOCK, "base").length < 8 * 1000 + 64);
});

test("forgotten blocks have no place and no fingerprint", () => {
  const stretch = new Stretch(3, 0);
  [0, 1, 2].forEach((at) => stretch.setZeros(at));
  stretch.forgetFrom(1);
  assert.deepEqual([...stretch.packOf], [ZEROS, UNKNOWN, UNKNOWN]);
  assert.deepEqual([...stretch.fingerprints], [ZEROS_FINGERPRINT, NO_FINGERPRINT, NO_FINGERPRINT]);
});

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import fc from "fast-check";
import { present } from "../core/assert.ts";
import { systemClock } from "../core/clock.ts";
import { allocateBlockMemory } from "../pipeline/block-pass.ts";
import { deriveFingerprintKey } from "../pipeline/fingerprint-key.ts";
import { testIncarnation, testRing } from "../pipeline/sealing/test-keys.ts";
import { selectBlockPass } from "../pipeline/select-block-pass.ts";
import { ZEROS_FINGERPRINT } from "../repository/map/stretch.ts";
import { Scatterer } from "./scatter.ts";

const BLOCK = 1024;
const fingerprintKey = deriveFingerprintKey(testRing(5).metadataKey, testIncarnation(6));
const size = { blockBytes: BLOCK, inputBytes: 64 * BLOCK, shared: false };
const pass = selectBlockPass(allocateBlockMemory(size), fingerprintKey);
const home = mkdtempSync("/tmp/pra-compare-");
const path = join(home, "file");
const data = { blockBytes: BLOCK, fingerprintKey, owner: undefined, openFilesMax: 1 };
const scatterer = new Scatterer(data, systemClock);
after(() => {
  scatterer[Symbol.dispose]();
  rmSync(home, { recursive: true, force: true });
});

function isZeros(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

/** As a map says it. */
function fingerprintOf(bytes: Uint8Array): bigint {
  pass.input.set(bytes, 0);
  const whole = { offsetBytes: 0, blockCount: 1, firstBlockNumber: 0, checkPages: false };
  return isZeros(bytes)
    ? ZEROS_FINGERPRINT
    : bytes.length === BLOCK
      ? present(pass.run(whole).fingerprints[0], "a fingerprint")
      : pass.tail({ offsetBytes: 0, lengthBytes: bytes.length });
}

function blocksOf(bytes: Buffer): readonly Buffer[] {
  const count = Math.ceil(bytes.length / BLOCK);
  return Array.from({ length: count }, (_, at) => bytes.subarray(at * BLOCK, (at + 1) * BLOCK));
}

/** What shall be there, as blocks: zeros or one of a few contents, the last perhaps short. */
const wanted = fc
  .tuple(fc.array(fc.nat(3), { minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: BLOCK }))
  .map(([kinds, tail]) =>
    Buffer.concat(kinds.map((kind) => Buffer.alloc(BLOCK, kind))).subarray(
      0,
      (kinds.length - 1) * BLOCK + tail,
    ),
  );

/** What may have happened to a file: bytes changed, cut off, or added. */
const spoiled = fc.record({
  flips: fc.array(fc.nat(40 * BLOCK), { maxLength: 6 }),
  cut: fc.option(fc.nat(40 * BLOCK)),
  added: fc.nat(2 * BLOCK),
});

test("what differs is found to the block, and what shall be zeros becomes so, whatever became of the file", async () => {
  await fc.assert(
    fc.asyncProperty(wanted, spoiled, async (content, { flips, cut, added }) => {
      const there = Buffer.from(content);
      flips
        .filter((at) => at < there.length)
        .forEach((at) => (there[at] = (there[at] ?? 0) ^ 0xff));
      const length = Math.min(cut ?? there.length, there.length);
      const before = Buffer.concat([there.subarray(0, length), Buffer.alloc(added, 7)]);
      writeFileSync(path, before);
      const blocks = blocksOf(content);
      const { counts, written } = await scatterer.compare({
        kind: "comparison",
        number: 0,
        file: { number: 0, path, sizeBytes: content.length, mode: 0o600 },
        fileOffset: 0,
        tailBytes: content.length % BLOCK,
        fingerprints: BigUint64Array.from(blocks, fingerprintOf),
      });
      await written;
      // As the restore goes on: what differs is written, and the file gets its size.
      const now = readFileSync(path);
      const whole = Buffer.concat([now, Buffer.alloc(content.length)]).subarray(0, content.length);
      const pairs = present(counts.differing, "a comparison answers");
      const differing = new Set<number>();
      for (let at = 0; at < pairs.length; at += 2) {
        for (let block = pairs[at] ?? 0; block < (pairs[at + 1] ?? 0); block++) {
          assert.ok(!differing.has(block), "a block is answered once");
          differing.add(block);
        }
      }
      const was = Buffer.concat([before, Buffer.alloc(content.length)]).subarray(0, content.length);
      blocks.forEach((block, at) => {
        const isRight = whole.subarray(at * BLOCK, at * BLOCK + block.length).equals(block);
        const wasRight = was.subarray(at * BLOCK, at * BLOCK + block.length).equals(block);
        assert.equal(isRight, !differing.has(at), `block ${at}`);
        assert.equal(differing.has(at), !wasRight && !isZeros(block), `block ${at}`);
      });
    }),
    { numRuns: 300 },
  );
});

test("a part of a file is compared at its place", async () => {
  const content = Buffer.concat([1, 2, 3, 4].map((value) => Buffer.alloc(BLOCK, value)));
  writeFileSync(path, Buffer.concat([content.subarray(0, 3 * BLOCK), Buffer.alloc(BLOCK, 9)]));
  const file = { number: 0, path, sizeBytes: content.length, mode: 0o600 };
  const fingerprints = BigUint64Array.from(blocksOf(content).slice(2), fingerprintOf);
  const unit = { kind: "comparison", number: 0, file, tailBytes: 0, fingerprints } as const;
  const there = await scatterer.compare({ ...unit, fileOffset: 2 * BLOCK });
  assert.deepEqual([...(there.counts.differing ?? [])], [1, 2]);
  const elsewhere = await scatterer.compare({ ...unit, fileOffset: 0 });
  assert.deepEqual([...(elsewhere.counts.differing ?? [])], [0, 2]);
  await elsewhere.written;
});

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import fc from "fast-check";
import { present } from "../core/assert.ts";
import { systemClock } from "../core/clock.ts";
import { assemblyUnitBytes, assemblyWindowBytes } from "../core/limits.ts";
import { allocateBlockMemory } from "../pipeline/block-pass.ts";
import { deriveFingerprintKey } from "../pipeline/fingerprint-key.ts";
import { FramedFileWriter } from "../pipeline/framed-file-writer.ts";
import { openFramed } from "../pipeline/sealing/framed-object.ts";
import { sealTicket } from "../pipeline/sealing/object-header.ts";
import { codeOf, testIncarnation, testObjectId, testRing } from "../pipeline/sealing/test-keys.ts";
import { selectBlockPass } from "../pipeline/select-block-pass.ts";
import { ZstdCodec } from "../pipeline/zstd-codec.ts";
import { Stretch } from "../repository/map/stretch.ts";
import { type Assembly, planAssembly } from "./assembly-plan.ts";
import type { AssemblyUnit } from "./scatter-messages.ts";
import { Scatterer } from "./scatter.ts";

const BLOCK = 8192;
const FRAME_BLOCKS = 128;
const ring = testRing(5);
const incarnation = testIncarnation(6);
const fingerprintKey = deriveFingerprintKey(ring.metadataKey, incarnation);
const pass = selectBlockPass(
  allocateBlockMemory({ blockBytes: BLOCK, inputBytes: 64 * BLOCK, shared: false }),
  fingerprintKey,
);
const codec = new ZstdCodec();
const home = mkdtempSync("/tmp/pra-assembler-");
after(() => {
  rmSync(home, { recursive: true, force: true });
});
let made = 0;

function block(seed: number, length = BLOCK): Buffer {
  const bytes = Buffer.alloc(length, seed % 251);
  bytes.writeUInt32LE(seed, 0);
  return bytes;
}

function fingerprintOf(bytes: Buffer): bigint {
  pass.input.set(bytes, 0);
  const whole = { offsetBytes: 0, blockCount: 1, firstBlockNumber: 0, checkPages: false };
  return bytes.length === BLOCK
    ? present(pass.run(whole).fingerprints[0], "a fingerprint")
    : pass.tail({ offsetBytes: 0, lengthBytes: bytes.length });
}

/** What is stored of one backup: blocks of the file by number, undefined for a block of another file. */
type Backup = readonly { readonly number: number | undefined; readonly content: Buffer }[];

/** A file, how it is to be assembled, and the packs of its backups, oldest first. */
type Scene = { readonly content: Buffer; readonly assembly: Assembly; readonly unit: AssemblyUnit };

async function sceneOf(
  blocks: number,
  tail: number,
  backups: readonly Backup[],
): Promise<Scene | undefined> {
  const stretch = new Stretch(blocks, tail);
  const content = Buffer.alloc(blocks * BLOCK - (tail === 0 ? 0 : BLOCK - tail));
  for (let number = 0; number < blocks; number++) {
    stretch.setZeros(number);
  }
  const opened = new Map<
    string,
    { path: string; framed: Awaited<ReturnType<typeof openFramed>> }
  >();
  for (const backup of backups) {
    const objectId = testObjectId(made++);
    const about = { kind: "pack", objectId, createdAtMs: 0, incarnation, epoch: 0 } as const;
    const ticket = await sealTicket(ring, about);
    using writer = new FramedFileWriter({ ticket, path: join(home, `pack-${objectId}`), codec });
    for (let from = 0; from < backup.length; from += FRAME_BLOCKS) {
      const held = backup.slice(from, from + FRAME_BLOCKS);
      let offset = 0;
      for (const { number, content: bytes } of held) {
        if (number !== undefined) {
          const place = stretch.packPlace(objectId);
          const location = { place, frame: from / FRAME_BLOCKS, offset };
          stretch.setLocation(number, location, fingerprintOf(bytes));
          bytes.copy(content, number * BLOCK);
        }
        offset += bytes.length;
      }
      writer.addFrame(Buffer.concat(held.map((one) => one.content)));
    }
    const { path } = writer.finish();
    const bytes = readFileSync(path);
    const read = (offset: number, length: number): Promise<Buffer> =>
      Promise.resolve(bytes.subarray(offset, offset + length));
    const expected = { kind: "pack", objectId, incarnation } as const;
    opened.set(objectId, { path, framed: await openFramed(ring, read, bytes.length, expected) });
  }
  const about = { file: 0, firstBlock: 0, blockBytes: BLOCK };
  const assembly = planAssembly(about, stretch, { from: 0, to: blocks });
  if (assembly === undefined) {
    return undefined;
  }
  const packs = assembly.packs.map((id) => present(opened.get(id), "a pack of the scene"));
  const framed = (place: number): (typeof packs)[number]["framed"] =>
    present(packs[assembly.frames.pack[place] ?? -1], "a frame's pack").framed;
  const { index } = assembly.frames;
  const unit: AssemblyUnit = {
    kind: "assembly",
    number: 0,
    file: { number: 0, path: join(home, `file-${made++}`), sizeBytes: content.length, mode: 0o640 },
    fileOffset: assembly.fileOffset,
    packs: packs.map(({ path, framed: { ticket } }) => ({ path, ticket })),
    frames: {
      ...assembly.frames,
      offset: Float64Array.from(index, (frame, at) => framed(at).frameRange(frame).offset),
      bytes: Uint32Array.from(index, (frame, at) => framed(at).frameRange(frame).length),
      plainBytes: Uint32Array.from(
        index,
        (frame, at) => present(framed(at).directory[frame], "a frame").plainBytes,
      ),
    },
    runs: assembly.runs,
  };
  return { content, assembly, unit };
}

function scatterer(): Scatterer {
  const data = { blockBytes: BLOCK, fingerprintKey, owner: undefined, openFilesMax: 2 };
  return new Scatterer(data, systemClock);
}

const chains = fc.record({
  blocks: fc.integer({ min: 70, max: 1300 }),
  tail: fc.constantFrom(0, 0, 8, 4096, 5000),
  /** The full's frames begin so many blocks before or inside the file. */
  lead: fc.nat(3),
  zeros: fc.uniqueArray(fc.nat(1299), { maxLength: 5 }),
  increments: fc.array(
    fc.record({
      from: fc.nat(60),
      every: fc.integer({ min: 1, max: 20 }),
      count: fc.integer({ min: 30, max: 200 }),
      backwards: fc.boolean(),
    }),
    { minLength: 1, maxLength: 4 },
  ),
});

test("a file comes out as the newest backup has it, whatever increments replaced, wherever frames begin", async () => {
  let seed = 1;
  await fc.assert(
    fc.asyncProperty(chains, async ({ blocks, tail, lead, zeros, increments }) => {
      const bytesOf = (number: number): number =>
        number === blocks - 1 && tail > 0 ? tail : BLOCK;
      const stored = (number: number): Backup[number] => ({
        number,
        content: block(seed++, bytesOf(number)),
      });
      const numbers = Array.from({ length: blocks }, (_, number) => number);
      const full: Backup = [
        ...Array.from({ length: lead }, () => ({ number: undefined, content: block(seed++) })),
        ...numbers.filter((number) => !zeros.includes(number)).map(stored),
      ];
      const later = increments.map(({ from, every, count, backwards }): Backup => {
        const changed = numbers
          .filter((number) => number >= from && (number - from) % every === 0)
          .slice(0, count)
          // A tail lies at a multiple of 8 only as the last of its frame.
          .filter((number) => number !== blocks - 1 || tail === 0);
        return (backwards ? changed.reverse() : changed).map(stored);
      });
      const scene = await sceneOf(blocks, tail, [full, ...later]);
      fc.pre(scene !== undefined);
      const { content, unit } = scene;
      using worker = scatterer();
      const { writtenBytes } = await worker.scatter(unit);
      await worker.finish([unit.file]);
      assert.ok(readFileSync(unit.file.path).equals(content));
      assert.equal(statSync(unit.file.path).mode & 0o777, 0o640);
      assert.equal(
        writtenBytes,
        unit.runs.length.reduce((sum, length) => sum + length, 0),
      );
      rmSync(unit.file.path);
    }),
    { numRuns: 40 },
  );
});

async function changedScene(): Promise<Scene> {
  const numbers = Array.from({ length: 300 }, (_, number) => number);
  const full = numbers.map((number) => ({ number, content: block(number + 1) }));
  const changed = numbers.filter((number) => number % 7 === 3);
  const later = changed.map((number) => ({ number, content: block(number + 1000) }));
  return present(await sceneOf(300, 0, [full, later]), "a scene that is worth assembling");
}

test("L40 a block that is not the one the map names is refused with REPO_BLOCK_MISMATCH, and nothing of its piece is written", async () => {
  const { unit } = await changedScene();
  // Block 10 comes from the increment, block 11 from the full.
  for (const wrong of [10, 11]) {
    const fingerprints = unit.runs.fingerprints.slice();
    fingerprints[wrong] = (fingerprints[wrong] ?? 0n) ^ 1n;
    using worker = scatterer();
    const changed = { ...unit, runs: { ...unit.runs, fingerprints } };
    const refused = await worker.scatter(changed).then(
      () => undefined,
      (error: unknown) => error,
    );
    const { code, details } = refused as { code: string; details: Record<string, unknown> };
    assert.equal(code, "REPO_BLOCK_MISMATCH");
    const pack = unit.packs[wrong === 10 ? 1 : 0]?.ticket.objectId;
    assert.deepEqual(details, { pack, frame: 0, path: unit.file.path, offset: wrong * BLOCK });
    assert.throws(() => statSync(unit.file.path), { code: "ENOENT" });
  }
});

test("L40 a frame of another place, another pack, another length or cut off is refused before its window is written", async () => {
  const { unit } = await changedScene();
  const refused = async (wrong: Partial<AssemblyUnit>): Promise<string | undefined> => {
    using worker = scatterer();
    const code = await codeOf(() => worker.scatter({ ...unit, ...wrong }));
    assert.throws(() => statSync(unit.file.path), { code: "ENOENT" });
    return code;
  };
  const { frames, runs, packs } = unit;
  const index = frames.index.map((frame) => frame + 1);
  assert.equal(await refused({ frames: { ...frames, index } }), "REPO_FRAME_CORRUPT");
  const tickets = packs.map(({ ticket }) => ticket).reverse();
  const others = packs.map(({ path }, at) => ({ path, ticket: present(tickets[at], "a ticket") }));
  assert.equal(await refused({ packs: others }), "REPO_FRAME_CORRUPT");
  const plainBytes = frames.plainBytes.map((bytes) => bytes - 8);
  assert.equal(await refused({ frames: { ...frames, plainBytes } }), "REPO_BLOCK_MISMATCH");
  const frameOffset = runs.frameOffset.map((offset) => offset + 2 ** 20);
  assert.equal(await refused({ runs: { ...runs, frameOffset } }), "REPO_BLOCK_MISMATCH");
  const bytes = frames.bytes.map((length) => length + 2 ** 24);
  assert.equal(await refused({ frames: { ...frames, bytes } }), "REPO_OBJECT_SHORT");
  const gone = packs.map((pack) => ({ ...pack, path: join(home, "gone") }));
  assert.equal(await refused({ packs: gone }), "STORE_IO");
});

test("what lies end to end, blocks strewn over too many frames, and little content are not assembled", () => {
  const about = { file: 0, firstBlock: 0, blockBytes: BLOCK };
  const stretch = new Stretch(1024, 0);
  const place = stretch.packPlace(testObjectId(1));
  const plan = (blocksOfFrame: number, stored: number): Assembly | undefined => {
    for (let number = 0; number < 1024; number++) {
      const frame = Math.floor(number / blocksOfFrame);
      stretch.setLocation(number, { place, frame, offset: (number % blocksOfFrame) * BLOCK }, 7n);
      if (number >= stored) {
        stretch.setZeros(number);
      }
    }
    return planAssembly(about, stretch, { from: 0, to: 1024 });
  };
  assert.equal(plan(32, 1024)?.frames.index.length, 32);
  assert.equal(plan(128, 1024), undefined);
  assert.equal(plan(8, 1024), undefined);
  assert.equal(plan(32, 50), undefined);
  assert.equal(assemblyUnitBytes % assemblyWindowBytes, 0);
});

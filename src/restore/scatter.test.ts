import assert from "node:assert/strict";
import {
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import fc from "fast-check";
import { present } from "../core/assert.ts";
import { systemClock } from "../core/clock.ts";
import { allocateBlockMemory } from "../pipeline/block-pass.ts";
import { deriveFingerprintKey } from "../pipeline/fingerprint-key.ts";
import { type FinishedObject, FramedFileWriter } from "../pipeline/framed-file-writer.ts";
import { openFramed } from "../pipeline/sealing/framed-object.ts";
import { sealTicket } from "../pipeline/sealing/object-header.ts";
import { codeOf, testIncarnation, testObjectId, testRing } from "../pipeline/sealing/test-keys.ts";
import { selectBlockPass } from "../pipeline/select-block-pass.ts";
import { ZstdCodec } from "../pipeline/zstd-codec.ts";
import { Stretch } from "../repository/map/stretch.ts";
import type { ScatterUnit, TargetFile } from "./scatter-messages.ts";
import { ScatterPlan } from "./scatter-plan.ts";
import { Scatterer } from "./scatter.ts";

const BLOCK = 1024;
const ring = testRing(5);
const incarnation = testIncarnation(6);
const fingerprintKey = deriveFingerprintKey(ring.metadataKey, incarnation);
const pass = selectBlockPass(
  allocateBlockMemory({ blockBytes: BLOCK, inputBytes: 64 * BLOCK, shared: false }),
  fingerprintKey,
);
const codec = new ZstdCodec();
const home = mkdtempSync("/tmp/pra-scatter-");
after(() => {
  rmSync(home, { recursive: true, force: true });
});
let made = 0;

function fingerprintOf(bytes: Buffer): bigint {
  pass.input.set(bytes, 0);
  const whole = { offsetBytes: 0, blockCount: 1, firstBlockNumber: 0, checkPages: false };
  return bytes.length === BLOCK
    ? present(pass.run(whole).fingerprints[0], "a fingerprint")
    : pass.tail({ offsetBytes: 0, lengthBytes: bytes.length });
}

/** Where a file's block lies: its number in the pack's list. */
type Scene = {
  readonly frames: readonly (readonly Buffer[])[];
  readonly files: readonly Buffer[][];
};

async function packOf(frames: Scene["frames"]): Promise<FinishedObject> {
  const objectId = testObjectId(made++);
  const about = { kind: "pack", objectId, createdAtMs: 0, incarnation, epoch: 0 } as const;
  const ticket = await sealTicket(ring, about);
  using writer = new FramedFileWriter({ ticket, path: join(home, `pack-${objectId}`), codec });
  for (const blocks of frames) {
    writer.addFrame(
      Buffer.concat(blocks.map((block) => Buffer.concat([block], Math.ceil(block.length / 8) * 8))),
    );
  }
  return writer.finish();
}

/** A unit that writes every file of a scene from its pack. */
async function unitOf(scene: Scene, pack: FinishedObject): Promise<ScatterUnit> {
  const plan = new ScatterPlan(BLOCK);
  const files: TargetFile[] = scene.files.map((blocks, number) => ({
    number,
    path: join(home, `file-${made++}`),
    sizeBytes: blocks.reduce((sum, block) => sum + block.length, 0),
    mode: 0o640,
  }));
  scene.files.forEach((blocks, number) => {
    const stretch = new Stretch(blocks.length, (blocks.at(-1)?.length ?? 0) % BLOCK);
    blocks.forEach((block, at) => {
      const frame = scene.frames.findIndex((held) => held.includes(block));
      const held = scene.frames[frame] ?? [];
      const before = held.slice(0, held.indexOf(block));
      const offset = before.reduce((sum, { length }) => sum + Math.ceil(length / 8) * 8, 0);
      stretch.setLocation(
        at,
        { place: stretch.packPlace(pack.id), frame, offset },
        fingerprintOf(block),
      );
    });
    plan.add(number, 0, stretch);
  });
  const bytes = readFileSync(pack.path);
  const opened = await openFramed(
    ring,
    (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
    bytes.length,
    { kind: "pack", objectId: pack.id, incarnation },
  );
  const runs = plan.take(pack.id);
  const index = Uint32Array.from(new Set(runs.frame));
  return {
    kind: "unit",
    number: 0,
    packPath: pack.path,
    ticket: opened.ticket,
    frames: {
      index,
      offset: Float64Array.from(index, (frame) => opened.frameRange(frame).offset),
      bytes: Uint32Array.from(index, (frame) => opened.frameRange(frame).length),
    },
    runs,
    files,
  };
}

function scatterer(openFilesMax = 2): Scatterer {
  const data = { blockBytes: BLOCK, fingerprintKey, owner: undefined, openFilesMax };
  return new Scatterer(data, systemClock);
}

function block(seed: number, length = BLOCK): Buffer {
  const bytes = Buffer.alloc(length, seed % 253);
  bytes.writeUInt32LE(seed, 0);
  return bytes;
}

const scenes = fc
  .record({
    perFrame: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }),
    files: fc.array(fc.array(fc.nat(100), { minLength: 1, maxLength: 8 }), {
      minLength: 1,
      maxLength: 5,
    }),
    tail: fc.integer({ min: 4, max: BLOCK - 1 }),
  })
  .map(({ perFrame, files, tail }): Scene => {
    let seed = 1;
    const short = block(9999, tail);
    const frames = [
      ...perFrame.map((count) => Array.from({ length: count }, () => block(seed++))),
      [short],
    ];
    const whole = frames.slice(0, -1).flat();
    const pick = (n: number): Buffer => present(whole[n % whole.length], "a block");
    return {
      frames,
      files: files.map((of, n) => [...of.map(pick), ...(n % 2 === 0 ? [short] : [])]),
    };
  });

test("every run lands where it should, whatever frames feed a file, with more files than may be open", async () => {
  await fc.assert(
    fc.asyncProperty(scenes, async (scene) => {
      const unit = await unitOf(scene, await packOf(scene.frames));
      using worker = scatterer();
      const counts = await worker.scatter(unit);
      await worker.finish(unit.files);
      const wanted = scene.files.map((blocks) => Buffer.concat(blocks));
      unit.files.forEach(({ path }, n) => {
        assert.deepEqual(readFileSync(path), wanted[n]);
        assert.equal(statSync(path).mode & 0o777, 0o640);
      });
      assert.equal(
        counts.writtenBytes,
        wanted.reduce((sum, { length }) => sum + length, 0),
      );
    }),
    { numRuns: 40 },
  );
});

const scene: Scene = (() => {
  const blocks = [1, 2, 3, 4].map((seed) => block(seed));
  const [a, b, c, d] = blocks;
  assert.ok(a !== undefined && b !== undefined && c !== undefined && d !== undefined);
  return {
    frames: [
      [a, b],
      [c, d],
    ],
    files: [[a, b, c, d]],
  };
})();

function written(unit: ScatterUnit): number {
  return unit.files.reduce((sum, { path }) => {
    try {
      return sum + statSync(path).size;
    } catch {
      return sum;
    }
  }, 0);
}

test("L40 a block that is not the one the map names is refused with REPO_BLOCK_MISMATCH, and nothing of its run is written", async () => {
  const unit = await unitOf(scene, await packOf(scene.frames));
  const fingerprints = unit.runs.fingerprints.slice();
  fingerprints[1] = (fingerprints[1] ?? 0n) ^ 1n;
  using worker = scatterer();
  const wrong = { ...unit, runs: { ...unit.runs, fingerprints } };
  assert.equal(await codeOf(() => worker.scatter(wrong)), "REPO_BLOCK_MISMATCH");
  assert.equal(written(unit), 0);
});

test("L40 frames swapped, another pack's frames, a cut pack and a place outside its frame are refused before they are written", async () => {
  const pack = await packOf(scene.frames);
  const unit = await unitOf(scene, pack);
  using worker = scatterer();
  const swapped = {
    ...unit.frames,
    offset: unit.frames.offset.toReversed(),
    bytes: unit.frames.bytes.toReversed(),
  };
  assert.equal(
    await codeOf(() => worker.scatter({ ...unit, frames: swapped })),
    "REPO_FRAME_CORRUPT",
  );
  const other = await packOf([...scene.frames].reverse());
  assert.equal(
    await codeOf(() => worker.scatter({ ...unit, packPath: other.path })),
    "REPO_FRAME_CORRUPT",
  );
  const behind = unit.runs.frameOffset.map((offset) => offset + 4096);
  assert.equal(
    await codeOf(() => worker.scatter({ ...unit, runs: { ...unit.runs, frameOffset: behind } })),
    "REPO_BLOCK_MISMATCH",
  );
  const cut = join(home, "cut");
  writeFileSync(cut, readFileSync(pack.path).subarray(0, (unit.frames.offset[1] ?? 0) + 5));
  assert.equal(await codeOf(() => worker.scatter({ ...unit, packPath: cut })), "REPO_OBJECT_SHORT");
  assert.equal(
    await codeOf(() => worker.scatter({ ...unit, packPath: join(home, "gone") })),
    "STORE_IO",
  );
  // The frame before the cut was whole.
  assert.equal(written(unit), 2 * BLOCK);
});

test("errors of the target are told with its path, a link in its place is not followed, and no descriptor stays open", async () => {
  const open = (): number => readdirSync("/proc/self/fd").length;
  const unit = await unitOf(scene, await packOf(scene.frames));
  const before = open();
  const link = join(home, "link");
  symlinkSync(join(home, "elsewhere"), link);
  const targets = {
    [join(home, "missing", "x")]: "RESTORE_FILE_IO",
    [link]: "RESTORE_FILE_IO",
    "/dev/full": "RESTORE_DISK_FULL",
  };
  for (const [path, code] of Object.entries(targets)) {
    using worker = scatterer();
    const files = unit.files.map((file) => ({ ...file, path }));
    assert.equal(await codeOf(() => worker.scatter({ ...unit, files })), code);
  }
  assert.equal(open(), before);
});

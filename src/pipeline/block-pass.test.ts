import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { formatLsn } from "../core/lsn.ts";
import type { BlockPass } from "./block-pass.ts";
import {
  allocateBlockMemory,
  BLOCK_BAD_CHECKSUM,
  BLOCK_BAD_NEW_PAGE,
  BLOCK_OK,
  BLOCK_ZERO,
} from "./block-pass.ts";
import { createPlainBlockPass } from "./block-pass-plain.ts";
import {
  referenceChecksum,
  referenceFingerprint,
  referenceStatus,
} from "./block-pass-reference.ts";
import { createWasmBlockPass } from "./block-pass-wasm.ts";
import { deriveFingerprintKey } from "./fingerprint-key.ts";
import { blockPassAgrees, selectBlockPass } from "./select-block-pass.ts";

const key = deriveFingerprintKey(new Uint8Array(32).fill(3), new Uint8Array([1, 2, 3]));
/** Of 8 KiB of zeros, of 8 KiB counting up, of the first 100 bytes of these; under `key`. */
const GOLDEN = [2081607836264548504n, 203867843871726480n, 1158686553650119913n];
const blockSizes = [1024, 2048, 4096, 8192, 16384, 32768];

function passes(blockBytes: number, blocks: number): BlockPass[] {
  const inputBytes = blockBytes * blocks;
  const all = [false, true].flatMap((shared) => {
    const wasm = createWasmBlockPass(allocateBlockMemory({ blockBytes, inputBytes, shared }), key);
    assert.ok(wasm !== undefined, "this runtime has WASM SIMD");
    return [
      wasm,
      createPlainBlockPass(allocateBlockMemory({ blockBytes, inputBytes, shared }), key),
    ];
  });
  return all;
}

/** Small, seeded, good enough to fill blocks. */
function noise(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

type BlockKind = "random" | "ones" | "sparse" | "zero" | "page" | "new";

function fillBlock(block: Uint8Array, kind: BlockKind, seed: number, blockNumber: number): void {
  const next = noise(seed);
  block.fill(kind === "ones" ? 0xff : 0);
  if (kind === "random" || kind === "page" || kind === "new") {
    block.forEach((_, index) => (block[index] = next() & 0xff));
  }
  if (kind === "sparse") {
    block[next() % block.length] = 1 + (next() % 255);
  }
  if (kind === "new") {
    block.fill(0, 14, 16);
  }
  if (kind === "page") {
    block[14] = 1;
    new DataView(block.buffer, block.byteOffset).setUint16(
      8,
      referenceChecksum(block, blockNumber),
      true,
    );
  }
}

const blockKind = fc.constantFrom<BlockKind>("random", "ones", "sparse", "zero", "page", "new");

for (const blockBytes of blockSizes) {
  test(`WASM and plain passes agree with the reference on blocks of ${blockBytes} bytes`, () => {
    const candidates = passes(blockBytes, 5);
    fc.assert(
      fc.property(
        fc.array(fc.record({ kind: blockKind, seed: fc.nat() }), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 0, max: 0xfffffffe - 4 }),
        fc.boolean(),
        fc.integer({ min: 0, max: blockBytes / 8 }),
        (blocks, firstBlockNumber, checkPages, shift) => {
          for (const pass of candidates) {
            const offsetBytes = shift * 8;
            const data = pass.input.subarray(offsetBytes, offsetBytes + blocks.length * blockBytes);
            const each = blocks.map((_, index) =>
              data.subarray(index * blockBytes, (index + 1) * blockBytes),
            );
            blocks.forEach(({ kind, seed }, index) => {
              fillBlock(each[index] ?? data, kind, seed, firstBlockNumber + index);
            });
            const before = Uint8Array.from(pass.input);
            const run = { offsetBytes, blockCount: blocks.length, firstBlockNumber, checkPages };
            const found = pass.run(run);
            assert.deepEqual(
              [...found.fingerprints],
              each.map((block) => referenceFingerprint(block, key)),
            );
            assert.deepEqual(
              [...found.statuses],
              each.map((block, index) =>
                referenceStatus(block, { checkPages, blockNumber: firstBlockNumber + index }),
              ),
            );
            assert.deepEqual(
              found.badPages.map((page) => page.index),
              [...found.statuses].flatMap((status, index) => (status >= 2 ? [index] : [])),
            );
            assert.deepEqual(Uint8Array.from(pass.input), before, "the input is left alone");
          }
        },
      ),
      { numRuns: blockBytes > 8192 ? 8 : 25 },
    );
  });
}

test("tails of every length agree with the reference", () => {
  for (const pass of passes(8192, 1)) {
    fillBlock(pass.input, "random", 11, 0);
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 8191 }),
        fc.integer({ min: 0, max: 8 }),
        (length, shift) => {
          const piece = { offsetBytes: shift * 8, lengthBytes: Math.min(length, 8192 - shift * 8) };
          const bytes = pass.input.subarray(
            piece.offsetBytes,
            piece.offsetBytes + piece.lengthBytes,
          );
          assert.equal(pass.tail(piece), referenceFingerprint(bytes, key));
        },
      ),
      { numRuns: 60, examples: [0, 1, 31, 32, 33, 63, 64, 65, 8160, 8191].map((n) => [n, 0]) },
    );
  }
});

test("fingerprints of fixed blocks never change: stored maps depend on them", () => {
  const pass = selectBlockPass(
    allocateBlockMemory({ blockBytes: 8192, inputBytes: 8192, shared: false }),
    key,
  );
  pass.input.fill(0);
  assert.equal(pass.tail({ offsetBytes: 0, lengthBytes: 0 }), key.addend);
  const ofZeros = pass.run({
    offsetBytes: 0,
    blockCount: 1,
    firstBlockNumber: 0,
    checkPages: false,
  }).fingerprints[0];
  pass.input.forEach((_, index) => (pass.input[index] = index & 0xff));
  const ofCount = pass.run({
    offsetBytes: 0,
    blockCount: 1,
    firstBlockNumber: 0,
    checkPages: false,
  }).fingerprints[0];
  const ofTail = pass.tail({ offsetBytes: 0, lengthBytes: 100 });
  assert.deepEqual([ofZeros, ofCount, ofTail], GOLDEN);
});

test("no two zero-filled pieces of different length share a fingerprint", () => {
  for (const pass of passes(8192, 1).slice(0, 2)) {
    pass.input.fill(0);
    const seen = new Set<bigint>();
    for (let lengthBytes = 0; lengthBytes < 8192; lengthBytes++) {
      seen.add(pass.tail({ offsetBytes: 0, lengthBytes }));
    }
    assert.equal(seen.size, 8192);
  }
});

test("changing any single bit changes the fingerprint", () => {
  for (const [blockBytes, kind] of [
    [1024, "random"],
    [1024, "zero"],
    [1024, "ones"],
    [32768, "random"],
  ] as const) {
    const [pass] = passes(blockBytes, 1);
    assert.ok(pass !== undefined);
    fillBlock(pass.input, kind, 5, 0);
    const run = { offsetBytes: 0, blockCount: 1, firstBlockNumber: 0, checkPages: false };
    const original = pass.run(run).fingerprints[0];
    const seen = new Set([original]);
    const step = blockBytes === 1024 ? 1 : 61;
    let flips = 0;
    for (let bit = 0; bit < blockBytes * 8; bit += step) {
      const at = bit >> 3;
      pass.input[at] = (pass.input[at] ?? 0) ^ (1 << (bit & 7));
      seen.add(pass.run(run).fingerprints[0]);
      pass.input[at] = (pass.input[at] ?? 0) ^ (1 << (bit & 7));
      flips++;
    }
    assert.equal(seen.size, flips + 1, "every flip has a fingerprint of its own");
  }
});

test("exchanging two words, two groups or two halves changes the fingerprint", () => {
  const [pass] = passes(1024, 1);
  assert.ok(pass !== undefined);
  fillBlock(pass.input, "random", 17, 0);
  const original = Uint8Array.from(pass.input);
  const run = { offsetBytes: 0, blockCount: 1, firstBlockNumber: 0, checkPages: false };
  const before = pass.run(run).fingerprints[0];
  for (const unit of [4, 16, 32, 64, 512]) {
    for (let at = unit; at < 1024; at += unit) {
      pass.input.set(original.subarray(at, at + unit), 0);
      pass.input.set(original.subarray(0, unit), at);
      assert.notEqual(pass.run(run).fingerprints[0], before, `units of ${unit} at ${at}`);
      pass.input.set(original);
    }
  }
});

test("each bit of the fingerprints of similar blocks is set half of the time", () => {
  const [pass] = passes(1024, 1);
  assert.ok(pass !== undefined);
  pass.input.fill(0);
  const view = new DataView(pass.input.buffer);
  const samples = 20_000;
  const counts = Array.from({ length: 64 }, () => 0);
  const seen = new Set<bigint>();
  for (let sample = 1; sample <= samples; sample++) {
    view.setUint32(512, sample, true);
    const [print = 0n] = pass.run({
      offsetBytes: 0,
      blockCount: 1,
      firstBlockNumber: 0,
      checkPages: false,
    }).fingerprints;
    seen.add(print);
    counts.forEach((count, bit) => (counts[bit] = count + Number((print >> BigInt(bit)) & 1n)));
  }
  assert.equal(seen.size, samples);
  assert.deepEqual(counts.slice(61), [0, 0, 0], "a fingerprint has 61 bits");
  // A counter through a multiplication is spread evenly, not independently: 2 % either way is generous.
  counts.slice(0, 61).forEach((count, bit) => {
    assert.ok(Math.abs(count / samples - 0.5) < 0.02, `bit ${bit} is set ${count} times`);
  });
});

test("with words of 4 bits, every pair of factors collides for at most one key word", () => {
  // Step 1 of the proof in block-pass-reference.ts, checked exhaustively in small.
  const size = 16;
  for (let x = 0; x < size; x++) {
    for (let other = 0; other < size; other++) {
      for (let d = 0; other !== x && d < size; d++) {
        const differences = Array.from(
          { length: size },
          (_, y) => (x * y - other * ((y + d) % size) + size * size * 2) % (size * size),
        );
        assert.equal(new Set(differences).size, size);
      }
    }
  }
});

test("a page with a wrong checksum is reported with its number and position, a new page is not", () => {
  for (const pass of passes(8192, 4)) {
    const block = (index: number): Uint8Array =>
      pass.input.subarray(index * 8192, (index + 1) * 8192);
    fillBlock(block(0), "page", 1, 131_072);
    fillBlock(block(1), "page", 2, 131_072);
    fillBlock(block(2), "zero", 3, 0);
    fillBlock(block(3), "new", 4, 0);
    block(1).set([0x16, 0, 0, 0, 0x48, 0xd8, 0x74, 0xb3]);
    const run = { offsetBytes: 0, blockCount: 4, firstBlockNumber: 131_072, checkPages: true };
    const found = pass.run(run);
    assert.deepEqual(
      [...found.statuses],
      [BLOCK_OK, BLOCK_BAD_CHECKSUM, BLOCK_ZERO, BLOCK_BAD_NEW_PAGE],
    );
    const [bad, fresh] = found.badPages;
    assert.ok(bad !== undefined && fresh !== undefined);
    assert.equal(found.badPages.length, 2);
    assert.deepEqual(
      { ...bad, lsn: formatLsn(bad.lsn) },
      { index: 1, blockNumber: 131_073, status: BLOCK_BAD_CHECKSUM, lsn: "16/B374D848" },
    );
    assert.deepEqual([fresh.blockNumber, fresh.status], [131_075, BLOCK_BAD_NEW_PAGE]);
    assert.deepEqual([...pass.run({ ...run, checkPages: false }).statuses], [0, 0, 1, 0]);
  }
});

test("a page that is right in one block is wrong in another", () => {
  for (const pass of passes(8192, 1)) {
    fillBlock(pass.input, "page", 9, 42);
    const run = { offsetBytes: 0, blockCount: 1, checkPages: true };
    assert.equal(pass.run({ ...run, firstBlockNumber: 42 }).badPages.length, 0);
    assert.equal(pass.run({ ...run, firstBlockNumber: 43 }).badPages.length, 1);
  }
});

test("a run or tail that leaves the input is refused", () => {
  for (const pass of passes(1024, 2)) {
    const run = { offsetBytes: 0, blockCount: 2, firstBlockNumber: 0, checkPages: false };
    assert.equal(pass.run(run).statuses.length, 2);
    assert.equal(pass.run({ ...run, blockCount: 0 }).statuses.length, 0);
    assert.throws(() => pass.run({ ...run, blockCount: 3 }), /no more blocks/);
    assert.throws(() => pass.run({ ...run, blockCount: -1 }), /no more blocks/);
    assert.throws(() => pass.run({ ...run, blockCount: Number.NaN }), /no more blocks/);
    assert.throws(() => pass.run({ ...run, offsetBytes: 8 }), /within the input/);
    assert.throws(() => pass.run({ ...run, offsetBytes: 4 }), /multiple of 8/);
    assert.throws(() => pass.run({ ...run, offsetBytes: -8 }), /multiple of 8/);
    assert.throws(() => pass.run({ ...run, firstBlockNumber: 2 ** 32 - 1 }), /fit 32 bits/);
    assert.throws(() => pass.tail({ offsetBytes: 2040, lengthBytes: 9 }), /within the input/);
    assert.throws(() => pass.tail({ offsetBytes: 0, lengthBytes: 1024 }), /shorter than a block/);
    assert.throws(() => pass.tail({ offsetBytes: 0, lengthBytes: -1 }), /shorter than a block/);
  }
});

test("only PostgreSQL's block sizes and bounded inputs get a region", () => {
  for (const blockBytes of [0, 512, 3000, 8191, 65_536]) {
    assert.throws(
      () => allocateBlockMemory({ blockBytes, inputBytes: 1 << 20, shared: false }),
      /1, 2, 4, 8, 16 or 32 KiB/,
    );
  }
  for (const inputBytes of [0, 8191, 16 * 2 ** 20 + 1, Number.NaN]) {
    assert.throws(
      () => allocateBlockMemory({ blockBytes: 8192, inputBytes, shared: false }),
      /at least one block/,
    );
  }
});

test("the largest region works, shared and not", () => {
  for (const shared of [false, true]) {
    const memory = allocateBlockMemory({ blockBytes: 1024, inputBytes: 16 * 2 ** 20, shared });
    const pass = selectBlockPass(memory, key);
    assert.equal(pass.kind, "wasm");
    const run = { offsetBytes: 0, blockCount: 16_384, firstBlockNumber: 0, checkPages: true };
    assert.ok(pass.run(run).statuses.every((status) => status === BLOCK_ZERO));
  }
});

test("a worker runs the pass over a shared region that the main thread filled", async () => {
  const memory = allocateBlockMemory({ blockBytes: 8192, inputBytes: 65_536, shared: true });
  const input = new Uint8Array(memory.buffer, 0, 65_536);
  fillBlock(input, "random", 29, 0);
  const url = JSON.stringify(new URL("./select-block-pass.ts", import.meta.url).href);
  const code = `
    const { parentPort, workerData } = await import("node:worker_threads");
    const { selectBlockPass } = await import(${url});
    const pass = selectBlockPass(workerData.memory, workerData.key);
    const run = { offsetBytes: 0, blockCount: 8, firstBlockNumber: 0, checkPages: false };
    parentPort.postMessage([pass.kind, ...pass.run(run).fingerprints]);`;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), {
    workerData: { memory, key },
  });
  const answers: unknown[] = await once(worker, "message");
  await worker.terminate();
  const expected = Array.from({ length: 8 }, (_, index) =>
    referenceFingerprint(input.subarray(index * 8192, (index + 1) * 8192), key),
  );
  assert.deepEqual(answers, [["wasm", ...expected]]);
});

test("choosing a pass leaves the region's input alone", () => {
  const memory = allocateBlockMemory({ blockBytes: 8192, inputBytes: 65_536, shared: true });
  const input = new Uint8Array(memory.buffer, 0, 65_536);
  fillBlock(input, "random", 23, 0);
  const before = Uint8Array.from(input);
  selectBlockPass(memory, key);
  selectBlockPass(memory, key, "plain");
  assert.deepEqual(Uint8Array.from(input), before);
});

test("a pass that misses a bit, a bad page or a tail fails the self-test", () => {
  const memory = allocateBlockMemory({ blockBytes: 1024, inputBytes: 1024, shared: false });
  const pass = createPlainBlockPass(memory, key);
  assert.ok(blockPassAgrees(pass, key));
  const wrong: BlockPass[] = [
    {
      ...pass,
      run: (run) => {
        const found = pass.run(run);
        return { ...found, fingerprints: found.fingerprints.map((print) => print ^ 1n) };
      },
    },
    { ...pass, run: (run) => ({ ...pass.run({ ...run, checkPages: false }) }) },
    { ...pass, tail: (piece) => pass.tail({ ...piece, lengthBytes: piece.lengthBytes & ~31 }) },
  ];
  for (const broken of wrong) {
    assert.equal(blockPassAgrees(broken, key), false);
  }
});

test("a runtime without WebAssembly gets the plain pass with the same fingerprints", () => {
  const url = (name: string): string => JSON.stringify(new URL(name, import.meta.url).href);
  // Node reads TypeScript by means of WebAssembly, so the namespace goes away after the imports.
  const script = `
    const { allocateBlockMemory } = await import(${url("./block-pass.ts")});
    const { selectBlockPass } = await import(${url("./select-block-pass.ts")});
    const { deriveFingerprintKey } = await import(${url("./fingerprint-key.ts")});
    delete globalThis.WebAssembly;
    const key = deriveFingerprintKey(new Uint8Array(32).fill(3), new Uint8Array([1, 2, 3]));
    const memory = allocateBlockMemory({ blockBytes: 1024, inputBytes: 1024, shared: true });
    const pass = selectBlockPass(memory, key);
    pass.input.fill(9);
    const print = pass.tail({ offsetBytes: 0, lengthBytes: 1000 });
    console.log(typeof WebAssembly, pass.kind, print);`;
  const output = execFileSync(process.execPath, ["--input-type=module", "-e", script], {
    encoding: "utf8",
  });
  const expected = referenceFingerprint(new Uint8Array(1000).fill(9), key);
  assert.equal(output, `undefined plain ${expected}n\n`);
});

test("the committed WASM modules are what their generator writes", () => {
  const tool = new URL("../../tools/build-block-pass.ts", import.meta.url).pathname;
  execFileSync(process.execPath, [tool, "--check"]);
});

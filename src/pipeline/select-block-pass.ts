/**
 * Chooses the block pass when a worker starts: WASM SIMD where it works, else plain JavaScript. Neither is
 * trusted unseen: each is compared with the reference on pages of every kind first, with the key and block
 * size in use. A pass that is wrong would either miss changes or call healthy pages bad, so a wrong WASM
 * pass is left out and a wrong plain pass is a bug that stops the program.
 */
import { assert } from "../core/assert.ts";
import type { BlockMemory, BlockPass } from "./block-pass.ts";
import { allocateBlockMemory } from "./block-pass.ts";
import { createPlainBlockPass } from "./block-pass-plain.ts";
import {
  referenceChecksum,
  referenceFingerprint,
  referenceStatus,
} from "./block-pass-reference.ts";
import { createWasmBlockPass } from "./block-pass-wasm.ts";
import type { FingerprintKey } from "./fingerprint-key.ts";
import { PAGE_CHECKSUM_OFFSET } from "./page-checksum.ts";

const TEST_BLOCK_NUMBER = 0x89abcdef;

/** One block of each kind: good page, bad page, zeros, half-written new page. */
const testBlocks = ["good", "bad", "zero", "new"] as const;

function fillTestBlock(block: Uint8Array, kind: (typeof testBlocks)[number], number: number): void {
  block.fill(0);
  if (kind === "zero") {
    return;
  }
  for (let index = 0; index < block.length; index++) {
    block[index] = (index * 167 + (index >> 8) * 59 + 0xf1) & 0xff;
  }
  if (kind === "new") {
    block.fill(0, 14, 16);
    return;
  }
  const checksum = referenceChecksum(block, number) ^ (kind === "bad" ? 1 : 0);
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  view.setUint16(PAGE_CHECKSUM_OFFSET, checksum, true);
}

/**
 * True when the pass agrees with the reference on one block of each kind and on tails. Overwrites the
 * beginning of the pass's input.
 */
export function blockPassAgrees(pass: BlockPass, key: FingerprintKey): boolean {
  const block = pass.input.subarray(0, pass.blockBytes);
  for (const [index, kind] of testBlocks.entries()) {
    const blockNumber = TEST_BLOCK_NUMBER + index;
    fillTestBlock(block, kind, blockNumber);
    for (const checkPages of [true, false]) {
      const found = pass.run({
        offsetBytes: 0,
        blockCount: 1,
        firstBlockNumber: blockNumber,
        checkPages,
      });
      const status = referenceStatus(block, { checkPages, blockNumber });
      if (
        found.statuses[0] !== status ||
        found.fingerprints[0] !== referenceFingerprint(block, key)
      ) {
        return false;
      }
    }
  }
  return [0, 1, 33, 1000].every(
    (lengthBytes) =>
      pass.tail({ offsetBytes: 0, lengthBytes }) ===
      referenceFingerprint(pass.input.subarray(0, lengthBytes), key),
  );
}

/** A region of its own for the self-test: the caller's input may hold blocks already. */
function testRegion(memory: BlockMemory): BlockMemory {
  const { blockBytes } = memory;
  const shared = memory.buffer instanceof SharedArrayBuffer;
  return allocateBlockMemory({ blockBytes, inputBytes: blockBytes, shared });
}

/**
 * The block pass to use over a region, tested a moment ago (some milliseconds). Writes the key into the
 * region and leaves its input alone.
 * @param allow leaves WASM out when "plain", for comparison and for tests
 */
export function selectBlockPass(
  memory: BlockMemory,
  key: FingerprintKey,
  allow: "any" | "plain" = "any",
): BlockPass {
  const region = testRegion(memory);
  if (allow === "any") {
    const probe = createWasmBlockPass(region, key);
    const wasm = createWasmBlockPass(memory, key);
    if (probe !== undefined && wasm !== undefined && blockPassAgrees(probe, key)) {
      return wasm;
    }
  }
  const agrees = blockPassAgrees(createPlainBlockPass(region, key), key);
  assert(agrees, "the plain block pass agrees with its reference");
  return createPlainBlockPass(memory, key);
}

/**
 * The block pass in plain JavaScript, for a runtime without WebAssembly or SIMD. Same results, a
 * fifteenth of the speed. It must stay free of BigInt and of allocation inside the loops over words.
 *
 * A product of two 32-bit words does not fit a double. So one factor is cut at bit 16: both partial
 * products stay below 2^48, and 32 of them below 2^53, where doubles are exact. After 32 pairs the two
 * partial sums are folded into the 64-bit sum, kept as two doubles.
 */
import type {
  BlockMemory,
  BlockPass,
  BlockRun,
  BlockRunResult,
  BlockStatus,
} from "./block-pass.ts";
import {
  assertRun,
  assertTail,
  BLOCK_BAD_CHECKSUM,
  BLOCK_BAD_NEW_PAGE,
  BLOCK_OK,
  BLOCK_ZERO,
  blockMemoryLayout,
  collectBadPages,
} from "./block-pass.ts";
import type { FingerprintKey } from "./fingerprint-key.ts";
import { FINGERPRINT_PRIME } from "./fingerprint-key.ts";
import { PAGE_CHECKSUM_OFFSET, PAGE_UPPER_OFFSET, pageChecksum } from "./page-checksum.ts";

const TWO_16 = 65536;
const TWO_32 = 4294967296;
const GROUP_WORDS = 8;
/** Four pairs a group, so 8 groups are the 32 pairs that doubles hold exactly. */
const GROUPS_A_FOLD = 8;

/** A sum modulo 2^64 as two doubles: `low` + 2^32 x `high`, both exact, reduced only at the end. */
type WideSum = { low: number; high: number };

function fold(sum: WideSum, low: number, high: number): void {
  sum.low += (low >>> 0) + (high & 0xffff) * TWO_16;
  sum.high += Math.floor(low / TWO_32) + Math.floor(high / TWO_16);
}

/** Adds the NH terms of whole groups; `start`, `end` and `keyStart` count words. */
function addGroups(
  sum: WideSum,
  words: Uint32Array,
  range: { readonly start: number; readonly end: number; readonly keyStart: number },
  key: Uint32Array,
): void {
  let k = range.keyStart;
  for (let at = range.start; at < range.end;) {
    const stop = Math.min(range.end, at + GROUPS_A_FOLD * GROUP_WORDS);
    let low = 0;
    let high = 0;
    for (; at < stop; at += GROUP_WORDS, k += GROUP_WORDS) {
      for (let word = 0; word < 4; word++) {
        const left = ((words[at + word] ?? 0) + (key[k + word] ?? 0)) >>> 0;
        const right = ((words[at + word + 4] ?? 0) + (key[k + word + 4] ?? 0)) >>> 0;
        low += (left & 0xffff) * right;
        high += (left >>> 16) * right;
      }
    }
    fold(sum, low, high);
  }
}

/** The fingerprint of `lengthBytes` bytes that begin at word `start`. */
function fingerprint(
  words: Uint32Array,
  piece: { readonly start: number; readonly lengthBytes: number },
  key: FingerprintKey,
): bigint {
  const restBytes = piece.lengthBytes % (GROUP_WORDS * 4);
  const wholeWords = (piece.lengthBytes - restBytes) / 4;
  const rest = new Uint32Array(restBytes === 0 ? 0 : GROUP_WORDS);
  new Uint8Array(rest.buffer).set(
    new Uint8Array(words.buffer, words.byteOffset + (piece.start + wholeWords) * 4, restBytes),
  );
  const limbs: number[] = [];
  for (const nhKey of key.nh) {
    const sum: WideSum = { low: 0, high: 0 };
    const end = piece.start + wholeWords;
    addGroups(sum, words, { start: piece.start, end, keyStart: 0 }, nhKey);
    addGroups(sum, rest, { start: 0, end: rest.length, keyStart: wholeWords }, nhKey);
    limbs.push(sum.low >>> 0, (sum.high + Math.floor(sum.low / TWO_32)) >>> 0);
  }
  limbs.push(piece.lengthBytes);
  let total = key.addend;
  limbs.forEach((limb, index) => {
    total += (key.multipliers[index] ?? 0n) * BigInt(limb);
  });
  return total % FINGERPRINT_PRIME;
}

function isZero(words: Uint32Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    if (words[at] !== 0) {
      return false;
    }
  }
  return true;
}

/** The plain pass over a region. */
export function createPlainBlockPass(memory: BlockMemory, key: FingerprintKey): BlockPass {
  const layout = blockMemoryLayout(memory);
  const { buffer, blockBytes, inputBytes } = memory;
  const blockWords = blockBytes / 4;
  const words = new Uint32Array(buffer, 0, Math.floor(inputBytes / 4));
  const signed = new Int32Array(buffer, 0, Math.floor(inputBytes / 4));
  const halves = new Uint16Array(buffer, 0, Math.floor(inputBytes / 2));
  const allFingerprints = new BigUint64Array(buffer, layout.fingerprints, layout.blocksMax);
  const allStatuses = new Uint8Array(buffer, layout.statuses, layout.blocksMax);

  function judge(start: number, blockNumber: number, checkPages: boolean): BlockStatus {
    if (isZero(words, start, start + blockWords)) {
      return BLOCK_ZERO;
    }
    if (!checkPages) {
      return BLOCK_OK;
    }
    if (halves[start * 2 + PAGE_UPPER_OFFSET / 2] === 0) {
      return BLOCK_BAD_NEW_PAGE;
    }
    const right = pageChecksum(signed, { start, length: blockWords, blockNumber });
    return halves[start * 2 + PAGE_CHECKSUM_OFFSET / 2] === right ? BLOCK_OK : BLOCK_BAD_CHECKSUM;
  }

  return {
    kind: "plain",
    blockBytes,
    input: new Uint8Array(buffer, 0, inputBytes),
    run(run: BlockRun): BlockRunResult {
      assertRun(run, memory, layout.blocksMax);
      let badCount = 0;
      for (let index = 0; index < run.blockCount; index++) {
        const start = run.offsetBytes / 4 + index * blockWords;
        allFingerprints[index] = fingerprint(words, { start, lengthBytes: blockBytes }, key);
        const status = judge(start, run.firstBlockNumber + index, run.checkPages);
        allStatuses[index] = status;
        badCount += status === BLOCK_BAD_CHECKSUM || status === BLOCK_BAD_NEW_PAGE ? 1 : 0;
      }
      const statuses = allStatuses.subarray(0, run.blockCount);
      return {
        fingerprints: allFingerprints.subarray(0, run.blockCount),
        statuses,
        badPages: collectBadPages(run, { statuses, badCount }, memory),
      };
    },
    tail(piece): bigint {
      assertTail(piece, memory);
      const { offsetBytes, lengthBytes } = piece;
      return fingerprint(words, { start: offsetBytes / 4, lengthBytes }, key);
    },
  };
}

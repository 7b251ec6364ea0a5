/**
 * What the block pass computes, written to be read: the definition of the fingerprint, the proof of its
 * collision bound, and PostgreSQL's page check, all in plain arithmetic. The quick versions (WASM SIMD
 * and plain JavaScript) are compared with this one by tests and again when a process starts; it must
 * never be used for bulk data (it is a thousand times slower).
 *
 * DEFINITION. A block is 0 to 32,768 bytes. Pad it with zeros to whole groups of 32 bytes; read it as
 * little-endian 32-bit words m[0], m[1], ... With a key k of as many words,
 *
 *   NH_k(m) = sum over pairs (i, i+4) of ((m[i]+k[i]) mod 2^32) * ((m[i+4]+k[i+4]) mod 2^32)   mod 2^64
 *
 * where i runs over the first four words of each group of eight: every word is in exactly one pair. Two
 * independent keys give h0, h1. The limbs x0..x3 are the 32-bit halves of h0 and h1, x4 is the length of
 * the block in bytes before padding. With a0..a4 and b uniform below the prime p = 2^61 - 1,
 *
 *   fingerprint = a0*x0 + a1*x1 + a2*x2 + a3*x3 + a4*x4 + b   mod p.
 *
 * BOUND. Two different blocks, chosen without knowledge of the key, share a fingerprint with probability
 * at most 2^-64 + 1/p < 2^-60 (beyond what distinguishes HKDF-SHA256 from random).
 *
 * 1. One pair. Let x != x' be below 2^32, d and c any constants. Among the 2^32 values y at most one has
 *    x*y - x'*y' = c (mod 2^64), y' = (y+d) mod 2^32. For let y1 > y2 both do, D = y1 - y2, 0 < D < 2^32.
 *    Then x*D = x'*(y1'-y2') (mod 2^64), and y1'-y2' is D or D - 2^32.
 *    - D: (x-x')*D = 0 (mod 2^64), but 0 < |x-x'|*D < 2^64. Contradiction.
 *    - D - 2^32: x*D + x'*(2^32-D) = 0 (mod 2^64). The left side is not negative and at most
 *      max(x,x')*2^32 < 2^64, so it is 0, so x = x' = 0. Contradiction.
 * 2. NH. Let two blocks of one length differ. Padding adds the same zeros to both, so the padded blocks
 *    differ, in a word of some pair (i, j) (either role: the pair is symmetric), m[i] != m'[i] say. Fix
 *    every key word but k[j]. x = (m[i]+k[i]) mod 2^32 and x' = (m'[i]+k[i]) mod 2^32 differ; with
 *    y = (m[j]+k[j]) mod 2^32, uniform, and d = m'[j]-m[j], NH_k(m) = NH_k(m') reads x*y - x'*y' = c with a c
 *    that does not depend on k[j]. By 1 at most one y fulfils it: probability at most 2^-32.
 * 3. Two keys are independent: h0 and h1 agree both with probability at most 2^-64.
 * 4. The split is injective: halves of 64-bit values, all limbs below 2^32 < p, so limbs that differ also
 *    differ modulo p.
 * 5. Linear map. When some limb differs, x_t - x'_t is invertible modulo the prime, and for any choice of
 *    the other multipliers exactly one a_t makes the sums equal: probability 1/p. The multipliers are
 *    independent of the NH keys.
 * 6. Same length: a collision needs 3 or 5, at most 2^-64 + 1/p. Different lengths: x4 differs whatever the
 *    NH keys, so 5 alone applies, 1/p. And 1/p + 2^-64 < 2^-61 * (1 + 2^-60 + 2^-3) < 2^-60.
 *
 * PAGE CHECK. PageIsVerified of src/backend/storage/page/bufpage.c, its part about checksums: a page with
 * pd_upper = 0 must be all zeros; any other must carry its checksum (checksum_impl.h).
 */
import {
  BLOCK_BAD_CHECKSUM,
  BLOCK_BAD_NEW_PAGE,
  BLOCK_OK,
  BLOCK_ZERO,
  type BlockStatus,
} from "./block-pass.ts";
import { FINGERPRINT_GROUP_BYTES, FINGERPRINT_PRIME } from "./fingerprint-key.ts";
import type { FingerprintKey } from "./fingerprint-key.ts";
import {
  CHECKSUM_LANES,
  CHECKSUM_PRIME,
  CHECKSUM_SEEDS,
  PAGE_CHECKSUM_OFFSET,
  PAGE_UPPER_OFFSET,
} from "./page-checksum.ts";

const WORD = 0xffffffffn;

function nh(block: Uint8Array, key: Uint32Array): bigint {
  const padded = new Uint8Array(
    Math.ceil(block.length / FINGERPRINT_GROUP_BYTES) * FINGERPRINT_GROUP_BYTES,
  );
  padded.set(block);
  const view = new DataView(padded.buffer);
  const masked = (word: number): bigint =>
    (BigInt(view.getUint32(word * 4, true)) + BigInt(key[word] ?? 0)) & WORD;
  let sum = 0n;
  for (let group = 0; group < padded.length / 4; group += 8) {
    for (let word = group; word < group + 4; word++) {
      sum += masked(word) * masked(word + 4);
    }
  }
  return BigInt.asUintN(64, sum);
}

/** The fingerprint of a block of at most 32 KiB. */
export function referenceFingerprint(block: Uint8Array, key: FingerprintKey): bigint {
  const h0 = nh(block, key.nh[0]);
  const h1 = nh(block, key.nh[1]);
  const limbs = [h0 & WORD, h0 >> 32n, h1 & WORD, h1 >> 32n, BigInt(block.length)];
  const sum = limbs.reduce(
    (total, limb, index) => total + (key.multipliers[index] ?? 0n) * limb,
    key.addend,
  );
  return sum % FINGERPRINT_PRIME;
}

/** The checksum that a page should carry, 1 to 65535. */
export function referenceChecksum(page: Uint8Array, blockNumber: number): number {
  const copy = Uint8Array.from(page);
  copy.fill(0, PAGE_CHECKSUM_OFFSET, PAGE_CHECKSUM_OFFSET + 2);
  const view = new DataView(copy.buffer);
  const sums = CHECKSUM_SEEDS.map(BigInt);
  const rows = copy.length / (4 * CHECKSUM_LANES);
  for (let row = 0; row < rows + 2; row++) {
    for (let lane = 0; lane < CHECKSUM_LANES; lane++) {
      const word = row < rows ? view.getUint32((row * CHECKSUM_LANES + lane) * 4, true) : 0;
      const mixed = (sums[lane] ?? 0n) ^ BigInt(word);
      sums[lane] = ((mixed * BigInt(CHECKSUM_PRIME)) & WORD) ^ (mixed >> 17n);
    }
  }
  const folded = sums.reduce((left, right) => left ^ right, 0n) ^ BigInt(blockNumber);
  return Number(folded % 65535n) + 1;
}

/** What the pass says about one whole block. */
export function referenceStatus(
  block: Uint8Array,
  check: { readonly checkPages: boolean; readonly blockNumber: number },
): BlockStatus {
  if (block.every((byte) => byte === 0)) {
    return BLOCK_ZERO;
  }
  if (!check.checkPages) {
    return BLOCK_OK;
  }
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  if (view.getUint16(PAGE_UPPER_OFFSET, true) === 0) {
    return BLOCK_BAD_NEW_PAGE;
  }
  const right = referenceChecksum(block, check.blockNumber);
  return view.getUint16(PAGE_CHECKSUM_OFFSET, true) === right ? BLOCK_OK : BLOCK_BAD_CHECKSUM;
}

/**
 * The key of the block fingerprints of one incarnation. It exists so that fingerprints reveal nothing
 * about blocks to who lacks the metadata key, and so that nobody can prepare two blocks that collide.
 * It must never be stored or logged: every host that holds the metadata key derives it again.
 *
 * What the key is used for, and why that detects every change, stands in `block-pass-reference.ts`.
 * Derivation: HKDF-SHA256 (RFC 5869), salt = incarnation, one `info` for each 4 KiB of key, because one
 * expansion yields at most 8,160 bytes. The key for small blocks is the beginning of the key for large
 * ones, so a fingerprint does not depend on the block size a reader expects.
 */
import { hkdfSync } from "node:crypto";
import { assert } from "../core/assert.ts";
import { blockBytesMax } from "../core/limits.ts";

/** The prime 2^61 - 1; fingerprints are below it. */
export const FINGERPRINT_PRIME = (1n << 61n) - 1n;

/** NH inputs are whole groups of this many bytes. */
export const FINGERPRINT_GROUP_BYTES = 32;

/** Multipliers of the linear map: four halves of the two NH values, and the length. */
export const FINGERPRINT_LIMBS = 5;

/** Plain data, so that it can be posted to a worker. */
export type FingerprintKey = {
  /** Two independent NH keys of 32-bit words, one word for each word of the largest block. */
  readonly nh: readonly [Uint32Array, Uint32Array];
  /** One for each limb, uniform below the prime. */
  readonly multipliers: readonly bigint[];
  /** Added at the end, uniform below the prime: even the fingerprint of no bytes is secret. */
  readonly addend: bigint;
};

const CHUNK_BYTES = 4096;

function derive(
  input: { readonly metadataKey: Uint8Array; readonly incarnation: Uint8Array },
  part: string,
  lengthBytes: number,
): DataView {
  const info = `pra fingerprint v1 ${part}`;
  return new DataView(hkdfSync("sha256", input.metadataKey, input.incarnation, info, lengthBytes));
}

function deriveWords(
  input: { readonly metadataKey: Uint8Array; readonly incarnation: Uint8Array },
  part: string,
): Uint32Array {
  const words = new Uint32Array(blockBytesMax / 4);
  for (let chunk = 0; chunk * CHUNK_BYTES < blockBytesMax; chunk++) {
    const bytes = derive(input, `${part} ${chunk}`, CHUNK_BYTES);
    for (let index = 0; index < CHUNK_BYTES / 4; index++) {
      words[(chunk * CHUNK_BYTES) / 4 + index] = bytes.getUint32(index * 4, true);
    }
  }
  return words;
}

/**
 * The first `count` numbers below the prime in a stream of 61-bit candidates. Only the value 2^61 - 1 is
 * rejected, so each is exactly uniform, and always the same for the same stream.
 */
export function numbersBelowPrime(candidates: Iterable<bigint>, count: number): bigint[] {
  const numbers: bigint[] = [];
  for (const candidate of candidates) {
    const number = candidate & FINGERPRINT_PRIME;
    if (number !== FINGERPRINT_PRIME) {
      numbers.push(number);
    }
    if (numbers.length === count) {
      return numbers;
    }
  }
  throw new Error("assertion failed: enough candidates below the prime");
}

/**
 * Derives the fingerprint key of an incarnation; a few milliseconds, 64 KiB.
 * @param metadataKey the repository's metadata key, 32 bytes
 * @param incarnation the incarnation's id, as bytes, not empty
 */
export function deriveFingerprintKey(
  metadataKey: Uint8Array,
  incarnation: Uint8Array,
): FingerprintKey {
  assert(metadataKey.byteLength >= 32, "the metadata key has at least 32 bytes");
  assert(incarnation.byteLength > 0, "the incarnation is named");
  const input = { metadataKey, incarnation };
  // 64 candidates for 6 numbers: that 59 of them are 2^61 - 1 is beyond any chance.
  const candidates = derive(input, "multipliers", 64 * 8);
  const numbers = numbersBelowPrime(
    Array.from({ length: 64 }, (_, index) => candidates.getBigUint64(index * 8, true)),
    FINGERPRINT_LIMBS + 1,
  );
  const [addend = 0n, ...multipliers] = numbers;
  return {
    nh: [deriveWords(input, "nh 0"), deriveWords(input, "nh 1")],
    multipliers,
    addend,
  };
}

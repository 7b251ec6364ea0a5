/**
 * PostgreSQL's page checksum in plain JavaScript, for runtimes without WASM SIMD and as the yardstick of
 * the WASM module. It must give the server's values exactly: a checksum that is wrong here would turn
 * every healthy page into an alarm.
 *
 * Follows src/include/storage/checksum_impl.h: 32 interleaved sums, each FNV-1a with an extra shift, two
 * closing rounds of zeros, folded by XOR, mixed with the block number, reduced to 1 .. 65535. The page's
 * own checksum field counts as zero. Works for every block size from 1 to 32 KiB.
 */

/** Where the 32 sums begin. */
export const CHECKSUM_SEEDS: readonly number[] = [
  0x5b1f36e9, 0xb8525960, 0x02ab50aa, 0x1de66d2a, 0x79ff467a, 0x9bb9f8a3, 0x217e7cd2, 0x83e13d2c,
  0xf8d4474f, 0xe39eb970, 0x42c6ae16, 0x993216fa, 0x7b093b5d, 0x98daff3c, 0xf718902a, 0x0b1c9cdb,
  0xe58f764b, 0x187636bc, 0x5d7b3bb1, 0xe73de7de, 0x92bec979, 0xcca6c0b2, 0x304a0979, 0x85aa43d4,
  0x783125bb, 0x6ca8eaa2, 0xe407eac6, 0x4b5cfc3e, 0x9fbf8c76, 0x15ca20be, 0xf2ca9fd3, 0x959bd756,
];

/** The multiplier of FNV-1a. */
export const CHECKSUM_PRIME = 16777619;

/** Byte offsets in a page's header, src/include/storage/bufpage.h. */
export const PAGE_CHECKSUM_OFFSET = 8;
export const PAGE_UPPER_OFFSET = 14;

/** Words in one round over the 32 sums. */
export const CHECKSUM_LANES = 32;

const LANES_AT_ONCE = 4;

function mix(sum: number, word: number): number {
  const mixed = sum ^ word;
  return Math.imul(mixed, CHECKSUM_PRIME) ^ (mixed >>> 17);
}

/** Four of the 32 sums over the whole page; in locals, because sums kept in an array are three times slower. */
function fourSums(words: Int32Array, start: number, end: number, lane: number): number {
  let a = CHECKSUM_SEEDS[lane] ?? 0;
  let b = CHECKSUM_SEEDS[lane + 1] ?? 0;
  let c = CHECKSUM_SEEDS[lane + 2] ?? 0;
  let d = CHECKSUM_SEEDS[lane + 3] ?? 0;
  // Word 2 holds the checksum in its lower half and the flags in its upper half.
  const keep = lane === 0 ? 0xffff0000 : 0xffffffff;
  a = mix(a, words[start + lane] ?? 0);
  b = mix(b, words[start + lane + 1] ?? 0);
  c = mix(c, (words[start + lane + 2] ?? 0) & keep);
  d = mix(d, words[start + lane + 3] ?? 0);
  for (let at = start + lane + CHECKSUM_LANES; at < end; at += CHECKSUM_LANES) {
    a = mix(a, words[at] ?? 0);
    b = mix(b, words[at + 1] ?? 0);
    c = mix(c, words[at + 2] ?? 0);
    d = mix(d, words[at + 3] ?? 0);
  }
  return mix(mix(a, 0), 0) ^ mix(mix(b, 0), 0) ^ mix(mix(c, 0), 0) ^ mix(mix(d, 0), 0);
}

/**
 * The checksum that the page at `start` should carry.
 * @param page `start` and `length` in 32-bit words; `blockNumber` counts from the relation's first segment
 */
export function pageChecksum(
  words: Int32Array,
  page: { readonly start: number; readonly length: number; readonly blockNumber: number },
): number {
  let folded = page.blockNumber;
  for (let lane = 0; lane < CHECKSUM_LANES; lane += LANES_AT_ONCE) {
    folded ^= fourSums(words, page.start, page.start + page.length, lane);
  }
  return ((folded >>> 0) % 65535) + 1;
}

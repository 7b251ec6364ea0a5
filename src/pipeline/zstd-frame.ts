/**
 * Looks at the structure of a zstd frame before the decompressor does: one frame, whole, nothing after it,
 * no dictionary, and a stated content size. So a decompression bomb, a truncated frame or a second frame is
 * refused from a few bytes a block, before any output exists and before zstd allocates a window.
 *
 * Follows RFC 8878 section 3.1. It judges structure only: whether the content is right is known from the
 * seal that was checked before.
 */

const MAGIC = 0xfd2fb528;
const MAGIC_BYTES = 4;
const BLOCK_HEADER_BYTES = 3;
const CHECKSUM_BYTES = 4;
const BLOCK_TYPE_RLE = 1;
const BLOCK_TYPE_RESERVED = 3;
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const;

/** The frame's stated content size, or what is wrong with its structure. */
export type ZstdFrameLook =
  | { readonly kind: "whole"; readonly contentBytes: number }
  | { readonly kind: "malformed"; readonly reason: string };

function malformed(reason: string): ZstdFrameLook {
  return { kind: "malformed", reason };
}

function readLittleEndian(source: Uint8Array, at: number, length: number): number {
  let value = 0;
  for (let index = length - 1; index >= 0; index--) {
    value = value * 256 + (source[at + index] ?? 0);
  }
  return value;
}

/** True when the blocks from `start` on, and the checksum when there is one, end exactly at the source's end. */
function blocksEndTheSource(source: Uint8Array, start: number, trailerBytes: number): boolean {
  let at = start;
  // Ends: every round moves on by at least the three bytes of a block header.
  while (at + BLOCK_HEADER_BYTES <= source.length) {
    const header = readLittleEndian(source, at, BLOCK_HEADER_BYTES);
    const type = (header >> 1) & 3;
    if (type === BLOCK_TYPE_RESERVED) {
      return false;
    }
    at += BLOCK_HEADER_BYTES + (type === BLOCK_TYPE_RLE ? 1 : header >> 3);
    if ((header & 1) === 1) {
      return at + trailerBytes === source.length;
    }
  }
  return false;
}

/** Looks at a frame of any length; reads nothing outside it and never throws. */
export function lookAtZstdFrame(source: Uint8Array): ZstdFrameLook {
  const descriptor = source[MAGIC_BYTES];
  if (descriptor === undefined || readLittleEndian(source, 0, MAGIC_BYTES) !== MAGIC) {
    return malformed("no zstd frame begins here");
  }
  if ((descriptor & 0x08) !== 0) {
    return malformed("a reserved bit is set");
  }
  if ((descriptor & 0x03) !== 0) {
    return malformed("it needs a dictionary");
  }
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >> 6;
  const sizeBytes = sizeFlag === 0 && isSingleSegment ? 1 : (CONTENT_SIZE_BYTES[sizeFlag] ?? 0);
  if (sizeBytes === 0) {
    return malformed("it does not state its content size");
  }
  const sizeAt = MAGIC_BYTES + 1 + (isSingleSegment ? 0 : 1);
  if (sizeAt + sizeBytes > source.length) {
    return malformed("it ends within its header");
  }
  const contentBytes = readLittleEndian(source, sizeAt, sizeBytes) + (sizeBytes === 2 ? 256 : 0);
  const trailerBytes = (descriptor & 0x04) === 0 ? 0 : CHECKSUM_BYTES;
  if (!blocksEndTheSource(source, sizeAt + sizeBytes, trailerBytes)) {
    return malformed("its blocks do not end where it ends");
  }
  return { kind: "whole", contentBytes };
}

/**
 * The pass over every block of a backup: one look at the bytes yields each block's fingerprint (did it
 * change?), whether it is all zeros (then it is not stored), and in relation files whether its page
 * checksum holds. It must never judge a page by more than PostgreSQL's own PageIsVerified does, and never
 * drop a bad page: it only reports. What exactly is computed stands in `block-pass-reference.ts`.
 *
 * Memory: one region of `inputBytes` plus twice the block size, 9 bytes a block and 128 bytes. The
 * region can be shared between threads (`shared: true`), so that one thread reads a socket into it and
 * another runs the pass; the two must take turns by their own means.
 */
import { assert } from "../core/assert.ts";
import { blockBytesMax, blockBytesMin, blockPassInputBytesMax } from "../core/limits.ts";
import type { Lsn } from "../core/lsn.ts";
import { lsnOf } from "../core/lsn.ts";
import { FINGERPRINT_LIMBS } from "./fingerprint-key.ts";
import type { WasmMemory } from "../core/web-assembly.ts";
import { webAssembly } from "../core/web-assembly.ts";

/** Nothing to object to. */
export const BLOCK_OK = 0;
/** Every byte is zero. */
export const BLOCK_ZERO = 1;
/** A relation page whose checksum does not fit its content and block number. */
export const BLOCK_BAD_CHECKSUM = 2;
/** A relation page with pd_upper = 0, as only a new page has, that is not all zeros. */
export const BLOCK_BAD_NEW_PAGE = 3;

/** The status byte of one block. */
export type BlockStatus =
  typeof BLOCK_OK | typeof BLOCK_ZERO | typeof BLOCK_BAD_CHECKSUM | typeof BLOCK_BAD_NEW_PAGE;

/** One run over whole blocks that lie end to end in `input`. */
export type BlockRun = {
  /** Where the first block begins in `input`; a multiple of 8. */
  readonly offsetBytes: number;
  readonly blockCount: number;
  /** The first block's number in its relation fork: segment number x blocks a segment + block. */
  readonly firstBlockNumber: number;
  /** Only for relation files of a cluster with checksums. */
  readonly checkPages: boolean;
};

/** A page that failed. Not an error by itself: a page newer than the backup's start is in the WAL. */
export type BadPage = {
  /** Index in the run. */
  readonly index: number;
  readonly blockNumber: number;
  readonly status: typeof BLOCK_BAD_CHECKSUM | typeof BLOCK_BAD_NEW_PAGE;
  /** The page's pd_lsn, for what a damaged page's word is worth. */
  readonly lsn: Lsn;
};

/** What a run found. The arrays are views that the next run overwrites. */
export type BlockRunResult = {
  readonly fingerprints: BigUint64Array;
  readonly statuses: Uint8Array;
  readonly badPages: readonly BadPage[];
};

/** The pass over one memory region, for one block size and key. Not to be used by two threads at once. */
export interface BlockPass {
  /** Which implementation runs. */
  readonly kind: "wasm" | "plain";
  readonly blockBytes: number;
  /** Where the caller puts the bytes to look at. */
  readonly input: Uint8Array;
  /** Fingerprints, statuses and bad pages of whole blocks. */
  run(run: BlockRun): BlockRunResult;
  /** The fingerprint of a file's last piece, shorter than a block (0 bytes are allowed). */
  tail(piece: { readonly offsetBytes: number; readonly lengthBytes: number }): bigint;
}

/** A region for one block pass. It can be posted to a worker when it is shared. */
export type BlockMemory = {
  readonly blockBytes: number;
  readonly inputBytes: number;
  readonly buffer: ArrayBuffer | SharedArrayBuffer;
  /** Absent when the runtime has no WebAssembly. */
  readonly wasm?: WasmMemory;
};

/** Where things lie in a region, in bytes. */
export type BlockMemoryLayout = {
  readonly blocksMax: number;
  readonly key: number;
  readonly map: number;
  readonly fingerprints: number;
  readonly statuses: number;
  readonly end: number;
};

const WASM_PAGE_BYTES = 65536;
/** Multipliers and addend (48), padded to 64, then a group of 32 for a tail's last bytes. */
const MAP_BYTES = Math.ceil(((FINGERPRINT_LIMBS + 1) * 8) / 32) * 32 + 32;

/** Lays a region out: input, NH key (both keys interleaved), linear map and scratch, results. */
export function blockMemoryLayout(size: {
  readonly blockBytes: number;
  readonly inputBytes: number;
}): BlockMemoryLayout {
  const { blockBytes, inputBytes } = size;
  assert(
    blockBytes >= blockBytesMin && blockBytes <= blockBytesMax && Math.log2(blockBytes) % 1 === 0,
    "a block has 1, 2, 4, 8, 16 or 32 KiB",
  );
  assert(
    Number.isInteger(inputBytes) &&
      inputBytes >= blockBytes &&
      inputBytes <= blockPassInputBytesMax,
    "the input holds at least one block and stays below its limit",
  );
  const blocksMax = Math.floor(inputBytes / blockBytes);
  const key = Math.ceil(inputBytes / 64) * 64;
  const map = key + 2 * blockBytes;
  const fingerprints = map + MAP_BYTES;
  const statuses = fingerprints + 8 * blocksMax;
  return { blocksMax, key, map, fingerprints, statuses, end: statuses + blocksMax };
}

/** Makes a region. `shared` puts it into a SharedArrayBuffer, for use by several threads in turn. */
export function allocateBlockMemory(size: {
  readonly blockBytes: number;
  readonly inputBytes: number;
  readonly shared: boolean;
}): BlockMemory {
  const { blockBytes, inputBytes, shared } = size;
  const { end } = blockMemoryLayout(size);
  const api = webAssembly();
  if (api === undefined) {
    const buffer = shared ? new SharedArrayBuffer(end) : new ArrayBuffer(end);
    return { blockBytes, inputBytes, buffer };
  }
  const pages = Math.ceil(end / WASM_PAGE_BYTES);
  // The maximum must be stated, see web-assembly.ts; equal to the initial size, so it never grows.
  const wasm = new api.Memory({ initial: pages, maximum: pages, shared });
  return { blockBytes, inputBytes, buffer: wasm.buffer, wasm };
}

/** Refuses what would read or write outside the region: the WASM code itself checks no bounds but its memory's. */
export function assertRun(run: BlockRun, memory: BlockMemory, blocksMax: number): void {
  assert(run.offsetBytes >= 0 && run.offsetBytes % 8 === 0, "a run begins at a multiple of 8");
  assert(
    Number.isInteger(run.blockCount) && run.blockCount >= 0 && run.blockCount <= blocksMax,
    "a run has no more blocks than the region",
  );
  assert(
    run.offsetBytes + run.blockCount * memory.blockBytes <= memory.inputBytes,
    "a run lies within the input",
  );
  assert(
    Number.isInteger(run.firstBlockNumber) &&
      run.firstBlockNumber >= 0 &&
      run.firstBlockNumber + run.blockCount <= 2 ** 32,
    "block numbers fit 32 bits",
  );
}

/** As `assertRun`, for a tail. */
export function assertTail(
  piece: { readonly offsetBytes: number; readonly lengthBytes: number },
  memory: BlockMemory,
): void {
  assert(piece.offsetBytes >= 0 && piece.offsetBytes % 8 === 0, "a tail begins at a multiple of 8");
  assert(
    Number.isInteger(piece.lengthBytes) &&
      piece.lengthBytes >= 0 &&
      piece.lengthBytes < memory.blockBytes,
    "a tail is shorter than a block",
  );
  assert(
    piece.offsetBytes + piece.lengthBytes <= memory.inputBytes,
    "a tail lies within the input",
  );
}

const NO_BAD_PAGES: readonly BadPage[] = [];

/** The bad pages of a run; `badCount` spares the search when there are none. */
export function collectBadPages(
  run: BlockRun,
  found: { readonly statuses: Uint8Array; readonly badCount: number },
  memory: BlockMemory,
): readonly BadPage[] {
  if (found.badCount === 0) {
    return NO_BAD_PAGES;
  }
  const view = new DataView(memory.buffer, 0, memory.inputBytes);
  const pages: BadPage[] = [];
  found.statuses.forEach((status, index) => {
    if (status === BLOCK_BAD_CHECKSUM || status === BLOCK_BAD_NEW_PAGE) {
      const at = run.offsetBytes + index * memory.blockBytes;
      // pd_lsn is two 32-bit halves, the high one first, each in the server's (little-endian) order.
      const high = BigInt(view.getUint32(at, true));
      const lsn = lsnOf((high << 32n) | BigInt(view.getUint32(at + 4, true)));
      pages.push({ index, blockNumber: run.firstBlockNumber + index, status, lsn });
    }
  });
  assert(pages.length === found.badCount, "every bad page is reported");
  return pages;
}

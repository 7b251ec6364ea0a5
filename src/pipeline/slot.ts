/**
 * Slots: the memory through which one thread hands blocks to another. A slot holds up to a MiB of file
 * content cut into extents (one or many files), and columns beside it: what the filler says of each extent
 * and block, and what the worker found. Filler and worker take turns by messages; a slot is never
 * touched by both.
 */
import { assert } from "../core/assert.ts";
import { slotBytes, slotExtentsMax } from "../core/limits.ts";
import { type BlockMemory, allocateBlockMemory } from "./block-pass.ts";

/** `placements` of a block that consists of zeros: nothing is stored. */
export const PLACED_ZEROS = -1;
/** `placements` of a block whose fingerprint is the previous backup's: nothing is stored. */
export const PLACED_UNCHANGED = -2;

/** What a filler says of one extent: consecutive blocks of one file. */
export type Extent = {
  /** Where its bytes begin in the slot; a multiple of 64. */
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  /** Number of its first block in the relation fork, for the page checksum. */
  readonly firstBlockNumber: number;
  readonly checkPages: boolean;
};

/** Everything a worker needs to see the slots of one memory. Can be posted. */
export type SlotMemory = {
  readonly blocks: BlockMemory;
  readonly columns: SharedArrayBuffer;
  readonly slotCount: number;
};

const EXTENT_WORDS = 4;

/** Blocks in a slot, at most: a MiB of whole blocks, and a short one for each extent. */
export function slotBlocksMax(blockBytes: number): number {
  return slotBytes / blockBytes + slotExtentsMax;
}

/** Bytes of one slot's columns: per block 8 + 8 + 8 + 4 + 4 (status padded), per extent 16, and 16 of header. */
function columnBytes(blockBytes: number): number {
  return slotBlocksMax(blockBytes) * 32 + slotExtentsMax * EXTENT_WORDS * 4 + 16;
}

/** Makes the memory of `slotCount` slots. Bytes: slotCount x (1 MiB + about 32 KiB). */
export function allocateSlots(slotCount: number, blockBytes: number): SlotMemory {
  const inputBytes = slotCount * slotBytes;
  return {
    blocks: allocateBlockMemory({ blockBytes, inputBytes, shared: true }),
    columns: new SharedArrayBuffer(slotCount * columnBytes(blockBytes)),
    slotCount,
  };
}

/** One slot, seen from either thread. */
export class Slot {
  readonly index: number;
  /** Where the slot begins in the block memory's input. */
  readonly inputOffset: number;
  readonly data: Uint8Array;
  /** Per block: the previous backup's fingerprint, or one of the special values of `stretch.ts`. */
  readonly previous: BigUint64Array;
  readonly fingerprints: BigUint64Array;
  /** Per block that is bad: its page's LSN. */
  readonly badLsns: BigUint64Array;
  /** Per block: byte offset in the frame, or one of the `PLACED_` values. */
  readonly placements: Int32Array;
  readonly statuses: Uint8Array;
  readonly #previousHalves: Uint32Array;
  readonly #fingerprintHalves: Uint32Array;
  readonly #extents: Int32Array;
  readonly #header: Int32Array;
  readonly #blockBytes: number;

  constructor(memory: SlotMemory, index: number) {
    const { blockBytes } = memory.blocks;
    this.#blockBytes = blockBytes;
    this.index = index;
    this.inputOffset = index * slotBytes;
    this.data = new Uint8Array(memory.blocks.buffer, this.inputOffset, slotBytes);
    const blocks = slotBlocksMax(blockBytes);
    let at = index * columnBytes(blockBytes);
    const wide = (): BigUint64Array => {
      const column = new BigUint64Array(memory.columns, at, blocks);
      at += blocks * 8;
      return column;
    };
    this.previous = wide();
    this.fingerprints = wide();
    this.badLsns = wide();
    const halves = (column: BigUint64Array): Uint32Array =>
      new Uint32Array(column.buffer, column.byteOffset, column.length * 2);
    this.#previousHalves = halves(this.previous);
    this.#fingerprintHalves = halves(this.fingerprints);
    this.placements = new Int32Array(memory.columns, at, blocks);
    at += blocks * 4;
    this.statuses = new Uint8Array(memory.columns, at, blocks);
    at += blocks * 4;
    this.#extents = new Int32Array(memory.columns, at, slotExtentsMax * EXTENT_WORDS);
    at += slotExtentsMax * EXTENT_WORDS * 4;
    this.#header = new Int32Array(memory.columns, at, 4);
  }

  get extentCount(): number {
    return this.#header[0] ?? 0;
  }

  /** Blocks of all extents. */
  get blockCount(): number {
    return this.#header[1] ?? 0;
  }

  /** True when a block's fingerprint is the previous backup's. Compares halves: a bigint would be allocated for each. */
  isUnchanged(block: number): boolean {
    const old = this.#previousHalves;
    const found = this.#fingerprintHalves;
    return old[block * 2] === found[block * 2] && old[block * 2 + 1] === found[block * 2 + 1];
  }

  /** Forgets the extents. */
  clear(): void {
    this.#header.fill(0);
  }

  /** Adds an extent; its blocks follow those of the one before in every column. */
  addExtent(extent: Extent): void {
    const count = this.extentCount;
    assert(count < slotExtentsMax, "a slot has room for the extent");
    this.#extents.set(
      [
        extent.offsetBytes,
        extent.lengthBytes,
        extent.firstBlockNumber | 0,
        extent.checkPages ? 1 : 0,
      ],
      count * EXTENT_WORDS,
    );
    this.#header[0] = count + 1;
    this.#header[1] = this.blockCount + Math.ceil(extent.lengthBytes / this.#blockBytes);
  }

  extent(index: number): Extent {
    const at = index * EXTENT_WORDS;
    return {
      offsetBytes: this.#extents[at] ?? 0,
      lengthBytes: this.#extents[at + 1] ?? 0,
      firstBlockNumber: (this.#extents[at + 2] ?? 0) >>> 0,
      checkPages: this.#extents[at + 3] === 1,
    };
  }
}

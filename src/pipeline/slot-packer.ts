/**
 * What a worker does with a slot: fingerprints and page checks in one pass, then the blocks that are new
 * go end to end into the frame in the making, and full frames go compressed and sealed into the pack.
 * It must never drop a block: each is new, unchanged, or zeros, and its placement says which.
 *
 * Synchronous throughout: it runs on a worker thread of its own. Memory: the open frame (1 MiB) and what
 * the pack's writer holds.
 */
import { assert } from "../core/assert.ts";
import { packBytes, slotBytes, slotExtentsMax } from "../core/limits.ts";
import type { ObjectId } from "../core/object-id.ts";
import {
  BLOCK_BAD_CHECKSUM,
  BLOCK_BAD_NEW_PAGE,
  BLOCK_ZERO,
  type BlockPass,
} from "./block-pass.ts";
import type { FinishedObject, FramedFileWriter } from "./framed-file-writer.ts";
import { type Extent, PLACED_UNCHANGED, PLACED_ZEROS, type Slot } from "./slot.ts";

/** Each extent's first block begins at a multiple of this in its frame, so that a reader can run the block pass there. */
const RUN_ALIGNMENT = 8;
const FRAME_CAPACITY_BYTES = slotBytes + slotExtentsMax * RUN_ALIGNMENT;

/** Where a slot's new blocks went: all into one frame. */
export type SlotPlacement = { readonly pack: ObjectId | null; readonly frame: number };

/** Opens the next pack; called when there is a block to store and no pack open. */
export type OpenPack = () => FramedFileWriter;

/** Turns slots into packs. One instance a worker. */
export class SlotPacker {
  readonly #pass: BlockPass;
  readonly #openPack: OpenPack;
  readonly #onFinished: (pack: FinishedObject) => void;
  readonly #frame = Buffer.alloc(FRAME_CAPACITY_BYTES);
  #frameLength = 0;
  #pack: FramedFileWriter | undefined;

  constructor(options: {
    readonly pass: BlockPass;
    readonly openPack: OpenPack;
    readonly onFinished: (pack: FinishedObject) => void;
  }) {
    this.#pass = options.pass;
    this.#openPack = options.openPack;
    this.#onFinished = options.onFinished;
  }

  /** Works a slot: fills its result columns and answers where its new blocks went. */
  process(slot: Slot): SlotPlacement {
    let firstBlock = 0;
    let newBytes = 0;
    for (let index = 0; index < slot.extentCount; index++) {
      const extent = slot.extent(index);
      newBytes += this.#examine(slot, extent, firstBlock);
      firstBlock += this.#blocksOf(extent);
    }
    if (newBytes === 0) {
      return { pack: null, frame: 0 };
    }
    const whole = this.#frameLength === 0 ? this.#wholeFrame(slot, newBytes) : undefined;
    if (whole !== undefined) {
      this.#pack ??= this.#openPack();
      const placement = { pack: this.#pack.id, frame: this.#pack.frames };
      this.#addFrame(whole);
      return placement;
    }
    const padding = slot.extentCount * RUN_ALIGNMENT;
    if (this.#frameLength + newBytes + padding > FRAME_CAPACITY_BYTES) {
      this.#closeFrame();
    }
    this.#pack ??= this.#openPack();
    const placement = { pack: this.#pack.id, frame: this.#pack.frames };
    this.#gather(slot);
    if (this.#frameLength >= slotBytes) {
      this.#closeFrame();
    }
    return placement;
  }

  /** Writes what is open and finishes the pack. The packer can be used again. */
  finish(): void {
    this.#closeFrame();
    this.#finishPack();
  }

  #blocksOf(extent: Extent): number {
    return Math.ceil(extent.lengthBytes / this.#pass.blockBytes);
  }

  /** Fingerprints an extent, decides block by block, and answers the bytes to store. */
  #examine(slot: Slot, extent: Extent, firstBlock: number): number {
    const { blockBytes } = this.#pass;
    const whole = Math.floor(extent.lengthBytes / blockBytes);
    const offsetBytes = slot.inputOffset + extent.offsetBytes;
    const { firstBlockNumber, checkPages } = extent;
    const run = { offsetBytes, blockCount: whole, firstBlockNumber, checkPages };
    const found = this.#pass.run(run);
    slot.fingerprints.set(found.fingerprints.subarray(0, whole), firstBlock);
    slot.statuses.set(found.statuses.subarray(0, whole), firstBlock);
    for (const page of found.badPages) {
      slot.badLsns[firstBlock + page.index] = page.lsn;
    }
    let newBytes = 0;
    for (let block = firstBlock; block < firstBlock + whole; block++) {
      if (slot.statuses[block] === BLOCK_ZERO) {
        slot.placements[block] = PLACED_ZEROS;
      } else if (slot.isUnchanged(block)) {
        slot.placements[block] = PLACED_UNCHANGED;
      } else {
        slot.placements[block] = 0;
        newBytes += blockBytes;
      }
    }
    const tailBytes = extent.lengthBytes - whole * blockBytes;
    if (tailBytes === 0) {
      return newBytes;
    }
    const tail = firstBlock + whole;
    const piece = { offsetBytes: offsetBytes + whole * blockBytes, lengthBytes: tailBytes };
    slot.fingerprints[tail] = this.#pass.tail(piece);
    slot.statuses[tail] = 0;
    const unchanged = slot.isUnchanged(tail);
    slot.placements[tail] = unchanged ? PLACED_UNCHANGED : 0;
    return newBytes + (unchanged ? 0 : tailBytes);
  }

  /** Copies the new blocks, runs of them at once, behind what the frame holds. */
  #gather(slot: Slot): void {
    let block = 0;
    for (let index = 0; index < slot.extentCount; index++) {
      const extent = slot.extent(index);
      const end = block + this.#blocksOf(extent);
      const first = block;
      while (block < end) {
        if ((slot.placements[block] ?? 0) < 0) {
          block += 1;
          continue;
        }
        const runStart = block;
        const padded = Math.ceil(this.#frameLength / RUN_ALIGNMENT) * RUN_ALIGNMENT;
        this.#frame.fill(0, this.#frameLength, padded);
        this.#frameLength = padded;
        while (block < end && (slot.placements[block] ?? 0) >= 0) {
          slot.placements[block] = this.#frameLength + (block - runStart) * this.#pass.blockBytes;
          block += 1;
        }
        const from = (runStart - first) * this.#pass.blockBytes;
        const to = Math.min((block - first) * this.#pass.blockBytes, extent.lengthBytes);
        const at = extent.offsetBytes;
        this.#frame.set(slot.data.subarray(at + from, at + to), this.#frameLength);
        this.#frameLength += to - from;
        assert(this.#frameLength <= FRAME_CAPACITY_BYTES, "a frame holds what was counted for it");
      }
    }
  }

  /** The bytes of a slot whose one extent is new to the last block and fills a frame: they need no gathering. */
  #wholeFrame(slot: Slot, newBytes: number): Uint8Array | undefined {
    const { offsetBytes, lengthBytes } = slot.extent(0);
    if (slot.extentCount !== 1 || newBytes !== lengthBytes || lengthBytes < slotBytes) {
      return undefined;
    }
    for (let block = 0; block < slot.blockCount; block++) {
      slot.placements[block] = block * this.#pass.blockBytes;
    }
    return slot.data.subarray(offsetBytes, offsetBytes + lengthBytes);
  }

  #closeFrame(): void {
    if (this.#frameLength > 0) {
      this.#addFrame(this.#frame.subarray(0, this.#frameLength));
      this.#frameLength = 0;
    }
  }

  #addFrame(plain: Uint8Array): void {
    assert(this.#pack !== undefined, "blocks are gathered for an open pack");
    this.#pack.addFrame(plain);
    if (this.#pack.sealedBytes >= packBytes) {
      this.#finishPack();
    }
  }

  #finishPack(): void {
    if (this.#pack !== undefined) {
      const finished = this.#pack.finish();
      this.#pack = undefined;
      this.#onFinished(finished);
    }
  }
}

/** True for the statuses of a page that is damaged, unless its LSN says that the WAL mends it. */
export function isBadStatus(status: number | undefined): boolean {
  return status === BLOCK_BAD_CHECKSUM || status === BLOCK_BAD_NEW_PAGE;
}

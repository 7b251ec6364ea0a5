/**
 * The plan for pieces of files whose blocks lie in many frames, as after increments: window by window, which bytes of which
 * frame go where, so that each window is put together in memory and written once, in one piece. Block by block the kernel would
 * copy, keep and gather what belongs together. Pure.
 *
 * Not for what lies end to end anyway, as after a full, and not for files whose blocks are strewn over so many frames that each would be opened again and again: those are scattered
 * pack by pack (`scatter-plan.ts`).
 *
 * Memory: 16 bytes a run, 8 bytes a stored block, 8 bytes a frame.
 */
import { present } from "../core/assert.ts";
import {
  assemblyBytesMin,
  assemblyUnitBytes,
  assemblyWindowBytes,
  directWriteBytesMin,
} from "../core/limits.ts";
import type { ObjectId } from "../core/object-id.ts";
import { type Stretch, ZEROS } from "../repository/map/stretch.ts";

/** Plain bytes of a usual frame. */
const FRAME_BYTES = 2 ** 20;

/** Columns of runs in the order of the file, none across the border of a window; fingerprints of their blocks in that order. */
export type AssemblyColumns = {
  readonly runs: number;
  /** Place in the table of frames. */
  readonly frame: Uint32Array;
  readonly frameOffset: Uint32Array;
  /** Where it begins, counted from the unit's beginning. */
  readonly at: Uint32Array;
  readonly length: Uint32Array;
  readonly fingerprints: BigUint64Array;
};

/** Windows of one file that follow one another. */
export type Assembly = {
  readonly file: number;
  readonly fileOffset: number;
  /** The pack that most of it comes from, and the first frame there. */
  readonly home: { readonly pack: ObjectId; readonly frame: number };
  readonly packs: readonly ObjectId[];
  /** Frames, each once: place of its pack in `packs`, index in the pack. */
  readonly frames: { readonly pack: Uint32Array; readonly index: Uint32Array };
  readonly runs: AssemblyColumns;
};

/** Blocks of a stretch, `to` exclusive. */
export type BlockRange = { readonly from: number; readonly to: number };

/** A stretch of a target file: the file's number, and the stretch's first block counted from the file's beginning. */
export type StretchPlace = {
  readonly file: number;
  readonly firstBlock: number;
  readonly blockBytes: number;
};

/** Gathers the blocks of a range, run by run. */
class Gathering {
  readonly #about: StretchPlace;
  readonly #stretch: Stretch;
  readonly #range: BlockRange;
  readonly #windowBlocks: number;
  readonly #framePlaces = new Map<number, number>();
  readonly #lastWindow: number[] = [];
  readonly #packOfFrame: number[] = [];
  readonly #indexOfFrame: number[] = [];
  readonly #blocksOfPack = new Map<number, number>();
  readonly #runs: Record<"frame" | "frameOffset" | "at" | "length", number[]> = {
    frame: [],
    frameOffset: [],
    at: [],
    length: [],
  };
  readonly #fingerprints: BigUint64Array;
  #blocks = 0;
  #storedBytes = 0;
  /** Frames summed over windows: what would be opened if none were kept. */
  #openings = 0;
  /** Runs, not counting those that the border of a window began. */
  #pieces = 0;

  constructor(about: StretchPlace, stretch: Stretch, range: BlockRange) {
    this.#about = about;
    this.#stretch = stretch;
    this.#range = range;
    this.#windowBlocks = Math.max(1, Math.floor(assemblyWindowBytes / about.blockBytes));
    this.#fingerprints = new BigUint64Array(range.to - range.from);
  }

  /** Adds all blocks of the range. */
  addAll(): void {
    const { from, to } = this.#range;
    const { packOf } = this.#stretch;
    for (let first = from; first < to;) {
      let end = first + 1;
      const windowEnd = first - ((first - from) % this.#windowBlocks) + this.#windowBlocks;
      if (packOf[first] !== ZEROS) {
        while (end < to && end < windowEnd && this.#follows(end)) {
          end += 1;
        }
        this.#addRun(first, end);
      }
      first = end;
    }
  }

  #addRun(first: number, end: number): void {
    const { blockBytes } = this.#about;
    const stretch = this.#stretch;
    const pack = stretch.packOf[first] ?? ZEROS;
    const last = stretch.bytesOfBlock(end - 1, blockBytes);
    const bytes = (end - 1 - first) * blockBytes + last;
    const runs = this.#runs;
    runs.frame.push(this.#frame(pack, first));
    runs.frameOffset.push(stretch.offsetOf[first] ?? 0);
    runs.at.push((first - this.#range.from) * blockBytes);
    runs.length.push(bytes);
    this.#fingerprints.set(stretch.fingerprints.subarray(first, end), this.#blocks);
    this.#blocks += end - first;
    this.#storedBytes += bytes;
    this.#pieces += first > this.#range.from && this.#follows(first) ? 0 : 1;
    this.#blocksOfPack.set(pack, (this.#blocksOfPack.get(pack) ?? 0) + end - first);
  }

  /**
   * Pieces that are too small to be written past the cache, so much in all, and not of too many frames: four times those that
   * the same lying end to end would need. What lies end to end costs a tenth less CPU pack by pack.
   */
  isWorth(): boolean {
    const windows = Math.ceil((this.#range.to - this.#range.from) / this.#windowBlocks);
    const openingsMax = Math.ceil(this.#storedBytes / FRAME_BYTES) * 4 + windows;
    return (
      this.#storedBytes >= assemblyBytesMin &&
      this.#storedBytes < this.#pieces * directWriteBytesMin &&
      this.#openings <= openingsMax
    );
  }

  finish(): Assembly {
    const { file, firstBlock, blockBytes } = this.#about;
    const used = [...this.#blocksOfPack.keys()];
    const places = new Map(used.map((pack, place) => [pack, place]));
    return {
      file,
      fileOffset: (firstBlock + this.#range.from) * blockBytes,
      home: this.#home(),
      packs: used.map((pack) => this.#idOf(pack)),
      frames: {
        pack: Uint32Array.from(this.#packOfFrame, (pack) => places.get(pack) ?? 0),
        index: Uint32Array.from(this.#indexOfFrame),
      },
      runs: {
        runs: this.#runs.at.length,
        frame: Uint32Array.from(this.#runs.frame),
        frameOffset: Uint32Array.from(this.#runs.frameOffset),
        at: Uint32Array.from(this.#runs.at),
        length: Uint32Array.from(this.#runs.length),
        fingerprints: this.#fingerprints.slice(0, this.#blocks),
      },
    };
  }

  /** True when a block lies behind the one before it in the same frame. */
  #follows(block: number): boolean {
    const { packOf, frameOf, offsetOf } = this.#stretch;
    return (
      packOf[block - 1] === packOf[block] &&
      frameOf[block - 1] === frameOf[block] &&
      (offsetOf[block - 1] ?? 0) + this.#about.blockBytes === offsetOf[block]
    );
  }

  #frame(pack: number, block: number): number {
    const index = this.#stretch.frameOf[block] ?? 0;
    const key = pack * 2 ** 32 + index;
    let place = this.#framePlaces.get(key);
    if (place === undefined) {
      place = this.#packOfFrame.push(pack) - 1;
      this.#indexOfFrame.push(index);
      this.#framePlaces.set(key, place);
    }
    const window = Math.floor((block - this.#range.from) / this.#windowBlocks);
    if (this.#lastWindow[place] !== window) {
      this.#lastWindow[place] = window;
      this.#openings += 1;
    }
    return place;
  }

  #home(): Assembly["home"] {
    const [most] = [...this.#blocksOfPack].sort(([, a], [, b]) => b - a);
    const pack = present(most, "what is assembled has a block")[0];
    const frames = this.#indexOfFrame.filter((_, place) => this.#packOfFrame[place] === pack);
    return { pack: this.#idOf(pack), frame: frames.reduce((a, b) => Math.min(a, b)) };
  }

  #idOf(pack: number): ObjectId {
    return present(this.#stretch.packs[pack], "a block's pack is in its stretch's table");
  }
}

/** Cuts blocks into ranges of at most `assemblyUnitBytes`. */
export function* assemblyRanges(all: BlockRange, blockBytes: number): Generator<BlockRange> {
  const blocks = Math.max(1, Math.floor(assemblyUnitBytes / blockBytes));
  for (let { from } = all; from < all.to; from += blocks) {
    yield { from, to: Math.min(from + blocks, all.to) };
  }
}

/**
 * How to assemble blocks of a stretch of a file; undefined: that is not the way for them. `firstBlock`: the stretch's first block,
 * counted from the file's beginning.
 */
export function planAssembly(
  about: StretchPlace,
  stretch: Stretch,
  range: BlockRange,
): Assembly | undefined {
  if ((range.to - range.from) * about.blockBytes < assemblyBytesMin) {
    return undefined;
  }
  const gathering = new Gathering(about, stretch, range);
  gathering.addAll();
  return gathering.isWorth() ? gathering.finish() : undefined;
}

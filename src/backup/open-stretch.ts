/**
 * A stretch of a file while its blocks arrive: what each block turned out to be, compared with what the
 * previous backup says of it, and at the end the layers that describe it (the previous ones, one delta more, or
 * a new base). The fingerprint decides whether a block changed, nothing else.
 *
 * Memory: 20 bytes a block, twice when there is a previous backup. Loops over columns, because it runs for every
 * block on the main thread.
 */
import { assert, present } from "../core/assert.ts";
import { ByteWriter } from "../core/byte-writer.ts";
import type { ObjectId } from "../core/object-id.ts";
import type { SlotPlacement } from "../pipeline/slot-packer.ts";
import { PLACED_UNCHANGED, PLACED_ZEROS, type Slot } from "../pipeline/slot.ts";
import { type MergedStretch, writeLayer } from "../repository/map/layer.ts";
import type { MapWriter } from "../repository/map/map-writer.ts";
import type { MapRef } from "../repository/map/page.ts";
import { NO_FINGERPRINT, Stretch, ZEROS } from "../repository/map/stretch.ts";

const DELTAS_MAX = 16;
const DELTA_SHARE_MAX = 1 / 8;

/** A cluster can have millions of files of one block: what a stretch without a previous one does not need costs nothing. */
const NO_CHANGES = new Uint8Array(0);
const NO_PLACES = new Int32Array(0);
const NOTHING_REWRITTEN: ReadonlySet<number> = new Set();

/** One layer at a time; kept at the size of the largest, 2 MiB at most. */
const layerWriter = new ByteWriter();

function rewrittenOf({ merged, rewrites }: PreviousStretch): ReadonlySet<number> {
  const places = merged.stretch.packs.flatMap((pack, place) => (rewrites(pack) ? [place] : []));
  return places.length === 0 ? NOTHING_REWRITTEN : new Set(places);
}

/** Consecutive blocks of a stretch, and where they stand in a slot's columns. */
export type StretchPart = {
  readonly block: number;
  readonly count: number;
  readonly slotBlock: number;
};

/** What the previous backup says of a stretch. */
export type PreviousStretch = {
  readonly merged: MergedStretch;
  readonly layers: readonly MapRef[];
  /** Packs whose live blocks are to be written again. */
  readonly rewrites: (pack: ObjectId) => boolean;
};

/** See the file's comment. */
export class OpenStretch {
  readonly current: Stretch;
  readonly #previous: PreviousStretch | undefined;
  readonly #rewritten: ReadonlySet<number>;
  readonly #changed: Uint8Array;
  /** Per pack of the previous stretch its place in the current one; -1 = none yet. */
  readonly #places: Int32Array;
  #outstanding: number;
  #changedBlocks = 0;

  constructor(
    size: { readonly blockCount: number; readonly tailBytes: number },
    previous?: PreviousStretch,
  ) {
    const { blockCount, tailBytes } = size;
    this.current = new Stretch(blockCount, tailBytes);
    this.#previous = previous;
    this.#outstanding = blockCount;
    this.#changed = previous === undefined ? NO_CHANGES : new Uint8Array(blockCount);
    this.#places =
      previous === undefined
        ? NO_PLACES
        : new Int32Array(previous.merged.stretch.packs.length).fill(-1);
    this.#rewritten = previous === undefined ? NOTHING_REWRITTEN : rewrittenOf(previous);
  }

  /** True when every block has arrived. */
  get complete(): boolean {
    return this.#outstanding === 0;
  }

  /** Writes the previous fingerprints of a part into a slot's column. */
  previousFingerprints(part: StretchPart, column: BigUint64Array): void {
    const { block, count, slotBlock } = part;
    const old = this.#previous?.merged.stretch;
    const known = Math.min(count, Math.max(0, (old?.blockCount ?? 0) - block));
    if (old !== undefined && known > 0) {
      column.set(old.fingerprints.subarray(block, block + known), slotBlock);
      for (let n = 0; this.#rewritten.size > 0 && n < known; n++) {
        if (this.#rewritten.has(old.packOf[block + n] ?? ZEROS)) {
          column[slotBlock + n] = NO_FINGERPRINT;
        }
      }
    }
    column.fill(NO_FINGERPRINT, slotBlock + known, slotBlock + count);
  }

  /** Takes over a worked slot's results for a part; answers how many blocks were stored. */
  apply(part: StretchPart, slot: Slot, placement: SlotPlacement): number {
    const { current } = this;
    const { packOf, frameOf, offsetOf } = current;
    const { block: first, count, slotBlock } = part;
    const place = placement.pack === null ? -1 : current.packPlace(placement.pack);
    current.fingerprints.set(slot.fingerprints.subarray(slotBlock, slotBlock + count), first);
    let stored = 0;
    for (let n = 0; n < count; n++) {
      const block = first + n;
      const offset = present(slot.placements[slotBlock + n], "a block has a placement");
      if (offset === PLACED_UNCHANGED) {
        this.#keep(block);
      } else if (offset === PLACED_ZEROS) {
        current.setZeros(block);
        this.#note(block, this.#previous?.merged.stretch.packOf[block] !== ZEROS);
      } else {
        assert(place >= 0, "a stored block has a pack");
        packOf[block] = place;
        frameOf[block] = placement.frame;
        offsetOf[block] = offset;
        this.#note(block, true);
        stored += 1;
      }
    }
    this.#outstanding -= count;
    return stored;
  }

  /** The layers that describe the stretch; new ones are added to `maps`. */
  finish(maps: MapWriter, blockBytes: number): readonly MapRef[] {
    const { current } = this;
    if (this.#previous !== undefined) {
      const { merged, layers } = this.#previous;
      const old = merged.stretch;
      const sameSize = old.blockCount === current.blockCount && old.tailBytes === current.tailBytes;
      if (this.#changedBlocks === 0 && sameSize) {
        return layers;
      }
      const deltaBlocks = merged.deltaBlocks + this.#changedBlocks;
      if (layers.length <= DELTAS_MAX && deltaBlocks <= current.blockCount * DELTA_SHARE_MAX) {
        const changed = (block: number): boolean => this.#changed[block] === 1;
        return [...layers, this.#addLayer(maps, { blockBytes, type: "delta", changed })];
      }
    }
    return [this.#addLayer(maps, { blockBytes, type: "base" })];
  }

  #addLayer(maps: MapWriter, layer: Parameters<typeof writeLayer>[2]): MapRef {
    layerWriter.reset();
    writeLayer(layerWriter, this.current, layer);
    return maps.add(layerWriter.view());
  }

  #note(block: number, changed: boolean): void {
    if (changed && this.#previous !== undefined) {
      this.#changed[block] = 1;
      this.#changedBlocks += 1;
    }
  }

  /** The block lies where the previous backup has it. */
  #keep(block: number): void {
    const old = this.#previous?.merged.stretch;
    const oldPlace = old?.packOf[block] ?? ZEROS;
    assert(old !== undefined && oldPlace >= 0, "an unchanged block has a previous one");
    let place = this.#places[oldPlace] ?? -1;
    if (place < 0) {
      place = this.current.packPlace(present(old.packs[oldPlace], "a block's pack has an id"));
      this.#places[oldPlace] = place;
    }
    this.current.packOf[block] = place;
    this.current.frameOf[block] = old.frameOf[block] ?? 0;
    this.current.offsetOf[block] = old.offsetOf[block] ?? 0;
  }
}

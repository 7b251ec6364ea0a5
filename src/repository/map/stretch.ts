/**
 * A stretch: up to 65,536 blocks of one file, and for each where it lies and its fingerprint. Held as
 * columns, so that half a gibibyte of file costs 1.3 MiB here and comparing is a walk over arrays.
 * docs/format.md section 7 says how it is written.
 */
import type { ObjectId } from "../../core/object-id.ts";

/** Blocks in a stretch, at most: 512 MiB of 8 KiB blocks. */
export const STRETCH_BLOCKS_MAX = 65_536;

/** `packOf` of a block that consists of zeros and is not stored. */
export const ZEROS = -1;

/** `packOf` of a block of which nothing is known yet. */
export const UNKNOWN = -2;

/** The value in `fingerprints` for a block of zeros; real fingerprints have 61 bits. */
export const ZEROS_FINGERPRINT = 1n << 63n;

/** The value in `fingerprints` for a block that was not there before. */
export const NO_FINGERPRINT = 1n << 62n;

/** Packs that are searched one by one. */
const PACKS_SEARCHED_MAX = 8;

/** The blocks of a stretch as columns. Mutable: it is filled while blocks arrive. */
export class Stretch {
  readonly blockCount: number;
  /** Bytes in the last block when it is shorter than a block; 0 = it is whole. */
  readonly tailBytes: number;
  /** The packs that `packOf` counts into. */
  readonly packs: ObjectId[] = [];
  /** Per block: place in `packs`, or `ZEROS`, or `UNKNOWN`. */
  readonly packOf: Int32Array;
  readonly frameOf: Uint32Array;
  readonly offsetOf: Uint32Array;
  readonly fingerprints: BigUint64Array;
  /** Only where they are many: most stretches lie in one or two. */
  #packPlaces: Map<ObjectId, number> | undefined;

  constructor(blockCount: number, tailBytes: number) {
    this.blockCount = blockCount;
    this.tailBytes = tailBytes;
    this.packOf = new Int32Array(blockCount).fill(UNKNOWN);
    this.frameOf = new Uint32Array(blockCount);
    this.offsetOf = new Uint32Array(blockCount);
    this.fingerprints = new BigUint64Array(blockCount).fill(NO_FINGERPRINT);
  }

  /** The pack's place in `packs`, added when new. */
  packPlace(pack: ObjectId): number {
    const places = this.#packPlaces;
    const known = places === undefined ? this.packs.indexOf(pack) : (places.get(pack) ?? -1);
    if (known >= 0) {
      return known;
    }
    const place = this.packs.push(pack) - 1;
    if (place === PACKS_SEARCHED_MAX) {
      this.#packPlaces = new Map(this.packs.map((id, at) => [id, at]));
    }
    this.#packPlaces?.set(pack, place);
    return place;
  }

  /** Forgets every block from this one on. */
  forgetFrom(block: number): void {
    this.packOf.fill(UNKNOWN, block);
    this.fingerprints.fill(NO_FINGERPRINT, block);
  }

  /** Notes that a block consists of zeros. */
  setZeros(block: number): void {
    this.packOf[block] = ZEROS;
    this.fingerprints[block] = ZEROS_FINGERPRINT;
  }

  /** Notes where a block lies. `place` comes from `packPlace`. */
  setLocation(
    block: number,
    location: { readonly place: number; readonly frame: number; readonly offset: number },
    fingerprint: bigint,
  ): void {
    this.packOf[block] = location.place;
    this.frameOf[block] = location.frame;
    this.offsetOf[block] = location.offset;
    this.fingerprints[block] = fingerprint;
  }

  /** Takes over what another stretch says of a block, location and fingerprint. */
  copyBlock(block: number, from: Stretch): void {
    const pack = from.packOf[block] ?? UNKNOWN;
    const id = from.packs[pack];
    this.packOf[block] = id === undefined ? pack : this.packPlace(id);
    this.frameOf[block] = from.frameOf[block] ?? 0;
    this.offsetOf[block] = from.offsetOf[block] ?? 0;
    this.fingerprints[block] = from.fingerprints[block] ?? NO_FINGERPRINT;
  }

  /** Bytes of a block: `blockBytes`, or less for a short last one. */
  bytesOfBlock(block: number, blockBytes: number): number {
    return block === this.blockCount - 1 && this.tailBytes > 0 ? this.tailBytes : blockBytes;
  }
}

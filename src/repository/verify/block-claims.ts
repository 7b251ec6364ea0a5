/**
 * What the maps say about the blocks of packs: at this place of this frame lies a block with this fingerprint. Gathered from
 * layers for a batch of packs, then held against the packs themselves. A layer counts as it was written, also where
 * a later one covers it: what a map names must be there as long as a backup names the pack.
 *
 * Memory: 20 bytes a claim while gathering, twice that for the pack that is being taken.
 */
import { assert } from "../../core/assert.ts";
import type { ObjectId } from "../../core/object-id.ts";
import { Stretch } from "../map/stretch.ts";
import type { DecodedLayer } from "../map/layer.ts";

/** Claims about one pack, by frame and offset. Columns, one entry a block. */
export type PackClaims = {
  readonly claims: number;
  readonly frame: Uint32Array;
  readonly offset: Uint32Array;
  readonly length: Uint32Array;
  readonly fingerprints: BigUint64Array;
};

/** Nothing claimed: for objects of which only the frames are checked. */
export const noClaims: PackClaims = {
  claims: 0,
  frame: new Uint32Array(0),
  offset: new Uint32Array(0),
  length: new Uint32Array(0),
  fingerprints: new BigUint64Array(0),
};

class GrowingClaims {
  #capacity = 1024;
  claims = 0;
  frame = new Uint32Array(this.#capacity);
  offset = new Uint32Array(this.#capacity);
  length = new Uint32Array(this.#capacity);
  fingerprints = new BigUint64Array(this.#capacity);

  add(frame: number, offset: number, length: number, fingerprint: bigint): void {
    if (this.claims === this.#capacity) {
      this.#grow();
    }
    const at = this.claims++;
    this.frame[at] = frame;
    this.offset[at] = offset;
    this.length[at] = length;
    this.fingerprints[at] = fingerprint;
  }

  /** By frame and offset, each claim once. */
  sorted(): PackClaims {
    const { frame, offset, length, fingerprints } = this;
    const order = Uint32Array.from({ length: this.claims }, (_, claim) => claim);
    order.sort((a, b) =>
      frame[a] === frame[b]
        ? (offset[a] ?? 0) - (offset[b] ?? 0)
        : (frame[a] ?? 0) - (frame[b] ?? 0),
    );
    const distinct = order.filter((claim, at) => {
      const before = order[at - 1];
      return (
        before === undefined ||
        frame[claim] !== frame[before] ||
        offset[claim] !== offset[before] ||
        length[claim] !== length[before] ||
        fingerprints[claim] !== fingerprints[before]
      );
    });
    const pick = (column: Uint32Array): Uint32Array =>
      Uint32Array.from(distinct, (claim) => column[claim] ?? 0);
    return {
      claims: distinct.length,
      frame: pick(frame),
      offset: pick(offset),
      length: pick(length),
      fingerprints: BigUint64Array.from(distinct, (claim) => fingerprints[claim] ?? 0n),
    };
  }

  #grow(): void {
    this.#capacity *= 2;
    const wider = (column: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> => {
      const larger = new Uint32Array(this.#capacity);
      larger.set(column);
      return larger;
    };
    this.frame = wider(this.frame);
    this.offset = wider(this.offset);
    this.length = wider(this.length);
    const fingerprints = new BigUint64Array(this.#capacity);
    fingerprints.set(this.fingerprints);
    this.fingerprints = fingerprints;
  }
}

/** Claims about a batch of packs. */
export class BlockClaims {
  readonly #blockBytes: number;
  readonly #packs: ReadonlyMap<ObjectId, GrowingClaims>;

  constructor(blockBytes: number, packs: Iterable<ObjectId>) {
    this.#blockBytes = blockBytes;
    this.#packs = new Map([...packs].map((pack) => [pack, new GrowingClaims()]));
  }

  /** Adds what a layer says about packs of the batch. */
  add(layer: DecodedLayer): void {
    const stretch = new Stretch(layer.blockCount, layer.tailBytes);
    layer.applyTo(stretch);
    const packs = stretch.packs.map((pack) => this.#packs.get(pack));
    for (let block = 0; block < stretch.blockCount; block++) {
      const pack = packs[stretch.packOf[block] ?? -1];
      if (pack !== undefined) {
        const length = stretch.bytesOfBlock(block, this.#blockBytes);
        const fingerprint = stretch.fingerprints[block] ?? 0n;
        pack.add(stretch.frameOf[block] ?? 0, stretch.offsetOf[block] ?? 0, length, fingerprint);
      }
    }
  }

  /** The claims about one pack of the batch. */
  of(pack: ObjectId): PackClaims {
    const claims = this.#packs.get(pack);
    assert(claims !== undefined, "the pack belongs to the batch");
    return claims.sorted();
  }
}

/**
 * What of each pack a backup uses: frames with at least one live block, and bytes of live blocks. Written to
 * the root, so that expire and the rewriting of dead packs need no map.
 */
import { slotBytes } from "../core/limits.ts";
import type { ObjectId } from "../core/object-id.ts";
import type { Stretch } from "../repository/map/stretch.ts";

/** Live frames and bytes of one pack. */
export type LivePart = { readonly frames: number; readonly bytes: number };

/** Memory: a set entry for each live frame, about 40 bytes a MiB of cluster. */
export class LiveCount {
  readonly #packs = new Map<ObjectId, { readonly frames: Set<number>; bytes: number }>();

  /** Counts every stored block of a stretch. */
  add(stretch: Stretch, blockBytes: number): void {
    const counters = stretch.packs.map((pack) => {
      let counter = this.#packs.get(pack);
      if (counter === undefined) {
        counter = { frames: new Set<number>(), bytes: 0 };
        this.#packs.set(pack, counter);
      }
      return { counter, lastFrame: -1 };
    });
    for (let block = 0; block < stretch.blockCount; block++) {
      const pack = stretch.packOf[block] ?? -1;
      const place = pack < 0 ? undefined : counters[pack];
      if (place === undefined) {
        continue;
      }
      const frame = stretch.frameOf[block] ?? 0;
      if (frame !== place.lastFrame) {
        place.counter.frames.add(frame);
        place.lastFrame = frame;
      }
      place.counter.bytes += stretch.bytesOfBlock(block, blockBytes);
    }
  }

  /** Packs with at least one live block. */
  *packs(): Generator<[ObjectId, LivePart]> {
    for (const [pack, counter] of this.#packs) {
      if (counter.bytes > 0) {
        yield [pack, { frames: counter.frames.size, bytes: counter.bytes }];
      }
    }
  }
}

/** A pack is rewritten by the next increment when less than this part of what it was written with is live. */
export const REWRITE_BELOW_LIVE_RATIO = 0.25;

/** True when a pack is so dead that reading its live blocks costs more than writing them again. */
export function isMostlyDead(pack: {
  readonly plainBytes: number;
  readonly liveBytes: number;
}): boolean {
  return (
    pack.plainBytes >= slotBytes && pack.liveBytes < pack.plainBytes * REWRITE_BELOW_LIVE_RATIO
  );
}

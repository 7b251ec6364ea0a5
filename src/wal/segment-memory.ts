/**
 * The bytes of one WAL segment while it arrives, in memory that the publishing thread sees too: a host that
 * holds only the public key cannot read its own parts back, so what is to be published must be kept until then.
 */
import { walFrameBytes } from "../core/limits.ts";
import { type Lsn, addToLsn, lsnDistanceBytes } from "../core/lsn.ts";
import { type TimelineId, type WalSegmentName, segmentAt } from "../core/wal-name.ts";

/** Where a segment belongs. */
export type SegmentPlace = {
  readonly timeline: TimelineId;
  readonly startLsn: Lsn;
  readonly walSegmentBytes: number;
};

/** One segment. Peak memory: the segment's size. */
export class SegmentMemory {
  readonly place: SegmentPlace;
  readonly shared: SharedArrayBuffer;
  readonly bytes: Buffer;
  readonly endLsn: Lsn;
  /** Frames of the published object that were compressed when they were stored in a part, by their number. */
  readonly compressed = new Map<number, SharedArrayBuffer>();

  constructor(place: SegmentPlace, shared: SharedArrayBuffer) {
    this.place = place;
    this.shared = shared;
    this.bytes = Buffer.from(shared);
    this.endLsn = addToLsn(place.startLsn, place.walSegmentBytes);
  }

  get name(): WalSegmentName {
    return segmentAt(this.place.timeline, this.place.startLsn, this.place.walSegmentBytes);
  }

  /** Keeps what of `wal` lies in this segment; answers how many bytes that were. */
  write(wal: Uint8Array, lsn: Lsn): number {
    const offset = lsnDistanceBytes(this.place.startLsn, lsn);
    const room = this.place.walSegmentBytes - offset;
    const piece = wal.length <= room ? wal : wal.subarray(0, room);
    this.bytes.set(piece, offset);
    return piece.length;
  }

  /** Keeps what a whole frame of the published object was compressed to, so that publishing need not compress it again; undefined for other pieces. */
  frameKeeper(from: Lsn, to: Lsn): ((content: Uint8Array) => void) | undefined {
    const offset = lsnDistanceBytes(this.place.startLsn, from);
    if (offset % walFrameBytes !== 0 || lsnDistanceBytes(from, to) !== walFrameBytes) {
      return undefined;
    }
    return (content) => {
      const shared = new SharedArrayBuffer(content.length);
      new Uint8Array(shared).set(content);
      this.compressed.set(offset / walFrameBytes, shared);
    };
  }

  /** The bytes from `from` to `to`, not copied. */
  view(from: Lsn, to: Lsn): Buffer {
    const { startLsn } = this.place;
    return this.bytes.subarray(lsnDistanceBytes(startLsn, from), lsnDistanceBytes(startLsn, to));
  }
}

/** Memory of segments, used again, what was given last first: allocating and clearing 16 MiB takes milliseconds. */
export class SegmentMemoryPool {
  readonly #walSegmentBytes: number;
  readonly #free: SharedArrayBuffer[] = [];
  #used = 0;

  constructor(walSegmentBytes: number) {
    this.#walSegmentBytes = walSegmentBytes;
  }

  /** Segments in use. */
  get used(): number {
    return this.#used;
  }

  take(place: SegmentPlace): SegmentMemory {
    this.#used += 1;
    const shared = this.#free.pop() ?? new SharedArrayBuffer(this.#walSegmentBytes);
    return new SegmentMemory(place, shared);
  }

  /** The beginning of a segment in other memory, which has been written before if there is such; nobody uses `memory` any more. */
  move(memory: SegmentMemory, filled: Uint8Array): SegmentMemory {
    const moved = this.take(memory.place);
    moved.bytes.set(filled);
    this.give(memory);
    return moved;
  }

  /** Nobody uses `memory` any more. */
  give(memory: SegmentMemory): void {
    this.#used -= 1;
    this.#free.push(memory.shared);
  }
}

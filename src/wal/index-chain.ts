/**
 * Indexes of segments that follow each other, with one reader over all of them, so that a record cut by a boundary is
 * seen whole. Reading can fail where storing cannot: then that segment has no index and reading begins anew behind it.
 */
import { isDrError } from "../core/errors.ts";
import { walTailKeptBytesMax } from "../core/limits.ts";
import { type Lsn, addToLsn, lsnDistanceBytes } from "../core/lsn.ts";
import type { SegmentPlace } from "./segment-memory.ts";
import { SegmentIndexer, readingStartAfter } from "./segment-indexer.ts";
import type { SegmentIndex } from "./segment-index.ts";

const PAGE_BYTES = 8192;

/** An index, or why there is none. */
export type IndexResult =
  | { readonly index: SegmentIndex; readonly error: undefined }
  | { readonly index: undefined; readonly error: Error | undefined };

type Tail = { readonly lsn: Lsn; readonly bytes: Uint8Array };

/** Segments must be given in order. Peak memory: the indexer's, and at most `walTailKeptBytesMax` of WAL. */
export class IndexChain {
  readonly #systemId: bigint;
  #indexer: SegmentIndexer | undefined;
  #timeline = 0;
  #made: SegmentIndex | undefined;
  #tail: Tail | undefined;

  constructor(systemId: bigint) {
    this.#systemId = systemId;
  }

  /** Reads WAL that ends where the next segment begins; it starts at a page. */
  readAhead(place: SegmentPlace, bytes: Uint8Array): void {
    this.#tail = { lsn: place.startLsn, bytes };
  }

  /** The index of one whole segment. */
  segment(place: SegmentPlace, bytes: Uint8Array): IndexResult {
    this.#made = undefined;
    try {
      const indexer = this.#indexerFor(place);
      indexer.push(bytes, place.startLsn);
      const index = this.#made as SegmentIndex | undefined;
      if (index !== undefined) {
        this.#keepTail(index, bytes);
        return { index, error: undefined };
      }
      const error = new Error(`reading stopped: ${indexer.end?.reason ?? "without a reason"}`);
      return this.#failed(error);
    } catch (error) {
      // Whatever a record does to the reader, the segment itself is stored; the caller tells people.
      return this.#failed(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #failed(error: Error): IndexResult {
    this.#indexer = undefined;
    this.#tail = undefined;
    if (isDrError(error, "WAL_SYSTEM_ID")) {
      throw error;
    }
    return { index: undefined, error };
  }

  #indexerFor(place: SegmentPlace): SegmentIndexer {
    const { timeline, startLsn, walSegmentBytes } = place;
    const running = this.#indexer;
    if (running !== undefined && this.#timeline === timeline && running.position === startLsn) {
      return running;
    }
    const tail = this.#tailBefore(startLsn);
    const indexer = new SegmentIndexer(
      {
        walSegmentBytes,
        major: "detect",
        timeline,
        startLsn: tail?.lsn ?? startLsn,
        systemId: this.#systemId,
        mayEnd: false,
        indexFrom: startLsn,
      },
      (index) => {
        this.#made = index;
      },
    );
    if (tail !== undefined) {
      indexer.push(tail.bytes, tail.lsn);
    }
    this.#indexer = indexer;
    this.#timeline = timeline;
    return indexer;
  }

  #tailBefore(startLsn: Lsn): Tail | undefined {
    const tail = this.#tail;
    return tail !== undefined && addToLsn(tail.lsn, tail.bytes.length) === startLsn
      ? tail
      : undefined;
  }

  #keepTail(index: SegmentIndex, bytes: Uint8Array): void {
    const from = readingStartAfter(index, { walBlockBytes: PAGE_BYTES });
    const offset = from === undefined ? -1 : lsnDistanceBytes(index.startLsn, from);
    const fits = from !== undefined && offset >= 0 && bytes.length - offset <= walTailKeptBytesMax;
    this.#tail = fits ? { lsn: from, bytes: Uint8Array.from(bytes.subarray(offset)) } : undefined;
  }
}

/**
 * What the repository's WAL catalogue knows, as the plan asks for it. A published segment's index is an object of its own;
 * of a segment in the making the parts are given to `indexOfParts`, because reading them needs the private key
 * and a plan must also work where there is none: then such a segment counts as unread.
 *
 * Memory: the `walIndexesKeptMax` newest indexes, some 60 bytes a transaction each.
 */
import { isDrError } from "../core/errors.ts";
import { walIndexesKeptMax } from "../core/limits.ts";
import { type Lsn, formatLsn } from "../core/lsn.ts";
import { type TimelineId, segmentAt } from "../core/wal-name.ts";
import { objectKey } from "../repository/object-names.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import { decodeSegmentIndex } from "../wal/segment-index-codec.ts";
import type { SegmentIndex } from "../wal/segment-index.ts";
import type { TimelineSwitch } from "../wal/timeline-history.ts";
import type { WalCatalogue } from "../wal/wal-catalogue.ts";
import type { KnownTimeline, WalKnowledge } from "./wal-knowledge.ts";

type Call = { readonly signal: AbortSignal };

/** Where to read. */
export type CatalogueSource = {
  readonly sealed: SealedStore;
  readonly catalogue: WalCatalogue;
  /** Reads the WAL of a segment that is not published, up to where it goes; undefined when that cannot be. */
  readonly indexOfParts: (
    timeline: TimelineId,
    segmentLsn: Lsn,
    call: Call,
  ) => Promise<SegmentIndex | undefined>;
};

function switchesOf(
  catalogue: WalCatalogue,
  timeline: TimelineId,
): readonly TimelineSwitch[] | undefined {
  try {
    return catalogue.ancestors(timeline);
  } catch (error) {
    if (isDrError(error, "WAL_LINEAGE_UNKNOWN")) {
      return undefined;
    }
    throw error;
  }
}

function knownTimeline(catalogue: WalCatalogue, timeline: TimelineId): KnownTimeline {
  const spans = catalogue.timeline(timeline)?.spans ?? [];
  const claim = catalogue.knownAt(timeline);
  return {
    timeline,
    switches: switchesOf(catalogue, timeline),
    spans: spans.map(({ fromLsn, toLsn }, index) => ({
      fromLsn,
      toLsn,
      known:
        claim !== undefined && index === spans.length - 1
          ? { endLsn: claim.endLsn, atMicros: claim.knownAt }
          : undefined,
    })),
  };
}

/** The newest indexes, by key. */
class IndexCache {
  readonly #kept = new Map<string, SegmentIndex | undefined>();

  async get(
    key: string,
    load: () => Promise<SegmentIndex | undefined>,
  ): Promise<SegmentIndex | undefined> {
    if (this.#kept.has(key)) {
      return this.#kept.get(key);
    }
    const index = await load();
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= walIndexesKeptMax && oldest !== undefined) {
      this.#kept.delete(oldest);
    }
    this.#kept.set(key, index);
    return index;
  }
}

/**
 * The knowledge of a catalogue, which is a snapshot. `indexAt` throws what the store and `openWhole` throw for an index
 * that is there and damaged; one that is missing is `undefined`.
 */
export function walKnowledgeOf(source: CatalogueSource): WalKnowledge {
  const { sealed, catalogue, indexOfParts } = source;
  const cache = new IndexCache();
  const walSegmentBytes = catalogue.timelines[0]?.walSegmentBytes ?? 1 << 24;
  const published = async (
    timeline: TimelineId,
    segmentLsn: Lsn,
    call: Call,
  ): Promise<SegmentIndex | undefined> => {
    const segment = segmentAt(timeline, segmentLsn, walSegmentBytes);
    const name = { ...catalogue.place, type: "walIndex", segment } as const;
    try {
      const { content } = await sealed.getWhole(name, call);
      return decodeSegmentIndex(content);
    } catch (error) {
      if (isDrError(error, "STORE_MISSING") && error.details["key"] === objectKey(name)) {
        return undefined;
      }
      throw error;
    }
  };
  return {
    walSegmentBytes,
    timelines: catalogue.timelines.map(({ timeline }) => knownTimeline(catalogue, timeline)),
    indexAt: (timeline, segmentLsn, call) =>
      cache.get(`${timeline} ${formatLsn(segmentLsn)}`, () => {
        const spans = catalogue.timeline(timeline)?.published ?? [];
        const isPublished = spans.some(
          (span) => span.fromLsn <= segmentLsn && segmentLsn < span.toLsn,
        );
        return isPublished
          ? published(timeline, segmentLsn, call)
          : indexOfParts(timeline, segmentLsn, call);
      }),
  };
}

/**
 * What the repository's WAL catalogue knows, as the plan asks for it. Published segments are judged by their stored indexes.
 * Where an index is missing or lacks its head, or WAL lies in parts, the WAL itself is read, which needs the private
 * key; on a host without it such a segment counts as unread, and the plan says so.
 *
 * Memory: the indexes that `WalTargets` keeps.
 */
import { isDrError } from "../core/errors.ts";
import { type Lsn, LSN_ZERO, lsnOf } from "../core/lsn.ts";
import type { TimelineId } from "../core/wal-name.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import type { SegmentIndex } from "../wal/segment-index.ts";
import { type LineageStep, type TimelineSwitch, lineageOf } from "../wal/timeline-history.ts";
import type { WalCatalogue } from "../wal/wal-catalogue.ts";
import { WalReader } from "../wal/wal-reader.ts";
import { WalTargets } from "../wal/wal-targets.ts";
import type { KnownTimeline, WalKnowledge } from "./wal-knowledge.ts";

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

/**
 * The knowledge of a catalogue, which is a snapshot. `indexAt` throws what the store throws, and those of authenticity: a
 * damaged index or segment is no missing one.
 */
export function walKnowledgeOf(sealed: SealedStore, catalogue: WalCatalogue): WalKnowledge {
  const targets = new WalTargets(sealed, new WalReader(sealed, catalogue));
  const timelines = catalogue.timelines.map(({ timeline }) => knownTimeline(catalogue, timeline));
  const walSegmentBytes = catalogue.timelines[0]?.walSegmentBytes ?? 1 << 24;
  const lineages = new Map<TimelineId, readonly LineageStep[]>(
    timelines.map(({ timeline, switches }) => [timeline, lineageOf(timeline, switches ?? [])]),
  );
  return {
    walSegmentBytes,
    timelines,
    indexAt: async (timeline, segmentLsn, call): Promise<SegmentIndex | undefined> => {
      const toLsn = catalogue.spanCovering(timeline, segmentLsn)?.toLsn;
      const lineage = lineages.get(timeline);
      if (toLsn === undefined || toLsn <= segmentLsn || lineage === undefined) {
        return undefined;
      }
      const path = { lineage, fromLsn: lookFrom(catalogue, lineage, segmentLsn), toLsn };
      try {
        for await (const index of targets.indexes(path, call)) {
          if (index.startLsn >= segmentLsn) {
            return index.startLsn === segmentLsn && index.timeline === timeline ? index : undefined;
          }
        }
        return undefined;
      } catch (error) {
        if (isDrError(error, "KEY_PRIVATE_MISSING")) {
          return undefined;
        }
        throw error;
      }
    },
  };
}

/** The segment, or one byte of the one before when that is held, so that a record that reaches over is looked for. */
function lookFrom(catalogue: WalCatalogue, lineage: readonly LineageStep[], segmentLsn: Lsn): Lsn {
  const before = segmentLsn === LSN_ZERO ? LSN_ZERO : lsnOf(segmentLsn - 1n);
  const held = lineage.some(({ timeline }) => {
    const span = catalogue.spanCovering(timeline, before);
    return span !== undefined && before < span.toLsn;
  });
  return held ? before : segmentLsn;
}

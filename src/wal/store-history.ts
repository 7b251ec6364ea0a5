/** Stores a timeline's history file; the same file again is fine, another one for the same timeline is a split brain. */
import { DrError, isDrError } from "../core/errors.ts";
import { failpointAsync } from "../core/failpoint.ts";
import { type TimelineId, timelineHistoryName } from "../core/wal-name.ts";
import { encodeHistoryFacts } from "../pipeline/sealing/facts.ts";
import { objectKey, type IncarnationPlace } from "../repository/object-names.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import { parseTimelineHistory } from "./timeline-history.ts";

/**
 * Durable when it returns. @throws DrError `WAL_HISTORY_INVALID`; `WAL_SEGMENT_CONFLICT` when another history of this
 * timeline is stored; what the store throws.
 */
export async function storeHistory(
  sealed: SealedStore,
  history: {
    readonly place: IncarnationPlace;
    readonly timeline: TimelineId;
    readonly content: Uint8Array;
    readonly epoch: number;
  },
  call: { readonly signal: AbortSignal },
): Promise<"created" | "identical"> {
  const { place, timeline, content, epoch } = history;
  parseTimelineHistory(timeline, content);
  const name = { ...place, type: "history", timeline } as const;
  try {
    await failpointAsync("wal.put-history", call);
    await sealed.putWhole(name, content, {
      ...call,
      epoch,
      facts: encodeHistoryFacts({ timeline }),
    });
    return "created";
  } catch (error) {
    if (!isDrError(error, "STORE_CONFLICT")) {
      throw error;
    }
    const stored = await sealed.getWhole(name, call);
    if (Buffer.compare(stored.content, content) !== 0) {
      const segment = timelineHistoryName(timeline);
      throw new DrError("WAL_SEGMENT_CONFLICT", { segment, conflict: objectKey(name) });
    }
    return "identical";
  }
}

/**
 * What a receiver tells while it runs. The caller records these (ledger, alerts); the receiver decides nothing by
 * them and waits for none but those whose loss would hide a gap.
 */
import type { DrError } from "../core/errors.ts";
import type { Lsn } from "../core/lsn.ts";
import type { TimelineId, WalSegmentName } from "../core/wal-name.ts";

/** One thing that happened. */
export type ReceiverEvent =
  | { readonly kind: "slot-created"; readonly slot: string }
  /** A slot that was there before is gone: whether WAL is missing, a `gap` tells. */
  | { readonly kind: "slot-missing"; readonly slot: string }
  | { readonly kind: "streaming"; readonly timeline: TimelineId; readonly fromLsn: Lsn }
  | { readonly kind: "disconnected"; readonly cause: DrError }
  /** WAL that the repository will never have; only a new backup closes it. */
  | {
      readonly kind: "gap";
      readonly timeline: TimelineId;
      readonly fromLsn: Lsn;
      readonly toLsn: Lsn;
      readonly cause: string;
    }
  | {
      readonly kind: "timeline-switched";
      readonly from: TimelineId;
      readonly to: TimelineId;
      readonly switchLsn: Lsn;
      /** The repository held WAL of the old timeline up to here: what lies beyond the switch was given up by the failover. */
      readonly heldLsn: Lsn;
    }
  /** `verified`: it was re-read whole, so the objects in `parts` are needed no more. */
  | {
      readonly kind: "segment-published";
      readonly segment: WalSegmentName;
      readonly result: "created" | "identical";
      readonly verified: boolean;
      readonly parts: readonly string[];
    }
  | {
      readonly kind: "segment-conflict";
      readonly segment: WalSegmentName;
      readonly conflict: string;
    }
  /** The segment is stored; what it holds cannot be told from an index. */
  | {
      readonly kind: "index-failed";
      readonly segment: WalSegmentName;
      readonly cause: Error | undefined;
    };

/** Who is told. A promise is waited for where the event must be durable before going on. */
export type ReceiverEventSink = (event: ReceiverEvent) => Promise<void> | undefined;

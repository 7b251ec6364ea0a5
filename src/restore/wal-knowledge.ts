/**
 * What the plan must know of the WAL in the repository: the port that the plan owns. Where WAL lies is known beforehand,
 * what is in it is loaded segment by segment, because a month of WAL has tens of thousands of indexes.
 */
import type { Lsn } from "../core/lsn.ts";
import type { TimelineId } from "../core/wal-name.ts";
import type { SegmentIndex } from "../wal/segment-index.ts";
import type { TimelineSwitch } from "../wal/timeline-history.ts";

/** WAL without a hole on one timeline. */
export type KnownSpan = {
  readonly fromLsn: Lsn;
  readonly toLsn: Lsn;
  /** The newest claim inside: at `atMicros` of the server's clock it had written nothing beyond `endLsn`. */
  readonly known: { readonly endLsn: Lsn; readonly atMicros: bigint } | undefined;
};

/** A timeline that holds WAL. */
export type KnownTimeline = {
  readonly timeline: TimelineId;
  /** Its ancestors, oldest first; undefined when its history file is not there. */
  readonly switches: readonly TimelineSwitch[] | undefined;
  /** Ascending, apart. */
  readonly spans: readonly KnownSpan[];
};

/** A snapshot: it does not change while a plan is made. */
export interface WalKnowledge {
  readonly walSegmentBytes: number;
  /** Ascending. */
  readonly timelines: readonly KnownTimeline[];
  /**
   * The index of the segment that begins at `segmentLsn`, as far as the WAL in `spans` goes; undefined when it could not
   * be read. Called in WAL order, mostly. Aborted: rejects, leaving nothing behind.
   */
  indexAt(
    timeline: TimelineId,
    segmentLsn: Lsn,
    call: { readonly signal: AbortSignal },
  ): Promise<SegmentIndex | undefined>;
}

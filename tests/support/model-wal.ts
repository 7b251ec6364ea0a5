/**
 * WAL as a list of records, without bytes: small enough to have thousands of histories in a second, and plain enough that an
 * oracle which looks at every record is obviously right. Segments are 1 KiB here.
 */
import { present } from "../../src/core/assert.ts";
import { type Lsn, lsnOf } from "../../src/core/lsn.ts";
import { type TimelineId, segmentAt, timelineOf } from "../../src/core/wal-name.ts";
import type { ParameterChange } from "../../src/wal/record/wal-event.ts";
import type { SegmentEvent, SegmentIndex } from "../../src/wal/segment-index.ts";
import { TransactionColumnsBuilder } from "../../src/wal/transaction-columns.ts";
import type { KnownSpan, WalKnowledge } from "../../src/restore/wal-knowledge.ts";

/** Bytes of a model's segment. */
export const MODEL_SEGMENT_BYTES = 1024;

/** What a record is. */
export type ModelRecordKind =
  | { readonly kind: "other" }
  | {
      readonly kind: "commit" | "abort";
      readonly xid: number;
      readonly timeMicros: bigint;
      readonly subXids?: readonly number[];
    }
  | { readonly kind: "restore-point"; readonly name: string; readonly timeMicros: bigint }
  | { readonly kind: "backup-end"; readonly startLsn: Lsn }
  | {
      readonly kind: "wal-level";
      readonly walLevel: ParameterChange["walLevel"];
      readonly maxConnections: number;
    }
  | { readonly kind: "full-page-writes"; readonly enabled: boolean };

/** A record in its place. */
export type ModelRecord = ModelRecordKind & { readonly lsn: Lsn; readonly endLsn: Lsn };

/** One timeline of a model. */
export type ModelTimeline = {
  readonly timeline: TimelineId;
  readonly parent: { readonly timeline: TimelineId; readonly switchLsn: Lsn } | undefined;
  readonly records: readonly ModelRecord[];
  /** What of it the repository holds. */
  readonly spans: readonly KnownSpan[];
};

/** Appends records of given sizes. */
export class ModelWriter {
  readonly records: ModelRecord[] = [];
  #at: bigint;

  constructor(startLsn: Lsn) {
    this.#at = startLsn;
  }

  get at(): Lsn {
    return lsnOf(this.#at);
  }

  add(record: ModelRecordKind, bytes = 48): ModelRecord {
    const lsn = this.at;
    this.#at += BigInt(Math.ceil(bytes / 8) * 8);
    const added = { ...record, lsn, endLsn: this.at };
    this.records.push(added);
    return added;
  }

  commit(xid: number, timeMicros: bigint, subXids: readonly number[] = []): ModelRecord {
    return this.add({ kind: "commit", xid, timeMicros, subXids });
  }

  abort(xid: number, timeMicros: bigint): ModelRecord {
    return this.add({ kind: "abort", xid, timeMicros });
  }
}

/** The whole path to a timeline: each record once, in the order in which a server replays them. */
export function recordsAlong(
  timelines: readonly ModelTimeline[],
  timeline: TimelineId,
): readonly (ModelRecord & { readonly timeline: TimelineId })[] {
  const own = present(
    timelines.find((model) => model.timeline === timeline),
    "the model has the timeline",
  );
  const { parent } = own;
  const before =
    parent === undefined
      ? []
      : recordsAlong(timelines, parent.timeline).filter(({ lsn }) => lsn < parent.switchLsn);
  return [...before, ...own.records.map((record) => ({ ...record, timeline }))];
}

function eventOf(record: ModelRecord): SegmentEvent | undefined {
  const { lsn, endLsn } = record;
  switch (record.kind) {
    case "restore-point":
      return {
        kind: "restore-point",
        lsn,
        endLsn,
        name: record.name,
        timeMicros: record.timeMicros,
      };
    case "backup-end":
      return { kind: "backup-end", lsn, endLsn, startLsn: record.startLsn };
    case "full-page-writes":
      return { kind: "full-page-writes", lsn, endLsn, enabled: record.enabled };
    case "wal-level":
      return {
        kind: "parameter-change",
        lsn,
        endLsn,
        walLevel: record.walLevel,
        maxConnections: record.maxConnections,
        maxWorkerProcesses: 8,
        maxWalSenders: 10,
        maxPreparedTransactions: 0,
        maxLocksPerTransaction: 64,
        walLogHints: false,
        trackCommitTimestamp: false,
      };
    case "other":
    case "commit":
    case "abort":
      return undefined;
  }
}

/** The index of a segment, of the records that end in it and in what is held. */
function indexOf(
  timelines: readonly ModelTimeline[],
  model: ModelTimeline,
  segmentLsn: Lsn,
): SegmentIndex | undefined {
  const end = segmentLsn + BigInt(MODEL_SEGMENT_BYTES);
  const span = model.spans.find(
    ({ fromLsn, toLsn }) => fromLsn <= segmentLsn && segmentLsn < toLsn,
  );
  if (span === undefined) {
    return undefined;
  }
  const inside = recordsAlong(timelines, model.timeline).filter(
    ({ endLsn }) => endLsn > segmentLsn && endLsn <= end && endLsn <= span.toLsn,
  );
  const heldBefore = timelines.some(({ spans }) =>
    spans.some(({ fromLsn, toLsn }) => fromLsn < segmentLsn && segmentLsn <= toLsn),
  );
  const headMissing = inside.some(({ lsn }) => lsn < segmentLsn) && !heldBefore;
  const records = headMissing ? inside.filter(({ lsn }) => lsn >= segmentLsn) : inside;
  const columns = new TransactionColumnsBuilder(segmentLsn);
  const events: SegmentEvent[] = [];
  for (const record of records) {
    if (record.kind === "commit" || record.kind === "abort") {
      const { kind, xid, timeMicros, lsn, endLsn, subXids = [] } = record;
      columns.add({ kind, prepared: false, xid, subXids, timeMicros, lsn, endLsn });
    } else {
      events.push(...[eventOf(record)].filter((event) => event !== undefined));
    }
  }
  const [first, last] = [records[0], records.at(-1)];
  return {
    segment: segmentAt(model.timeline, segmentLsn, 1 << 20),
    timeline: model.timeline,
    startLsn: segmentLsn,
    walSegmentBytes: MODEL_SEGMENT_BYTES,
    major: 18,
    complete: span.toLsn >= end,
    headMissing,
    records:
      first === undefined || last === undefined
        ? undefined
        : {
            count: records.length,
            firstRecordLsn: first.lsn,
            lastRecordLsn: last.lsn,
            endLsn: last.endLsn,
          },
    transactions: columns.build(),
    events,
  };
}

/** What a repository with these timelines would know. `unread`: segments without an index. */
export function knowledgeOf(
  timelines: readonly ModelTimeline[],
  unread: readonly Lsn[] = [],
): WalKnowledge {
  const switchesOf = (model: ModelTimeline): { timeline: TimelineId; switchLsn: Lsn }[] => {
    const { parent } = model;
    const above = timelines.find(({ timeline }) => timeline === parent?.timeline);
    return parent === undefined || above === undefined ? [] : [...switchesOf(above), parent];
  };
  return {
    walSegmentBytes: MODEL_SEGMENT_BYTES,
    timelines: timelines
      .filter(({ spans }) => spans.length > 0)
      .map((model) => ({
        timeline: model.timeline,
        switches: switchesOf(model),
        spans: model.spans,
      })),
    indexAt: (timeline, segmentLsn) => {
      const model = timelines.find((known) => known.timeline === timeline);
      return Promise.resolve(
        model === undefined || unread.includes(segmentLsn)
          ? undefined
          : indexOf(timelines, model, segmentLsn),
      );
    },
  };
}

/** A timeline without a parent that is held whole. */
export function wholeTimeline(
  writer: ModelWriter,
  known?: { readonly atMicros: bigint },
): ModelTimeline {
  const fromLsn = present(writer.records[0], "the model has records").lsn;
  return {
    timeline: timelineOf(1),
    parent: undefined,
    records: writer.records,
    spans: [
      {
        fromLsn,
        toLsn: writer.at,
        known: known === undefined ? undefined : { endLsn: writer.at, ...known },
      },
    ],
  };
}

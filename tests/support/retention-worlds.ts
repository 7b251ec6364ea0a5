/**
 * Random clusters for tests of retention: incarnations with timelines that branch, transactions and backups over weeks, holes, clocks
 * that differ by minutes. Each can be looked at as retention sees it and as the planner does, before and after what retention decides.
 */
import fc from "fast-check";
import { type Lsn, addToLsn, lsnOf } from "../../src/core/lsn.ts";
import { parseObjectId } from "../../src/core/object-id.ts";
import { type TimelineId, segmentAt, segmentStartAt, timelineOf } from "../../src/core/wal-name.ts";
import { clusterNameOf, incarnationNameOf } from "../../src/repository/object-names.ts";
import type {
  ActiveHold,
  RetainedBackup,
  RetentionIncarnation,
  RetentionPolicy,
} from "../../src/repository/retention-view.ts";
import type { RetentionDecision } from "../../src/repository/retention.ts";
import { type WalNeeds, isWalNeeded } from "../../src/repository/retention-wal.ts";
import type { PlanCatalogue } from "../../src/restore/plan.ts";
import { epochMsOfPgTime, pgTimeOfEpochMs } from "../../src/wal/record/wal-event.ts";
import { MODEL_SEGMENT_BYTES, type ModelTimeline, ModelWriter, knowledgeOf } from "./model-wal.ts";

/** When every history begins. */
export const BEGIN_MS = Date.UTC(2026, 0, 1);
const HOUR_MS = 3_600_000;
const START = lsnOf(0x3000n);

type Step =
  | { readonly kind: "commit"; readonly hours: number }
  | { readonly kind: "other"; readonly bytes: number }
  | {
      readonly kind: "backup";
      readonly hours: number;
      readonly hold: ActiveHold | undefined;
      readonly pinned: boolean;
      readonly damaged: boolean;
    }
  | { readonly kind: "fork"; readonly at: number };

/** One incarnation to build. */
export type IncarnationScript = {
  readonly steps: readonly Step[];
  readonly skewMinutes: number;
  /** Segments that were lost, in parts of a thousand of each timeline's WAL. */
  readonly lost: readonly number[];
  readonly unreadable: boolean;
};

const hold = fc.option(
  fc.record({
    reason: fc.constant("audit"),
    untilMs: fc.option(fc.integer({ min: 0, max: 60 }).map((day) => BEGIN_MS + day * 24 * HOUR_MS)),
  }),
  { nil: undefined, freq: 8 },
);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant("commit" as const), hours: fc.nat({ max: 30 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("other" as const),
      bytes: fc.integer({ min: 24, max: 1800 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("backup" as const),
      hours: fc.integer({ min: 1, max: 30 }),
      hold,
      pinned: fc.nat({ max: 15 }).map((value) => value === 0),
      damaged: fc.nat({ max: 3 }).map((value) => value === 0),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("fork" as const),
      at: fc.oneof(fc.constant(1000), fc.nat({ max: 1000 })),
    }),
  },
);

/** Any incarnation. */
export const incarnationScript: fc.Arbitrary<IncarnationScript> = fc.record({
  steps: fc.array(step, { minLength: 8, maxLength: 60, size: "max" }),
  skewMinutes: fc.integer({ min: -10, max: 10 }),
  lost: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(fc.nat({ max: 1000 }), { maxLength: 2 }) },
  ),
  unreadable: fc.nat({ max: 30 }).map((value) => value === 0),
});

/** Any policy. */
export const anyPolicy: fc.Arbitrary<RetentionPolicy> = fc.record({
  days: fc.integer({ min: 1, max: 7 }),
  minBackups: fc.integer({ min: 1, max: 4 }),
  daily: fc.oneof(
    { weight: 2, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.nat({ max: 3 }) },
  ),
  weekly: fc.oneof(
    { weight: 2, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.nat({ max: 3 }) },
  ),
  monthly: fc.oneof(
    { weight: 2, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.nat({ max: 2 }) },
  ),
  yearly: fc.nat({ max: 1 }),
});

/** One incarnation, built. */
export type BuiltIncarnation = {
  readonly timelines: readonly ModelTimeline[];
  readonly seen: RetentionIncarnation;
  readonly skewMs: number;
  /** When its last step was. */
  readonly endMs: number;
};

type Span = { readonly fromLsn: Lsn; readonly toLsn: Lsn };

/** Segments of spans that a rule keeps, as spans. */
function keptSpans(spans: readonly Span[], keeps: (segmentLsn: Lsn) => boolean): Span[] {
  const kept: Span[] = [];
  for (const { fromLsn, toLsn } of spans) {
    for (let at = fromLsn; at < toLsn;) {
      const segmentLsn = segmentStartAt(at, MODEL_SEGMENT_BYTES);
      const end = addToLsn(segmentLsn, MODEL_SEGMENT_BYTES);
      const until = end < toLsn ? end : toLsn;
      const last = kept.at(-1);
      if (keeps(segmentLsn)) {
        if (last?.toLsn === at) {
          kept[kept.length - 1] = { ...last, toLsn: until };
        } else {
          kept.push({ fromLsn: at, toLsn: until });
        }
      }
      at = until;
    }
  }
  return kept;
}

class Builder {
  readonly timelines: {
    timeline: TimelineId;
    parent: ModelTimeline["parent"];
    writer: ModelWriter;
  }[];
  readonly backups: RetainedBackup[] = [];
  readonly #skewMs: number;
  readonly #number: number;
  timeMs: number;
  #xid = 700;

  constructor(number: number, skewMs: number, fromMs: number) {
    this.#number = number;
    this.#skewMs = skewMs;
    this.timeMs = fromMs;
    const writer = new ModelWriter(START);
    writer.add({ kind: "other" });
    this.timelines = [{ timeline: timelineOf(1), parent: undefined, writer }];
  }

  get #current(): { timeline: TimelineId; writer: ModelWriter } {
    const last = this.timelines.at(-1);
    if (last === undefined) {
      throw new Error("there is a timeline");
    }
    return last;
  }

  take(one: Step): void {
    const { writer, timeline } = this.#current;
    switch (one.kind) {
      case "commit":
        this.timeMs += one.hours * HOUR_MS + 1000;
        this.#xid += 1;
        writer.commit(this.#xid, pgTimeOfEpochMs(this.timeMs));
        break;
      case "other":
        writer.add({ kind: "other" }, one.bytes);
        break;
      case "backup":
        this.#backup(one);
        break;
      case "fork":
        this.#fork(timeline, writer, one.at);
        break;
    }
  }

  #fork(timeline: TimelineId, writer: ModelWriter, at: number): void {
    const { records } = writer;
    const left = records[Math.floor((at * (records.length - 1)) / 1000)];
    const switchLsn = left?.endLsn ?? writer.at;
    const next = new ModelWriter(switchLsn);
    next.add({ kind: "other" });
    const parent = { timeline, switchLsn };
    this.timelines.push({ timeline: timelineOf(this.timelines.length + 1), parent, writer: next });
  }

  #backup(one: Extract<Step, { readonly kind: "backup" }>): void {
    const { writer, timeline } = this.#current;
    const startedAtMs = this.timeMs + this.#skewMs;
    const startLsn = writer.at;
    writer.add({ kind: "other" }, 120);
    this.timeMs += (one.hours * HOUR_MS) / 2;
    this.#xid += 1;
    writer.commit(this.#xid, pgTimeOfEpochMs(this.timeMs));
    const { endLsn: stopLsn } = writer.add({ kind: "backup-end", startLsn });
    this.timeMs += (one.hours * HOUR_MS) / 2;
    const finishedAtMs = this.timeMs + this.#skewMs;
    const id = parseObjectId(
      `${startedAtMs.toString(16).padStart(12, "0")}${this.#number}${this.backups.length.toString(16).padStart(19, "0")}`,
    );
    this.backups.push({
      id,
      startedAtMs,
      finishedAtMs,
      timeline,
      startLsn,
      stopLsn,
      walFrom: startLsn,
      walTo: stopLsn,
      hold: one.hold,
      pinned: one.pinned,
      damaged: one.damaged,
    });
  }
}

/** The newest instant that a branch holds. */
function newestMsOf(timelines: readonly ModelTimeline[], model: ModelTimeline): number | undefined {
  const times = model.records.flatMap((record) =>
    "timeMicros" in record ? [epochMsOfPgTime(record.timeMicros)] : [],
  );
  const { parent } = model;
  const above = timelines.find(({ timeline }) => timeline === parent?.timeline);
  const before =
    above === undefined || parent === undefined
      ? undefined
      : newestMsOf(timelines, {
          ...above,
          records: above.records.filter(({ endLsn }) => endLsn <= parent.switchLsn),
        });
  return times.length > 0 ? Math.max(...times) : before;
}

/** Builds one incarnation whose first step is at `fromMs`. */
export function buildIncarnation(
  script: IncarnationScript,
  number: number,
  fromMs: number,
): BuiltIncarnation {
  const skewMs = script.skewMinutes * 60_000;
  const builder = new Builder(number, skewMs, fromMs);
  script.steps.forEach((one) => builder.take(one));
  const timelines = builder.timelines.map(({ timeline, parent, writer }): ModelTimeline => {
    const from = segmentStartAt(parent?.switchLsn ?? START, MODEL_SEGMENT_BYTES);
    const whole = { fromLsn: from, toLsn: writer.at };
    const lost = script.lost.map((part) =>
      segmentStartAt(
        lsnOf(from + ((writer.at - from) * BigInt(part)) / 1000n),
        MODEL_SEGMENT_BYTES,
      ),
    );
    const spans = keptSpans([whole], (segmentLsn) => !lost.includes(segmentLsn));
    return { timeline, parent, records: writer.records, spans: withClaims(spans) };
  });
  const knowledge = knowledgeOf(timelines);
  const place = {
    cluster: clusterNameOf("main"),
    incarnation: incarnationNameOf(BigInt(0x1000 - number), new Uint8Array(16).fill(number)),
  };
  const seen: RetentionIncarnation = {
    place,
    backups: builder.backups,
    unreadableRoots: script.unreadable ? [parseObjectId("f".repeat(32))] : [],
    walSegmentBytes: timelines.length === 0 ? undefined : MODEL_SEGMENT_BYTES,
    timelines: knowledge.timelines.map((known) => {
      const model = timelines.find(({ timeline }) => timeline === known.timeline);
      const newestMs = model === undefined ? undefined : newestMsOf(timelines, model);
      return { ...known, newestMs };
    }),
  };
  return { timelines, seen, skewMs, endMs: builder.timeMs };
}

function withClaims(spans: readonly Span[]): ModelTimeline["spans"] {
  return spans.map((span) => ({ ...span, known: undefined }));
}

/** What the planner knows of it. */
export function catalogueOf(
  timelines: readonly ModelTimeline[],
  backups: readonly RetainedBackup[],
): PlanCatalogue {
  return {
    backups: backups.map(({ id, finishedAtMs, timeline, startLsn, stopLsn, walFrom }) => ({
      id,
      kind: "full",
      timeline,
      startLsn,
      stopLsn,
      walFrom,
      finishedMicros: pgTimeOfEpochMs(finishedAtMs),
      standby: false,
      clusterBytes: 1,
    })),
    wal: knowledgeOf(timelines),
  };
}

/** The segments of a timeline that are needed. */
export function isSegmentNeeded(
  needs: WalNeeds,
  place: RetentionIncarnation["place"],
  at: { readonly timeline: TimelineId; readonly segmentLsn: Lsn },
): boolean {
  const segment = segmentAt(at.timeline, at.segmentLsn, MODEL_SEGMENT_BYTES);
  return isWalNeeded(needs, { ...place, type: "walSegment", segment });
}

/** What is left of an incarnation when the decision was carried out. */
export function afterRetention(
  { timelines, seen }: BuiltIncarnation,
  decision: RetentionDecision,
): { readonly timelines: readonly ModelTimeline[]; readonly backups: readonly RetainedBackup[] } {
  const needs = decision.wal.get(seen.place.incarnation) ?? { kind: "all" };
  const backups = decision.backups
    .filter(({ kind, place }) => kind === "keep" && place.incarnation === seen.place.incarnation)
    .map(({ backup }) => backup);
  const left = timelines.map((model) => {
    const { timeline } = model;
    const keeps = (segmentLsn: Lsn): boolean =>
      isSegmentNeeded(needs, seen.place, { timeline, segmentLsn });
    const history = { ...seen.place, type: "history", timeline } as const;
    const spans = withClaims(keptSpans(model.spans, keeps));
    return {
      ...model,
      spans,
      historyKept: model.parent === undefined || isWalNeeded(needs, history),
    };
  });
  const missing = left.filter(({ spans, historyKept }) => spans.length > 0 && !historyKept);
  if (missing.length > 0) {
    throw new Error(`the history of timeline ${missing[0]?.timeline} is needed`);
  }
  return { timelines: left, backups };
}

/**
 * Where a receiver that has just started begins to stream, judged from what the repository holds and what the server
 * is. Several places in order: the server may have removed the first ones' WAL. A place that leaves out WAL says so: that is a
 * gap, and nobody else would notice it.
 *
 * The best place is the first segment that is not published: a host that holds the public key cannot publish what lies in
 * parts, so it is received again. When the server no longer has it, the parts stay what restores read.
 */
import { DrError, isDrError } from "../core/errors.ts";
import { type Lsn, addToLsn, formatLsn, laterLsn, lsnOf } from "../core/lsn.ts";
import { type TimelineId, segmentAt, segmentStartAt } from "../core/wal-name.ts";
import type { SystemIdentity } from "../postgres/replication-commands.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import { decodeSegmentIndex } from "./segment-index-codec.ts";
import { readingStartAfter } from "./segment-indexer.ts";
import type { LineageStep } from "./timeline-history.ts";
import type { WalCatalogue, WalSpan } from "./wal-catalogue.ts";

/** A place to begin. */
export type StartingPoint = {
  readonly timeline: TimelineId;
  readonly storeFrom: Lsn;
  /** Beginning here leaves this out for good. */
  readonly gap: WalSpan | undefined;
  /** The switch that lies between what is held and this place. */
  readonly after:
    { readonly timeline: TimelineId; readonly switchLsn: Lsn; readonly heldLsn: Lsn } | undefined;
};

/** What is known of both sides. */
export type BothSides = {
  readonly catalogue: WalCatalogue;
  readonly identity: SystemIdentity;
  /** The server's timeline and its ancestors. */
  readonly lineage: readonly LineageStep[];
  readonly walSegmentBytes: number;
  /** What the slot keeps. */
  readonly slotLsn: Lsn;
  /** Nothing before the slot is wanted: what a backup captures for itself closes no holes. */
  readonly onlyFromSlot: boolean;
};

/** First segment that is neither published nor before what is. */
function firstUnpublished(sides: BothSides, timeline: TimelineId): Lsn | undefined {
  const wal = sides.catalogue.timeline(timeline);
  const span = wal?.spans.at(-1);
  if (wal === undefined || span === undefined) {
    return undefined;
  }
  const published = wal.published.findLast((run) => run.toLsn > span.fromLsn);
  return published?.toLsn ?? segmentStartAt(span.fromLsn, sides.walSegmentBytes);
}

function onTimeline(sides: BothSides, timeline: TimelineId, held: Lsn): readonly StartingPoint[] {
  const again = segmentStartAt(held, sides.walSegmentBytes);
  const first = firstUnpublished(sides, timeline) ?? again;
  return [...new Set([first, again])].map((storeFrom) => ({
    timeline,
    storeFrom,
    gap: undefined,
    after: undefined,
  }));
}

function gapBefore(timeline: TimelineId, held: Lsn, storeFrom: Lsn): WalSpan | undefined {
  return storeFrom > held ? { timeline, fromLsn: held, toLsn: storeFrom } : undefined;
}

/** The place that the slot guarantees, whatever it leaves out. */
function atSlot(sides: BothSides, held: WalSpan | undefined): StartingPoint {
  const { identity, lineage, slotLsn, walSegmentBytes } = sides;
  const step = lineage.findLast((candidate) => slotLsn >= candidate.fromLsn);
  const timeline = step?.timeline ?? identity.timeline;
  const storeFrom = segmentStartAt(slotLsn, walSegmentBytes);
  const gap = held === undefined ? undefined : gapBefore(held.timeline, held.toLsn, storeFrom);
  return { timeline, storeFrom, gap, after: undefined };
}

function checkServer(sides: BothSides): void {
  const { catalogue, identity } = sides;
  const newest = catalogue.timelines.findLast((wal) => wal.spans.length > 0);
  if (newest !== undefined && newest.timeline > identity.timeline) {
    throw new DrError("WAL_TIMELINE_BEHIND", {
      server: identity.timeline,
      repository: newest.timeline,
    });
  }
  const held = catalogue.durableLsn(identity.timeline);
  if (held !== undefined && held > identity.flushLsn) {
    throw new DrError("WAL_SERVER_BEHIND", {
      server: formatLsn(identity.flushLsn),
      timeline: identity.timeline,
      repository: formatLsn(held),
    });
  }
}

/**
 * Places to begin, best first; the last one is guaranteed by the slot.
 * @throws DrError `WAL_TIMELINE_BEHIND`, `WAL_SERVER_BEHIND`.
 */
export function startingPoints(sides: BothSides): readonly StartingPoint[] {
  const { catalogue, lineage, walSegmentBytes } = sides;
  if (sides.onlyFromSlot) {
    return [atSlot(sides, undefined)];
  }
  checkServer(sides);
  const at = lineage.findLastIndex((step) => catalogue.durableLsn(step.timeline) !== undefined);
  const base = lineage[at];
  const heldLsn = base === undefined ? undefined : catalogue.durableLsn(base.timeline);
  if (base === undefined || heldLsn === undefined) {
    const other = catalogue.timelines.findLast((wal) => wal.spans.length > 0)?.spans.at(-1);
    return [atSlot(sides, other)];
  }
  const held = { timeline: base.timeline, fromLsn: base.fromLsn, toLsn: heldLsn };
  const next = lineage[at + 1];
  const { toLsn: switchLsn } = base;
  if (next === undefined || switchLsn === undefined) {
    return [...onTimeline(sides, base.timeline, heldLsn), atSlot(sides, held)];
  }
  const storeFrom = segmentStartAt(switchLsn, walSegmentBytes);
  const beyond: StartingPoint = {
    timeline: next.timeline,
    storeFrom,
    gap: gapBefore(base.timeline, heldLsn, storeFrom),
    after: { timeline: base.timeline, switchLsn, heldLsn },
  };
  const rest = heldLsn < switchLsn ? onTimeline(sides, base.timeline, heldLsn) : [];
  return [...rest, beyond, atSlot(sides, held)];
}

/**
 * Whether a server with this history can be asked for what follows `resumeLsn` of `timeline`. It cannot when its history left that
 * timeline before, or never was on it; what is stored beyond stays, as that timeline's own.
 */
export function canGoOn(
  lineage: readonly LineageStep[],
  at: { readonly timeline: TimelineId; readonly resumeLsn: Lsn },
): boolean {
  const step = lineage.find(({ timeline }) => timeline === at.timeline);
  return step !== undefined && (step.toLsn === undefined || at.resumeLsn <= step.toLsn);
}

/**
 * Where to read from so that the first segment's index misses nothing: the page in which the last record before it ends.
 * Without that segment's index, its start.
 */
export async function readingStart(
  sealed: SealedStore,
  point: StartingPoint,
  options: {
    readonly catalogue: WalCatalogue;
    readonly walSegmentBytes: number;
    readonly signal: AbortSignal;
  },
): Promise<Lsn> {
  const { storeFrom, timeline } = point;
  const { walSegmentBytes, signal, catalogue } = options;
  if (storeFrom < BigInt(walSegmentBytes)) {
    return storeFrom;
  }
  const before = lsnOf(storeFrom - BigInt(walSegmentBytes));
  const segment = segmentAt(timeline, before, walSegmentBytes);
  try {
    const name = { ...catalogue.place, type: "walIndex", segment } as const;
    const { content } = await sealed.getWhole(name, { signal });
    const from = readingStartAfter(decodeSegmentIndex(content), { walBlockBytes: 8192 });
    return from === undefined || addToLsn(from, walSegmentBytes) < storeFrom
      ? storeFrom
      : laterLsn(before, from);
  } catch (error) {
    if (isDrError(error, "STORE_MISSING")) {
      return storeFrom;
    }
    throw error;
  }
}

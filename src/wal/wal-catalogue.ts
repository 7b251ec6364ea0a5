/**
 * What WAL the repository holds, judged from what is there: names of published segments, and the sealed positions of
 * parts. It needs the metadata key only, so it works on a host that can read no WAL and with production dead.
 *
 * A name of a published segment is believed: an object appears whole and is re-read by whoever published it; that it is
 * authentic is checked when it is opened. Parts are opened as far as their positions; a torn tail is not
 * part of them. What two writers stored twice counts once; that both hold the same bytes is checked
 * where WAL is read.
 *
 * Memory: 16 bytes a run of segments, the names of parts of unpublished segments. Published WAL without holes is one run.
 */
import type { Lsn } from "../core/lsn.ts";
import { addToLsn, laterLsn } from "../core/lsn.ts";
import { DrError, isDrError } from "../core/errors.ts";
import {
  type TimelineId,
  type WalSegmentName,
  formatTimeline,
  segmentStartAt,
  startOfSegment,
  timelineOfSegment,
} from "../core/wal-name.ts";
import { decodeWalFacts } from "../pipeline/sealing/facts.ts";
import { checkHeader } from "../pipeline/sealing/object-header.ts";
import {
  incarnationPrefix,
  objectKey,
  timelinePrefix,
  type IncarnationPlace,
  type ObjectName,
} from "../repository/object-names.ts";
import { getBeginning } from "../repository/get-beginning.ts";
import { expectedAt, type SealedStore } from "../repository/sealed-store.ts";
import {
  type LineageStep,
  type TimelineSwitch,
  lineageOf,
  parseTimelineHistory,
} from "./timeline-history.ts";

/** WAL without a hole. */
export type WalSpan = {
  readonly timeline: TimelineId;
  readonly fromLsn: Lsn;
  readonly toLsn: Lsn;
};

/** A part that holds WAL of a segment which is not published. */
export type KnownPart = {
  readonly name: Extract<ObjectName, { readonly type: "walPart" }>;
  readonly startLsn: Lsn;
  readonly endLsn: Lsn;
  readonly epoch: number;
  /** The newest claim in it: nothing lay beyond `endLsn` at `knownAt`. */
  readonly known: { readonly endLsn: Lsn; readonly knownAt: bigint } | undefined;
};

/** One timeline's WAL. */
export type TimelineWal = {
  readonly timeline: TimelineId;
  readonly walSegmentBytes: number;
  /** Published segments, as runs. */
  readonly published: readonly WalSpan[];
  /** Parts of unpublished segments, by position. */
  readonly parts: readonly KnownPart[];
  /** All of it, as runs. */
  readonly spans: readonly WalSpan[];
};

/** A stretch that is missing between two spans. */
export type WalHole = WalSpan & { readonly cause: "missing" };

type PartName = KnownPart["name"];

type Call = { readonly signal: AbortSignal };

function merge(timeline: TimelineId, pieces: readonly (readonly [Lsn, Lsn])[]): WalSpan[] {
  const sorted = pieces
    .filter(([from, to]) => to > from)
    .toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const spans: WalSpan[] = [];
  for (const [fromLsn, toLsn] of sorted) {
    const last = spans.at(-1);
    if (last !== undefined && fromLsn <= last.toLsn) {
      spans[spans.length - 1] = { ...last, toLsn: laterLsn(last.toLsn, toLsn) };
    } else {
      spans.push({ timeline, fromLsn, toLsn });
    }
  }
  return spans;
}

/** A part whose writer died before its header was whole holds nothing, nor does one that expire has just deleted. */
function isUnwritten(error: unknown): boolean {
  return (
    isDrError(error, "REPO_NOT_AN_OBJECT") ||
    isDrError(error, "REPO_HEADER_INVALID") ||
    isDrError(error, "STORE_MISSING")
  );
}

/** Reads the facts in the header of any WAL object. */
async function segmentBytesOf(
  sealed: SealedStore,
  name: Extract<ObjectName, { readonly type: "walSegment" | "walPart" }>,
  call: Call,
): Promise<number | undefined> {
  const key = objectKey(name);
  try {
    const bytes = await getBeginning(sealed.store, key, call);
    const header = checkHeader(sealed.ring, bytes, expectedAt(name));
    return decodeWalFacts(name.type, header.facts).walSegmentBytes;
  } catch (error) {
    if (isUnwritten(error)) {
      return undefined;
    }
    throw error;
  }
}

/** The size of segments in an incarnation, from the first object that tells; undefined when it holds no WAL. */
export async function storedSegmentBytes(
  sealed: SealedStore,
  place: IncarnationPlace,
  call: Call,
): Promise<number | undefined> {
  for await (const { name } of sealed.listNames(`${incarnationPrefix(place)}wal/`, call)) {
    const isWal = name?.type === "walSegment" || name?.type === "walPart";
    const bytes = isWal ? await segmentBytesOf(sealed, name, call) : undefined;
    if (bytes !== undefined) {
      return bytes;
    }
  }
  return undefined;
}

async function readKnownPart(
  sealed: SealedStore,
  name: PartName,
  call: Call,
): Promise<KnownPart | undefined> {
  try {
    const { facts, epoch, frames, endLsn } = await sealed.readPartPositions(name, call);
    const newest = frames.reduce<(typeof frames)[number] | undefined>(
      (best, frame) => (frame.knownAt > (best?.knownAt ?? 0n) ? frame : best),
      undefined,
    );
    const known =
      newest === undefined ? undefined : { endLsn: newest.endLsn, knownAt: newest.knownAt };
    return { name, startLsn: facts.startLsn, endLsn, epoch, known };
  } catch (error) {
    if (isUnwritten(error)) {
      return undefined;
    }
    throw error;
  }
}

/** Sorts listed names by timeline; what is published and what is in parts. */
class Collector {
  readonly #sealed: SealedStore;
  readonly #call: Call;
  readonly #found = new Map<
    TimelineId,
    { readonly published: Lsn[]; readonly partNames: PartName[] }
  >();
  #walSegmentBytes: number | undefined;

  constructor(sealed: SealedStore, call: Call) {
    this.#sealed = sealed;
    this.#call = call;
  }

  async add(name: Extract<ObjectName, { readonly type: "walSegment" | "walPart" }>): Promise<void> {
    this.#walSegmentBytes ??= await segmentBytesOf(this.#sealed, name, this.#call);
    const timeline = timelineOfSegment(name.segment);
    const collecting = this.#found.get(timeline) ?? { published: [], partNames: [] };
    this.#found.set(timeline, collecting);
    if (name.type === "walPart") {
      collecting.partNames.push(name);
    } else if (this.#walSegmentBytes !== undefined) {
      collecting.published.push(startOfSegment(name.segment, this.#walSegmentBytes));
    }
  }

  /** All that was added; reads the positions of the parts of unpublished segments. */
  async timelines(): Promise<ReadonlyMap<TimelineId, TimelineWal>> {
    const timelines = new Map<TimelineId, TimelineWal>();
    const walSegmentBytes = this.#walSegmentBytes;
    if (walSegmentBytes === undefined) {
      return timelines;
    }
    for (const [timeline, { published: starts, partNames }] of this.#found) {
      const segmentEnds = starts.map((start) => [start, addToLsn(start, walSegmentBytes)] as const);
      const published = merge(timeline, segmentEnds);
      const parts = await this.#partsOf(partNames, published, walSegmentBytes);
      const pieces = parts.map((part) => [part.startLsn, part.endLsn] as const);
      const spans = merge(timeline, [...segmentEnds, ...pieces]);
      timelines.set(timeline, { timeline, walSegmentBytes, published, parts, spans });
    }
    return timelines;
  }

  async #partsOf(
    names: readonly PartName[],
    published: readonly WalSpan[],
    walSegmentBytes: number,
  ): Promise<readonly KnownPart[]> {
    const parts: KnownPart[] = [];
    for (const name of names) {
      const start = segmentStartAt(name.startLsn, walSegmentBytes);
      const isPublished = published.some((span) => start >= span.fromLsn && start < span.toLsn);
      const part = isPublished ? undefined : await readKnownPart(this.#sealed, name, this.#call);
      if (part !== undefined) {
        parts.push(part);
      }
    }
    return parts;
  }
}

/** A snapshot; load it again to see what came since. */
export class WalCatalogue {
  readonly place: IncarnationPlace;
  readonly #timelines: ReadonlyMap<TimelineId, TimelineWal>;
  readonly #histories: ReadonlyMap<TimelineId, readonly TimelineSwitch[]>;

  private constructor(parts: {
    readonly place: IncarnationPlace;
    readonly timelines: ReadonlyMap<TimelineId, TimelineWal>;
    readonly histories: ReadonlyMap<TimelineId, readonly TimelineSwitch[]>;
  }) {
    this.place = parts.place;
    this.#timelines = parts.timelines;
    this.#histories = parts.histories;
  }

  /**
   * Lists an incarnation's WAL, reads its histories, and the positions of parts that are not published yet.
   * @throws DrError what the store and `openWhole` throw; `WAL_HISTORY_INVALID`.
   */
  static async load(
    sealed: SealedStore,
    place: IncarnationPlace,
    call: Call,
  ): Promise<WalCatalogue> {
    const histories = new Map<TimelineId, readonly TimelineSwitch[]>();
    const collector = new Collector(sealed, call);
    for await (const { name } of sealed.listNames(`${incarnationPrefix(place)}wal/`, call)) {
      if (name?.type === "history") {
        const { content } = await sealed.getWhole(name, call);
        histories.set(name.timeline, parseTimelineHistory(name.timeline, content));
      } else if (name?.type === "walPart" || name?.type === "walSegment") {
        await collector.add(name);
      }
    }
    return new WalCatalogue({ place, timelines: await collector.timelines(), histories });
  }

  /**
   * The WAL of one timeline from a segment on, up to and including another: what lies before it is not listed, nor is any history
   * read, so `lineage` knows nothing. For whoever asks often. @throws as `load`.
   */
  static async loadSegments(
    sealed: SealedStore,
    place: IncarnationPlace,
    range: { readonly from: WalSegmentName; readonly to?: WalSegmentName },
    call: Call,
  ): Promise<WalCatalogue> {
    const { from, to } = range;
    const prefix = timelinePrefix(place, timelineOfSegment(from));
    // A listing begins behind a key: the shorter one stands before the segment and all its parts.
    const startAfter = objectKey({ ...place, type: "walSegment", segment: from }).slice(0, -1);
    const collector = new Collector(sealed, call);
    for await (const { key, name } of sealed.listNames(prefix, { ...call, startAfter })) {
      if (name?.type === "walPart" || name?.type === "walSegment") {
        if (to !== undefined && name.segment > to) {
          break;
        }
        if (name.segment >= from) {
          await collector.add(name);
        }
      } else if (key.startsWith(`${prefix}index/`)) {
        break;
      }
    }
    const histories = new Map<TimelineId, readonly TimelineSwitch[]>();
    return new WalCatalogue({ place, timelines: await collector.timelines(), histories });
  }

  /** Timelines that hold WAL, ascending. */
  get timelines(): readonly TimelineWal[] {
    return [...this.#timelines.values()].toSorted((a, b) => a.timeline - b.timeline);
  }

  /** Timelines whose history is stored, ascending. */
  get knownHistories(): readonly TimelineId[] {
    return [...this.#histories.keys()].toSorted((a, b) => a - b);
  }

  timeline(timeline: TimelineId): TimelineWal | undefined {
    return this.#timelines.get(timeline);
  }

  /** The run that holds the byte at `lsn`, or that ends there. */
  spanCovering(timeline: TimelineId, lsn: Lsn): WalSpan | undefined {
    const spans = this.#timelines.get(timeline)?.spans ?? [];
    return (
      spans.find((span) => lsn >= span.fromLsn && lsn < span.toLsn) ??
      spans.find((span) => lsn === span.toLsn)
    );
  }

  /** The end of the newest run of a timeline. */
  durableLsn(timeline: TimelineId): Lsn | undefined {
    return this.#timelines.get(timeline)?.spans.at(-1)?.toLsn;
  }

  /** What is missing between the runs of a timeline. */
  holes(timeline: TimelineId): readonly WalHole[] {
    const spans = this.#timelines.get(timeline)?.spans ?? [];
    return spans.slice(1).map((next, index) => ({
      timeline,
      fromLsn: spans[index]?.toLsn ?? next.fromLsn,
      toLsn: next.fromLsn,
      cause: "missing",
    }));
  }

  /** Ancestors of a timeline, oldest first; empty for timeline 1. @throws DrError `WAL_LINEAGE_UNKNOWN`. */
  ancestors(timeline: TimelineId): readonly TimelineSwitch[] {
    const switches = this.#histories.get(timeline);
    if (switches === undefined && timeline !== 1) {
      throw new DrError("WAL_LINEAGE_UNKNOWN", { timeline: formatTimeline(timeline) });
    }
    return switches ?? [];
  }

  /** The path of timelines that leads to `timeline`. Siblings never mix: it comes from its own history alone. */
  lineage(timeline: TimelineId): readonly LineageStep[] {
    return lineageOf(timeline, this.ancestors(timeline));
  }

  /**
   * Where WAL without a hole ends that begins at `fromLsn` and follows the lineage; undefined when not even that
   * byte is there.
   */
  reachableEnd(lineage: readonly LineageStep[], fromLsn: Lsn): Lsn | undefined {
    let at: Lsn | undefined;
    for (const step of lineage) {
      const from = at ?? fromLsn;
      if (step.toLsn !== undefined && from >= step.toLsn) {
        continue;
      }
      const span = this.spanCovering(step.timeline, from);
      if (span === undefined || (at === undefined && span.toLsn === from)) {
        // The segment in which a timeline begins may not have come yet; what came before still counts.
        return at;
      }
      at = step.toLsn === undefined || span.toLsn < step.toLsn ? span.toLsn : step.toLsn;
      if (at !== step.toLsn) {
        return at;
      }
    }
    return at;
  }

  /** The newest instant, by parts, at which the server had nothing beyond what is held without a hole. */
  knownAt(timeline: TimelineId): { readonly endLsn: Lsn; readonly knownAt: bigint } | undefined {
    const wal = this.#timelines.get(timeline);
    const last = wal?.spans.at(-1);
    return wal?.parts
      .map((part) => part.known)
      .filter((known) => known !== undefined && last !== undefined && known.endLsn <= last.toLsn)
      .reduce(
        (best, known) => ((known?.knownAt ?? 0n) > (best?.knownAt ?? 0n) ? known : best),
        undefined,
      );
  }
}

/**
 * `restore_command`: one file of WAL out of the repository. A server in recovery takes "not there" for "this is where WAL
 * ends" and promotes, so that answer is given only where what the repository holds proves it; everything else
 * that goes wrong is an error, and the server must stop or ask again (loss class 45).
 *
 * Absent is proven: a segment that no part and no published object holds a byte of, with nothing behind it on its timeline
 * and no timeline that left this one behind its beginning, while the listing was complete and the repository holds
 * other WAL of this history; the history file of a timeline that the repository knows nothing of. A segment that is held in part, or that lies in a hole before WAL that is held, is not
 * absent: it is missing, and that is an error.
 *
 * A published segment, which is nearly every one asked for, costs one short listing; the proof of absence lists what lies behind.
 *
 * Follows section 26.3.5 "Recovering Using a Continuous Archive Backup" of PostgreSQL's documentation.
 */
import { DrError, isDrError } from "../core/errors.ts";
import { guard } from "../core/failpoint.ts";
import {
  type Lsn,
  LSN_ZERO,
  addToLsn,
  formatLsn,
  laterLsn,
  lsnDistanceBytes,
} from "../core/lsn.ts";
import {
  type TimelineId,
  type WalSegmentName,
  isTimelineHistoryName,
  parseTimeline,
  parseWalSegmentName,
  startOfSegment,
  timelineOfSegment,
} from "../core/wal-name.ts";
import { writeDurably } from "../files/write-durably.ts";
import { listChildren } from "../repository/list-children.ts";
import {
  incarnationPrefix,
  timelinePrefix,
  type IncarnationPlace,
} from "../repository/object-names.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import { parseTimelineHistory } from "./timeline-history.ts";
import { WalCatalogue, storedSegmentBytes } from "./wal-catalogue.ts";
import { type SegmentRead, WalReader } from "./wal-reader.ts";

/** What to fetch. `sealed` holds the private side. */
export type FetchOptions = {
  readonly sealed: SealedStore;
  readonly place: IncarnationPlace;
  readonly name: string;
  /** Must not exist, unless with the very bytes that are fetched. */
  readonly path: string;
  readonly signal: AbortSignal;
};

/** `absent`: proven. The command answers 0 and 64. */
export type FetchResult = "fetched" | "absent";

/** What was there before is never taken for what was fetched. @throws DrError `WAL_FETCH_TARGET_EXISTS`. */
async function put(
  path: string,
  content: Uint8Array,
  { signal }: { readonly signal: AbortSignal },
): Promise<FetchResult> {
  const written = await writeDurably({
    finalPath: path,
    parts: [content],
    group: "RESTORE",
    signal,
  });
  if (written === "conflict" && guard("L45-fetch-target")) {
    throw new DrError("WAL_FETCH_TARGET_EXISTS", { path });
  }
  return "fetched";
}

/** A timeline's history, or undefined when none is stored. */
async function historyOf(
  options: FetchOptions,
  timeline: TimelineId,
): Promise<Buffer | Uint8Array | undefined> {
  const { sealed, place, signal } = options;
  try {
    const name = { ...place, type: "history", timeline } as const;
    return (await sealed.getWhole(name, { signal })).content;
  } catch (error) {
    if (isDrError(error, "STORE_MISSING")) {
      return undefined;
    }
    throw error;
  }
}

async function fetchHistory(options: FetchOptions): Promise<FetchResult> {
  const { sealed, place, name, path, signal } = options;
  const timeline = parseTimeline(name.slice(0, 8));
  const content = await historyOf(options, timeline);
  if (content !== undefined) {
    return await put(path, content, { signal });
  }
  const prefix = timelinePrefix(place, timeline);
  const { entries } = await sealed.store.list(prefix, { signal, limit: 1 });
  if (entries.length > 0 && timeline !== 1) {
    throw new DrError("WAL_LINEAGE_UNKNOWN", { timeline: name.slice(0, 8) });
  }
  return "absent";
}

/** The last position at which another timeline left this one: its WAL existed up to there. */
async function lastLeftAt(options: FetchOptions, timeline: TimelineId): Promise<Lsn | undefined> {
  const { sealed, place, signal } = options;
  let last: Lsn | undefined;
  const prefix = `${incarnationPrefix(place)}wal/`;
  for await (const child of listChildren(sealed.store, prefix, { signal })) {
    const later = parseTimeline(child);
    const content = later > timeline ? await historyOf(options, later) : undefined;
    const ancestors = content === undefined ? [] : parseTimelineHistory(later, content);
    const left = ancestors.find((step) => step.timeline === timeline)?.switchLsn;
    last = left !== undefined && (last === undefined || left > last) ? left : last;
  }
  return last;
}

/** What parts hold of it, if anything. */
async function readParts(
  options: FetchOptions,
  catalogue: WalCatalogue,
  at: { readonly timeline: TimelineId; readonly startLsn: Lsn },
): Promise<SegmentRead | undefined> {
  const { sealed, signal } = options;
  const { timeline, startLsn } = at;
  return catalogue.timeline(timeline) === undefined
    ? undefined
    : await new WalReader(sealed, catalogue).segment(timeline, startLsn, { signal });
}

async function write(options: FetchOptions, read: SegmentRead): Promise<FetchResult> {
  const { path, signal } = options;
  read.bytes.fill(0, lsnDistanceBytes(read.startLsn, read.endLsn));
  return await put(path, read.bytes, { signal });
}

/** A segment that is not published: put together from parts when it is the last one, else proven absent or refused. */
async function fetchUnpublished(
  options: FetchOptions,
  segment: WalSegmentName,
): Promise<FetchResult> {
  const { sealed, place, signal } = options;
  const timeline = timelineOfSegment(segment);
  const catalogue = await WalCatalogue.loadSegments(sealed, place, { from: segment }, { signal });
  const wal = catalogue.timeline(timeline);
  const walSegmentBytes =
    wal?.walSegmentBytes ?? (await storedSegmentBytes(sealed, place, { signal }));
  if (walSegmentBytes === undefined) {
    throw new DrError("WAL_NONE_HERE", { segment });
  }
  const startLsn = startOfSegment(segment, walSegmentBytes);
  const end = addToLsn(startLsn, walSegmentBytes);
  const leftAt = guard("L45-timeline-left") ? await lastLeftAt(options, timeline) : undefined;
  const heldTo = wal?.spans.at(-1)?.toLsn ?? LSN_ZERO;
  const existsTo = leftAt === undefined ? heldTo : laterLsn(leftAt, heldTo);
  if (existsTo <= startLsn) {
    return "absent";
  }
  const read = await readParts(options, catalogue, { timeline, startLsn });
  if (read === undefined || read.endLsn < (existsTo < end ? existsTo : end)) {
    const [from, to] = [formatLsn(read?.endLsn ?? startLsn), formatLsn(end)];
    throw new DrError("WAL_MISSING", { from, to, timeline });
  }
  return await write(options, read);
}

/**
 * Fetches one file, durable under a new name when it answers `fetched`. A segment of which only the beginning is held, the
 * last one of its timeline, is given with zeros behind: the server finds the end of WAL in it. Peak memory: two segments.
 * @throws DrError `WAL_FILE_NAME`, `WAL_MISSING`, `WAL_NONE_HERE`, `WAL_LINEAGE_UNKNOWN`, those of `WalReader.segment`
 * and of the store. Aborted: nothing lies under `path`.
 */
export async function fetchWal(options: FetchOptions): Promise<FetchResult> {
  const { sealed, place, name, signal } = options;
  if (isTimelineHistoryName(name)) {
    return await fetchHistory(options);
  }
  if (!/^[0-9A-F]{24}$/.test(name)) {
    throw new DrError("WAL_FILE_NAME", { name });
  }
  const segment = parseWalSegmentName(name);
  const timeline = timelineOfSegment(segment);
  const range = { from: segment, to: segment };
  const catalogue = await WalCatalogue.loadSegments(sealed, place, range, { signal });
  const wal = catalogue.timeline(timeline);
  if (wal === undefined || wal.published.length === 0) {
    return await fetchUnpublished(options, segment);
  }
  const startLsn = startOfSegment(segment, wal.walSegmentBytes);
  const reader = new WalReader(sealed, catalogue);
  return await write(options, await reader.segment(timeline, startLsn, { signal }));
}

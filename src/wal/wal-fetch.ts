/**
 * `restore_command`: one file of WAL out of the repository. A server in recovery takes "not there" for "this is where WAL
 * ends" and promotes, so that answer is given only where what the repository holds proves it; everything else
 * that goes wrong is an error, and the server must stop or ask again (loss class 45).
 *
 * Absent is proven: a segment that no part and no published object holds a byte of, while the listing was complete; a history
 * of a timeline that the repository knows nothing of. A segment that is held in part, or that lies in a hole before WAL that
 * is held, is not absent: it is missing, and that is an error.
 *
 * Follows section 26.3.5 "Recovering Using a Continuous Archive Backup" of PostgreSQL's documentation.
 */
import { DrError, isDrError } from "../core/errors.ts";
import { type Lsn, addToLsn, formatLsn, lsnDistanceBytes } from "../core/lsn.ts";
import {
  isTimelineHistoryName,
  parseTimeline,
  parseWalSegmentName,
  startOfSegment,
  timelineOfSegment,
} from "../core/wal-name.ts";
import { writeDurably } from "../files/write-durably.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import type { WalReader } from "./wal-reader.ts";

/** What to fetch. `sealed` holds the private side. */
export type FetchOptions = {
  readonly sealed: SealedStore;
  readonly reader: WalReader;
  readonly name: string;
  /** Must not exist. */
  readonly path: string;
  readonly signal: AbortSignal;
};

/** `absent`: proven. The command answers 0 and 64. */
export type FetchResult = "fetched" | "absent";

async function fetchHistory(options: FetchOptions): Promise<FetchResult> {
  const { sealed, reader, name, path, signal } = options;
  const timeline = parseTimeline(name.slice(0, 8));
  const { place } = reader.catalogue;
  try {
    const { content } = await sealed.getWhole({ ...place, type: "history", timeline }, { signal });
    await writeDurably({ finalPath: path, parts: [content], group: "RESTORE", signal });
    return "fetched";
  } catch (error) {
    if (!isDrError(error, "STORE_MISSING")) {
      throw error;
    }
    if (reader.catalogue.timeline(timeline) !== undefined && timeline !== 1) {
      throw new DrError("WAL_LINEAGE_UNKNOWN", { timeline: name.slice(0, 8) }, { cause: error });
    }
    return "absent";
  }
}

/** True when the repository holds WAL of the timeline, or of one that left it, behind `lsn`. */
function heldBehind(reader: WalReader, timeline: number, lsn: Lsn): boolean {
  return reader.catalogue.timelines.some(
    (wal) => wal.timeline === timeline && wal.spans.some((span) => span.toLsn > lsn),
  );
}

/**
 * Fetches one file, durable under a new name when it answers `fetched`. A segment of which only the beginning is held, the
 * last one of its timeline, is given with zeros behind: the server finds the end of WAL in it.
 * @throws DrError `WAL_FILE_NAME`, `WAL_MISSING`, `WAL_LINEAGE_UNKNOWN`, those of `WalReader.segment` and of the store.
 */
export async function fetchWal(options: FetchOptions): Promise<FetchResult> {
  const { reader, name, path, signal } = options;
  if (isTimelineHistoryName(name)) {
    return await fetchHistory(options);
  }
  if (!/^[0-9A-F]{24}$/.test(name)) {
    throw new DrError("WAL_FILE_NAME", { name });
  }
  const segment = parseWalSegmentName(name);
  const timeline = timelineOfSegment(segment);
  const wal = reader.catalogue.timeline(timeline);
  if (wal === undefined) {
    return "absent";
  }
  const startLsn = startOfSegment(segment, wal.walSegmentBytes);
  const end = addToLsn(startLsn, wal.walSegmentBytes);
  const held = wal.spans.some((span) => span.fromLsn < end && span.toLsn > startLsn);
  if (!held && !heldBehind(reader, timeline, startLsn)) {
    return "absent";
  }
  const read = await reader.segment(timeline, startLsn, { signal });
  const isLast = !heldBehind(reader, timeline, end);
  if (read.endLsn === startLsn || (read.endLsn < end && (!isLast || held === false))) {
    const [from, to] = [formatLsn(read.endLsn), formatLsn(end)];
    throw new DrError("WAL_MISSING", { from, to, timeline });
  }
  read.bytes.fill(0, lsnDistanceBytes(startLsn, read.endLsn));
  await writeDurably({ finalPath: path, parts: [read.bytes], group: "RESTORE", signal });
  return "fetched";
}

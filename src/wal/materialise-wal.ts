/**
 * WAL as the server's own files: segments and timeline histories, in a directory from which a server can recover. It
 * writes what was asked for and not one byte more, so that a server that replays everything stops exactly there;
 * it never lays a partial segment as if it were whole, and nothing of a timeline beyond the point where its successor left it.
 *
 * The segment in which a timeline begins is laid under the newest timeline's name only: PostgreSQL looks there first, and it
 * holds the ancestor's bytes too.
 *
 * Follows XLogFileReadAnyTLI in src/backend/access/transam/xlogrecovery.c.
 */
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { DrError } from "../core/errors.ts";
import { failpoint, failpointTear, guard } from "../core/failpoint.ts";
import { type Lsn, addToLsn, formatLsn, lsnDistanceBytes } from "../core/lsn.ts";
import {
  type TimelineId,
  segmentAt,
  segmentStartAt,
  timelineHistoryName,
} from "../core/wal-name.ts";
import { syncDirectory } from "../files/directories.ts";
import { withFileErrors } from "../files/file-error.ts";
import { writeAll } from "../files/write-durably.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import type { LineageStep } from "./timeline-history.ts";
import type { WalReader } from "./wal-reader.ts";

/** Which WAL. */
export type WalRange = {
  readonly lineage: readonly LineageStep[];
  /** The segment that holds it is the first. */
  readonly fromLsn: Lsn;
  /** Zeros from here on. */
  readonly toLsn: Lsn;
};

/** Where to, and whose the files are. */
export type WalTargetDirectory = {
  readonly directory: string;
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
};

/** What was laid. */
export type MaterialisedWal = {
  readonly segments: number;
  readonly bytes: number;
};

type Call = { readonly signal: AbortSignal };

/** A segment of the range, and under which timeline it is laid. */
export type RangeSegment = { readonly timeline: TimelineId; readonly startLsn: Lsn };

/** The segments of a range, in order. */
export function* segmentsOf(range: WalRange, walSegmentBytes: number): Generator<RangeSegment> {
  const { lineage, fromLsn, toLsn } = range;
  for (
    let startLsn = segmentStartAt(fromLsn, walSegmentBytes);
    startLsn < toLsn;
    startLsn = addToLsn(startLsn, walSegmentBytes)
  ) {
    const end = addToLsn(startLsn, walSegmentBytes);
    const isThere = ({ fromLsn: begins }: LineageStep): boolean => begins < end && begins < toLsn;
    const step = guard("L14-newest-copy-laid") ? lineage.findLast(isThere) : lineage.find(isThere);
    if (step !== undefined) {
      yield { timeline: step.timeline, startLsn };
    }
  }
}

async function writeFileDurably(
  path: string,
  bytes: Uint8Array,
  options: Call & Pick<WalTargetDirectory, "owner">,
): Promise<void> {
  const { signal, owner } = options;
  await withFileErrors({ group: "RESTORE", operation: "write", path, signal }, async () => {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
    failpoint("wal.lay-open");
    await using handle = await open(path, flags, 0o600);
    if (owner !== undefined) {
      await handle.chown(owner.uid, owner.gid);
    }
    const tear = failpointTear("wal.lay-write", bytes.length);
    await writeAll(handle, [bytes.subarray(0, tear?.keepBytes)], signal);
    tear?.kill();
    failpoint("wal.lay-fsync");
    await handle.sync();
  });
}

/**
 * Lays the WAL of a range into an existing directory, durable when it returns. Files must not exist. Aborted or failed:
 * files stay, the last one perhaps cut. Peak memory: a segment and a part.
 * @throws DrError `WAL_MISSING` before anything of that segment is written; what `WalReader.segment` throws;
 * `RESTORE_FILE_IO`, `RESTORE_DISK_FULL`.
 */
export async function materialiseWal(
  reader: WalReader,
  range: WalRange,
  target: WalTargetDirectory,
  call: Call,
): Promise<MaterialisedWal> {
  const { directory, owner } = target;
  let segments = 0;
  let bytes = 0;
  const walSegmentBytes = segmentBytesOf(reader, range);
  for (const { timeline, startLsn } of segmentsOf(range, walSegmentBytes)) {
    call.signal.throwIfAborted();
    const read = await reader.segment(timeline, startLsn, call);
    const end = addToLsn(startLsn, walSegmentBytes);
    const needed = end < range.toLsn ? end : range.toLsn;
    if (read.endLsn < needed) {
      const [from, to] = [formatLsn(read.endLsn), formatLsn(needed)];
      throw new DrError("WAL_MISSING", { from, to, timeline });
    }
    read.bytes.fill(0, lsnDistanceBytes(startLsn, needed));
    const path = join(directory, segmentAt(timeline, startLsn, walSegmentBytes));
    await writeFileDurably(path, read.bytes, { ...call, owner });
    segments += 1;
    bytes += walSegmentBytes;
  }
  await syncDirectory(directory, "RESTORE");
  return { segments, bytes };
}

function segmentBytesOf(reader: WalReader, range: WalRange): number {
  for (const { timeline } of range.lineage.toReversed()) {
    const wal = reader.catalogue.timeline(timeline);
    if (wal !== undefined) {
      return wal.walSegmentBytes;
    }
  }
  const [from, to] = [formatLsn(range.fromLsn), formatLsn(range.toLsn)];
  throw new DrError("WAL_MISSING", { from, to, timeline: range.lineage.at(-1)?.timeline ?? 0 });
}

/**
 * Lays the history files of a lineage, durable when it returns; timeline 1 has none.
 * @throws DrError `STORE_MISSING` when one is not stored; those of authenticity; `RESTORE_FILE_IO`.
 */
export async function materialiseHistories(
  source: { readonly sealed: SealedStore; readonly reader: WalReader },
  lineage: readonly LineageStep[],
  target: WalTargetDirectory,
  call: Call,
): Promise<number> {
  const { place, knownHistories } = source.reader.catalogue;
  let written = 0;
  for (const { timeline } of lineage) {
    // The newest one is needed; ancestors' files are laid when they are there.
    const wanted = knownHistories.includes(timeline) || timeline === lineage.at(-1)?.timeline;
    if (timeline === 1 || !wanted || !guard("L13-histories-laid")) {
      continue;
    }
    const { content } = await source.sealed.getWhole({ ...place, type: "history", timeline }, call);
    const path = join(target.directory, timelineHistoryName(timeline));
    await writeFileDurably(path, content, { ...call, owner: target.owner });
    written += 1;
  }
  await syncDirectory(target.directory, "RESTORE");
  return written;
}

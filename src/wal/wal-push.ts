/**
 * `archive_command`: one finished file of `pg_wal` into the repository. It answers success only when the file is durable and
 * read back, never takes a file that is not what its name says, and takes the same file twice: a server offers a file again
 * whenever it did not hear the answer (loss class 10).
 *
 * It takes no lease. Put-if-absent and the digest of the content in the header give what a lease would: the first content stands, the
 * same one again is fine, another one is kept beside it and refused. So a push never waits for a receiver (both may run,
 * while a user changes from one to the other), and a store costs no lease per segment. Its objects bear epoch 0: fences decide
 * about roots, WAL is believed by its signature and its content.
 *
 * Follows section 26.3.1 "Setting Up WAL Archiving" of PostgreSQL's documentation.
 */
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import type { Clock } from "../core/clock.ts";
import { DrError } from "../core/errors.ts";
import { guard } from "../core/failpoint.ts";
import { serverMessageBytesMax } from "../core/limits.ts";
import { formatLsn } from "../core/lsn.ts";
import {
  isTimelineHistoryName,
  isWalSegmentSize,
  parseTimeline,
  parseWalSegmentName,
  startOfSegment,
  timelineOfSegment,
} from "../core/wal-name.ts";
import { walContentDigest } from "../pipeline/sealing/key-derivation.ts";
import { namingSide } from "../pipeline/sealing/key-ring.ts";
import { ZstdCodec } from "../pipeline/zstd-codec.ts";
import { systemIdentifierOf, type IncarnationPlace } from "../repository/object-names.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import { IndexChain } from "./index-chain.ts";
import { readPageHeader } from "./record/page-header.ts";
import { encodeSegmentIndex } from "./segment-index-codec.ts";
import { SegmentMemory } from "./segment-memory.ts";
import { differenceOf, writeSegmentObject } from "./segment-object.ts";
import { storeHistory } from "./store-history.ts";
import { storeSegment, type SegmentWork } from "./store-segment.ts";

/** What to push, and where. */
export type PushOptions = {
  readonly sealed: SealedStore;
  readonly place: IncarnationPlace;
  /** Of a lease; 0 = none: pushes are idempotent and need no order. */
  readonly epoch: number;
  readonly clock: Clock;
  readonly path: string;
  readonly signal: AbortSignal;
};

/**
 * What became of it. `ignored`: a file that restores do not need. `.backup` repeats what the backup's label says; `.partial` is what a
 * promoted server found of its old timeline's last segment, whose WAL up to the switch its new timeline's segment repeats.
 */
export type PushResult = "created" | "identical" | "ignored";

async function readPushed(path: string, signal: AbortSignal): Promise<Buffer> {
  try {
    return await readFile(path, { signal });
  } catch (cause) {
    signal.throwIfAborted();
    const reason = cause instanceof Error && "code" in cause ? String(cause.code) : "unreadable";
    throw new DrError("WAL_FILE_IO", { operation: "reading", path, reason }, { cause });
  }
}

/** The work on a segment's bytes, on this thread: a push is a process of its own. */
function workInPlace(options: PushOptions): SegmentWork {
  const chain = new IndexChain(systemIdentifierOf(options.place.incarnation));
  const codec = new ZstdCodec();
  return {
    examine: ({ bytes, place }) => {
      const { index, error: indexError } = chain.segment(place, bytes);
      return Promise.resolve({
        contentDigest: walContentDigest(namingSide(options.sealed.ring), [bytes]),
        index: index === undefined ? undefined : encodeSegmentIndex(index),
        indexError,
      });
    },
    seal: ({ bytes, place }, { ticket, path, knownAt }) => {
      const content = { startLsn: place.startLsn, bytes, knownAt };
      return Promise.resolve(writeSegmentObject(content, { ticket, path, codec }));
    },
    verify: ({ bytes: segment }, { ticket, stored }) =>
      Promise.resolve(differenceOf(stored, { ticket, segment, codec })),
  };
}

/** Checks the first page against the name. @throws DrError `WAL_FILE_SIZE`, and those of `readPageHeader`. */
function checkedSegment(options: PushOptions, name: string, bytes: Buffer): SegmentMemory {
  const segment = parseWalSegmentName(name);
  const stated = bytes.length >= 40 ? bytes.readUInt32LE(32) : 0;
  if (!isWalSegmentSize(stated) || bytes.length !== stated) {
    throw new DrError("WAL_FILE_SIZE", { name, found: bytes.length, expected: stated });
  }
  const walSegmentBytes = bytes.length;
  const startLsn = startOfSegment(segment, walSegmentBytes);
  const timeline = timelineOfSegment(segment);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const expected = {
    walSegmentBytes,
    walBlockBytes: bytes.readUInt32LE(36),
    timeline,
    timelineMin: 0,
    major: undefined,
    systemId: systemIdentifierOf(options.place.incarnation),
  };
  const header = readPageHeader(view, startLsn, expected, { mayEnd: false });
  if (typeof header === "string") {
    throw new DrError("WAL_PAGE_ADDRESS", { lsn: formatLsn(startLsn), found: "nothing" });
  }
  const shared = new SharedArrayBuffer(walSegmentBytes);
  const memory = new SegmentMemory({ timeline, startLsn, walSegmentBytes }, shared);
  memory.write(bytes, startLsn);
  return memory;
}

/**
 * Pushes one file; durable and read back when it returns. Peak memory: three times the file.
 * @throws DrError `WAL_FILE_NAME`, `WAL_FILE_SIZE`, `WAL_FILE_IO`, `WAL_SYSTEM_ID` and the other checks of a page,
 * `WAL_SEGMENT_CONFLICT`, `WAL_SEGMENT_UNVERIFIED`, and what the store throws.
 */
export async function pushWal(options: PushOptions): Promise<PushResult> {
  const { sealed, place, epoch, path, signal } = options;
  const name = basename(path);
  if (
    /^[0-9A-F]{24}(?:\.[0-9A-F]{8}\.backup|\.partial)$/.test(name) &&
    guard("L11-partial-left-out")
  ) {
    return "ignored";
  }
  if (isTimelineHistoryName(name)) {
    const content = await readPushed(path, signal);
    if (content.length > serverMessageBytesMax) {
      const expected = serverMessageBytesMax;
      throw new DrError("WAL_FILE_SIZE", { name, found: content.length, expected });
    }
    const timeline = parseTimeline(name.slice(0, 8));
    return await storeHistory(sealed, { place, timeline, content, epoch }, { signal });
  }
  if (!/^[0-9A-F]{24}$/.test(name)) {
    throw new DrError("WAL_FILE_NAME", { name });
  }
  const memory = checkedSegment(options, name, await readPushed(path, signal));
  const { result } = await storeSegment({ ...options, work: workInPlace(options) }, memory, 0n);
  return result;
}

/**
 * The facts that some kinds of objects carry in their header, readable and authentic without any key: what a piece
 * of WAL is a piece of. Fixed layouts, little-endian.
 *
 * Follows docs/format.md, section 3.
 */
import { assert } from "../../core/assert.ts";
import { DrError } from "../../core/errors.ts";
import { lsnOf, type Lsn } from "../../core/lsn.ts";
import { isWalSegmentSize, timelineOf, type TimelineId } from "../../core/wal-name.ts";
import { objectKinds, type ObjectKind } from "./object-kind.ts";

/** Facts of a WAL part and of a WAL index. */
export type WalFacts = {
  readonly systemIdentifier: bigint;
  readonly timeline: TimelineId;
  readonly walSegmentBytes: number;
  readonly startLsn: Lsn;
};

/** Facts of a WAL segment: `contentDigest` is `walContentDigest` of its bytes. */
export type WalSegmentFacts = WalFacts & { readonly contentDigest: Uint8Array };

/** Facts of a timeline history. */
export type HistoryFacts = { readonly timeline: TimelineId };

const DIGEST_BYTES = 32;
const WAL_FACTS_BYTES = 24;

/** For kinds `walPart` and `walIndex`. */
export function encodeWalFacts(facts: WalFacts): Uint8Array {
  assert(
    isWalSegmentSize(facts.walSegmentBytes),
    "a WAL segment size is a power of two, 1 MiB .. 1 GiB",
  );
  const bytes = Buffer.alloc(WAL_FACTS_BYTES);
  bytes.writeBigUInt64LE(facts.systemIdentifier, 0);
  bytes.writeUInt32LE(facts.timeline, 8);
  bytes.writeUInt32LE(facts.walSegmentBytes, 12);
  bytes.writeBigUInt64LE(facts.startLsn, 16);
  return bytes;
}

/** For kind `walSegment`. */
export function encodeWalSegmentFacts(facts: WalSegmentFacts): Uint8Array {
  assert(facts.contentDigest.length === DIGEST_BYTES, "a content digest has 32 bytes");
  return Buffer.concat([encodeWalFacts(facts), facts.contentDigest]);
}

/** For kind `history`. */
export function encodeHistoryFacts(facts: HistoryFacts): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(facts.timeline, 0);
  return bytes;
}

function factsView(kind: ObjectKind, facts: Uint8Array): Buffer {
  if (facts.length !== objectKinds[kind].factsBytes) {
    throw new DrError("REPO_HEADER_INVALID", {
      object: kind,
      reason: `facts of ${facts.length} bytes`,
    });
  }
  return Buffer.from(facts.buffer, facts.byteOffset, facts.length);
}

function timelineIn(bytes: Buffer, at: number, kind: ObjectKind): TimelineId {
  const timeline = bytes.readUInt32LE(at);
  if (timeline === 0) {
    throw new DrError("REPO_HEADER_INVALID", { object: kind, reason: "timeline 0" });
  }
  return timelineOf(timeline);
}

/** Facts of kinds `walPart`, `walIndex` and `walSegment`. @throws DrError `REPO_HEADER_INVALID`. */
export function decodeWalFacts(
  kind: "walPart" | "walIndex" | "walSegment",
  facts: Uint8Array,
): WalFacts {
  const bytes = factsView(kind, facts);
  const walSegmentBytes = bytes.readUInt32LE(12);
  if (!isWalSegmentSize(walSegmentBytes)) {
    const reason = `WAL segment size ${walSegmentBytes}`;
    throw new DrError("REPO_HEADER_INVALID", { object: kind, reason });
  }
  return {
    systemIdentifier: bytes.readBigUInt64LE(0),
    timeline: timelineIn(bytes, 8, kind),
    walSegmentBytes,
    startLsn: lsnOf(bytes.readBigUInt64LE(16)),
  };
}

/** Facts of kind `walSegment`. @throws DrError `REPO_HEADER_INVALID`. */
export function decodeWalSegmentFacts(facts: Uint8Array): WalSegmentFacts {
  const wal = decodeWalFacts("walSegment", facts);
  return { ...wal, contentDigest: Uint8Array.from(facts.subarray(WAL_FACTS_BYTES)) };
}

/** Facts of kind `history`. @throws DrError `REPO_HEADER_INVALID`. */
export function decodeHistoryFacts(facts: Uint8Array): HistoryFacts {
  return { timeline: timelineIn(factsView("history", facts), 0, "history") };
}

/**
 * Publishes one WAL segment, once: its index, then the segment, then it is read back. A second, identical copy is
 * accepted without a word (a server offers a segment again when it did not hear our answer); another content under
 * the same name is kept beside it and stops whoever brought it, because then two servers write one timeline.
 *
 * Safe to begin anew after any crash: every step finds what an earlier attempt left.
 * Follows docs/format.md, section 10.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../core/clock.ts";
import { DrError, isDrError } from "../core/errors.ts";
import { failpointAsync, guard } from "../core/failpoint.ts";
import type { WalSegmentName } from "../core/wal-name.ts";
import type { FinishedObject } from "../pipeline/framed-file-writer.ts";
import { encodeWalFacts, encodeWalSegmentFacts } from "../pipeline/sealing/facts.ts";
import { sealTicket, type ObjectTicket } from "../pipeline/sealing/object-header.ts";
import {
  incarnationIdBytes,
  incarnationPrefix,
  objectKey,
  systemIdentifierOf,
  type IncarnationPlace,
  type ObjectName,
} from "../repository/object-names.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import { decodeSegmentIndex } from "./segment-index-codec.ts";
import type { SegmentIndex } from "./segment-index.ts";
import type { SegmentMemory } from "./segment-memory.ts";

/** What a look at a segment's bytes tells. */
export type ExaminedSegment = {
  readonly contentDigest: Uint8Array;
  readonly index: Uint8Array | undefined;
  readonly indexError: Error | undefined;
};

/** The work on bytes: on a thread of its own, or in place. */
export interface SegmentWork {
  examine(memory: SegmentMemory): Promise<ExaminedSegment>;
  seal(
    memory: SegmentMemory,
    target: { readonly ticket: ObjectTicket; readonly path: string; readonly knownAt: bigint },
  ): Promise<FinishedObject>;
  /** What differs, or undefined. */
  verify(
    memory: SegmentMemory,
    object: { readonly ticket: ObjectTicket; readonly stored: string | Uint8Array },
  ): Promise<string | undefined>;
}

/** Where segments go, and under which lease. */
export type SegmentTarget = {
  readonly sealed: SealedStore;
  readonly place: IncarnationPlace;
  readonly epoch: number;
  readonly clock: Clock;
  readonly work: SegmentWork;
  readonly signal: AbortSignal;
};

/**
 * `verified`: read back whole and equal. An identical copy that was there already was sealed with a key which this
 * host may not open, so it is not.
 */
export type StoredSegment = {
  readonly result: "created" | "identical";
  readonly verified: boolean;
  readonly indexError: Error | undefined;
};

type SegmentName = Extract<ObjectName, { readonly type: "walSegment" | "walConflict" }>;

async function existingDigest(
  target: SegmentTarget,
  segment: WalSegmentName,
): Promise<Uint8Array | undefined> {
  const { sealed, place, signal } = target;
  try {
    const facts = await sealed.segmentFacts({ ...place, type: "walSegment", segment }, { signal });
    return facts.contentDigest;
  } catch (error) {
    if (isDrError(error, "STORE_MISSING")) {
      return undefined;
    }
    throw error;
  }
}

function lastTransaction(index: SegmentIndex): string {
  const { count, startOffsets, xids, timesMicros } = index.transactions;
  const row = count - 1;
  return `${startOffsets[row]} ${xids[row]} ${timesMicros[row]}`;
}

/** True when both can be of one content: one may have begun to read later than the other. */
function agree(a: SegmentIndex, b: SegmentIndex): boolean {
  return (
    a.major === b.major &&
    a.walSegmentBytes === b.walSegmentBytes &&
    a.records?.lastRecordLsn === b.records?.lastRecordLsn &&
    a.records?.endLsn === b.records?.endLsn &&
    (a.transactions.count === 0 ||
      b.transactions.count === 0 ||
      lastTransaction(a) === lastTransaction(b))
  );
}

/** Answers false when an index of another content is there. */
async function putIndex(
  target: SegmentTarget,
  memory: SegmentMemory,
  index: Uint8Array,
): Promise<boolean> {
  const { sealed, place, epoch, signal } = target;
  const name = { ...place, type: "walIndex", segment: memory.name } as const;
  const facts = encodeWalFacts({
    ...memory.place,
    systemIdentifier: systemIdentifierOf(place.incarnation),
  });
  try {
    await failpointAsync("wal.put-index", { signal });
    await sealed.putWhole(name, index, { facts, epoch, signal });
    return true;
  } catch (error) {
    if (!isDrError(error, "STORE_CONFLICT")) {
      throw error;
    }
    const { content } = await sealed.getWhole(name, { signal });
    return agree(decodeSegmentIndex(content), decodeSegmentIndex(index));
  }
}

async function putObject(
  target: SegmentTarget,
  memory: SegmentMemory,
  object: {
    readonly name: SegmentName;
    readonly contentDigest: Uint8Array;
    readonly knownAt: bigint;
  },
): Promise<ObjectTicket> {
  const { sealed, place, epoch, clock, work, signal } = target;
  const { name, contentDigest, knownAt } = object;
  const objectId = name.type === "walConflict" ? name.id : sealed.newId();
  const ticket = await sealTicket(sealed.ring, {
    kind: "walSegment",
    objectId,
    createdAtMs: clock.now(),
    incarnation: incarnationIdBytes(place.incarnation),
    epoch,
    facts: encodeWalSegmentFacts({
      ...memory.place,
      systemIdentifier: systemIdentifierOf(place.incarnation),
      contentDigest,
    }),
  });
  const path = join(await sealed.store.stagingDirectory({ signal }), `wal-${objectId}`);
  try {
    await work.seal(memory, { ticket, path, knownAt });
    await failpointAsync("wal.put-segment", { signal });
    await sealed.store.putFile(path, objectKey(name), { signal });
  } catch (error) {
    // What the store did not take is of no use to anybody: the WAL is durable in parts.
    await rm(path, { force: true });
    throw error;
  }
  return ticket;
}

/** The key under which this other content is kept already: a server offers a refused file again every minute. */
async function keptConflict(
  target: SegmentTarget,
  segment: WalSegmentName,
  contentDigest: Uint8Array,
): Promise<string | undefined> {
  const { sealed, place, signal } = target;
  const prefix = `${incarnationPrefix(place)}conflicts/${segment}-`;
  for await (const { key, name } of sealed.listNames(prefix, { signal })) {
    if (name?.type === "walConflict") {
      const facts = await sealed.segmentFacts(name, { signal });
      if (Buffer.compare(facts.contentDigest, contentDigest) === 0) {
        return key;
      }
    }
  }
  return undefined;
}

async function keepConflict(
  target: SegmentTarget,
  memory: SegmentMemory,
  contentDigest: Uint8Array,
): Promise<never> {
  const segment = memory.name;
  const kept = await keptConflict(target, segment, contentDigest);
  if (kept !== undefined) {
    throw new DrError("WAL_SEGMENT_CONFLICT", { segment, conflict: kept, kept: "before" });
  }
  const id = target.sealed.newId();
  const name = { ...target.place, type: "walConflict", segment, id } as const;
  await putObject(target, memory, { name, contentDigest, knownAt: 0n });
  throw new DrError("WAL_SEGMENT_CONFLICT", { segment, conflict: objectKey(name), kept: "now" });
}

async function readBack(
  target: SegmentTarget,
  memory: SegmentMemory,
  object: { readonly key: string; readonly ticket: ObjectTicket },
): Promise<void> {
  const { sealed, work, signal } = target;
  const { key, ticket } = object;
  await failpointAsync("wal.read-back", { signal });
  const stored = sealed.store.localPath(key) ?? (await sealed.store.get(key, { signal }));
  const reason = await work.verify(memory, { ticket, stored });
  if (reason !== undefined) {
    throw new DrError("WAL_SEGMENT_UNVERIFIED", { segment: memory.name, reason });
  }
}

/**
 * Publishes a whole segment. `knownAt`: see `FramePosition`, for its end.
 * @throws DrError `WAL_SEGMENT_CONFLICT` (the second content is stored then), `WAL_SEGMENT_UNVERIFIED`, `WAL_SYSTEM_ID`,
 * and what the store throws. Aborted or failed: staged files may stay, and objects that a second call finds.
 */
export async function storeSegment(
  target: SegmentTarget,
  memory: SegmentMemory,
  knownAt: bigint,
): Promise<StoredSegment> {
  const { place, work } = target;
  const segment = memory.name;
  const { contentDigest, index, indexError } = await work.examine(memory);
  const isSame = (digest: Uint8Array): boolean =>
    Buffer.compare(digest, contentDigest) === 0
      ? guard("L10-identical-accepted")
      : !guard("L9-content-compared");
  const earlier = await existingDigest(target, segment);
  if (earlier !== undefined) {
    return isSame(earlier)
      ? { result: "identical", verified: false, indexError }
      : await keepConflict(target, memory, contentDigest);
  }
  if (index !== undefined && !(await putIndex(target, memory, index))) {
    return await keepConflict(target, memory, contentDigest);
  }
  const name = { ...place, type: "walSegment", segment } as const;
  try {
    const ticket = await putObject(target, memory, { name, contentDigest, knownAt });
    await readBack(target, memory, { key: objectKey(name), ticket });
    return { result: "created", verified: true, indexError };
  } catch (error) {
    if (!isDrError(error, "STORE_CONFLICT")) {
      throw error;
    }
    const digest = await existingDigest(target, segment);
    return digest !== undefined && isSame(digest)
      ? { result: "identical", verified: false, indexError }
      : await keepConflict(target, memory, contentDigest);
  }
}

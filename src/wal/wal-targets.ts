/**
 * Where a replay to a time, a transaction, a name or a position would stop, told before anything is restored. Published WAL is
 * judged by its indexes alone; what lies in parts is decrypted and read, which needs the private key.
 *
 * The server stops at the first record, in WAL order, that ended after the time asked for; times may go back between
 * neighbours, so segments are looked at one after the other from where the backup ends. Nothing is concluded from a segment whose
 * index is missing or incomplete: it is read instead.
 *
 * Memory: `walIndexesKeptMax` indexes.
 */
import { guard } from "../core/failpoint.ts";
import { isDrError } from "../core/errors.ts";
import { walIndexesKeptMax } from "../core/limits.ts";
import { type Lsn, addToLsn, lsnDistanceBytes, lsnOf } from "../core/lsn.ts";
import { type TimelineId, type WalSegmentName, segmentAt } from "../core/wal-name.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import { segmentsOf } from "./materialise-wal.ts";
import type { RestorePoint, TransactionEnd } from "./record/wal-event.ts";
import { decodeSegmentIndex } from "./segment-index-codec.ts";
import { SegmentIndexer, readingStartAfter } from "./segment-indexer.ts";
import {
  type SegmentIndex,
  eventsOf,
  lastCommit,
  nearestCommits,
  stopForTime,
  transactionOfXid,
  transactionsOf,
} from "./segment-index.ts";
import type { LineageStep } from "./timeline-history.ts";
import type { WalReader } from "./wal-reader.ts";

type Call = { readonly signal: AbortSignal };

/** WAL to look through: along a lineage, from the end of a backup to the end of what is held without a hole. */
export type WalPath = {
  readonly lineage: readonly LineageStep[];
  readonly fromLsn: Lsn;
  readonly toLsn: Lsn;
};

/** Where a replay to a time stops. */
export type TimeTarget = {
  /** The transaction before whose end the server stops; undefined when WAL ends first. */
  readonly stopsAt: TransactionEnd | undefined;
  /** The last commit that is replayed; undefined when none is. */
  readonly lastCommit: TransactionEnd | undefined;
  /** All of the path was looked at, and the reading met no fault. */
  readonly endLsn: Lsn;
};

/** The commits next to an instant. */
export type NearestCommits = {
  readonly before: TransactionEnd | undefined;
  readonly after: TransactionEnd | undefined;
};

function isOnPath(path: WalPath, end: TransactionEnd): boolean {
  return end.lsn >= path.fromLsn && end.endLsn <= path.toLsn;
}

/** Indexes of one incarnation, read when asked for. */
export class WalTargets {
  readonly #sealed: SealedStore;
  readonly #reader: WalReader;
  readonly #kept = new Map<WalSegmentName, SegmentIndex>();

  /** `sealed` needs the private side only where WAL lies in parts or an index is missing. */
  constructor(sealed: SealedStore, reader: WalReader) {
    this.#sealed = sealed;
    this.#reader = reader;
  }

  /** Where `recovery_target_time` stops. Microseconds since 2000. */
  async atTime(
    path: WalPath,
    target: { readonly timeMicros: bigint; readonly inclusive: boolean },
    call: Call,
  ): Promise<TimeTarget> {
    let last: TransactionEnd | undefined;
    for await (const index of this.indexes(path, call)) {
      const stop = stopForTime(index, target);
      const onPath = stop.lastCommit !== undefined && isOnPath(path, stop.lastCommit);
      last = onPath ? stop.lastCommit : last;
      if (stop.stopsAt !== undefined && stop.stopsAt.lsn >= path.fromLsn) {
        const within = stop.stopsAt.endLsn <= path.toLsn;
        return { stopsAt: within ? stop.stopsAt : undefined, lastCommit: last, endLsn: path.toLsn };
      }
    }
    return { stopsAt: undefined, lastCommit: last, endLsn: path.toLsn };
  }

  /** The transaction with this xid, as PostgreSQL would meet it; undefined when the path holds none. */
  async ofXid(
    path: WalPath,
    xid: number,
    call: Call,
  ): Promise<{ transaction: TransactionEnd; subtransaction: boolean } | undefined> {
    for await (const index of this.indexes(path, call)) {
      const found = transactionOfXid(index, xid);
      if (found !== undefined && isOnPath(path, found.transaction)) {
        return found;
      }
    }
    return undefined;
  }

  /** Every restore point on the path, in order. PostgreSQL stops at the first with a name. */
  async restorePoints(path: WalPath, call: Call): Promise<readonly RestorePoint[]> {
    const points: RestorePoint[] = [];
    for await (const index of this.indexes(path, call)) {
      const found = eventsOf(index, "restore-point");
      points.push(
        ...found.filter(({ lsn, endLsn }) => lsn >= path.fromLsn && endLsn <= path.toLsn),
      );
    }
    return points;
  }

  /** The start of the last complete record: the furthest LSN target. Undefined when there is none on the path. */
  async lastRecordLsn(path: WalPath, call: Call): Promise<Lsn | undefined> {
    let last: Lsn | undefined;
    for await (const index of this.#backwards(path, call)) {
      const { records } = index;
      if (records !== undefined && records.endLsn <= path.toLsn) {
        last = records.lastRecordLsn;
        break;
      }
    }
    return last !== undefined && last >= path.fromLsn ? last : undefined;
  }

  /** The last commit on the path, by WAL order; newest segments first. */
  async lastCommit(path: WalPath, call: Call): Promise<TransactionEnd | undefined> {
    for await (const index of this.#backwards(path, call)) {
      const last = lastCommit(index);
      if (last !== undefined && isOnPath(path, last)) {
        return last;
      }
      if (last !== undefined) {
        const commits = [...transactionsOf(index)].filter(({ kind }) => kind === "commit");
        const found = commits.findLast((commit) => isOnPath(path, commit));
        if (found !== undefined) {
          return found;
        }
      }
    }
    return undefined;
  }

  /** The commits nearest to an instant, by their times. */
  async nearest(path: WalPath, timeMicros: bigint, call: Call): Promise<NearestCommits> {
    let before: TransactionEnd | undefined;
    let after: TransactionEnd | undefined;
    for await (const index of this.indexes(path, call)) {
      const near = nearestCommits(index, timeMicros);
      if (near.before !== undefined && isOnPath(path, near.before)) {
        before =
          near.before.timeMicros >= (before?.timeMicros ?? near.before.timeMicros)
            ? near.before
            : before;
      }
      if (near.after !== undefined && isOnPath(path, near.after)) {
        after =
          near.after.timeMicros < (after?.timeMicros ?? near.after.timeMicros + 1n)
            ? near.after
            : after;
      }
    }
    return { before, after };
  }

  /** The indexes of a path's segments, in WAL order. @throws DrError those of reading WAL where an index is missing. */
  async *indexes(path: WalPath, call: Call): AsyncGenerator<SegmentIndex, void, undefined> {
    for (const { timeline, startLsn } of this.#segments(path)) {
      const index = await this.#indexOf(path, timeline, startLsn, call);
      if (index !== undefined) {
        yield index;
      }
    }
  }

  async *#backwards(path: WalPath, call: Call): AsyncGenerator<SegmentIndex, void, undefined> {
    for (const { timeline, startLsn } of this.#segments(path).toReversed()) {
      const index = await this.#indexOf(path, timeline, startLsn, call);
      if (index !== undefined) {
        yield index;
      }
    }
  }

  #segments(path: WalPath): { readonly timeline: TimelineId; readonly startLsn: Lsn }[] {
    return [...segmentsOf(path, this.#segmentBytes(path))];
  }

  #segmentBytes(path: WalPath): number {
    const { catalogue } = this.#reader;
    for (const { timeline } of path.lineage.toReversed()) {
      const wal = catalogue.timeline(timeline);
      if (wal !== undefined) {
        return wal.walSegmentBytes;
      }
    }
    return 1 << 24;
  }

  async #indexOf(
    path: WalPath,
    timeline: TimelineId,
    startLsn: Lsn,
    call: Call,
  ): Promise<SegmentIndex | undefined> {
    const size = this.#segmentBytes(path);
    const segment = segmentAt(timeline, startLsn, size);
    const kept = this.#kept.get(segment);
    if (kept !== undefined) {
      return kept;
    }
    const stored = await this.#storedIndex(segment, call);
    // What begins before the path is not on it, so the path's first segment needs no head.
    const whole = stored?.headMissing === false || startLsn <= path.fromLsn;
    const usable =
      stored?.complete === true && whole && this.#isHeldWhole(timeline, startLsn, size);
    const index = usable ? stored : await this.#readIndex(path, timeline, startLsn, call);
    if (index !== undefined) {
      this.#keep(segment, index);
    }
    return index;
  }

  /**
   * False for a segment that was in the making when the catalogue was read. Published since, its index tells of records that will not be
   * laid, and of the one that is cut it cannot tell where it begins.
   */
  #isHeldWhole(timeline: TimelineId, startLsn: Lsn, size: number): boolean {
    const span = this.#reader.catalogue.spanCovering(timeline, startLsn);
    const isCut = span !== undefined && span.toLsn < addToLsn(startLsn, size);
    return !(isCut && guard("L44-published-since"));
  }

  #keep(segment: WalSegmentName, index: SegmentIndex): void {
    if (this.#kept.size >= walIndexesKeptMax) {
      const [oldest] = this.#kept.keys();
      if (oldest !== undefined) {
        this.#kept.delete(oldest);
      }
    }
    this.#kept.set(segment, index);
  }

  async #storedIndex(segment: WalSegmentName, call: Call): Promise<SegmentIndex | undefined> {
    const { place } = this.#reader.catalogue;
    try {
      const name = { ...place, type: "walIndex", segment } as const;
      const { content } = await this.#sealed.getWhole(name, call);
      return decodeSegmentIndex(content);
    } catch (error) {
      if (isDrError(error, "STORE_MISSING")) {
        return undefined;
      }
      throw error;
    }
  }

  /**
   * Reads a segment's records, beginning in the segment before when that is on the path: a record that reaches over the
   * boundary is seen then. Undefined when not even its first page is held.
   */
  async #readIndex(
    path: WalPath,
    timeline: TimelineId,
    startLsn: Lsn,
    call: Call,
  ): Promise<SegmentIndex | undefined> {
    const size = this.#segmentBytes(path);
    const read = await this.#reader.segment(timeline, startLsn, call);
    const limit = read.endLsn < path.toLsn ? read.endLsn : path.toLsn;
    const ahead = await this.#bytesBefore(path, startLsn, call);
    const found: SegmentIndex[] = [];
    const indexer = new SegmentIndexer(
      {
        walSegmentBytes: size,
        major: "detect",
        timeline,
        startLsn: ahead?.lsn ?? startLsn,
        mayEnd: true,
        indexFrom: startLsn,
      },
      (index) => found.push(index),
    );
    if (ahead !== undefined) {
      indexer.push(ahead.bytes, ahead.lsn);
    }
    indexer.push(read.bytes.subarray(0, lsnDistanceBytes(startLsn, limit)), startLsn);
    return found[0] ?? indexer.current();
  }

  async #bytesBefore(
    path: WalPath,
    startLsn: Lsn,
    call: Call,
  ): Promise<{ readonly lsn: Lsn; readonly bytes: Uint8Array } | undefined> {
    const size = this.#segmentBytes(path);
    const before = startLsn - BigInt(size);
    if (before < 0n) {
      return undefined;
    }
    const start = lsnOf(before);
    const toLsn = startLsn;
    const [segment] = [...segmentsOf({ ...path, fromLsn: start, toLsn }, size)];
    const span = segment && this.#reader.catalogue.spanCovering(segment.timeline, start);
    if (segment === undefined || span === undefined || span.toLsn < startLsn) {
      return undefined;
    }
    const stored = await this.#storedIndex(segmentAt(segment.timeline, start, size), call);
    const from = stored && readingStartAfter(stored, { walBlockBytes: 8192 });
    const lsn = from !== undefined && from >= start ? from : start;
    const { bytes, endLsn } = await this.#reader.segment(segment.timeline, start, call);
    return endLsn === addToLsn(start, size)
      ? { lsn, bytes: bytes.subarray(lsnDistanceBytes(start, lsn)) }
      : undefined;
  }
}

/**
 * Replays WAL in thought: reads the indexes along a run in the order in which a server would read the segments, so that what
 * it will make of a target is known before anything is restored. No step looks at times to skip a segment: a clock
 * that was set back would make it skip the very record at which the server stops.
 *
 * A server of 14 and later refuses to go past WAL written with wal_level=minimal (CheckRequiredParameterValues in
 * src/backend/access/transam/xlogrecovery.c), so a run ends there (loss class 48).
 */
import { type Lsn, addToLsn, laterLsn, lsnDistanceBytes, lsnOf } from "../core/lsn.ts";
import { type TimelineId, segmentStartAt } from "../core/wal-name.ts";
import { present } from "../core/assert.ts";
import { guard } from "../core/failpoint.ts";
import type { ParameterChange, TransactionEnd } from "../wal/record/wal-event.ts";
import type { SegmentEvent, SegmentIndex } from "../wal/segment-index.ts";
import { isCommit, transactionAt } from "../wal/transaction-columns.ts";
import { type WalHoleCause, type WalPiece, type WalRun, cutRun, holds } from "./plan-lineage.ts";
import type { WalKnowledge } from "./wal-knowledge.ts";

/** The records of one segment that count: those that start in `fromLsn` up to `toLsn`. */
export type Slice = {
  readonly timeline: TimelineId;
  readonly segmentLsn: Lsn;
  readonly segmentEndLsn: Lsn;
  readonly fromLsn: Lsn;
  readonly toLsn: Lsn;
  /** Undefined when the segment could not be read. */
  readonly index: SegmentIndex | undefined;
};

/** Where a server stops: at this record, which it replays or not. */
export type ReplayStop = {
  readonly lsn: Lsn;
  readonly endLsn: Lsn;
  readonly timeline: TimelineId;
  readonly replayed: boolean;
};

/** Settings that a server must have at least if it is to be read while it recovers. */
export type RequiredSettings = Readonly<Record<string, number>>;

/** What was replayed. */
export type Replayed = {
  readonly stop: ReplayStop | undefined;
  /** The run as far as it can be used: cut where something forbids to go on. */
  readonly run: WalRun;
  readonly lastCommit: TransactionEnd | undefined;
  /** The latest time of a commit or an abort; not always the last one's. */
  readonly newestMicros: bigint | undefined;
  /** The end of the last record known. */
  readonly endLsn: Lsn;
  readonly required: RequiredSettings;
  /** Segments whose content nobody could read. */
  readonly unread: readonly WalPiece[];
};

/** Rows of a slice: the first, and the one behind the last. */
export function rowsOf(slice: Slice): { readonly from: number; readonly to: number } {
  const { index } = slice;
  const offsets = index?.transactions.startOffsets ?? new Float64Array();
  const base = index?.startLsn ?? slice.segmentLsn;
  return {
    from: lowerBound(offsets, lsnDistanceBytes(base, slice.fromLsn)),
    to: lowerBound(offsets, lsnDistanceBytes(base, slice.toLsn)),
  };
}

function lowerBound(offsets: Float64Array, value: number): number {
  let from = 0;
  let to = offsets.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((offsets[middle] ?? 0) < value) {
      from = middle + 1;
    } else {
      to = middle;
    }
  }
  return from;
}

/** A row as an object. */
export function rowAt(slice: Slice, row: number): TransactionEnd {
  const index = present(slice.index, "a slice with rows has an index");
  return transactionAt(index.transactions, row, index.startLsn);
}

/** The events of a slice but the ends of transactions, in WAL order. */
export function eventsIn(slice: Slice): readonly SegmentEvent[] {
  const events = slice.index?.events ?? [];
  return events.filter(({ lsn }) => lsn >= slice.fromLsn && lsn < slice.toLsn);
}

/** The last commit of a slice. */
export function lastCommitIn(slice: Slice): TransactionEnd | undefined {
  const { from, to } = rowsOf(slice);
  for (let row = to - 1; row >= from; row--) {
    if (slice.index !== undefined && isCommit(slice.index.transactions, row)) {
      return rowAt(slice, row);
    }
  }
  return undefined;
}

/** The latest time in a slice. */
export function newestMicrosIn(slice: Slice): bigint | undefined {
  const { from, to } = rowsOf(slice);
  const times = slice.index?.transactions.timesMicros.subarray(from, to) ?? new BigInt64Array();
  let newest: bigint | undefined;
  for (const time of times) {
    newest = newest === undefined || time > newest ? time : newest;
  }
  return newest;
}

/** The end of the last record of a slice that the index tells of; its beginning when it tells of none. */
export function endIn(slice: Slice): Lsn {
  const records = slice.index?.records;
  if (records !== undefined && records.lastRecordLsn < slice.toLsn) {
    return records.endLsn > slice.fromLsn ? records.endLsn : slice.fromLsn;
  }
  const { from, to } = rowsOf(slice);
  const row = to > from ? rowAt(slice, to - 1).endLsn : slice.fromLsn;
  const event = eventsIn(slice).at(-1)?.endLsn ?? slice.fromLsn;
  const last = event > row ? event : row;
  // Cut in the middle: records without an event may follow up to the cut.
  return records === undefined ? last : slice.toLsn;
}

function minimalIn(slice: Slice): SegmentEvent | undefined {
  const events = guard("L48-wal-level-minimal") ? eventsIn(slice) : [];
  return events.find(
    (event) =>
      (event.kind === "parameter-change" ||
        event.kind === "checkpoint" ||
        event.kind === "end-of-recovery") &&
      event.walLevel === "minimal",
  );
}

function requiredBy(change: ParameterChange): RequiredSettings {
  return {
    max_connections: change.maxConnections,
    max_worker_processes: change.maxWorkerProcesses,
    max_wal_senders: change.maxWalSenders,
    max_prepared_transactions: change.maxPreparedTransactions,
    max_locks_per_transaction: change.maxLocksPerTransaction,
  };
}

/** The larger of each setting. */
export function largerSettings(a: RequiredSettings, b: RequiredSettings): RequiredSettings {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return Object.fromEntries([...names].map((name) => [name, Math.max(a[name] ?? 0, b[name] ?? 0)]));
}

/** A replay under way: what has been passed so far. */
class Progress {
  lastCommit: TransactionEnd | undefined;
  newestMicros: bigint | undefined;
  endLsn: Lsn;
  required: RequiredSettings = {};
  readonly unread: WalPiece[] = [];

  constructor(fromLsn: Lsn) {
    this.endLsn = fromLsn;
  }

  pass(slice: Slice): void {
    if (slice.index === undefined) {
      const { timeline, segmentLsn, segmentEndLsn } = slice;
      const fromLsn = laterLsn(slice.fromLsn, segmentLsn);
      const toLsn = slice.toLsn < segmentEndLsn ? slice.toLsn : segmentEndLsn;
      this.unread.push({ timeline, fromLsn, toLsn });
      this.endLsn = toLsn;
      return;
    }
    this.lastCommit = lastCommitIn(slice) ?? this.lastCommit;
    const newest = newestMicrosIn(slice);
    if (newest !== undefined && (this.newestMicros === undefined || newest > this.newestMicros)) {
      this.newestMicros = newest;
    }
    const end = endIn(slice);
    this.endLsn = laterLsn(end, this.endLsn);
    for (const event of eventsIn(slice)) {
      if (event.kind === "parameter-change") {
        this.required = largerSettings(this.required, requiredBy(event));
      }
    }
  }
}

/** The indexes along a run from a position on; the last slice of a timeline may come from its successor's copy. */
export async function* slicesOf(
  knowledge: WalKnowledge,
  run: WalRun,
  range: { readonly fromLsn: Lsn; readonly toLsn: Lsn; readonly signal: AbortSignal },
): AsyncGenerator<Slice> {
  const { signal } = range;
  const bytes = knowledge.walSegmentBytes;
  for (const [number, piece] of run.pieces.entries()) {
    const { timeline } = piece;
    const fromLsn = laterLsn(piece.fromLsn, range.fromLsn);
    const toLsn = piece.toLsn < range.toLsn ? piece.toLsn : range.toLsn;
    const next = run.pieces[number + 1]?.timeline;
    let segmentLsn = segmentStartAt(fromLsn, bytes);
    while (segmentLsn < toLsn && fromLsn < toLsn) {
      signal.throwIfAborted();
      const segmentEndLsn = addToLsn(segmentLsn, bytes);
      const stretch = { timeline, fromLsn: laterLsn(fromLsn, segmentLsn), toLsn: piece.toLsn };
      const copied =
        next !== undefined && segmentEndLsn >= piece.toLsn && !holds(knowledge, stretch);
      const index = await knowledge.indexAt(copied ? next : timeline, segmentLsn, { signal });
      yield {
        timeline,
        segmentLsn,
        segmentEndLsn,
        fromLsn,
        toLsn,
        index: readable(index, segmentLsn, fromLsn) ? index : undefined,
      };
      segmentLsn = segmentEndLsn;
    }
  }
}

/** An index that lacks the record which reaches into its segment may lack a commit. */
function readable(index: SegmentIndex | undefined, segmentLsn: Lsn, fromLsn: Lsn): boolean {
  return index !== undefined && (!index.headMissing || fromLsn >= segmentLsn);
}

/** How to replay. */
export type ReplayOptions = {
  readonly fromLsn: Lsn;
  /** Up to here at most; the run's end when not given. */
  readonly toLsn?: Lsn | undefined;
  /** Go on behind segments that could not be read. */
  readonly passUnread: boolean;
  /** Says where the server stops; called for each slice, cut where the run must end. */
  readonly stopIn: (slice: Slice) => ReplayStop | undefined;
  readonly signal: AbortSignal;
};

/** Replays from a position until the stop or the end. Memory: one index beside those the knowledge keeps. */
export async function replay(
  knowledge: WalKnowledge,
  run: WalRun,
  options: ReplayOptions,
): Promise<Replayed> {
  const { fromLsn, passUnread, signal } = options;
  const progress = new Progress(fromLsn);
  const done = (stop: ReplayStop | undefined, used: WalRun): Replayed => ({
    stop,
    run: used,
    lastCommit: progress.lastCommit,
    newestMicros: progress.newestMicros,
    endLsn: progress.endLsn,
    required: progress.required,
    unread: progress.unread,
  });
  const cut = (atLsn: Lsn, cause: WalHoleCause): Replayed =>
    done(undefined, cutRun(run, atLsn, cause));
  const range = { fromLsn, toLsn: options.toLsn ?? run.toLsn, signal };
  for await (const whole of slicesOf(knowledge, run, range)) {
    const minimal = minimalIn(whole);
    const slice = minimal === undefined ? whole : { ...whole, toLsn: minimal.lsn };
    if (slice.index === undefined && !passUnread) {
      return cut(laterLsn(slice.segmentLsn, slice.fromLsn), "unread");
    }
    const stop = options.stopIn(slice);
    if (stop !== undefined) {
      // The record itself counts when it is replayed; records are at least 24 bytes.
      const toLsn = stop.replayed ? lsnOf(stop.lsn + 1n) : stop.lsn;
      progress.pass(toLsn < slice.toLsn ? { ...slice, toLsn } : slice);
      return done(stop, run);
    }
    progress.pass(slice);
    if (minimal !== undefined) {
      return cut(minimal.lsn, "wal-level-minimal");
    }
  }
  return done(undefined, run);
}

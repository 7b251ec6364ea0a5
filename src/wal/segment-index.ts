/**
 * What is known of one WAL segment without reading it again: which transactions ended, which restore
 * points, checkpoints and settings it holds, and where its records end. Windows, `plan`, "nearest" and RPO
 * are answered from these indexes alone, so an index must never claim more than its segment gives.
 *
 * A record belongs to the segment in which it *ends*: only then can the segments up to this one replay it.
 * A record cut by the segment's end is therefore in the next index, with a start before that segment.
 *
 * For LSN targets two positions suffice, `lastRecordLsn` and `endLsn`. PostgreSQL stops at the first record
 * whose start is at or behind the target (`recovery_target_inclusive`: after it), so a target is reachable
 * exactly when the last complete record of the newest segment starts at or behind it; which record that is
 * in between, the server finds by itself. `endLsn` says where replay of everything stands.
 *
 * Follows recoveryStopsBefore and recoveryStopsAfter in src/backend/access/transam/xlogrecovery.c.
 */
import { type Lsn, addToLsn } from "../core/lsn.ts";
import type { TimelineId, WalSegmentName } from "../core/wal-name.ts";
import type { WalMajor } from "./record/page-header.ts";
import type { TransactionEnd, WalEvent } from "./record/wal-event.ts";
import { type TransactionColumns, isCommit, transactionAt } from "./transaction-columns.ts";

/** All events but the ends of transactions, which are columns. */
export type SegmentEvent = Exclude<WalEvent, TransactionEnd>;

/** Where the records lie that end in a segment. */
export type SegmentRecords = {
  readonly count: number;
  /** The first one's start; before the segment when its start cut that record. */
  readonly firstRecordLsn: Lsn;
  /** The last one's start: the furthest reachable LSN target. */
  readonly lastRecordLsn: Lsn;
  /** The last one's end. */
  readonly endLsn: Lsn;
};

/** The index of one segment. */
export type SegmentIndex = {
  readonly segment: WalSegmentName;
  readonly timeline: TimelineId;
  readonly startLsn: Lsn;
  readonly walSegmentBytes: number;
  readonly major: WalMajor;
  /** The whole segment was read; false for one in the making, or where WAL ended inside it. */
  readonly complete: boolean;
  /** A record that ends here was not seen, because reading began behind its start. */
  readonly headMissing: boolean;
  /** Undefined when no record ends here: one longer than the segment passes through. */
  readonly records: SegmentRecords | undefined;
  readonly transactions: TransactionColumns;
  /** In WAL order. */
  readonly events: readonly SegmentEvent[];
};

/** The events of one kind, in WAL order. */
export function eventsOf<K extends SegmentEvent["kind"]>(
  index: SegmentIndex,
  kind: K,
): readonly Extract<SegmentEvent, { kind: K }>[] {
  return index.events.filter(
    (event): event is Extract<SegmentEvent, { kind: K }> => event.kind === kind,
  );
}

function rowAsEnd(index: SegmentIndex, row: number): TransactionEnd | undefined {
  return row < 0 || row >= index.transactions.count
    ? undefined
    : transactionAt(index.transactions, row, index.startLsn);
}

/** The last commit before row `row`, by WAL order. */
function commitBefore(index: SegmentIndex, row: number): TransactionEnd | undefined {
  let at = row - 1;
  while (at >= 0 && !isCommit(index.transactions, at)) {
    at--;
  }
  return rowAsEnd(index, at);
}

/** All transactions that ended, in WAL order, made one at a time. */
export function* transactionsOf(index: SegmentIndex): Generator<TransactionEnd> {
  for (let row = 0; row < index.transactions.count; row++) {
    yield transactionAt(index.transactions, row, index.startLsn);
  }
}

/** The first commit, by WAL order. */
export function firstCommit(index: SegmentIndex): TransactionEnd | undefined {
  for (let row = 0; row < index.transactions.count; row++) {
    if (isCommit(index.transactions, row)) {
      return rowAsEnd(index, row);
    }
  }
  return undefined;
}

/** The last commit, by WAL order. */
export function lastCommit(index: SegmentIndex): TransactionEnd | undefined {
  return commitBefore(index, index.transactions.count);
}

/**
 * What a replay to a time makes of this segment. `stopsAt`: the first transaction, in WAL order, that ended
 * after the time (or at it, when not inclusive); the server stops before that record, be it a commit or an
 * abort. Undefined: it passes through. `lastCommit`: the last one replayed here.
 */
export type TimeStop = {
  readonly stopsAt: TransactionEnd | undefined;
  readonly lastCommit: TransactionEnd | undefined;
};

/** Where `recovery_target_time` stops within this segment. Time in microseconds since 2000. */
export function stopForTime(
  index: SegmentIndex,
  target: { readonly timeMicros: bigint; readonly inclusive: boolean },
): TimeStop {
  const { timesMicros } = index.transactions;
  const limit = target.inclusive ? target.timeMicros : target.timeMicros - 1n;
  const row = timesMicros.findIndex((time) => time > limit);
  return {
    stopsAt: rowAsEnd(index, row),
    lastCommit: commitBefore(index, row === -1 ? timesMicros.length : row),
  };
}

/** The commits nearest to a time, by their times: to tell people which instants there are. */
export function nearestCommits(
  index: SegmentIndex,
  timeMicros: bigint,
): { readonly before: TransactionEnd | undefined; readonly after: TransactionEnd | undefined } {
  const times = index.transactions.timesMicros;
  let before = -1;
  let after = -1;
  for (const [row, time] of times.entries()) {
    if (!isCommit(index.transactions, row)) {
      continue;
    }
    if (time <= timeMicros) {
      before = before === -1 || time >= (times[before] ?? time) ? row : before;
    } else {
      after = after === -1 || time < (times[after] ?? time) ? row : after;
    }
  }
  return { before: rowAsEnd(index, before), after: rowAsEnd(index, after) };
}

/**
 * The transaction that ended with this xid. `subtransaction`: the xid is one of its subtransactions, which
 * `recovery_target_xid` would never meet.
 */
export function transactionOfXid(
  index: SegmentIndex,
  xid: number,
): { readonly transaction: TransactionEnd; readonly subtransaction: boolean } | undefined {
  const own = rowAsEnd(index, index.transactions.xids.indexOf(xid));
  if (own !== undefined) {
    return { transaction: own, subtransaction: false };
  }
  const place = index.transactions.subXids.indexOf(xid);
  const parent =
    place === -1
      ? undefined
      : rowAsEnd(
          index,
          index.transactions.subXidsUntil.findIndex((until) => until > place),
        );
  return parent === undefined ? undefined : { transaction: parent, subtransaction: true };
}

/** True when replaying up to and with this segment meets a record at or behind `lsn`. */
export function reachesLsn(index: SegmentIndex, lsn: Lsn): boolean {
  return index.records !== undefined && lsn <= index.records.lastRecordLsn;
}

/** The first byte behind the segment. */
export function segmentEnd(index: SegmentIndex): Lsn {
  return addToLsn(index.startLsn, index.walSegmentBytes);
}

/**
 * At which record a server stops for a target, found in a segment's index. Pure; the counterpart of recoveryStopsBefore
 * and recoveryStopsAfter in src/backend/access/transam/xlogrecovery.c, always inclusive:
 *
 * - time: before the first commit or abort, in WAL order, whose time is later, whatever the times behind it;
 * - position: after the first record that starts at or behind it; which one that is, an index knows only for
 *   its first and last record and for records with an event;
 * - transaction: after the commit or abort that bears the id, and the server takes an abort as well;
 * - restore point: after the first of that name.
 */
import type { Lsn } from "../core/lsn.ts";
import type { RecordSpan, TransactionEnd } from "../wal/record/wal-event.ts";
import { type ReplayStop, type Slice, eventsIn, rowAt, rowsOf } from "./plan-replay.ts";

/** The first transaction of a slice that ended later than `timeMicros`. */
export function stopForTimeIn(slice: Slice, timeMicros: bigint): ReplayStop | undefined {
  const { from, to } = rowsOf(slice);
  const times = slice.index?.transactions.timesMicros ?? new BigInt64Array();
  for (let row = from; row < to; row++) {
    if ((times[row] ?? timeMicros) > timeMicros) {
      const { lsn, endLsn } = rowAt(slice, row);
      return { lsn, endLsn, timeline: slice.timeline, replayed: false };
    }
  }
  return undefined;
}

/** A transaction found by its id. `subtransaction`: the id is that of a part of it. */
export type FoundTransaction = {
  readonly end: TransactionEnd;
  readonly subtransaction: boolean;
};

/** The first transaction of a slice that bears this id, itself or in a part. */
export function transactionIn(slice: Slice, xid: number): FoundTransaction | undefined {
  const transactions = slice.index?.transactions;
  if (transactions === undefined) {
    return undefined;
  }
  const { from, to } = rowsOf(slice);
  const own = transactions.xids.indexOf(xid, from);
  if (own !== -1 && own < to) {
    return { end: rowAt(slice, own), subtransaction: false };
  }
  const place = transactions.subXids.indexOf(xid);
  const row = place === -1 ? -1 : transactions.subXidsUntil.findIndex((until) => until > place);
  return row >= from && row < to ? { end: rowAt(slice, row), subtransaction: true } : undefined;
}

/** A restore point. */
export type FoundPoint = RecordSpan & { readonly name: string; readonly timeMicros: bigint };

/** The restore points of a slice, in WAL order. */
export function pointsIn(slice: Slice): readonly FoundPoint[] {
  return eventsIn(slice).flatMap((event) =>
    event.kind === "restore-point"
      ? [{ lsn: event.lsn, endLsn: event.endLsn, name: event.name, timeMicros: event.timeMicros }]
      : [],
  );
}

/** The stop at a position, with what is not certain of it. */
export type PositionStop = ReplayStop & {
  /** False: it may stop at an earlier record that the index does not name, or the record's end is not known. */
  readonly exact: boolean;
};

/** Where the last record of a slice ends at the latest. */
function limitOf({ toLsn, segmentEndLsn }: Slice): Lsn {
  return toLsn < segmentEndLsn ? toLsn : segmentEndLsn;
}

function knownRecords(slice: Slice): RecordSpan[] {
  const records = slice.index?.records;
  const { from, to } = rowsOf(slice);
  const known: RecordSpan[] = eventsIn(slice).map(({ lsn, endLsn }) => ({ lsn, endLsn }));
  for (let row = from; row < to; row++) {
    known.push(rowAt(slice, row));
  }
  if (records !== undefined) {
    const firstEnd = records.count === 1 ? records.endLsn : limitOf(slice);
    known.push({ lsn: records.firstRecordLsn, endLsn: firstEnd });
    known.push({ lsn: records.lastRecordLsn, endLsn: records.endLsn });
  }
  return known.filter(({ lsn }) => lsn >= slice.fromLsn && lsn < slice.toLsn);
}

/** The first record of a slice, among those known, that starts at or behind `lsn`. */
export function stopForLsnIn(slice: Slice, lsn: Lsn): PositionStop | undefined {
  const records = slice.index?.records;
  if (records === undefined || records.lastRecordLsn < lsn) {
    return undefined;
  }
  // Of two that tell of one record, the one that knows its end: the shorter.
  const first = knownRecords(slice)
    .filter((record) => record.lsn >= lsn)
    .reduce<RecordSpan | undefined>((best, record) => {
      const nearer = best === undefined || record.lsn < best.lsn;
      const same = best !== undefined && record.lsn === best.lsn && record.endLsn < best.endLsn;
      return nearer || same ? record : best;
    }, undefined);
  if (first === undefined) {
    return undefined;
  }
  const exact = first.lsn === lsn && first.endLsn !== limitOf(slice);
  const { endLsn } = first;
  return { lsn: first.lsn, endLsn, timeline: slice.timeline, replayed: true, exact };
}

/**
 * What the record reader tells of the WAL: the records that decide which instants can be restored. Times
 * are PostgreSQL's own, microseconds since 2000-01-01 UTC, so that a recovery target made of them is exact.
 * Positions: `lsn` is where the record starts, `endLsn` where replay stands once it is applied.
 */
import type { Lsn } from "../../core/lsn.ts";

/** A position and its record's end. */
export type RecordSpan = { readonly lsn: Lsn; readonly endLsn: Lsn };

/** `wal_level` as the server writes it into WAL. */
export type WalLevel = "minimal" | "replica" | "logical";

/**
 * A transaction committed or aborted. `xid` is what `recovery_target_xid` is compared with. An abort may be
 * that of a subtransaction (ROLLBACK TO SAVEPOINT): PostgreSQL writes both alike and stops at both.
 */
export type TransactionEnd = TransactionEndOf<"commit"> | TransactionEndOf<"abort">;

type TransactionEndOf<Kind> = RecordSpan & {
  readonly kind: Kind;
  /** Ended by COMMIT PREPARED or ROLLBACK PREPARED. */
  readonly prepared: boolean;
  readonly xid: number;
  /** The xids of its subtransactions; empty for most. */
  readonly subXids: readonly number[];
  readonly timeMicros: bigint;
};

/** `pg_create_restore_point(name)`. Bytes of the name that are not UTF-8 read as U+FFFD. */
export type RestorePoint = RecordSpan & {
  readonly kind: "restore-point";
  readonly name: string;
  readonly timeMicros: bigint;
};

/** A checkpoint: replay can begin at `redoLsn`. */
export type Checkpoint = RecordSpan & {
  readonly kind: "checkpoint";
  readonly shutdown: boolean;
  readonly redoLsn: Lsn;
  readonly timeline: number;
  /** Differs from `timeline` when the record begins a new timeline. */
  readonly previousTimeline: number;
  readonly fullPageWrites: boolean;
  /** Known from major 17 on. */
  readonly walLevel: WalLevel | undefined;
};

/** Settings that a standby, and any replay with reads, must match or exceed. */
export type ParameterChange = RecordSpan & {
  readonly kind: "parameter-change";
  readonly walLevel: WalLevel;
  readonly maxConnections: number;
  readonly maxWorkerProcesses: number;
  readonly maxWalSenders: number;
  readonly maxPreparedTransactions: number;
  readonly maxLocksPerTransaction: number;
  readonly walLogHints: boolean;
  readonly trackCommitTimestamp: boolean;
};

/** `full_page_writes` was turned on or off while running. */
export type FullPageWritesChange = RecordSpan & {
  readonly kind: "full-page-writes";
  readonly enabled: boolean;
};

/** Recovery ended without a checkpoint: a promotion. */
export type EndOfRecovery = RecordSpan & {
  readonly kind: "end-of-recovery";
  readonly timeline: number;
  readonly previousTimeline: number;
  readonly timeMicros: bigint;
  /** Known from major 17 on. */
  readonly walLevel: WalLevel | undefined;
};

/** The end of a base backup that began at `startLsn`. */
export type BackupEnd = RecordSpan & { readonly kind: "backup-end"; readonly startLsn: Lsn };

/** The rest of the segment is empty; `endLsn` is the segment's end. */
export type SegmentSwitch = RecordSpan & { readonly kind: "switch" };

/** A record whose rest was never written (a crash) was replaced; it never happened. */
export type OverwrittenRecord = RecordSpan & {
  readonly kind: "overwritten";
  readonly overwrittenLsn: Lsn;
  readonly timeMicros: bigint;
};

/** Everything the index is made of, besides record counts and positions. */
export type WalEvent =
  | TransactionEnd
  | RestorePoint
  | Checkpoint
  | ParameterChange
  | FullPageWritesChange
  | EndOfRecovery
  | BackupEnd
  | SegmentSwitch
  | OverwrittenRecord;

const PG_EPOCH_MS = 946_684_800_000;

/** Milliseconds since 1970 of PostgreSQL's microseconds since 2000, rounded down. */
export function epochMsOfPgTime(micros: bigint): number {
  const down = micros % 1000n < 0n ? 1n : 0n;
  return Number(micros / 1000n - down) + PG_EPOCH_MS;
}

/** PostgreSQL's microseconds since 2000 of whole milliseconds since 1970. */
export function pgTimeOfEpochMs(epochMs: number): bigint {
  return BigInt(Math.trunc(epochMs) - PG_EPOCH_MS) * 1000n;
}

/** True for commits and aborts. */
export function endsTransaction(event: WalEvent): event is TransactionEnd {
  return event.kind === "commit" || event.kind === "abort";
}

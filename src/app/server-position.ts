/** Where the server's WAL ends now, and when that was: what lag and exposure are measured by. */
import { parseLsn, type Lsn } from "../core/lsn.ts";
import type { SqlRow, SqlSession } from "../postgres/sql-session.ts";

/** The server at an instant of its own clock. */
export type ServerPosition = {
  readonly flushLsn: Lsn;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  readonly slotRetainedBytes: number | undefined;
  /** Which cluster it is; undefined where that was not asked, or may not be seen. */
  readonly systemId?: string | undefined;
};

/** What a receiver asks besides. */
export type SampledPosition = ServerPosition & {
  /** `synchronous_standby_names` is set: commits may wait for a standby. */
  readonly commitsWait: boolean;
};

const POSITION = `SELECT
  (CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_receive_lsn()
    ELSE pg_catalog.pg_current_wal_flush_lsn() END)::text AS flush,
  (extract(epoch FROM pg_catalog.clock_timestamp()) * 1000)::bigint::text AS now,
  (pg_catalog.current_setting('synchronous_standby_names') <> '')::text AS waits,
  (SELECT pg_catalog.pg_wal_lsn_diff(
      CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_receive_lsn()
        ELSE pg_catalog.pg_current_wal_flush_lsn() END, restart_lsn)::text
    FROM pg_catalog.pg_replication_slots WHERE slot_name = $1) AS retained`;

function positionOf(row: SqlRow | undefined): SampledPosition | undefined {
  const flush = row?.["flush"];
  if (row === undefined || typeof flush !== "string") {
    return undefined;
  }
  const retained = row["retained"];
  return {
    flushLsn: parseLsn(flush),
    nowMs: Number(row["now"]),
    commitsWait: row["waits"] !== "false",
    slotRetainedBytes: typeof retained === "string" ? Number(retained) : undefined,
  };
}

/** Asks on an open session. Undefined on a standby that receives nothing. @throws DrError `PG_*`. */
export async function readPosition(
  session: SqlSession,
  options: { readonly slot: string; readonly signal: AbortSignal },
): Promise<SampledPosition | undefined> {
  const { slot, signal } = options;
  const [row] = await session.query(POSITION, { values: [slot], signal });
  return positionOf(row);
}

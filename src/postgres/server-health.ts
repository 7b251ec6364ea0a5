/**
 * What a server tells of its own health in one short session: does it take writes, who waits, what slots retain, how archiving goes,
 * which damaged pages it met, what time it has. Light enough for every few seconds; nothing is written. What the role may not see
 * is recorded as not visible: a look never fails for a missing right.
 *
 * Follows chapters 27.2 "The Cumulative Statistics System", 53.20 "pg_replication_slots" and 9.28 "System Administration Functions"
 * of PostgreSQL's documentation, 14 to 18.
 */
import type { Clock } from "../core/clock.ts";
import { isDrError } from "../core/errors.ts";
import { type Lsn, parseLsn } from "../core/lsn.ts";
import { type PgVersion, versionOfNumber } from "../core/pg-version.ts";
import type { SqlRow, SqlSession } from "./sql-session.ts";

/** A replication slot. */
export type SlotHealth = {
  readonly name: string;
  readonly active: boolean;
  /** Undefined for a slot that never reserved WAL, and for a lost one. */
  readonly retainedBytes: number | undefined;
  /** `reserved`, `extended`, `unreserved`, `lost`; undefined before WAL was reserved. */
  readonly walStatus: string | undefined;
  /** How much may still be written before the server removes WAL that the slot needs; undefined without a limit. */
  readonly safeBytes: number | undefined;
};

/** Archiving by `archive_command` or a library. Instants are milliseconds since 1970 of the server's clock. */
export type ArchiverHealth = {
  readonly mode: "off" | "on" | "always";
  readonly lastArchivedWal: string | undefined;
  readonly lastArchivedMs: number | undefined;
  readonly lastFailedWal: string | undefined;
  readonly lastFailedMs: number | undefined;
  readonly failures: number;
  /** Segments that wait, and since when the oldest does; undefined without the right to see them. */
  readonly waiting: { readonly count: number; readonly oldestMs: number | undefined } | undefined;
};

/** Damaged pages that a database met since its statistics began. */
export type PageFailures = {
  readonly database: string;
  readonly count: number;
  readonly lastMs: number | undefined;
};

/** Everything of one look. */
export type ServerHealth = {
  /** Which cluster this is; undefined where the role may not see it. */
  readonly systemId: string | undefined;
  readonly version: PgVersion;
  readonly inRecovery: boolean;
  readonly readOnly: boolean;
  readonly walLevel: string;
  /** Who asks, and whether it may stream WAL and base backups. */
  readonly role: { readonly name: string; readonly replicates: boolean };
  /** End of WAL that is on the server's disk; undefined on a standby that receives nothing. */
  readonly flushLsn: Lsn | undefined;
  /** The server's clock, and how far ours was from it at least: 0 when the question's own duration explains it. */
  readonly nowMs: number;
  readonly clockOffMs: number;
  readonly synchronousNames: string;
  /** A synchronous standby is connected, so that commits that wait will be confirmed. */
  readonly synchronousConnected: boolean;
  /** Sessions whose commit waits for a standby; undefined without the right to see them. */
  readonly waitingCommits: number | undefined;
  readonly slots: readonly SlotHealth[];
  readonly archiver: ArchiverHealth;
  readonly pageFailures: readonly PageFailures[];
  /** When the certificate ends that the server showed; undefined without TLS. */
  readonly certificateEndsMs: number | undefined;
  /** Where the data lies on the server's host; undefined without the right to see it. */
  readonly dataDirectory: string | undefined;
};

type Call = { readonly signal: AbortSignal };

const NOW = `(extract(epoch FROM pg_catalog.clock_timestamp()) * 1000)::bigint::text AS now`;
const END = `CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_receive_lsn()
    ELSE pg_catalog.pg_current_wal_flush_lsn() END`;
const msOf = (column: string): string => `(extract(epoch FROM ${column}) * 1000)::bigint::text`;

const GENERAL = `SELECT pg_catalog.current_setting('server_version_num') AS version,
  pg_catalog.pg_is_in_recovery()::text AS recovering,
  pg_catalog.current_setting('default_transaction_read_only') AS readonly,
  pg_catalog.current_setting('synchronous_standby_names') AS names,
  pg_catalog.current_setting('archive_mode') AS mode,
  pg_catalog.current_setting('wal_level') AS level, current_user AS role,
  (SELECT (rolreplication OR rolsuper)::text FROM pg_catalog.pg_roles WHERE rolname = current_user) AS replicates,
  (${END})::text AS flush`;

const SLOTS = `SELECT slot_name, active::text, wal_status, safe_wal_size::text,
  pg_catalog.pg_wal_lsn_diff(${END}, restart_lsn)::text AS retained
  FROM pg_catalog.pg_replication_slots ORDER BY slot_name`;

const ARCHIVER = `SELECT last_archived_wal, ${msOf("last_archived_time")} AS archived,
  last_failed_wal, ${msOf("last_failed_time")} AS failed, failed_count::text AS failures
  FROM pg_catalog.pg_stat_archiver`;

const WAITING_WAL = `SELECT count(*)::text AS count, ${msOf("min(modification)")} AS oldest
  FROM pg_catalog.pg_ls_archive_statusdir() WHERE name LIKE '%.ready'`;

const WAITING_COMMITS = `SELECT pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')::text AS may,
  count(*) FILTER (WHERE wait_event = 'SyncRep')::text AS count
  FROM pg_catalog.pg_stat_activity`;

const SENDERS = `SELECT count(*)::text AS count FROM pg_catalog.pg_stat_replication
  WHERE sync_state IN ('sync', 'quorum')`;

const PAGES = `SELECT coalesce(datname, '(shared)') AS database, checksum_failures::text AS count,
  ${msOf("checksum_last_failure")} AS last
  FROM pg_catalog.pg_stat_database WHERE checksum_failures > 0 ORDER BY datname`;

function numberOf(value: string | null | undefined): number | undefined {
  return value === null || value === undefined ? undefined : Number(value);
}

/** Rows, or undefined where the role or the build does not let us. */
async function rowsIfVisible(
  session: SqlSession,
  sql: string,
  call: Call,
): Promise<readonly SqlRow[] | undefined> {
  try {
    return await session.query(sql, call);
  } catch (error) {
    if (isDrError(error, "PG_RIGHTS") || isDrError(error, "PG_COMMAND_FAILED")) {
      return undefined;
    }
    throw error;
  }
}

/** Which cluster answers; undefined where the role may not see it. @throws DrError `PG_*`. */
export async function readSystemId(session: SqlSession, call: Call): Promise<string | undefined> {
  const sql = "SELECT system_identifier::text AS id FROM pg_catalog.pg_control_system()";
  const [row] = (await rowsIfVisible(session, sql, call)) ?? [];
  // The server shows a signed number.
  return typeof row?.["id"] === "string"
    ? String(BigInt.asUintN(64, BigInt(row["id"])))
    : undefined;
}

function slotOf(row: SqlRow): SlotHealth {
  return {
    name: row["slot_name"] ?? "",
    active: row["active"] === "true",
    retainedBytes: numberOf(row["retained"]),
    walStatus: row["wal_status"] ?? undefined,
    safeBytes: numberOf(row["safe_wal_size"]),
  };
}

async function readArchiver(
  session: SqlSession,
  mode: string | null | undefined,
  call: Call,
): Promise<ArchiverHealth> {
  const [row = {}] = await session.query(ARCHIVER, call);
  const [waiting] = (await rowsIfVisible(session, WAITING_WAL, call)) ?? [];
  return {
    mode: mode === "on" || mode === "always" ? mode : "off",
    lastArchivedWal: row["last_archived_wal"] ?? undefined,
    lastArchivedMs: numberOf(row["archived"]),
    lastFailedWal: row["last_failed_wal"] ?? undefined,
    lastFailedMs: numberOf(row["failed"]),
    failures: Number(row["failures"] ?? 0),
    waiting: waiting && {
      count: Number(waiting["count"]),
      oldestMs: numberOf(waiting["oldest"]),
    },
  };
}

/** The distance of two clocks that the question's duration cannot explain; positive when ours is ahead. */
function clockOffMs(serverMs: number, askedMs: number, answeredMs: number): number {
  return serverMs > answeredMs
    ? answeredMs - serverMs
    : serverMs < askedMs
      ? askedMs - serverMs
      : 0;
}

/** Looks once. @throws DrError `PG_*`. */
export async function readServerHealth(
  session: SqlSession,
  options: Call & { readonly clock: Clock },
): Promise<ServerHealth> {
  const { clock, signal } = options;
  const call = { signal };
  const askedMs = clock.now();
  const [instant = {}] = await session.query(`SELECT ${NOW}`, call);
  const answeredMs = clock.now();
  const nowMs = Number(instant["now"]);
  const [general = {}] = await session.query(GENERAL, call);
  const flush = general["flush"];
  const [waiting] = await session.query(WAITING_COMMITS, call);
  const [senders] = await session.query(SENDERS, call);
  const [directory] =
    (await rowsIfVisible(
      session,
      "SELECT pg_catalog.current_setting('data_directory') AS path",
      call,
    )) ?? [];
  return {
    systemId: await readSystemId(session, call),
    version: versionOfNumber(Number(general["version"])),
    inRecovery: general["recovering"] === "true",
    readOnly: general["readonly"] === "on",
    walLevel: general["level"] ?? "",
    role: { name: general["role"] ?? "", replicates: general["replicates"] === "true" },
    flushLsn: typeof flush === "string" ? parseLsn(flush) : undefined,
    nowMs,
    clockOffMs: clockOffMs(nowMs, askedMs, answeredMs),
    synchronousNames: general["names"] ?? "",
    synchronousConnected: senders?.["count"] !== "0",
    waitingCommits: waiting?.["may"] === "true" ? Number(waiting["count"]) : undefined,
    slots: (await session.query(SLOTS, call)).map(slotOf),
    archiver: await readArchiver(session, general["mode"], call),
    pageFailures: ((await rowsIfVisible(session, PAGES, call)) ?? []).map((row) => ({
      database: row["database"] ?? "",
      count: Number(row["count"]),
      lastMs: numberOf(row["last"]),
    })),
    certificateEndsMs: session.certificateEndsMs,
    dataDirectory: directory?.["path"] ?? undefined,
  };
}

/**
 * One instant of one database, held for as long as programs read it: a session with a snapshot that it exports and a lock on every
 * table, against migrations between the first program and the last. Rights are judged here, by the catalogue, so that
 * what is missing is named before anything is dumped, in whatever language the server speaks.
 *
 * Follows pg_dump.c of PostgreSQL (setup_connection, getTables) and "Snapshot Synchronization Functions".
 */
import { DrError, isDrError } from "../core/errors.ts";
import {
  dumpLockBatch,
  dumpLockWaitMs,
  dumpNamesShownMax,
  dumpOwnStreamBytes,
  dumpOwnStreamsMax,
  dumpSnapshotAttemptsMax,
} from "../core/limits.ts";
import type { ConnectionSettings } from "../postgres/connection-settings.ts";
import { type SqlRow, SqlSession } from "../postgres/sql-session.ts";
import { quoteTable, type TableName } from "./census.ts";

/** A database as its server describes it. */
export type DatabaseFacts = {
  readonly name: string;
  readonly owner: string;
  readonly encoding: string;
  readonly collate: string;
  readonly characterType: string;
  readonly localeProvider: string;
  readonly locale: string | null;
  readonly sizeBytes: number;
};

/** What pg_dump would lock and read; what belongs to an extension is dumped by the extension's own rules. */
const OF_USERS = `FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r','p') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
 AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d
  WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')`;

/** The catalogue alone: whoever asks for a size waits for the table's lock, and nobody could tell for which. */
const TABLES = `SELECT n.nspname AS schema, c.relname AS name,
 (pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT'))::text AS readable,
 (c.relrowsecurity AND pg_catalog.row_security_active(c.oid))::text AS filtered
 ${OF_USERS} ORDER BY 1, 2`;

/** Of tables that are locked. */
const LARGE = `SELECT schema, name FROM (SELECT n.nspname AS schema, c.relname AS name, pg_catalog.pg_table_size(c.oid) AS bytes
 ${OF_USERS} AND c.relkind = 'r') s WHERE bytes >= ${dumpOwnStreamBytes} ORDER BY bytes DESC, 1, 2 LIMIT ${dumpOwnStreamsMax}`;

/** Judged by hand: the server has a function for it from 18 on. Follows pg_largeobject_aclmask_snapshot in aclchk.c. */
const CLOSED_LARGE_OBJECTS = `SELECT pg_catalog.count(*)::text AS n FROM pg_catalog.pg_largeobject_metadata m
 WHERE pg_catalog.current_setting('lo_compat_privileges') = 'off'
 AND NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)
 AND NOT pg_catalog.pg_has_role(m.lomowner, 'USAGE')
 AND NOT EXISTS (SELECT 1 FROM pg_catalog.aclexplode(m.lomacl) a WHERE a.privilege_type = 'SELECT'
  AND (a.grantee = 0 OR pg_catalog.pg_has_role(a.grantee, 'USAGE')))`;

function nameOf(row: SqlRow): TableName {
  return { schema: row["schema"] ?? "", name: row["name"] ?? "" };
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** The databases that can be connected to and are no templates, in order of name; or the named ones. */
export async function listDatabases(
  session: SqlSession,
  call: { readonly major: number; readonly signal: AbortSignal },
): Promise<readonly DatabaseFacts[]> {
  const { major, signal } = call;
  const provider = `CASE datlocprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END`;
  const locale = major >= 17 ? "datlocale" : major >= 15 ? "daticulocale" : "NULL";
  const rows = await session.query(
    `SELECT datname AS name, pg_catalog.pg_get_userbyid(datdba) AS owner,
     pg_catalog.pg_encoding_to_char(encoding) AS encoding, datcollate AS collate, datctype AS ctype,
     ${major >= 15 ? provider : "'libc'"} AS provider, ${locale} AS locale,
     CASE WHEN pg_catalog.has_database_privilege(oid, 'CONNECT') THEN pg_catalog.pg_database_size(oid) ELSE 0 END::text AS bytes
     FROM pg_catalog.pg_database WHERE datallowconn AND NOT datistemplate ORDER BY 1`,
    { signal },
  );
  const text = (row: SqlRow, column: string): string => row[column] ?? "";
  return rows.map((row) => ({
    name: text(row, "name"),
    owner: text(row, "owner"),
    encoding: text(row, "encoding"),
    collate: text(row, "collate"),
    characterType: text(row, "ctype"),
    localeProvider: text(row, "provider"),
    locale: row["locale"] ?? null,
    sizeBytes: Number(row["bytes"]),
  }));
}

/** What a snapshot is opened with. */
export type SnapshotOptions = {
  readonly database: string;
  readonly applicationName: string;
  readonly signal: AbortSignal;
};

/** A held snapshot. Use with `await using`. */
export class Snapshot implements AsyncDisposable {
  readonly session: SqlSession;
  readonly database: string;
  /** For `pg_dump --snapshot`. */
  readonly id: string;
  /** Where the server's WAL ended just before. */
  readonly lsn: string;
  /** The server's clock then: ISO 8601, UTC. */
  readonly takenAt: string;
  /** Tables large enough for a stream of their own, the largest first. */
  readonly large: readonly TableName[];

  private constructor(
    session: SqlSession,
    facts: Pick<Snapshot, "database" | "id" | "lsn" | "takenAt" | "large">,
  ) {
    this.session = session;
    this.database = facts.database;
    this.id = facts.id;
    this.lsn = facts.lsn;
    this.takenAt = facts.takenAt;
    this.large = facts.large;
  }

  /**
   * Takes a snapshot and locks its tables. @throws DrError `DUMP_TABLE_RIGHTS`, `DUMP_LARGE_OBJECT_RIGHTS`, `DUMP_ROW_SECURITY`, `DUMP_LOCKED`,
   * `DUMP_SCHEMA_MOVING`, `PG_*`.
   */
  static async take(settings: ConnectionSettings, options: SnapshotOptions): Promise<Snapshot> {
    const { database } = options;
    for (let attempt = 1; attempt <= dumpSnapshotAttemptsMax; attempt += 1) {
      const session = await SqlSession.open(settings, options);
      try {
        return await Snapshot.#takeIn(session, settings, options);
      } catch (error) {
        await session.close();
        const vanished = isDrError(error) && error.details["sqlstate"] === "42P01";
        if (!vanished) {
          throw error;
        }
      }
    }
    throw new DrError("DUMP_SCHEMA_MOVING", { database, attempts: dumpSnapshotAttemptsMax });
  }

  static async #takeIn(
    session: SqlSession,
    settings: ConnectionSettings,
    options: SnapshotOptions,
  ): Promise<Snapshot> {
    const { database, signal } = options;
    const ask = (sql: string): Promise<readonly SqlRow[]> => session.query(sql, { signal });
    for (const setting of ["statement_timeout", "idle_in_transaction_session_timeout"]) {
      await ask(`SET ${setting} = 0`);
    }
    // Of 17 and later; set without error where it is known.
    await ask(
      "SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings WHERE name = 'transaction_timeout'",
    );
    await ask(`SET lock_timeout = ${dumpLockWaitMs}`);
    const [before] = await ask(`SELECT (CASE WHEN pg_catalog.pg_is_in_recovery()
      THEN pg_catalog.pg_last_wal_replay_lsn() ELSE pg_catalog.pg_current_wal_insert_lsn() END)::text AS lsn,
      pg_catalog.to_char(pg_catalog.clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at`);
    await ask("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY");
    const [exported] = await ask("SELECT pg_catalog.pg_export_snapshot() AS id");
    const tables = Snapshot.#readable(await ask(TABLES), settings, database);
    await Snapshot.#lock(tables, ask, database);
    await Snapshot.#requireLargeObjects(ask, settings, database);
    const large = (await ask(LARGE)).map(nameOf);
    return new Snapshot(session, {
      database,
      id: exported?.["id"] ?? "",
      lsn: before?.["lsn"] ?? "0/0",
      takenAt: before?.["at"] ?? "",
      large,
    });
  }

  static #readable(
    rows: readonly SqlRow[],
    { user }: ConnectionSettings,
    database: string,
  ): readonly TableName[] {
    const named = (which: (row: SqlRow) => boolean): string | undefined => {
      const found = rows.filter(which);
      const names = found
        .slice(0, dumpNamesShownMax)
        .map((row) => `${row["schema"]}.${row["name"]}`);
      const more = found.length - names.length;
      return found.length === 0 ? undefined : `${names.join(", ")}${more > 0 ? ` (+${more})` : ""}`;
    };
    const closed = named((row) => row["readable"] !== "true");
    if (closed !== undefined) {
      throw new DrError("DUMP_TABLE_RIGHTS", { database, user, tables: closed });
    }
    const filtered = named((row) => row["filtered"] === "true");
    if (filtered !== undefined) {
      throw new DrError("DUMP_ROW_SECURITY", { database, user, tables: filtered });
    }
    return rows.map(nameOf);
  }

  /** `pg_read_all_data` does not cover them. @throws DrError `DUMP_LARGE_OBJECT_RIGHTS`. */
  static async #requireLargeObjects(
    ask: (sql: string) => Promise<readonly SqlRow[]>,
    { user }: ConnectionSettings,
    database: string,
  ): Promise<void> {
    const [row] = await ask(CLOSED_LARGE_OBJECTS);
    const count = Number(row?.["n"]);
    if (count > 0) {
      throw new DrError("DUMP_LARGE_OBJECT_RIGHTS", { database, user, count });
    }
  }

  static async #lock(
    tables: readonly TableName[],
    ask: (sql: string) => Promise<unknown>,
    database: string,
  ): Promise<void> {
    try {
      for (let at = 0; at < tables.length; at += dumpLockBatch) {
        const names = tables
          .slice(at, at + dumpLockBatch)
          .map((table) => `ONLY ${quoteTable(table)}`);
        await ask(`LOCK TABLE ${names.join(", ")} IN ACCESS SHARE MODE`);
      }
    } catch (error) {
      if (isDrError(error) && error.details["sqlstate"] === "55P03") {
        const text = String(error.details["text"]);
        throw new DrError("DUMP_LOCKED", { database, seconds: dumpLockWaitMs / 1000, text });
      }
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.session.close();
  }
}

/** True for a role that reads password hashes. */
export async function mayReadPasswords(
  session: SqlSession,
  call: { readonly signal: AbortSignal },
): Promise<boolean> {
  const sql = `SELECT pg_catalog.has_table_privilege(${quoted("pg_catalog.pg_authid")}, 'SELECT')::text AS may`;
  return (await session.query(sql, call))[0]?.["may"] === "true";
}

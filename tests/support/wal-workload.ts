/**
 * Work that writes every kind of WAL record the index is made of, and the WAL it left in `pg_wal` as the
 * record reader sees it.
 */
import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";

import type { Client } from "pg";

import { present } from "../../src/core/assert.ts";
import { type Lsn, addToLsn, parseLsn } from "../../src/core/lsn.ts";
import { parseWalSegmentName, startOfSegment, timelineOf } from "../../src/core/wal-name.ts";
import { WalRecordReader } from "../../src/wal/record/record-reader.ts";
import type { WalEvent } from "../../src/wal/record/wal-event.ts";
import type { WalEnd } from "../../src/wal/record/wal-record.ts";
import type { TestServer } from "./test-server.ts";

/** Settings of a server whose WAL is to be examined: everything is kept and everything is logged. */
export const WAL_WORKLOAD_SETTINGS: Readonly<Record<string, string>> = {
  wal_level: "logical",
  max_prepared_transactions: "10",
  track_commit_timestamp: "on",
  wal_keep_size: "2GB",
  max_wal_size: "4GB",
  checkpoint_timeout: "1h",
  timezone: "UTC",
};

async function transactions(client: Client): Promise<void> {
  await client.query("CREATE TABLE account (id int PRIMARY KEY, balance int, filler text)");
  await client.query(
    "INSERT INTO account SELECT i, 0, repeat('x', 80) FROM generate_series(1, 5000) i",
  );
  for (let round = 0; round < 300; round++) {
    await client.query(`UPDATE account SET balance = balance + 1 WHERE id = ${1 + (round % 5000)}`);
  }
  await client.query("BEGIN; UPDATE account SET balance = 7 WHERE id < 50; ROLLBACK");
  await client.query(
    "BEGIN; INSERT INTO account VALUES (6000, 0, ''); SAVEPOINT a;" +
      "INSERT INTO account VALUES (6001, 0, ''); ROLLBACK TO a; INSERT INTO account VALUES (6002, 0, ''); COMMIT",
  );
  await client.query(
    "DO $$ BEGIN FOR i IN 1..200 LOOP BEGIN INSERT INTO account VALUES (7000 + i, 0, '');" +
      " EXCEPTION WHEN unique_violation THEN NULL; END; END LOOP; END $$",
  );
  await client.query(
    "DO $$ BEGIN FOR i IN 1..10 LOOP BEGIN INSERT INTO account VALUES (7000 + i * 50 - 250, 0, '');" +
      " EXCEPTION WHEN unique_violation THEN NULL; END; END LOOP; END $$",
  );
  await client.query("BEGIN; INSERT INTO account VALUES (8000, 0, ''); PREPARE TRANSACTION 'kept'");
  await client.query(
    "BEGIN; SAVEPOINT s; INSERT INTO account VALUES (8001, 0, ''); RELEASE s; CREATE TABLE two_phase (a int);" +
      " PREPARE TRANSACTION 'kept with more'",
  );
  await client.query("BEGIN; INSERT INTO account VALUES (8002, 0, ''); PREPARE TRANSACTION 'lost'");
  await client.query("COMMIT PREPARED 'kept'");
  await client.query("ROLLBACK PREPARED 'lost'");
  await client.query("COMMIT PREPARED 'kept with more'");
}

async function structures(client: Client): Promise<void> {
  await client.query("CREATE TABLE big (a text); ALTER TABLE big ALTER a SET STORAGE EXTERNAL");
  await client.query(
    "INSERT INTO big SELECT repeat(md5(i::text), 20000) FROM generate_series(1, 5) i",
  );
  await client.query(
    "BEGIN; DROP TABLE big; CREATE TABLE t1 (a int); CREATE INDEX ON t1 (a); COMMIT",
  );
  await client.query("BEGIN; CREATE TABLE t2 (a int); TRUNCATE t1; ROLLBACK");
  await client.query("CREATE INDEX ON account USING gin (to_tsvector('simple', filler))");
  await client.query(
    "CREATE INDEX ON account USING brin (id); CREATE INDEX ON account USING hash (balance)",
  );
  await client.query("CREATE SEQUENCE s; SELECT nextval('s')");
  await client.query("SELECT pg_replication_origin_create('elsewhere')");
  await client.query("SELECT pg_replication_origin_session_setup('elsewhere')");
  await client.query(
    "BEGIN; SELECT pg_replication_origin_xact_setup('0/123', now()); INSERT INTO account VALUES (9000, 0, ''); COMMIT",
  );
  await client.query("SELECT pg_replication_origin_session_reset()");
  await client.query("SELECT pg_logical_emit_message(true, 'note', repeat('m', 30000))");
  await client.query("SELECT pg_logical_emit_message(false, 'note', repeat('m', 2500000))");
  await client.query("VACUUM FREEZE account");
}

async function milestones(client: Client, server: TestServer): Promise<void> {
  await client.query("SELECT pg_create_restore_point('avant-migration')");
  await client.query("CHECKPOINT");
  const [start, stop] =
    server.major === 14
      ? ["pg_start_backup('b', true, false)", "pg_stop_backup(false, false)"]
      : ["pg_backup_start('b', true)", "pg_backup_stop(false)"];
  await client.query(`SELECT ${start}`);
  await client.query(`SELECT ${stop}`);
  await client.query("INSERT INTO account VALUES (9100, 0, '')");
  await client.query("SELECT pg_switch_wal()");
  await client.query("ALTER SYSTEM SET full_page_writes = off");
  await client.query("SELECT pg_reload_conf()");
  await client.query("SELECT pg_sleep(0.3)");
  await client.query("CHECKPOINT");
  await client.query("SELECT pg_create_restore_point('zweiter Punkt: é')");
}

/** Where WAL began to be written by `runWalWorkload`, and the first xid it could use. */
export type WorkloadStart = { readonly lsn: Lsn; readonly xid: number };

/** Runs all of it, with a restart under other settings in the middle; ends with a segment switch. */
export async function runWalWorkload(server: TestServer): Promise<WorkloadStart> {
  const start = {
    lsn: parseLsn(await server.value("SELECT pg_current_wal_flush_lsn()")),
    xid: Number(await server.value("SELECT pg_snapshot_xmax(pg_current_snapshot())")),
  };
  {
    await using client = await server.connect();
    await transactions(client);
    await structures(client);
    await milestones(client, server);
  }
  await server.configure({ max_connections: "55", max_locks_per_transaction: "77" });
  await server.restart();
  await using client = await server.connect();
  await client.query("INSERT INTO account VALUES (9200, 0, '')");
  await client.query("SELECT pg_switch_wal()");
  return start;
}

/** A record with the names that `pg_waldump` and `pg_walinspect` give. */
export type NamedRecord = {
  readonly lsn: Lsn;
  readonly endLsn: Lsn;
  readonly totalBytes: number;
  readonly rmgr: string;
  readonly xid: number;
};

const RMGR_NAMES = (
  "XLOG Transaction Storage CLOG Database Tablespace MultiXact RelMap Standby Heap2 Heap Btree Hash Gin " +
  "Gist Sequence SPGist BRIN CommitTs ReplicationOrigin Generic LogicalMessage"
).split(" ");

/** What the record reader makes of a server's `pg_wal`. */
export type WalOfServer = {
  readonly records: readonly NamedRecord[];
  readonly events: readonly WalEvent[];
  readonly end: WalEnd | undefined;
  /** Where WAL ended, or the end of the last segment. */
  readonly readUntil: Lsn;
  readonly firstSegment: string;
  readonly lastSegment: string;
  readonly systemId: bigint | undefined;
  readonly major: number | undefined;
};

/** Reads all segments of a timeline in `pg_wal`, as files that may end anywhere. */
export async function readWalOf(
  server: TestServer,
  options: {
    readonly walSegmentBytes: number;
    readonly timeline?: number;
    readonly chunkBytes: number;
  },
): Promise<WalOfServer> {
  const timeline = timelineOf(options.timeline ?? 1);
  const directory = join(server.dataDirectory, "pg_wal");
  const prefix = timeline.toString(16).toUpperCase().padStart(8, "0");
  const names = (await readdir(directory))
    .filter((name) => name.startsWith(prefix) && /^[0-9A-F]{24}$/.test(name))
    .toSorted()
    .map(parseWalSegmentName);
  const first = present(names[0], "pg_wal holds a segment");
  const records: NamedRecord[] = [];
  const events: WalEvent[] = [];
  const startLsn = startOfSegment(first, options.walSegmentBytes);
  const reader: WalRecordReader = new WalRecordReader(
    { walSegmentBytes: options.walSegmentBytes, major: "detect", timeline, startLsn, mayEnd: true },
    {
      record: ({ startOffset, endOffset, totalBytes, rmgr, xid }): void => {
        records.push({
          lsn: reader.lsnAt(startOffset),
          endLsn: reader.lsnAt(endOffset),
          totalBytes,
          rmgr: RMGR_NAMES[rmgr] ?? `custom${rmgr}`,
          xid,
        });
      },
      event: (event): void => {
        events.push(event);
      },
    },
  );
  for (const name of names) {
    if (reader.end !== undefined) {
      break;
    }
    const bytes = await readFile(join(directory, name));
    assert.equal(reader.position, startOfSegment(name, options.walSegmentBytes));
    for (let at = 0; at < bytes.length; at += options.chunkBytes) {
      const chunk = bytes.subarray(at, at + options.chunkBytes);
      reader.push(chunk, addToLsn(startOfSegment(name, options.walSegmentBytes), at));
    }
  }
  return {
    records,
    events,
    end: reader.end,
    readUntil: reader.end?.lsn ?? reader.position,
    firstSegment: first,
    lastSegment: present(names.at(-1), "pg_wal holds a segment"),
    systemId: reader.systemId,
    major: reader.major,
  };
}

/** PostgreSQL's microseconds of "2026-11-22 15:03:38.123456 UTC", as the server prints times in UTC. */
export function microsOfText(text: string): bigint {
  const match = present(
    /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))? ?(?:UTC|\+00)/.exec(text),
    `a time in UTC: ${text}`,
  );
  const seconds = Date.parse(`${match[1]}T${match[2]}Z`) / 1000 - 946_684_800;
  return BigInt(seconds) * 1_000_000n + BigInt((match[3] ?? "").padEnd(6, "0"));
}

/** One transaction's end, in the words of `pg_waldump`'s description. */
export type DescribedEnd = {
  readonly lsn: Lsn;
  readonly xid: number;
  readonly timeMicros: bigint;
  readonly subXids: readonly number[];
};

/** Reads the description of a commit or abort record ("1234: 2026-... UTC; subxacts: 5 6; ..."). */
export function parseDescribedEnd(record: {
  readonly lsn: Lsn;
  readonly xid: number;
  readonly description: string;
}): DescribedEnd {
  const match = present(
    /^(?:(\d+): )?(\d{4}-[^;]*)/.exec(record.description),
    `a transaction's end: ${record.description}`,
  );
  const subXids = /subxacts: ([\d ]+)/.exec(record.description)?.[1] ?? "";
  return {
    lsn: record.lsn,
    xid: match[1] === undefined ? record.xid : Number(match[1]),
    timeMicros: microsOfText(match[2] ?? ""),
    subXids: subXids
      .split(" ")
      .filter((text) => text !== "")
      .map(Number),
  };
}

/** The same of the events that the reader found. */
export function endsOf(events: readonly WalEvent[], kind: "commit" | "abort"): DescribedEnd[] {
  return events.flatMap((event) =>
    event.kind === kind
      ? [{ lsn: event.lsn, xid: event.xid, timeMicros: event.timeMicros, subXids: event.subXids }]
      : [],
  );
}

/**
 * The record reader on WAL that servers of all majors wrote, against what those servers say of it: record
 * by record with the `pg_walinspect` extension (15 to 18), transaction by transaction with
 * `pg_xact_status` and `pg_xact_commit_timestamp` (all).
 */
import assert from "node:assert/strict";
import { test } from "node:test";

import { type Lsn, parseLsn } from "../../src/core/lsn.ts";
import { supportedMajors } from "../../src/core/pg-version.ts";
import type { WalEvent } from "../../src/wal/record/wal-event.ts";
import { type TestServer, startStandby, startTestServer } from "../support/test-server.ts";
import {
  type NamedRecord,
  WAL_WORKLOAD_SETTINGS,
  type WalOfServer,
  type WorkloadStart,
  endsOf,
  microsOfText,
  parseDescribedEnd,
  readWalOf,
  runWalWorkload,
} from "../support/wal-workload.ts";

const MIB = 1 << 20;

type InspectedRecord = NamedRecord & { readonly type: string; readonly description: string };

async function inspect(server: TestServer, from: Lsn, to: string): Promise<InspectedRecord[]> {
  await server.query("CREATE EXTENSION IF NOT EXISTS pg_walinspect");
  const { rows } = await server.query(
    `SELECT start_lsn::text, end_lsn::text, xid::text, resource_manager, record_type, record_length,
            description FROM pg_get_wal_records_info($1::pg_lsn, $2::pg_lsn)`,
    { values: [`0/${from.toString(16)}`, to] },
  );
  return rows.map((row) => ({
    lsn: parseLsn(String(row["start_lsn"])),
    endLsn: parseLsn(String(row["end_lsn"])),
    totalBytes: Number(row["record_length"]),
    rmgr: String(row["resource_manager"]),
    xid: Number(row["xid"]),
    type: String(row["record_type"]),
    description: String(row["description"]),
  }));
}

async function compareWithInspection(
  server: TestServer,
  wal: WalOfServer,
  to: string,
): Promise<void> {
  const first = wal.records[0];
  assert.ok(first !== undefined);
  const inspected = await inspect(server, first.lsn, to);
  const limit = parseLsn(to);
  assert.ok(inspected.length > 3000, `${inspected.length} records`);
  assert.deepEqual(
    wal.records.filter(({ endLsn }) => endLsn <= limit),
    inspected.map(({ type: _type, description: _description, ...record }) => record),
  );
  for (const kind of ["commit", "abort"] as const) {
    const described = inspected.filter(
      ({ rmgr, type }) => rmgr === "Transaction" && type.startsWith(kind.toUpperCase()),
    );
    assert.ok(described.length > 2, `${described.length} ${kind} records`);
    assert.deepEqual(
      endsOf(wal.events, kind).filter(({ lsn }) => lsn < limit),
      described.map(parseDescribedEnd),
    );
  }
}

/** Every xid the workload used must have ended in WAL as the server remembers it, at the time it remembers. */
async function compareWithStatus(
  server: TestServer,
  wal: WalOfServer,
  start: WorkloadStart,
): Promise<void> {
  const { rows } = await server.query(
    `SELECT x::text AS xid, pg_xact_status(x::text::xid8) AS status,
            (o).timestamp::text AS time, (o).roident <> 0 AS replicated
       FROM generate_series(${start.xid}, pg_snapshot_xmax(pg_current_snapshot())::text::int - 1) x,
            LATERAL (SELECT pg_xact_commit_timestamp_origin(x::text::xid) AS o) origin`,
  );
  assert.ok(rows.length > 500, `${rows.length} transactions`);
  const committed = new Map<number, bigint>();
  const aborted = new Set<number>();
  for (const { xid, subXids, timeMicros } of endsOf(wal.events, "commit")) {
    for (const one of [xid, ...subXids]) {
      assert.equal(committed.has(one), false, `xid ${one} commits once`);
      committed.set(one, timeMicros);
    }
  }
  for (const { xid, subXids } of endsOf(wal.events, "abort")) {
    for (const one of [xid, ...subXids]) {
      aborted.add(one);
    }
  }
  for (const { xid, status, time, replicated } of rows) {
    const id = Number(xid);
    assert.equal(committed.has(id) ? "committed" : "aborted", status, `xid ${id}`);
    if (status === "committed") {
      // Of a replicated transaction the server remembers the origin's time; recovery compares its own.
      const same = committed.get(id) === microsOfText(String(time));
      assert.equal(same, replicated !== true, `time of xid ${id}`);
      assert.equal(aborted.has(id), false, `xid ${id} does not abort`);
    }
  }
}

type Commit = { readonly xid: number; readonly before: Lsn; readonly after: Lsn };

/** Commits whose places the server's insert position tells. */
async function placedCommits(server: TestServer): Promise<Commit[]> {
  await using client = await server.connect();
  const commits: Commit[] = [];
  for (let round = 0; round < 30; round++) {
    await client.query(`BEGIN; INSERT INTO account VALUES (${20_000 + round}, 0, '')`);
    const inside = await client.query<{ xid: string; lsn: string }>(
      "SELECT pg_current_xact_id()::text AS xid, pg_current_wal_insert_lsn()::text AS lsn",
    );
    await client.query("COMMIT");
    const outside = await client.query<{ lsn: string }>(
      "SELECT pg_current_wal_insert_lsn()::text AS lsn",
    );
    commits.push({
      xid: Number(inside.rows[0]?.xid),
      before: parseLsn(inside.rows[0]?.lsn ?? ""),
      after: parseLsn(outside.rows[0]?.lsn ?? ""),
    });
  }
  return commits;
}

function checkPlaces(wal: WalOfServer, commits: readonly Commit[]): void {
  const found = new Map(kindsOf(wal, "commit").map((event) => [event.xid, event]));
  let exact = 0;
  for (const { xid, before, after } of commits) {
    const event = found.get(xid);
    assert.ok(event !== undefined && event.lsn >= before && event.endLsn <= after, `xid ${xid}`);
    exact += event.lsn === before && event.endLsn === after ? 1 : 0;
  }
  // The server's own processes may write in between, but not at each of them.
  assert.ok(exact > commits.length / 2, `${exact} of ${commits.length} exactly in place`);
}

function kindsOf<K extends WalEvent["kind"]>(
  wal: WalOfServer,
  kind: K,
): Extract<WalEvent, { kind: K }>[] {
  return wal.events.filter((event): event is Extract<WalEvent, { kind: K }> => event.kind === kind);
}

function checkMilestones(server: TestServer, wal: WalOfServer, start: WorkloadStart): void {
  const level = server.major >= 17 ? "logical" : undefined;
  assert.deepEqual(
    kindsOf(wal, "restore-point").map(({ name }) => name),
    ["avant-migration", "zweiter Punkt: é"],
  );
  assert.deepEqual(
    kindsOf(wal, "full-page-writes").map(({ enabled }) => enabled),
    [false],
  );
  assert.equal(kindsOf(wal, "backup-end").length, 1);
  const checkpoints = kindsOf(wal, "checkpoint").filter(({ lsn }) => lsn > start.lsn);
  assert.ok(checkpoints.some(({ shutdown }) => shutdown));
  assert.ok(checkpoints.some(({ shutdown }) => !shutdown));
  for (const checkpoint of checkpoints) {
    assert.equal(checkpoint.timeline, 1);
    assert.equal(checkpoint.previousTimeline, 1);
    assert.equal(checkpoint.walLevel, level);
    assert.ok(checkpoint.redoLsn <= checkpoint.lsn);
    assert.equal(checkpoint.redoLsn === checkpoint.lsn, checkpoint.shutdown);
  }
  const last = kindsOf(wal, "parameter-change").at(-1);
  assert.ok(last !== undefined);
  const { lsn: _lsn, endLsn: _endLsn, ...parameters } = last;
  assert.deepEqual(parameters, {
    kind: "parameter-change",
    walLevel: "logical",
    maxConnections: 55,
    maxWorkerProcesses: 8,
    maxWalSenders: 10,
    maxPreparedTransactions: 10,
    maxLocksPerTransaction: 77,
    walLogHints: false,
    trackCommitTimestamp: true,
  });
}

for (const major of supportedMajors) {
  test(`L44 every record and transaction in the WAL of a ${major} server is read as the server tells it`, async () => {
    await using server = await startTestServer({
      major,
      settings: WAL_WORKLOAD_SETTINGS,
      initdbArguments: ["--wal-segsize=1"],
    });
    const start = await runWalWorkload(server);
    const placed = await placedCommits(server);
    await server.query("SELECT pg_switch_wal()");
    const to = await server.value("SELECT pg_current_wal_flush_lsn()");
    const wal = await readWalOf(server, { walSegmentBytes: MIB, chunkBytes: 131_072 });
    assert.equal(wal.major, major);
    assert.equal(
      wal.systemId,
      BigInt(await server.value("SELECT system_identifier::text FROM pg_control_system()")),
    );
    assert.ok(wal.readUntil >= parseLsn(to), "all WAL that is flushed is read");
    assert.ok(wal.records.some(({ lsn }) => lsn > start.lsn));
    checkMilestones(server, wal, start);
    checkPlaces(wal, placed);
    await compareWithStatus(server, wal, start);
    if (major > 14) {
      await compareWithInspection(server, wal, to);
    }
    const cut = await readWalOf(server, { walSegmentBytes: MIB, chunkBytes: 999 });
    assert.deepEqual(
      cut.records.slice(0, wal.records.length),
      wal.records,
      "other chunks give the same records",
    );
  });
}

for (const major of [15, 18] as const) {
  test(`L14 the first segment of a new timeline on ${major} is read across the switch, end of recovery included`, async () => {
    await using primary = await startTestServer({
      major,
      settings: { wal_keep_size: "1GB" },
      initdbArguments: ["--wal-segsize=1"],
    });
    await primary.query("CREATE TABLE t AS SELECT generate_series(1, 1000) AS a");
    await using standby = await startStandby(primary);
    await primary.query("INSERT INTO t VALUES (1)");
    const before = await primary.value("SELECT pg_current_wal_lsn()");
    const deadline = Date.now() + 20_000;
    while ((await standby.value(`SELECT pg_last_wal_replay_lsn() >= '${before}'`)) !== "true") {
      assert.ok(Date.now() < deadline, "the standby follows");
    }
    await standby.query("SELECT pg_promote()");
    await standby.query("INSERT INTO t VALUES (2)");
    // Asked before reading: a promoted server goes on writing, its first checkpoint for one.
    const flushed = parseLsn(await standby.value("SELECT pg_current_wal_flush_lsn()"));
    const wal = await readWalOf(standby, { walSegmentBytes: MIB, timeline: 2, chunkBytes: 8000 });
    const [promotion] = kindsOf(wal, "end-of-recovery");
    assert.equal(promotion?.timeline, 2);
    assert.equal(promotion.previousTimeline, 1);
    assert.equal(promotion.walLevel, major >= 17 ? "replica" : undefined);
    assert.ok(
      Math.abs(Number(promotion.timeMicros / 1000n) + 946_684_800_000 - Date.now()) < 60_000,
    );
    assert.ok(
      wal.records.some(({ lsn }) => lsn < promotion.lsn),
      "the parent's records come first",
    );
    const commits = kindsOf(wal, "commit");
    assert.ok(commits.some(({ lsn }) => lsn > promotion.lsn));
    assert.ok(wal.readUntil >= flushed);
  });

  test(`L6 after a crash of a ${major} server the reader ends where the server's own recovery does`, async () => {
    await using server = await startTestServer({ major, initdbArguments: ["--wal-segsize=1"] });
    await server.query("CREATE TABLE t (a text)");
    await server.query("INSERT INTO t SELECT repeat('x', 1000) FROM generate_series(1, 5000)");
    await server.kill();
    const crashed = await readWalOf(server, { walSegmentBytes: MIB, chunkBytes: 65_536 });
    await server.start();
    const redone = await server.logText();
    const match = /redo done at ([0-9A-F/]+)/.exec(redone);
    assert.ok(match !== null, redone);
    assert.equal(crashed.records.at(-1)?.lsn, parseLsn(match[1] ?? ""));
    assert.equal(crashed.records.at(-1)?.endLsn, crashed.end?.lsn);
  });

  test(`L6 a record that a crash of a ${major} server cut is given up as the server gives it up`, async () => {
    await using server = await startTestServer({
      major,
      settings: { wal_writer_delay: "10s", wal_buffers: "1MB", wal_keep_size: "1GB" },
      initdbArguments: ["--wal-segsize=1"],
    });
    await server.query("CREATE TABLE t (a int)");
    // Far longer than the WAL buffers, so most of it reaches the disk; never flushed, so its end does not.
    await server.query("SELECT pg_logical_emit_message(false, 'cut', repeat('m', 5000000))");
    await server.kill();
    const crashed = await readWalOf(server, { walSegmentBytes: MIB, chunkBytes: 4096 });
    const wholeUntil = crashed.records.at(-1)?.endLsn;
    assert.ok(wholeUntil !== undefined);
    await server.start();
    await server.query("INSERT INTO t VALUES (1)");
    const wal = await readWalOf(server, { walSegmentBytes: MIB, chunkBytes: 4096 });
    const [overwritten] = kindsOf(wal, "overwritten");
    assert.ok(overwritten !== undefined);
    const cutLsn = overwritten.overwrittenLsn;
    // Only a page header may lie between the last whole record and the cut one.
    assert.ok(cutLsn >= wholeUntil && cutLsn <= wholeUntil + 40n);
    assert.ok(overwritten.lsn > cutLsn + BigInt(MIB));
    assert.ok(wal.records.every(({ lsn }) => lsn !== cutLsn));
    assert.ok(wal.records.some(({ endLsn }) => endLsn === wholeUntil));
    assert.ok(endsOf(wal.events, "commit").some(({ lsn }) => lsn > overwritten.lsn));
  });
}

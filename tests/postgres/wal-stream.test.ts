/** WAL streamed from real servers, compared byte for byte with the server's own segments. */
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { inspect } from "node:util";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { type ErrorCode, isDrError } from "../../src/core/errors.ts";
import { addToLsn, LSN_ZERO, type Lsn, parseLsn } from "../../src/core/lsn.ts";
import { segmentAt, segmentStartAt, timelineOf } from "../../src/core/wal-name.ts";
import { ReplicationConnection } from "../../src/postgres/replication-connection.ts";
import {
  createSlot,
  dropSlot,
  identifySystem,
  readSlot,
  serverVersionNumber,
  showSetting,
  timelineHistory,
} from "../../src/postgres/replication-commands.ts";
import { readSlotState } from "../../src/postgres/server-facts.ts";
import { SqlSession } from "../../src/postgres/sql-session.ts";
import { type ServerPosition, WalStream, type WalTaker } from "../../src/postgres/wal-stream.ts";
import { connectionOf, never } from "../support/connection-of.ts";
import { makeCommitsWait } from "../support/commits-wait.ts";
import { startStandby, startTestServer, type TestServer } from "../support/test-server.ts";

const applicationName = "pra_test";
const waiting = { signal: never };

async function openTo(server: TestServer, tcp = false): Promise<ReplicationConnection> {
  return await ReplicationConnection.open(connectionOf(server, { tcp }), {
    applicationName,
    signal: never,
  });
}

/** Keeps all WAL, asserting that pieces follow each other. */
class KeepingTaker implements WalTaker {
  readonly #start: Lsn;
  readonly #pieces: Buffer[] = [];
  end: Lsn;
  serverEnd: Lsn;
  keepalives = 0;
  replyRequests = 0;

  constructor(start: Lsn) {
    this.#start = start;
    this.end = start;
    this.serverEnd = start;
  }

  onWal(bytes: Uint8Array, startLsn: Lsn, server: ServerPosition): void {
    assert.equal(startLsn, this.end);
    this.#pieces.push(Buffer.from(bytes));
    this.end = addToLsn(startLsn, bytes.length);
    this.#told(server);
  }

  onKeepalive(server: ServerPosition, options: { readonly replyRequested: boolean }): void {
    this.#told(server);
    this.keepalives++;
    this.replyRequests += options.replyRequested ? 1 : 0;
  }

  /** The server's clock is this machine's. */
  #told(server: ServerPosition): void {
    const serverMs = Number(server.timeMicros / 1000n) + Date.UTC(2000, 0, 1);
    assert.ok(Math.abs(serverMs - systemClock.now()) < 60_000);
    this.serverEnd = server.endLsn;
  }

  /** The WAL from `from` to `to`. */
  bytes(from: Lsn, to: Lsn): Buffer {
    const all = Buffer.concat(this.#pieces);
    return all.subarray(Number(from - this.#start), Number(to - this.#start));
  }

  async reach(lsn: Lsn): Promise<void> {
    for (let i = 0; this.end < lsn; i++) {
      assert.ok(i < 400, "the WAL arrives within 10 s");
      await sleep(25);
    }
  }
}

async function segmentFile(server: TestServer, lsn: Lsn, timeline: number): Promise<Buffer> {
  const name = segmentAt(timelineOf(timeline), lsn, 1 << 20);
  return await readFile(join(server.dataDirectory, "pg_wal", name));
}

async function refused(run: Promise<unknown>, code: ErrorCode, hint: RegExp): Promise<void> {
  await assert.rejects(run, (error: unknown) => {
    assert.ok(isDrError(error), inspect(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.hint, hint);
    assert.ok(!/\{[a-z]+\}/i.test(error.message + error.hint));
    return true;
  });
}

for (const major of [18, 15, 14] as const) {
  test(`WAL of ${major} arrives byte for byte, by socket and TCP, and positions go back to the server`, async () => {
    await using server = await startTestServer({
      major,
      tcp: true,
      initdbArguments: ["--wal-segsize=1"],
      settings: { wal_keep_size: "200MB", autovacuum: "off" },
    });
    for (const tcp of [false, true]) {
      await using connection = await openTo(server, tcp);
      assert.equal(Math.floor((await serverVersionNumber(connection, waiting)) / 10_000), major);
      const slot = `pra_${major}_${tcp ? "tcp" : "socket"}`;
      await createSlot(connection, slot, { ...waiting, temporary: true });
      const system = await identifySystem(connection, waiting);
      assert.equal(
        system.systemIdentifier,
        await server.value("SELECT system_identifier FROM pg_control_system()"),
      );
      const startLsn = segmentStartAt(system.flushLsn, 1 << 20);
      const taker = new KeepingTaker(startLsn);
      const { timeline } = system;
      const stream = WalStream.start(
        connection,
        { slot, startLsn, timeline, signal: never, clock: systemClock },
        taker,
      );
      await server.query(`CREATE TABLE IF NOT EXISTS t (a int, b text)`);
      await server.query(
        `INSERT INTO t SELECT g, repeat('x', 500) FROM generate_series(1, 8000) g`,
      );
      const target = parseLsn(await server.value("SELECT pg_switch_wal()"));
      await taker.reach(target);
      for (let at = startLsn; addToLsn(at, 1 << 20) <= taker.end; at = addToLsn(at, 1 << 20)) {
        const file = await segmentFile(server, at, timeline);
        assert.ok(taker.bytes(at, addToLsn(at, 1 << 20)).equals(file), `segment at ${at}`);
      }
      assert.ok(taker.serverEnd >= target);

      stream.sendStatus({ write: target, flush: startLsn, apply: startLsn, replyRequested: true });
      for (let i = 0; taker.keepalives === 0 && i < 200; i++) {
        await sleep(25);
      }
      assert.ok(taker.keepalives > 0, "a requested reply comes");
      const [row] = (
        await server.query(
          `SELECT write_lsn, flush_lsn, sync_state FROM pg_stat_replication WHERE application_name = '${applicationName}'`,
        )
      ).rows;
      assert.equal(parseLsn(String(row?.["write_lsn"])), target);
      assert.equal(parseLsn(String(row?.["flush_lsn"])), startLsn);
      stream.stop();
      assert.deepEqual(await stream.done, { kind: "stopped" });
      // The connection is ready for the next command.
      assert.equal(await showSetting(connection, "wal_segment_size", waiting), "1MB");
    }
  });

  test(`slots of ${major}: created, read, in use, dropped, missing`, async () => {
    await using server = await startTestServer({
      major,
      settings: { max_replication_slots: "1" },
    });
    await using connection = await openTo(server);
    await createSlot(connection, "pra_a", { ...waiting, temporary: false });
    await refused(
      createSlot(connection, "pra_a", { ...waiting, temporary: false }),
      "WAL_SLOT_EXISTS",
      /pg_drop_replication_slot\('pra_a'\)/,
    );
    await refused(
      createSlot(connection, "pra_b", { ...waiting, temporary: false }),
      "WAL_SLOTS_FULL",
      /max_replication_slots/,
    );
    await using session = await SqlSession.open(connectionOf(server), {
      applicationName,
      signal: never,
    });
    const state = await readSlotState(session, "pra_a", waiting);
    assert.equal(state?.["active"], "f");
    assert.ok(Number(state?.["retained_bytes"]) >= 0);
    assert.equal(await readSlotState(session, "pra_z", waiting), undefined);
    if (major >= 15) {
      const position = await readSlot(connection, "pra_a", waiting);
      assert.equal(position?.restartLsn, parseLsn(state?.["restart_lsn"] ?? ""));
      assert.equal(position?.restartTimeline, 1);
      assert.equal(await readSlot(connection, "pra_z", waiting), undefined);
    }
    const { flushLsn, timeline } = await identifySystem(connection, waiting);
    const startLsn = segmentStartAt(flushLsn, 16 << 20);
    const stream = WalStream.start(
      connection,
      { slot: "pra_a", startLsn, timeline, signal: never, clock: systemClock },
      new KeepingTaker(startLsn),
    );
    await sleep(100);
    await using other = await openTo(server);
    const second = WalStream.start(
      other,
      { slot: "pra_a", startLsn, timeline, signal: never, clock: systemClock },
      new KeepingTaker(startLsn),
    );
    await refused(second.done, "WAL_SLOT_IN_USE", /active_pid.*'pra_a'/);
    await refused(dropSlot(other, "pra_a", waiting), "WAL_SLOT_IN_USE", /active_pid/);
    stream.stop();
    await stream.done;
    await dropSlot(connection, "pra_a", waiting);
    await refused(dropSlot(connection, "pra_a", waiting), "WAL_SLOT_MISSING", /pra backup --full/);
    const gone = WalStream.start(
      connection,
      { slot: "pra_a", startLsn, timeline, signal: never, clock: systemClock },
      new KeepingTaker(startLsn),
    );
    await refused(gone.done, "WAL_SLOT_MISSING", /pra wal status/);
  });
}

test("L47 WAL the server removed is WAL_SEGMENT_REMOVED, a lost slot WAL_SLOT_LOST, a place ahead of the server WAL_STREAM_REFUSED", async () => {
  await using server = await startTestServer({
    major: 18,
    initdbArguments: ["--wal-segsize=1"],
    settings: {
      max_slot_wal_keep_size: "2MB",
      min_wal_size: "2MB",
      max_wal_size: "4MB",
      wal_keep_size: "0",
    },
  });
  await using connection = await openTo(server);
  await createSlot(connection, "pra_lost", { ...waiting, temporary: false });
  const { flushLsn, timeline } = await identifySystem(connection, waiting);
  const startLsn = segmentStartAt(flushLsn, 1 << 20);
  await server.query(`CREATE TABLE t (b text)`);
  for (let i = 0; i < 12; i++) {
    await server.query(`INSERT INTO t SELECT repeat('x', 500) FROM generate_series(1, 1500)`);
    await server.query(`SELECT pg_switch_wal()`);
    await server.query(`CHECKPOINT`);
  }
  const oldest = (await readdir(join(server.dataDirectory, "pg_wal"))).sort()[0] ?? "";
  assert.ok(oldest > segmentAt(timeline, startLsn, 1 << 20), oldest);
  const start = async (slot?: string, from: Lsn = startLsn): Promise<unknown> =>
    await WalStream.start(
      connection,
      {
        ...(slot === undefined ? {} : { slot }),
        startLsn: from,
        timeline,
        signal: never,
        clock: systemClock,
      },
      new KeepingTaker(from),
    ).done;
  await refused(start(), "WAL_SEGMENT_REMOVED", /pra backup --full/);
  await using again = await openTo(server);
  const lost = WalStream.start(
    again,
    { slot: "pra_lost", startLsn, timeline, signal: never, clock: systemClock },
    new KeepingTaker(startLsn),
  );
  await refused(lost.done, "WAL_SLOT_LOST", /max_slot_wal_keep_size/);
  await using ahead = await openTo(server);
  const future = addToLsn(flushLsn, 1n << 40n);
  const refusedStream = WalStream.start(
    ahead,
    { startLsn: future, timeline, signal: never, clock: systemClock },
    new KeepingTaker(future),
  );
  await refused(refusedStream.done, "WAL_STREAM_REFUSED", /pra wal status/);
});

test("L13 the end of a timeline is told with the next timeline and where it leaves, and its history can be read", async () => {
  for (const major of [18, 14] as const) {
    await using primary = await startTestServer({ major });
    await using standby = await startStandby(primary);
    await using connection = await openTo(standby);
    const { flushLsn, timeline } = await identifySystem(connection, waiting);
    assert.equal(timeline, 1);
    const startLsn = segmentStartAt(flushLsn, 16 << 20);
    const taker = new KeepingTaker(startLsn);
    const stream = WalStream.start(
      connection,
      { startLsn, timeline, signal: never, clock: systemClock },
      taker,
    );
    await standby.query("SELECT pg_promote(true)");
    const end = await stream.done;
    assert.ok(end.kind === "timeline-ended", inspect(end));
    assert.equal(end.nextTimeline, 2);
    assert.equal(end.nextStartLsn, taker.end);
    const history = await timelineHistory(connection, end.nextTimeline, waiting);
    assert.equal(history.name, "00000002.history");
    const file = join(standby.dataDirectory, "pg_wal", history.name);
    assert.equal(history.content, await readFile(file, "utf8"));
    await refused(
      timelineHistory(connection, timelineOf(77), waiting),
      "WAL_HISTORY_MISSING",
      /pra wal status/,
    );
    // Going on, on the next timeline, over the same connection.
    const next = new KeepingTaker(startLsn);
    const second = WalStream.start(
      connection,
      { startLsn, timeline: end.nextTimeline, signal: never, clock: systemClock },
      next,
    );
    await next.reach(end.nextStartLsn);
    second.stop();
    assert.equal((await second.done).kind, "stopped");
  }
});

test("L7 as a synchronous standby, a commit waits until its position is reported as flushed", async () => {
  await using server = await startTestServer({ major: 18 });
  await using connection = await openTo(server);
  const { flushLsn, timeline } = await identifySystem(connection, waiting);
  const startLsn = segmentStartAt(flushLsn, 16 << 20);
  const taker = new KeepingTaker(startLsn);
  const stream = WalStream.start(
    connection,
    { startLsn, timeline, signal: never, clock: systemClock },
    taker,
  );
  await server.query("CREATE TABLE t (a int)");
  await makeCommitsWait(server, applicationName);
  const report = (flush: Lsn): void => {
    stream.sendStatus({ write: taker.end, flush, apply: LSN_ZERO, replyRequested: false });
  };
  report(startLsn);
  await sleep(300);
  let committed = false;
  const commit = server.query("INSERT INTO t VALUES (1)").then(() => {
    committed = true;
  });
  await sleep(400);
  report(startLsn);
  await sleep(200);
  assert.equal(committed, false);
  report(taker.end);
  await commit;
  stream.stop();
  await server.query("ALTER SYSTEM RESET synchronous_standby_names");
  await server.query("SELECT pg_reload_conf()");
  await stream.done;
});

test("a killed server, an abort and an exception of the taker all end the stream, each with its own reason", async () => {
  await using server = await startTestServer({ major: 15 });
  const open = async (
    taker: (start: Lsn) => WalTaker,
    signal: AbortSignal,
  ): Promise<Promise<unknown>> => {
    const connection = await openTo(server);
    const { flushLsn, timeline } = await identifySystem(connection, waiting);
    const startLsn = segmentStartAt(flushLsn, 16 << 20);
    return WalStream.start(
      connection,
      { startLsn, timeline, signal, clock: systemClock },
      taker(startLsn),
    ).done;
  };
  const reason = new Error("enough");
  const aborter = new AbortController();
  const aborted = open((start) => new KeepingTaker(start), aborter.signal);
  setTimeout(() => {
    aborter.abort(reason);
  }, 100);
  await assert.rejects(aborted, (error) => error === reason);
  const thrown = open(
    () => ({
      onWal: () => {
        throw reason;
      },
      onKeepalive: () => undefined,
    }),
    never,
  );
  await assert.rejects(thrown, (error) => error === reason);
  const killed = open((start) => new KeepingTaker(start), never);
  const check = assert.rejects(killed, (error: unknown) => {
    assert.ok(isDrError(error, "PG_CONNECTION_LOST") || isDrError(error, "PG_SHUTTING_DOWN"));
    return error.retryable;
  });
  await sleep(200);
  await server.kill();
  await check;
});

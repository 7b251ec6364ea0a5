/** What the repository knows of WAL, against servers: timelines, captures, targets, fetching. */
import assert from "node:assert/strict";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { present } from "../../src/core/assert.ts";
import { systemClock } from "../../src/core/clock.ts";
import { isDrError } from "../../src/core/errors.ts";
import { type Lsn, LSN_ZERO, addToLsn, formatLsn, parseLsn } from "../../src/core/lsn.ts";
import {
  parseWalSegmentName,
  segmentAt,
  segmentStartAt,
  timelineOf,
} from "../../src/core/wal-name.ts";
import { WalCapture } from "../../src/wal/capture-wal.ts";
import { materialiseHistories, materialiseWal } from "../../src/wal/materialise-wal.ts";
import { storeHistory } from "../../src/wal/store-history.ts";
import { fetchWal } from "../../src/wal/wal-fetch.ts";
import { pushWal } from "../../src/wal/wal-push.ts";
import { WalReader } from "../../src/wal/wal-reader.ts";
import { WalTargets } from "../../src/wal/wal-targets.ts";
import {
  type TestServer,
  startStandby,
  startTestServer,
  takeOverTree,
} from "../support/test-server.ts";
import { WalLab, eventually, flushLsn, settingsOf, signal } from "../support/wal-lab.ts";

const ONE = timelineOf(1);
const TWO = timelineOf(2);
const LOAD = "INSERT INTO t SELECT g, repeat('x', 200) FROM generate_series(1, 2000) g";

/** Starts a copy of a cleanly stopped server on WAL from the repository; answers a count in it. */
async function restoreAndCount(
  lab: WalLab,
  server: TestServer,
  cold: { readonly directory: string; readonly fromLsn: Lsn },
): Promise<string> {
  const catalogue = await lab.catalogue();
  const newest = present(catalogue.timelines.at(-1), "WAL is held").timeline;
  const lineage = catalogue.lineage(newest);
  const toLsn = present(catalogue.reachableEnd(lineage, cold.fromLsn), "WAL is reachable");
  const reader = await lab.reader();
  const target = { directory: join(cold.directory, "pg_wal") };
  for (const name of ["archive_status", "summaries"]) {
    await mkdir(join(target.directory, name), { recursive: true });
  }
  await materialiseWal(reader, { lineage, fromLsn: cold.fromLsn, toLsn }, target, { signal });
  await materialiseHistories({ sealed: lab.opened, reader }, lineage, target, { signal });
  await writeFile(join(cold.directory, "recovery.signal"), "");
  await writeFile(
    join(cold.directory, "postgresql.auto.conf"),
    "restore_command = 'false'\nrecovery_target_timeline = 'latest'\n",
  );
  await takeOverTree(cold.directory, server.account);
  await server.stop();
  await cp(server.dataDirectory, `${server.dataDirectory}-aside`, { recursive: true });
  await rm(server.dataDirectory, { recursive: true });
  await cp(cold.directory, server.dataDirectory, { recursive: true });
  await takeOverTree(server.dataDirectory, server.account);
  await server.start();
  await eventually(
    async () => ((await server.value("SELECT pg_is_in_recovery()")) === "false" ? true : undefined),
    "the end of recovery",
  );
  return await server.value("SELECT count(*) FROM t");
}

async function coldCopy(server: TestServer): Promise<{ directory: string; fromLsn: Lsn }> {
  await server.stop();
  const directory = join(server.home, "cold");
  await cp(server.dataDirectory, directory, { recursive: true });
  await rm(join(directory, "pg_wal"), { recursive: true });
  await mkdir(join(directory, "pg_wal"));
  await server.start();
  const text = await server.value("SELECT redo_lsn FROM pg_control_checkpoint()");
  return { directory, fromLsn: parseLsn(text) };
}

for (const major of [18, 15] as const) {
  test(`L13 L14 a promotion in the middle of a segment: ${major} is followed, and both timelines restore`, async () => {
    await using primary = await startTestServer({ major, settings: { wal_keep_size: "512MB" } });
    await primary.query("CREATE TABLE t (g int, x text)");
    const cold = await coldCopy(primary);
    await using lab = await WalLab.open(primary);
    await using early = lab.receive(primary);
    await using standby = await startStandby(primary, { settings: { wal_keep_size: "512MB" } });
    await early.untilDurable(await flushLsn(primary), { signal });
    await early.stop();
    await using receiver = lab.receive(standby);
    await primary.query(LOAD);
    const before = await flushLsn(primary);
    await receiver.untilDurable(before, { signal });
    await standby.query("SELECT pg_promote()");
    await standby.query(LOAD);
    await standby.query("CHECKPOINT");
    await eventually(() => (receiver.timeline === TWO ? true : undefined), "the switch");
    await receiver.untilDurable(await flushLsn(standby), { signal });
    await receiver.stop();
    const catalogue = await lab.catalogue();
    assert.deepEqual(catalogue.knownHistories, [TWO]);
    const [first, second] = catalogue.lineage(TWO);
    assert.equal(first?.timeline, ONE);
    assert.equal(second?.fromLsn, first.toLsn);
    const switchLsn = present(first.toLsn, "timeline 1 was left");
    assert.ok(switchLsn >= before);
    assert.notEqual(switchLsn % (1n << 24n), 0n);
    assert.equal(lab.eventsOf("timeline-switched")[0]?.switchLsn, switchLsn);
    // The last segment of timeline 1 never became whole, so it is not published.
    const last = present(catalogue.timeline(ONE), "timeline 1 is held");
    assert.ok(last.published.every((run) => run.toLsn <= switchLsn));
    assert.equal(await restoreAndCount(lab, primary, cold), "4000");
  });
}

test("L13 a receiver that starts after the failover follows from where the repository stands", async () => {
  await using primary = await startTestServer({ major: 18, settings: { wal_keep_size: "512MB" } });
  await primary.query("CREATE TABLE t (g int, x text)");
  const cold = await coldCopy(primary);
  await using lab = await WalLab.open(primary);
  await using first = lab.receive(primary);
  await using standby = await startStandby(primary, { settings: { wal_keep_size: "512MB" } });
  await primary.query(LOAD);
  await first.untilDurable(await flushLsn(primary), { signal });
  await first.stop();
  await primary.query(LOAD);
  const end = await primary.value("SELECT pg_current_wal_flush_lsn()");
  await eventually(
    async () =>
      (await standby.value(`SELECT pg_last_wal_replay_lsn() >= '${end}'`)) === "true"
        ? true
        : undefined,
    "the standby's replay",
  );
  await primary.stop();
  await standby.query("SELECT pg_promote()");
  await standby.query(LOAD);
  await using second = lab.receive(standby);
  await eventually(() => (second.timeline === TWO ? true : undefined), "the switch");
  await second.untilDurable(await flushLsn(standby), { signal });
  await second.stop();
  assert.equal(lab.eventsOf("slot-missing").length, 1);
  assert.deepEqual(lab.eventsOf("gap"), []);
  await assert.rejects(
    async () => {
      await primary.start();
      await lab.receive(primary).done;
    },
    (error) =>
      isDrError(error, "WAL_TIMELINE_BEHIND") && /timeline 1.*timeline 2/.test(error.message),
  );
  assert.equal(await restoreAndCount(lab, primary, cold), "6000");
});

test("L3 a capture holds the WAL of a backup from before its start to its stop", async () => {
  await using server = await startTestServer({ major: 18 });
  await using lab = await WalLab.open(server);
  await server.query("CREATE TABLE t (g int, x text)");
  await using capture = await WalCapture.open({
    sealed: lab.sealed,
    place: lab.place,
    settings: settingsOf(server),
    applicationName: "pra_capture",
    slotName: "pra_capture_1",
    lease: { epoch: lab.nextEpoch(), lost: signal },
    events: () => undefined,
    clock: systemClock,
    signal,
  });
  await using client = await server.connect();
  const start = await client.query<{ lsn: string }>(
    "SELECT pg_backup_start('x', true)::text AS lsn",
  );
  await client.query(LOAD);
  const stop = await client.query<{ lsn: string }>("SELECT lsn::text FROM pg_backup_stop(false)");
  const startLsn = parseLsn(present(start.rows[0], "a backup starts").lsn);
  const stopLsn = parseLsn(present(stop.rows[0], "a backup stops").lsn);
  const captured = await capture.finishAt(stopLsn, { segmentTimeoutMs: 10_000, signal });
  assert.ok(captured.fromLsn <= startLsn);
  assert.equal(captured.wholeSegments, true);
  const span = present((await lab.catalogue()).spanCovering(ONE, startLsn), "WAL is held");
  assert.ok(span.toLsn >= stopLsn);
  await eventually(
    async () =>
      (await server.value("SELECT count(*) FROM pg_replication_slots")) === "0" ? true : undefined,
    "the end of the slot",
  );
});

test("L44 where a time, an xid and a name stop is told from indexes and from parts", async () => {
  await using server = await startTestServer({ major: 18, initdbArguments: ["--wal-segsize=1"] });
  await using lab = await WalLab.open(server);
  await server.query("CREATE TABLE t (g int, x text)");
  await using receiver = lab.receive(server);
  await using client = await server.connect();
  const commits: { xid: number; micros: bigint }[] = [];
  for (let round = 0; round < 12; round++) {
    await client.query("BEGIN");
    await client.query(LOAD);
    const { rows } = await client.query<{ xid: string }>("SELECT txid_current()::text AS xid");
    await client.query("COMMIT");
    commits.push({ xid: Number(present(rows[0], "a row").xid), micros: 0n });
  }
  await client.query("SELECT pg_create_restore_point('before the flood')");
  await client.query("INSERT INTO t VALUES (1, 'last')");
  await receiver.untilDurable(await flushLsn(server), { signal });
  await receiver.stop();
  const reader = await lab.reader();
  const { catalogue } = reader;
  const span = present(catalogue.timeline(ONE)?.spans[0], "WAL is held");
  const lineage = catalogue.lineage(ONE);
  const path = { lineage, fromLsn: span.fromLsn, toLsn: span.toLsn };
  const targets = new WalTargets(lab.opened, reader);
  for (const [number, { xid }] of commits.entries()) {
    const found = present(await targets.ofXid(path, xid, { signal }), `xid ${xid} is known`);
    const { timeMicros, lsn } = found.transaction;
    const inclusive = await targets.atTime(path, { timeMicros, inclusive: true }, { signal });
    assert.equal(inclusive.lastCommit?.xid, xid);
    const next = commits[number + 1];
    assert.ok(next === undefined || inclusive.stopsAt?.xid === next.xid);
    const exclusive = await targets.atTime(path, { timeMicros, inclusive: false }, { signal });
    assert.equal(exclusive.stopsAt?.lsn, lsn);
    const near = await targets.nearest(path, timeMicros, { signal });
    assert.equal(near.before?.xid, xid);
  }
  const [point] = await targets.restorePoints(path, { signal });
  assert.equal(point?.name, "before the flood");
  const last = present(await targets.lastCommit(path, { signal }), "there is a last commit");
  assert.ok(last.lsn > point.lsn);
  const beyond = { timeMicros: last.timeMicros + 1n, inclusive: true };
  assert.equal((await targets.atTime(path, beyond, { signal })).stopsAt, undefined);
});

test(
  "that nothing was written after an instant is held in parts of an idle server",
  { timeout: 60_000 },
  async () => {
    await using server = await startTestServer({ major: 18 });
    await using lab = await WalLab.open(server);
    await using receiver = lab.receive(server);
    await server.query("CREATE TABLE t (g int, x text)");
    // As the end of a backup does: nothing of the next segment is written then.
    await server.query("SELECT pg_switch_wal()");
    await receiver.untilDurable(await flushLsn(server), { signal });
    const asked = await server.value(
      "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint - 946684800000000",
    );
    const known = await eventually(
      async () => {
        const claim = (await lab.catalogue()).knownAt(ONE);
        return claim !== undefined && claim.knownAt > BigInt(asked) ? claim : undefined;
      },
      "an idle claim",
      40_000,
    );
    assert.ok(known.endLsn <= (await flushLsn(server)));
    await receiver.stop();
  },
);

test("L10 L45 pushed files are taken twice, fetched as they were, and absent only where that is proven", async () => {
  await using server = await startTestServer({ major: 15, initdbArguments: ["--wal-segsize=1"] });
  await using lab = await WalLab.open(server);
  await server.query("CREATE TABLE t (g int, x text)");
  await server.query(LOAD);
  const name = await server.value("SELECT pg_walfile_name(pg_current_wal_lsn())");
  await server.query("SELECT pg_switch_wal()");
  await server.query(LOAD);
  const path = join(server.dataDirectory, "pg_wal", name);
  assert.equal(await pushWal({ ...lab.pushOptions(), path }), "created");
  assert.equal(await pushWal({ ...lab.pushOptions(), path }), "identical");
  const cut = join(lab.directory, name);
  await writeFile(cut, (await readFile(path)).subarray(0, 100_000));
  await assert.rejects(pushWal({ ...lab.pushOptions(), path: cut }), (error) =>
    isDrError(error, "WAL_FILE_SIZE"),
  );
  const other = join(lab.directory, "000000010000000000000077");
  await cp(path, other);
  await assert.rejects(pushWal({ ...lab.pushOptions(), path: other }), (error) =>
    isDrError(error, "WAL_PAGE_ADDRESS"),
  );
  const fetch = (wanted: string): Promise<string> =>
    fetchWal({
      sealed: lab.opened,
      place: lab.place,
      name: wanted,
      path: join(lab.directory, `fetched-${wanted}`),
      signal,
    });
  assert.equal(await fetch(name), "fetched");
  assert.ok((await readFile(join(lab.directory, `fetched-${name}`))).equals(await readFile(path)));
  const size = 1 << 20;
  const start = parseLsn(await server.value("SELECT pg_current_wal_lsn()"));
  assert.equal(await fetch(segmentAt(ONE, start, size)), "absent");
  assert.equal(await fetch("00000002.history"), "absent");
  // A segment before what is held: a hole, not the end of WAL.
  const held = parseWalSegmentName(name);
  const missing = segmentAt(ONE, LSN_ZERO, size);
  assert.notEqual(held, missing);
  await assert.rejects(fetch(missing), (error) => isDrError(error, "WAL_MISSING"));
  // A history that left this timeline further on: its WAL existed up to there.
  const next = segmentAt(ONE, start, size);
  const leave = async (timeline: number, lsn: Lsn): Promise<void> => {
    const content = Buffer.from(`1\t${formatLsn(lsn)}\tno recovery target specified\n`);
    const history = { place: lab.place, timeline: timelineOf(timeline), content, epoch: 0 };
    await storeHistory(lab.opened, history, { signal });
  };
  await leave(2, segmentStartAt(start, size));
  assert.equal(await fetch(next), "absent");
  await leave(3, addToLsn(start, 1));
  await assert.rejects(fetch(next), (error) => isDrError(error, "WAL_MISSING"));
});

test("L44 a segment that was in the making and is published meanwhile tells of no more than what will be laid", async () => {
  await using server = await startTestServer({ major: 18 });
  await server.query("CREATE TABLE t (g int, x text)");
  await using lab = await WalLab.open(server);
  await using receiver = lab.receive(server);
  await server.query(LOAD);
  await receiver.untilDurable(await flushLsn(server), { signal });
  const catalogue = await lab.catalogue();
  const [timeline] = catalogue.timelines;
  const span = present(timeline?.spans.at(-1), "WAL is held");
  const segmentLsn = segmentStartAt(span.toLsn, 1 << 24);
  // One record of many pages, then the end of the segment.
  await server.query("INSERT INTO t SELECT g, repeat('y', 200) FROM generate_series(1, 5000) g");
  await server.query("SELECT pg_switch_wal()");
  const segment = segmentAt(ONE, segmentLsn, 1 << 24);
  const name = { ...lab.place, type: "walIndex", segment } as const;
  await eventually(
    () => lab.opened.getWhole(name, { signal }).catch(() => undefined),
    `the index of ${segment}`,
  );
  const targets = new WalTargets(lab.opened, new WalReader(lab.opened, catalogue));
  const path = { lineage: catalogue.lineage(ONE), fromLsn: segmentLsn, toLsn: span.toLsn };
  for await (const { records } of targets.indexes(path, { signal })) {
    assert.ok(records !== undefined && records.endLsn <= span.toLsn);
  }
});

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chmod, copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { formatLsn, parseLsn } from "../../src/core/lsn.ts";
import { supportedMajors } from "../../src/core/pg-version.ts";
import { Acknowledged } from "../../src/loadtest/acknowledged.ts";
import { addBulkData } from "../../src/loadtest/bulk-data.ts";
import { verifyOracle } from "../../src/loadtest/oracle.ts";
import { checkRelations, countBothWays } from "../../src/proof/relation-checks.ts";
import { startWorkload } from "../../src/loadtest/workload.ts";
import { makeCommitsWait } from "../support/commits-wait.ts";
import { type TestServer, startStandby, startTestServer } from "../support/test-server.ts";

const signal = AbortSignal.timeout(240_000);

async function judge(
  server: TestServer,
  acknowledged: Acknowledged,
): ReturnType<typeof verifyOracle> {
  await using client = await server.connect();
  return await verifyOracle(client, acknowledged);
}

for (const major of supportedMajors) {
  test(`on ${major} every acknowledged commit survives a kill under load`, async (t) => {
    await using server = await startTestServer({ major, durable: true });
    const acknowledgedFile = `${server.home}.acknowledged`;
    t.after(() => rm(acknowledgedFile, { force: true }));
    const load = await startWorkload({
      connection: server.clientConfig(),
      clients: 8,
      signal,
      acknowledgedFile,
    });
    await load.untilCommits(500, { signal });
    await server.kill();
    const summary = await load.ended;
    assert.equal(summary.endings.length, 8);
    assert.ok(summary.endings.every((ending) => ending.kind === "broken"));
    await server.start();
    const verdict = await judge(server, load.acknowledged);
    assert.deepEqual(verdict.lost, []);
    assert.equal(verdict.ok, true, JSON.stringify(verdict));
    assert.ok(
      verdict.found - verdict.acknowledged <= 8,
      "only commits under way may be found beyond",
    );
    const fromFile = await Acknowledged.read(acknowledgedFile);
    assert.deepEqual(fromFile.all(), load.acknowledged.all());

    await using client = await server.connect();
    const checks = await checkRelations(client);
    assert.equal(checks.amcheck, true);
    assert.ok(checks.heaps > 50 && checks.indexes > 100);
    assert.deepEqual(checks.findings, []);
    await client.query("VACUUM pra_load.ledger");
    const counts = await countBothWays(client, "pra_load.ledger");
    assert.equal(counts.forced, true);
    assert.equal(counts.indexOnly, counts.sequential);
    assert.equal(counts.sequential, verdict.found);
  });
}

test("each kind of damage is found and named", async () => {
  await using server = await startTestServer({ major: 18 });
  const load = await startWorkload({
    connection: server.clientConfig(),
    clients: 3,
    commitsPerClient: 20,
    signal,
  });
  const summary = await load.ended;
  assert.equal(summary.commits, 60);
  assert.ok(summary.endings.every((ending) => ending.kind === "stopped"));
  assert.equal((await judge(server, load.acknowledged)).ok, true);

  const damaged = async (sql: string): ReturnType<typeof verifyOracle> => {
    await using client = await server.connect();
    await client.query("CREATE TEMP TABLE kept_ledger AS TABLE pra_load.ledger");
    await client.query("CREATE TEMP TABLE kept_account AS TABLE pra_load.account");
    await client.query(sql);
    const verdict = await verifyOracle(client, load.acknowledged);
    await client.query(`TRUNCATE pra_load.ledger, pra_load.account;
      INSERT INTO pra_load.ledger TABLE kept_ledger;
      INSERT INTO pra_load.account TABLE kept_account`);
    return verdict;
  };

  const lost = await damaged("DELETE FROM pra_load.ledger WHERE client = 1 AND sequence > 18");
  assert.deepEqual(lost.lost, [
    { client: 1, sequence: 19 },
    { client: 1, sequence: 20 },
  ]);
  assert.deepEqual(lost.chainBroken, []);
  assert.ok(lost.wrongAccounts.length > 0);

  const hole = await damaged("DELETE FROM pra_load.ledger WHERE client = 0 AND sequence = 5");
  assert.deepEqual(hole.lost, [{ client: 0, sequence: 5 }]);
  assert.deepEqual(hole.chainBroken, [{ client: 0, sequence: 6, fault: "missing before" }]);

  const edited = await damaged(
    "UPDATE pra_load.ledger SET amount = amount + 1 WHERE client = 2 AND sequence = 7",
  );
  assert.deepEqual(edited.chainBroken, [{ client: 2, sequence: 7, fault: "wrong hash" }]);

  const forked = await damaged(`UPDATE pra_load.ledger SET amount = 1000,
    hash = encode(sha256(convert_to(previous || '|2|20|' || debit || '|' || credit || '|1000', 'UTF8')), 'hex')
    WHERE client = 2 AND sequence = 20`);
  assert.deepEqual(forked.chainBroken, [
    { client: 2, sequence: 20, fault: "differs from acknowledged" },
  ]);

  const money = await damaged("UPDATE pra_load.account SET balance = balance + 1 WHERE id = 3");
  assert.equal(money.sumOk, false);
  assert.deepEqual(money.wrongAccounts, [3]);
  assert.equal(money.ok, false);

  assert.equal((await judge(server, load.acknowledged)).ok, true);
});

test("a chain continues where the server has it", async () => {
  await using server = await startTestServer({ major: 15 });
  const options = {
    connection: server.clientConfig(),
    clients: 2,
    commitsPerClient: 5,
    signal,
  };
  const first = await startWorkload(options);
  await first.ended;
  const second = await startWorkload(options);
  await second.ended;
  assert.deepEqual(
    second.acknowledged.of(1).map((commit) => commit.sequence),
    [6, 7, 8, 9, 10],
  );
  assert.equal((await judge(server, first.acknowledged)).ok, true);
  assert.equal((await judge(server, second.acknowledged)).found, 20);
});

test("R6 clients that pause end at once when the load is stopped", async () => {
  await using server = await startTestServer({ major: 18 });
  const connection = server.clientConfig();
  const load = await startWorkload({ connection, clients: 16, signal, pauseMs: 5000 });
  await load.untilCommits(16, { signal });
  const beganMs = performance.now();
  const { endings } = await load.stop();
  const tookMs = performance.now() - beganMs;
  assert.ok(tookMs < 3000, `${tookMs} ms`);
  assert.ok(endings.every(({ kind }) => kind === "stopped"));
  assert.equal((await judge(server, load.acknowledged)).ok, true);
});

test("L7 a cancelled wait for a synchronous standby acknowledges nothing", async () => {
  await using server = await startTestServer({ major: 18 });
  const setUp = await startWorkload({
    connection: server.clientConfig(),
    clients: 1,
    commitsPerClient: 1,
    signal,
  });
  await setUp.ended;
  await makeCommitsWait(server, "nobody");
  const load = await startWorkload({
    connection: { ...server.clientConfig(), options: "-c lc_messages=C" },
    clients: 1,
    commitsPerClient: 1,
    signal,
  });
  let cancelled = false;
  while (!cancelled) {
    await sleep(20);
    const result = await server.query(
      "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'",
    );
    cancelled = result.rows.length > 0;
  }
  const summary = await load.ended;
  assert.equal(summary.unacknowledged, 1);
  assert.equal(summary.commits, 0);
  assert.equal(load.acknowledged.count, 0);
  assert.equal(await server.value("SELECT max(sequence) FROM pra_load.ledger"), "2");
});

test("L24 a visibility map that lies makes the two counts differ", async () => {
  await using server = await startTestServer({
    major: 15,
    initdbArguments: ["--data-checksums"],
    settings: { autovacuum: "off" },
  });
  await using client = await server.connect();
  await client.query("CREATE TABLE t (id int PRIMARY KEY)");
  await client.query("INSERT INTO t SELECT generate_series(1, 1000)");
  await client.query("VACUUM t");
  // A deletion that the map does not learn of, as when a stale map was restored over the right one.
  await client.query("CREATE EXTENSION pg_visibility");
  const path = await server.value("SELECT pg_relation_filepath('t')");
  await client.query("CHECKPOINT");
  const map = `${server.dataDirectory}/${path}_vm`;
  await copyFile(map, `${map}.stale`);
  await client.query("DELETE FROM t WHERE id <= 100");
  await server.stop();
  await copyFile(`${map}.stale`, map);
  await server.start();
  await using after = await server.connect();
  const counts = await countBothWays(after, "t");
  assert.deepEqual(counts, { indexOnly: 1000, sequential: 900, forced: true });
});

test("bulk data reaches its size, half of it incompressible", async () => {
  await using server = await startTestServer({ major: 18 });
  const bytes = await addBulkData(server.clientConfig(), { bytes: 32 << 20, signal });
  assert.ok(bytes >= 32 << 20 && bytes < 40 << 20, `${bytes}`);
  const rows = await server.value("SELECT count(*) FROM pra_load.bulk");
  assert.equal(rows, "32768");
  const distinct = await server.value("SELECT count(DISTINCT content) FROM pra_load.bulk");
  assert.ok(Number(distinct) > 16_384);
});

for (const major of [15, 18] as const) {
  test(`L44 on ${major} a recovery to a time, to a position and to the end is judged right`, async (t) => {
    const archive = await mkdtemp("/tmp/pra-archive-");
    t.after(() => rm(archive, { recursive: true, force: true }));
    await chmod(archive, 0o777);
    await using server = await startTestServer({
      major,
      settings: { archive_mode: "on", archive_command: `cp %p ${archive}/%f` },
      initdbArguments: ["--wal-segsize=1"],
    });
    await server.query("CREATE TABLE before_copy ()");
    const connection = server.clientConfig();
    const load = await startWorkload({ connection, clients: 4, signal, pauseMs: 2 });
    await load.untilCommits(200, { signal });
    await using stack = new AsyncDisposableStack();
    const copies = [0, 1, 2].map(() => startStandby(server, { start: false }));
    for (const copy of await Promise.all(copies)) {
      stack.use(copy);
    }
    await sleep(100);
    const time = Date.now();
    await sleep(100);
    const lsn = parseLsn(await server.value("SELECT pg_current_wal_flush_lsn()"));
    await sleep(100);
    await load.stop();
    await server.query("CREATE TABLE after_load ()");
    const { walFile } = (await server.query(`SELECT pg_walfile_name(pg_switch_wal()) AS "walFile"`))
      .rows[0] as { walFile: string };
    while (!existsSync(join(archive, walFile))) {
      await sleep(20);
    }
    await server.stop();
    const targets = [
      { target: { kind: "all" as const }, settings: {} },
      {
        target: { kind: "time" as const, epochMs: time },
        settings: { recovery_target_time: new Date(time).toISOString().replace("Z", "+00") },
      },
      {
        target: { kind: "lsn" as const, lsn },
        settings: { recovery_target_lsn: formatLsn(lsn) },
      },
    ];
    for (const [index, { target, settings }] of targets.entries()) {
      const restored = await copies[index];
      assert.ok(restored !== undefined);
      await rm(join(restored.dataDirectory, "standby.signal"));
      await writeFile(join(restored.dataDirectory, "recovery.signal"), "");
      await restored.start({
        settings: {
          ...settings,
          restore_command: `cp ${archive}/%f %p`,
          recovery_target_action: "promote",
          archive_mode: "off",
        },
      });
      while ((await restored.value("SELECT pg_is_in_recovery()")) === "true") {
        await sleep(20);
      }
      await using client = await restored.connect();
      const verdict = await verifyOracle(client, load.acknowledged, { upTo: target });
      assert.equal(verdict.ok, true, JSON.stringify(verdict));
      assert.ok(verdict.required > 200);
      if (target.kind !== "all") {
        assert.ok(verdict.found < load.acknowledged.count, "the target lies before the end");
        const strict = await verifyOracle(client, load.acknowledged);
        assert.ok(strict.lost.length > 0, "judged up to the end, the same copy has lost commits");
        const early = { kind: "time" as const, epochMs: time - 150 };
        const late = await verifyOracle(client, load.acknowledged, { upTo: early });
        assert.ok(late.beyond.length > 0, "judged up to an earlier instant, it goes too far");
      }
    }
  });
}

test("a server killed under bulk data and under a load breaks both, and not the process", async () => {
  await using server = await startTestServer({ major: 18 });
  const connection = server.clientConfig();
  const load = await startWorkload({ connection, clients: 2, signal });
  const bulk = addBulkData(connection, { bytes: 4 << 30, signal });
  bulk.catch(() => undefined);
  await load.untilCommits(20, { signal });
  await server.kill();
  await assert.rejects(bulk);
  const { endings } = await load.ended;
  assert.ok(endings.every((ending) => ending.kind === "broken"));
  await assert.rejects(startWorkload({ connection, clients: 2, signal }));
});

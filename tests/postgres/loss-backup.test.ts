/** What happens to a server, its WAL and its network while a backup runs: never a backup that is less than it says. */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";
import pg from "pg";
import { CommandLine, errorCodeOf } from "../support/command-line.ts";
import { LoopbackProxy } from "../support/loopback-proxy.ts";
import {
  type TestServer,
  freePort,
  startStandby,
  startTestServer,
} from "../support/test-server.ts";

const BULK_BYTES = 4 << 20;
const FILL =
  "CREATE TABLE t AS SELECT g AS id, md5(g::text) AS text FROM generate_series(1, 20000) g";
const HASH = "SELECT count(*) || md5(string_agg(t::text, ',' ORDER BY t)) AS value FROM t";

async function backupCount(pra: CommandLine): Promise<number> {
  const { value } = await pra.json("list");
  const { clusters } = value as { clusters: { backups: unknown[] }[] };
  return clusters.flatMap(({ backups }) => backups).length;
}

/** Restores, starts, and answers one value of the copy. */
async function restoredValue(pra: CommandLine, target: string, sql: string): Promise<string> {
  const to = join(pra.directory, "copy");
  const port = await freePort();
  const { code, value, out } = await pra.json(
    `restore --to ${to} ${target} --start --port ${port}`,
  );
  assert.equal(code, 0, out);
  try {
    const client = new pg.Client({
      host: String(value["socketDirectory"]),
      port,
      user: "postgres",
      database: "postgres",
    });
    client.on("error", () => undefined);
    await client.connect();
    const { rows } = await client.query<{ value: string }>(sql);
    await client.end();
    return String(rows[0]?.value);
  } finally {
    await pra.run(`stop ${to}`);
  }
}

/** Fills WAL so that a record of `lastBytes` ends the segment. Nobody else writes. */
async function padToSegmentEnd(server: TestServer, lastBytes: number): Promise<void> {
  await using client = await server.connect();
  const position = async (): Promise<number> => {
    const { rows } = await client.query<{ at: string }>(
      "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0') AS at",
    );
    return Number(rows[0]?.at) % (1 << 20);
  };
  const emit = async (bytes: number): Promise<void> => {
    await client.query("SELECT pg_logical_emit_message(false, 'p', repeat('x', $1))", [bytes]);
  };
  const lastPage = (1 << 20) - 8192;
  for (let at = await position(); at < lastPage + 64; at = await position()) {
    await emit(Math.min(Math.max(lastPage - at, 300), 100_000));
    if ((await position()) < at) {
      break;
    }
  }
  const before = await position();
  await emit(1000);
  const overhead = (await position()) - before - 1000;
  const room = (1 << 20) - (await position()) - lastBytes;
  assert.ok(room > 1100, `there is room for one more message: ${room}`);
  await emit(room - overhead);
  assert.equal((1 << 20) - (await position()), lastBytes);
}

/** MAXALIGN of a record header, a short data header and an LSN: XLOG_BACKUP_END. */
const BACKUP_END_BYTES = 40;

for (const major of [18, 15] as const) {
  test(`L2 a ${major} killed in the middle of a backup has nothing of it in its directory, and starts`, async () => {
    await using server = await startTestServer({ major, tcp: true });
    await server.query(FILL);
    await using pra = await CommandLine.initialised(server);
    await using proxy = await LoopbackProxy.before(server.port);
    proxy.trouble = { kind: "hold", afterBytes: BULK_BYTES };
    const backup = pra.start("backup --full", proxy.environment);
    await proxy.held;
    const during = await readdir(server.dataDirectory);
    await server.kill();
    proxy.resume();
    const { code, err } = await backup.answer;
    assert.equal(code, 1, err);
    for (const names of [during, await readdir(server.dataDirectory)]) {
      assert.deepEqual(
        names.filter((name) => /^(?:backup_label|tablespace_map)/.test(name)),
        [],
      );
    }
    assert.equal(await backupCount(pra), 0);
    await server.start();
    assert.equal(await server.value("SELECT count(*) FROM t"), "20000");
    assert.equal((await pra.run("backup --full")).code, 0);
  });

  test(`L4 the end of a backup of an idle ${major} lies exactly on a segment's border, with and without a receiver`, async () => {
    await using server = await startTestServer({
      major,
      tcp: true,
      initdbArguments: ["--wal-segsize=1"],
      settings: { autovacuum: "off" },
    });
    await server.query(FILL);
    const expected = await server.value(HASH);
    for (const from of ["capture", "receiver"] as const) {
      await using pra = await CommandLine.initialised(server);
      const receiver = from === "receiver" ? pra.start("wal receive --lang en") : undefined;
      await receiver?.untilSaid(/Streaming from/);
      for (let attempt = 1; ; attempt += 1) {
        await using proxy = await LoopbackProxy.before(server.port);
        proxy.trouble = { kind: "hold", afterBytes: BULK_BYTES };
        const backup = pra.start("backup --full --json", proxy.environment);
        await proxy.held;
        await padToSegmentEnd(server, BACKUP_END_BYTES);
        proxy.resume();
        const { code, out, err } = await backup.answer;
        assert.equal(code, 0, err);
        const { stopLsn, walFrom } = JSON.parse(out) as { stopLsn: string; walFrom: string };
        assert.equal(walFrom, from);
        if (Number.parseInt(stopLsn.split("/")[1] ?? "", 16) % (1 << 20) === 0) {
          break;
        }
        // The server's own snapshot of running transactions came between.
        assert.ok(attempt < 4, `${stopLsn} is no border`);
      }
      receiver?.child.kill("SIGTERM");
      await receiver?.answer;
      assert.equal((await pra.run("verify")).code, 0);
      assert.equal(await restoredValue(pra, "--immediate", HASH), expected);
      if (receiver !== undefined) {
        await server.query("SELECT pg_drop_replication_slot('pra_main')");
      }
    }
  });

  test(`L5 a backup of ${major} whose last WAL is not durable yet waits, says so, and is not listed`, async () => {
    await using server = await startTestServer({ major });
    await server.query(FILL);
    await using pra = await CommandLine.initialised(server);
    const receiver = pra.start("wal receive --lang en");
    await receiver.untilSaid(/Streaming from/);
    receiver.child.kill("SIGSTOP");
    try {
      const backup = pra.start("backup --full --lang en");
      await backup.untilSaid(/Waiting for WAL/);
      await sleep(1500);
      assert.equal(backup.child.exitCode, null);
      assert.equal(await backupCount(pra), 0);
      receiver.child.kill("SIGCONT");
      const { code, err } = await backup.answer;
      assert.equal(code, 0, err);
      assert.equal(await backupCount(pra), 1);
    } finally {
      receiver.child.kill("SIGCONT");
      receiver.child.kill("SIGTERM");
      await receiver.answer;
    }
  });

  test(`L18 a backup of a standby of ${major} that lags behind a growing primary is whole, with the WAL it needs`, async () => {
    await using primary = await startTestServer({ major });
    await primary.query(`${FILL}; CREATE INDEX ON t (id)`);
    await using standby = await startStandby(primary, {
      settings: { recovery_min_apply_delay: "300ms" },
    });
    await using pra = await CommandLine.initialised(standby);
    let more = true;
    const load = (async () => {
      await using client = await primary.connect();
      for (let round = 0; more; round += 1) {
        await client.query(
          `INSERT INTO t SELECT g, repeat('x', 300) FROM generate_series(1, 3000) g; DELETE FROM t WHERE id % 7 = ${round % 7}`,
        );
        if (round % 5 === 4) {
          await client.query("VACUUM t");
          await client.query("CHECKPOINT");
        }
      }
    })();
    const { code, value, out } = await pra.json("backup --full");
    more = false;
    await load;
    assert.equal(code, 0, out);
    assert.deepEqual(value["corruptPages"], []);
    const check = `CREATE EXTENSION amcheck; SELECT bt_index_check('t_id_idx', true)`;
    const sound = "SELECT count(*) AS value FROM verify_heapam('t')";
    const to = join(pra.directory, "copy");
    const port = await freePort();
    const restored = await pra.json(`restore --to ${to} --immediate --start --port ${port}`);
    assert.equal(restored.code, 0, restored.out);
    try {
      const host = String(restored.value["socketDirectory"]);
      const client = new pg.Client({ host, port, user: "postgres", database: "postgres" });
      client.on("error", () => undefined);
      await client.connect();
      await client.query(check);
      assert.deepEqual((await client.query(sound)).rows, [{ value: "0" }]);
      await client.end();
    } finally {
      await pra.run(`stop ${to}`);
    }
  });

  test(`L39 a backup of ${major} whose connection is cut, closed or dripping fails as such, or is whole`, async () => {
    await using server = await startTestServer({ major, tcp: true });
    await server.query(FILL);
    const expected = await server.value(HASH);
    await using pra = await CommandLine.initialised(server);
    for (const kind of ["cut", "close"] as const) {
      await using proxy = await LoopbackProxy.before(server.port);
      proxy.trouble = { kind, afterBytes: BULK_BYTES };
      const { code, value, out } = await pra.json("backup --full", proxy.environment);
      assert.equal(code, 1, out);
      assert.ok(proxy.struck > 0);
      assert.match(String(errorCodeOf(value)), /^(?:SRC_BACKUP_INTERRUPTED|PG_CONNECTION_LOST)$/);
      assert.equal(await backupCount(pra), 0);
    }
    await using proxy = await LoopbackProxy.before(server.port);
    const bulk = { kind: "drip", afterBytes: BULK_BYTES } as const;
    proxy.trouble = { ...bulk, chunkBytes: 777, chunks: 200, pauseMs: 2 };
    const slow = await pra.json("backup --full", proxy.environment);
    assert.equal(slow.code, 0, slow.out);
    assert.ok(proxy.struck > 0);
    assert.equal((await pra.run("verify --deep")).code, 0);
    assert.equal(await restoredValue(pra, "--latest", HASH), expected);
  });
}

/** What is no table, or was under way at the target, comes back as `docs/restored-state.md` says; a proof is not held up by any of it. */
import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import { test } from "node:test";
import { CommandLine } from "../support/command-line.ts";
import { withRestored } from "../support/restored-copy.ts";
import { type TestServer, startTestServer } from "../support/test-server.ts";

type Told = { readonly kind: string; readonly name: string; readonly detail: string };

const settings = { max_prepared_transactions: "5", wal_level: "logical" };

async function before(server: TestServer): Promise<void> {
  await server.query(`
    CREATE TABLE t (id int PRIMARY KEY, note text);
    CREATE TABLE locked (id int);
    CREATE UNLOGGED TABLE fleeting (id int);
    INSERT INTO fleeting VALUES (1);
    CREATE SEQUENCE numbers;
    CREATE ROLE keeper;
    SELECT lo_from_bytea(4711, 'as it was');
    ALTER LARGE OBJECT 4711 OWNER TO keeper;
    CREATE PUBLICATION all_tables FOR ALL TABLES`);
  await server.query("SELECT pg_create_physical_replication_slot('a_standby', true)");
  await server.query("SELECT pg_create_logical_replication_slot('a_subscriber', 'pgoutput')");
}

/** In a session of its own, as a transaction manager does it. */
async function prepare(server: TestServer, gid: string, sql: string): Promise<void> {
  await using client = await server.connect();
  await client.query("BEGIN");
  await client.query(sql);
  await client.query(`PREPARE TRANSACTION '${gid}'`);
}

/** Until the repository can bring the restore point back. */
async function untilReachable(pra: CommandLine, words: string): Promise<void> {
  for (let attempts = 0; attempts < 150; attempts += 1) {
    const { code } = await pra.run(`plan ${words}`);
    if (code === 0) {
      return;
    }
    await wait(200);
  }
  assert.fail(`${words} was not reached in time`);
}

test("L52 slots, prepared transactions, sequences, large objects, unlogged tables and subscriptions come back as documented", async () => {
  await using server = await startTestServer({ major: 18, settings });
  await using pra = await CommandLine.initialised(server);
  await before(server);
  await prepare(server, "long before", "INSERT INTO t VALUES (1, 'prepared before the backup')");
  assert.equal((await pra.run("backup --full")).code, 0);
  const receiver = pra.start("wal receive --lang en");
  await prepare(server, "in flight", "INSERT INTO t VALUES (2, 'prepared'); LOCK TABLE locked");
  await prepare(server, "ended", "INSERT INTO t VALUES (3, 'committed')");
  await server.query("COMMIT PREPARED 'ended'");
  const given = Number(
    await server.value("SELECT max(nextval('numbers')) FROM generate_series(1, 40)"),
  );
  await server.query("SELECT lo_put(4711, 0, 'AS')");
  await server.query("SELECT pg_create_restore_point('here')");
  await prepare(server, "later", "INSERT INTO t VALUES (4, 'after')");
  await server.query("COMMIT PREPARED 'in flight'");
  await server.query("SELECT lo_put(4711, 0, 'XX')");
  await server.query("SELECT pg_switch_wal()");
  await untilReachable(pra, "--name here");

  await withRestored(pra, "--name here", async ({ value }) => {
    assert.equal(await value("SELECT count(*) FROM pg_replication_slots"), "0");
    const gids = "SELECT string_agg(gid, ',' ORDER BY gid) FROM pg_prepared_xacts";
    assert.equal(await value(gids), "in flight,long before");
    assert.equal(await value("SELECT string_agg(id::text, ',' ORDER BY id) FROM t"), "3");
    const lock = "SELECT count(*) FROM pg_locks WHERE relation = 'locked'::regclass AND granted";
    assert.equal(await value(lock), "1", "its lock is held");
    await value("ROLLBACK PREPARED 'in flight'");
    await value("COMMIT PREPARED 'long before'");
    assert.equal(await value("SELECT string_agg(id::text, ',' ORDER BY id) FROM t"), "1,3");
    const next = Number(await value("SELECT nextval('numbers')"));
    assert.ok(next > given && next <= given + 33, `${given}, then ${next}`);
    assert.equal(await value("SELECT encode(lo_get(4711), 'escape')"), "AS it was");
    const owner = "SELECT lomowner::regrole FROM pg_largeobject_metadata WHERE oid = 4711";
    assert.equal(await value(owner), "keeper");
    assert.equal(await value("SELECT count(*) FROM fleeting"), "0");
    assert.equal(await value("SELECT count(*) FROM pg_publication"), "1");
  });

  const proved = await pra.json("prove --name here");
  assert.equal(proved.code, 0, proved.out + proved.err);
  const told = proved.value["environment"] as Told[];
  assert.deepEqual(
    told.map(({ kind, name }) => `${kind} ${name}`),
    ["prepared long before", "prepared in flight"],
  );
  receiver.child.kill("SIGTERM");
  await receiver.answer;
});

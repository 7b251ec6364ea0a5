/** The database of a load test on production: an interrupt leaves none without its mark, and only what was dropped is called so. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  clearLoadDatabase,
  dropLoadDatabase,
  makeLoadDatabase,
} from "../../src/app/loadtest/production-database.ts";
import { systemClock } from "../../src/core/clock.ts";
import { connectionOf, never } from "../support/connection-of.ts";
import { type TestServer, startTestServer } from "../support/test-server.ts";

async function hasLoadDatabase(server: TestServer): Promise<boolean> {
  const sql = "SELECT FROM pg_database WHERE datname = 'pra_loadtest'";
  return (await server.query(sql)).rowCount === 1;
}

/** Until the server has begun to make it, and waits for a lock. */
async function untilBeingMade(server: TestServer): Promise<void> {
  const sql =
    "SELECT FROM pg_stat_activity WHERE query LIKE 'CREATE DATABASE%' AND wait_event_type = 'Lock'";
  for (let tries = 0; (await server.query(sql)).rowCount !== 1; tries += 1) {
    assert.ok(tries < 400, "it is never made");
    await sleep(25);
  }
}

test("R6 an interrupt while the load test's database is being made leaves none: the server would finish it, and nobody would mark it", async () => {
  await using server = await startTestServer({ major: 18 });
  const settings = connectionOf(server);
  await using blocker = await server.connect();
  await blocker.query("BEGIN");
  await blocker.query("LOCK TABLE pg_catalog.pg_database IN SHARE MODE");
  const interrupt = new AbortController();
  const reason = new Error("Ctrl-C");
  const making = makeLoadDatabase(settings, { signal: interrupt.signal });
  making.catch(() => undefined);
  await untilBeingMade(server);
  interrupt.abort(reason);
  const ending = assert.rejects(making, reason);
  await sleep(50);
  await blocker.query("COMMIT");
  await ending;
  assert.deepEqual(await dropLoadDatabase(settings, systemClock), { kind: "dropped" });
  // What a cut connection had begun would be there by now.
  await sleep(500);
  assert.equal(await hasLoadDatabase(server), false);
});

test("R6 a database of the load test's name that is somebody's is refused, and neither it nor one that is not there is called dropped", async () => {
  await using server = await startTestServer({ major: 18 });
  const settings = connectionOf(server);
  assert.deepEqual(await dropLoadDatabase(settings, systemClock), { kind: "absent" });
  await server.query("CREATE DATABASE pra_loadtest");
  await assert.rejects(clearLoadDatabase(settings, { signal: never }), {
    code: "PG_LOADTEST_DATABASE",
    hint: /One without any table was left by a load test/,
  });
  assert.deepEqual(await dropLoadDatabase(settings, systemClock), { kind: "somebody's" });
  assert.ok(await hasLoadDatabase(server));
  await server.query("DROP DATABASE pra_loadtest");

  await makeLoadDatabase(settings, { signal: never });
  await clearLoadDatabase(settings, { signal: never });
  assert.equal(await hasLoadDatabase(server), false, "what a killed test left");
  await server.query("CREATE ROLE poor LOGIN");
  const poor = connectionOf(server, { user: "poor" });
  const refused = { code: "RESTORE_DB_RIGHTS" };
  await assert.rejects(clearLoadDatabase(poor, { signal: never }), refused);
});

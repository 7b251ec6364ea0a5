import assert from "node:assert/strict";
import { test } from "node:test";
import { supportedMajors } from "../../src/core/pg-version.ts";
import { startStandby, startTestServer } from "../support/test-server.ts";

for (const major of supportedMajors) {
  test(`a server of ${major} starts, answers, restarts, is killed, recovers`, async () => {
    await using server = await startTestServer({ major });
    assert.match(await server.value("SHOW server_version"), new RegExp(`^${major}\\.`));
    assert.equal(await server.value("SHOW listen_addresses"), "");
    await server.query("CREATE TABLE kept (v int); INSERT INTO kept VALUES (7)");
    await server.restart();
    assert.equal(await server.value("SELECT v FROM kept"), "7");
    await server.kill();
    await server.start();
    assert.equal(await server.value("SELECT v FROM kept"), "7");
  });

  test(`a standby of ${major} streams from its primary`, async () => {
    await using primary = await startTestServer({ major });
    await using standby = await startStandby(primary);
    await primary.query("CREATE TABLE streamed (v int); INSERT INTO streamed VALUES (5)");
    const target = await primary.value("SELECT pg_current_wal_lsn()");
    const deadlineMs = Date.now() + 10_000;
    while (
      (await standby.value(`SELECT pg_last_wal_replay_lsn() >= '${target}'`)) !== "true" &&
      Date.now() < deadlineMs
    );
    assert.equal(await standby.value("SELECT pg_is_in_recovery()"), "true");
    assert.equal(await standby.value("SELECT v FROM streamed"), "5");
  });
}

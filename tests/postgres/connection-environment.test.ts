/** Nothing of a connection comes from the environment of whoever runs the program: it may be meant for another server. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { withClientOf } from "../../src/app/demo/demo-server.ts";
import { loadClient } from "../../src/loadtest/connect-client.ts";
import { provenConfig } from "../../src/postgres/open-connection.ts";
import { SqlSession } from "../../src/postgres/sql-session.ts";
import { connectionOf, never } from "../support/connection-of.ts";
import { startTestServer } from "../support/test-server.ts";

const OTHERS = {
  PGSSLMODE: "require",
  PGSSLNEGOTIATION: "direct",
  PGOPTIONS: "-c synchronous_commit=off",
  PGREPLICATION: "true",
};
const ASKED = "SELECT current_setting('synchronous_commit') AS value";

test("R6 TLS, options and replication of the environment reach no connection: a load's commits would be acknowledged before they are safe", async (t) => {
  await using server = await startTestServer({ major: 18 });
  const settings = connectionOf(server);
  const before = Object.keys(OTHERS).map((name) => [name, process.env[name]] as const);
  t.after(() => {
    for (const [name, value] of before) {
      if (value === undefined) {
        Reflect.deleteProperty(process.env, name);
      } else {
        process.env[name] = value;
      }
    }
  });
  Object.assign(process.env, OTHERS);
  const options = { database: "postgres", applicationName: "pra_test", signal: never };
  await using session = await SqlSession.open(settings, options);
  assert.deepEqual(await session.query(ASKED, { signal: never }), [{ value: "on" }]);

  const { host, port, user, database } = settings;
  const own = { host, port, user, database, password: "" };
  for (const config of [own, await provenConfig(settings, options)]) {
    const asked = await withClientOf(config, (client) => client.query(ASKED), { signal: never });
    assert.deepEqual(asked.rows, [{ value: "on" }]);
    const load = loadClient(config);
    await load.connect();
    assert.deepEqual((await load.query(ASKED)).rows, [{ value: "on" }]);
    await load.end();
  }
  const chosen = { ...own, options: "-c synchronous_commit=local" };
  const given = await withClientOf(chosen, (client) => client.query(ASKED), { signal: never });
  assert.deepEqual(given.rows, [{ value: "local" }], "what is given is sent");
});

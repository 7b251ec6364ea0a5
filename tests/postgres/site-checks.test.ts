/** What `pra check` says of rights, databases and the place of test restores, on a real server, with roles that lack one thing each. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { CommandLine } from "../support/command-line.ts";
import { type TestServer, startTestServer } from "../support/test-server.ts";

type Check = {
  readonly id: string;
  readonly ok: boolean;
  readonly severity: string;
  readonly summary: string;
  readonly hint: string | null;
};

let server: TestServer;
let pra: CommandLine;

before(async () => {
  server = await startTestServer({
    major: 18,
    tcp: true,
    initdbArguments: ["--auth-host=scram-sha-256"],
  });
  await server.query(
    `CREATE ROLE "re""ader" LOGIN REPLICATION PASSWORD 'Vq7-tulipe-9f3c7a1e-marbre';
     GRANT pg_read_all_data, pg_monitor TO "re""ader";
     CREATE ROLE restorer LOGIN REPLICATION CREATEDB PASSWORD 'akig';
     CREATE ROLE other;`,
  );
  await server.query("CREATE DATABASE shop");
  await server.query("CREATE DATABASE foreign_restore OWNER other");
  await server.query("CREATE DATABASE own_restore OWNER restorer");
  await server.query("CREATE TABLE t (id int); ALTER TABLE t ENABLE ROW LEVEL SECURITY", {
    database: "shop",
  });
  pra = await CommandLine.initialised(server);
});

after(async () => {
  await pra[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

async function checks(
  variables: Readonly<Record<string, string>>,
  words = "check",
): Promise<ReadonlyMap<string, Check>> {
  const { value } = await pra.json(words, { PG_SSLMODE: "disable", ...variables });
  const { checks: all } = value as { checks: readonly Check[] };
  return new Map(all.map((one) => [one.id, one]));
}

test("R13 a role that reads every table is told of row security, by database, with the statement and its name quoted", async () => {
  const physical = await checks({ PG_USER: 're"ader' });
  assert.equal(physical.get("reading")?.severity, "warning");
  assert.match(physical.get("reading")?.summary ?? "", /: shop;/);
  assert.equal(physical.get("reading")?.hint, 'ALTER ROLE "re""ader" BYPASSRLS;');
  const logical = await checks({ PG_USER: 're"ader', BACKUP_METHOD: "both" });
  assert.equal(logical.get("reading")?.ok, false);
  const plain = await checks({ PG_USER: "restorer", BACKUP_METHOD: "logical" });
  assert.equal(plain.get("reading")?.hint, 'GRANT pg_read_all_data TO "restorer";');
  assert.equal(plain.get("visible-settings")?.hint, 'GRANT pg_monitor TO "restorer";');
});

test("R11 the place of test restores: a role without CREATEDB, a production database, another's database, its own, and none yet", async () => {
  const place = async (user: string, database: string): Promise<Check | undefined> =>
    (
      await checks({
        PG_USER: user,
        RESTORE_DB: database,
        DATABASE_URL: `postgresql://postgres@/shop?host=${server.socketDirectory}&port=${server.port}`,
      })
    ).get("restore-place");
  assert.equal((await place('re"ader', "akig_restore"))?.hint, 'ALTER ROLE "re""ader" CREATEDB;');
  assert.match((await place("restorer", "shop"))?.summary ?? "", /RESTORE_DB names shop/);
  assert.match((await place("restorer", "postgres"))?.summary ?? "", /RESTORE_DB names postgres/);
  assert.match((await place("restorer", "foreign_restore"))?.summary ?? "", /belongs to other/);
  assert.equal((await place("restorer", "own_restore"))?.severity, "info");
  assert.equal((await place("restorer", "akig restore"))?.severity, "info");
});

test("R7 DATABASE_URL is tried by itself, and a wrong password in it is told without being shown", async () => {
  const url = (password: string): string =>
    `postgresql://restorer:${password}@127.0.0.1:${server.port}/shop?sslmode=disable`;
  const good = await checks({ DATABASE_URL: url("akig"), PG_USER: "postgres" });
  assert.match(good.get("database-url")?.summary ?? "", /^restorer reaches shop at 127\.0\.0\.1:/);
  const answer = await pra.json("check", { DATABASE_URL: url("hunter2"), PG_USER: "postgres" });
  assert.match(answer.out, /refused the password of user restorer/);
  assert.ok(!`${answer.out}${answer.err}`.includes("hunter2"));
});

test("R7 a weak password is told and never shown; a strong one is good", async () => {
  const tcp = { PG_HOST: "127.0.0.1" };
  const weak = await pra.json("check", { ...tcp, PG_USER: "restorer", PG_PASSWORD: "akig" });
  assert.match(weak.out, /"password",\s+"ok": false/);
  const strong = await checks({
    ...tcp,
    PG_USER: 're"ader',
    PG_PASSWORD: "Vq7-tulipe-9f3c7a1e-marbre",
  });
  assert.equal(strong.get("password")?.severity, "info");
});

test("R9 R8 an application that is down and a disk that is too small are red, each with what to do", async () => {
  let status = 500;
  const application = createServer((_request, response) => response.writeHead(status).end());
  application.listen(0, "127.0.0.1");
  await once(application, "listening");
  const { port } = application.address() as AddressInfo;
  const variables = {
    APP_HEALTH_URL: `http://127.0.0.1:${port}/health?key=hunter2`,
    HEALTH_CHECK_RETRIES: "2",
    HEALTH_CHECK_INTERVAL: "1",
    MIN_FREE_GB: "999999",
  };
  const down = await checks(variables);
  assert.match(down.get("application")?.summary ?? "", /\?\*\*\* answers 500 .*asked 2 times/);
  assert.match(down.get("space")?.summary ?? "", /MIN_FREE_GB/);
  status = 200;
  const up = await checks({ ...variables, MIN_FREE_GB: "0" });
  assert.equal(up.get("application")?.severity, "info");
  application.close();
});

test("R12 R14 with a .env: --fix mends its mode, a backup keeps it, check says so; examples left in it are red", async () => {
  const path = join(pra.directory, ".env");
  await writeFile(path, "APP_HOST=app.example.org\nPRA_KEYFILE=/x\n");
  await chmod(path, 0o644);
  const found = await checks({});
  assert.equal(found.get("env-mode")?.ok, false);
  assert.equal(found.get("env-file")?.ok, false);
  assert.match(found.get("unknown-settings")?.summary ?? "", /PRA_KEY_FILE/);
  assert.equal(found.get("settings-copy")?.severity, "warning");
  const fixed = await checks({}, "check --fix");
  assert.match(fixed.get("env-mode")?.summary ?? "", /was given mode 600/);
  assert.equal((await pra.run("backup --full")).code, 0);
  const kept = await checks({});
  assert.equal(kept.get("settings-copy")?.severity, "info");
  const compared = await pra.json("config compare");
  assert.deepEqual([compared.code, compared.value["same"]], [0, true]);
  const { out } = await pra.run("check --lang fr");
  assert.match(out, /✓ copie de \.env +scellée dans le dépôt/);
});

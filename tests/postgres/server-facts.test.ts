/** What is read of a server, with every right and with hardly any. */
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { readServerFacts, type Visible } from "../../src/postgres/server-facts.ts";
import type { SqlRow } from "../../src/postgres/sql-session.ts";
import { connectionOf, never } from "../support/connection-of.ts";
import { startStandby, startTestServer, takeOverTree } from "../support/test-server.ts";

const options = { applicationName: "pra_test", signal: never };

function seen<T>(fact: Visible<T>): T {
  assert.ok(fact.visible, fact.visible ? "" : fact.reason);
  return fact.value;
}

function rowOf(rows: Visible<readonly SqlRow[]>, column: string, value: string): SqlRow {
  const row = seen(rows).find((each) => each[column] === value);
  assert.ok(row !== undefined, value);
  return row;
}

for (const major of [18, 15, 14] as const) {
  test(`L30 L51 a superuser of ${major} sees sizes, settings with their files, access rules, extensions, slots`, async () => {
    await using server = await startTestServer({
      major,
      tcp: true,
      initdbArguments: ["--data-checksums", "--wal-segsize=1"],
    });
    await mkdir(join(server.dataDirectory, "more"), { recursive: true });
    await writeFile(join(server.dataDirectory, "more", "x.conf"), "work_mem = '7MB'\n");
    await takeOverTree(join(server.dataDirectory, "more"), server.account);
    await server.configure({ include: "more/x.conf" });
    await server.query("SELECT pg_reload_conf()");
    await server.query(`CREATE DATABASE "odd ""name"`);
    await server.query("SELECT pg_create_physical_replication_slot('pra_main', true)");
    const facts = await readServerFacts(connectionOf(server, { tcp: true }), options);
    assert.equal(facts.version.major, major);
    assert.match(facts.versionText, /^PostgreSQL /);
    assert.equal(
      seen(facts.systemIdentifier),
      await server.value("SELECT system_identifier FROM pg_control_system()"),
    );
    assert.deepEqual(
      [facts.blockBytes, facts.walBlockBytes, facts.walSegmentBytes, facts.segmentBlocks],
      [8192, 8192, 1 << 20, 131_072],
    );
    assert.deepEqual(
      [facts.inRecovery, seen(facts.timeline), facts.dataChecksums, facts.walLevel],
      [false, 1, true, "replica"],
    );
    assert.deepEqual([facts.archiveMode, facts.maxWalSenders], ["off", 10]);
    assert.equal(seen(facts.dataDirectory), server.dataDirectory);
    assert.equal(seen(facts.preloadLibraries), "");
    assert.equal(facts.settingsComplete, true);
    const workMem = rowOf(facts.settings, "name", "work_mem");
    assert.equal(workMem["setting"], "7168");
    assert.equal(workMem["sourcefile"], join(server.dataDirectory, "more", "x.conf"));
    assert.ok(seen(facts.hbaRules).length > 0);
    assert.equal(facts.identMappings.visible, major >= 15);
    const files = new Map(facts.configurationFiles.map((file) => [file.path, file.text]));
    const included = files.get(join(server.dataDirectory, "more", "x.conf"));
    assert.ok(included !== undefined && seen(included) === "work_mem = '7MB'\n");
    for (const name of ["postgresql.conf", "pg_hba.conf", "pg_ident.conf"]) {
      assert.ok(files.has(join(server.dataDirectory, name)), name);
    }
    assert.equal(rowOf(facts.slots, "slot_name", "pra_main")["slot_type"], "physical");
    const odd = facts.databases.find(({ row }) => row["datname"] === 'odd "name');
    assert.ok(odd !== undefined);
    assert.ok(seen(odd.extensions).some((row) => row["extname"] === "plpgsql"));
    assert.ok(odd.collations.visible);
    assert.equal(
      facts.databases.find(({ row }) => row["datname"] === "template0")?.extensions.visible,
      false,
    );
    assert.equal(facts.databasesUnread, 0);
    assert.equal(seen(facts.role)["rolsuper"], "t");
    assert.ok(Number(seen(facts.controlSystem)["catalog_version_no"]) > 202_000_000);
  });

  test(`a role of ${major} with REPLICATION alone gets what it may see, and no error`, async () => {
    await using server = await startTestServer({ major });
    await server.query("CREATE ROLE poor LOGIN REPLICATION");
    await server.query("CREATE DATABASE closed");
    await server.query("REVOKE CONNECT ON DATABASE closed FROM PUBLIC");
    const facts = await readServerFacts(connectionOf(server, { user: "poor" }), options);
    for (const hidden of [facts.dataDirectory, facts.hbaRules, facts.preloadLibraries]) {
      assert.ok(!hidden.visible && hidden.reason !== "");
    }
    assert.equal(facts.settingsComplete, false);
    assert.deepEqual(facts.configurationFiles, []);
    assert.ok(seen(facts.settings).length > 100);
    assert.ok(seen(facts.systemIdentifier).length > 10);
    const closed = facts.databases.find(({ row }) => row["datname"] === "closed");
    assert.ok(closed !== undefined && !closed.extensions.visible);
    assert.match(closed.extensions.reason, /closed/);
    assert.equal(seen(facts.role)["rolreplication"], "t");
    assert.equal(seen(facts.role)["reads_all_settings"], "f");
  });
}

test("a standby is seen in recovery, on its timeline", async () => {
  await using primary = await startTestServer({ major: 18 });
  await using standby = await startStandby(primary);
  const facts = await readServerFacts(connectionOf(standby), options);
  assert.equal(facts.inRecovery, true);
  assert.equal(seen(facts.timeline), 1);
});

test("without every database only the first session is opened, and the others are marked", async () => {
  await using server = await startTestServer({ major: 18 });
  const facts = await readServerFacts(connectionOf(server), { ...options, everyDatabase: false });
  assert.ok(facts.databases.length >= 3);
  assert.ok(facts.databases.every(({ extensions }) => !extensions.visible));
});

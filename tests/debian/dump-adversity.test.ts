/**
 * `pra dump` and `pra restore-db` on Debian's PostgreSQL 15 when something goes wrong or is unusual: programs and commands that are killed,
 * locks, tables that vanish, newer sources, roles that are missing or may little, TLS, full disks. What is left is whole or marked.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { chown, copyFile, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Client } from "pg";

import { treeOf } from "../../src/files/process-group.ts";
import { listClusters } from "../../src/repository/catalogue.ts";
import { listDumps } from "../../src/repository/dump-catalogue.ts";
import { encodeDump } from "../../src/repository/dump-document.ts";
import { listIncarnations } from "../../src/repository/incarnation.ts";
import { fastClockEnvironment } from "../../tools/crash/fast-clock.ts";
import { type Answer, CommandLine, errorCodeOf } from "../support/command-line.ts";
import { DebianCluster } from "../support/debian-cluster.ts";
import { sealedStoreOf } from "../support/sealed-store-of.ts";
import { SHOP, makeOddDatabases } from "../support/odd-database.ts";
import { testCertificate, testKey } from "../support/test-certificate.ts";

type Json = Record<string, unknown>;
type Variables = Readonly<Record<string, string>>;

const TEST_DATABASE = "adversity";

let production: DebianCluster;
/** Another server, for restore tests: none of production's roles is there. */
let testing: DebianCluster;
let pra: CommandLine;
/** A whole dump of the shop. */
let good: string;

function at(cluster: DebianCluster): Variables {
  const { port, password } = cluster.clientConfig();
  return {
    PG_HOST: "127.0.0.1",
    PG_PORT: String(port),
    PG_USER: "postgres",
    PG_PASSWORD: String(password),
    RESTORE_DB: TEST_DATABASE,
  };
}

async function json(
  words: readonly string[],
  cluster: DebianCluster,
  variables: Variables = {},
): Promise<Answer & { readonly value: Json }> {
  const answer = await pra.startWith([...words, "--json"], { ...at(cluster), ...variables }).answer;
  return { ...answer, value: answer.out === "" ? {} : (JSON.parse(answer.out) as Json) };
}

/** Restored and the same, whatever is noted of owners. */
function assertBack({ code, value, out }: Answer & { readonly value: Json }): void {
  assert.ok(code === 0 || code === 5, out);
  assert.equal(value["ok"], true, out);
}

async function listed(): Promise<readonly string[]> {
  const { value } = await json(["list"], production);
  const clusters = value["clusters"] as readonly { readonly dumps: readonly { id: string }[] }[];
  return clusters.flatMap(({ dumps }) => dumps.map(({ id }) => id));
}

async function sleep(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits until the server has so many sessions of ours that match. */
async function untilSessions(
  cluster: DebianCluster,
  of: { readonly where: string; readonly count: number },
): Promise<void> {
  await cluster.withClient(async (client) => {
    for (let tries = 0; tries < 600; tries += 1) {
      const sql = `SELECT 1 FROM pg_stat_activity WHERE application_name LIKE 'pra%' AND ${of.where}`;
      if ((await client.query(sql)).rowCount === of.count) {
        return;
      }
      await sleep(50);
    }
    assert.fail(`never ${of.count} sessions where ${of.where}`);
  });
}

async function connected(cluster: DebianCluster, database: string): Promise<Client> {
  const { Client } = (await import("pg")).default;
  const client = new Client(cluster.clientConfig(database));
  await client.connect();
  return client;
}

/** Programs of this name below a command that work: not those that only tell their version. */
function programsOf(pid: number | undefined, name: string): readonly number[] {
  return treeOf(pid ?? 0).filter((each) => {
    try {
      const words = readFileSync(`/proc/${each}/cmdline`, "utf8");
      return words.includes(`/${name}\0`) && words.includes("--section=");
    } catch {
      // It ended.
      return false;
    }
  });
}

async function untilProgram(pid: number | undefined, name: string): Promise<number> {
  for (let tries = 0; tries < 600; tries += 1) {
    const [found] = programsOf(pid, name);
    if (found !== undefined) {
      return found;
    }
    await sleep(20);
  }
  return assert.fail(`no ${name} was started`);
}

before(async () => {
  production = await DebianCluster.create();
  testing = await DebianCluster.create();
  await makeOddDatabases(production);
  pra = await CommandLine.create();
  assert.equal((await pra.run("init", at(production))).code, 0);
  const dumped = await json(["dump", "--database", SHOP], production);
  assert.equal(dumped.code, 0, dumped.out);
  good = String(dumped.value["id"]);
});

after(async () => {
  await pra[Symbol.asyncDispose]();
  await testing[Symbol.asyncDispose]();
  await production[Symbol.asyncDispose]();
});

test("R3 a pg_dump that is killed half-way ends the dump by code; nothing is listed, and no session and no program is left", async () => {
  const known = await listed();
  const slow = pra.start(`dump --json --database ${SHOP}`, {
    ...at(production),
    PRA_FAILPOINT: "dump.frame:delay=300",
  });
  process.kill(await untilProgram(slow.child.pid, "pg_dump"), "SIGKILL");
  const { out, code } = await slow.answer;
  assert.equal(errorCodeOf(JSON.parse(out) as Json), "DUMP_PROGRAM_KILLED", out);
  assert.notEqual(code, 0);
  assert.deepEqual(await listed(), known);
  await untilSessions(production, { where: "true", count: 0 });
});

for (const failpoint of ["dump.snapshot", "dump.frame", "dump.frame:kill:20", "dump.publish"]) {
  test(`R3 L34 a dump killed at ${failpoint} is not listed; the next one runs, and expire clears what was left`, async () => {
    const known = await listed();
    const kill = failpoint.includes(":") ? failpoint : `${failpoint}:kill`;
    const killed = pra.start(`dump --database ${SHOP}`, { ...at(production), PRA_FAILPOINT: kill });
    await killed.answer;
    assert.equal(killed.child.signalCode, "SIGKILL");
    assert.deepEqual(await listed(), known);
    await untilSessions(production, { where: "true", count: 0 });
    const next = await json(["dump", "--database", SHOP], production);
    assert.equal(next.code, 0, next.out);
    const fast = { ...fastClockEnvironment(40) };
    const expired = await json(["expire"], production, fast);
    assert.equal(expired.code, 0, expired.out);
    const verified = await json(["verify", "--deep"], production);
    assert.equal(verified.code, 0, verified.out);
    const [incarnation] = verified.value["incarnations"] as readonly {
      readonly unreferenced: { readonly objects: number };
    }[];
    assert.equal(incarnation?.unreferenced.objects, 0);
    assert.deepEqual(await listed(), [...known, next.value["id"]]);
  });
}

test("R3 a lock that is held for longer than a dump waits ends it with DUMP_LOCKED, while restore tests go on", async () => {
  const holder = await connected(production, SHOP);
  try {
    await holder.query("BEGIN; LOCK TABLE refs IN ACCESS EXCLUSIVE MODE");
    const waiting = json(["dump", "--database", SHOP], production);
    const restored = await json(["restore-db", "--from", good], testing);
    assertBack(restored);
    const locked = await waiting;
    assert.equal(errorCodeOf(locked.value), "DUMP_LOCKED", locked.out);
    assert.match(
      String((locked.value["error"] as Json)["message"]),
      /shop is locked by others; waited 60 s/,
    );
  } finally {
    await holder.end();
  }
  await untilSessions(production, { where: "true", count: 0 });
});

test("R3 tables that are dropped faster than they are locked end a dump with DUMP_SCHEMA_MOVING; one that vanished once does not", async () => {
  const moving = async (tables: number): Promise<Answer & { readonly value: Json }> => {
    const clients: Client[] = [];
    try {
      for (let number = 0; number < tables; number += 1) {
        const client = await connected(production, SHOP);
        clients.push(client);
        await client.query(`CREATE TABLE moving_${number} ()`);
        await client.query(`BEGIN; DROP TABLE moving_${number}`);
      }
      const dumping = json(["dump", "--database", SHOP], production);
      for (const client of clients) {
        await untilSessions(production, { where: "wait_event_type = 'Lock'", count: 1 });
        await client.query("COMMIT");
        await sleep(100);
      }
      return await dumping;
    } finally {
      await Promise.all(clients.map((client) => client.end()));
    }
  };
  const once = await moving(1);
  assert.equal(once.code, 0, once.out);
  const ever = await moving(3);
  assert.equal(errorCodeOf(ever.value), "DUMP_SCHEMA_MOVING", ever.out);
});

test("R3 what comes from a newer server or program is refused with RESTORE_DB_NEWER before the test database is touched", async () => {
  assertBack(await json(["restore-db", "--from", good], testing));
  const newer = await publishNewer();
  const ofDump = await json(["restore-db", "--from", newer], testing);
  assert.equal(errorCodeOf(ofDump.value), "RESTORE_DB_NEWER", ofDump.out);
  const path = join(pra.directory, "newer.sql");
  const head = (from: string, by: string): string =>
    `--\n-- PostgreSQL database dump\n--\n\n-- Dumped from database version ${from}\n-- Dumped by pg_dump version ${by}\n\nSELECT 1;\n`;
  for (const text of [head("18.1", "18.1"), head("15.4", "17.2")]) {
    await writeFile(path, text);
    const ofFile = await json(["restore-db", "--from", path], testing);
    assert.equal(errorCodeOf(ofFile.value), "RESTORE_DB_NEWER", ofFile.out);
  }
  const kept = await testing.withClient(
    (client) => client.query("SELECT 1 FROM refs"),
    TEST_DATABASE,
  );
  assert.equal(kept.rowCount, 100);
});

/** A dump of which the document says that it came from a server of 16. */
async function publishNewer(): Promise<string> {
  const signal = new AbortController().signal;
  const sealed = await sealedStoreOf(pra);
  for (const cluster of await listClusters(sealed, { signal })) {
    for (const place of await listIncarnations(sealed, cluster, { signal })) {
      for await (const entry of listDumps(sealed, place, { signal })) {
        if (entry.state === "dump" && entry.id === good) {
          const id = sealed.newId();
          const { server } = entry.dump;
          const dump = { ...entry.dump, id, server: { ...server, major: 16, version: "16.4" } };
          const call = { signal, epoch: 1_000_000 };
          await sealed.putWhole({ ...place, type: "dump", id }, encodeDump(dump), call);
          return id;
        }
      }
    }
  }
  return assert.fail("the dump is there");
}

test("R3 roles that the server does not have are named and left out, or made with --create-roles", async () => {
  const without = await json(["restore-db", "--from", good], testing);
  assertBack(without);
  const [note] = without.value["findings"] as readonly { kind: string; what: string }[];
  assert.match(JSON.stringify(note), /ownersLeftOut.*Owner é/);
  const owner = async (): Promise<unknown> =>
    await testing.withClient(async (client) => {
      const found = await client.query<{ o: string }>(
        "SELECT pg_get_userbyid(relowner) AS o FROM pg_class WHERE relname = 'secrets'",
      );
      return found.rows[0]?.o;
    }, TEST_DATABASE);
  assert.equal(await owner(), "postgres");
  const made = await json(["restore-db", "--from", good, "--create-roles"], testing);
  assertBack(made);
  assert.equal(await owner(), "Owner é");
});

test("R3 the role that pra role sql makes dumps what it may read, and restores with its own rights", async () => {
  const role = { PG_USER: "dumper", PG_PASSWORD: "a word of its own" };
  const password = { PRA_SUPERUSER_PASSWORD: String(production.clientConfig().password) };
  for (const cluster of [production, testing]) {
    const words = ["role", "sql", "--for", "dumps,restores", "--apply", "--as", "postgres"];
    const made = await json(words, cluster, { ...role, ...password });
    assert.equal(made.code, 0, made.out);
  }
  const hidden = await json(["dump", "--database", SHOP], production, role);
  assert.equal(errorCodeOf(hidden.value), "DUMP_ROW_SECURITY");
  await production.withClient((client) => client.query("CREATE DATABASE plainly"));
  await production.withClient(
    (client) =>
      client.query(
        "CREATE TABLE a AS SELECT generate_series(1, 5000) AS i; CREATE INDEX ON a (i); CREATE SEQUENCE s",
      ),
    "plainly",
  );
  const dumped = await json(["dump", "--database", "plainly"], production, role);
  assert.equal(dumped.code, 0, dumped.out);
  const words = ["restore-db", "--from", String(dumped.value["id"]), "--into", "theirs"];
  const restored = await json(words, testing, role);
  assertBack(restored);
  assert.equal(restored.value["rows"], 5000);
  const again = await json([...words, "--cleanup"], testing, role);
  assertBack(again);
  const odd = await json(["restore-db", "--from", good, "--into", "theirs"], testing, role);
  assert.equal(errorCodeOf(odd.value) ?? odd.code, 5, odd.out);
});

test("R3 over TLS with verify-full a dump is made and comes back; with a foreign authority nothing is sent", async () => {
  const { dataDirectory, account } = production;
  for (const [name, content] of [
    ["server.key", testKey],
    ["server.crt", testCertificate],
  ] as const) {
    const path = join(dataDirectory, name);
    await writeFile(path, content, { mode: 0o600 });
    await chown(path, account.uid, account.gid);
  }
  await production.withClient(async (client) => {
    await client.query(`ALTER SYSTEM SET ssl_key_file = '${join(dataDirectory, "server.key")}'`);
    await client.query(`ALTER SYSTEM SET ssl_cert_file = '${join(dataDirectory, "server.crt")}'`);
    await client.query("ALTER SYSTEM SET ssl = on");
    await client.query("SELECT pg_reload_conf()");
  });
  const authority = join(pra.directory, "authority.pem");
  await copyFile(join(dataDirectory, "server.crt"), authority);
  const tls = { PG_SSLMODE: "verify-full", PG_HOST: "localhost" };
  const trusted = { ...tls, PG_SSLROOTCERT: authority };
  const dumped = await json(["dump", "--database", SHOP], production, trusted);
  assert.equal(dumped.code, 0, dumped.out);
  const words = ["restore-db", "--from", String(dumped.value["id"])];
  const restored = await json(words, production, trusted);
  assertBack(restored);
  const foreign = await json(["dump", "--database", SHOP], production, tls);
  assert.equal(errorCodeOf(foreign.value), "PG_TLS_UNVERIFIED", foreign.out);
});

for (const failpoint of [
  "restore-db.drop",
  "restore-db.create",
  "restore-db.program:kill:1",
  "restore-db.program:kill:2",
  "restore-db.program:kill:4",
  "restore-db.check",
]) {
  test(`R3 a restore test killed at ${failpoint} begins anew by the same command`, async () => {
    const kill = failpoint.includes(":") ? failpoint : `${failpoint}:kill`;
    const words = ["restore-db", "--from", good];
    const killed = pra.startWith(words, { ...at(testing), PRA_FAILPOINT: kill });
    await killed.answer;
    assert.equal(killed.child.signalCode, "SIGKILL");
    const again = await json(words, testing);
    assertBack(again);
    assert.equal(again.value["rows"], 306_102);
  });
}

test("R3 a pg_restore that is killed half-way ends a restore test by code; the same command begins anew", async () => {
  const words = ["restore-db", "--from", good];
  const slow = pra.startWith([...words, "--json"], at(testing));
  const pid = await untilProgram(slow.child.pid, "pg_restore");
  process.kill(pid, "SIGKILL");
  const { out } = await slow.answer;
  assert.equal(errorCodeOf(JSON.parse(out) as Json), "RESTORE_DB_INTERRUPTED", out);
  const again = await json(words, testing);
  assertBack(again);
});

test("R3 L49 a file system that fills up during an export ends it by code, and nothing of any name stays", async (t) => {
  const mount = await mkdtemp("/tmp/pra-small-");
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", mount]);
  } catch {
    await rm(mount, { recursive: true });
    t.diagnostic("no right to mount here");
    return;
  }
  try {
    const words = ["dump", "--database", SHOP, "--export", join(mount, "shop.sql.gz")];
    const full = await json(words, production);
    assert.equal(errorCodeOf(full.value), "RESTORE_DISK_FULL", full.out);
    assert.deepEqual(await readdir(mount), []);
  } finally {
    execFileSync("umount", [mount]);
    await rm(mount, { recursive: true });
  }
  await untilSessions(production, { where: "true", count: 0 });
});

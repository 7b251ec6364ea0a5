/**
 * What `pra status` sees of a server in each kind of trouble, on real servers: every trouble is made, seen, mended, and seen to be over.
 * And how long it takes when what it asks hangs.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { chown, open, readFile, readdir, stat, writeFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { createServer as createSecureServer } from "node:https";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { present } from "../../src/core/assert.ts";
import { supportedMajors } from "../../src/core/pg-version.ts";
import { CommandLine, errorCodeOf } from "../support/command-line.ts";
import { makeCommitsWait } from "../support/commits-wait.ts";
import { testCertificate, testKey } from "../support/test-certificate.ts";
import { type TestServer, startTestServer } from "../support/test-server.ts";

type Check = {
  readonly id: string;
  readonly ok: boolean;
  readonly severity: string;
  readonly summary: string;
  readonly hint: string | null;
  readonly value: number | null;
};

class Site {
  readonly server: TestServer;
  readonly pra: CommandLine;

  constructor(server: TestServer, pra: CommandLine) {
    this.server = server;
    this.pra = pra;
  }

  async look(variables: Readonly<Record<string, string>> = {}): Promise<readonly Check[]> {
    const { value } = await this.pra.json("status", variables);
    return (value as { checks: readonly Check[] }).checks;
  }

  /** The check with that name, the worst when there are several. */
  async see(id: string, variables: Readonly<Record<string, string>> = {}): Promise<Check> {
    const all = (await this.look(variables)).filter((one) => one.id === id);
    return present(
      all.find(({ ok }) => !ok) ?? all.find(({ severity }) => severity !== "info") ?? all[0],
      `a line about ${id}`,
    );
  }
}

async function siteOf(
  context: TestContext,
  options: Parameters<typeof startTestServer>[0],
): Promise<Site> {
  const server = await startTestServer(options);
  const pra = await CommandLine.initialised(server);
  context.after(async () => {
    await pra[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });
  return new Site(server, pra);
}

for (const major of supportedMajors) {
  test(`R4 R20 a server of ${major} is looked at from within, and its end of maintenance is known`, async (context) => {
    const site = await siteOf(context, { major });
    const seen = new Map((await site.look()).map((one) => [one.id, one]));
    for (const id of ["server", "writes", "archiver", "clock"]) {
      assert.equal(seen.get(id)?.severity, "info", `${id}: ${seen.get(id)?.summary}`);
    }
    assert.match(seen.get("version-end")?.summary ?? "", new RegExp(`^PostgreSQL ${major} is`));
    assert.equal(seen.get("server")?.ok, true);
    assert.ok((seen.get("wal-space")?.value ?? 0) > 1e6, "the server is on this host");
  });
}

test("R20 a server that refuses writes, one whose commits wait for a standby that is not there, and one whose role may not replicate are red with the statement that ends it", async (context) => {
  const site = await siteOf(context, { major: 18 });
  const { server } = site;
  await server.query("ALTER SYSTEM SET default_transaction_read_only = on");
  await server.query("SELECT pg_reload_conf()");
  assert.match(
    (await site.see("writes")).hint ?? "",
    /: ALTER SYSTEM RESET default_transaction_read_only; SELECT pg_reload_conf\(\);$/,
  );
  await server.query("ALTER SYSTEM RESET default_transaction_read_only");
  await makeCommitsWait(server, "nobody");
  const waiting = server.query("CREATE TABLE waits ()");
  let seen = await site.see("writes");
  for (let tries = 0; seen.ok && tries < 50; tries += 1) {
    seen = await site.see("writes");
  }
  assert.match(seen.summary, /commits wait: synchronous_standby_names is nobody, and 1 sessions/);
  assert.match(seen.hint ?? "", /pra wal receive/);
  await server.query("ALTER SYSTEM RESET synchronous_standby_names");
  await server.query("SELECT pg_reload_conf()");
  await waiting;
  assert.equal((await site.see("writes")).ok, true);
  await server.query('CREATE ROLE "Watcher" LOGIN');
  const asked = { PG_USER: "Watcher" };
  const revoked = await site.see("replication-right", asked);
  assert.deepEqual(
    [revoked.ok, revoked.hint?.slice(0, 33)],
    [false, 'ALTER ROLE "Watcher" REPLICATION;'],
  );
  await server.query('ALTER ROLE "Watcher" REPLICATION');
  assert.equal((await site.see("replication-right", asked)).ok, true);
  assert.equal((await site.see("replication-connection", asked)).ok, true);
  const rules = join(server.dataDirectory, "pg_hba.conf");
  await writeFile(rules, `local replication all reject\n${await readFile(rules, "utf8")}`);
  await server.query("SELECT pg_reload_conf()");
  let closed = await site.see("replication-connection", asked);
  for (let tries = 0; closed.ok && tries < 50; tries += 1) {
    closed = await site.see("replication-connection", asked);
  }
  assert.match(`${closed.summary} ${closed.hint}`, /pg_hba\.conf/);
});

test("L46 an archiver that fails is red while backups are green, good again when it succeeds, and red when it was switched off", async (context) => {
  const site = await siteOf(context, {
    major: 15,
    settings: { archive_mode: "on", archive_command: "test -e %p.nowhere" },
  });
  const { server, pra } = site;
  assert.equal((await pra.run("backup --full")).code, 0);
  await server.query("SELECT pg_switch_wal()");
  let seen = await site.see("archiver");
  for (let tries = 0; seen.ok && tries < 100; tries += 1) {
    seen = await site.see("archiver");
  }
  assert.match(seen.summary, /^archive_command fails since .*: \d+ times for 0000/);
  assert.equal((await site.see("newest-backup")).ok, true);
  await server.query("ALTER SYSTEM SET archive_command = 'true'");
  await server.query("SELECT pg_reload_conf()");
  for (let tries = 0; !seen.ok && tries < 100; tries += 1) {
    seen = await site.see("archiver");
  }
  assert.match(seen.summary, /^archived 0000[\w.]+ .* ago$/);
  await server.query("ALTER SYSTEM SET archive_mode = off");
  await server.restart();
  assert.match(
    (await site.see("archiver")).summary,
    /^archive_mode is off; .*no WAL arrives any more$/,
  );
  await server.query("SELECT pg_stat_reset_shared('archiver')");
  for (let tries = 0; (await site.see("archiver")).severity !== "info" && tries < 50; tries += 1);
  assert.equal((await site.see("archiver")).summary, "archive_mode is off");
});

test("L46 L47 a slot that the server gave up is lost, one that is dropped is absent; each says what closes the hole", async (context) => {
  const site = await siteOf(context, { major: 18, settings: { max_slot_wal_keep_size: "32MB" } });
  const { server, pra } = site;
  const receiver = pra.start("wal receive");
  await receiver.untilSaid(/Streaming from/);
  assert.equal((await site.see("slots")).severity, "info");
  assert.equal((await site.see("receiver")).ok, true);
  receiver.child.kill("SIGTERM");
  assert.equal((await receiver.answer).code, 0);
  assert.match((await site.see("receiver")).summary, /^none runs, and pra_main waits for one/);
  const again = pra.start("wal receive");
  await again.untilSaid(/Streaming from/);
  assert.equal((await site.see("receiver")).ok, true);
  await server.query("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots");
  again.child.kill("SIGSTOP");
  assert.match(
    (await site.see("receiver")).summary,
    /^process \d+ on \S+ does not read from pra_main/,
  );
  again.child.kill("SIGKILL");
  await again.answer;
  const dead = await site.see("receiver");
  assert.equal(dead.ok, false);
  await server.query(
    "CREATE TABLE much AS SELECT repeat('x', 500) FROM generate_series(1, 200000)",
  );
  const ending = await site.see("slots");
  assert.match(ending.summary, /the server removes WAL after/);
  for (let i = 0; i < 6; i += 1) {
    await server.query("SELECT pg_switch_wal()");
    await server.query("CREATE TABLE IF NOT EXISTS t (); CHECKPOINT");
  }
  const lost = await site.see("slots");
  assert.match(lost.summary, /is lost/);
  assert.match(
    lost.hint ?? "",
    /pg_drop_replication_slot\('pra_main'\); then pra wal receive, and pra backup --full/,
  );
  await server.query("SELECT pg_drop_replication_slot('pra_main')");
  assert.match((await site.see("slots")).summary, /^pra_main is not there/);
});

test("R20 damaged pages that the server met are counted, and those of the newest backup named", async (context) => {
  const site = await siteOf(context, { major: 18, initdbArguments: ["--data-checksums"] });
  const { server, pra } = site;
  // A vacuum behind the checkpoint would log the page whole, and recovery would mend it.
  await server.query(
    "CREATE TABLE bad WITH (autovacuum_enabled = off) AS SELECT g FROM generate_series(1, 5000) g",
  );
  await server.query("CHECKPOINT");
  const [row] = (await server.query("SELECT pg_relation_filepath('bad') AS path")).rows;
  const path = join(server.dataDirectory, String((row as { path: string }).path));
  assert.equal((await site.see("corruption")).summary, "no damaged page is known");
  const file = await open(path, "r+");
  await file.write(Buffer.from([0xff]), 0, 1, 8192 + 4000);
  await file.close();
  await server.restart("immediate");
  await assert.rejects(server.query("SELECT count(*) FROM bad"));
  let seen = await site.see("corruption");
  for (let tries = 0; seen.ok && tries < 50; tries += 1) {
    seen = await site.see("corruption");
  }
  assert.match(seen.summary, /has counted \d+ damaged pages in postgres/);
  assert.equal((await pra.run("backup --full")).code, 5);
  const all = (await site.look()).filter(({ id }) => id === "corruption");
  assert.ok(all.some(({ summary }) => /^backup \w+ holds 1 damaged pages/.test(summary)));
});

test("R4 status answers in less than two seconds, with every other line, while server, application and mail relay hang", async (context) => {
  const site = await siteOf(context, { major: 18, tcp: true });
  const { pra } = site;
  assert.equal((await pra.run("backup --full")).code, 0);
  const hung = createServer(() => undefined);
  hung.listen(0, "127.0.0.1");
  await once(hung, "listening");
  context.after(() => {
    hung.close();
  });
  const { port } = hung.address() as AddressInfo;
  const variables = {
    PRA_STATUS_TIMEOUT_MS: "1500",
    PG_HOST: "127.0.0.1",
    PG_PORT: String(port),
    APP_HEALTH_URL: `https://127.0.0.1:${port}/health`,
    ALERT_EMAIL: "oncall@example.org",
    PRA_SMTP_URL: `smtp://127.0.0.1:${port}?tls=required`,
  };
  const tookMs = async (given?: Readonly<Record<string, string>>): Promise<number> => {
    const began = performance.now();
    await site.look(given);
    return performance.now() - began;
  };
  const plainMs = Math.min(await tookMs(), await tookMs(), await tookMs());
  const hungMs = Math.min(
    await tookMs(variables),
    await tookMs(variables),
    await tookMs(variables),
  );
  const seen = new Map((await site.look(variables)).map((one) => [one.id, one]));
  assert.equal(seen.get("server")?.ok, false);
  assert.match(seen.get("server")?.summary ?? "", /no answer within/);
  assert.equal(seen.get("application")?.ok, false);
  assert.equal(seen.get("newest-backup")?.ok, true);
  assert.ok(seen.has("exposure") && seen.has("space"));
  assert.notEqual(seen.get("certificate")?.ok, false, "who does not answer shows no certificate");
  // On a machine that does nothing else a look that meets nothing hanging takes a quarter of a second.
  assert.ok(hungMs < Math.max(2000, 1700 + 2 * plainMs), `${hungMs} ms; ${plainMs} ms without`);
});

test("R20 a backup that failed and one that died are red until one ends well", async (context) => {
  const site = await siteOf(context, { major: 18 });
  const { pra } = site;
  const failed = await pra.run("backup --full", { PRA_FAILPOINT: "backup.publish-root:error" });
  assert.notEqual(failed.code, 0);
  const red = await site.see("jobs");
  assert.match(red.summary, /^the last backup failed .* ago: /);
  assert.match(red.hint ?? "", /^pra explain STORE_/);
  assert.equal((await pra.run("backup --full")).code, 0);
  assert.equal((await site.see("jobs")).ok, true);
});

test("R20 a state directory that cannot be written, and a defect in a probe, are told; the look goes on", async (context) => {
  const site = await siteOf(context, { major: 18 });
  const blocked = join(site.pra.directory, "blocked");
  await writeFile(blocked, "a file where a directory should be");
  const seen = await site.see("forecast", { PRA_STATE_DIR: blocked });
  assert.equal(seen.severity, "warning");
  assert.match(seen.summary, /cannot be written/);
  const all = await site.look({ PRA_FAILPOINT: "watch.probe:error:7" });
  const broken = all.filter(({ summary }) => /defect of this program/.test(summary));
  assert.deepEqual(
    broken.map(({ id }) => id),
    ["newest-backup"],
  );
  assert.ok(all.some(({ id }) => id === "exposure"));
});

test("R18 what must answer and does not, and what must not and does, are each red; as planned is good", async (context) => {
  const site = await siteOf(context, { major: 18 });
  const open = createServer((socket) => socket.destroy());
  open.listen(0, "127.0.0.1");
  await once(open, "listening");
  context.after(() => open.close());
  const { port } = open.address() as AddressInfo;
  const silent = `127.0.0.1:1, [::1]:1`;
  const planned = { PRA_REACHABLE: `127.0.0.1:${port}`, PRA_ISOLATED: silent };
  assert.match((await site.see("reachability", planned)).summary, /^3 ways are as planned from /);
  const reversed = { PRA_REACHABLE: silent, PRA_ISOLATED: `localhost:${port}` };
  const all = (await site.look(reversed)).filter(({ id }) => id === "reachability");
  assert.deepEqual(
    all.map(({ summary }) => summary.replace(/from [^\s:,]+/, "from here")),
    [
      "127.0.0.1:1 does not answer from here: ECONNREFUSED",
      "[::1]:1 does not answer from here: ECONNREFUSED",
      `localhost:${port} answers from here, and must not`,
    ],
  );

  const wrong = await site.pra.json("status", { PRA_REACHABLE: "db.example.org" });
  assert.equal(errorCodeOf(wrong.value), "CONFIG_NETWORK_TARGET");
});

test("R20 certificates of the server and of the application are seen, whoever signed them", async (context) => {
  const site = await siteOf(context, { major: 18, tcp: true });
  const { server } = site;
  const options = { mode: 0o600 };
  await writeFile(join(server.dataDirectory, "server.crt"), testCertificate, options);
  await writeFile(join(server.dataDirectory, "server.key"), testKey, options);
  const { uid, gid } = await stat(server.dataDirectory);
  await chown(join(server.dataDirectory, "server.crt"), uid, gid);
  await chown(join(server.dataDirectory, "server.key"), uid, gid);
  await server.query("ALTER SYSTEM SET ssl = on");
  await server.query("SELECT pg_reload_conf()");
  const secure = createSecureServer({ key: testKey, cert: testCertificate }, (_request, answer) =>
    answer.end("ok"),
  );
  secure.listen(0, "127.0.0.1");
  await once(secure, "listening");
  context.after(() => {
    secure.closeAllConnections();
    secure.close();
  });
  const { port } = secure.address() as AddressInfo;
  const all = await site.look({
    PG_HOST: "127.0.0.1",
    PG_SSLMODE: "require",
    APP_HEALTH_URL: `https://localhost:${port}/health`,
  });
  const seen = all.filter(({ id }) => id === "certificate").map(({ summary }) => summary);
  assert.match(seen[0] ?? "", new RegExp(`^of 127.0.0.1:${server.port}.*: valid for \\d+ d`));
  assert.match(seen[1] ?? "", new RegExp(`^of localhost:${port}: valid for \\d+ d`));
});

test("L46 a server that is another cluster than the one backed up is told, whatever its positions say, until it is backed up itself", async (context) => {
  const { server, pra } = await siteOf(context, { major: 18 });
  await using other = await startTestServer({ major: 18 });
  await server.query("SELECT pg_switch_wal()");
  assert.equal((await pra.run("backup --full")).code, 0);
  // Its WAL ends before what the repository holds of the first one: by positions alone nothing would be missing.
  const there = { PG_HOST: other.socketDirectory, PG_PORT: String(other.port) };
  const site = new Site(other, pra);
  const told = await site.see("exposure", there);
  assert.equal(told.ok, false, told.summary);
  assert.match(
    told.summary,
    /^the server is another cluster \(\d+\) than the one backed up \(\d+\)/,
  );
  assert.match(told.hint ?? "", /pra backup --full/);
  const status = await pra.json("wal status", there);
  assert.deepEqual(
    [status.value["lagBytes"], status.value["exposureSeconds"] === 0],
    [null, false],
  );
  const french = await pra.run("status --lang fr", there);
  assert.match(french.out, /✗ exposition +le serveur est un autre cluster/);
  assert.equal((await pra.run("backup --full", there)).code, 0);
  assert.doesNotMatch((await site.see("exposure", there)).summary, /another cluster/);
});

test("R25 exposure without a receiver is the age of the newest backup, or of the last commit that was archived", async (context) => {
  const site = await siteOf(context, { major: 18 });
  const { server, pra } = site;
  assert.equal((await pra.run("backup --full")).code, 0);
  await server.query("CREATE TABLE later AS SELECT 1 AS one");
  const backedUp = await site.see("exposure");
  assert.match(backedUp.summary, /^at most [\d.]+ m?s of work would be lost now \(.*\)$/);
  assert.ok((backedUp.value ?? 60) < 60);
  await pause(3000);
  const older = await site.see("exposure");
  assert.ok((older.value ?? 0) >= (backedUp.value ?? 0) + 3);
  await server.query("SELECT pg_switch_wal()");
  const result = await server.query("SELECT pg_walfile_name(pg_current_wal_lsn() - 1) AS name");
  const current = String(result.rows[0]?.["name"]);
  const segments = (await readdir(join(server.dataDirectory, "pg_wal")))
    .filter((name) => /^[0-9A-F]{24}$/.test(name) && name <= current)
    .toSorted();
  for (const name of segments) {
    assert.equal((await pra.run(`wal push ${join(server.dataDirectory, "pg_wal", name)}`)).code, 0);
  }
  await server.query("CREATE TABLE latest AS SELECT 1 AS one");
  const archived = await site.see("exposure");
  assert.ok((archived.value ?? 0) < (older.value ?? 0) + 30);
  assert.equal(archived.ok, true, archived.summary);
});

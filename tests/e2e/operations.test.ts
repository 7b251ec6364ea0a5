/**
 * The commands as a person runs them, in both languages, on a real server: from an empty folder to a restored server, and what each
 * failure on the way says and answers.
 */
import assert from "node:assert/strict";
import { chmod, open, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import pg from "pg";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { present } from "../../src/core/assert.ts";
import { freshCluster } from "../support/fresh-cluster.ts";
import { CommandLine, errorCodeOf } from "../support/command-line.ts";
import { never } from "../support/connection-of.ts";
import {
  type TestServer,
  freePort,
  startTestServer,
  testDirectory,
} from "../support/test-server.ts";

let server: TestServer;

before(async () => {
  server = await startTestServer({
    major: 18,
    tcp: true,
    initdbArguments: ["--auth-host=scram-sha-256"],
  });
  await server.query(
    `CREATE TABLE t AS SELECT g AS id, md5(g::text) AS text FROM generate_series(1, 50000) g;
     CREATE ROLE plain LOGIN PASSWORD 'right';`,
  );
  // Else autovacuum touches every page between two backups.
  await server.query("VACUUM (FREEZE, ANALYZE) t");
});

after(async () => {
  await server[Symbol.asyncDispose]();
});

/** A folder with a repository. */
async function initialised(on: TestServer = server): Promise<CommandLine> {
  const pra = await CommandLine.create(on);
  const { code, err } = await pra.run("init");
  assert.equal(code, 0, err);
  return pra;
}

async function backupsOf(pra: CommandLine): Promise<readonly Record<string, unknown>[]> {
  const { value } = await pra.json("list");
  const { clusters } = value as { clusters: { backups: Record<string, unknown>[] }[] };
  return clusters.flatMap(({ backups }) => backups);
}

async function stagedIn(pra: CommandLine): Promise<readonly string[]> {
  return await readdir(join(pra.repository, ".staging"));
}

test("init makes a repository once, keeps its keys outside, and never prints the recovery key into a pipe", async () => {
  await using pra = await CommandLine.create(server);
  const first = await pra.run("init --lang fr");
  assert.equal(first.code, 0, first.err);
  assert.match(first.out, /Dépôt créé dans .*repository/);
  assert.match(first.out, /Ensuite :\n {2}pra check/);
  const recovery = join(pra.directory, "pra.recovery");
  assert.ok(first.out.includes(recovery));
  const key = (await readFile(recovery, "utf8")).trim();
  assert.ok(!first.out.includes(key.slice(0, 7)));
  assert.equal((await stat(pra.keyFile)).mode & 0o777, 0o600);
  assert.equal((await stat(recovery)).mode & 0o777, 0o600);
  const again = await pra.json("init");
  assert.equal(again.code, 0);
  assert.equal(again.value["created"], false);
  assert.equal(again.value["recoveryKeyFile"], null);

  const missing = await pra.json("init", { PRA_KEY_FILE: join(pra.directory, "other.key") });
  assert.equal(missing.code, 3);
  assert.equal(errorCodeOf(missing.value), "REPO_EXISTS_OTHER_KEY");
  const other = await CommandLine.create();
  await other.run("init");
  const foreign = await pra.run("init --lang fr", { PRA_KEY_FILE: other.keyFile });
  assert.equal(foreign.code, 3);
  assert.match(foreign.err, /Rien n'a été modifié/);
  await other[Symbol.asyncDispose]();
});

test("init refuses what it must not touch: no BACKUP_DIR 2, a directory of somebody else's 3, a key inside 1", async () => {
  await using pra = await CommandLine.create(server);
  assert.equal((await pra.run("init", { BACKUP_DIR: "" })).code, 2);
  const foreign = await pra.json("init", { BACKUP_DIR: server.dataDirectory });
  assert.equal(foreign.code, 3);
  assert.equal(errorCodeOf(foreign.value), "REPO_DIRECTORY_FOREIGN");
  const inside = await pra.json("init", { PRA_KEY_FILE: join(pra.repository, "pra.key") });
  assert.equal(errorCodeOf(inside.value), "KEY_FILE_INSIDE");
  await assert.rejects(stat(pra.repository), { code: "ENOENT" });
});

test("check is green on a fit server, and names the statement where it is red", async () => {
  await using pra = await initialised();
  const green = await pra.json("check");
  assert.equal(green.code, 0);
  assert.equal(green.value["ok"], true);
  const french = await pra.run("check --lang fr");
  assert.match(french.out, /^✓ serveur/m);
  assert.match(french.out, /Prêt\. Ensuite : pra backup --full/);

  const weak = await pra.run("check --lang en", { PG_USER: "plain" });
  assert.equal(weak.code, 4);
  assert.match(weak.out, /✗ REPLICATION right .*plain/);
  assert.match(weak.out, /ALTER ROLE "plain" REPLICATION;/);

  const wrong = { PG_HOST: "127.0.0.1", PG_USER: "plain", PG_PASSWORD: "wrong-secret" };
  const refused = await pra.run("check --lang fr", wrong);
  assert.equal(refused.code, 4);
  assert.match(refused.out, /✗ serveur/);
  assert.ok(!`${refused.out}${refused.err}`.includes("wrong-secret"));

  const none = await pra.json("check", { BACKUP_DIR: join(pra.directory, "nowhere") });
  assert.equal(none.code, 4);
  const { checks } = none.value as { checks: { id: string; ok: boolean; hint: string }[] };
  assert.deepEqual(
    checks.filter(({ ok }) => !ok).map(({ id }) => id),
    ["repository"],
  );
});

test("R1 R2 init, full, incremental, list: paths, sizes, the contract's keys", async () => {
  await using pra = await initialised();
  const instead = await pra.run("backup --incremental --lang fr");
  assert.equal(instead.code, 0, instead.err);
  assert.match(instead.out, /Une sauvegarde complète a été prise à la place/);
  const full = await pra.json("backup --full --note first");
  const keys =
    "id kind parent timeline startLsn stopLsn startedAt finishedAt durationMs clusterBytes readBytes storedBytes newBlocks totalBlocks corruptPages";
  assert.deepEqual(Object.keys(full.value).slice(0, 15), keys.split(" "));
  assert.equal(full.value["kind"], "full");
  assert.ok(Number(full.value["storedBytes"]) >= 1_000_000);
  await stat(String(full.value["path"]));
  await server.query("UPDATE t SET text = 'changed' WHERE id < 100");
  const increment = await pra.json("backup --incremental");
  assert.equal(increment.value["parent"], full.value["id"]);
  assert.ok(Number(increment.value["storedBytes"]) < Number(full.value["storedBytes"]) / 4);
  const policy = await pra.json("backup");
  assert.equal(policy.value["kind"], "incremental");

  const backups = await backupsOf(pra);
  assert.deepEqual(
    backups.map(({ kind }) => kind),
    ["full", "full", "incremental", "incremental"],
  );
  const people = await pra.run("list --lang fr");
  assert.match(people.out, /Peut être restauré :\n {2}timeline 1 : de /);
  assert.match(people.out, /complète .* first/);

  const newest = String(policy.value["path"]);
  await writeFile(newest, "not a root any more");
  const damaged = await pra.run("list --lang en");
  assert.equal(damaged.code, 4);
  assert.match(damaged.out, /✗ [0-9a-f]{32} is damaged/);
  assert.match(damaged.out, new RegExp(String(full.value["id"])));
  const writers = await readdir(join(pra.repository, "ledger"));
  const writer = join(pra.repository, "ledger", present(writers[0], "backups wrote the ledger"));
  await writeFile(join(writer, "000000000001"), "no ledger any more");
  assert.equal((await pra.run("list")).code, 4, "a damaged ledger does not hide the backups");
});

test("a damaged parent does not leave one without a backup: a full one is taken, with 5", async () => {
  await using pra = await initialised();
  const first = await pra.json("backup --full");
  const maps = join(String(first.value["path"]), "..", "..", "..", "maps");
  const [folder] = await readdir(maps);
  const [map] = await readdir(join(maps, present(folder, "a backup has a map")));
  {
    const path = join(maps, folder ?? "", map ?? "");
    const { size } = await stat(path);
    await using file = await open(path, "r+");
    await file.write(Buffer.alloc(64, 7), 0, 64, Math.floor(size / 2));
  }
  const second = await pra.json("backup --incremental");
  assert.equal(second.code, 5, second.out);
  assert.equal(second.value["kind"], "full");
  assert.equal(second.value["reason"], "parent-damaged");
  assert.equal((await pra.json("backup --incremental")).code, 0);
});

test("R30 backup without a repository or a server says what to do, with 1; one that never met its server is a failed one in the ledger", async () => {
  await using pra = await CommandLine.create(server);
  const none = await pra.run("backup --lang fr");
  assert.equal(none.code, 1);
  assert.match(none.err, /n'existe pas|introuvable|pra init/);
  await using made = await initialised();
  const dead = await made.json("backup", { PG_PORT: "1" });
  assert.equal(dead.code, 1);
  assert.equal(errorCodeOf(dead.value), "PG_UNREACHABLE");
  const { events } = (await made.json("ledger list --kind backupFailed")).value as {
    readonly events: readonly { readonly data: Readonly<Record<string, unknown>> }[];
  };
  assert.deepEqual(
    events.map(({ data }) => [data["code"], data["incarnation"]]),
    [["PG_UNREACHABLE", null]],
  );
  assert.equal((await made.run("backup --full --incremental")).code, 2);
  assert.equal((await made.run("backup --workers 0")).code, 2);
});

test("an interrupted backup answers 130, a full disk 1; nothing is listed and nothing staged stays", async () => {
  await using pra = await initialised();
  const slow = pra.start("backup --full", { PRA_FAILPOINT: "backup.publish-pack:delay=20000" });
  await slow.untilSaid(/Copying/);
  slow.child.kill("SIGINT");
  assert.equal((await slow.answer).code, 130);
  const full = await pra.json("backup --full", { PRA_FAILPOINT: "backup.publish-map:enospc" });
  assert.equal(full.code, 1);
  assert.equal(errorCodeOf(full.value), "STORE_DISK_FULL");
  const torn = await pra.run("backup --full", { PRA_FAILPOINT: "backup.publish-root:error" });
  assert.equal(torn.code, 1);
  assert.deepEqual(await stagedIn(pra), []);
  assert.deepEqual(await backupsOf(pra), []);
  assert.equal((await pra.run("backup --full")).code, 0, "the lease was released");
});

test("L40 a repository that was set back is refused with 3 until it is accepted", async () => {
  await using pra = await initialised();
  const first = await pra.json("backup --full");
  await pra.run("backup");
  const second = await pra.json("backup");
  const root = String(second.value["path"]);
  await rm(root);
  const refused = await pra.json("backup");
  assert.equal(refused.code, 3);
  assert.equal(errorCodeOf(refused.value), "REPO_ROLLED_BACK");
  const accepted = await pra.json("backup --accept-rollback");
  assert.equal(accepted.code, 0);
  assert.notEqual(accepted.value["parent"], first.value["parent"]);
});

test("a receiver runs once, feeds backups, tells the exposure, and stops in good order", async () => {
  await using pra = await initialised();
  const before = await pra.run("wal status");
  assert.equal(before.code, 4);
  const receiver = pra.start("wal receive --lang en");
  await receiver.untilSaid(/Streaming from/);
  const second = await pra.run("wal receive");
  assert.equal(second.code, 3);
  const backup = await pra.json("backup --full");
  assert.equal(backup.value["walFrom"], "receiver");
  await server.query("INSERT INTO t SELECT g, 'more' FROM generate_series(1, 1000) g");
  await new Promise((resolve) => setTimeout(resolve, 500));
  const status = await pra.json("wal status");
  assert.equal(status.code, 0, status.out);
  assert.equal(status.value["exposureSeconds"], 0);
  assert.deepEqual(status.value["gaps"], []);
  assert.equal((status.value["slot"] as { name: string }).name, "pra_main");
  receiver.child.kill("SIGTERM");
  const stopped = await receiver.answer;
  assert.equal(stopped.code, 0, stopped.err);
  assert.match(stopped.out, /Stopped in good order/);
  await server.query("SELECT pg_drop_replication_slot('pra_main')");
  const after = pra.start("wal receive --lang fr");
  await after.untilSaid(/Le slot pra_main n'est plus sur le serveur/);
  await after.untilSaid(/Réception à partir de/);
  after.child.kill("SIGTERM");
  assert.equal((await after.answer).code, 0);
  await server.query("SELECT pg_drop_replication_slot('pra_main')");
});

test("restore brings the newest state back as a running, isolated server; what cannot be reached is refused", async () => {
  await using pra = await initialised();
  const taken = await pra.run("backup --full");
  assert.equal(taken.code, 0, taken.err);
  const expected = await server.value("SELECT md5(string_agg(t::text, ',' ORDER BY t)) FROM t");
  const plan = await pra.json("plan --latest");
  assert.equal(plan.value["reachable"], true, plan.out);
  assert.equal(plan.value["predictedMs"], null, "nothing was measured yet");
  const misspelt = { RETENTION_DAYS: "soon" };
  const inSpite = await pra.run("plan --latest", misspelt);
  assert.equal(inSpite.code, 0, "a setting that a restore does not use keeps nobody from one");
  assert.match(inSpite.err, /! .*RETENTION_DAYS/);
  assert.equal((await pra.run("list", misspelt)).code, 2);
  const early = await pra.json("plan --at 2001-01-01T00:00:00Z");
  assert.equal(early.code, 4);
  assert.equal(early.value["reachable"], false);
  const to = join(pra.directory, "copy");
  const refused = await pra.run(`restore --to ${to} --at 2001-01-01T00:00:00Z --lang fr`);
  assert.equal(refused.code, 3);
  await assert.rejects(stat(to), { code: "ENOENT" });

  // The account that servers run as must reach the directory.
  await chmod(pra.directory, 0o755);
  const restored = await pra.json(`restore --to ${to} --start --port ${await freePort()}`);
  assert.equal(restored.code, 0, restored.out);
  try {
    const client = new pg.Client({
      host: String(restored.value["socketDirectory"]),
      port: Number(restored.value["port"]),
      user: "postgres",
      database: "postgres",
    });
    await client.connect();
    const { rows } = await client.query<{ value: string; archive: string }>(
      `SELECT (SELECT md5(string_agg(t::text, ',' ORDER BY t)) FROM t) AS value,
        current_setting('archive_mode') AS archive`,
    );
    await client.end();
    assert.deepEqual(rows, [{ value: expected, archive: "off" }]);
    const isolated = await pra.run("backup --full --lang fr", {
      PG_HOST: String(restored.value["socketDirectory"]),
      PG_PORT: String(restored.value["port"]),
    });
    assert.equal(isolated.code, 3, "L16 an isolated copy is no source of backups");
    assert.match(isolated.err, /copie isolée/);
  } finally {
    const stopped = await pra.run(`stop ${to} --lang fr`);
    assert.equal(stopped.code, 0, stopped.err);
    assert.match(stopped.out, /Arrêté/);
  }
  assert.equal((await pra.run(`restore --to ${to}`)).code, 3, "a directory in use is refused");
  const foreseen = await pra.run("plan --latest --lang fr");
  assert.match(foreseen.out, /Durée prévue .* d'après 1 restauration mesurée sur cette machine/);
  const foretold = await pra.json("plan --latest");
  assert.ok(Number(foretold.value["predictedMs"]) > 0, foretold.out);
  const again = await pra.json(`restore --to ${to} --delta --start --port ${await freePort()}`);
  assert.equal(again.code, 0, "an isolated copy is made anew without being told twice");
  assert.ok(Number(again.value["keptBytes"]) > Number(again.value["restoredBytes"]));
  assert.equal((await pra.run(`stop ${to}`)).code, 0);

  const shown = await pra.run(`adopt ${to} --lang fr`);
  assert.equal(shown.code, 3);
  assert.match(shown.err, /archive_mode = 'off'/);
  assert.match(shown.err, /--allow-production --confirm copy/);
  const adopted = await pra.json(`adopt ${to} --allow-production --confirm copy`);
  assert.equal(adopted.code, 0, adopted.out);
  assert.ok(!(await readFile(join(to, "postgresql.auto.conf"), "utf8")).includes("archive_mode"));
  const still = await pra.json("plan");
  assert.equal(still.value["reachable"], true, "what it was restored from can still be restored");
  const history = new RegExp(`^pra.incarnation = '${String(adopted.value["incarnation"])}'$`, "m");
  assert.match(await readFile(join(to, "postgresql.auto.conf"), "utf8"), history);
  const production = await pra.json("backup --incremental");
  assert.equal(production.code, 0, production.out);
  assert.ok(
    !String(production.value["path"]).includes(String(adopted.value["incarnation"])),
    "L16 the old server stays in its own history",
  );
  const preview = await pra.json("expire --dry-run");
  assert.equal(preview.code, 0);

  // Adopted, it is no copy any more.
  const before = await readFile(join(to, "global", "pg_control"));
  const unconfirmed = await pra.run(`restore --to ${to} --delta --lang fr`);
  assert.equal(unconfirmed.code, 3);
  assert.match(unconfirmed.err, /détruit tout ce qui n'est que là/);
  assert.match(unconfirmed.err, /--confirm copy/);
  assert.ok(before.equals(await readFile(join(to, "global", "pg_control"))), "nothing was touched");
  const foreign = join(await testDirectory(server.account), "foreign");
  const { binaries, account } = server;
  await freshCluster({ dataDirectory: foreign, binaries, account, signal: never });
  const other = await pra.json(`restore --to ${foreign} --delta --confirm foreign`);
  assert.equal(other.code, 3);
  assert.equal(errorCodeOf(other.value), "RESTORE_DELTA_FOREIGN");
  await rm(dirname(foreign), { recursive: true });
  const confirmed = await pra.json(`restore --to ${to} --delta --confirm copy`);
  assert.equal(confirmed.code, 0, confirmed.out);
});

test("damaged pages are kept, named, and answered with 5; a server that dies with 1", async () => {
  await using own = await startTestServer({ major: 18 });
  await own.query("CREATE TABLE bad AS SELECT g FROM generate_series(1, 5000) g");
  const path = await own.value("SELECT pg_relation_filepath('bad')");
  await own.stop();
  {
    await using file = await open(join(own.dataDirectory, path), "r+");
    await file.write(Buffer.from("no page looks like this"), 0, 23, 8192 * 2 + 4000);
  }
  await own.start();
  await using pra = await initialised(own);
  const damaged = await pra.json("backup --full");
  assert.equal(damaged.code, 5);
  assert.deepEqual(damaged.value["corruptPages"], [{ path, block: 2 }]);
  const dying = pra.start("backup --full", { PRA_FAILPOINT: "backup.publish-pack:delay=1500" });
  await dying.untilSaid(/Copying/);
  await own.kill();
  const died = await dying.answer;
  assert.equal(died.code, 1, died.out);
  assert.match(died.err, /pra explain (?:PG|SRC|WAL)_/);
  assert.deepEqual(await stagedIn(pra), []);
  const backups = await backupsOf(pra);
  assert.equal(present(backups[0], "the first one is listed")["id"], damaged.value["id"]);
  assert.equal(backups.length, 1);
});

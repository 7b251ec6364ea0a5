/** Clocks that are set, settings that are changed and servers that are not what they were, between commands and in the middle of one. */
import assert from "node:assert/strict";
import { mkdir, readdir, rename, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";
import { CommandLine, type Running, errorCodeOf } from "../support/command-line.ts";
import { LoopbackProxy } from "../support/loopback-proxy.ts";
import { withRestored } from "../support/restored-copy.ts";
import {
  type TestServer,
  startStandby,
  startTestServer,
  takeOverTree,
} from "../support/test-server.ts";

const BULK_BYTES = 4 << 20;
const FILL =
  "CREATE TABLE t AS SELECT g AS id, md5(g::text) AS text FROM generate_series(1, 20000) g";
/** More than the sockets between a server and a held client take in. */
const BULKY = "CREATE TABLE bulky AS SELECT g, repeat('x', 900) FROM generate_series(1, 45000) g";
const HASH = "SELECT count(*) || md5(string_agg(t::text, ',' ORDER BY t)) FROM t";

/** Takes a backup that must succeed. */
async function backUp(
  pra: CommandLine,
  kind: "full" | "incremental",
  variables: Readonly<Record<string, string>> = {},
): Promise<Record<string, unknown>> {
  const { code, value, out, err } = await pra.json(`backup --${kind}`, variables);
  assert.equal(code, 0, `${out}${err}`);
  return value;
}

async function backupCount(pra: CommandLine): Promise<number> {
  const { value } = await pra.json("list");
  const { clusters } = value as { clusters: { backups: unknown[] }[] };
  return clusters.flatMap(({ backups }) => backups).length;
}

/** The newest state of the repository is the server's, and its indexes and pages are sound. */
async function assertLatest(pra: CommandLine, server: TestServer): Promise<void> {
  const expected = await server.value(HASH);
  await withRestored(pra, "--latest", async (copy) => {
    assert.equal(await copy.value(HASH), expected);
    await copy.value("CREATE EXTENSION amcheck");
    assert.equal(await copy.value("SELECT count(*) FROM verify_heapam('t')"), "0");
    const indexes =
      "SELECT bt_index_check(indexrelid, true) FROM pg_index WHERE indrelid = 't'::regclass";
    await copy.value(indexes);
  });
}

async function end(receiver: Running): Promise<void> {
  receiver.child.kill("SIGTERM");
  const { code, err } = await receiver.answer;
  assert.equal(code, 0, err);
}

/** Published segments, in order. */
async function segmentsIn(pra: CommandLine): Promise<string[]> {
  const entries = await readdir(pra.repository, { recursive: true });
  return entries
    .filter((path) => /\/wal\/[0-9A-F]{8}\/(?!index)(?:.*\/)?[0-9A-F]{24}$/.test(path))
    .sort()
    .map((path) => join(pra.repository, path));
}

/** A wall clock that is off by so many minutes, in the command and in its threads. */
function clockOff(minutes: number): Readonly<Record<string, string>> {
  const script = `{
    const now = Date.now;
    const off = ${minutes * 60_000};
    const Native = Date;
    globalThis.Date = class extends Native {
      constructor(...given) { super(...(given.length === 0 ? [now() + off] : given)); }
      static now() { return now() + off; }
    };
  }`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(script)}` };
}

for (const major of [18, 15] as const) {
  test(`L17 pra backup of a standby of ${major} that is promoted in the middle fails, says why, and lists nothing`, async () => {
    await using primary = await startTestServer({ major });
    await primary.query(`${FILL}; ${BULKY}`);
    await using standby = await startStandby(primary, { tcp: true });
    await using pra = await CommandLine.initialised(standby);
    await using proxy = await LoopbackProxy.holdingBackup(standby.port, BULK_BYTES);
    const language = major === 18 ? "en" : "fr";
    const backup = pra.start(`backup --full --lang ${language}`, proxy.environment);
    await proxy.held;
    await standby.query("SELECT pg_promote(true)");
    proxy.resume();
    const { code, err } = await backup.answer;
    assert.equal(code, 1, err);
    assert.match(err, language === "en" ? /standby that was promoted/ : /standby promu/);
    assert.match(err, /pra explain SRC_BACKUP_STATE/);
    assert.equal(await backupCount(pra), 0);
  });

  test(`L25 an increment of a promoted standby of ${major} that had received WAL it had not replayed is exact`, async () => {
    const settings = { wal_log_hints: "off", ...(major >= 17 ? { summarize_wal: "on" } : {}) };
    await using primary = await startTestServer({ major, settings });
    await primary.query(`${FILL}; CREATE INDEX ON t (id)`);
    await using standby = await startStandby(primary, { settings });
    await using pra = await CommandLine.initialised(standby);
    await backUp(pra, "full");
    await standby.query("SELECT pg_wal_replay_pause()");
    await primary.query(
      "UPDATE t SET text = 'received' WHERE id % 3 = 0; DELETE FROM t WHERE id > 15000",
    );
    await primary.query("VACUUM t");
    await primary.query("INSERT INTO t SELECT g, 'regrown' FROM generate_series(30001, 36000) g");
    const written = await primary.value("SELECT pg_current_wal_flush_lsn()");
    while ((await standby.value(`SELECT pg_last_wal_receive_lsn() >= '${written}'`)) !== "true") {
      await sleep(50);
    }
    await primary.stop("immediate");
    // Not waiting: a query that waits would hold up the replay of what vacuum removed.
    await standby.query("SELECT pg_promote(false)");
    while ((await standby.value("SELECT pg_is_in_recovery()")) === "true") {
      await sleep(50);
    }
    assert.equal(await standby.value("SELECT count(*) FROM t WHERE text = 'regrown'"), "6000");
    const increment = await backUp(pra, "incremental");
    assert.equal(increment["kind"], "incremental");
    assert.equal(increment["timeline"], 2);
    await standby.query("UPDATE t SET text = 'after' WHERE id % 5 = 0");
    await backUp(pra, "incremental");
    await assertLatest(pra, standby);
  });

  test(`L33 a backup of ${major} killed half-way whose pages are rewritten under the same size and date is no part of the next`, async () => {
    await using server = await startTestServer({ major, tcp: true });
    await server.query(FILL);
    await using pra = await CommandLine.initialised(server);
    await backUp(pra, "full");
    await server.query("UPDATE t SET text = md5(text)");
    await server.query("CHECKPOINT");
    const file = join(server.dataDirectory, await server.value("SELECT pg_relation_filepath('t')"));
    for (const killed of ["full", "incremental"] as const) {
      await using proxy = await LoopbackProxy.holdingBackup(server.port, BULK_BYTES);
      const backup = pra.start(`backup --${killed}`, proxy.environment);
      await proxy.held;
      backup.child.kill("SIGKILL");
      await backup.answer;
      const before = await stat(file);
      await server.query("UPDATE t SET text = reverse(text)");
      await server.query("CHECKPOINT");
      await utimes(file, before.atime, before.mtime);
    }
    assert.equal(await backupCount(pra), 1);
    await backUp(pra, "incremental");
    await assertLatest(pra, server);
  });

  test(`L48 a backup of a standby of ${major} during which full_page_writes was off is refused`, async () => {
    await using primary = await startTestServer({ major });
    await primary.query(`${FILL}; ${BULKY}`);
    await using standby = await startStandby(primary, { tcp: true });
    await using pra = await CommandLine.initialised(standby);
    await using proxy = await LoopbackProxy.holdingBackup(standby.port, BULK_BYTES);
    const backup = pra.start("backup --full --lang fr", proxy.environment);
    await proxy.held;
    await primary.query("ALTER SYSTEM SET full_page_writes = off");
    await primary.query("SELECT pg_reload_conf()");
    await primary.query("UPDATE t SET text = 'torn' WHERE id % 2 = 0");
    await primary.query("CHECKPOINT");
    const written = await primary.value("SELECT pg_current_wal_flush_lsn()");
    while ((await standby.value(`SELECT pg_last_wal_replay_lsn() >= '${written}'`)) !== "true") {
      await sleep(50);
    }
    proxy.resume();
    const { code, err } = await backup.answer;
    assert.equal(code, 1, err);
    assert.match(err, /full_page_writes/);
    assert.match(err, /pra explain SRC_BACKUP_STATE/);
    assert.equal(await backupCount(pra), 0);
    const next = await pra.json("backup --full");
    assert.equal(next.code, 1, "nor is one begun before the standby restarts from whole pages");
    assert.equal(errorCodeOf(next.value), "SRC_BACKUP_STATE");
  });
}

test("L3 WAL that is taken away while the backup runs: it is never listed, whichever segment it is", async () => {
  await using server = await startTestServer({
    major: 18,
    tcp: true,
    initdbArguments: ["--wal-segsize=1"],
  });
  await server.query(`${FILL}; ${BULKY}`);
  await using pra = await CommandLine.initialised(server);
  for (const which of [0, 1, 2]) {
    await using proxy = await LoopbackProxy.holdingBackup(server.port, BULK_BYTES);
    const backup = pra.start("backup --full --json", proxy.environment);
    await proxy.held;
    const names: string[] = [];
    for (let n = 0; n < 3; n += 1) {
      await server.query("SELECT pg_logical_emit_message(false, 'p', repeat('x', 2000))");
      names.push(await server.value("SELECT pg_walfile_name(pg_switch_wal())"));
    }
    let stored: string[] = [];
    while (!stored.some((path) => path.endsWith(names[2] ?? "?"))) {
      await sleep(50);
      stored = await segmentsIn(pra);
    }
    const taken = stored.find((path) => path.endsWith(names[which] ?? "?"));
    assert.ok(taken !== undefined);
    await rm(taken);
    await rm(`${taken}.part`, { recursive: true });
    proxy.resume();
    const { code, out } = await backup.answer;
    assert.equal(code, 1, out);
    assert.equal(errorCodeOf(JSON.parse(out) as Record<string, unknown>), "BACKUP_WAL_MISSING");
    assert.equal(await backupCount(pra), 0);
  }
  await backUp(pra, "full");
  await assertLatest(pra, server);
});

test("L17 a server that began on one timeline and ended on another is refused, whatever it says", async () => {
  await using server = await startTestServer({ major: 18, tcp: true });
  await server.query(FILL);
  await using pra = await CommandLine.initialised(server);
  await using proxy = await LoopbackProxy.before(server.port);
  // The row with which BASE_BACKUP begins: two columns, a position and the timeline "1".
  const start = new RegExp(String.raw`(D\0{3}.\0\x02\0{3}.[0-9A-F]+/[0-9A-F]+\0{3}\x01)1`);
  proxy.rewrite = (text) => text.replace(start, "$12");
  const { code, out, value } = await pra.json("backup --full", proxy.environment);
  assert.equal(code, 1, out);
  assert.equal(errorCodeOf(value), "SRC_BACKUP_STATE");
  assert.match(out, /began on timeline 2 and ended on timeline 1/);
  assert.equal(await backupCount(pra), 0);
});

test("L26 an increment whose parent lost a pack is none: everything is stored anew and said", async () => {
  await using server = await startTestServer({ major: 18 });
  await server.query(FILL);
  await using pra = await CommandLine.initialised(server);
  const full = await backUp(pra, "full");
  const packs = join(String(full["path"]), "..", "..", "..", "packs");
  const [pack] = (await readdir(packs, { recursive: true, withFileTypes: true })).filter((entry) =>
    entry.isFile(),
  );
  assert.ok(pack !== undefined);
  await rm(join(pack.parentPath, pack.name));
  const next = await pra.json("backup --incremental");
  assert.equal(next.code, 5, next.out);
  assert.equal(next.value["kind"], "full");
  assert.equal(next.value["reason"], "parent-damaged");
  await assertLatest(pra, server);
});

test("L29 a data directory behind a link, with links in a circle inside: a backup ends and restores; a circle is no target", async () => {
  await using server = await startTestServer({ major: 18 });
  await server.query(FILL);
  await server.stop();
  const real = join(server.home, "real");
  await rename(server.dataDirectory, real);
  await symlink(real, server.dataDirectory);
  await symlink(".", join(real, "round"));
  await mkdir(join(real, "extra"));
  await symlink("../extra", join(real, "extra", "again"));
  await writeFile(join(real, "extra", "kept"), "kept");
  await takeOverTree(real, server.account);
  await server.start();
  await using pra = await CommandLine.initialised(server);
  await backUp(pra, "full");
  const expected = await server.value(HASH);
  await withRestored(pra, "--latest", async (copy) => {
    assert.equal(await copy.value(HASH), expected);
    assert.deepEqual(await readdir(join(copy.dataDirectory, "extra")), ["kept"]);
  });
  const circle = join(pra.directory, "circle");
  await symlink("circle", circle);
  const refused = await pra.json(`restore --to ${circle} --latest`);
  assert.notEqual(refused.code, 0, refused.out);
  assert.match(String(errorCodeOf(refused.value)), /^RESTORE_/);
});

test("a server of a major that nobody has tried is refused with 3, and taken when that is allowed", async () => {
  await using server = await startTestServer({ major: 18, tcp: true });
  await server.query(FILL);
  await using pra = await CommandLine.initialised(server);
  await using proxy = await LoopbackProxy.before(server.port);
  proxy.rewrite = (text) =>
    text.replaceAll(/\b1800(?=\d\d\b)/g, "1900").replaceAll(/\b18(?=\.\d)/g, "19");
  const refused = await pra.json("backup --full", proxy.environment);
  assert.equal(refused.code, 3, refused.out);
  assert.equal(errorCodeOf(refused.value), "PG_MAJOR_UNTESTED");
  const french = await pra.run("backup --full --lang fr", proxy.environment);
  assert.match(french.err, /19/);
  const receiver = await pra.run("wal receive", proxy.environment);
  assert.equal(receiver.code, 3, receiver.err);
  assert.equal(await backupCount(pra), 0);
  const taken = await pra.json("backup --full --allow-untested-major", proxy.environment);
  assert.equal(taken.code, 0, taken.out);
});

test("L43 clocks that are set back and ahead between commands change neither what is taken nor what is restored", async () => {
  await using server = await startTestServer({ major: 18 });
  await server.query(FILL);
  await using pra = await CommandLine.initialised(server);
  await backUp(pra, "full");
  for (const minutes of [-120, 11 * 24 * 60, -30 * 24 * 60, 0]) {
    await server.query(`INSERT INTO t SELECT g, 'off ${minutes}' FROM generate_series(1, 300) g`);
    const backup = await backUp(pra, "incremental", clockOff(minutes));
    assert.equal(backup["kind"], "incremental", `clock off by ${minutes} min`);
  }
  assert.equal(await backupCount(pra), 5);
  await assertLatest(pra, server);
  const { code, err } = await pra.run("verify --deep", clockOff(-60));
  assert.equal(code, 0, err);
  const receiver = pra.start("wal receive --lang en", clockOff(-90));
  await receiver.untilSaid(/Streaming from/);
  await server.query("INSERT INTO t VALUES (0, 'received by a clock that is late')");
  const at = await server.value(
    `SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`,
  );
  const expected = await server.value(HASH);
  await server.query("INSERT INTO t VALUES (0, 'later')");
  for (let attempt = 0; (await pra.run(`plan --at ${at}`)).code !== 0; attempt += 1) {
    assert.ok(attempt < 40, "the receiver catches up");
    await sleep(300);
  }
  await end(receiver);
  await withRestored(pra, `--at ${at}`, async (copy) => {
    assert.equal(await copy.value(HASH), expected);
  });
  const without = await pra.json(`plan --at ${at.slice(0, -1)}`);
  assert.equal(without.code, 2, without.out);
  assert.equal(errorCodeOf(without.value), "USAGE_TIME_ZONE");
});

test("L48 archiving and full_page_writes changed between backups and during one leave a whole chain", async () => {
  await using server = await startTestServer({ major: 18, tcp: true });
  await server.query(`${FILL}; CREATE INDEX ON t (id)`);
  await using pra = await CommandLine.initialised(server);
  await backUp(pra, "full");
  const toggles = [
    { archive_mode: "on", archive_command: "/bin/false" },
    { archive_mode: "off", wal_log_hints: "on" },
    { archive_mode: "always", archive_command: "/bin/true", wal_level: "logical" },
  ];
  const receiver = pra.start("wal receive --lang en");
  await receiver.untilSaid(/Streaming from/);
  for (const [round, settings] of toggles.entries()) {
    await server.configure(settings);
    await server.restart();
    await server.query(`UPDATE t SET text = text || '${round}' WHERE id % 7 = ${round}`);
    await using proxy = await LoopbackProxy.holdingBackup(server.port, BULK_BYTES / 4);
    const backup = pra.start(`backup --${round === 1 ? "full" : "incremental"}`, proxy.environment);
    await Promise.race([proxy.held, backup.answer]);
    for (const value of ["off", "on"]) {
      await server.query(`ALTER SYSTEM SET full_page_writes = ${value}`);
      await server.query("SELECT pg_reload_conf()");
      await server.query("CHECKPOINT");
      await server.query(`UPDATE t SET text = reverse(text) WHERE id % 11 = ${round}`);
    }
    proxy.resume();
    const { code, err } = await backup.answer;
    assert.equal(code, 0, err);
  }
  await end(receiver);
  const window = await pra.json("window");
  assert.equal(window.code, 0, window.out);
  await assertLatest(pra, server);
});

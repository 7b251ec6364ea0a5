/** Where recovery ends: never before the target without a word, and never because a repository could not be reached. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, readFile, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";
import { CommandLine, errorCodeOf } from "../support/command-line.ts";
import { withRestored } from "../support/restored-copy.ts";
import { type TestServer, freePort, startTestServer } from "../support/test-server.ts";

const NOW = `SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
const HASH = "SELECT count(*) || md5(string_agg(t::text, ',' ORDER BY t)) FROM t";

async function initialised(server: TestServer): Promise<CommandLine> {
  const pra = await CommandLine.initialised(server);
  await server.query(
    "CREATE TABLE t AS SELECT g AS id, md5(g::text) AS text FROM generate_series(1, 20000) g",
  );
  return pra;
}

/** A full backup, and WAL behind it that takes a while to replay; the end's hash. */
async function backupAndLoad(pra: CommandLine, server: TestServer): Promise<string> {
  const receiver = pra.start("wal receive --lang en");
  await receiver.untilSaid(/Streaming from/);
  const full = await pra.run("backup --full");
  assert.equal(full.code, 0, full.err);
  for (let round = 0; round < 8; round += 1) {
    await server.query(`UPDATE t SET text = md5(text || ${round})`);
  }
  await server.query("SELECT pg_switch_wal()");
  const now = await server.value(NOW);
  // A commit behind it: known at once, where an idle server's silence takes its status interval.
  await server.query("CREATE TABLE later ()");
  for (let attempt = 0; (await pra.run(`plan --at ${now}`)).code !== 0; attempt += 1) {
    assert.ok(attempt < 60, "the receiver catches up");
    await sleep(300);
  }
  receiver.child.kill("SIGTERM");
  const { code, err } = await receiver.answer;
  assert.equal(code, 0, err);
  return await server.value(HASH);
}

/** What the server's shell answers for a file, with the printed setting. */
async function answerOf(line: string, name: string, path: string): Promise<number | null> {
  const setting = /'((?:[^']|'')*)'/.exec(line)?.[1] ?? "";
  const command = setting.replaceAll("''", "'").replaceAll("%f", name).replaceAll("%p", path);
  const shell = spawn("sh", ["-c", command], { stdio: "ignore" });
  await once(shell, "close");
  return shell.exitCode;
}

for (const major of [18, 15] as const) {
  test(`L44 pra restore --start on ${major} answers when replay has ended, with what was planned`, async () => {
    await using server = await startTestServer({ major });
    await using pra = await initialised(server);
    const expected = await backupAndLoad(pra, server);
    await withRestored(pra, "--latest", async (copy) => {
      assert.equal(await copy.value("SELECT pg_is_in_recovery()"), "false");
      assert.equal(await copy.value(HASH), expected);
    });
  });

  test(`L44 a recovery of ${major} that ends before what was planned is told, and its server stopped`, async () => {
    await using server = await startTestServer({ major });
    await using pra = await initialised(server);
    await backupAndLoad(pra, server);
    const to = join(pra.directory, "copy");
    const restore = pra.start(
      `restore --to ${to} --latest --start --json --port ${await freePort()}`,
      {
        PRA_FAILPOINT: "restore.control:delay=3000:1",
      },
    );
    const wal = join(to, "pg_wal");
    const isSegment = (name: string): boolean => /^[0-9A-F]{24}$/.test(name);
    let segments: string[] = [];
    for (let before = -1; segments.length < 3 || segments.length !== before;) {
      before = segments.length;
      await sleep(300);
      segments = (await readdir(wal).catch(() => [])).filter(isSegment).sort();
    }
    for (const name of segments.slice(-2)) {
      await rm(join(wal, name));
    }
    const { code, out } = await restore.answer;
    assert.equal(code, 1, out);
    const failure = JSON.parse(out) as Record<string, unknown>;
    assert.equal(errorCodeOf(failure), "RESTORE_ENDED_SHORT");
    assert.ok(!(await readdir(to)).includes("postmaster.pid"));
    const french = await pra.run("explain RESTORE_ENDED_SHORT --lang fr");
    assert.match(french.out, /n'utilisez pas cette copie/i);
  });
}

test("L10 L11 archive_command = pra wal push: pushed twice is done, and a partial segment is none", async () => {
  await using server = await startTestServer({ major: 15 });
  await using pra = await initialised(server);
  assert.equal((await pra.run("backup --full")).code, 0);
  const name = await server.value("SELECT pg_walfile_name(pg_current_wal_lsn())");
  await server.query("INSERT INTO t VALUES (0, 'more')");
  await server.query("SELECT pg_switch_wal()");
  const path = join(server.dataDirectory, "pg_wal", name);
  for (let time = 1; time <= 2; time += 1) {
    const { code, err } = await pra.run(`wal push ${path}`);
    assert.equal(code, 0, err);
  }
  const held = await pra.json("wal status");
  const partial = join(pra.directory, `${name}.partial`);
  await copyFile(path, partial);
  // Refused, it would hold up the archiver of a promoted server for ever.
  const taken = await pra.run(`wal push ${partial}`);
  assert.equal(taken.code, 0, taken.err);
  const after = await pra.json("wal status");
  assert.equal(after.value["repositoryLsn"], held.value["repositoryLsn"]);
  const fetched = join(pra.directory, "fetched");
  assert.equal((await pra.run(`wal fetch ${name} ${fetched}`)).code, 0);
  assert.ok((await readFile(fetched)).equals(await readFile(path)));
});

test("L45 a repository that cannot be reached is no end of WAL: pra wal fetch does not answer 64, and its restore_command answers 255", async () => {
  await using server = await startTestServer({ major: 15 });
  await using pra = await initialised(server);
  await backupAndLoad(pra, server);
  const name = await server.value("SELECT pg_walfile_name(pg_current_wal_lsn())");
  const to = join(pra.directory, "fetched");
  const absent = await pra.run(`wal fetch 0000000100000000000000F0 ${to}`);
  assert.equal(absent.code, 64, absent.err);
  const line = (await pra.run("wal fetch --print-restore-command")).out;
  assert.match(line, /255/);
  await rename(pra.repository, `${pra.repository}-away`);
  for (const wanted of [name, "0000000100000000000000F0", "00000002.history"]) {
    const { code } = await pra.run(`wal fetch ${wanted} ${to}`);
    assert.ok(code !== 0 && code !== 64, `${wanted}: ${code}`);
    assert.equal(await answerOf(line, wanted, to), 255);
  }
  await rename(`${pra.repository}-away`, pra.repository);
  assert.equal(await answerOf(line, "0000000100000000000000F0", to), 1);
  assert.equal(await answerOf(line, "000000010000000000000002", to), 0);
});

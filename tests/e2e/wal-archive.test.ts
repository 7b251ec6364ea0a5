/**
 * A server that calls `pra wal push` as its `archive_command`, and one in recovery that calls the line which `pra wal fetch` writes.
 */
import assert from "node:assert/strict";
import {
  appendFile,
  cp,
  mkdir,
  readFile,
  readdir,
  rename,
  stat,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { present } from "../../src/core/assert.ts";
import type { SupportedMajor } from "../../src/core/pg-version.ts";
import { parseControlFile } from "../../src/postgres/control-file.ts";
import { CommandLine, errorCodeOf } from "../support/command-line.ts";
import {
  TestServer,
  freePort,
  startTestServer,
  takeOverTree,
  testDirectory,
} from "../support/test-server.ts";

const SMALL_SEGMENTS = ["--wal-segsize=1"];

async function until(isSo: () => Promise<boolean>, what: string): Promise<void> {
  for (const began = Date.now(); !(await isSo());) {
    assert.ok(Date.now() - began < 60_000, `${what} within a minute`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** A stopped copy of a stopped server, which recovers with this line. */
async function copyThatRecovers(of: TestServer): Promise<TestServer> {
  const home = await testDirectory(of.account);
  const { major, binaries, account } = of;
  const copy = new TestServer({
    home,
    port: await freePort(),
    major,
    binaries,
    account,
    tcp: false,
  });
  await mkdir(copy.socketDirectory, { mode: 0o700 });
  await cp(of.dataDirectory, copy.dataDirectory, { recursive: true });
  await writeFile(join(copy.dataDirectory, "recovery.signal"), "");
  await takeOverTree(home, account);
  return copy;
}

async function stateOf(server: TestServer): Promise<string> {
  const bytes = await readFile(join(server.dataDirectory, "global", "pg_control"));
  return parseControlFile(bytes).state;
}

/** Starts a server that must not come up, and waits for its end. */
async function requireStops(copy: TestServer): Promise<void> {
  await copy.start({ goal: "launched" });
  await until(() => Promise.resolve(!copy.isRunning), "the server stops");
  assert.match(await copy.logText(), /FATAL: {2}could not restore file "[\w.]+" from archive/);
  assert.notEqual(await stateOf(copy), "in production");
  await copy.stop();
  await stat(join(copy.dataDirectory, "recovery.signal"));
}

for (const major of [18, 15] as const satisfies readonly SupportedMajor[]) {
  test(`L10 L45 PostgreSQL ${major} archives with push and recovers with fetch; while the store is away or a segment is lost it stops`, async () => {
    await using server = await startTestServer({
      major,
      initdbArguments: SMALL_SEGMENTS,
      settings: { archive_mode: "on" },
    });
    await using pra = await CommandLine.create(server, server.account);
    assert.equal((await pra.run("init")).code, 0);
    await server.stop();
    await using copy = await copyThatRecovers(server);
    await server.configure({ archive_command: pra.shellCall("wal push %p") });
    await server.start();
    await server.query("CREATE TABLE t (id int, text text)");
    for (let part = 0; part < 3; part += 1) {
      await server.query(
        `INSERT INTO t SELECT g, repeat(md5(g::text), 8) FROM generate_series(1, 2500) g`,
      );
    }
    const last = await server.value("SELECT pg_walfile_name(pg_switch_wal())");
    await until(
      async () => (await server.value("SELECT last_archived_wal FROM pg_stat_archiver")) >= last,
      "everything is archived",
    );
    assert.equal(await server.value("SELECT failed_count FROM pg_stat_archiver"), "0");
    const pushed = join(server.dataDirectory, "pg_wal", last);
    const again = await pra.json(`wal push ${pushed}`);
    assert.deepEqual([again.code, again.value["result"]], [0, "identical"]);

    const printed = await pra.run("wal fetch --print-restore-command");
    assert.equal(printed.code, 0, printed.err);
    await appendFile(
      join(copy.dataDirectory, "postgresql.conf"),
      `archive_mode = off\n${printed.out}`,
    );

    await rename(pra.repository, `${pra.repository}.away`);
    await requireStops(copy);
    await rename(`${pra.repository}.away`, pra.repository);

    const { value } = await pra.json("list");
    const [cluster] = value["clusters"] as { systemId: string }[];
    assert.ok(present(cluster, "a push makes the cluster").systemId.length > 10);
    const found = await fetchedPaths(pra, last);
    const lost = present(found.at(-2), "several segments");
    await rename(lost, `${lost}.away`);
    await requireStops(copy);
    await rename(`${lost}.away`, lost);

    await copy.start();
    await until(async () => (await stateOf(copy)) === "in production", "it is promoted");
    assert.equal(await copy.value("SELECT count(*) FROM t"), "7500");
    assert.equal(
      await copy.value("SELECT pg_walfile_name(pg_current_wal_lsn()) < '00000002'"),
      "false",
    );
  });
}

/** The objects of published segments up to a name. */
async function fetchedPaths(pra: CommandLine, last: string): Promise<readonly string[]> {
  const all = await readdir(pra.repository, { recursive: true });
  return all
    .filter((path) => /\/wal\/\d{8}\/[0-9A-F]{8}\/[0-9A-F]{24}$/.test(path))
    .filter((path) => path.slice(-24) <= last)
    .toSorted()
    .map((path) => join(pra.repository, path));
}

test("L45 push answers 1 whatever goes wrong, interrupted included; fetch 64 only where absence is proven", async () => {
  await using server = await startTestServer({ major: 18, initdbArguments: SMALL_SEGMENTS });
  await using pra = await CommandLine.create(server);
  assert.equal((await pra.run("wal push")).code, 1, "usage");
  assert.equal((await pra.run("wal push pg_wal/1", { BACKUP_DIR: "" })).code, 1, "configuration");
  assert.equal((await pra.run("wal push pg_wal/1")).code, 1, "no repository");
  assert.equal((await pra.run("init")).code, 0);
  const name = await server.value("SELECT pg_walfile_name(pg_switch_wal())");
  const path = join(server.dataDirectory, "pg_wal", name);
  for (const word of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const) {
    const slow = pra.start(`wal push ${path}`, { PRA_FAILPOINT: "wal.put-segment:delay=20000" });
    const status = `/proc/${slow.child.pid}/status`;
    // Signal 1 is caught once all of them are; node itself catches others from its start.
    await until(
      async () => /^SigCgt:.*[13579bdf]$/m.test(await readFile(status, "utf8")),
      "it began",
    );
    await new Promise((resolve) => setTimeout(resolve, 500));
    slow.child.kill(word);
    slow.child.kill(word);
    const { code, err } = await slow.answer;
    assert.equal(code, 1, `${word}: ${err}`);
  }
  const first = await pra.json(`wal push ${path}`);
  assert.deepEqual([first.code, first.value["result"]], [0, "created"]);
  const wrong = await pra.json(`wal push ${join(server.dataDirectory, "PG_VERSION")}`);
  assert.deepEqual([wrong.code, errorCodeOf(wrong.value)], [1, "WAL_FILE_NAME"]);
  for (const ignored of [`${name}.00000028.backup`, `${name}.partial`]) {
    const { code, value } = await pra.json(`wal push ${server.dataDirectory}/pg_wal/${ignored}`);
    assert.deepEqual([code, value["result"]], [0, "ignored"]);
  }

  const out = join(pra.directory, "out");
  const fetched = await pra.json(`wal fetch ${name} ${out}`);
  assert.deepEqual([fetched.code, fetched.value["result"]], [0, "fetched"]);
  assert.ok((await readFile(out)).equals(await readFile(path)));
  assert.equal((await pra.run(`wal fetch ${name} ${out}`)).code, 0, "the same bytes are there");
  await writeFile(`${out}.other`, "what somebody else put there");
  const taken = await pra.json(`wal fetch ${name} ${out}.other`);
  assert.deepEqual([taken.code, errorCodeOf(taken.value)], [1, "WAL_FETCH_TARGET_EXISTS"]);
  assert.equal(await readFile(`${out}.other`, "utf8"), "what somebody else put there");
  const next = await server.value("SELECT pg_walfile_name(pg_current_wal_lsn())");
  const absent = await pra.json(`wal fetch ${next} ${out}.next`);
  assert.deepEqual([absent.code, absent.value["result"]], [64, "absent"]);
  assert.equal((await pra.run(`wal fetch 00000002.history ${out}.history`)).code, 64);
  assert.equal((await pra.run(`wal fetch ${name}`)).code, 2);
  const away = await pra.run(`wal fetch ${name} ${out}.2`, { BACKUP_DIR: "/tmp/pra-nothing-here" });
  assert.equal(away.code, 1);
  const left = (await readdir(pra.directory)).filter((each) => each.startsWith(".tmp-"));
  assert.deepEqual(left, []);

  const conf = join(server.dataDirectory, "postgresql.auto.conf");
  await appendFile(conf, "pra.incarnation = 'isolated'\n");
  const isolated = await pra.json(`wal push ${path}`);
  assert.deepEqual([isolated.code, errorCodeOf(isolated.value)], [1, "REPO_ISOLATED_COPY"]);
});

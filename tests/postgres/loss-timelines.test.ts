/** Many timelines, branches to the past, copies beside production, and WAL that was not written for a while. */
import assert from "node:assert/strict";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";
import { CommandLine, type Running, errorCodeOf } from "../support/command-line.ts";
import { withRestored } from "../support/restored-copy.ts";
import {
  TestServer,
  freePort,
  startTestServer,
  takeOverTree,
  testDirectory,
} from "../support/test-server.ts";

const PROMOTIONS = 10;
const NOTES = "SELECT string_agg(text, ',' ORDER BY id) FROM notes";
const NOW = `SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

async function initialised(server: TestServer): Promise<CommandLine> {
  const pra = await CommandLine.initialised(server);
  await server.query("CREATE TABLE notes (id serial PRIMARY KEY, text text)");
  return pra;
}

async function note(server: TestServer, text: string): Promise<string> {
  await server.query(`INSERT INTO notes (text) VALUES ('${text}')`);
  return await server.value(NOW);
}

async function receive(
  pra: CommandLine,
  variables: Readonly<Record<string, string>> = {},
): Promise<Running> {
  const receiver = pra.start("wal receive --lang en", variables);
  await receiver.untilSaid(/Streaming from/);
  return receiver;
}

async function end(receiver: Running): Promise<void> {
  receiver.child.kill("SIGTERM");
  const { code, err } = await receiver.answer;
  assert.equal(code, 0, err);
}

/** Waits until a restore to this instant would be possible. */
async function untilPlanned(pra: CommandLine, at: string): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    const { code, out } = await pra.run(`plan --at ${at}`);
    if (code === 0) {
      return;
    }
    assert.ok(attempt < 60, out);
    await sleep(300);
  }
}

/** The same directory goes on as a standby of nobody, and is promoted: a new timeline. */
async function promoteAgain(server: TestServer): Promise<void> {
  await server.stop();
  await writeFile(join(server.dataDirectory, "standby.signal"), "");
  await takeOverTree(server.dataDirectory, server.account);
  await server.start();
  await server.query("SELECT pg_promote(true, 30)");
}

/** A directory with a copy in `data`, as a server that is started by hand. */
async function serverOn(home: string, like: TestServer): Promise<TestServer> {
  const { major, binaries, account } = like;
  await mkdir(join(home, "socket"), { recursive: true, mode: 0o700 });
  await takeOverTree(home, account);
  return new TestServer({ home, port: await freePort(), major, binaries, account, tcp: false });
}

for (const major of [18, 15] as const) {
  test(`L12 ten promotions of ${major} lead to timeline 11, and the first backup is replayed through all of them`, async () => {
    await using server = await startTestServer({ major });
    await using pra = await initialised(server);
    assert.equal((await pra.run("backup --full")).code, 0);
    const receiver = await receive(pra);
    const texts: string[] = [];
    for (let n = 1; n <= PROMOTIONS; n += 1) {
      await promoteAgain(server);
      texts.push(`on ${n + 1}`);
      await note(server, `on ${n + 1}`);
    }
    const last = await server.value(NOW);
    await note(server, "later");
    await untilPlanned(pra, last);
    const increment = await pra.json("backup --incremental");
    assert.equal(increment.code, 0, increment.out);
    assert.equal(increment.value["timeline"], 11);
    await end(receiver);
    const { value } = await pra.json("list");
    const { clusters } = value as { clusters: { backups: { id: string }[] }[] };
    const first = clusters[0]?.backups[0]?.id;
    await withRestored(pra, `--at ${last} --backup ${first}`, async (copy) => {
      assert.equal(await copy.value(NOTES), texts.join(","));
      assert.equal((copy.result["reached"] as { timeline: number }).timeline, 11);
    });
    await withRestored(pra, "--latest", async (copy) => {
      assert.equal(await copy.value(NOTES), [...texts, "later"].join(","));
    });
  });

  test(`L15 L16 three branches to the past of ${major}, each adopted, keep their own history; before that, none is backed up as production`, async () => {
    await using server = await startTestServer({ major });
    await using pra = await initialised(server);
    assert.equal((await pra.run("backup --full")).code, 0);
    const receiver = await receive(pra);
    const moments = [];
    for (const text of ["a", "b", "c"]) {
      moments.push(await note(server, text));
      await sleep(20);
    }
    const now = await note(server, "d");
    // A commit behind it: known at once, where an idle server's silence takes its status interval.
    await note(server, "later");
    await untilPlanned(pra, now);
    await end(receiver);
    const main = await pra.json("list");
    const { clusters } = main.value as { clusters: { backups: { id: string }[] }[] };
    const original = clusters[0]?.backups[0]?.id;
    for (const [index, at] of moments.entries()) {
      const home = await testDirectory(server.account);
      try {
        const to = join(home, "data");
        const words = `restore --to ${to} --at ${at} --backup ${original} --start --port ${await freePort()}`;
        const restored = await pra.run(words);
        assert.equal(restored.code, 0, restored.err);
        const isolated = {
          PG_HOST: String(/-h (\S+)/.exec(restored.out)?.[1]),
          PG_PORT: String(/-p (\d+)/.exec(restored.out)?.[1]),
        };
        const refused = await pra.json("backup --full", isolated);
        assert.equal(refused.code, 3, "an isolated copy is not backed up as production");
        assert.equal((await pra.run(`stop ${to}`)).code, 0);
        const adopted = await pra.run(`adopt ${to} --allow-production --confirm data`);
        assert.equal(adopted.code, 0, adopted.err);
        await using branch = await serverOn(home, server);
        await branch.start();
        await note(branch, `branch ${index}`);
        const there = { PG_HOST: branch.socketDirectory, PG_PORT: String(branch.port) };
        const backup = await pra.json("backup --full", there);
        assert.equal(backup.code, 0, backup.out);
        const texts = ["a", "b", "c"].slice(0, index + 1);
        const id = String(backup.value["id"]);
        await withRestored(pra, `--immediate --backup ${id}`, async (copy) => {
          assert.equal(await copy.value(NOTES), [...texts, `branch ${index}`].join(","));
        });
      } finally {
        await rm(home, { recursive: true, force: true });
      }
    }
    await withRestored(pra, `--at ${now} --backup ${original}`, async (copy) => {
      assert.equal(await copy.value(NOTES), "a,b,c,d");
    });
  });

  test(`L16 a copy of ${major} does not archive, moves no publisher's slot, and follows nobody`, async () => {
    await using publisher = await startTestServer({ major, settings: { wal_level: "logical" } });
    await publisher.query(
      "CREATE TABLE p (id int PRIMARY KEY); CREATE PUBLICATION all_of_it FOR TABLE p; INSERT INTO p VALUES (1)",
    );
    const archive = await testDirectory(publisher.account);
    try {
      await using server = await startTestServer({
        major,
        settings: { archive_mode: "on", archive_command: `cp "%p" "${archive}/%f"` },
      });
      await using pra = await initialised(server);
      await server.query("CREATE TABLE p (id int PRIMARY KEY)");
      const conninfo = `host=${publisher.socketDirectory} port=${publisher.port} user=postgres dbname=postgres`;
      await server.query(
        `CREATE SUBSCRIPTION takes CONNECTION '${conninfo}' PUBLICATION all_of_it`,
      );
      while ((await server.value("SELECT count(*) FROM p")) !== "1") {
        await sleep(50);
      }
      assert.equal((await pra.run("backup --full")).code, 0);
      // Production is gone: nothing but isolation keeps the copy from its slot and its archive.
      await server.stop();
      await publisher.query("INSERT INTO p VALUES (2)");
      const slot = "SELECT confirmed_flush_lsn::text || active FROM pg_replication_slots";
      const slotBefore = await publisher.value(slot);
      const archived = await readdir(archive);
      await withRestored(pra, "--latest", async (copy) => {
        await copy.value("SELECT pg_switch_wal()");
        await copy.value("CHECKPOINT");
        await sleep(3000);
        assert.equal(await publisher.value("SELECT count(*) FROM pg_stat_replication"), "0");
        assert.equal(await publisher.value(slot), slotBefore);
        assert.equal(await copy.value("SELECT count(*) FROM p"), "1");
        assert.deepEqual(await readdir(archive), archived);
        assert.equal(await copy.value("SHOW archive_mode"), "off");
        assert.equal(await copy.value("SHOW listen_addresses"), "");
      });
    } finally {
      await rm(archive, { recursive: true, force: true });
    }
  });

  test(`L48 WAL of ${major} written with wal_level = minimal ends the window, and the next backup is full`, async () => {
    await using server = await startTestServer({ major });
    await using pra = await initialised(server);
    assert.equal((await pra.run("backup --full")).code, 0);
    const receiver = await receive(pra);
    const before = await note(server, "logged");
    await untilPlanned(pra, await note(server, "logged too"));
    await end(receiver);
    await server.stop();
    // Slots forbid the level; an operator drops them.
    await rm(join(server.dataDirectory, "pg_replslot", "pra_main"), { recursive: true });
    await server.start({ settings: { wal_level: "minimal", max_wal_senders: "0" } });
    const refused = await pra.json("backup --full");
    assert.equal(refused.code, 1);
    assert.equal(errorCodeOf(refused.value), "PG_WAL_LEVEL_MINIMAL");
    assert.equal((await pra.run("check")).code, 4);
    await server.query(
      "BEGIN; CREATE TABLE unlogged_copy AS SELECT g FROM generate_series(1, 10000) g; COMMIT",
    );
    await server.stop();
    await server.start();
    const again = pra.start("wal receive --lang en");
    await again.untilSaid(/Streaming from/);
    const after = await note(server, "after");
    await sleep(1500);
    const plan = await pra.json(`plan --at ${after}`);
    assert.equal(plan.code, 4, plan.out);
    assert.equal(plan.value["reachable"], false);
    const next = await pra.json("backup --full");
    assert.equal(next.code, 0, next.out);
    await end(again);
    await withRestored(pra, "--latest", async (copy) => {
      assert.equal(await copy.value("SELECT count(*) FROM unlogged_copy"), "10000");
    });
    await withRestored(pra, `--at ${before}`, async (copy) => {
      assert.equal(await copy.value(NOTES), "logged");
    });
  });
}

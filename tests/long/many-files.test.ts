/**
 * Clusters of very many files. What a backup, a restore and a verification need in memory grows by the file, so it is measured at two
 * sizes and held against what is promised.
 */
import assert from "node:assert/strict";
import { chown, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { CommandLine } from "../support/command-line.ts";
import { type MeasuredRun, figures, measured, numberOf } from "../support/long-run.ts";
import {
  TestServer,
  freePort,
  startTestServer,
  takeOverTree,
  testDirectory,
} from "../support/test-server.ts";

const MIB = 2 ** 20;
/** A table, its TOAST table and that one's index. */
const FILES_PER_TABLE = 3;
const FILES_PER_DATABASE = 50_000;
const TABLES_PER_TRANSACTION = 1_000;

/** Fills a database with tables, then copies its files: a hundred times faster than making the tables again. */
async function fillWithTables(server: TestServer, files: number): Promise<void> {
  const databases = Math.max(1, Math.round(files / FILES_PER_DATABASE));
  const tables = Math.ceil(files / databases / FILES_PER_TABLE);
  await server.query("CREATE DATABASE many_1");
  await using client = await server.connect("many_1");
  for (let made = 0; made < tables; made += TABLES_PER_TRANSACTION) {
    const end = Math.min(tables, made + TABLES_PER_TRANSACTION);
    await client.query(`DO $$ BEGIN FOR n IN ${made + 1}..${end} LOOP
      EXECUTE format('CREATE TABLE t%s (v text)', n); END LOOP; END $$`);
  }
  await client.query("INSERT INTO t7 SELECT md5(g::text) FROM generate_series(1, 1000) g");
  await client.end();
  for (let number = 2; number <= databases; number++) {
    await server.query(`CREATE DATABASE many_${number} TEMPLATE many_1 STRATEGY file_copy`);
  }
  await server.query("CHECKPOINT");
}

/** Files that are no relations: what an archive inside the data directory would be. */
async function fillDirectory(server: TestServer, count: number): Promise<void> {
  const directory = join(server.dataDirectory, "archive");
  await mkdir(directory, { mode: 0o700 });
  for (let made = 0; made < count; made += 1_000) {
    const numbers = Array.from({ length: Math.min(1_000, count - made) }, (_, n) => made + n);
    await Promise.all(
      numbers.map((n) =>
        writeFile(
          join(directory, n.toString(16).toUpperCase().padStart(24, "0")),
          n % 16 === 0 ? `${n}` : "",
          { mode: 0o600 },
        ),
      ),
    );
  }
  await takeOverTree(directory, server.account);
}

const CONTENT = "SELECT count(*) || ' ' || sum(hash_record_extended(t7, 0)) AS content FROM t7";

async function filesBelow(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).length;
}

/** Starts the copy; answers the content of its first filled database. */
async function contentOfCopy(source: TestServer, home: string): Promise<string> {
  const { major, binaries, account } = source;
  const socket = join(home, "socket");
  await mkdir(socket, { mode: 0o700 });
  if (account.switched) {
    await chown(socket, account.uid, account.gid);
  }
  await using copy = new TestServer({
    home,
    port: await freePort(),
    major,
    binaries,
    account,
    tcp: false,
  });
  await copy.start({ startTimeoutMs: 600_000 });
  while ((await copy.value("SELECT pg_is_in_recovery()")) === "true") {
    await sleep(100);
  }
  return await copy.value(CONTENT, "many_1");
}

/** A full backup, a small change, an increment, a verification and a restore; each within the promised memory. */
async function roundTrip(
  t: TestContext,
  server: TestServer,
  promised: { readonly files: number; readonly bytesMax: number },
): Promise<void> {
  await using pra = await CommandLine.initialised(server);
  const over: string[] = [];
  const run = async (what: string, words: string): Promise<MeasuredRun> => {
    const result = await measured(pra, words);
    const stored = result.value["storedBytes"];
    t.diagnostic(figures(what, result, typeof stored === "number" ? `${stored} bytes stored` : ""));
    if (result.peakBytes > promised.bytesMax) {
      over.push(`${what} took ${Math.round(result.peakBytes / MIB)} MiB`);
    }
    return result;
  };
  const files = await filesBelow(server.dataDirectory);
  assert.ok(files >= promised.files, `${files} files were made`);
  t.diagnostic(`${files} files`);
  const full = await run("full backup", "backup --full");
  await server.query("INSERT INTO t7 SELECT md5(g::text) FROM generate_series(1, 500) g", {
    database: "many_1",
  });
  await server.query("CHECKPOINT");
  const increment = await run("incremental backup", "backup --incremental");
  // Nearly all of it is the server's manifest, which is as long as there are files.
  const share = numberOf(increment, "storedBytes") / numberOf(full, "storedBytes");
  assert.ok(share < 0.06, `a small change cost ${(share * 100).toFixed(1)} % of a full backup`);
  const expected = await server.value(CONTENT, "many_1");
  await server.stop();
  await run("verify", "verify");
  await run("verify --deep", "verify --deep");
  const home = await testDirectory(server.account);
  t.after(() => rm(home, { recursive: true, force: true }));
  await run("restore", `restore --to ${join(home, "data")} --latest`);
  const restored = await filesBelow(join(home, "data"));
  assert.ok(restored >= promised.files, `${restored} files were restored`);
  assert.equal(await contentOfCopy(server, home), expected);
  assert.deepEqual(over, [], `beyond ${promised.bytesMax / MIB} MiB`);
}

const SETTINGS = {
  max_locks_per_transaction: "1024",
  autovacuum: "off",
  max_wal_size: "4GB",
  shared_buffers: "256MB",
};

test("L32 200,000 files are backed up, verified and restored in 350 MiB of memory", async (t) => {
  await using server = await startTestServer({ major: 18, settings: SETTINGS });
  await fillWithTables(server, 200_000);
  await roundTrip(t, server, { files: 200_000, bytesMax: 350 * MIB });
});

test("L32 a million files, 300,000 of them no relations, are backed up, verified and restored in 1 GiB", async (t) => {
  await using server = await startTestServer({ major: 18, settings: SETTINGS });
  await fillWithTables(server, 700_000);
  await fillDirectory(server, 300_000);
  await roundTrip(t, server, { files: 1_000_000, bytesMax: 1024 * MIB });
});

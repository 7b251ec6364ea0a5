/**
 * A day at a Debian server: PostgreSQL 15 in Debian's layout, under load; a table is dropped by mistake, and both sides of that moment come
 * back; then the server is lost, a restored copy takes over on a new timeline, and the same mistake is made there.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { chmod, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { after, before, test } from "node:test";
import type { Client, ClientConfig } from "pg";
import { CommandLine, type Running } from "../support/command-line.ts";
import {
  DEBIAN_PROGRAMS,
  DebianCluster,
  runDebian,
  withClient,
} from "../support/debian-cluster.ts";
import { freePort } from "../support/test-server.ts";

/** Of pgbench, 15 MiB each. What CI has time for; 50 is the size of a day's real work. */
const SCALE = Number(process.env["SCENARIO_SCALE"] ?? "2");
const DATABASE = "bench";
const PRECIOUS =
  "CREATE TABLE precious AS SELECT g AS id, md5(g::text) AS text FROM generate_series(1, 20000) g";
const BENCH_TABLES = ["accounts", "tellers", "branches", "history"] as const;
const NOW = `SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/** Every table of the database by a hash of all its rows; what is missing is not there. */
type Hashes = Readonly<Record<string, string>>;

async function value(client: Client, sql: string): Promise<string> {
  const { rows } = await client.query<[unknown]>({ text: sql, rowMode: "array" });
  return String(rows[0]?.[0]);
}

async function hashesOf(client: Client): Promise<Hashes> {
  const { rows } = await client.query<{ name: string }>(
    "SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
  );
  const hashes: Record<string, string> = {};
  for (const { name } of rows) {
    const row = `md5(t::text)`;
    const sql = `SELECT count(*) || ' ' || coalesce(md5(string_agg(${row}, '' ORDER BY ${row})), '') FROM ${name} t`;
    hashes[name] = await value(client, sql);
  }
  return hashes;
}

/** One moment, and what the database held then. */
type Moment = { readonly at: string; readonly hashes: Hashes };

/** Drops the table while nobody writes; the moments just before and just after. */
async function dropByMistake(
  client: Client,
  config: ClientConfig,
): Promise<{ readonly before: Moment; readonly after: Moment }> {
  await client.query("BEGIN");
  // In the order in which pgbench takes them.
  for (const name of BENCH_TABLES) {
    await client.query(`LOCK pgbench_${name} IN SHARE MODE`);
  }
  // Looked at by the other session: what this one reads cannot be dropped.
  const before = await withClient(config, async (other) => {
    const moment = { hashes: await hashesOf(other), at: await value(other, NOW) };
    assert.ok("precious" in moment.hashes);
    await other.query("DROP TABLE precious");
    return moment;
  });
  const after = { hashes: await hashesOf(client), at: await value(client, NOW) };
  assert.ok(!("precious" in after.hashes));
  await client.query("COMMIT");
  return { before, after };
}

/** pgbench at full speed in the background; ended by `stop`, or by its server's death. */
class Load {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  constructor(cluster: DebianCluster) {
    const where = ["-h", "127.0.0.1", "-p", String(cluster.port), "-U", "postgres"];
    this.#child = spawn(
      join(DEBIAN_PROGRAMS, "pgbench"),
      ["-n", "-c", "4", "-j", "1", "-T", "300", ...where, DATABASE],
      { env: cluster.programEnvironment, stdio: "ignore" },
    );
    this.#ended = once(this.#child, "close");
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#ended;
  }
}

/** A receiver against this cluster, streaming. */
async function receive(cluster: DebianCluster): Promise<Running> {
  const receiver = pra.start("wal receive --lang en", cluster.environment);
  await receiver.untilSaid(/Streaming from/);
  return receiver;
}

async function stopReceiver(receiver: Running): Promise<void> {
  receiver.child.kill("SIGTERM");
  const { code, err } = await receiver.answer;
  assert.equal(code, 0, err);
}

/** Restores to a moment into a running copy, and holds it against what was noted then. */
async function restoreAndCompare(moment: Moment, more = ""): Promise<Record<string, unknown>> {
  const to = join(pra.directory, "copy");
  const words = `restore --to ${to} --at ${moment.at} --start --port ${await freePort()}${more}`;
  const { code, value: restored, out, err } = await pra.json(words);
  assert.equal(code, 0, `${out}${err}`);
  try {
    const host = String(restored["socketDirectory"]);
    const port = Number(restored["port"]);
    const config = { host, port, user: "postgres", database: DATABASE };
    assert.deepEqual(await withClient(config, hashesOf), moment.hashes);
    const where = ["-h", host, "-p", String(port), "-U", "postgres"];
    const checks = ["--all", "--install-missing", "--heapallindexed", "--parent-check"];
    const program = join(DEBIAN_PROGRAMS, "pg_amcheck");
    assert.equal(await runDebian(program, [...where, ...checks]), "", "pg_amcheck is clean");
  } finally {
    const stopped = await pra.run(`stop ${to}`);
    assert.equal(stopped.code, 0, stopped.err);
    await rm(to, { recursive: true });
  }
  return restored;
}

/** Waits until the repository is known to hold everything up to the moment. */
async function untilPlanned(moment: Moment): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    const { code, value: plan, out } = await pra.json(`plan --at ${moment.at}`);
    if (code === 0) {
      return;
    }
    assert.ok(code === 4 && attempt < 30, `${JSON.stringify(plan)} ${out}`);
    await sleep(500);
  }
}

let cluster: DebianCluster;
let pra: CommandLine;
let first: { readonly before: Moment; readonly after: Moment };

before(async () => {
  cluster = await DebianCluster.create();
  pra = await CommandLine.create();
  // The servers' account must reach copies below.
  await chmod(pra.directory, 0o755);
  await cluster.withClient((client) => client.query(`CREATE DATABASE ${DATABASE}`));
  const where = ["-h", "127.0.0.1", "-p", String(cluster.port), "-U", "postgres"];
  await runDebian(
    join(DEBIAN_PROGRAMS, "pgbench"),
    ["-q", "-i", "-s", String(SCALE), ...where, DATABASE],
    { environment: cluster.programEnvironment },
  );
  await cluster.withClient((client) => client.query(PRECIOUS), DATABASE);
});

after(async () => {
  await cluster[Symbol.asyncDispose]();
  await pra[Symbol.asyncDispose]();
});

test("R1 R2 L30 L44 Debian's 15 under load: both sides of a dropped table come back, every table equal, indexes sound", async () => {
  const load = new Load(cluster);
  const { environment } = cluster;
  const init = await pra.run("init");
  assert.equal(init.code, 0, init.err);
  const full = await pra.json("backup --full", environment);
  assert.equal(full.code, 0, full.out);
  const receiver = await receive(cluster);
  const increment = await pra.json("backup --incremental", environment);
  assert.equal(increment.code, 0, increment.out);
  assert.equal(increment.value["kind"], "incremental");
  await sleep(randomInt(200, 3000));
  const config = cluster.clientConfig(DATABASE);
  first = await withClient(config, (client) => dropByMistake(client, config));
  await untilPlanned(first.after);
  await load.stop();
  await restoreAndCompare(first.before);
  await restoreAndCompare(first.after);
  await stopReceiver(receiver);
});

test("L13 L15 after a failover of Debian's 15 to a standby, moments before and after it come back", async () => {
  // The receiver may be behind when the server dies: a standby that keeps some WAL has it for as long as it takes to ask.
  await cluster.withClient((client) => client.query("ALTER SYSTEM SET wal_keep_size = '512MB'"));
  await using standby = await DebianCluster.standbyOf(cluster);
  const oldLoad = new Load(cluster);
  const receiver = await receive(cluster);
  await sleep(randomInt(500, 1500));
  await cluster.stop("immediate");
  await oldLoad.stop();
  receiver.child.kill("SIGTERM");
  await receiver.answer;
  await standby.promote();
  const next = await receive(standby);
  const load = new Load(standby);
  const config = standby.clientConfig(DATABASE);
  await withClient(config, (client) => client.query(PRECIOUS));
  const increment = await pra.json("backup --incremental", standby.environment);
  assert.equal(increment.code, 0, increment.out);
  assert.equal(increment.value["timeline"], 2);
  await sleep(randomInt(200, 2000));
  const second = await withClient(config, (client) => dropByMistake(client, config));
  await untilPlanned(second.after);
  await load.stop();
  await stopReceiver(next);
  const { backup: oldBackup } = await restoreAndCompare(first.before);
  assert.notEqual(oldBackup, increment.value["id"]);
  // From the backup of before the failover: replay crosses the switch.
  const across = await restoreAndCompare(second.before, ` --backup ${String(oldBackup)}`);
  assert.equal((across["reached"] as { timeline: number }).timeline, 2);
  await restoreAndCompare(second.after);
});

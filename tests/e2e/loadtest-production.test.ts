/** A load test on production itself: told twice or not at all, and nothing but its own database is different afterwards, whatever ended it. */
import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { LoadTestFacts } from "../../src/queries/load-test-facts.ts";
import { type Run, ended, playground, runPra } from "../support/pra-run.ts";
import { type TestServer, startTestServer } from "../support/test-server.ts";

const TWICE = ["--allow-production", "--confirm", "main", "--reason", "agreed with operations"];

class Production implements AsyncDisposable {
  readonly path: string;
  readonly server: TestServer;
  readonly #stack: AsyncDisposableStack;

  private constructor(path: string, server: TestServer, stack: AsyncDisposableStack) {
    this.path = path;
    this.server = server;
    this.#stack = stack;
  }

  /** A shop's server, a repository, and a receiver that streams. */
  static async create(): Promise<Production> {
    await using stack = new AsyncDisposableStack();
    const ground = stack.use(await playground());
    const server = stack.use(await startTestServer({ major: 18 }));
    for (const sql of [
      "CREATE ROLE shop LOGIN PASSWORD 'secret'",
      "ALTER ROLE shop SET work_mem = '8MB'",
      "CREATE TABLE orders AS SELECT i AS id, md5(i::text) AS note FROM generate_series(1, 20000) i",
      "CREATE DATABASE shop OWNER shop",
      "COMMENT ON DATABASE shop IS 'the shop'",
    ]) {
      await server.query(sql);
    }
    const production = new Production(ground.path, server, stack.move());
    const init = production.pra(["init"]);
    assert.equal(await ended(init), 0, init.err());
    const receiver = production.pra(["wal", "receive"]);
    production.#stack.defer(async () => {
      receiver.child.kill("SIGTERM");
      await ended(receiver);
    });
    await untilSaid(receiver, /Streaming from/);
    return production;
  }

  pra(words: readonly string[], lang = "en"): Run {
    return runPra(this.path, words, {
      PATH: process.env["PATH"],
      PRA_LANG: lang,
      PRA_CLUSTER: "main",
      PRA_STATE_DIR: join(this.path, "state"),
      PRA_SPOOL_DIR: join(this.path, "spool"),
      PRA_KEY_FILE: join(this.path, "main.key"),
      BACKUP_DIR: join(this.path, "backups"),
      PG_HOST: this.server.socketDirectory,
      PG_PORT: String(this.server.port),
      PG_USER: "postgres",
      PG_DATABASE: "postgres",
    });
  }

  /** Everything that a load test must not change. */
  async rest(): Promise<Readonly<Record<string, readonly unknown[]>>> {
    const questions = {
      databases:
        "SELECT d.datname, d.datdba, d.datacl, d.datconnlimit, shobj_description(d.oid, 'pg_database') FROM pg_database d ORDER BY 1",
      roles: "SELECT * FROM pg_authid ORDER BY rolname",
      members: "SELECT * FROM pg_auth_members ORDER BY oid",
      roleSettings: "SELECT * FROM pg_db_role_setting ORDER BY 1, 2",
      settings: "SELECT name, setting, source FROM pg_settings WHERE source <> 'client' ORDER BY 1",
      files: "SELECT name, setting, sourcefile FROM pg_file_settings ORDER BY sourcefile, seqno",
      slots:
        "SELECT slot_name, plugin, slot_type, database, temporary FROM pg_replication_slots ORDER BY 1",
      tablespaces: "SELECT spcname, spcowner, spcacl FROM pg_tablespace ORDER BY 1",
      objects:
        "SELECT oid, relname, relnamespace, relkind, relfilenode, relacl FROM pg_class WHERE relpersistence <> 't' ORDER BY oid",
      schemas: "SELECT oid, nspname FROM pg_namespace WHERE nspname !~ '^pg_t' ORDER BY oid",
      orders: "SELECT count(*), md5(string_agg(note, ',' ORDER BY id)) FROM orders",
      prepared: "SELECT * FROM pg_prepared_xacts",
    };
    const answers = Object.entries(questions).map(
      async ([name, sql]) => [name, (await this.server.query(sql)).rows as unknown[]] as const,
    );
    return Object.fromEntries(await Promise.all(answers));
  }

  async facts(): Promise<LoadTestFacts> {
    const folder = join(this.path, "state", "reports");
    const names = (await readdir(folder)).filter((each) => each.endsWith(".json")).toSorted();
    return JSON.parse(await readFile(join(folder, names.at(-1) ?? ""), "utf8")) as LoadTestFacts;
  }

  async hasLoadDatabase(): Promise<boolean> {
    const sql = "SELECT FROM pg_database WHERE datname = 'pra_loadtest'";
    return (await this.server.query(sql)).rowCount === 1;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

async function untilSaid(run: Run, pattern: RegExp): Promise<void> {
  for (let tries = 0; !pattern.test(run.err() + run.out()); tries += 1) {
    assert.ok(tries < 2400 && run.child.exitCode === null, run.err());
    await sleep(50);
  }
}

test("R6 production is loaded when told twice: measured, restored at its full size, judged, and nothing but the test's own database was ever different", async () => {
  await using production = await Production.create();
  const before = await production.rest();
  const run = production.pra(["loadtest", "--duration", "10s", "--seed", "5", ...TWICE]);
  const code = await ended(run);
  const facts = await production.facts();
  const outcomes = new Map(facts.tests.map(({ name, outcome }) => [name, outcome]));
  assert.ok(code === 0 || outcomes.get("slowdown") !== "pass", run.err() + run.out());
  assert.match(run.err(), /PRODUCTION of cluster main at .* will be loaded for 10 s/);
  assert.match(run.err(), /Dropped database pra_loadtest/);
  assert.deepEqual(await production.rest(), before);

  assert.equal(facts.ending, "finished");
  assert.equal(facts.onProduction?.database, "pra_loadtest");
  assert.ok((facts.onProduction.probe.beforeMs ?? 0) > 0);
  assert.ok(facts.acknowledged > 0);
  for (const name of ["load", "backups", "nothingLost", "coherent", "restored"] as const) {
    assert.equal(outcomes.get(name), "pass", `${name}: ${JSON.stringify(facts.tests)}`);
  }
  assert.ok(!outcomes.has("wal") && !outcomes.has("repository"));
  const held = facts.tests.find(({ name }) => name === "nothingLost")?.figures["acknowledged"] ?? 0;
  assert.ok(held > 0 && held <= facts.acknowledged, "what was held had to come back");
  assert.ok(facts.rpo.met === true && facts.rto.met === true);
  assert.ok((facts.restore?.restoredBytes ?? 0) > 20_000_000, "the whole cluster came back");
  assert.equal(facts.production, null, "nothing is predicted that was measured");
  assert.ok((facts.slowdown.backup?.rate.count ?? 0) > 0);
  assert.doesNotMatch(run.out(), /SIGKILL|crash/i);
  assert.deepEqual(await readdir(join(production.path, "spool")), []);

  const ledger = production.pra(["ledger", "list", "--kind", "productionLoadStarted", "--json"]);
  assert.equal(await ended(ledger), 0, ledger.err());
  assert.match(ledger.out(), /agreed with operations/);
  const list = production.pra(["list", "--json"]);
  assert.equal(await ended(list), 0, list.err());
  assert.ok(facts.backups.some(({ state }) => state === "finished"));
});

test("R6 ended by Ctrl-C, or killed and begun again, a load test leaves no database on production; one of that name that is somebody's stops it", async () => {
  await using production = await Production.create();
  const before = await production.rest();
  const words = ["loadtest", "--duration", "1m", ...TWICE];
  const killed = production.pra(words);
  await untilSaid(killed, /Load with WAL streamed and backups|\d+ commits/);
  killed.child.kill("SIGKILL");
  await ended(killed);
  assert.ok(await production.hasLoadDatabase(), "nobody was left to drop it");

  const interrupted = production.pra(words, "fr");
  await untilSaid(interrupted, /[1-9]\d* validations · reste/);
  interrupted.child.kill("SIGINT");
  assert.equal(await ended(interrupted), 130, interrupted.err());
  assert.match(interrupted.err(), /Base pra_loadtest supprimée/);
  assert.equal((await production.facts()).ending, "interrupted");
  assert.deepEqual(await production.rest(), before);

  await production.server.query("CREATE DATABASE pra_loadtest");
  const refused = production.pra(words);
  assert.equal(await ended(refused), 3, refused.err());
  assert.match(refused.err(), /database pra_loadtest .* was not made by a load test/);
  assert.ok(await production.hasLoadDatabase(), "it is somebody's");
});

test("R6 production is refused when told once, by another name, without a reason, or with what only a server of the test's own has", async () => {
  await using ground = await playground();
  const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
    [["--allow-production"], 3, /only when told so twice; --allow-production alone/],
    [["--confirm", "main"], 3, /only when told so twice; --confirm alone/],
    [["--allow-production", "--confirm", "other", "--reason", "x"], 3, /"other" is not the name/],
    [["--allow-production", "--confirm", "main"], 2, /recorded with a reason/],
    [[...TWICE, "--size", "10MB"], 2, /--allow-production and --size .* exclude each other/],
    [["--share", "50"], 2, /the option --share is for a load test on production/],
  ];
  const variables = { PATH: process.env["PATH"], PRA_LANG: "en", PRA_CLUSTER: "main" };
  for (const [words, code, said] of cases) {
    const run = runPra(ground.path, ["loadtest", ...words], variables);
    assert.equal(await ended(run), code, run.err());
    assert.match(run.err(), said);
  }
  const job = ["schedule", "run", "load-test", "--", "./loadtest.sh", ...TWICE];
  const scheduled = runPra(ground.path, job, variables);
  assert.equal(await ended(scheduled), 2, scheduled.err());
  assert.match(scheduled.err(), /a job of the schedule is never allowed onto production/);
  assert.deepEqual(await readdir(ground.path), []);
});

/** A server that serves as production for a load test: a shop's, with a repository and a receiver that streams, and what must not differ afterwards. */
import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { LoadTestFacts } from "../../src/queries/load-test-facts.ts";
import { type Run, ended, playground, runPra } from "./pra-run.ts";
import { type TestServer, startTestServer } from "./test-server.ts";

/** Production is told twice, and why. */
export const TWICE = [
  "--allow-production",
  "--confirm",
  "main",
  "--reason",
  "agreed with operations",
];

/** Waits until it says so, or has ended. */
export async function untilSaid(run: Run, pattern: RegExp): Promise<void> {
  for (let tries = 0; !pattern.test(run.err() + run.out()); tries += 1) {
    assert.ok(tries < 2400 && run.child.exitCode === null, run.err());
    await sleep(50);
  }
}

/** See the file's comment. */
export class LoadedProduction implements AsyncDisposable {
  readonly path: string;
  readonly server: TestServer;
  readonly #stack: AsyncDisposableStack;

  private constructor(path: string, server: TestServer, stack: AsyncDisposableStack) {
    this.path = path;
    this.server = server;
    this.#stack = stack;
  }

  /** A shop's server, a repository, and a receiver that streams. */
  static async create(): Promise<LoadedProduction> {
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
    const production = new LoadedProduction(ground.path, server, stack.move());
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

  pra(
    words: readonly string[],
    lang = "en",
    variables: Readonly<Record<string, string>> = {},
  ): Run {
    return runPra(this.path, words, {
      ...variables,
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

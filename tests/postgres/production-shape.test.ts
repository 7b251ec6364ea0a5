/** The shape of a real server's data is read by a role that may write nothing, and a throw-away server filled with it has the same tables, widths and indexes. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Client } from "pg";
import { compose } from "../../src/app/compose.ts";
import { fillShape } from "../../src/app/loadtest/fill-shape.ts";
import { runLoadTest } from "../../src/app/loadtest/run-load-test.ts";
import { readShape } from "../../src/loadtest/production-shape.ts";
import { shapeData } from "../../src/loadtest/shaped-data.ts";
import { connectionOf } from "../support/connection-of.ts";
import { environmentIn } from "../support/environment-in.ts";
import { playground } from "../support/pra-run.ts";
import { startTestServer } from "../support/test-server.ts";

const never = new AbortController().signal;

const ODD = `
  CREATE SCHEMA "Shop ""1""";
  CREATE TYPE mood AS ENUM ('glad', 'sad');
  CREATE TABLE "Shop ""1""".orders (
    id bigserial PRIMARY KEY, gone int, "a b" text NOT NULL, amount numeric(12,2), at timestamptz,
    feeling mood, doc jsonb, twice bigint GENERATED ALWAYS AS (id * 2) STORED, raw bytea, plain json);
  ALTER TABLE "Shop ""1""".orders DROP COLUMN gone;
  INSERT INTO "Shop ""1""".orders ("a b", amount, at, feeling, doc, raw, plain)
    SELECT repeat('word ', 20 + i % 20), i, now(), CASE WHEN i % 4 > 0 THEN 'glad'::mood END,
           jsonb_build_object('k', md5(i::text)), decode(md5(i::text), 'hex'), '{}'
      FROM generate_series(1, 4000) i;
  CREATE INDEX ON "Shop ""1""".orders (at, "a b");
  CREATE INDEX ON "Shop ""1""".orders (lower("a b"));
  CREATE INDEX ON "Shop ""1""".orders (amount) WHERE amount > 5;
  CREATE INDEX ON "Shop ""1""".orders (twice);
  CREATE INDEX ON "Shop ""1""".orders (feeling) INCLUDE (amount);
  CREATE TABLE parts (id int, day date) PARTITION BY RANGE (id);
  CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (1000);
  INSERT INTO parts SELECT i, now() FROM generate_series(0, 999) i;
  CREATE TABLE nothing ();
  CREATE UNLOGGED TABLE scratch AS SELECT i::smallint AS i FROM generate_series(1, 100) i;
  CREATE ROLE reader LOGIN;
  GRANT pg_read_all_data TO reader;
  ANALYZE`;

type Row = Record<string, string>;

const FACTS = `
  SELECT c.relname AS name, c.reltuples::bigint::text AS rows, pg_relation_size(c.oid)::text AS bytes,
         (SELECT count(*) FROM pg_index WHERE indrelid = c.oid)::text AS indexes,
         (SELECT coalesce(sum(avg_width), 0) FROM pg_stats WHERE tablename = c.relname AND attname <> 'twice')::text AS width
    FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
   WHERE relkind = 'r' AND nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY relname`;

async function facts(client: Client): Promise<ReadonlyMap<string, Row>> {
  await client.query("ANALYZE");
  const { rows } = await client.query<Row>(FACTS);
  return new Map(rows.map((row) => [row["name"] ?? "", row]));
}

test("R6 a throw-away server gets the tables, rows, widths and indexes of another, read by a role that may only read", async () => {
  await using production = await startTestServer({ major: 18 });
  await using copy = await startTestServer({ major: 15 });
  await production.query("CREATE DATABASE shop");
  const shop = new Client({ ...production.clientConfig(), database: "shop" });
  await shop.connect();
  await shop.query(ODD);
  const settings = { ...connectionOf(production), user: "reader" };
  const { major, databases } = await readShape(settings, { signal: never });
  assert.equal(major, 18);
  const data = shapeData(databases, 2 ** 30);
  assert.equal(data.share, 1);
  assert.equal(data.tables, 4);
  assert.equal(data.columnsAsText, 1, "the enumeration");
  const told: number[] = [];
  await fillShape(copy, data, { onRows: (done) => told.push(done), signal: never });
  assert.equal(told.at(-1), 5100);
  const filled = new Client({ ...copy.clientConfig(), database: "shop" });
  await filled.connect();
  const [wanted, found] = [await facts(shop), await facts(filled)];
  await shop.end();
  await filled.end();
  assert.deepEqual([...found.keys()], [...wanted.keys()]);
  for (const [name, row] of wanted) {
    const near = (key: string): void => {
      const [is, should] = [Number(found.get(name)?.[key]), Number(row[key])];
      assert.ok(Math.abs(is - should) <= should * 0.3, `${name} ${key}: ${is}, not ${should}`);
    };
    assert.equal(found.get(name)?.["rows"], row["rows"], name);
    near("width");
    near("bytes");
  }
  // The primary key, (at, "a b"), and (feeling): one of an expression, a partial one and one of a generated column are left out.
  assert.equal(found.get("orders")?.["indexes"], "3");
});

test("R6 filling by a shape can be ended at any time", async () => {
  await using copy = await startTestServer({ major: 18 });
  const column = { name: "a", type: "text", notNull: true, width: 900, nullShare: 0 };
  const table = {
    schema: "s",
    name: "t",
    rows: 10_000_000,
    bytes: 1e10,
    columns: [column],
    indexes: [],
  };
  const data = shapeData([{ name: "postgres", bytes: 1e10, tables: [table] }], 1e11);
  const ending = new AbortController();
  const filling = fillShape(copy, data, {
    onRows: () => {
      ending.abort(new Error("enough"));
    },
    signal: ending.signal,
  });
  const beganMs = performance.now();
  await assert.rejects(filling, /enough/);
  assert.ok(performance.now() - beganMs < 10_000);
});

test("R6 the shape of production is read with a password that only the password file holds", async () => {
  await using ground = await playground();
  await using production = await startTestServer({ major: 18 });
  await production.query("CREATE ROLE guarded LOGIN PASSWORD 'in the file'");
  const rules = join(production.dataDirectory, "pg_hba.conf");
  await writeFile(rules, `local all guarded scram-sha-256\n${await readFile(rules, "utf8")}`);
  await production.query("SELECT pg_reload_conf()");
  const passwords = join(ground.path, "pgpass");
  await writeFile(passwords, "*:*:*:guarded:in the file\n", { mode: 0o600 });
  await writeFile(join(ground.path, "package.json"), "{}");
  const environment = environmentIn(ground.path, {
    PG_HOST: production.socketDirectory,
    PG_PORT: String(production.port),
    PG_USER: "guarded",
    PG_DATABASE: "postgres",
    PGPASSFILE: passwords,
  });
  const request = {
    loadMs: 10_000,
    clients: 4,
    dataBytes: 2 ** 20,
    likeProduction: true,
    seed: 7,
    major: undefined,
    programs: undefined,
    application: false,
    // It is there already: what comes after the shape is refused.
    folder: ground.path,
    onEvent: () => undefined,
    signal: never,
  };
  await assert.rejects(runLoadTest(compose(), environment, request), {
    code: "CONFIG_LOADTEST_FOLDER",
  });
});

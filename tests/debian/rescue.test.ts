/**
 * `pra rescue` on Debian's PostgreSQL 15: a table that was dropped under load comes back with every acknowledged row; what differs is told,
 * and missing rows are copied only when that was said; every refusal; and nothing half is left by a run that was killed.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "pg";
import { type CommandLine, errorCodeOf } from "../support/command-line.ts";
import type { DebianCluster } from "../support/debian-cluster.ts";
import {
  RESCUE_DATABASE as DATABASE,
  RescueWorld,
  allOf as all,
  valueOf as value,
} from "../support/rescue-world.ts";

const ODD = `"Odd Schéma"."T ""x"" é"`;
const NOW = `SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at`;

const SCHEMA = [
  "CREATE EXTENSION hstore",
  "CREATE TYPE state AS ENUM ('new', 'paid')",
  "CREATE DOMAIN amount AS numeric(12,2) CHECK (VALUE >= 0)",
  "CREATE TABLE customers (id int PRIMARY KEY)",
  "INSERT INTO customers SELECT g FROM generate_series(1, 50) g",
  "CREATE SEQUENCE shared_numbers",
  `CREATE TABLE orders (id bigserial PRIMARY KEY, customer int REFERENCES customers, s state DEFAULT 'new', a amount,
     h hstore, note text, n bigint DEFAULT nextval('shared_numbers'), doubled numeric GENERATED ALWAYS AS (a * 2) STORED)`,
  "CREATE INDEX ON orders (customer)",
  "CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
  "CREATE TRIGGER touch BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION touched()",
  `INSERT INTO orders (customer, a, h, note)
     SELECT 1 + g % 50, g / 7.0, hstore('k', g::text), md5(g::text) FROM generate_series(1, 5000) g`,
  // Out of line.
  "UPDATE orders SET note = (SELECT string_agg(md5((g * orders.id)::text), '') FROM generate_series(1, 400) g) WHERE id % 1000 = 0",
  "GRANT SELECT ON orders TO PUBLIC",
  "COMMENT ON TABLE orders IS 'what people bought'",
  "CREATE MATERIALIZED VIEW totals AS SELECT customer, sum(a) FROM orders GROUP BY 1",
  "CREATE UNLOGGED TABLE basket AS SELECT g AS id FROM generate_series(1, 10) g",
  `CREATE SCHEMA "Odd Schéma"`,
  `CREATE TABLE ${ODD} (id int, part int, v text, PRIMARY KEY (part, id)) PARTITION BY LIST (part)`,
  `CREATE TABLE "Odd Schéma"."P 1" PARTITION OF ${ODD} FOR VALUES IN (1)`,
  `CREATE TABLE "Odd Schéma"."P 2" PARTITION OF ${ODD} FOR VALUES IN (2)`,
  `INSERT INTO ${ODD} SELECT g, 1 + g % 2, 'v' || g FROM generate_series(1, 2000) g`,
  "CREATE TABLE keyless AS SELECT g % 10 AS a FROM generate_series(1, 100) g",
  "CREATE TABLE rewritten (id int PRIMARY KEY, v text)",
  "INSERT INTO rewritten SELECT g, 'old' FROM generate_series(1, 1000) g",
  "CREATE TABLE filler AS SELECT g AS id, md5(g::text) || md5((g * 7)::text) AS t FROM generate_series(1, 400000) g",
  "CREATE INDEX ON filler (id)",
];

let world: RescueWorld;
let cluster: DebianCluster;
let pra: CommandLine;
let superuser: Readonly<Record<string, string>>;
/** Instants, and what the table held. */
let beforeDamage = "";
let ordersThen = "";

const HASH =
  "SELECT count(*) || ' ' || md5(string_agg(o::text, ',' ORDER BY id)) AS v FROM orders o";

async function instant(client: Client): Promise<string> {
  await sleep(20);
  const at = await value(client, NOW);
  await sleep(20);
  return at;
}

type Json = Record<string, unknown>;

before(async () => {
  world = await RescueWorld.create(SCHEMA);
  ({ cluster, pra, superuser } = world);
  assert.equal((await world.json(["backup", "--full"])).code, 0);
  await cluster.withClient(async (client) => {
    await all(client, [
      "UPDATE orders SET note = 'changed since the backup' WHERE id % 10 = 0",
      "UPDATE filler SET t = 'x' || t WHERE id % 40 = 0",
      "VACUUM FULL rewritten",
      "UPDATE rewritten SET v = 'new' WHERE id <= 10",
      "ALTER TABLE keyless RENAME TO renamed",
      "CREATE TABLE born AS SELECT g AS id FROM generate_series(1, 300) g",
      "VACUUM FULL pg_depend",
      "VACUUM FULL pg_class",
      "REINDEX TABLE pg_attribute",
    ]);
    beforeDamage = await instant(client);
    ordersThen = await value(client, HASH);
    await all(client, [
      "DELETE FROM orders WHERE id BETWEEN 100 AND 149",
      "UPDATE orders SET note = 'later' WHERE id BETWEEN 200 AND 204",
      "INSERT INTO orders (customer, a) SELECT 1, 1 FROM generate_series(1, 3)",
      "DROP TABLE born",
      "ALTER TABLE rewritten ADD COLUMN since text",
    ]);
  }, DATABASE);
  await world.stored();
});

after(async () => {
  await world[Symbol.asyncDispose]();
});

type Comparison = Json & { readonly missing: { rows: number }; readonly state: string };

function comparisonsOf(result: Json): readonly Json[] {
  return (result["comparisons"] as readonly Comparison[]).map(
    ({ name, state, by, past, live, missing, changed, new: added }) => ({
      name,
      state,
      by,
      past,
      live,
      missing: missing.rows,
      changed: (changed as { rows: number }).rows,
      added: (added as { rows: number }).rows,
    }),
  );
}

test("R3 a table comes back as it was, with types, sequences and indexes, and what differs is counted", async () => {
  const words = ["rescue", "--table", "orders", "--at", beforeDamage, "--into", "app_rescue"];
  const { code, value: result, err } = await world.json(words);
  assert.equal(code, 0, err);
  assert.deepEqual(comparisonsOf(result), [
    {
      name: "orders",
      state: "compared",
      by: "key",
      past: 5000,
      live: 4953,
      missing: 50,
      changed: 5,
      added: 3,
    },
  ]);
  assert.deepEqual(result["leftOut"], {
    foreignKeys: ["public.orders.orders_customer_fkey"],
    triggers: ["public.orders.touch"],
    policies: [],
    grants: ["public.orders"],
    comments: ["public.orders"],
    materialisedViews: ["public.totals"],
    unlogged: [],
  });
  assert.equal(result["copied"], null);
  await cluster.withClient(async (client) => {
    assert.equal(await value(client, HASH), ordersThen);
    const names = await value(
      client,
      `SELECT string_agg(relname || ' ' || relkind::text, ', ' ORDER BY relname) FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i', 'S')`,
    );
    assert.equal(
      names,
      "orders r, orders_customer_idx i, orders_id_seq S, orders_pkey i, shared_numbers S",
    );
  }, "app_rescue");
  assert.deepEqual(world.leftovers(), []);
});

test("R3 diff tells what became of a database between an instant and now: definitions, columns and rows", async () => {
  const words = ["diff", "--at", beforeDamage, "--at", "latest"];
  const { code, value: result, err } = await world.json(words);
  assert.equal(code, 0, err);
  const objects = result["objects"] as readonly Readonly<Record<string, string | null>>[];
  const changes = objects.map((each) => [each["change"], each["kind"], each["name"]].join(" "));
  assert.deepEqual(changes.sort(), ["changed table public.rewritten", "removed table public.born"]);
  const altered = objects.find((each) => each["change"] === "changed");
  assert.match(String(altered?.["to"]), /since/);
  assert.doesNotMatch(String(altered?.["from"]), /since/);
  assert.deepEqual(result["tables"], [
    { name: "public.born", from: 300, to: null },
    { name: "public.orders", from: 5000, to: 4953 },
  ]);
  assert.deepEqual(world.leftovers(), []);
});

test("R3 a second instant of diff that is no time or out of reach is refused before anything is restored", async () => {
  for (const [typed, exit, expected] of [
    ["yesterday-ish", 2, "USAGE_TIME"],
    ["2020-01-01 00:00 UTC", 3, "PLAN_TARGET_BEFORE_BACKUP"],
  ] as const) {
    const words = ["diff", "--at", beforeDamage, "--at", typed];
    const { code, value: refused, err } = await world.json(words);
    assert.deepEqual([code, errorCodeOf(refused)], [exit, expected], err);
    assert.doesNotMatch(err, /Instant 1/);
  }
});

test("R3 peek at one row says so in both languages", async () => {
  const words = ["peek", "--at", beforeDamage, "--table", "orders", "--sql"];
  for (const [language, sql, expected] of [
    ["fr", "SELECT count(*) FROM orders", /\(1 ligne\)/],
    ["en", "SELECT id FROM orders WHERE id < 3", /\(2 rows\)/],
  ] as const) {
    const { code, out, err } = await pra.startWith([...words, sql, "--lang", language], superuser)
      .answer;
    assert.equal(code, 0, err);
    assert.match(out, expected);
  }
});

test("R3 an unlogged table comes back empty, and that is said", async () => {
  const words = ["rescue", "--table", "basket", "--at", beforeDamage, "--into", "app_rescue"];
  const { code, out } = await pra.startWith([...words, "--lang", "fr"], superuser).answer;
  assert.equal(code, 0);
  assert.match(out, /! Vides, car les tables non journalisées .* : public\.basket/);
});

test("R3 odd names, partitions, a table born since, rewritten or renamed: all come back, into an odd database", async () => {
  const tables = [ODD, "born", "rewritten", "renamed"].flatMap((name) => ["--table", name]);
  const into = `é "x" 'y'`;
  const {
    code,
    value: result,
    err,
  } = await world.json(["rescue", ...tables, "--at", beforeDamage, "--into", into]);
  assert.equal(code, 0, err);
  const of = (name: string): Json | undefined =>
    comparisonsOf(result).find((each) => each["name"] === name);
  assert.deepEqual([of(`T "x" é`)?.["past"], of(`T "x" é`)?.["changed"]], [2000, 0]);
  assert.deepEqual([of("born")?.["state"], of("born")?.["missing"]], ["absent", 300]);
  assert.deepEqual([of("renamed")?.["by"], of("renamed")?.["missing"]], ["row", 0]);
  assert.deepEqual([of("rewritten")?.["past"], of("rewritten")?.["changed"]], [1000, 0]);
  await cluster.withClient(async (client) => {
    assert.equal(await value(client, "SELECT count(*) FROM rewritten WHERE v = 'new'"), "10");
    const sum = `SELECT sum(id) || ' ' || count(DISTINCT tableoid) FROM ${ODD}`;
    assert.equal(await value(client, sum), "2001000 2");
  }, into);
});

test("R3 missing rows are copied when that was said twice, in one go, and no other row is touched", async () => {
  const words = ["rescue", "--table", "orders", "--at", beforeDamage, "--into", "app_rescue"];
  const refused = await world.json([...words, "--copy-missing"]);
  assert.equal(refused.code, 3);
  assert.equal(errorCodeOf(refused.value), "RESTORE_RESCUE_UNCONFIRMED");
  const count = (): Promise<string> =>
    cluster.withClient(
      (client) =>
        value(
          client,
          `SELECT count(*) || ' ' || count(*) FILTER (WHERE id BETWEEN 100 AND 149) || ' '
            || count(*) FILTER (WHERE note = 'later') FROM orders`,
        ),
      DATABASE,
    );
  assert.equal(await count(), "4953 0 5");
  const { code, value: result, err } = await world.json([...words, "--copy-missing", "--yes"]);
  assert.equal(code, 0, err);
  assert.deepEqual(result["copied"], [{ schema: "public", name: "orders", rows: 50 }]);
  assert.equal(await count(), "5003 50 5");
  const again = await world.json([...words, "--copy-missing", "--yes"]);
  assert.equal(again.value["copied"], null, "nothing is missing any more");
});

test("R3 a copy that a live rule forbids is refused whole", async () => {
  await cluster.withClient((client) => client.query("DELETE FROM orders WHERE id < 10"), DATABASE);
  await cluster.withClient(
    (client) => client.query("ALTER TABLE orders ADD CHECK (id <> 9) NOT VALID"),
    DATABASE,
  );
  const words = ["rescue", "--table", "orders", "--at", beforeDamage, "--into", "app_rescue"];
  const { code, value: result } = await world.json([...words, "--copy-missing", "--yes"]);
  assert.equal(code, 1);
  assert.equal(errorCodeOf(result), "RESTORE_RESCUE_COPY");
  const left = await cluster.withClient(
    (client) => value(client, "SELECT count(*) FROM orders WHERE id < 10"),
    DATABASE,
  );
  assert.equal(left, "0");
});

test("R3 a live, busy or foreign target, an absent table, one of several and an instant out of reach are refused, and stay", async () => {
  const rescue = async (words: readonly string[]): Promise<unknown> => {
    const { code, value: result } = await world.json(["rescue", ...words]);
    assert.equal(code, 3, JSON.stringify(result));
    return errorCodeOf(result);
  };
  const at = ["--at", beforeDamage];
  const orders = ["--table", "orders", ...at];
  assert.equal(await rescue([...orders, "--into", DATABASE]), "RESTORE_RESCUE_INTO");
  assert.equal(await rescue([...orders, "--into", "template1"]), "RESTORE_DB_RESERVED");
  await cluster.withClient((client) => client.query("CREATE DATABASE theirs"));
  await cluster.withClient((client) => client.query("CREATE TABLE mine ()"), "theirs");
  assert.equal(await rescue([...orders, "--into", "theirs"]), "RESTORE_RESCUE_INTO");
  await cluster.withClient(async () => {
    assert.equal(await rescue([...orders, "--into", "app_rescue"]), "RESTORE_DB_BUSY");
  }, "app_rescue");
  const absent = await world.json(["rescue", "--table", "ordres", ...at, "--into", "app_rescue"]);
  assert.equal(errorCodeOf(absent.value), "RESTORE_RESCUE_ABSENT");
  assert.match(absent.out, /public\.orders/);
  const unknown = [...orders, "--database", "nowhere", "--into", "app_rescue"];
  assert.equal(await rescue(unknown), "RESTORE_RESCUE_NO_DATABASE");
  const early = ["--table", "orders", "--at", "2020-01-01T00:00:00Z", "--into", "app_rescue"];
  assert.match(String(await rescue(early)), /^PLAN_/);
  assert.ok((await world.databases()).includes("app_rescue"), "what was rescued before stays");
  assert.deepEqual(world.leftovers(), []);
});

test("R3 a run that is interrupted or killed leaves no half database under its name, and the next one tidies", async () => {
  const words = ["rescue", "--table", "orders", "--at", beforeDamage, "--into", "fresh"];
  const stopped = pra.startWith([...words, "--lang", "en"], superuser);
  await stopped.untilSaid(/Definitions/);
  stopped.child.kill("SIGTERM");
  assert.equal((await stopped.answer).code, 130);
  assert.deepEqual(world.leftovers(), []);
  assert.ok(!(await world.databases()).some((name) => /fresh|unfinished/.test(name)));
  const killed = await pra.startWith(words, { ...superuser, PRA_FAILPOINT: "rescue.rename:kill" })
    .answer;
  assert.notEqual(killed.code, 0);
  const left = (await world.databases()).filter((name) => /fresh|unfinished/.test(name));
  assert.ok(
    left.every((name) => name.startsWith("pra_unfinished_")),
    left.join(),
  );
  await sleep(1500);
  const again = await world.json(words);
  assert.equal(again.code, 0, again.err);
  const names = await world.databases();
  assert.ok(names.includes("fresh") && !names.some((name) => name.startsWith("pra_unfinished_")));
});

test("R3 a full disk or an error half-way ends with its own error, and leaves rows, databases and the spool as they were", async () => {
  const known = await world.databases();
  const rows = (): Promise<string> =>
    cluster.withClient((client) => value(client, "SELECT count(*) FROM orders"), DATABASE);
  const before = await rows();
  const words = ["rescue", "--table", "orders", "--at", beforeDamage, "--into", "app_rescue"];
  for (const [failpoint, code] of [
    ["restore.hole:enospc:3", "RESTORE_DISK_FULL"],
    ["rescue.list:enospc", "RESTORE_DISK_FULL"],
  ] as const) {
    const { value: result } = await world.json(words, { PRA_FAILPOINT: failpoint });
    assert.equal(errorCodeOf(result), code, failpoint);
    assert.deepEqual(world.leftovers(), [], failpoint);
  }
  await cluster.withClient(
    (client) => client.query("ALTER TABLE orders DROP CONSTRAINT IF EXISTS orders_id_check"),
    DATABASE,
  );
  const failed = await world.json([...words, "--copy-missing", "--yes"], {
    PRA_FAILPOINT: "rescue.copy:error",
  });
  assert.notEqual(failed.code, 0);
  assert.equal(await rows(), before, "no row was copied");
  assert.deepEqual(await world.databases(), known);
  assert.deepEqual(world.leftovers(), []);
});

test("R3 a table dropped under load is rescued with every row that was acknowledged", async () => {
  const acknowledged: number[] = [];
  await cluster.withClient(
    (client) => client.query("CREATE TABLE busy (id bigserial PRIMARY KEY, client int, t text)"),
    DATABASE,
  );
  const writers = [1, 2, 3].map((number) =>
    cluster.withClient(async (client) => {
      const sql = "INSERT INTO busy (client, t) SELECT $1, md5(random()::text) RETURNING id";
      for (;;) {
        try {
          const { rows } = await client.query<{ id: string }>(sql, [number]);
          acknowledged.push(Number(rows[0]?.id));
        } catch (error) {
          assert.equal((error as { code?: string }).code, "42P01");
          return;
        }
      }
    }, DATABASE),
  );
  const churn = cluster.withClient(
    (client) => client.query("UPDATE filler SET t = 'y' || t WHERE id % 20 = 0"),
    DATABASE,
  );
  await sleep(2000);
  const at = await cluster.withClient(async (client) => {
    await client.query("BEGIN");
    await client.query("LOCK TABLE busy");
    const moment = await value(client, NOW);
    await sleep(5);
    await client.query("DROP TABLE busy");
    await client.query("COMMIT");
    return moment;
  }, DATABASE);
  await Promise.all([...writers, churn]);
  await world.stored();
  assert.ok(acknowledged.length > 100, `${acknowledged.length} rows were acknowledged`);
  const {
    code,
    value: result,
    err,
  } = await world.json(["rescue", "--table", "busy", "--at", at, "--into", "app_rescue"]);
  assert.equal(code, 0, err);
  assert.equal(comparisonsOf(result)[0]?.["state"], "absent");
  const rescued = await cluster.withClient(async (client) => {
    const { rows } = await client.query<{ id: string }>("SELECT id FROM busy");
    return new Set(rows.map(({ id }) => Number(id)));
  }, "app_rescue");
  const lost = acknowledged.filter((id) => !rescued.has(id));
  assert.deepEqual(lost, []);
});

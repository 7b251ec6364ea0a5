/**
 * What `pra rescue` and its relations refuse after a look, on Debian's PostgreSQL 15: a spool without room, before a file is written; a
 * table or database that was not there at the instant, with the backups in which it was.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { after, before, test } from "node:test";
import { errorCodeOf } from "../support/command-line.ts";
import { RESCUE_DATABASE, RescueWorld, allOf, valueOf } from "../support/rescue-world.ts";

const SCHEMA = [
  "CREATE TABLE orders AS SELECT g AS id, md5(g::text) AS note FROM generate_series(1, 1000) g",
  "CREATE TABLE early AS SELECT 1 AS id",
  "CREATE TABLE filler AS SELECT g AS id, md5(g::text) || md5((g * 7)::text) AS t FROM generate_series(1, 400000) g",
];
const NOW = `SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

let world: RescueWorld;
/** After the first backup, and after a table was dropped. */
let instant = "";

before(async () => {
  world = await RescueWorld.create(SCHEMA);
  assert.equal((await world.json(["backup", "--full"])).code, 0);
  instant = await world.cluster.withClient(async (client) => {
    await client.query("DROP TABLE early");
    const now = await valueOf(client, NOW);
    await client.query("DELETE FROM orders WHERE id < 10");
    return now;
  }, RESCUE_DATABASE);
  await world.stored();
});

after(async () => {
  await world[Symbol.asyncDispose]();
});

test("R3 a spool with too little room is refused before a file is written, by what the wished part takes and not by the whole", async () => {
  const spool = await mkdtemp("/tmp/pra-small-");
  const mount = (size: string, ...more: readonly string[]): void => {
    execFileSync("mount", [
      "-t",
      "tmpfs",
      "-o",
      [`size=${size}`, ...more].join(","),
      "tmpfs",
      spool,
    ]);
  };
  mount("4m");
  try {
    const variables = { PRA_SPOOL_DIR: spool };
    const at = ["--at", instant];
    const orders = ["--table", "orders", ...at];
    const sql = ["--sql", "SELECT count(*) FROM orders"];
    const id = (await world.backups()).at(-1) ?? "";
    const needed = new Map<string, number>();
    const known = await world.databases();
    for (const [name, words] of [
      ["rescue", ["rescue", ...orders, "--into", "small"]],
      ["peek", ["peek", ...at, ...sql]],
      ["diff", ["diff", ...at, "--at", instant]],
      [
        "restore-db",
        ["restore-db", "--from", id, "--into", "small", "--database", RESCUE_DATABASE],
      ],
    ] as const) {
      const { code, value: refused } = await world.json(words, variables);
      assert.equal(code, 3, JSON.stringify(refused));
      assert.equal(errorCodeOf(refused), "RESTORE_ROOM", name);
      const { details, hint } = refused["error"] as {
        readonly details: Readonly<Record<string, unknown>>;
        readonly hint: string;
      };
      assert.deepEqual([details["command"], details["directory"]], [`pra ${name}`, spool]);
      assert.ok(Number(details["freeMib"]) <= 4, name);
      assert.match(hint, /PRA_SPOOL_DIR/);
      needed.set(name, Number(details["neededMib"]));
      assert.deepEqual(readdirSync(spool), [], name);
    }
    assert.deepEqual(await world.databases(), known);
    const [part, whole] = [needed.get("rescue") ?? 0, needed.get("peek") ?? 0];
    assert.ok(part + 30 < whole, `${part} MiB for a table, ${whole} for its database`);
    mount(`${part + 2}m`, "remount");
    const peek = ["peek", ...at, ...sql];
    const peeked = await world.json([...peek, "--table", "orders"], variables);
    assert.equal(peeked.code, 0, peeked.err);
    assert.equal(errorCodeOf((await world.json(peek, variables)).value), "RESTORE_ROOM");
  } finally {
    execFileSync("umount", [spool]);
    await rm(spool, { recursive: true });
  }
});

test("R3 a table or database that was not there at the instant is told with the backups before and after in which it was", async () => {
  const { cluster } = world;
  await cluster.withClient((client) => client.query("CREATE DATABASE later_on"));
  await cluster.withClient(
    (client) =>
      allOf(client, [
        "CREATE TABLE late (id int)",
        "CREATE SCHEMA fresh",
        "CREATE TABLE fresh.t ()",
      ]),
    RESCUE_DATABASE,
  );
  assert.equal((await world.json(["backup", "--incremental"])).code, 0);
  await world.stored();
  const [first = "", later = ""] = await world.backups();
  const seen = async (words: readonly string[]): Promise<readonly unknown[]> => {
    const at = ["--at", instant, "--into", "app_rescue"];
    const { code, value: refused } = await world.json(["rescue", ...words, ...at]);
    assert.equal(code, 3, JSON.stringify(refused));
    const { details, hint } = refused["error"] as {
      readonly details: Readonly<Record<string, unknown>>;
      readonly hint: string;
    };
    assert.match(hint, /the nearest before that instant: .*; the nearest after it: /);
    assert.equal(details["backups"], 2);
    assert.equal(details["looked"], 2);
    return [details["beforeBackup"], details["afterBackup"]];
  };
  assert.deepEqual(await seen(["--table", "early"]), [first, undefined]);
  assert.deepEqual(await seen(["--table", "late"]), [undefined, later]);
  assert.deepEqual(await seen(["--table", "nowhere.late"]), [undefined, undefined]);
  assert.deepEqual(await seen(["--schema", "fresh"]), [undefined, later]);
  assert.deepEqual(await seen(["--database", "later_on"]), [undefined, later]);
  const there = [
    "rescue",
    "--table",
    "early",
    "--backup",
    first,
    "--immediate",
    "--into",
    "early_rescue",
  ];
  const { value: rescued } = await world.json(there);
  assert.deepEqual(rescued["tables"], [{ schema: "public", name: "early", rows: 1 }]);
});

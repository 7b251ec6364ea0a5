/**
 * Partial restores on real servers: what was wished for is exactly what a whole restore brings, page checks and amcheck included; what was not
 * is neither read nor there; and a guess that missed something is made good by the recovered server's own catalogues.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { restoreBackup } from "../../src/restore/restore-backup.ts";
import { chooseFiles } from "../../src/restore/choose-files.ts";
import { parseRelationWish } from "../../src/restore/relation-wish.ts";
import { UNFINISHED_MARKER } from "../../src/restore/target-directory.ts";
import { checkRelations } from "../../src/proof/relation-checks.ts";
import { CommandLine } from "../support/command-line.ts";
import { connectionOf } from "../support/connection-of.ts";
import { RestoredCluster, TestRepository } from "../support/test-repository.ts";
import { startTestServer, testDirectory } from "../support/test-server.ts";
import { WalArchive } from "../support/wal-archive.ts";

const TABLE = `
  CREATE TYPE mood AS ENUM ('a', 'b');
  CREATE TABLE wanted (id serial PRIMARY KEY, m mood DEFAULT 'a', text text);
  INSERT INTO wanted (text) SELECT md5(g::text) FROM generate_series(1, 3000) g;
  UPDATE wanted SET text = (SELECT string_agg(md5((g * wanted.id)::text), '') FROM generate_series(1, 300) g) WHERE id % 500 = 0;
  CREATE INDEX ON wanted (text text_pattern_ops) WHERE length(text) < 100;
  CREATE TABLE filler AS SELECT g AS id, md5(g::text) || md5((g * 3)::text) AS t FROM generate_series(1, 300000) g;
  CREATE INDEX ON filler (id);`;

const CHANGES = [
  "UPDATE wanted SET text = 'changed' WHERE id % 7 = 0",
  "UPDATE filler SET t = 'x' || t WHERE id % 30 = 0",
  "DELETE FROM wanted WHERE id < 100",
  "VACUUM wanted",
  "VACUUM filler",
  "INSERT INTO filler SELECT g, 'new' FROM generate_series(1, 20000) g",
  "INSERT INTO wanted (text) SELECT 'new' FROM generate_series(1, 500) g",
];

const SUM = "SELECT count(*) || md5(string_agg(w::text, ',' ORDER BY id)) AS value FROM wanted w";

const NOW = `SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/** What a server is told that has only a part: see throwaway-copy.ts of the application. */
const PART = { ignore_invalid_pages: "on", hot_standby: "off", autovacuum: "off" };

for (const major of [18, 15] as const) {
  test(`R3 a table of a partial restore of ${major} is what a whole one brings, and the rest is holes`, async () => {
    await using archive = await WalArchive.create();
    await using server = await startTestServer({ major, settings: archive.settings });
    await using repository = await TestRepository.create();
    await server.query(TABLE);
    const backup = await repository.backup(connectionOf(server));
    for (const sql of CHANGES) {
      await server.query(sql);
    }
    const expected = await server.value(SUM);
    await archive.catchUp(server);
    const home = await testDirectory(server.account);
    const about = repository.restoreOptions(server, backup, {
      dataDirectory: join(home, "data"),
      archive,
    });
    const relations = parseRelationWish({ tables: ["wanted"] }, "test");
    const restored = await restoreBackup({
      ...about,
      choose: async (files) => {
        const wish = { database: "postgres", relations, also: new Set<number>() };
        return (await chooseFiles(files, wish)).selection;
      },
    });
    await using part = new RestoredCluster(server, home, restored);
    await using whole = await repository.restore(server, backup, { archive });
    assert.ok(restored.readBytes < whole.restored.readBytes / 3, "unwanted frames are not read");
    assert.ok(existsSync(join(part.dataDirectory, UNFINISHED_MARKER)), "it stays marked");
    const filler = await server.value("SELECT pg_relation_filepath('filler')");
    const sizes = [part, whole].map((each) => statSync(join(each.dataDirectory, filler)));
    assert.equal(sizes[0]?.size, sizes[1]?.size, "a hole is as long as the file");
    assert.equal(sizes[0]?.blocks, 0, "and takes no room");
    await whole.start();
    await part.start({ settings: PART });
    assert.equal(await whole.value(SUM), expected);
    assert.equal(await part.value(SUM), expected);
    const next = "SELECT nextval('wanted_id_seq')";
    assert.equal(await part.value(next), await whole.value(next));
    const oid = await part.value("SELECT 'wanted'::regclass::oid");
    const checks = await part.withClient((client) => checkRelations(client, undefined, [oid]));
    assert.deepEqual(checks.findings, []);
    assert.ok(
      !checks.amcheck || (checks.heaps === 2 && checks.indexes === 3),
      JSON.stringify(checks),
    );
  });
}

test("R3 a table that was renamed since the backup is found by the recovered server, and restored again with its files", async () => {
  await using server = await startTestServer({ major: 18 });
  await using pra = await CommandLine.initialised(server);
  await server.query(TABLE);
  await using _receiver = await receiving(pra);
  assert.equal((await pra.run("backup --full")).code, 0);
  await server.query("ALTER TABLE wanted RENAME TO renamed");
  const at = await server.value(NOW);
  await server.query("DELETE FROM renamed; SELECT pg_switch_wal()");
  await server.query("SELECT txid_current()");
  // A spool of its own: others' throw-away servers are none of its business.
  const spool = join(pra.directory, "spool");
  const variables = { PRA_SPOOL_DIR: spool };
  const words = ["peek", "--at", at, "--table", "renamed", "--sql"];
  const peeked = await untilReachable(
    pra,
    [...words, "SELECT count(*), max(length(text)) FROM renamed", "--json"],
    variables,
  );
  assert.equal(peeked.code, 0, peeked.out);
  const value = JSON.parse(peeked.out) as {
    readonly attempts: number;
    readonly queries: readonly { readonly rows: unknown }[];
  };
  assert.equal(value.attempts, 2);
  assert.deepEqual(value.queries[0]?.rows, [["3000", "9600"]]);
  const csv = await pra.startWith([...words, "TABLE renamed LIMIT 1", "--csv"], variables).answer;
  assert.equal(csv.out, "id,m,text\r\n1,a,c4ca4238a0b923820dcc509a6f75849b\n");
  for (const sql of [
    // Not restored: an answer would be none.
    "SELECT count(*) FROM filler",
    "COPY (SELECT 1) TO PROGRAM 'true'",
  ]) {
    const refused = await pra.startWith([...words, sql, "--json"], variables).answer;
    assert.match(refused.out, /RESTORE_PEEK_SQL/, sql);
  }
  assert.deepEqual(existsSync(spool) ? readdirSync(spool) : [], []);
});

test("R3 a database that took its name since the backup, copied file by file from one that was left out, is restored with everything", async () => {
  await using server = await startTestServer({ major: 18 });
  await using pra = await CommandLine.initialised(server);
  await server.query("CREATE DATABASE shop");
  await server.query("CREATE DATABASE source");
  await server.query("CREATE TABLE t AS SELECT g FROM generate_series(1, 1000) g", {
    database: "source",
  });
  await using _receiver = await receiving(pra);
  assert.equal((await pra.run("backup --full")).code, 0);
  await server.query("DROP DATABASE shop");
  await server.query("CREATE DATABASE shop TEMPLATE source STRATEGY file_copy");
  const at = await server.value(NOW);
  await server.query("SELECT pg_switch_wal()");
  await server.query("CREATE TABLE later ()");
  const variables = { PRA_SPOOL_DIR: join(pra.directory, "spool") };
  const sql = "SELECT count(*), sum(g) FROM t";
  const words = ["peek", "--at", at, "--database", "shop", "--table", "t", "--sql", sql, "--json"];
  const peeked = await untilReachable(pra, words, variables);
  assert.equal(peeked.code, 0, peeked.out);
  assert.match(peeked.out.replaceAll(/\s+/g, ""), /"rows":\[\["1000","500500"\]\]/);
});

async function receiving(pra: CommandLine): Promise<AsyncDisposable> {
  const receiver = pra.start("wal receive --lang en");
  await receiver.untilSaid(/Streaming from/);
  return {
    [Symbol.asyncDispose]: async () => {
      receiver.child.kill("SIGTERM");
      await receiver.answer;
    },
  };
}

/** Until the repository knows of everything up to the instant. */
async function untilReachable(
  pra: CommandLine,
  words: readonly string[],
  variables: Readonly<Record<string, string>>,
): Promise<{ readonly code: number | null; readonly out: string }> {
  for (let tries = 0; ; tries++) {
    const answer = await pra.startWith(words, variables).answer;
    if (answer.code !== 3 || tries > 20) {
      return answer;
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

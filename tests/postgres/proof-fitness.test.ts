/**
 * What a proof says where this host cannot judge, or where it is the data that is wrong: the two must never be taken for each other.
 * "Unproven because unfit" is not green, and damage is not excused by it.
 */
import assert from "node:assert/strict";
import { copyFile, mkdir, open, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { CommandLine } from "../support/command-line.ts";
import { connectionOf } from "../support/connection-of.ts";
import { proofOf } from "../support/proof-of.ts";
import { TestRepository } from "../support/test-repository.ts";
import { startTestServer, takeOverTree } from "../support/test-server.ts";

type Told = { readonly kind: string; readonly name: string; readonly detail: string };

function toldIn(value: Record<string, unknown>, key: "unfit" | "environment"): readonly string[] {
  return (value[key] as Told[]).map(({ kind, name }) => `${kind} ${name}`);
}

test("L51 a database whose locale is not installed here, and an extension that is not, leave a backup unproven, never green", async () => {
  await using server = await startTestServer({ major: 18 });
  await using pra = await CommandLine.initialised(server);
  await server.query("CREATE DATABASE abroad");
  await server.query("UPDATE pg_database SET datcollate = 'xx_XX.utf8' WHERE datname = 'abroad'");
  assert.equal((await pra.run("backup --full")).code, 0);
  const locale = await pra.json("prove");
  assert.equal(locale.code, 4, locale.err);
  assert.equal(locale.value["verdict"], "unfit");
  assert.deepEqual(toldIn(locale.value, "unfit"), ["locale abroad"]);
  assert.match(locale.out, /database locale is incompatible with operating system/);

  await server.query("UPDATE pg_database SET datcollate = datctype WHERE datname = 'abroad'");
  await server.query(
    "SET allow_system_table_mods = on; INSERT INTO pg_extension VALUES (99999, 'far_away_gis', 10, 2200, true, '3.4', NULL, NULL)",
  );
  assert.equal((await pra.run("backup --full")).code, 0);
  const extension = await pra.json("prove");
  assert.equal(extension.value["verdict"], "unfit", extension.out);
  assert.deepEqual(toldIn(extension.value, "unfit"), ["extension far_away_gis"]);
  const list = await pra.run("list");
  assert.match(list.out, /unfit/);
  const status = await pra.run("status");
  assert.doesNotMatch(status.out, /✓ last proof/);
});

test("L51 an index whose library is missing cannot be judged, and is neither damage nor green", async () => {
  await using server = await startTestServer({ major: 15 });
  await using pra = await CommandLine.initialised(server);
  const libraries = join(server.home, "libraries");
  await mkdir(libraries);
  const installed = join(dirname(server.binaries.binDirectory), "lib", "postgresql");
  await copyFile(join(installed, "citext.so"), join(libraries, "rows.so"));
  await takeOverTree(libraries, server.account);
  await server.query(`
    CREATE FUNCTION folded(text) RETURNS int4 LANGUAGE c IMMUTABLE STRICT AS '${libraries}/rows', 'citext_hash';
    CREATE TABLE t (name text);
    INSERT INTO t SELECT 'Name ' || g FROM generate_series(1, 100) g;
    CREATE INDEX folded_names ON t (folded(name))`);
  assert.equal((await pra.run("backup --full")).code, 0);
  const whole = await pra.json("prove");
  assert.equal(whole.value["verdict"], "proved", whole.out);
  await rm(libraries, { recursive: true });
  const unfit = await pra.json("prove");
  assert.equal(unfit.code, 4);
  assert.equal(unfit.value["verdict"], "unfit", unfit.out);
  assert.deepEqual(toldIn(unfit.value, "unfit"), ["library postgres folded_names"]);
});

test("L51 text that this host orders otherwise is environment while its indexes hold, unfit where one does not, and damage where the version is the same", async () => {
  const icu = ["--locale-provider=icu", "--icu-locale=en", "--locale=C", "--encoding=UTF8"];
  await using server = await startTestServer({ major: 18, initdbArguments: icu });
  await using pra = await CommandLine.initialised(server);
  await server.query("UPDATE pg_database SET datcollversion = '1.2' WHERE datname = 'postgres'");
  await server.query(`
    CREATE COLLATION numbers (provider = icu, locale = 'en-u-kn-true');
    CREATE TABLE t (name text COLLATE numbers);
    INSERT INTO t VALUES ('9'), ('10'), ('100');
    CREATE INDEX names ON t (name)`);
  assert.equal((await pra.run("backup --full")).code, 0);
  const holding = await pra.json("prove");
  assert.equal(holding.value["verdict"], "proved", holding.out);
  assert.deepEqual(toldIn(holding.value, "environment"), ["collation postgres"]);

  // The same name orders otherwise now: as a host with another library would.
  const other = "UPDATE pg_collation SET colllocale = 'en'";
  await server.query(`${other}, collversion = '1.2' WHERE collname = 'numbers'`);
  assert.equal((await pra.run("backup --incremental")).code, 0);
  const unfit = await pra.json("prove");
  assert.equal(unfit.value["verdict"], "unfit", unfit.out);
  assert.deepEqual(toldIn(unfit.value, "unfit"), ["collation postgres names"]);

  await server.query(
    "UPDATE pg_collation SET collversion = pg_collation_actual_version(oid) WHERE collname = 'numbers'",
  );
  assert.equal((await pra.run("backup --incremental")).code, 0);
  const damaged = await pra.json("prove");
  assert.equal(damaged.value["verdict"], "failed", damaged.out);
  assert.match(damaged.out, /item order invariant violated/);
});

test("L51 another page size, WAL page size or segment size than these programs have is unfit before anything is restored; a cluster without checksums says so", async () => {
  const settings = { wal_keep_size: "1GB" };
  const without = ["--no-data-checksums"];
  await using server = await startTestServer({ major: 18, settings, initdbArguments: without });
  await using repository = await TestRepository.create();
  const backup = await repository.backup(connectionOf(server));
  await server.stop();
  const { root } = backup;
  const sizes = [
    ["block_size", { blockBytes: 32_768 }],
    ["wal_block_size", { walBlockBytes: 65_536 }],
    ["segment_size", { segmentBlocks: 262_144 }],
  ] as const;
  for (const [name, other] of sizes) {
    const server_ = { ...root.server, ...other };
    const proof = await proofOf(repository, server, {
      ...backup,
      root: { ...root, server: server_ },
    });
    assert.equal(proof.verdict, "unfit");
    assert.deepEqual(
      proof.unfit.map((one) => [one.kind, one.name]),
      [["size", name]],
    );
    assert.equal(proof.restoredBytes, 0);
  }
  const proof = await proofOf(repository, server, backup);
  assert.equal(proof.verdict, "proved");
  assert.deepEqual(
    proof.environment.map(({ kind }) => kind),
    ["checksums"],
  );
  assert.equal(proof.levels[2]?.counts["pages"], 0);
});

test("L19 a page that was damaged in the server already fails the proof by name; the other checks go on", async () => {
  await using server = await startTestServer({ major: 18 });
  await using pra = await CommandLine.initialised(server);
  await server.query("CREATE TABLE t (id int PRIMARY KEY, pad text); CREATE TABLE other (id int)");
  await server.query("INSERT INTO t SELECT g, repeat('x', 100) FROM generate_series(1, 5000) g");
  await server.query("CHECKPOINT");
  const path = await server.value("SELECT pg_relation_filepath('t')");
  await server.stop();
  {
    await using file = await open(join(server.dataDirectory, path), "r+");
    await file.write(Buffer.alloc(64, 0x5a), 0, 64, 8192 * 3 + 4000);
  }
  await server.start();
  assert.equal((await pra.run("backup --full")).code, 5, "the backup says so, too");
  const proved = await pra.json("prove");
  assert.equal(proved.code, 4, proved.err);
  assert.equal(proved.value["verdict"], "failed");
  assert.match(proved.out, /postgres t: invalid page in block 3/);
  assert.match(proved.out, new RegExp(`${path} block 3`));
});

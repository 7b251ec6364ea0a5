/** What a restored directory must never do, and what a restore must never touch: on real servers. */
import assert from "node:assert/strict";
import { mkdir, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { isDrError } from "../../src/core/errors.ts";
import { startServer } from "../../src/postgres/throwaway-server.ts";
import { isolationSettings, withIsolationBlock } from "../../src/restore/isolation.ts";
import { restoreBackup } from "../../src/restore/restore-backup.ts";
import { freshCluster } from "../support/fresh-cluster.ts";
import { connectionOf, never } from "../support/connection-of.ts";
import { TestRepository } from "../support/test-repository.ts";
import {
  freePort,
  startStandby,
  startTestServer,
  takeOverTree,
  testBinaries,
  testDirectory,
} from "../support/test-server.ts";
import { WalArchive } from "../support/wal-archive.ts";

const rejectsWith =
  (code: string) =>
  (error: unknown): boolean => {
    assert.ok(isDrError(error), String(error));
    assert.equal(error.code, code, error.message);
    return true;
  };

for (const major of [18, 15] as const) {
  test(`L1 a restored ${major} without its backup_label refuses to start`, async () => {
    await using archive = await WalArchive.create();
    await using server = await startTestServer({ major, settings: archive.settings });
    await using repository = await TestRepository.create();
    await server.query("CREATE TABLE t AS SELECT generate_series(1, 1000)");
    const backup = await repository.backup(connectionOf(server));
    await archive.catchUp(server);
    await using copy = await repository.restore(server, backup, { archive });
    await rm(join(copy.dataDirectory, "backup_label"));
    await assert.rejects(copy.start(), (error: unknown) => {
      assert.ok(isDrError(error), String(error));
      return true;
    });
  });

  test(`L28 L31 two tablespaces of ${major}, odd names, moved and in place: the copy uses its own`, async () => {
    await using archive = await WalArchive.create();
    await using server = await startTestServer({ major, settings: archive.settings });
    await using repository = await TestRepository.create();
    const home = server.home;
    // The server of 15 leaves tablespaces in place out of a backup; 16 and later send them.
    const inPlace = major > 15;
    const spaces = ["one = #[", "zwei é", ...(inPlace ? ["in place"] : [])];
    for (const name of ["a", "b"]) {
      await mkdir(join(home, name, "same name"), { recursive: true, mode: 0o700 });
    }
    await takeOverTree(join(home, "a"), server.account);
    await takeOverTree(join(home, "b"), server.account);
    await server.query("SELECT 1");
    {
      await using client = await server.connect();
      await client.query(`CREATE TABLESPACE "one = #[" LOCATION '${home}/a/same name'`);
      await client.query(`CREATE TABLESPACE "zwei é" LOCATION '${home}/b/same name'`);
      if (inPlace) {
        await client.query("SET allow_in_place_tablespaces = on");
        await client.query(`CREATE TABLESPACE "in place" LOCATION ''`);
      }
      await client.query(`CREATE DATABASE "db = # [é] '" TABLESPACE "zwei é"`);
      await client.query(`CREATE SCHEMA "s p a c e"`);
      for (const [n, space] of spaces.entries()) {
        await client.query(
          `CREATE TABLE "s p a c e"."t${n}" TABLESPACE "${space}" AS SELECT g FROM generate_series(1, 5000) g`,
        );
      }
    }
    await server.query("CREATE TABLE t AS SELECT 42 AS v", { database: "db = # [é] '" });
    const backup = await repository.backup(connectionOf(server));
    assert.equal(backup.root.tablespaces.length, spaces.length);
    await archive.catchUp(server);
    await assert.rejects(
      repository.restore(server, backup, { archive }),
      rejectsWith("RESTORE_TABLESPACE_UNPLACED"),
    );
    const elsewhere = await testDirectory(server.account);
    const [one, two] = backup.root.tablespaces.filter(({ location }) => location.startsWith("/"));
    assert.ok(one !== undefined && two !== undefined);
    const tablespaces = new Map([
      [one.oid, join(elsewhere, "with \\ back and space")],
      [two.oid, join(elsewhere, "two")],
    ]);
    const sameTwice = new Map([
      [one.oid, join(elsewhere, "x")],
      [two.oid, join(elsewhere, "x")],
    ]);
    await assert.rejects(
      repository.restore(server, backup, { archive, tablespaces: sameTwice }),
      rejectsWith("RESTORE_TARGETS_OVERLAP"),
    );
    try {
      await using copy = await repository.restore(server, backup, { archive, tablespaces });
      await copy.start();
      const places = await copy.query(
        "SELECT pg_tablespace_location(oid) AS place FROM pg_tablespace WHERE oid >= 16384 ORDER BY oid",
      );
      assert.deepEqual(
        places.map(({ place }) => String(place)),
        // A backup has them as the server's file system lists them.
        [
          ...[...tablespaces].toSorted(([a], [b]) => Number(a) - Number(b)).map(([, path]) => path),
          ...(inPlace ? ["pg_tblspc/16386"] : []),
        ],
      );
      for (const n of spaces.keys()) {
        assert.equal(await copy.value(`SELECT sum(g) FROM "s p a c e".t${n}`), "12502500");
      }
      assert.equal(await copy.value("SELECT v FROM t", "db = # [é] '"), "42");
    } finally {
      await rm(elsewhere, { recursive: true, force: true });
    }
  });

  test(`L30 a ${major} configured outside its data directory is restored with a configuration of its own`, async () => {
    await using archive = await WalArchive.create();
    await using server = await startTestServer({ major, settings: archive.settings });
    await using repository = await TestRepository.create();
    await server.stop();
    const outside = join(server.home, "etc");
    await mkdir(outside);
    for (const name of ["postgresql.conf", "pg_hba.conf", "pg_ident.conf"]) {
      const text = await readFile(join(server.dataDirectory, name), "utf8");
      await writeFile(
        join(outside, name),
        text.replaceAll("max_connections = '40'", "max_connections = '250'"),
      );
      await rm(join(server.dataDirectory, name));
    }
    await takeOverTree(outside, server.account);
    const config = join(outside, "postgresql.conf");
    const settings = {
      config_file: config,
      hba_file: join(outside, "pg_hba.conf"),
      ident_file: join(outside, "pg_ident.conf"),
    };
    await server.start({ settings });
    await server.query("CREATE TABLE t AS SELECT 7 AS v");
    const backup = await repository.backup(connectionOf(server));
    assert.ok(backup.root.configuration.some(({ path }) => path === config));
    await archive.catchUp(server);
    await using copy = await repository.restore(server, backup, { archive });
    await copy.start();
    assert.equal(await copy.value("SELECT v FROM t"), "7");
    assert.equal(await copy.value("SHOW max_connections"), "250");
    assert.equal(await copy.value("SHOW hba_file"), join(copy.dataDirectory, "pg_hba.conf"));
  });

  test(`L30 a ${major} whose own configuration names access rules elsewhere is restored with rules of its own`, async () => {
    await using archive = await WalArchive.create();
    await using server = await startTestServer({ major, settings: archive.settings });
    await using repository = await TestRepository.create();
    const rules = join(server.home, "rules.conf");
    await writeFile(rules, "local all all trust\nlocal replication all trust\n");
    await server.configure({ hba_file: rules });
    await server.restart();
    const backup = await repository.backup(connectionOf(server));
    assert.ok(backup.root.configuration.some(({ path }) => path === rules));
    await archive.catchUp(server);
    await using copy = await repository.restore(server, backup, { archive });
    await copy.start();
    assert.equal(await copy.value("SHOW hba_file"), join(copy.dataDirectory, "pg_hba.conf"));
  });
}

for (const major of [14, 15, 16, 17, 18] as const) {
  test(`isolation of ${major}: every setting is accepted on the command line and in postgresql.auto.conf`, async () => {
    const { binaries, account } = await testBinaries(major);
    const home = await testDirectory(account);
    try {
      const dataDirectory = join(home, "data");
      await freshCluster({ dataDirectory, binaries, account, signal: never });
      const places = {
        hba_file: join(dataDirectory, "pg_hba.conf"),
        ident_file: join(dataDirectory, "pg_ident.conf"),
        unix_socket_directories: dataDirectory,
      };
      const settings = { ...isolationSettings(major), ...places };
      const auto = join(dataDirectory, "postgresql.auto.conf");
      await writeFile(auto, withIsolationBlock(await readFile(auto, "utf8"), settings));
      const about = { dataDirectory, binaries, account, signal: never };
      for (const more of [{}, isolationSettings(major)]) {
        await using running = await startServer({
          ...about,
          port: await freePort(),
          settings: more,
        });
        assert.ok(running.pid > 0);
      }
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  });
}

test("L49 targets that are not free are refused before anything is touched", async () => {
  await using archive = await WalArchive.create();
  await using server = await startTestServer({ major: 18, settings: archive.settings });
  await using repository = await TestRepository.create();
  const backup = await repository.backup(connectionOf(server));
  await archive.catchUp(server);
  const into = (dataDirectory: string): Promise<unknown> =>
    restoreBackup(repository.restoreOptions(server, backup, { archive, dataDirectory }));
  const before = await readdir(server.dataDirectory);
  await assert.rejects(into(server.dataDirectory), rejectsWith("RESTORE_TARGET_RUNNING"));
  assert.deepEqual(await readdir(server.dataDirectory), before);
  const home = await testDirectory(server.account);
  try {
    await mkdir(join(home, "full"));
    await writeFile(Buffer.concat([Buffer.from(`${home}/full/`), Buffer.from([0xff, 0x0a])]), "");
    await assert.rejects(into(join(home, "full")), rejectsWith("RESTORE_TARGET_NOT_EMPTY"));
    await writeFile(join(home, "file"), "");
    await assert.rejects(into(join(home, "file")), rejectsWith("RESTORE_FILE_IO"));
    const both = await Promise.allSettled([into(join(home, "data")), into(join(home, "data"))]);
    const refused = both.filter((one) => one.status === "rejected");
    assert.equal(refused.length, 1);
    rejectsWith("RESTORE_LOCKED")(refused[0]?.reason);
    await assert.rejects(into(join(home, "data")), rejectsWith("RESTORE_TARGET_NOT_EMPTY"));
    // Left by an unfinished restore, but somebody started a server there since.
    await writeFile(join(home, "data", "pra-restore-unfinished"), "");
    await writeFile(join(home, "data", "postmaster.opts"), "");
    await assert.rejects(into(join(home, "data")), rejectsWith("RESTORE_TARGET_NOT_EMPTY"));
    // An unfinished restore's rest, odd names included, is swept.
    await writeFile(join(home, "full", "pra-restore-unfinished"), "");
    await into(join(home, "full"));
    await assert.rejects(readFile(join(home, "full", "pra-restore-unfinished")));
    assert.ok(!(await readdir(join(home, "full"), { encoding: "latin1" })).includes("\u00ff\n"));
    await symlink(join(home, "gone"), join(home, "link"));
    await assert.rejects(into(join(home, "link")), rejectsWith("RESTORE_FILE_IO"));
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});

test("L28 a tablespace that the server of 15 would leave out stops the backup", async () => {
  await using server = await startTestServer({ major: 15 });
  await using repository = await TestRepository.create();
  {
    await using client = await server.connect();
    await client.query("SET allow_in_place_tablespaces = on");
    await client.query(`CREATE TABLESPACE "in place" LOCATION ''`);
  }
  await assert.rejects(
    repository.backup(connectionOf(server)),
    rejectsWith("BACKUP_TABLESPACE_LEFT_OUT"),
  );
});

test("L17 a backup of a standby, whose configuration names targets and delays, restores to a server of its own that promotes", async () => {
  await using archive = await WalArchive.create();
  await using server = await startTestServer({ major: 18, settings: archive.settings });
  await using repository = await TestRepository.create();
  await server.query("CREATE TABLE t AS SELECT 5 AS v");
  await using standby = await startStandby(server, {
    settings: {
      recovery_min_apply_delay: "0",
      recovery_target_name: "never made",
      synchronous_standby_names: "*",
    },
  });
  await server.query("CHECKPOINT");
  const backup = await repository.backup(connectionOf(standby));
  assert.ok(backup.root.server.standby);
  await server.query("INSERT INTO t VALUES (6)");
  await archive.catchUp(server);
  await using copy = await repository.restore(server, backup, { archive });
  const names = await readdir(copy.dataDirectory);
  assert.ok(!names.includes("standby.signal") && names.includes("recovery.signal"));
  await copy.start();
  assert.equal(await copy.value("SELECT sum(v) FROM t"), "11");
  assert.equal(await copy.value("SELECT count(*) FROM t"), "2");
  assert.equal((await copy.query("INSERT INTO t VALUES (7) RETURNING v")).length, 1);
});

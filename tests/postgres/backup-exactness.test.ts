/** What a backup must hold whatever happens around it: on real servers, judged by the restored content. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, open, readdir, rename, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { isDrError } from "../../src/core/errors.ts";
import { checkRelations, countBothWays } from "../../src/proof/relation-checks.ts";
import { connectionOf } from "../support/connection-of.ts";
import { type PlacedBackup, TestRepository } from "../support/test-repository.ts";
import { type TestServer, startTestServer } from "../support/test-server.ts";
import { WalArchive } from "../support/wal-archive.ts";

type Setting = {
  readonly archive: WalArchive;
  readonly server: TestServer;
  readonly repository: TestRepository;
};

/** Restores, starts, and answers a value; every relation is checked against its indexes. */
async function valueAfter(
  { archive, server, repository }: Setting,
  backup: PlacedBackup,
  sql: string,
): Promise<string> {
  await archive.catchUp(server);
  await using copy = await repository.restore(server, backup, { archive });
  await copy.start();
  return await copy.value(sql);
}

const content = "SELECT md5(string_agg(t::text, ',' ORDER BY id)) FROM t";

async function withServer(
  major: 15 | 18,
  work: (setting: Setting) => Promise<void>,
  settings: Readonly<Record<string, string>> = {},
  initdbArguments: readonly string[] = ["--data-checksums"],
): Promise<void> {
  await using archive = await WalArchive.create();
  await using server = await startTestServer({
    major,
    // What vacuum writes on a slow machine is not what a test changed.
    settings: { ...archive.settings, autovacuum: "off", ...settings },
    initdbArguments,
  });
  await using repository = await TestRepository.create();
  await work({ archive, server, repository });
}

/** Writes bytes into a file behind the server's back. */
async function scribble(path: string, offset: number, bytes: Uint8Array): Promise<void> {
  await using file = await open(path, "r+");
  await file.write(bytes, 0, bytes.length, offset);
}

for (const major of [18, 15] as const) {
  test(`L19 a page of ${major} damaged on disk is reported with file and block; the backup is kept and flagged`, () =>
    withServer(major, async (setting) => {
      const { server, repository } = setting;
      await server.query("CREATE TABLE t AS SELECT g AS id FROM generate_series(1, 50000) g");
      await server.query("CHECKPOINT");
      const file = await server.value("SELECT pg_relation_filepath('t')");
      await scribble(join(server.dataDirectory, file), 3 * 8192 + 5000, Buffer.from("damage"));
      const backup = await repository.backup(connectionOf(server));
      assert.deepEqual(backup.root.corruptPages, [{ path: file, block: 3 }]);
      assert.ok(backup.end.checksumFailed);
      const again = await repository.backup(connectionOf(server), { parent: backup.root });
      assert.deepEqual(again.root.corruptPages, [{ path: file, block: 3 }]);
    }));

  test(`L19 L21 pages of ${major} that are written, dropped, truncated and rewritten during the copy are no false alarm, and other files are unaffected`, () =>
    withServer(
      major,
      async (setting) => {
        const { server, repository } = setting;
        await server.query(
          "CREATE TABLE t AS SELECT g AS id, md5(g::text) AS v FROM generate_series(1, 200000) g; CREATE INDEX ON t (id)",
        );
        await server.query(
          "CREATE TABLE hot AS SELECT g AS id, 0 AS n FROM generate_series(1, 20000) g",
        );
        await using client = await server.connect();
        let round = 0;
        let last = 60;
        const churn = async (): Promise<void> => {
          round += 1;
          if (round > last) {
            return;
          }
          await client.query(`CREATE TABLE c${round} AS SELECT g FROM generate_series(1, 20000) g`);
          if (round > 2) {
            await client.query(`DROP TABLE c${round - 2}`);
          }
          await client.query("UPDATE hot SET n = n + 1 WHERE id % 7 = 0");
          await client.query(round % 5 === 0 ? "VACUUM FULL hot" : `TRUNCATE c${round}`);
          await client.query("CHECKPOINT");
        };
        const full = await repository.backup(connectionOf(server), { whileStreaming: churn });
        assert.deepEqual(full.root.corruptPages, []);
        assert.ok(round > 5, `${round} rounds`);
        last = round + 60;
        const next = await repository.backup(connectionOf(server), {
          parent: full.root,
          whileStreaming: churn,
        });
        assert.deepEqual(next.root.corruptPages, []);
        const expected = await server.value(content);
        const sum = await server.value("SELECT sum(n) FROM hot");
        assert.equal(await valueAfter(setting, full, content), expected);
        assert.equal(await valueAfter(setting, next, "SELECT sum(n) FROM hot"), sum);
      },
      { shared_buffers: "4MB" },
    ));

  test(`L20 unlogged relations of ${major} come back empty and usable, temporary ones not at all`, () =>
    withServer(major, async (setting) => {
      const { server, repository } = setting;
      await server.query(
        "CREATE UNLOGGED TABLE u (id int PRIMARY KEY); INSERT INTO u SELECT generate_series(1, 5000)",
      );
      await using client = await server.connect();
      await client.query("CREATE TEMP TABLE tmp AS SELECT generate_series(1, 5000)");
      await server.query("CHECKPOINT");
      const backup = await repository.backup(connectionOf(server));
      await setting.archive.catchUp(server);
      await using copy = await repository.restore(server, backup, setting);
      await copy.start();
      assert.equal(await copy.value("SELECT count(*) FROM u"), "0");
      assert.equal(await copy.value("INSERT INTO u VALUES (1) RETURNING id"), "1");
      const temporary = (
        await readdir(join(copy.dataDirectory, "base"), { recursive: true })
      ).filter((name) => /\/t\d+_\d+/.test(name));
      assert.deepEqual(temporary, []);
    }));

  test(`L22 L23 L24 a table of ${major} cut by vacuum and grown again is exact in every increment`, () =>
    withServer(
      major,
      async (setting) => {
        const { server, repository } = setting;
        const fill = (from: number, to: number): string =>
          `INSERT INTO t SELECT g, repeat(md5(g::text), 20) FROM generate_series(${from}, ${to}) g`;
        await server.query(
          `CREATE TABLE t (id int, v text); CREATE INDEX ON t (id); ${fill(1, 20000)}`,
        );
        await server.query("VACUUM t");
        const full = await repository.backup(connectionOf(server));
        await server.query("DELETE FROM t WHERE id > 8000");
        await server.query("VACUUM t");
        const cut = await repository.backup(connectionOf(server), { parent: full.root });
        assert.ok(cut.root.totals.totalBlocks < full.root.totals.totalBlocks);
        const afterCut = await server.value(content);
        await server.query(fill(8001, 30000));
        await server.query("VACUUM t");
        const grown = await repository.backup(connectionOf(server), { parent: cut.root });
        await server.query("DELETE FROM t WHERE id > 15000");
        await server.query("VACUUM t");
        await server.query(fill(15001, 15500));
        const last = await repository.backup(connectionOf(server), { parent: grown.root });
        const expected = await server.value(content);
        await setting.archive.catchUp(server);
        for (const backup of [cut, grown, last]) {
          await using copy = await repository.restore(server, backup, setting);
          await copy.start();
          assert.equal(await copy.value(content), expected);
          const checks = await copy.withClient(checkRelations);
          assert.ok(checks.amcheck && checks.indexes > 0);
          assert.deepEqual(checks.findings, []);
          await copy.query("INSERT INTO t SELECT 0, 'again' FROM generate_series(1, 500)");
          const counts = await copy.withClient((client) => countBothWays(client, "t"));
          assert.ok(counts.forced);
          assert.equal(counts.indexOnly, counts.sequential);
        }
        assert.notEqual(afterCut, expected);
      },
      { wal_log_hints: "off" },
    ));

  test(`L27 a page of ${major} changed under a restored mtime and size is in the increment`, () =>
    withServer(major, async (setting) => {
      const { server, repository } = setting;
      await server.query(
        "CREATE TABLE t AS SELECT g AS id, 'old' AS v FROM generate_series(1, 20000) g",
      );
      await server.query("VACUUM FREEZE t");
      await server.query("CHECKPOINT");
      const file = join(
        server.dataDirectory,
        await server.value("SELECT pg_relation_filepath('t')"),
      );
      const full = await repository.backup(connectionOf(server));
      const before = await stat(file);
      await server.query("UPDATE t SET v = 'new' WHERE id = 10000");
      await server.query("CHECKPOINT");
      const past = new Date(before.mtimeMs - 86_400_000);
      await utimes(file, past, past);
      const increment = await repository.backup(connectionOf(server), { parent: full.root });
      assert.ok(increment.root.totals.newBlocks > 0);
      const expected = await server.value(content);
      assert.equal(await valueAfter(setting, increment, content), expected);
    }));

  test(`L29 L31 L32 a ${major} whose pg_wal is a link, with odd names, sparse and empty files, comes back exactly`, () =>
    withServer(major, async (setting) => {
      const { server, repository } = setting;
      await server.query("CREATE TABLE t AS SELECT 1 AS id");
      await server.stop();
      const wal = join(server.home, "wal");
      await rename(join(server.dataDirectory, "pg_wal"), wal);
      await symlink(wal, join(server.dataDirectory, "pg_wal"));
      const odd = join(server.dataDirectory, "odd");
      await mkdir(join(odd, "empty directory"), { recursive: true });
      await mkdir(join(odd, "many"));
      const names = ["new\nline", "a\\b", "[x] = #", "é 語", "c:\r\n"];
      for (const [n, name] of names.entries()) {
        await writeFile(join(odd, name), `content ${n}`);
      }
      const invalid = Buffer.concat([Buffer.from(`${odd}/`), Buffer.from([0x66, 0xff, 0xfe])]);
      await writeFile(invalid, "not UTF-8");
      await writeFile(join(odd, "zero"), "");
      await using sparse = await open(join(odd, "sparse"), "w");
      await sparse.truncate(10_000_001);
      await sparse.write(Buffer.from("x"), 0, 1, 5_000_000);
      for (let n = 0; n < 2000; n++) {
        await writeFile(join(odd, "many", `f${n}`), `${n}`);
      }
      execFileSync("chown", ["-R", `${server.account.uid}:${server.account.gid}`, odd]);
      await server.start();
      const full = await repository.backup(connectionOf(server));
      const backup = await repository.backup(connectionOf(server), { parent: full.root });
      assert.ok(backup.root.totals.newBlocks < 40, `${backup.root.totals.newBlocks} new blocks`);
      await setting.archive.catchUp(server);
      await using copy = await repository.restore(server, backup, setting);
      const there = join(copy.dataDirectory, "odd");
      const difference = (): string =>
        execFileSync("diff", ["-r", odd, there], { encoding: "utf8" });
      assert.equal(difference(), "");
      assert.equal((await stat(join(there, "empty directory"))).isDirectory(), true);
      const blocks = (await stat(join(there, "sparse"))).blocks;
      assert.ok(blocks < 100, `a sparse file takes ${blocks} blocks`);
      await copy.start();
      assert.equal(await copy.value("SELECT id FROM t"), "1");
    }));
}

test("L23 L24 without checksums and hints, a relation cut by vacuum and filled again by COPY, and a map that vacuum cleared, are exact", () =>
  withServer(
    18,
    async (setting) => {
      const { server, repository } = setting;
      const copyIn = async (from: number, to: number): Promise<void> => {
        const rows = join(server.home, "rows");
        await server.query(
          `COPY (SELECT g, repeat(md5(g::text), 8) FROM generate_series(${from}, ${to}) g) TO '${rows}'`,
        );
        await server.query(`COPY t FROM '${rows}'`);
      };
      await server.query("CREATE TABLE t (id int, v text); CREATE INDEX ON t (id)");
      await copyIn(1, 12_000);
      await server.query("VACUUM (FREEZE) t");
      await server.query("DELETE FROM t WHERE id > 6000");
      const full = await repository.backup(connectionOf(server));
      await server.query("VACUUM t");
      const cut = await repository.backup(connectionOf(server), { parent: full.root });
      await copyIn(20_001, 27_000);
      await server.query("CHECKPOINT");
      await server.query("DELETE FROM t WHERE id % 3 = 0");
      const grown = await repository.backup(connectionOf(server), { parent: cut.root });
      const expected = await server.value(content);
      await setting.archive.catchUp(server);
      for (const backup of [cut, grown]) {
        await using copy = await repository.restore(server, backup, setting);
        await copy.start();
        assert.equal(await copy.value(content), expected);
        await copy.query("INSERT INTO t SELECT g, 'again' FROM generate_series(1, 2000) g");
        await copy.query("VACUUM t");
        const counts = await copy.withClient((client) => countBothWays(client, "t"));
        assert.ok(counts.forced);
        assert.equal(counts.indexOnly, counts.sequential);
        assert.deepEqual((await copy.withClient(checkRelations)).findings, []);
      }
    },
    { wal_log_hints: "off", summarize_wal: "on" },
    ["--no-data-checksums"],
  ));

test("L26 a parent of another system is refused", () =>
  withServer(18, async ({ server, repository }) => {
    const full = await repository.backup(connectionOf(server));
    await using other = await startTestServer({ major: 18 });
    await assert.rejects(
      repository.backup(connectionOf(other), { parent: full.root }),
      (error: unknown) => isDrError(error, "BACKUP_PARENT_FOREIGN"),
    );
  }));

test("an aborted backup leaves no thread, no staged file and no root", () =>
  withServer(18, async ({ server, repository }) => {
    await server.query("CREATE TABLE t AS SELECT g AS id FROM generate_series(1, 100000) g");
    for (const after of [1, 3]) {
      const controller = new AbortController();
      let rounds = 0;
      const stop = (): Promise<void> => {
        rounds += 1;
        if (rounds === after) {
          controller.abort(new Error("enough"));
        }
        return Promise.resolve();
      };
      await assert.rejects(
        repository.backup(connectionOf(server), {
          signal: controller.signal,
          whileStreaming: stop,
        }),
        /enough/,
      );
    }
    const names = await readdir(repository.directory, { recursive: true });
    assert.deepEqual(
      names.filter((name) => /(?:pack|map)-[0-9a-f]{32}$/.test(name)),
      [],
    );
    assert.deepEqual(
      names.filter((name) => name.includes("/backups/")),
      [],
    );
  }));

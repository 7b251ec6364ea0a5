/** PostgreSQL's own judge of a restored directory: pg_verifybackup of Debian's 15 finds every file as the server listed it. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { connectionOf } from "../support/connection-of.ts";
import { TestRepository } from "../support/test-repository.ts";
import { startTestServer, takeOverTree, testDirectory } from "../support/test-server.ts";
import { WalArchive } from "../support/wal-archive.ts";

const run = promisify(execFile);
const program = "/usr/lib/postgresql/15/bin/pg_verifybackup";

test("pg_verifybackup accepts a full and an incremental restore, tablespaces moved, and sees a changed byte", async () => {
  await using archive = await WalArchive.create();
  await using server = await startTestServer({
    major: 15,
    origin: "distribution",
    settings: archive.settings,
  });
  await using repository = await TestRepository.create();
  const old = join(server.home, "space");
  await mkdir(old, { mode: 0o700 });
  await takeOverTree(old, server.account);
  await server.query(`CREATE TABLESPACE s LOCATION '${old}'`);
  await server.query(
    "CREATE TABLE t TABLESPACE s AS SELECT g AS id FROM generate_series(1, 9000) g",
  );
  const full = await repository.backup(connectionOf(server));
  await server.query("UPDATE t SET id = id + 1 WHERE id < 50");
  const increment = await repository.backup(connectionOf(server), { parent: full.root });
  await archive.catchUp(server);
  const elsewhere = await testDirectory(server.account);
  try {
    for (const [n, backup] of [full, increment].entries()) {
      const oid = backup.root.tablespaces[0]?.oid ?? 0;
      const tablespaces = new Map([[oid, join(elsewhere, String(n))]]);
      await using copy = await repository.restore(server, backup, { archive, tablespaces });
      // The WAL between start and stop is checked as well: it lies in the restored pg_wal.
      const { stdout } = await run(program, [copy.dataDirectory]);
      assert.match(stdout, /backup successfully verified/);
      await using file = await open(join(copy.dataDirectory, "PG_VERSION"), "r+");
      await file.write("9");
      await assert.rejects(run(program, ["-n", copy.dataDirectory]), /PG_VERSION/);
    }
  } finally {
    await rm(elsewhere, { recursive: true, force: true });
  }
});

/** A backup of a running server comes back as a server with the same content: the path everything else widens. */
import assert from "node:assert/strict";
import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { systemRandom } from "../../src/core/random.ts";
import { timelineOf } from "../../src/core/wal-name.ts";
import { startServer } from "../../src/postgres/throwaway-server.ts";
import { recoverySettings } from "../../src/restore/recovery-settings.ts";
import { restoreBackup } from "../../src/restore/restore-backup.ts";
import type { BackupRoot } from "../../src/repository/root.ts";
import type { IncarnationPlace } from "../../src/repository/object-names.ts";
import { connectionOf, never } from "../support/connection-of.ts";
import {
  type TestServer,
  freePort,
  startTestServer,
  testDirectory,
} from "../support/test-server.ts";
import { TestRepository } from "../support/test-repository.ts";
import pg from "pg";

async function restoreAndRead(
  repository: TestRepository,
  server: TestServer,
  backup: { readonly root: BackupRoot; readonly place: IncarnationPlace },
  sql: string,
): Promise<unknown[]> {
  const { account } = server;
  const home = await testDirectory(account);
  const dataDirectory = join(home, "data");
  const owner = { uid: account.uid, gid: account.gid };
  const restored = await restoreBackup({
    sealed: repository.sealed,
    place: backup.place,
    root: backup.root,
    dataDirectory,
    tablespaces: new Map(),
    owner,
    layWal: async (directory) => {
      await mkdir(directory, { recursive: true });
      await cp(join(server.dataDirectory, "pg_wal"), directory, { recursive: true });
      return 0;
    },
    settings: recoverySettings({
      stop: { kind: "end" },
      timeline: timelineOf(1),
      action: "promote",
    }),
    workers: 2,
    clock: systemClock,
    random: systemRandom,
    signal: never,
  });
  assert.ok(restored.restoredBytes > 0);
  await using copy = await startServer({
    dataDirectory,
    binaries: server.binaries,
    port: await freePort(),
    account,
    signal: never,
  });
  const client = new pg.Client({
    host: copy.socketDirectory,
    port: copy.port,
    user: "postgres",
    database: "postgres",
  });
  await client.connect();
  try {
    const { rows } = await client.query<{ value: unknown }>(sql);
    return rows.map((row) => row.value);
  } finally {
    await client.end();
  }
}

for (const major of [18, 15] as const) {
  test(`R1 R2 a full and an incremental backup of ${major} restore to the server's content`, async () => {
    await using server = await startTestServer({ major, settings: { wal_keep_size: "1GB" } });
    await using repository = await TestRepository.create();
    await server.query(
      "CREATE TABLE t AS SELECT g AS id, md5(g::text) AS text FROM generate_series(1, 100000) g; CREATE INDEX ON t (id);",
    );
    const settings = connectionOf(server);
    const full = await repository.backup(settings);
    assert.equal(full.root.kind, "full");
    assert.ok(full.root.totals.newBlocks > 1000);
    await server.query(
      "UPDATE t SET text = 'changed' WHERE id % 1000 = 0; CREATE TABLE u AS SELECT 1;",
    );
    const sum = "SELECT md5(string_agg(t::text, ',' ORDER BY id)) AS value FROM t";
    const expected = await server.value(sum);
    const increment = await repository.backup(settings, { parent: full.root });
    assert.equal(increment.root.kind, "incremental");
    assert.ok(increment.root.totals.newBlocks < full.root.totals.newBlocks / 4);
    assert.deepEqual(await restoreAndRead(repository, server, increment, sum), [expected]);
    assert.deepEqual(await restoreAndRead(repository, server, full, sum), [expected]);
  });
}

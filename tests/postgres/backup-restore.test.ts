/** A backup of a running server comes back as a server with the same content: the path everything else widens. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { connectionOf } from "../support/connection-of.ts";
import { TestRepository } from "../support/test-repository.ts";
import { startTestServer } from "../support/test-server.ts";
import { WalArchive } from "../support/wal-archive.ts";

for (const major of [18, 15] as const) {
  test(`R1 R2 a full and an incremental backup of ${major} restore to the server's content`, async () => {
    await using archive = await WalArchive.create();
    await using server = await startTestServer({ major, settings: archive.settings });
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
    await archive.catchUp(server);
    for (const backup of [increment, full]) {
      await using copy = await repository.restore(server, backup, { archive });
      assert.ok(copy.restored.restoredBytes > 0);
      await copy.start();
      assert.equal(await copy.value(sum), expected);
    }
  });
}

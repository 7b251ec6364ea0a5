/** Proofs of real backups: green for a good one, red with the place for a damaged one, and nothing left behind. */
import assert from "node:assert/strict";
import { open } from "node:fs/promises";
import { test } from "node:test";
import { objectKey } from "../../src/repository/object-names.ts";
import { connectionOf } from "../support/connection-of.ts";
import { proofOf } from "../support/proof-of.ts";
import { TestRepository } from "../support/test-repository.ts";
import { startTestServer } from "../support/test-server.ts";

test("a good backup of 18 is proved on three levels", async () => {
  await using server = await startTestServer({ major: 18, settings: { wal_keep_size: "1GB" } });
  await using repository = await TestRepository.create();
  await server.query(
    "CREATE TABLE t (id int PRIMARY KEY, text text); INSERT INTO t SELECT g, md5(g::text) FROM generate_series(1, 50000) g",
  );
  // As REFRESH leaves one for a while: nothing of it can be counted.
  await server.query(
    "CREATE MATERIALIZED VIEW unfilled AS SELECT 1 AS id WITH NO DATA; CREATE UNIQUE INDEX ON unfilled (id)",
  );
  await server.query("VACUUM t");
  const backup = await repository.backup(connectionOf(server));
  await server.stop();
  const proof = await proofOf(repository, server, backup);
  assert.deepEqual(
    proof.levels.map(({ level, ok, findings }) => ({ level, ok, findings })),
    [1, 2, 3].map((level) => ({ level, ok: true, findings: [] })),
  );
  assert.equal(proof.verdict, "proved");
  assert.ok((proof.levels[2]?.counts["pages"] ?? 0) > 1000);
  assert.ok((proof.levels[2]?.counts["indexes"] ?? 0) > 100);
});

test("L40 a pack with one flipped bit fails the proof on level 1, and names the pack", async () => {
  await using server = await startTestServer({ major: 18, settings: { wal_keep_size: "1GB" } });
  await using repository = await TestRepository.create();
  const backup = await repository.backup(connectionOf(server));
  await server.stop();
  const [pack] = backup.root.packs;
  assert.ok(pack !== undefined);
  const path = repository.sealed.store.localPath(
    objectKey({ ...backup.place, type: "pack", id: pack.id }),
  );
  assert.ok(path !== undefined);
  {
    await using file = await open(path, "r+");
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, 5000);
    byte[0] = (byte[0] ?? 0) ^ 1;
    await file.write(byte, 0, 1, 5000);
  }
  const proof = await proofOf(repository, server, backup);
  assert.equal(proof.verdict, "failed");
  assert.equal(proof.levels.length, 1);
  assert.equal(proof.levels[0]?.findings[0]?.kind, "REPO_FRAME_CORRUPT");
});

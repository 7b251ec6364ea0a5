/**
 * A relation of 2.5 GiB: two full segment files and an odd tail. Each state of it (first, one page in a hundred changed, cut to a third by
 * VACUUM, grown again) is backed up, restored and compared row by row and page by page.
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { addBulkData } from "../../src/loadtest/bulk-data.ts";
import { contentOf, figures, measured, numberOf } from "../support/long-run.ts";
import { DEBIAN_PROGRAMS, runDebian } from "../support/debian-cluster.ts";
import { withRestored } from "../support/restored-copy.ts";
import { type TestServer, startTestServer } from "../support/test-server.ts";
import { CommandLine } from "../support/command-line.ts";

const GIB = 2 ** 30;
const BLOCK_BYTES = 8192;
const ROWS_PER_BLOCK = 8;
const signal = new AbortController().signal;

/** Pages of a relation that were changed are counted by hand: no other process may touch one. */
const QUIET = { autovacuum: "off", max_wal_size: "4GB", shared_buffers: "256MB" };

async function heapBlocks(server: TestServer): Promise<number> {
  return Number(await server.value("SELECT pg_relation_size('pra_load.bulk') / 8192"));
}

/** Everything that is there to check a copy with. */
async function checkCopy(
  pra: CommandLine,
  words: string,
  expected: string,
): Promise<{ readonly seconds: number; readonly amcheck: boolean }> {
  return await withRestored(pra, words, async (copy) => {
    assert.equal(await contentOf(copy.value), expected);
    const program = join(DEBIAN_PROGRAMS, "pg_amcheck");
    const amcheck = existsSync(program);
    if (amcheck) {
      const where = ["-h", copy.socketDirectory, "-p", String(copy.port), "-U", "postgres"];
      const how = ["--install-missing", "--heapallindexed", "--all"];
      assert.equal((await runDebian(program, [...where, ...how])).trim(), "");
    } else {
      await copy.value("CREATE EXTENSION amcheck");
      const heap = await copy.value("SELECT count(*) FROM verify_heapam('pra_load.bulk')");
      assert.equal(heap, "0");
      await copy.value("SELECT bt_index_check('pra_load.bulk_pkey', true)");
    }
    return { seconds: numberOf({ value: copy.result }, "durationMs") / 1000, amcheck };
  });
}

test("L22 a relation of 2.5 GiB comes back exactly from a full backup and from increments after changes, a cut and growth", async (t) => {
  await using server = await startTestServer({
    major: 15,
    settings: QUIET,
    initdbArguments: ["--data-checksums"],
  });
  await using pra = await CommandLine.initialised(server);
  await addBulkData(server.clientConfig(), { bytes: 2.5 * GIB, signal });
  await server.query("VACUUM (FREEZE, ANALYZE) pra_load.bulk");
  const blocks = await heapBlocks(server);
  assert.ok(blocks * BLOCK_BYTES > 2.4 * GIB && (blocks * BLOCK_BYTES) % GIB !== 0);
  const contents: string[] = [];
  const backups: string[] = [];
  const backUp = async (kind: "full" | "incremental"): ReturnType<typeof measured> => {
    contents.push(await contentOf((sql) => server.value(sql)));
    const run = await measured(pra, `backup --${kind}`);
    const [stored, fresh] = [numberOf(run, "storedBytes"), numberOf(run, "newBlocks")];
    t.diagnostic(figures(`${kind} backup`, run, `${stored} bytes stored, ${fresh} new blocks`));
    assert.deepEqual(run.value["corruptPages"], []);
    backups.push(String(run.value["id"]));
    return run;
  };

  const full = await backUp("full");
  assert.ok(numberOf(full, "newBlocks") >= blocks);

  // One row in each hundredth page: its page, and a bit of the visibility map.
  const each = ROWS_PER_BLOCK * 100;
  const deleted = await server.query(`DELETE FROM pra_load.bulk WHERE id % ${each} = 3`);
  await server.query("CHECKPOINT");
  const changed = deleted.rowCount ?? 0;
  const increment = await backUp("incremental");
  const fresh = numberOf(increment, "newBlocks");
  assert.ok(fresh >= changed && fresh <= changed + 300, `${fresh} of ${changed} blocks`);
  const share = numberOf(increment, "storedBytes") / numberOf(full, "storedBytes");
  assert.ok(share < 0.015, `1 % of the pages cost ${(share * 100).toFixed(2)} % of a full backup`);

  await server.query(`DELETE FROM pra_load.bulk WHERE id > ${(blocks * ROWS_PER_BLOCK) / 3}`);
  await server.query("VACUUM (FREEZE) pra_load.bulk");
  assert.ok((await heapBlocks(server)) * BLOCK_BYTES < GIB, "VACUUM cut two segment files");
  await backUp("incremental");

  await addBulkData(server.clientConfig(), { bytes: GIB, signal });
  assert.ok((await heapBlocks(server)) * BLOCK_BYTES > GIB, "the second segment file is back");
  await backUp("incremental");

  for (const [index, id] of backups.entries()) {
    const copy = await checkCopy(pra, `--immediate --backup ${id}`, contents[index] ?? "");
    const by = copy.amcheck ? "pg_amcheck" : "amcheck";
    t.diagnostic(`backup ${index + 1} restored in ${copy.seconds.toFixed(1)} s, ${by} clean`);
  }
  const verified = await measured(pra, "verify --deep");
  t.diagnostic(figures("verify --deep", verified));
});

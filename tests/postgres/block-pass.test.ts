/**
 * The page check against servers' own pages: every relation file of a data directory after a checkpoint,
 * all forks. It must agree with the server on every page, and see any change.
 */
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import type { BlockPass } from "../../src/pipeline/block-pass.ts";
import {
  allocateBlockMemory,
  BLOCK_BAD_CHECKSUM,
  BLOCK_ZERO,
} from "../../src/pipeline/block-pass.ts";
import { deriveFingerprintKey } from "../../src/pipeline/fingerprint-key.ts";
import { selectBlockPass } from "../../src/pipeline/select-block-pass.ts";
import { startTestServer } from "../support/test-server.ts";

const BLOCK_BYTES = 8192;
const BLOCKS_AT_ONCE = 128;
const key = deriveFingerprintKey(new Uint8Array(32).fill(1), new Uint8Array([1]));

function bothPasses(): BlockPass[] {
  return (["any", "plain"] as const).map((allow) => {
    const inputBytes = BLOCK_BYTES * BLOCKS_AT_ONCE;
    const memory = allocateBlockMemory({ blockBytes: BLOCK_BYTES, inputBytes, shared: true });
    return selectBlockPass(memory, key, allow);
  });
}

type Tally = { blocks: number; zero: number; bad: number[]; fingerprints: bigint[] };

function runOver(pass: BlockPass, content: Uint8Array): Tally {
  const tally: Tally = { blocks: 0, zero: 0, bad: [], fingerprints: [] };
  for (let at = 0; at < content.length; at += pass.input.length) {
    const piece = content.subarray(at, at + pass.input.length);
    pass.input.set(piece);
    const found = pass.run({
      offsetBytes: 0,
      blockCount: piece.length / BLOCK_BYTES,
      firstBlockNumber: at / BLOCK_BYTES,
      checkPages: true,
    });
    tally.blocks += found.statuses.length;
    tally.zero += found.statuses.filter((status) => status === BLOCK_ZERO).length;
    tally.bad.push(...found.badPages.map((page) => page.blockNumber));
    tally.fingerprints.push(...found.fingerprints);
  }
  return tally;
}

for (const major of [14, 15, 18] as const) {
  test(`every page of a server of ${major} passes the page check; one flipped bit does not`, async () => {
    await using server = await startTestServer({
      major,
      initdbArguments: ["--data-checksums"],
    });
    await server.query(`
      CREATE TABLE pages AS SELECT n, md5(n::text) AS digest FROM generate_series(1, 40000) n;
      CREATE INDEX pages_n ON pages (n); CREATE INDEX pages_hash ON pages USING hash (digest);
      CREATE INDEX pages_gin ON pages USING gin (string_to_array(digest, 'a'));
      CREATE INDEX pages_brin ON pages USING brin (n);
      CREATE UNLOGGED TABLE quick AS SELECT * FROM pages LIMIT 100`);
    await server.query("VACUUM pages");
    await server.query("DELETE FROM pages WHERE n % 3 = 0");
    await server.query("CHECKPOINT");
    const file = await server.value("SELECT pg_relation_filepath('pages')");
    await server.stop();

    const passes = bothPasses();
    assert.deepEqual(
      passes.map((pass) => pass.kind),
      ["wasm", "plain"],
    );
    const directories = ["global"];
    for (const database of await readdir(path.join(server.dataDirectory, "base"))) {
      directories.push(path.join("base", database));
    }
    let files = 0;
    let blocks = 0;
    for (const directory of directories) {
      for (const name of await readdir(path.join(server.dataDirectory, directory))) {
        if (/^\d+(_(fsm|vm|init))?$/.test(name)) {
          const content = await readFile(path.join(server.dataDirectory, directory, name));
          const [quick, plain] = passes.map((pass) => runOver(pass, content));
          assert.deepEqual(quick, plain, `${directory}/${name}`);
          assert.deepEqual(quick?.bad, [], `${directory}/${name}`);
          files++;
          blocks += quick?.blocks ?? 0;
        }
      }
    }
    assert.ok(files > 500 && blocks > 2000, `${files} files of ${blocks} blocks were read`);

    const content = await readFile(path.join(server.dataDirectory, file));
    const target = 3;
    for (const bit of [0, 8 * 8, 100 * 8 + 5, 8191 * 8 + 7]) {
      const damaged = Uint8Array.from(content);
      const at = target * BLOCK_BYTES + (bit >> 3);
      damaged[at] = (damaged[at] ?? 0) ^ (1 << (bit & 7));
      for (const pass of passes) {
        const before = runOver(pass, content);
        const after = runOver(pass, damaged);
        assert.deepEqual(after.bad, [target], `${pass.kind}, bit ${bit}`);
        const changed = after.fingerprints.flatMap((print, index) =>
          print === before.fingerprints[index] ? [] : [index],
        );
        assert.deepEqual(changed, [target]);
      }
    }
    const moved = runOver(passes[0] ?? assert.fail(), content.subarray(BLOCK_BYTES));
    assert.equal(moved.bad.length, moved.blocks, "pages read under other numbers are all bad");
    assert.equal(BLOCK_BAD_CHECKSUM, 2, "a stored status keeps its meaning");
  });
}

/** Who reads a backup while the ledger cannot be written gets what was asked for, and is told that nobody will read of it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { CommandLine } from "../support/command-line.ts";
import { startTestServer } from "../support/test-server.ts";

const FAULT = { PRA_FAILPOINT: "ledger.append:enospc" };

test("R16 restore, peek and diff say when the ledger does not tell of them, and answer 5", async () => {
  await using server = await startTestServer({ major: 18 });
  await using pra = await CommandLine.initialised(server);
  assert.equal((await pra.run("backup --full")).code, 0);
  const variables = { ...FAULT, PRA_SPOOL_DIR: join(pra.directory, "spool") };
  const reads = [
    ["restore", "--to", join(pra.directory, "copy")],
    ["peek", "--sql", "SELECT 1 AS one"],
    ["diff", "--at", "latest", "--at", "latest"],
  ];
  for (const words of reads) {
    const { code, out, err } = await pra.startWith([...words, "--json"], variables).answer;
    assert.equal(code, 5, `${out}${err}`);
    const { ledger } = JSON.parse(out) as { readonly ledger: unknown };
    assert.equal(ledger, "STORE_UNAVAILABLE", words[0]);
  }
  const peek = ["peek", "--sql", "SELECT 1 AS one", "--lang"];
  for (const [language, said] of [
    ["en", /! The ledger could not be written, so nobody will read there of this: /],
    ["fr", /! Le journal n'a pas pu être écrit, personne n'y lira donc ceci : /],
  ] as const) {
    const told = await pra.startWith([...peek, language], variables).answer;
    assert.equal(told.code, 5, told.err);
    assert.match(told.err, said);
    assert.match(told.out, /one/);
  }
  const fault = `${FAULT.PRA_FAILPOINT},restore.write:error`;
  const failing = ["restore", "--to", join(pra.directory, "unfinished")];
  const failed = await pra.startWith(failing, { PRA_FAILPOINT: fault }).answer;
  assert.equal(failed.code, 1, failed.err);
  assert.match(failed.err, /! The ledger could not be written/);
  const healthy = ["restore", "--to", join(pra.directory, "another"), "--json"];
  const { code, out } = await pra.startWith(healthy).answer;
  const { ledger } = JSON.parse(out) as { readonly ledger: unknown };
  assert.deepEqual([code, ledger], [0, null]);
});

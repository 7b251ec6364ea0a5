/** Directories of proofs: their own, gone afterwards, and those of dead proofs removed, of living ones never. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { systemClock } from "../core/clock.ts";
import { systemRandom } from "../core/random.ts";
import { configureFailpointsFrom } from "../files/failpoint-effects.ts";
import { type Environment, readEnvironment } from "./environment.ts";
import { openProofDirectory } from "./proof-directory.ts";

const options = { clock: systemClock, random: systemRandom, signal: new AbortController().signal };

function environmentWith(spool: string): Environment {
  return readEnvironment({
    variables: { PRA_SPOOL_DIR: spool },
    workingDirectory: spool,
    checkoutDirectory: spool,
    homeDirectory: spool,
    userName: "someone",
    isRoot: false,
  });
}

test("a proof's directory is fresh, and nothing is left when it is disposed of", async () => {
  const spool = await mkdtemp("/tmp/pra-spool-");
  const environment = environmentWith(spool);
  {
    await using one = await openProofDirectory(environment, options);
    await using two = await openProofDirectory(environment, options);
    assert.notEqual(one.workDirectory, two.workDirectory);
    await mkdir(one.workDirectory);
    await writeFile(join(one.workDirectory, "file"), "x");
    assert.equal((await readdir(spool)).length, 2, "a living proof's directory stays");
  }
  assert.deepEqual(await readdir(spool), []);
  await rm(spool, { recursive: true });
});

test("L53 a directory that cannot be locked, because the disk is full, does not stay", async () => {
  const spool = await mkdtemp("/tmp/pra-spool-");
  const environment = environmentWith(spool);
  configureFailpointsFrom({ PRA_FAILPOINT: "files.lock-create:enospc" });
  try {
    await assert.rejects(openProofDirectory(environment, options));
    assert.deepEqual(await readdir(spool), []);
  } finally {
    configureFailpointsFrom({});
    await rm(spool, { recursive: true });
  }
});

test("L53 what a dead proof left is removed by the next one, and nothing else", async () => {
  const spool = await mkdtemp("/tmp/pra-spool-");
  const environment = environmentWith(spool);
  let lockName = "";
  {
    await using living = await openProofDirectory(environment, options);
    const names = await readdir(join(living.workDirectory, ".."));
    lockName = names.find((name) => name.startsWith(".pra-lock.")) ?? "";
  }
  // The same lock, of a process of this boot that started at another time: it is dead.
  const dead = lockName.replace(/-(\d+)-(\d+)-([^-]+)$/, "-$1-1-$3");
  assert.notEqual(dead, lockName, `a lock names its process: ${lockName}`);
  await mkdir(join(spool, "pra-proof-abcdef", "work"), { recursive: true });
  await writeFile(join(spool, "pra-proof-abcdef", dead), "");
  await mkdir(join(spool, "pra-proof-ghijkl"));
  await mkdir(join(spool, "of-somebody-else"));
  {
    await using _next = await openProofDirectory(environment, options);
    const names = await readdir(spool);
    assert.ok(!names.includes("pra-proof-abcdef"));
    assert.ok(names.includes("pra-proof-ghijkl"), "too young to tell whose it is");
    assert.ok(names.includes("of-somebody-else"));
  }
  await rm(spool, { recursive: true });
});

/** A repository whose disk has not a byte left: what has to go can still be cleared away, by the product and not by hand. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fastClockEnvironment } from "../../tools/crash/fast-clock.ts";
import { CommandLine, errorCodeOf } from "../support/command-line.ts";
import { startTestServer } from "../support/test-server.ts";

function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}

test("L34 L47 R22 on a disk that is full to the last byte nothing can be stored, and expire makes room", async (context) => {
  await using server = await startTestServer({ major: 18 });
  const pra = await CommandLine.create(server);
  mkdirSync(pra.repository);
  const made = spawnSync("mount", [
    "-t",
    "tmpfs",
    "-o",
    "size=400m,mode=700",
    "tmpfs",
    pra.repository,
  ]);
  assert.equal(made.status, 0, String(made.stderr));
  context.after(async () => {
    execFileSync("umount", [pra.repository]);
    await pra[Symbol.asyncDispose]();
  });
  assert.equal((await pra.run("init")).code, 0);
  // Leases that are over and published WAL's parts are there to be cleared away.
  for (const _ of ["first", "second"]) {
    assert.equal((await pra.run("backup --full")).code, 0);
  }
  const ballast = join(pra.repository, ".ballast");
  assert.throws(() => {
    writeFileSync(ballast, Buffer.alloc(freeBytes(pra.repository) + 1_000_000));
  }, /ENOSPC/);
  assert.equal(freeBytes(pra.repository), 0);
  const refused = await pra.json("backup --incremental");
  assert.equal(errorCodeOf(refused.value), "STORE_DISK_FULL");

  const { code, out, err } = await pra.run("expire", fastClockEnvironment(40));
  assert.equal(code, 0, err);
  assert.match(err, /room that was kept for this is given back/);
  assert.match(out, /\d+ objects deleted/);
  assert.ok(freeBytes(pra.repository) > 1_000_000, `${freeBytes(pra.repository)} free`);
  // What filled the disk goes; the repository is whole.
  rmSync(ballast);
  for (const words of ["backup --incremental", "verify"]) {
    const answer = await pra.run(words);
    assert.equal(answer.code, 0, `${words}: ${answer.out}${answer.err}`);
  }
});

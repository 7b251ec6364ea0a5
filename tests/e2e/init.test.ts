/** `pra init` killed and doubled: what a second run finds, keeps and says. */
import assert from "node:assert/strict";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { CommandLine, errorCodeOf } from "../support/command-line.ts";

for (const place of ["init.key-slot", "init.format"] as const) {
  test(`L53 init killed at ${place} is simply run again, with the key file that was there`, async () => {
    await using pra = await CommandLine.create();
    const killed = await pra.run("init", { PRA_FAILPOINT: `${place}:kill` });
    assert.equal(killed.code, null);
    const before = await readFile(pra.keyFile, "utf8");
    const again = await pra.json("init");
    assert.equal(again.code, 0, again.out);
    assert.equal(again.value["created"], true);
    const after = await readFile(pra.keyFile, "utf8");
    assert.equal(after, before);
    const listed = await pra.json("list");
    assert.equal(listed.code, 0, listed.out);
    const third = await pra.json("init");
    assert.deepEqual([third.code, third.value["created"]], [0, false]);
    const names = await readdir(pra.repository);
    assert.deepEqual(
      names.filter((name) => name.startsWith(".pra")),
      [],
    );
    assert.equal((await readdir(join(pra.repository, "keys", "0001"))).length, 1);
  });
}

test("L53 the recovery key that a killed init wrote is the one of the repository", async () => {
  await using pra = await CommandLine.create();
  await pra.run("init", { PRA_FAILPOINT: "init.format:kill" });
  const path = join(pra.directory, "pra.recovery");
  const written = await readFile(path, "utf8");
  const again = await pra.json("init");
  assert.equal(again.value["recoveryKeyFile"], path);
  assert.equal(await readFile(path, "utf8"), written);
});

test("a key file that no killed init left is not taken for a new repository", async () => {
  await using pra = await CommandLine.create();
  assert.equal((await pra.run("init")).code, 0);
  const kept = await readFile(pra.keyFile, "utf8");
  const other = await pra.json("init", { BACKUP_DIR: join(pra.directory, "other") });
  assert.deepEqual([other.code, errorCodeOf(other.value)], [1, "KEY_FILE_EXISTS"]);
  await writeFile(join(pra.directory, "other", ".pra-init"), `${"0".repeat(32)}\n`);
  const foreign = await pra.json("init", { BACKUP_DIR: join(pra.directory, "other") });
  assert.deepEqual([foreign.code, errorCodeOf(foreign.value)], [1, "KEY_FILE_EXISTS"]);
  assert.equal(await readFile(pra.keyFile, "utf8"), kept);
});

test("L53 of two inits at once one makes the repository; the other says who works there, or finds it made", async () => {
  for (const delay of ["init.key-slot:delay=1500", "init.format:delay=1"]) {
    await using pra = await CommandLine.create();
    const both = await Promise.all([
      pra.json("init", { PRA_FAILPOINT: delay }),
      pra.json("init", { PRA_FAILPOINT: delay }),
    ]);
    const makers = both.filter(({ value }) => value["created"] === true);
    const others = both.filter(({ value }) => value["created"] !== true);
    assert.equal(makers.length, 1, JSON.stringify(both));
    for (const { code, value } of others) {
      const said = code === 0 ? value["created"] : errorCodeOf(value);
      assert.deepEqual([code, said], code === 0 ? [0, false] : [3, "RESTORE_LOCKED"]);
    }
    assert.equal((await pra.json("list")).code, 0);
  }
});

test("init in a store where nothing can be deleted is done, and ends with a warning that says so", async () => {
  await using pra = await CommandLine.create();
  const made = await pra.run("init", { PRA_FAILPOINT: "disk.delete:error" });
  assert.equal(made.code, 5, made.err);
  assert.match(made.out, /! Nothing could be deleted here: the repository only grows\./);
  assert.equal((await pra.json("list")).code, 0);
  assert.equal((await pra.json("init")).code, 0, "with rights mended there is nothing to warn of");
});

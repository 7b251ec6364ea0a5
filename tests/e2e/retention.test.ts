/**
 * Retention as a person meets it, on a real server: backups of past weeks, a hold, what `expire` says and does, and that everything
 * it left can be restored. The clock of the host that takes backups is set by a preload; the server's is not.
 */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { fastClockEnvironment } from "../../tools/crash/fast-clock.ts";
import { CommandLine, errorCodeOf } from "../support/command-line.ts";
import { startTestServer } from "../support/test-server.ts";

const SHIFT = `const days = Number(process.env.TEST_SHIFT_DAYS ?? 0);
const real = Date.now.bind(Date);
Date.now = () => real() + days * 86_400_000;
`;

type Listed = {
  readonly clusters: readonly {
    readonly backups: readonly { readonly id: string; readonly hold: { reason: string } | null }[];
    readonly gaps: readonly unknown[];
    readonly givenUpWal: readonly unknown[];
  }[];
};

test("L36 L37 R22 backups of past weeks: expire keeps the window, its base and what is held; all of it restores", async () => {
  await using server = await startTestServer({ major: 18 });
  await using pra = await CommandLine.create(server);
  const preload = join(pra.directory, "shift.cjs");
  await writeFile(preload, SHIFT);
  const at = (days: number): Record<string, string> => ({
    NODE_OPTIONS: `--require ${preload}`,
    TEST_SHIFT_DAYS: String(days),
    RETENTION_DAYS: "10",
    PRA_RETENTION_MIN_BACKUPS: "1",
  });
  assert.equal((await pra.run("init", at(0))).code, 0);
  await server.query("create table t(day int)");
  const ids: string[] = [];
  for (const day of [1, 4, 8, 12, 15, 20]) {
    await server.query(`insert into t values (${day}); select pg_switch_wal()`);
    const backup = await pra.json("backup", at(day));
    assert.equal(backup.code, 0, backup.err);
    ids.push(String(backup.value["id"]));
  }
  const held = ids[1] ?? "";
  const hold = await pra.json(`hold ${held} --reason audit --until 2100-01-01`, at(20));
  assert.equal(hold.value["until"], "2100-01-01T23:59:59.999Z");
  const unknown = await pra.json("hold 0000beef --reason audit", at(20));
  assert.equal(errorCodeOf(unknown.value), "REPO_BACKUP_UNKNOWN");

  const preview = await pra.run("expire --dry-run", { ...at(20), PRA_LANG: "fr" });
  assert.match(preview.out, /abandonner : .*\n.*finie avant la fenêtre/);
  assert.match(preview.out, /conservée jusqu'au 2100-01-01 23:59 UTC : audit/);
  assert.match(preview.out, /base de la fenêtre sur la timeline 1/);
  // The minute between its two looks passes in seconds: nobody else is at work here.
  const { NODE_OPTIONS: fast = "", ...factor } = fastClockEnvironment(40);
  const shifted = at(20);
  const done = await pra.json("expire", {
    ...shifted,
    ...factor,
    NODE_OPTIONS: `${shifted["NODE_OPTIONS"]} ${fast}`,
  });
  assert.equal(done.code, 0, done.err);
  // The window begins on day 10: the base is that of day 8.
  assert.deepEqual(done.value["backups"], [ids[0]]);
  const list = await pra.json("list", at(20));
  const [cluster] = (list.value as Listed).clusters;
  assert.deepEqual(
    cluster?.backups.map(({ id }) => id),
    ids.slice(1),
  );
  assert.deepEqual(
    cluster.backups.map((backup) => backup.hold?.reason),
    ["audit", undefined, undefined, undefined, undefined],
  );
  assert.deepEqual(cluster.gaps, []);
  assert.equal(cluster.givenUpWal.length, 1);
  const verified = await pra.run("verify --deep", at(20));
  assert.equal(verified.code, 0, verified.err + verified.out);
  // The held one and the base, each by itself, and the newest instant.
  for (const target of [`--backup ${held} --immediate`, `--backup ${ids[2] ?? ""} --latest`]) {
    const to = join(pra.directory, `copy${target.length}`);
    const restored = await pra.json(`restore --to ${to} ${target}`, at(20));
    assert.equal(restored.code, 0, restored.err);
  }
  assert.equal((await pra.run(`release ${held} --reason closed`, at(20))).code, 0);
  const again = await pra.json(`release ${held} --reason closed`, at(20));
  assert.equal(errorCodeOf(again.value), "REPO_NOT_HELD");
});

/** A load test on production itself: told twice or not at all, and nothing but its own database is different afterwards. */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { LoadedProduction, TWICE } from "../support/loaded-production.ts";
import { ended, playground, runPra } from "../support/pra-run.ts";

test("R6 production is loaded when told twice: measured, restored at its full size, judged, and nothing but the test's own database was ever different", async () => {
  await using production = await LoadedProduction.create();
  const before = await production.rest();
  // A server of the test's own, on a machine that others work on as well: how slow its commits may get is no matter here.
  const patience = ["--slowest", "60000"];
  const words = ["loadtest", "--duration", "10s", "--seed", "5", ...patience, ...TWICE];
  const run = production.pra(words);
  const code = await ended(run);
  const facts = await production.facts();
  const outcomes = new Map(facts.tests.map(({ name, outcome }) => [name, outcome]));
  assert.ok(code === 0 || outcomes.get("slowdown") !== "pass", run.err() + run.out());
  assert.match(run.err(), /PRODUCTION of cluster main at .* will be loaded for 10 s/);
  assert.match(run.err(), /Dropped database pra_loadtest/);
  assert.deepEqual(await production.rest(), before);

  assert.equal(facts.ending, "finished", run.err() + run.out());
  assert.equal(facts.onProduction?.database, "pra_loadtest");
  assert.equal(facts.onProduction.dropped, true);
  assert.ok((facts.onProduction.probe.beforeMs ?? 0) > 0);
  assert.ok(facts.acknowledged > 0);
  for (const name of ["load", "backups", "nothingLost", "coherent", "restored"] as const) {
    assert.equal(outcomes.get(name), "pass", `${name}: ${JSON.stringify(facts.tests)}`);
  }
  assert.ok(!outcomes.has("wal") && !outcomes.has("repository"));
  const held = facts.tests.find(({ name }) => name === "nothingLost")?.figures["acknowledged"] ?? 0;
  assert.ok(held > 0 && held <= facts.acknowledged, "what was held had to come back");
  assert.ok(facts.rpo.met === true && facts.rto.met === true);
  assert.ok((facts.restore?.restoredBytes ?? 0) > 20_000_000, "the whole cluster came back");
  assert.equal(facts.production, null, "nothing is predicted that was measured");
  assert.ok((facts.slowdown.backup?.rate.count ?? 0) > 0);
  assert.doesNotMatch(run.out(), /SIGKILL|crash/i);
  assert.deepEqual(await readdir(join(production.path, "spool")), []);

  const ledger = production.pra(["ledger", "list", "--kind", "productionLoadStarted", "--json"]);
  assert.equal(await ended(ledger), 0, ledger.err());
  assert.match(ledger.out(), /agreed with operations/);
  const list = production.pra(["list", "--json"]);
  assert.equal(await ended(list), 0, list.err());
  assert.ok(facts.backups.some(({ state }) => state === "finished"));
});

test("R6 production is refused when told once, by another name, without a reason, or with what only a server of the test's own has", async () => {
  await using ground = await playground();
  const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
    [["--allow-production"], 3, /only when told so twice; --allow-production alone/],
    [["--confirm", "main"], 3, /only when told so twice; --confirm alone/],
    [["--allow-production", "--confirm", "other", "--reason", "x"], 3, /"other" is not the name/],
    [["--allow-production", "--confirm", "main"], 2, /recorded with a reason/],
    [[...TWICE, "--size", "10MB"], 2, /--allow-production and --size .* exclude each other/],
    [["--slowest", "50"], 2, /for a load test on production/],
    [["--share", "50"], 2, /the option --share is for a load test on production/],
  ];
  const variables = { PATH: process.env["PATH"], PRA_LANG: "en", PRA_CLUSTER: "main" };
  for (const [words, code, said] of cases) {
    const run = runPra(ground.path, ["loadtest", ...words], variables);
    assert.equal(await ended(run), code, run.err());
    assert.match(run.err(), said);
  }
  const job = ["schedule", "run", "load-test", "--", "./loadtest.sh", ...TWICE];
  const scheduled = runPra(ground.path, job, variables);
  assert.equal(await ended(scheduled), 2, scheduled.err());
  assert.match(scheduled.err(), /a job of the schedule is never allowed onto production/);
  assert.deepEqual(await readdir(ground.path), []);
});

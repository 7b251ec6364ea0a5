import assert from "node:assert/strict";
import { test } from "node:test";
import { type LoadMeasured, judgeLoadTest } from "./judge-load-test.ts";

const GOOD: LoadMeasured = {
  load: { commits: 1000, clients: 8, silenceMs: 20, broken: 0, asPlanned: true },
  backups: { full: 1, incremental: 2, failed: 0, wanted: "both" },
  backupSlowdown: { count: 9, mean: 0.3, low: 0.2, high: 0.4 },
  walHoles: 0,
  judged: { acknowledged: 1000, found: 1003, lost: 0, faults: 0 },
  application: { ok: true, seconds: 59 },
  health: { ok: true, seconds: 1 },
  rtoSeconds: 60,
  rtoObjectiveSeconds: 1800,
  damaged: 0,
};

function outcomes(measured: LoadMeasured): Record<string, string> {
  return Object.fromEntries(judgeLoadTest(measured).map(({ name, outcome }) => [name, outcome]));
}

test("R6 each promise that is broken fails its own test and no other", () => {
  assert.ok(Object.values(outcomes(GOOD)).every((outcome) => outcome === "pass"));
  const judged = { acknowledged: 1000, found: 999, lost: 0, faults: 0 };
  const broken: readonly (readonly [string, Partial<LoadMeasured>])[] = [
    ["load", { load: { ...GOOD.load, asPlanned: false } }],
    ["load", { load: { ...GOOD.load, broken: 1 } }],
    ["backups", { backups: { full: 1, incremental: 0, failed: 0, wanted: "both" } }],
    ["backups", { backups: { full: 1, incremental: 1, failed: 1, wanted: "both" } }],
    ["slowdown", { backupSlowdown: { count: 1, mean: 0.51, low: null, high: null } }],
    ["wal", { walHoles: 1 }],
    ["nothingLost", { judged: { ...judged, lost: 1 } }],
    ["coherent", { judged: { ...judged, faults: 1 } }],
    ["application", { application: { ok: false, seconds: 59 } }],
    ["health", { health: { ok: false, seconds: 60 } }],
    ["restored", { rtoSeconds: 1801 }],
    ["repository", { damaged: 1 }],
  ];
  for (const [name, change] of broken) {
    const found = outcomes({ ...GOOD, ...change });
    const failed = Object.keys(found).filter((each) => found[each] !== "pass");
    assert.deepEqual(failed, [name]);
    assert.equal(found[name], "fail");
  }
});

test("R6 where no commit had to come back, that none is lost is not passed; what is wrong all the same fails", () => {
  const nothing = { acknowledged: 0, found: 0, lost: 0, faults: 0 };
  const found = outcomes({ ...GOOD, judged: nothing });
  assert.equal(found["nothingLost"], "notReached");
  assert.equal(found["coherent"], "notReached");
  assert.equal(outcomes({ ...GOOD, judged: { ...nothing, faults: 1 } })["coherent"], "fail");
});

test("R6 what was not come to is not reached, and never passed", () => {
  const found = outcomes({
    load: { commits: 0, clients: 8, silenceMs: 0, broken: 0, asPlanned: false },
    backups: { full: 0, incremental: 0, failed: 0, wanted: "both" },
    backupSlowdown: null,
    walHoles: null,
    judged: null,
    application: null,
    health: null,
    rtoSeconds: null,
    rtoObjectiveSeconds: 1800,
    damaged: null,
  });
  assert.ok(Object.values(found).every((outcome) => outcome === "notReached"));
});

test("R6 a test that is ended before its crash breaks no promise but by a backup that failed", () => {
  const ended = { load: { ...GOOD.load, asPlanned: null } };
  const one = { full: 1, incremental: 0, failed: 0, wanted: "both" } as const;
  assert.deepEqual(
    [outcomes({ ...GOOD, ...ended, backups: one })].map(({ load, backups }) => [load, backups]),
    [["notReached", "notReached"]],
  );
  const failed = outcomes({ ...GOOD, ...ended, backups: { ...one, failed: 1 } });
  assert.deepEqual([failed["load"], failed["backups"]], ["notReached", "fail"]);
});

test("R26 where no application is configured none is judged, and the restore is until the first write", () => {
  const found = judgeLoadTest({ ...GOOD, application: "none" });
  assert.ok(!found.some(({ name }) => name === "application"));
  const until = (measured: LoadMeasured): number | undefined =>
    judgeLoadTest(measured).find(({ name }) => name === "restored")?.figures["untilApplication"];
  assert.equal(until({ ...GOOD, application: "none", health: "none" }), 0);
  assert.equal(until({ ...GOOD, application: "none" }), 1, "its address was asked");
  assert.equal(until(GOOD), 1);
});

test("R6 on production any backup will do, and its whole repository is not judged", () => {
  const production: LoadMeasured = {
    ...GOOD,
    backups: { full: 0, incremental: 1, failed: 0, wanted: "any" },
    walHoles: "none",
    damaged: "none",
  };
  const found = outcomes(production);
  assert.ok(Object.values(found).every((outcome) => outcome === "pass"));
  assert.ok(!("wal" in found) && !("repository" in found));
  const backups = { full: 0, incremental: 0, failed: 0, wanted: "any" } as const;
  const failed = { ...production, backups: { ...backups, failed: 1 } };
  assert.equal(outcomes(failed)["backups"], "fail");
  assert.equal(outcomes({ ...production, backups })["backups"], "notReached");
});

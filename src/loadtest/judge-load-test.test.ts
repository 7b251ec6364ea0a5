import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type LoadMeasured,
  forecastProduction,
  judgeLoadTest,
  slowdownOf,
} from "./judge-load-test.ts";

const GOOD: LoadMeasured = {
  load: { commits: 1000, clients: 8, silenceMs: 20, asPlanned: true },
  backups: { full: 1, incremental: 2, failed: 0 },
  backupSlowdown: 0.3,
  walHoles: 0,
  judged: { acknowledged: 1000, found: 1003, lost: 0, faults: 0 },
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
    ["backups", { backups: { full: 1, incremental: 0, failed: 0 } }],
    ["backups", { backups: { full: 1, incremental: 1, failed: 1 } }],
    ["slowdown", { backupSlowdown: 0.51 }],
    ["wal", { walHoles: 1 }],
    ["nothingLost", { judged: { ...judged, lost: 1 } }],
    ["coherent", { judged: { ...judged, faults: 1 } }],
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

test("R6 what was not come to is not reached, and never passed", () => {
  const found = outcomes({
    load: { commits: 0, clients: 8, silenceMs: 0, asPlanned: false },
    backups: { full: 0, incremental: 0, failed: 0 },
    backupSlowdown: null,
    walHoles: null,
    judged: null,
    rtoSeconds: null,
    rtoObjectiveSeconds: 1800,
    damaged: null,
  });
  assert.ok(Object.values(found).every((outcome) => outcome === "notReached"));
});

test("R6 a test that is ended before its crash breaks no promise but by a backup that failed", () => {
  const ended = { load: { ...GOOD.load, asPlanned: null } };
  const one = { full: 1, incremental: 0, failed: 0 };
  assert.deepEqual(
    [outcomes({ ...GOOD, ...ended, backups: one })].map(({ load, backups }) => [load, backups]),
    [["notReached", "notReached"]],
  );
  const failed = outcomes({ ...GOOD, ...ended, backups: { ...one, failed: 1 } });
  assert.deepEqual([failed["load"], failed["backups"]], ["notReached", "fail"]);
});

test("R6 a slowdown is the missing share of the commits a second, and unknown where one side is", () => {
  assert.equal(slowdownOf({ perSecond: 200 }, { perSecond: 150 }), 0.25);
  assert.equal(slowdownOf({ perSecond: 100 }, { perSecond: 110 })?.toFixed(2), "-0.10");
  assert.equal(slowdownOf(null, { perSecond: 150 }), null);
});

test("R26 production's restore is predicted by its bytes, WAL and start as they were measured", () => {
  const GIB = 2 ** 30;
  const restore = {
    host: "h",
    restoredBytes: GIB,
    walBytes: GIB / 4,
    filesMs: 10_000,
    walMs: 2000,
    startMs: 3000,
  };
  const production = { clusterBytes: 100 * GIB, backupFinishedAt: "2026-11-01T00:00:00.000Z" };
  const fullBackup = { readBytes: GIB, durationMs: 8000 };
  const forecast = forecastProduction(production, {
    restore,
    fullBackup,
    rtoObjectiveSeconds: 1800,
  });
  assert.equal(forecast?.fullBackupMs, 800_000);
  assert.equal(forecast.restoreMs, 1_005_000);
  assert.equal(forecast.withinObjective, true);
  const strict = forecastProduction(production, { restore, fullBackup, rtoObjectiveSeconds: 900 });
  assert.equal(strict?.withinObjective, false);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { forecastProduction } from "./forecast.ts";

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
const full = { kind: "full", readBytes: GIB, durationMs: 8000 } as const;
const measured = { restore, earlier: [], backups: [full], rtoObjectiveSeconds: 1800 };

test("R26 production's restore is predicted by its bytes, WAL and start as they were measured; of one measurement no interval is made", () => {
  const found = forecastProduction(production, measured);
  assert.equal(found?.factor, 100);
  const once = { lowMs: null, highMs: null, measurements: 1 };
  assert.deepEqual(found.fullBackup, { expectedMs: 800_000, ...once });
  assert.deepEqual(found.restore, { expectedMs: 1_005_000, ...once });
  assert.equal(found.objective, "met");
  const strict = forecastProduction(production, { ...measured, rtoObjectiveSeconds: 900 });
  assert.equal(strict?.objective, "missed");
});

test("R26 earlier restores of this host and the other backups give the ends; another host's say nothing", () => {
  const earlier = [
    { ...restore, filesMs: 5000 },
    { ...restore, filesMs: 30_000 },
    { ...restore, host: "other", filesMs: 1 },
  ];
  const incremental = { kind: "incremental", readBytes: GIB, durationMs: 4000 } as const;
  const found = forecastProduction(production, {
    ...measured,
    earlier,
    backups: [full, incremental, { ...incremental, readBytes: 0 }],
  });
  assert.deepEqual(found?.fullBackup, {
    expectedMs: 800_000,
    lowMs: 400_000,
    highMs: 800_000,
    measurements: 2,
  });
  assert.equal(found.restore.measurements, 3);
  assert.equal(found.restore.expectedMs, 1_005_000);
  assert.ok((found.restore.lowMs ?? 0) < 600_000 && (found.restore.highMs ?? 0) > 3_000_000);
  assert.equal(found.objective, "open", "30 minutes lie between the ends");
});

test("R26 without a full backup or a restore of anything nothing is predicted", () => {
  assert.equal(forecastProduction(production, { ...measured, backups: [] }), null);
  const empty = { ...restore, restoredBytes: 0 };
  assert.equal(forecastProduction(production, { ...measured, restore: empty }), null);
});

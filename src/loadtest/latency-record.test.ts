import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  type KeptMeasurement,
  LatencyRecord,
  keepMeasurement,
  measurementOf,
} from "./latency-record.ts";

test("R6 percentiles are those of a sorted list, at most 2 % above, whatever the latencies are", () => {
  const latency = fc.double({ min: 0.05, max: 100_000, noNaN: true });
  fc.assert(
    fc.property(fc.array(latency, { minLength: 1, maxLength: 200 }), (latencies) => {
      const record = new LatencyRecord({ slotMs: 100 });
      record.begin("plain", { atMs: 0 });
      for (const latencyMs of latencies) {
        record.note({ atMs: 50, latencyMs });
      }
      record.end(100);
      const figures = record.over("plain");
      const sorted = latencies.toSorted((a, b) => a - b);
      for (const [share, found] of [
        [0.5, figures?.p50Ms],
        [0.95, figures?.p95Ms],
        [0.99, figures?.p99Ms],
      ] as const) {
        const exact = sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
        assert.ok(found !== undefined && found >= exact * 0.999_999, `${found} of ${exact}`);
        assert.ok(found <= exact * 1.020_001, `${found} of ${exact}`);
      }
    }),
  );
});

test("R6 a window holds the commits between its beginning and its end and no others, however short it is beside a slot", () => {
  const record = new LatencyRecord({ slotMs: 60_000 });
  record.note({ atMs: 10, latencyMs: 5 });
  record.begin("streaming", { atMs: 100, round: 0 });
  record.note({ atMs: 110, latencyMs: 5 });
  record.begin("backup", { atMs: 200 });
  record.note({ atMs: 210, latencyMs: 5 });
  record.note({ atMs: 220, latencyMs: 5 });
  record.end(250);
  record.note({ atMs: 260, latencyMs: 5 });
  record.begin("backup", { atMs: 300 });
  record.note({ atMs: 310, latencyMs: 5 });
  record.begin("streaming", { atMs: 400 });
  record.note({ atMs: 410, latencyMs: 5 });
  record.drop();
  assert.deepEqual(
    record
      .windows()
      .map(({ kind, round, fromMs, toMs, figures }) => [
        kind,
        round,
        fromMs,
        toMs,
        figures?.commits,
      ]),
    [
      ["streaming", 0, 100, 200, 1],
      ["backup", null, 200, 250, 2],
      ["backup", null, 300, 400, 1],
    ],
  );
  const backups = record.over("backup");
  assert.equal(backups?.commits, 3);
  assert.equal(backups.seconds, 0.15);
  assert.equal(backups.perSecond, 20);
  assert.equal(record.over("plain"), null);
  assert.equal(record.over("streaming")?.commits, 1, "a window that was dropped is none");
});

test("R6 the series shows a silence as nulls, and the longest silence is measured to the millisecond", () => {
  const record = new LatencyRecord({ slotMs: 100 });
  record.note({ atMs: 0, latencyMs: 5 });
  record.note({ atMs: 391, latencyMs: 5 });
  const series = record.series(400);
  assert.deepEqual(
    series.map(({ atMs, perSecond, p50Ms }) => [atMs, perSecond, p50Ms === null]),
    [
      [0, 10, false],
      [100, 0, true],
      [200, 0, true],
      [300, 10, false],
    ],
  );
  assert.equal(record.longestSilenceMs(400), 391);
  assert.equal(record.longestSilenceMs(1000), 609, "up to the end, too");
});

test("R6 what is kept of a measurement as plain data says the same as the record", () => {
  const record = new LatencyRecord({ slotMs: 100 });
  record.begin("streaming", { atMs: 0, round: 1 });
  for (let atMs = 10; atMs < 900; atMs += 7) {
    record.note({ atMs, latencyMs: (atMs % 13) + 0.5 });
  }
  record.begin("backup", { atMs: 400 });
  record.note({ atMs: 950, latencyMs: 3 });
  record.end(980);
  const kept: unknown = JSON.parse(JSON.stringify(keepMeasurement(record, 1000)));
  const read = measurementOf(kept as KeptMeasurement);
  assert.deepEqual(read.windows(), record.windows());
  assert.deepEqual(read.series(1000), record.series(1000));
  assert.equal(read.longestSilenceMs(1000), record.longestSilenceMs(1000));
  for (const kind of ["plain", "streaming", "backup"] as const) {
    assert.deepEqual(read.over(kind), record.over(kind));
  }
});

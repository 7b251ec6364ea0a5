import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LatencyRecord } from "./latency-record.ts";

test("R6 percentiles are those of a sorted list, at most 2 % above, whatever the latencies are", () => {
  const latency = fc.double({ min: 0.05, max: 100_000, noNaN: true });
  fc.assert(
    fc.property(fc.array(latency, { minLength: 1, maxLength: 200 }), (latencies) => {
      const record = new LatencyRecord({ slotMs: 100 });
      for (const latencyMs of latencies) {
        record.note({ atMs: 50, latencyMs });
      }
      const figures = record.over([{ fromMs: 0, toMs: 100 }]);
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

test("R6 a stretch counts the slots that lie wholly in it, and where nothing was committed there is no figure", () => {
  const record = new LatencyRecord({ slotMs: 100 });
  for (const atMs of [10, 110, 120, 450]) {
    record.note({ atMs, latencyMs: 5 });
  }
  assert.equal(record.over([{ fromMs: 200, toMs: 400 }]), null);
  assert.equal(record.over([{ fromMs: 50, toMs: 190 }]), null, "no whole slot");
  const figures = record.over([
    { fromMs: 50, toMs: 250 },
    { fromMs: 400, toMs: 500 },
  ]);
  assert.equal(figures?.commits, 3);
  assert.equal(figures.seconds, 0.2);
  assert.equal(figures.perSecond, 15);
});

test("R6 the series shows a silence as nulls, and the longest silence is counted", () => {
  const record = new LatencyRecord({ slotMs: 100 });
  record.note({ atMs: 0, latencyMs: 5 });
  record.note({ atMs: 399, latencyMs: 5 });
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
  assert.equal(record.longestSilenceMs({ fromMs: 0, toMs: 400 }), 200);
});

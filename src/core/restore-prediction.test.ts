import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type RestoreMeasurement, predictRestore } from "./restore-prediction.ts";

const GIB = 2 ** 30;
const size = { host: "dr", restoreBytes: 10 * GIB, walBytes: GIB, start: true };
const measured: RestoreMeasurement = {
  host: "dr",
  restoredBytes: 5 * GIB,
  walBytes: GIB / 2,
  filesMs: 10_000,
  walMs: 500,
  startMs: 2_000,
};

test("without a measurement nothing is predicted, and a start is predicted from starts alone", () => {
  assert.equal(predictRestore(size, []), undefined);
  assert.equal(predictRestore(size, [{ ...measured, startMs: null }]), undefined);
  const files = predictRestore({ ...size, start: false }, [{ ...measured, startMs: null }]);
  assert.equal(files?.expectedMs, 21_000);
});

test("files and WAL take as long as their bytes say, a start as long as the least that was seen and what is replayed", () => {
  const slow = { ...measured, startMs: 6_000 };
  const found = predictRestore(size, [measured, slow]);
  // Twice the bytes: 20 s and 1 s; 2 s to start, and 0 or twice 4 s to replay.
  assert.deepEqual(found, {
    expectedMs: 27_000,
    lowMs: 23_000,
    highMs: 31_000,
    measurements: 2,
    isSameHost: true,
  });
});

test("another host's measurements count only where this host has none", () => {
  const other = { ...measured, host: "production", filesMs: 100_000 };
  assert.equal(predictRestore(size, [measured, other])?.measurements, 1);
  const foreign = predictRestore(size, [other]);
  assert.equal(foreign?.isSameHost, false);
  assert.equal(foreign?.expectedMs, 203_000);
});

test("a measurement of next to nothing is not taken for a rate", () => {
  const tiny = { ...measured, restoredBytes: 10, walBytes: 0 };
  assert.equal(predictRestore(size, [tiny])?.expectedMs, 10_000 + 500 + 2_000);
});

test("a prediction lies between its ends, and a restore like those before it is predicted within them", () => {
  const one = fc.record({
    host: fc.constant("dr"),
    restoredBytes: fc.integer({ min: 2 ** 21, max: 2 ** 40 }),
    walBytes: fc.integer({ min: 2 ** 21, max: 2 ** 36 }),
    filesMs: fc.integer({ min: 1, max: 10 ** 7 }),
    walMs: fc.integer({ min: 1, max: 10 ** 6 }),
    startMs: fc.integer({ min: 1, max: 10 ** 6 }),
  });
  fc.assert(
    fc.property(fc.array(one, { minLength: 1, maxLength: 20 }), fc.nat(19), (all, pick) => {
      const again = all[pick % all.length] ?? all[0];
      const { restoredBytes = 0, walBytes = 0, filesMs = 0, walMs = 0, startMs = 0 } = again ?? {};
      const found = predictRestore({ ...size, restoreBytes: restoredBytes, walBytes }, all);
      assert.ok(found !== undefined && found.lowMs <= found.expectedMs);
      assert.ok(found.expectedMs <= found.highMs);
      const took = filesMs + walMs + startMs;
      assert.ok(found.lowMs <= took + 1 && took - 1 <= found.highMs);
    }),
  );
});

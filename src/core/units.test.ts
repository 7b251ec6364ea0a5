import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { bytesOf, formatBytes, formatDuration, msOf } from "./units.ts";

test("sizes are read in powers of 1,024, in both languages", () => {
  const expected: readonly (readonly [number, string, string])[] = [
    [0, "0 B", "0 o"],
    [1023, "1023 B", "1023 o"],
    [1024, "1.0 KiB", "1,0 Kio"],
    [1024 * 1024 - 1, "1.0 MiB", "1,0 Mio"],
    [1.5 * 2 ** 30, "1.5 GiB", "1,5 Gio"],
    [-2048, "-2.0 KiB", "-2,0 Kio"],
    [2 ** 53, "8.0 PiB", "8,0 Pio"],
  ];
  for (const [bytes, en, fr] of expected) {
    assert.equal(formatBytes(bytes, "en"), en);
    assert.equal(formatBytes(bytes, "fr"), fr);
  }
});

test("durations are read in their two largest units, in both languages", () => {
  const expected: readonly (readonly [number, string, string])[] = [
    [0, "0 ms", "0 ms"],
    [999.4, "999 ms", "999 ms"],
    [999.6, "1.0 s", "1,0 s"],
    [12_340, "12.3 s", "12,3 s"],
    [59_960, "1 min 0 s", "1 min 0 s"],
    [750_000, "12 min 30 s", "12 min 30 s"],
    [3_599_600, "1 h 0 min", "1 h 0 min"],
    [11_100_000, "3 h 5 min", "3 h 5 min"],
    [187_200_000, "2 d 4 h", "2 j 4 h"],
    [-1500, "-1.5 s", "-1,5 s"],
  ];
  for (const [durationMs, en, fr] of expected) {
    assert.equal(formatDuration(durationMs, "en"), en);
    assert.equal(formatDuration(durationMs, "fr"), fr);
  }
});

test("no duration shows sixty of a unit", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e10, noNaN: true }), (durationMs) => {
      assert.doesNotMatch(formatDuration(durationMs, "en"), /\b60(\.0)? s|\b60 min|\b24 h/);
    }),
  );
});

test("a size is a whole number of bytes, and milliseconds are finite", () => {
  for (const value of [-1, 0.5, Number.NaN, 2 ** 53]) {
    assert.throws(() => bytesOf(value));
  }
  assert.throws(() => msOf(Number.POSITIVE_INFINITY));
});

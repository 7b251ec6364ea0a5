/** What lies in the repository, judged in the first week and later. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { thresholdsAt, usualThresholds } from "../../core/first-week.ts";
import { judgeExposure, judgeNewestBackup, judgeSpace } from "./judge-repository.ts";

const HOUR = 3_600_000;

test("R24 R25 half of the objective is too much in the first week, and only the whole later", () => {
  const firstWeek = thresholdsAt(0, HOUR);
  const told = (exposureSeconds: number, thresholds = usualThresholds): string => {
    const state = { exposureSeconds } as Parameters<typeof judgeExposure>[0];
    const { fact, state: colour } = judgeExposure(state, 3600, thresholds);
    return `${colour} ${fact}`;
  };
  assert.deepEqual(
    [1799, 1800, 3600].map((seconds) => told(seconds, firstWeek)),
    ["good exposure-low", "bad exposure-close", "bad exposure-high"],
  );
  assert.deepEqual(
    [1800, 3600].map((seconds) => told(seconds)),
    ["good exposure-low", "bad exposure-high"],
  );
});

test("R24 R25 a backup three hours old is worth a word in the first week, and good later", () => {
  type Root = NonNullable<Parameters<typeof judgeNewestBackup>[0]["root"]>;
  const root = { id: "0".repeat(32), finishedAt: new Date(0).toISOString() } as unknown as Root;
  const states = [thresholdsAt(0, HOUR), usualThresholds].map(
    (thresholds) => judgeNewestBackup({ root, damaged: [] }, 3 * HOUR, thresholds)[0]?.state,
  );
  assert.deepEqual(states, ["note", "good"]);
});

test("R8 free space is held against what was asked for; next to nothing is too little, whatever was asked for", () => {
  const verdict = (freeBytes: number, askedBytes: number): unknown => {
    const [finding] = judgeSpace(freeBytes, askedBytes);
    return [finding?.state, finding?.fact];
  };
  const mib = 1024 ** 2;
  assert.deepEqual(verdict(99e9, 100e9), ["bad", "space-below-min"]);
  assert.deepEqual(verdict(100e9, 100e9), ["good", "space-free"]);
  assert.deepEqual(verdict(0, 0), ["bad", "space-none"]);
  assert.deepEqual(verdict(64 * mib, 0), ["good", "space-free"]);
  assert.deepEqual(judgeSpace(undefined, 100e9), [], "a store that does not tell");
});

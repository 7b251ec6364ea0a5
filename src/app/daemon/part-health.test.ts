/** A part of the daemon that fails for good is told, and no sooner. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { daemonCrashLoopDeaths, daemonCrashWindowMs } from "../../core/look-limits.ts";
import { DrError } from "../../core/errors.ts";
import { PartHealth } from "./part-health.ts";

test("L53 R20 a part of the daemon that fails again and again is told with its reason, and no more once it has stayed at work", () => {
  const parts = new PartHealth();
  const told = (nowMs: number): readonly string[] =>
    parts.observe(nowMs).map(({ subject, health }) => `${subject} ${health}`);
  assert.deepEqual(told(0), []);
  let nowMs = 0;
  for (let death = 1; death < daemonCrashLoopDeaths; death += 1) {
    nowMs += parts.died("schedule", new TypeError("x is undefined"), nowMs);
    assert.deepEqual(told(nowMs), ["schedule well"]);
  }
  parts.died("schedule", new DrError("STORE_DISK_FULL", { path: "/x", freeBytes: 0 }), nowMs);
  parts.died("metrics", new Error("once"), nowMs);
  assert.deepEqual(told(nowMs), ["schedule ill", "metrics well"]);
  assert.ok(parts.loops("schedule", nowMs) && !parts.loops("metrics", nowMs));
  const [schedule] = parts.observe(nowMs);
  assert.match(
    schedule?.words.en.summary ?? "",
    /5 times in ten minutes: no space left to write \/x/,
  );
  assert.match(
    schedule?.words.fr.summary ?? "",
    /5 fois en dix minutes : plus d'espace pour écrire \/x/,
  );
  assert.deepEqual(told(nowMs + daemonCrashWindowMs), ["schedule well", "metrics well"]);
});

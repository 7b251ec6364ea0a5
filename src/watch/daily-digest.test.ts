/** When the day's digest is due. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { judgeDigest } from "./daily-digest.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** 08:00 of a day. */
const EIGHT = Date.UTC(2026, 10, 23, 8);

test("R23 R24 the first digest is due at the next hour, not at once, and tells of the day before it", () => {
  const now = { nowMs: EIGHT + 6 * HOUR, lastDueMs: EIGHT };
  assert.deepEqual(judgeDigest(undefined, now), { kind: "begin" });
  const mark = { dueMs: EIGHT, toMs: now.nowMs };
  assert.deepEqual(judgeDigest(mark, { nowMs: EIGHT + 20 * HOUR, lastDueMs: EIGHT }), {
    kind: "wait",
  });
  const tomorrow = EIGHT + DAY + 60_000;
  assert.deepEqual(judgeDigest(mark, { nowMs: tomorrow, lastDueMs: EIGHT + DAY }), {
    kind: "due",
    digest: { dueMs: EIGHT + DAY, fromMs: tomorrow - DAY, lateMs: 0 },
  });
});

test("R24 a digest that was due while nobody watched goes out late, says so and covers what was left out, a week at most", () => {
  const mark = { dueMs: EIGHT, toMs: EIGHT + 60_000 };
  const late = EIGHT + 3 * DAY + 6 * HOUR;
  assert.deepEqual(judgeDigest(mark, { nowMs: late, lastDueMs: EIGHT + 3 * DAY }), {
    kind: "due",
    digest: { dueMs: EIGHT + 3 * DAY, fromMs: mark.toMs, lateMs: 6 * HOUR },
  });
  const away = EIGHT + 30 * DAY;
  const judged = judgeDigest(mark, { nowMs: away, lastDueMs: away });
  assert.deepEqual(judged, {
    kind: "due",
    digest: { dueMs: away, fromMs: away - 7 * DAY, lateMs: 0 },
  });
});

test("L43 R24 whatever the clock does, no day's digest is queued twice, and each day that is watched has one", () => {
  const steps = fc.array(fc.integer({ min: -3 * HOUR, max: 9 * HOUR }), { maxLength: 120 });
  fc.assert(
    fc.property(steps, (moves) => {
      let nowMs = EIGHT + 6 * HOUR;
      let mark: { dueMs: number; toMs: number } | undefined;
      const queued: number[] = [];
      for (const move of moves) {
        nowMs += move;
        const lastDueMs = EIGHT + Math.floor((nowMs - EIGHT) / DAY) * DAY;
        const judged = judgeDigest(mark, { nowMs, lastDueMs });
        if (judged.kind === "wait") {
          assert.ok(mark !== undefined && mark.dueMs >= lastDueMs);
          continue;
        }
        if (judged.kind === "due") {
          queued.push(judged.digest.dueMs);
          assert.ok(judged.digest.fromMs <= nowMs - DAY);
        }
        mark = { dueMs: lastDueMs, toMs: nowMs };
      }
      // Beginning anew happens only under a clock that went back by more than a day.
      assert.ok(moves.some((move) => move < 0) || new Set(queued).size === queued.length);
    }),
    { seed: 24 },
  );
  const mark = { dueMs: EIGHT, toMs: EIGHT };
  assert.equal(judgeDigest(mark, { nowMs: EIGHT - HOUR, lastDueMs: EIGHT - DAY }).kind, "wait");
  assert.equal(
    judgeDigest(mark, { nowMs: EIGHT - 3 * DAY, lastDueMs: EIGHT - 3 * DAY }).kind,
    "begin",
  );
});

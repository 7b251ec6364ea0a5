/**
 * Retention over time: 400 days of hourly backups with one full a week, the repository expired once a day, on one timeline and over an
 * upgrade. What is left stays bounded and is what the policy says.
 */
import assert from "node:assert/strict";
import { test } from "node:test";

import { configureFailpointsFrom } from "../files/failpoint-effects.ts";
import { addToLsn, lsnOf } from "../core/lsn.ts";
import { parseObjectId } from "../core/object-id.ts";
import { segmentAt, timelineOf } from "../core/wal-name.ts";
import { clusterNameOf, incarnationNameOf } from "./object-names.ts";
import { periodOf } from "./retention-calendar.ts";
import { type RetentionDecision, decideRetention } from "./retention.ts";
import type { RetainedBackup, RetentionIncarnation, RetentionPolicy } from "./retention-view.ts";
import { isWalNeeded } from "./retention-wal.ts";

configureFailpointsFrom(process.env);

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const BEGIN_MS = Date.UTC(2026, 0, 1);
const SEGMENT_BYTES = 1 << 24;
/** WAL of an hour: four segments. */
const HOUR_BYTES = 4 * SEGMENT_BYTES;
const POLICY: RetentionPolicy = {
  days: 30,
  minBackups: 2,
  daily: 0,
  weekly: 8,
  monthly: 12,
  yearly: 2,
};

/** One incarnation that grows by an hour at a time and is expired. */
class Growing {
  readonly #number: number;
  backups: RetainedBackup[] = [];
  segments: bigint[] = [];
  #hour = 0;

  constructor(number: number) {
    this.#number = number;
  }

  hour(nowMs: number): void {
    const timeline = timelineOf(1);
    const startLsn = lsnOf(BigInt(HOUR_BYTES) * BigInt(this.#hour + 1));
    const stopLsn = addToLsn(startLsn, 100_000);
    for (let n = 0; n < 4; n += 1) {
      this.segments.push(startLsn / BigInt(SEGMENT_BYTES) + BigInt(n));
    }
    const id = parseObjectId(
      `${nowMs.toString(16).padStart(12, "0")}${this.#number}${this.#hour.toString(16).padStart(19, "0")}`,
    );
    const wal = { timeline, startLsn, stopLsn, walFrom: startLsn, walTo: stopLsn };
    const times = { startedAtMs: nowMs, finishedAtMs: nowMs + 120_000 };
    this.backups.push({ id, ...times, ...wal, hold: undefined, pinned: false, damaged: false });
    this.#hour += 1;
  }

  seen(newestMs: number): RetentionIncarnation {
    const size = BigInt(SEGMENT_BYTES);
    const spans: { fromLsn: ReturnType<typeof lsnOf>; toLsn: ReturnType<typeof lsnOf> }[] = [];
    for (const number of this.segments) {
      const last = spans.at(-1);
      const [fromLsn, toLsn] = [lsnOf(number * size), lsnOf((number + 1n) * size)];
      if (last?.toLsn === fromLsn) {
        last.toLsn = toLsn;
      } else {
        spans.push({ fromLsn, toLsn });
      }
    }
    return {
      place: {
        cluster: clusterNameOf("main"),
        incarnation: incarnationNameOf(BigInt(9 - this.#number), new Uint8Array(16)),
      },
      backups: this.backups,
      unreadableRoots: [],
      walSegmentBytes: spans.length === 0 ? undefined : SEGMENT_BYTES,
      timelines:
        spans.length === 0 ? [] : [{ timeline: timelineOf(1), switches: [], spans, newestMs }],
    };
  }

  apply(decision: RetentionDecision): void {
    const gone = new Set(
      decision.backups.filter(({ kind }) => kind === "give-up").map(({ backup }) => backup.id),
    );
    this.backups = this.backups.filter(({ id }) => !gone.has(id));
    const { place } = this.seen(0);
    const needs = decision.wal.get(place.incarnation);
    assert.ok(needs !== undefined);
    this.segments = this.segments.filter((number) => {
      const lsn = lsnOf(number * BigInt(SEGMENT_BYTES));
      const segment = segmentAt(timelineOf(1), lsn, SEGMENT_BYTES);
      return isWalNeeded(needs, { ...place, type: "walSegment", segment });
    });
  }
}

/** Runs `days` days over incarnations that follow each other at an upgrade every `upgradeDays`. */
function run(days: number, upgradeDays: number, policy: RetentionPolicy): Growing[] {
  const all: Growing[] = [new Growing(0)];
  const lastMs: number[] = [0];
  for (let hour = 0; hour < days * 24; hour += 1) {
    const nowMs = BEGIN_MS + hour * HOUR_MS;
    if (hour > 0 && hour % (upgradeDays * 24) === 0) {
      all.push(new Growing(all.length));
    }
    lastMs[all.length - 1] = nowMs + 50 * 60_000;
    all.at(-1)?.hour(nowMs);
    if (hour % 24 === 23) {
      const view = { incarnations: all.map((one, n) => one.seen(lastMs[n] ?? 0)) };
      const decision = decideRetention(view, policy, nowMs + HOUR_MS);
      all.forEach((one) => one.apply(decision));
    }
  }
  return all;
}

test("L37 400 days of hourly backups leave the window, the weeks, months and years, and WAL for just that", () => {
  const [only] = run(400, 1000, POLICY);
  assert.ok(only !== undefined);
  const endMs = BEGIN_MS + 400 * DAY_MS;
  const fromMs = endMs - 30 * DAY_MS;
  const inside = only.backups.filter(({ finishedAtMs }) => finishedAtMs >= fromMs);
  assert.equal(inside.length, 30 * 24);
  const older = only.backups.filter(({ finishedAtMs }) => finishedAtMs < fromMs);
  const months = new Set(only.backups.map(({ startedAtMs }) => periodOf("monthly", startedAtMs)));
  assert.equal(months.size, 12);
  // Base, 8 weeks (4 of them inside), 12 months (2 inside), 2 years (1 inside): at most 1 + 4 + 10 + 1.
  assert.ok(older.length >= 12 && older.length <= 16, `${older.length} before the window`);
  const hours = 30 * 24 + 1;
  const segments = only.segments.length;
  assert.ok(segments >= hours * 4 && segments <= hours * 4 + older.length + 4, `${segments}`);
});

test("L35 over upgrades whose names sort backwards, the newest backups stay and the oldest go", () => {
  const all = run(120, 25, { ...POLICY, weekly: 0, monthly: 0, yearly: 0 });
  assert.equal(all.length, 5);
  const counts = all.map(({ backups }) => backups.length);
  // 120 days: the last began on day 100; the window begins on day 90 in the fourth; a base before it.
  assert.deepEqual(counts, [0, 0, 0, 10 * 24 + 1, 20 * 24]);
  assert.deepEqual(
    all.slice(0, 3).map(({ segments }) => segments.length),
    [0, 0, 0],
  );
});

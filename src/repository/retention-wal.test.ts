/** Which WAL is needed, case by case: branches, copies of a last segment, histories, conflicts, pauses of the clock. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { configureFailpointsFrom } from "../files/failpoint-effects.ts";
import { lsnOf } from "../core/lsn.ts";
import { parseObjectId } from "../core/object-id.ts";
import { segmentAt, timelineOf } from "../core/wal-name.ts";
import { clusterNameOf, incarnationNameOf } from "./object-names.ts";
import { referenceOf } from "./retention-clock.ts";
import { keptAmong } from "./retention-rules.ts";
import { decideRetention } from "./retention.ts";
import type { RetainedBackup, RetentionPolicy, RetentionTimeline } from "./retention-view.ts";
import {
  type WalNeeds,
  type WalObjectName,
  isStretchNeeded,
  isWalNeeded,
} from "./retention-wal.ts";

configureFailpointsFrom(process.env);

const DAY_MS = 86_400_000;
const NOW_MS = Date.UTC(2026, 5, 1);
const BYTES = 1 << 24;
const place = {
  cluster: clusterNameOf("main"),
  incarnation: incarnationNameOf(1n, new Uint8Array(16)),
};
const policy: RetentionPolicy = {
  days: 7,
  minBackups: 1,
  daily: 0,
  weekly: 0,
  monthly: 0,
  yearly: 1,
};

/** A position in segment `number`, so many thousandths of it. */
function at(number: number, thousandths = 0): ReturnType<typeof lsnOf> {
  return lsnOf(BigInt(number) * BigInt(BYTES) + BigInt(Math.floor((thousandths * BYTES) / 1000)));
}

function backup(
  number: number,
  where: {
    readonly daysAgo: number;
    readonly timeline: number;
    readonly from: ReturnType<typeof lsnOf>;
    readonly to: ReturnType<typeof lsnOf>;
  },
): RetainedBackup {
  const startedAtMs = NOW_MS - where.daysAgo * DAY_MS;
  return {
    id: parseObjectId(number.toString(16).padStart(32, "0")),
    startedAtMs,
    finishedAtMs: startedAtMs + 60_000,
    timeline: timelineOf(where.timeline),
    startLsn: where.from,
    stopLsn: where.to,
    walFrom: where.from,
    walTo: where.to,
    hold: undefined,
    pinned: false,
    damaged: false,
  };
}

function timeline(
  number: number,
  about: Partial<Pick<RetentionTimeline, "switches" | "newestMs">> & {
    readonly from: ReturnType<typeof lsnOf>;
    readonly to: ReturnType<typeof lsnOf>;
  },
): RetentionTimeline {
  return {
    timeline: timelineOf(number),
    switches: about.switches ?? [],
    spans: [{ fromLsn: about.from, toLsn: about.to }],
    newestMs: about.newestMs,
  };
}

function decide(
  backups: readonly RetainedBackup[],
  timelines: readonly RetentionTimeline[],
): { readonly needs: WalNeeds; readonly kept: readonly string[] } {
  const incarnation = { place, backups, unreadableRoots: [], walSegmentBytes: BYTES, timelines };
  const decision = decideRetention({ incarnations: [incarnation] }, policy, NOW_MS);
  const kept = decision.backups.filter(({ kind }) => kind === "keep");
  return {
    needs: decision.wal.get(place.incarnation) ?? { kind: "all" },
    kept: kept.map(({ backup: { id } }) => String(Number.parseInt(id, 16))),
  };
}

function segment(
  tli: number,
  number: number,
  type: "walSegment" | "walIndex" = "walSegment",
): WalObjectName {
  return { ...place, type, segment: segmentAt(timelineOf(tli), at(number), BYTES) };
}

function history(tli: number): WalObjectName {
  return { ...place, type: "history", timeline: timelineOf(tli) };
}

test("L37 an abandoned branch goes with its history; the branch that is followed keeps its own and its ancestors'", () => {
  // Timeline 2 left 1 long ago and was given up; 3 left 1 later and lives; 4 left 3 and has no WAL yet.
  const one = { timeline: timelineOf(1), switchLsn: at(10, 500) };
  const backups = [
    backup(1, { daysAgo: 90, timeline: 1, from: at(4), to: at(4, 100) }),
    backup(2, { daysAgo: 60, timeline: 2, from: at(12), to: at(12, 100) }),
    backup(3, { daysAgo: 9, timeline: 1, from: at(8), to: at(8, 100) }),
    backup(4, { daysAgo: 2, timeline: 3, from: at(14), to: at(14, 100) }),
  ];
  const { needs, kept } = decide(backups, [
    timeline(1, { from: at(4), to: at(10, 500), newestMs: NOW_MS - 10 * DAY_MS }),
    timeline(2, {
      from: at(9),
      to: at(13),
      switches: [{ ...one, switchLsn: at(9, 500) }],
      newestMs: NOW_MS - 50 * DAY_MS,
    }),
    timeline(3, { from: at(10), to: at(16), switches: [one], newestMs: NOW_MS }),
  ]);
  // The third is the base; the fourth the newest, of the year as well.
  assert.deepEqual(kept, ["3", "4"]);
  const needed = [
    segment(1, 8),
    segment(1, 10),
    segment(3, 10),
    segment(3, 15),
    history(3),
    history(4),
  ];
  const gone = [
    segment(1, 4),
    segment(1, 7, "walIndex"),
    segment(2, 9),
    segment(2, 12),
    history(2),
  ];
  assert.deepEqual(
    needed.filter((name) => !isWalNeeded(needs, name)),
    [],
  );
  assert.deepEqual(
    gone.filter((name) => isWalNeeded(needs, name)),
    [],
  );
  const id = parseObjectId("0".repeat(32));
  const conflict = { ...place, type: "walConflict", id } as const;
  assert.ok(isWalNeeded(needs, { ...conflict, segment: segmentAt(timelineOf(1), at(9), BYTES) }));
  assert.ok(!isWalNeeded(needs, { ...conflict, segment: segmentAt(timelineOf(1), at(5), BYTES) }));
  assert.ok(isStretchNeeded(needs, { timeline: timelineOf(1), fromLsn: at(9), toLsn: at(10) }));
  assert.ok(!isStretchNeeded(needs, { timeline: timelineOf(1), fromLsn: at(5), toLsn: at(8) }));
});

test("L37 a kept backup whose last segment is held only as its successor's copy keeps that copy and its history", () => {
  const left = { timeline: timelineOf(1), switchLsn: at(5, 800) };
  const lonely = {
    ...backup(1, { daysAgo: 400, timeline: 1, from: at(4, 100), to: at(5, 300) }),
    hold: { reason: "audit", untilMs: null },
  };
  const newest = backup(2, { daysAgo: 1, timeline: 2, from: at(50), to: at(50, 100) });
  const { needs, kept } = decide(
    [lonely, newest],
    [
      timeline(1, { from: at(4), to: at(5), newestMs: NOW_MS - 300 * DAY_MS }),
      timeline(2, { from: at(5), to: at(60), switches: [left], newestMs: NOW_MS }),
    ],
  );
  assert.deepEqual(kept, ["1", "2"]);
  assert.ok([segment(1, 4), segment(2, 5), history(2)].every((name) => isWalNeeded(needs, name)));
});

test("an incarnation of which nothing is kept keeps no WAL and no history; one without any backup keeps what is recent", () => {
  const old = timeline(1, { from: at(1), to: at(9), newestMs: NOW_MS - 100 * DAY_MS });
  const recent = { ...old, newestMs: NOW_MS - DAY_MS };
  assert.ok(
    [segment(1, 3), history(2)].every((name) => !isWalNeeded(decide([], [old]).needs, name)),
  );
  assert.ok(isWalNeeded(decide([], [recent]).needs, segment(1, 3)));
  const idle = { ...old, newestMs: "none" as const };
  assert.ok(isWalNeeded(decide([], [idle]).needs, segment(1, 3)));
  const unknown = { ...old, newestMs: undefined };
  assert.ok(isWalNeeded(decide([], [unknown]).needs, segment(1, 3)));
});

test("L37 an old history without a single transaction goes like any other", () => {
  const idle = timeline(1, { from: at(1), to: at(9), newestMs: "none" });
  const old = backup(1, { daysAgo: 60, timeline: 1, from: at(2), to: at(2, 100) });
  const weekly = Array.from({ length: 9 }, (_, week) =>
    backup(week + 2, {
      daysAgo: 56 - 7 * week,
      timeline: 1,
      from: at(week + 2),
      to: at(week + 2, 100),
    }),
  );
  const lived = {
    place: { ...place, incarnation: incarnationNameOf(2n, new Uint8Array(16)) },
    backups: weekly,
    timelines: [timeline(1, { from: at(1), to: at(20), newestMs: NOW_MS })],
  };
  const incarnations = [{ place, backups: [old], timelines: [idle] }, lived].map((one) => ({
    ...one,
    unreadableRoots: [],
    walSegmentBytes: BYTES,
  }));
  const { backups, wal } = decideRetention({ incarnations }, policy, NOW_MS);
  const gone = backups.find(({ backup: { id } }) => id === old.id);
  assert.equal(gone?.kind, "give-up");
  assert.deepEqual(
    gone.reasons.map(({ kind }) => kind),
    ["before-window", "no-instants", "beyond-minimum", "no-period"],
  );
  assert.ok(!isWalNeeded(wal.get(place.incarnation) ?? { kind: "all" }, segment(1, 2)));
});

test("L43 the window counts back from the newest backup at most a day behind it, and waits behind a long pause", () => {
  const days = (...of: readonly number[]): number[] => of.map((day) => NOW_MS + day * DAY_MS);
  const windowMs = 7 * DAY_MS;
  const on = (times: readonly number[], day: number): ReturnType<typeof referenceOf> =>
    referenceOf(times, { nowMs: NOW_MS + day * DAY_MS, windowMs });
  assert.deepEqual(on(days(0, 1, 2), 2.5), { atMs: NOW_MS + 2.5 * DAY_MS, limit: undefined });
  assert.equal(on(days(0, 1, 2), 30).atMs, NOW_MS + 3 * DAY_MS);
  assert.equal(on(days(0, 1, 2), 30).limit?.kind, "no-backup-since");
  // A clock set forward, and backups taken under it.
  const ahead = on(days(0, 1, 2, 3650, 3651), 3651);
  assert.equal(ahead.atMs, NOW_MS + 3 * DAY_MS);
  assert.equal(ahead.limit?.kind, "pause");
  // When the backups behind it span a window of their own, the pause was one.
  assert.equal(on(days(0, 1, 20, 22, 24, 26, 28), 28).limit, undefined);
  // Backups that come once a month know no pause of a month.
  assert.equal(on(days(0, 30, 60, 90), 91).limit, undefined);
  // A clock that goes back gives up nothing: everything is newer than the window.
  assert.equal(on(days(0, 1, 2), -3650).atMs, NOW_MS - 3650 * DAY_MS);
  assert.deepEqual(on([], 5), { atMs: NOW_MS + 5 * DAY_MS, limit: undefined });
});

test("L36 a damaged backup is no base by itself and is not the newest that stays: the one before it stays too, with the WAL between", () => {
  const spans = [timeline(1, { from: at(1), to: at(40), newestMs: NOW_MS })];
  const days = [
    { daysAgo: 16, from: 1 },
    { daysAgo: 12, from: 10 },
    { daysAgo: 9, from: 20 },
    { daysAgo: 5, from: 25 },
    { daysAgo: 1, from: 30 },
  ];
  const found = (damaged: readonly number[]): readonly string[] => {
    const backups = days.map(({ daysAgo, from }, index) => ({
      ...backup(index + 1, { daysAgo, timeline: 1, from: at(from), to: at(from + 1) }),
      damaged: damaged.includes(index + 1),
    }));
    const { needs, kept } = decide(backups, spans);
    const walFrom = [1, 10, 20].find((number) => isWalNeeded(needs, segment(1, number + 5)));
    return [...kept, `WAL from ${walFrom ?? "–"}`];
  };
  // Which are damaged, and what is kept. The window begins between 3 and 4.
  assert.deepEqual(found([]), ["3", "4", "5", "WAL from 20"]);
  assert.deepEqual(found([3]), ["2", "3", "4", "5", "WAL from 10"]);
  assert.deepEqual(found([2]), ["3", "4", "5", "WAL from 20"]);
  assert.deepEqual(found([2, 3]), ["1", "3", "4", "5", "WAL from 1"]);
  assert.deepEqual(found([1, 2, 3]), ["3", "4", "5", "WAL from 20"]);
});

test("L36 among the newest, and of each period, the newest that is whole stays, and a damaged one where there is no other", () => {
  const kept = (damaged: readonly number[]): string => {
    const candidates = [400, 380, 40, 29].map((daysAgo, index) => ({
      record: backup(index + 1, { daysAgo, timeline: 1, from: at(1), to: at(2) }),
      restorable: true,
      damaged: damaged.includes(index + 1),
    }));
    return [...keptAmong(candidates, { ...policy, yearly: 2 })]
      .map(({ one, reason: { kind } }) => `${kind} ${Number.parseInt(one.record.id, 16)}`)
      .join(", ");
  };
  assert.equal(kept([]), "minimum 4, period 4, period 2");
  assert.equal(kept([4]), "minimum 3, period 3, period 2");
  assert.equal(kept([3, 4]), "minimum 2, period 4, period 2");
  assert.equal(kept([1, 2]), "minimum 4, period 4, period 2");
  assert.equal(kept([1, 2, 3, 4]), "minimum 4, period 4, period 2");
});

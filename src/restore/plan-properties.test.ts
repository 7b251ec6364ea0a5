/**
 * The plan against an oracle that looks at every record of random histories: a server, as its source says it behaves, is run
 * over the WAL that the plan lays, with the stop that the plan gives; it must reach what the plan foretold, and that must be
 * what the target means in the history as it truly was, holes included.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";

import {
  type ModelRecord,
  type ModelTimeline,
  recordsAlong,
} from "../../tests/support/model-wal.ts";
import {
  type Built,
  START,
  build,
  endOf,
  server,
  worldOf,
} from "../../tests/support/plan-worlds.ts";
import { type Lsn, lsnOf } from "../core/lsn.ts";
import { timelineOf } from "../core/wal-name.ts";
import type { BackupSummary } from "./plan-backup.ts";
import type { RestorePlan } from "./plan-result.ts";
import { planRestore } from "./plan.ts";
import type { RestoreTarget, TargetPoint } from "./target.ts";
import { windowsIn } from "./window.ts";

const signal = new AbortController().signal;

/** The records of the branch from the backup's start, as the plan lays them. */
function laid(built: Built, plan: RestorePlan): readonly ModelRecord[] {
  return recordsAlong(built.timelines, plan.timeline).filter(
    ({ lsn, endLsn }) => lsn >= plan.wal.fromLsn && endLsn <= plan.wal.toLsn,
  );
}

function held(built: Built, plan: RestorePlan): boolean {
  return plan.pieces.every(({ timeline, fromLsn, toLsn }) => {
    const covers = (spans: ModelTimeline["spans"]): boolean =>
      spans.some((span) => span.fromLsn <= fromLsn && toLsn <= span.toLsn);
    const own = built.timelines.find((model) => model.timeline === timeline);
    // The end of a timeline may come from its successor's copy.
    const next = built.timelines.find((model) => model.parent?.timeline === timeline);
    const copied = next?.spans.some(({ fromLsn: from }) => from < toLsn) ?? false;
    return covers(own?.spans ?? []) || copied;
  });
}

const timeTarget = fc
  .bigInt({ min: 997n, max: 1040n })
  .map((timeMicros): TargetPoint => ({ kind: "time", timeMicros }));
const anyTarget: fc.Arbitrary<TargetPoint> = fc.oneof(
  { weight: 3, arbitrary: timeTarget },
  {
    weight: 3,
    arbitrary: fc
      .bigInt({ min: START, max: START + 8_000n })
      .map((lsn): TargetPoint => ({ kind: "lsn", lsn: lsnOf(lsn) })),
  },
  {
    weight: 2,
    arbitrary: fc
      .integer({ min: 700, max: 790 })
      .map((xid): TargetPoint => ({ kind: "xid", xid, epoch: undefined })),
  },
  fc.constantFrom<TargetPoint>(
    { kind: "name", name: "a" },
    { kind: "name", name: "b" },
    { kind: "latest" },
    { kind: "immediate" },
  ),
);
const anyTimeline = fc.constantFrom("latest" as const, "backup" as const, timelineOf(1));

/** True when a claim covers the time and what is laid. */
function isClaimed(built: Built, plan: RestorePlan, timeMicros: bigint): boolean {
  const last = plan.pieces.at(-1)?.timeline;
  return built.timelines
    .filter(({ timeline }) => timeline === last)
    .flatMap(({ spans }) => spans.flatMap(({ known }) => (known === undefined ? [] : [known])))
    .some(({ atMicros, endLsn }) => atMicros >= timeMicros && endLsn <= plan.wal.toLsn);
}

/** What was replayed is what the target means in the whole history, holes and what was never stored included. */
function checkTruth(
  built: Built,
  plan: RestorePlan,
  timeMicros: bigint,
  commits: readonly number[],
): void {
  const all = recordsAlong(built.timelines, plan.timeline).filter(
    ({ lsn, kind }) => lsn >= plan.backup.startLsn && (kind === "commit" || kind === "abort"),
  );
  const first = all.findIndex((record) => (endOf(record)?.timeMicros ?? timeMicros) > timeMicros);
  const truth = (first === -1 ? all : all.slice(0, first)).filter(({ kind }) => kind === "commit");
  assert.deepEqual(
    commits,
    truth.map((record) => endOf(record)?.xid),
  );
}

async function checkReachable(built: Built, target: RestoreTarget): Promise<boolean> {
  const plan = await planRestore(built.catalogue, target, { signal });
  if (!plan.reachable) {
    return false;
  }
  assert.ok(held(built, plan), "what is laid is held");
  const outcome = server(laid(built, plan), plan.backup, plan.stop);
  assert.equal(outcome.kind, "running", outcome.kind === "fatal" ? outcome.reason : "");
  const commits = outcome.kind === "running" ? outcome.commits : [];
  const last = commits.at(-1);
  const [sure, possible] = [plan.reached.lastCommit?.xid, plan.reached.possibleCommit?.xid];
  // A commit that the backup itself holds is not replayed.
  const before = last === undefined && (sure === undefined || !commits.includes(sure));
  assert.ok(last === sure || last === possible || before, `${last} for ${sure} or ${possible}`);
  if (target.kind === "time") {
    if (plan.stop.kind === "time" || isClaimed(built, plan, target.timeMicros)) {
      checkTruth(built, plan, target.timeMicros, commits);
    }
  }
  return true;
}

test("L44 what a plan foretells is what a server does, for every kind of target, with clocks that go back", async () => {
  let reachable = 0;
  await fc.assert(
    fc.asyncProperty(worldOf(true), anyTarget, anyTimeline, async (world, point, timeline) => {
      reachable += (await checkReachable(build(world), { ...point, timeline })) ? 1 : 0;
    }),
    { numRuns: 3000 },
  );
  assert.ok(reachable > 300, `${reachable} of 3000 were reachable`);
});

/** By brute force: from which times to which a backup leads, when clocks never go back. */
function intervalOf(
  built: Built,
  timeline: number,
  backup: BackupSummary,
): readonly [bigint, bigint] | undefined {
  const all = recordsAlong(built.timelines, timelineOf(timeline));
  const covered = (lsn: Lsn): boolean =>
    built.timelines.some(
      (model) =>
        model.timeline <= timeline &&
        model.spans.some((span) => span.fromLsn <= lsn && lsn < span.toLsn) &&
        // A byte of this history: the timeline's own, or its copy of its parent's segment.
        (model.timeline === timeline ||
          (built.timelines.find(({ timeline: own }) => own === timeline)?.parent?.switchLsn ?? 0n) >
            lsn),
    );
  const from = all.filter(({ lsn }) => lsn >= backup.startLsn);
  const usable: ModelRecord[] = [];
  let stoppedByMinimal = false;
  for (const record of from) {
    const bytes = [record.lsn, lsnOf(record.endLsn - 1n), ...inner(record)];
    if (!bytes.every(covered) || (record.kind === "wal-level" && record.walLevel === "minimal")) {
      stoppedByMinimal = bytes.every(covered);
      break;
    }
    usable.push(record);
  }
  if (!usable.some(({ endLsn }) => endLsn === backup.stopLsn)) {
    return undefined;
  }
  const times = (records: readonly ModelRecord[]): bigint[] =>
    records.flatMap((record) =>
      record.kind === "commit" || record.kind === "abort" ? [record.timeMicros] : [],
    );
  const before = times(all.filter(({ endLsn }) => endLsn <= backup.stopLsn)).at(-1);
  // What is held without a hole up to the backup's end.
  const upTo = all.filter(({ endLsn }) => endLsn <= backup.stopLsn);
  const gap = upTo.findLastIndex((record) => ![record.lsn, ...inner(record)].every(covered));
  const newest = times(usable).at(-1) ?? times(upTo.slice(gap + 1)).at(-1);
  const end = usable.at(-1)?.endLsn ?? backup.stopLsn;
  const atEnd = !stoppedByMinimal;
  const claims = built.timelines
    .find((model) => model.timeline === timeline)
    ?.spans.filter(
      ({ known, toLsn }) => known !== undefined && atEnd && toLsn >= end && known.endLsn === toLsn,
    )
    .filter((span) => span.fromLsn <= end || usable.length === from.length)
    .map(({ known }) => known?.atMicros ?? 0n);
  const low = before ?? backup.finishedMicros;
  const highs = [...(newest === undefined ? [] : [newest]), ...(claims ?? [])];
  const high = highs.toSorted((a, b) => (a < b ? 1 : -1))[0];
  return high === undefined || high < low ? undefined : [low, high];
}

function inner(record: ModelRecord): Lsn[] {
  const points: Lsn[] = [];
  for (let lsn = record.lsn + 1n; lsn < record.endLsn; lsn += 8n) {
    points.push(lsnOf(lsn));
  }
  return points;
}

test("L44 a time is refused only when no backup reaches it, and the nearest instants are the nearest", async () => {
  let refusals = 0;
  const flat = worldOf(false).map((world) => ({ ...world, branch: [] }));
  await fc.assert(
    fc.asyncProperty(flat, timeTarget, async (world, point) => {
      const built = build(world);
      assert.ok(point.kind === "time");
      const asked = point.timeMicros;
      const result = await planRestore(
        built.catalogue,
        { ...point, timeline: "latest" },
        { signal },
      );
      const intervals = built.backups
        .map((backup) => intervalOf(built, 1, backup))
        .filter((interval) => interval !== undefined);
      const within = intervals.some(([low, high]) => low <= asked && asked <= high);
      assert.equal(result.reachable, within, `intervals ${intervals.join(" | ")}`);
      if (result.reachable) {
        return;
      }
      refusals++;
      const highs = intervals.map(([, high]) => high).filter((high) => high < asked);
      const lows = intervals.map(([low]) => low).filter((low) => low > asked);
      const before = highs.toSorted((a, b) => (a < b ? 1 : -1))[0];
      const after = lows.toSorted((a, b) => (a < b ? -1 : 1))[0];
      assert.equal(result.nearest.before?.timeMicros, before);
      assert.equal(result.nearest.after?.timeMicros, after);
    }),
    { numRuns: 1500 },
  );
  assert.ok(refusals > 300, `${refusals} of 1500 were refused`);
});

test("the instants that a refusal names can be reached", async () => {
  await fc.assert(
    fc.asyncProperty(worldOf(false), anyTarget, anyTimeline, async (world, point, timeline) => {
      const built = build(world);
      const result = await planRestore(built.catalogue, { ...point, timeline }, { signal });
      if (result.reachable || result.error.code === "PLAN_TARGET_OTHER_BRANCH") {
        return;
      }
      for (const instant of [result.nearest.before, result.nearest.after]) {
        if (instant?.timeMicros !== undefined) {
          const target: RestoreTarget = { kind: "time", timeMicros: instant.timeMicros, timeline };
          const again = await planRestore(built.catalogue, target, { signal });
          assert.ok(
            again.reachable,
            `${instant.timeMicros}: ${again.reachable ? "" : again.error.message}`,
          );
        }
      }
    }),
    { numRuns: 800 },
  );
});

test("a window's ends, and every time between them, can be reached along its timeline", async () => {
  let seen = 0;
  await fc.assert(
    fc.asyncProperty(worldOf(false), fc.integer({ min: 0, max: 1000 }), async (world, part) => {
      const built = build(world);
      const all = await windowsIn(built.catalogue, { depth: "all", signal });
      for (const { timeline, from, to } of all.windows) {
        const [low, high] = [from.timeMicros, to.timeMicros];
        if (low === undefined || high === undefined) {
          continue;
        }
        assert.ok(low <= high);
        for (const timeMicros of [low, high, low + ((high - low) * BigInt(part)) / 1000n]) {
          const target: RestoreTarget = { kind: "time", timeMicros, timeline };
          const plan = await planRestore(built.catalogue, target, { signal });
          assert.ok(plan.reachable, plan.reachable ? "" : plan.error.message);
          seen++;
        }
      }
      const held = !world.steps.some(({ kind }) => kind === "minimal");
      const ends = await windowsIn(built.catalogue, { depth: "ends", signal });
      if (held) {
        assert.deepEqual(ends, all);
      }
    }),
    { numRuns: 500 },
  );
  assert.ok(seen > 300, `${seen} instants`);
});

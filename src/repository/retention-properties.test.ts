/**
 * Retention against the planner, over random clusters: what could be restored and is promised still can, exactly as before; what is
 * kept is needed by a rule; and something is always left.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";

import { configureFailpointsFrom } from "../files/failpoint-effects.ts";
import {
  BEGIN_MS,
  type BuiltIncarnation,
  afterRetention,
  anyPolicy,
  buildIncarnation,
  catalogueOf,
  incarnationScript,
  isSegmentNeeded,
} from "../../tests/support/retention-worlds.ts";
import { MODEL_SEGMENT_BYTES } from "../../tests/support/model-wal.ts";
import { retentionSkewMs } from "../core/limits.ts";
import { type Lsn, addToLsn } from "../core/lsn.ts";
import { type TimelineId, segmentStartAt } from "../core/wal-name.ts";
import { type PlanCatalogue, planRestore } from "../restore/plan.ts";
import type { RestorePlan } from "../restore/plan-result.ts";
import { pgTimeOfEpochMs } from "../wal/record/wal-event.ts";
import { holdsOwnWal } from "./retention-view.ts";
import { type RetentionDecision, decideRetention } from "./retention.ts";
import type { RetentionPolicy } from "./retention-view.ts";

configureFailpointsFrom(process.env);

const signal = new AbortController().signal;
const DAY_MS = 86_400_000;

type World = {
  readonly incarnations: readonly BuiltIncarnation[];
  readonly policy: RetentionPolicy;
  readonly nowMs: number;
  readonly decision: RetentionDecision;
};

const anyWorld: fc.Arbitrary<World> = fc
  .record({
    scripts: fc.array(incarnationScript, { minLength: 1, maxLength: 3 }),
    policy: anyPolicy,
    /** How long after the last step it is now: mostly at once, sometimes long after, or with a clock that jumped. */
    laterHours: fc.oneof(
      { weight: 4, arbitrary: fc.nat({ max: 30 }) },
      { weight: 1, arbitrary: fc.nat({ max: 24 * 40 }) },
      { weight: 1, arbitrary: fc.constant(24 * 3650) },
    ),
  })
  .map(({ scripts, policy, laterHours }) => {
    const incarnations: BuiltIncarnation[] = [];
    let fromMs = BEGIN_MS;
    for (const [number, script] of scripts.entries()) {
      const built = buildIncarnation(script, number, fromMs);
      fromMs = built.endMs;
      incarnations.push(built);
    }
    const nowMs = fromMs + laterHours * 3_600_000;
    const view = { incarnations: incarnations.map(({ seen }) => seen) };
    return { incarnations, policy, nowMs, decision: decideRetention(view, policy, nowMs) };
  });

/** Every instant of the window at which something changes, and its two ends. */
function instantsOf(built: BuiltIncarnation, fromMs: number, toMs: number): readonly bigint[] {
  const times = built.timelines.flatMap(({ records }) =>
    records.flatMap((record) => ("timeMicros" in record ? [record.timeMicros] : [])),
  );
  const [low, high] = [pgTimeOfEpochMs(fromMs), pgTimeOfEpochMs(toMs)];
  const inside = times.filter((micros) => micros >= low && micros <= high);
  return [low, high, ...inside.flatMap((micros) => [micros, micros + 1n])].filter(
    (micros) => micros >= low && micros <= high,
  );
}

async function planFor(
  catalogue: PlanCatalogue,
  timeMicros: bigint,
  timeline: TimelineId,
): Promise<RestorePlan | undefined> {
  const plan = await planRestore(catalogue, { kind: "time", timeMicros, timeline }, { signal });
  return plan.reachable ? plan : undefined;
}

/** Every instant of the window that could be reached is reached, with the same last transaction. */
async function checkWindow(world: World, built: BuiltIncarnation): Promise<number> {
  const { timelines, seen } = built;
  const { decision, nowMs } = world;
  const before = catalogueOf(timelines, seen.backups);
  const left = afterRetention(built, decision);
  const after = catalogueOf(left.timelines, left.backups);
  let seenInstants = 0;
  for (const { timeline } of before.wal.timelines) {
    for (const timeMicros of instantsOf(built, decision.windowFromMs, nowMs)) {
      const was = await planFor(before, timeMicros, timeline);
      if (was === undefined) {
        continue;
      }
      const is = await planFor(after, timeMicros, timeline);
      assert.ok(is, `timeline ${timeline} at ${timeMicros} could be reached`);
      assert.equal(is.stop.kind, was.stop.kind);
      if (is.reached.lastCommit !== undefined && was.reached.lastCommit !== undefined) {
        assert.equal(is.reached.lastCommit.xid, was.reached.lastCommit.xid);
      }
      seenInstants += 1;
    }
  }
  return seenInstants;
}

/** Every backup that is kept and could be restored still can. */
async function checkKept(world: World, built: BuiltIncarnation): Promise<number> {
  const before = catalogueOf(built.timelines, built.seen.backups);
  const left = afterRetention(built, world.decision);
  const after = catalogueOf(left.timelines, left.backups);
  let kept = 0;
  for (const { id } of left.backups) {
    const target = { kind: "immediate", timeline: "backup" } as const;
    const was = await planRestore(before, target, { backup: id, signal });
    const is = await planRestore(after, target, { backup: id, signal });
    assert.equal(is.reachable, was.reachable, `backup ${id}`);
    kept += 1;
  }
  return kept;
}

test("L37 every instant of the window that can be reached stays reachable, over random catalogues", async () => {
  let instants = 0;
  await fc.assert(
    fc.asyncProperty(anyWorld, async (world) => {
      for (const built of world.incarnations) {
        instants += await checkWindow(world, built);
      }
    }),
    { numRuns: 300 },
  );
  assert.ok(instants > 1000, `${instants} instants`);
});

test("L37 every backup that is kept can be restored as before, over random catalogues", async () => {
  let kept = 0;
  let givenUp = 0;
  await fc.assert(
    fc.asyncProperty(anyWorld, async (world) => {
      for (const built of world.incarnations) {
        kept += await checkKept(world, built);
      }
      givenUp += world.decision.backups.filter(({ kind }) => kind === "give-up").length;
    }),
    { numRuns: 300 },
  );
  assert.ok(kept > 300 && givenUp > 300, `${kept} kept, ${givenUp} given up`);
});

test("L36 the newest restorable backups of the cluster stay, those first that no proof found damaged, over all incarnations, and never none", () => {
  fc.assert(
    fc.property(anyWorld, ({ incarnations, policy, decision }) => {
      const all = incarnations
        .flatMap(({ seen }) => seen.backups.map((backup) => ({ seen, backup })))
        .toSorted((a, b) => a.backup.startedAtMs - b.backup.startedAtMs);
      const restorable = all.filter(({ seen, backup }) => holdsOwnWal(seen, backup));
      const whole = restorable.filter(({ backup }) => !backup.damaged);
      const damaged = restorable.filter(({ backup }) => backup.damaged);
      const good = [...damaged, ...whole];
      const kept = new Set(
        decision.backups.filter(({ kind }) => kind === "keep").map(({ backup }) => backup.id),
      );
      for (const { backup } of good.slice(-policy.minBackups)) {
        assert.ok(kept.has(backup.id), `${backup.id} is one of the newest ${policy.minBackups}`);
      }
      assert.ok(kept.size >= Math.min(all.length, policy.minBackups));
      for (const { seen, backup } of all) {
        const held = backup.hold !== undefined && backup.hold.untilMs === null;
        if (held || backup.pinned || seen.unreadableRoots.length > 0) {
          assert.ok(kept.has(backup.id));
        }
      }
    }),
    { numRuns: 500 },
  );
});

/** By brute force: may this segment be needed at all? */
function mayNeed(
  world: World,
  built: BuiltIncarnation,
  at: { readonly timeline: TimelineId; readonly segmentLsn: Lsn },
): boolean {
  const { seen, timelines } = built;
  const { backups } = world.decision;
  const windowFromMs = world.decision.windowFromMs - retentionSkewMs;
  const end = addToLsn(at.segmentLsn, MODEL_SEGMENT_BYTES);
  const kept = backups.filter(
    ({ kind, place }) => kind === "keep" && place.incarnation === seen.place.incarnation,
  );
  const isOf = (timeline: TimelineId): boolean =>
    timeline === at.timeline ||
    // The copy of a parent's last segment.
    seen.timelines.some(
      (one) =>
        one.timeline === at.timeline &&
        one.switches?.at(-1)?.timeline === timeline &&
        segmentStartAt(one.switches.at(-1)?.switchLsn ?? end, MODEL_SEGMENT_BYTES) ===
          at.segmentLsn,
    );
  const own = kept.some(
    ({ backup }) => isOf(backup.timeline) && backup.walFrom < end && backup.walTo > at.segmentLsn,
  );
  const along = timelines.some((tip) => {
    const known = seen.timelines.find(({ timeline }) => timeline === tip.timeline);
    const switches = known?.switches ?? [];
    const passes =
      tip.timeline === at.timeline ||
      switches.some((one) => one.timeline === at.timeline && one.switchLsn > at.segmentLsn);
    const on = kept.filter(
      ({ backup }) =>
        backup.timeline === tip.timeline ||
        switches.some((one) => one.timeline === backup.timeline && backup.stopLsn <= one.switchLsn),
    );
    const inside = on.some(({ backup }) => backup.finishedAtMs > windowFromMs);
    const recent = inside || Number(known?.newestMs ?? Infinity) >= windowFromMs;
    const bases = on.filter(
      ({ backup, kind, reasons }) =>
        backup.finishedAtMs > windowFromMs ||
        (kind === "keep" &&
          reasons.some((reason) => reason.kind === "base" && reason.timeline === tip.timeline)),
    );
    const behind =
      bases.length === 0
        ? tip.timeline === at.timeline
        : bases.some(({ backup }) => backup.walFrom < end);
    return passes && recent && behind;
  });
  return own || along;
}

test("L37 no WAL is kept that no rule needs, and no backup without a reason", () => {
  let gone = 0;
  fc.assert(
    fc.property(anyWorld, (world) => {
      for (const built of world.incarnations) {
        const { seen, timelines } = built;
        const needs = world.decision.wal.get(seen.place.incarnation);
        if (needs === undefined || needs.kind === "all") {
          assert.ok(seen.unreadableRoots.length > 0 || seen.walSegmentBytes === undefined);
          continue;
        }
        for (const { timeline, spans } of timelines) {
          for (const { fromLsn, toLsn } of spans) {
            let segmentLsn = segmentStartAt(fromLsn, MODEL_SEGMENT_BYTES);
            for (; segmentLsn < toLsn; segmentLsn = addToLsn(segmentLsn, MODEL_SEGMENT_BYTES)) {
              const at = { timeline, segmentLsn };
              const needed = isSegmentNeeded(needs, seen.place, at);
              gone += needed ? 0 : 1;
              assert.ok(!needed || mayNeed(world, built, at), `${timeline} ${segmentLsn}`);
            }
          }
        }
      }
      for (const { kind, reasons } of world.decision.backups) {
        assert.ok(kind === "keep" || reasons.length >= 3);
        assert.ok(reasons.length > 0);
      }
    }),
    { numRuns: 500 },
  );
  assert.ok(gone > 500, `${gone} segments gone`);
});

test("L43 a clock ten years ahead gives up nothing that the instant of the newest backup would not", () => {
  fc.assert(
    fc.property(anyWorld, ({ incarnations, policy }) => {
      const view = { incarnations: incarnations.map(({ seen }) => seen) };
      const all = view.incarnations.flatMap(({ backups }) => backups);
      const newestMs = Math.max(BEGIN_MS, ...all.map(({ finishedAtMs }) => finishedAtMs));
      const ahead = decideRetention(view, policy, newestMs + 3650 * DAY_MS);
      const honest = decideRetention(view, policy, newestMs + DAY_MS);
      if (all.length > 0) {
        assert.deepEqual(ahead.backups, honest.backups);
        assert.notEqual(ahead.reference.limit, undefined);
      }
    }),
    { numRuns: 200 },
  );
});

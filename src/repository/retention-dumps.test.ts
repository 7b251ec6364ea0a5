/** Which dumps retention keeps: by days, of each database the newest, by periods, by holds; and over random catalogues never none. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";

import { configureFailpointsFrom } from "../files/failpoint-effects.ts";
import { tenDays } from "../../tests/support/retention-cast.ts";
import { anyPolicy } from "../../tests/support/retention-worlds.ts";
import { testPlace } from "../../tests/support/simulated-repository.ts";
import { retentionSkewMs } from "../core/limits.ts";
import { parseObjectId } from "../core/object-id.ts";
import { periodOf, periodRules } from "./retention-calendar.ts";
import {
  type DumpContent,
  type DumpDecision,
  type RetainedDump,
  decideDumps,
} from "./retention-dumps.ts";

configureFailpointsFrom(process.env);

const DAY_MS = 86_400_000;
const BEGIN_MS = Date.UTC(2026, 0, 1);

function dumpAt(days: number, about: Partial<RetainedDump> = {}): RetainedDump {
  const startedAtMs = BEGIN_MS + days * DAY_MS;
  const time = Math.round(startedAtMs).toString(16).padStart(12, "0");
  return {
    id: parseObjectId(`${time}${"0".repeat(20)}`),
    startedAtMs,
    finishedAtMs: startedAtMs + 60_000,
    hold: undefined,
    pinned: false,
    contents: ["shop"],
    whole: true,
    ...about,
  };
}

function decide(dumps: readonly RetainedDump[], nowDays: number): DumpDecision {
  const incarnations = [{ place: testPlace, dumps, unreadableRoots: [] }];
  return decideDumps(incarnations, tenDays, BEGIN_MS + nowDays * DAY_MS);
}

function kept({ dumps }: DumpDecision): readonly number[] {
  return dumps.flatMap(({ kind, dump }) =>
    kind === "keep" ? [(dump.startedAtMs - BEGIN_MS) / DAY_MS] : [],
  );
}

test("R22 dumps of the last days stay, older ones go, and each tells why", () => {
  const daily = Array.from({ length: 30 }, (_, day) => dumpAt(day));
  const decision = decide(daily, 29.5);
  assert.deepEqual(kept(decision), [20, 21, 22, 23, 24, 25, 26, 27, 28, 29]);
  const [oldest] = decision.dumps;
  const kinds = oldest?.reasons.map(({ kind }) => kind);
  assert.deepEqual(kinds, ["before-window", "beyond-minimum"]);
  const newest = decision.dumps.at(-1);
  assert.deepEqual(newest?.reasons, [
    { kind: "window" },
    { kind: "minimum", rank: 1, of: 1, contents: ["shop"] },
  ]);
});

test("L36 the last dump of a database that others' dumps have outlived stays, and that of the roles", () => {
  const daily = Array.from({ length: 30 }, (_, day) => dumpAt(day + 0.5));
  const once = dumpAt(0, { contents: ["shop", "archive"] });
  const roles = dumpAt(1, { contents: [null] });
  const decision = decide(
    [once, roles, dumpAt(0.25, { contents: ["archive"], whole: false }), ...daily],
    30,
  );
  assert.deepEqual(kept(decision).slice(0, 3), [0, 1, 20.5]);
  assert.deepEqual(decision.dumps[0]?.reasons, [
    { kind: "minimum", rank: 1, of: 1, contents: ["archive"] },
  ]);
});

test("L36 a dump of which a pack is gone takes no whole one's place", () => {
  const decision = decide([dumpAt(0), dumpAt(1, { whole: false })], 40);
  assert.equal(decision.dumps[0]?.kind, "keep");
});

test("L43 a clock that jumps ten years ahead gives up no dump", () => {
  const daily = Array.from({ length: 10 }, (_, day) => dumpAt(day));
  const decision = decide(daily, 3650);
  assert.equal(decision.reference.limit?.kind, "no-backup-since");
  assert.equal(kept(decision).length, 10);
});

test("L36 a held dump stays until its hold is over, a used one while it is used, all while something cannot be read", () => {
  const hold = { reason: "audit", untilMs: BEGIN_MS + 35 * DAY_MS };
  const daily = Array.from({ length: 30 }, (_, day) => dumpAt(day + 10));
  const held = [dumpAt(0, { hold }), dumpAt(1, { pinned: true }), dumpAt(2), ...daily];
  assert.deepEqual(kept(decide(held, 34)).slice(0, 3), [0, 1, 24]);
  const later = [...held, dumpAt(40), dumpAt(41)];
  const over = decide(later, 42);
  assert.deepEqual(kept(over).slice(0, 2), [1, 32]);
  const reasons = over.dumps[0]?.reasons.map(({ kind }) => kind);
  assert.equal(reasons?.at(-1), "hold-over");
  const unreadableRoots = [parseObjectId("f".repeat(32))];
  const damaged = decideDumps(
    [{ place: testPlace, dumps: held, unreadableRoots }],
    tenDays,
    BEGIN_MS + 34 * DAY_MS,
  );
  assert.ok(damaged.dumps.every(({ kind }) => kind === "keep"));
});

const anyDump = fc.record({
  days: fc.double({ min: 0, max: 400, noNaN: true }),
  contents: fc.uniqueArray(fc.constantFrom<DumpContent>(null, "a", "b", "c"), { minLength: 1 }),
  whole: fc.nat({ max: 9 }).map((value) => value > 0),
  pinned: fc.nat({ max: 20 }).map((value) => value === 0),
});

function newestOf(dumps: readonly RetainedDump[], content: DumpContent): readonly RetainedDump[] {
  return dumps
    .filter((dump) => dump.contents.includes(content) && dump.whole)
    .toSorted((a, b) => b.startedAtMs - a.startedAtMs);
}

test("L36 over random catalogues no database loses its newest dumps, nor one of a period or the window; what stays has a reason", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(anyDump, { minLength: 1, maxLength: 40, selector: ({ days }) => days }),
      anyPolicy,
      fc.nat({ max: 4000 }),
      (found, policy, laterDays) => {
        const dumps = found.map(({ days, ...rest }) => dumpAt(days, rest));
        const half = dumps.length >> 1;
        const incarnations = [dumps.slice(0, half), dumps.slice(half)].map((own) => ({
          place: testPlace,
          dumps: own,
          unreadableRoots: [],
        }));
        const newestMs = Math.max(...dumps.map(({ finishedAtMs }) => finishedAtMs));
        const decision = decideDumps(incarnations, policy, newestMs + laterDays * DAY_MS);
        assert.equal(decision.dumps.length, dumps.length);
        const stays = new Set(
          decision.dumps.flatMap(({ kind, dump }) => (kind === "keep" ? [dump.id] : [])),
        );
        const needed = new Set(
          dumps
            .filter(
              ({ finishedAtMs, pinned }) =>
                pinned || finishedAtMs > decision.windowFromMs - retentionSkewMs,
            )
            .map(({ id }) => id),
        );
        for (const content of [null, "a", "b", "c"]) {
          const newest = newestOf(dumps, content);
          newest.slice(0, policy.minBackups).forEach(({ id }) => needed.add(id));
          for (const rule of periodRules) {
            const periods = Map.groupBy(newest, ({ startedAtMs }) => periodOf(rule, startedAtMs));
            [...periods.values()]
              .slice(0, policy[rule])
              .flatMap(([first]) => (first === undefined ? [] : [first.id]))
              .forEach((id) => needed.add(id));
          }
          const broken = dumps.filter((one) => one.contents.includes(content) && !one.whole);
          const room = Math.max(0, policy.minBackups - newest.length);
          broken
            .toSorted((a, b) => b.startedAtMs - a.startedAtMs)
            .slice(0, room)
            .forEach(({ id }) => needed.add(id));
        }
        assert.deepEqual(stays, needed);
      },
    ),
    { numRuns: 300 },
  );
});

/** Ninety simulated days with incidents, holes, changed objectives and misses, held against a count minute by minute that shares no code. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SeededRandom } from "../core/random.ts";
import type { EventContent } from "../ledger/event-kinds.ts";
import { type LookHour, withLook } from "../watch/look-hours.ts";
import { type SlaJudgement, type SlaPeriod, judgeSla, jointVerdict } from "./judge-sla.ts";
import { SlotSeries } from "./slot-series.ts";
import { SlaCollector, type SlaFacts } from "./sla-facts.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 7, 1);
const DAYS = 90;
const CHANGED = START + 45 * DAY + 12 * HOUR + 2 * MINUTE;
const INCARNATION = `${"0".repeat(16)}-${"0".repeat(32)}`;
const ID = "0".repeat(32);

type RawLook = {
  readonly host: string;
  readonly atMs: number;
  readonly exposure: number | null;
  readonly rpo: number;
  readonly rto: number;
};
type RawProof = {
  readonly atMs: number;
  readonly proven: boolean;
  readonly rpo: number | null;
  readonly rto: number | null;
};
type Raw = {
  readonly looks: readonly RawLook[];
  readonly backups: readonly { readonly atMs: number; readonly ok: boolean }[];
  readonly proofs: readonly RawProof[];
};

function promised(atMs: number): { readonly rpo: number; readonly rto: number } {
  return atMs < CHANGED ? { rpo: 3600, rto: 1800 } : { rpo: 600, rto: 900 };
}

/** What the look at an instant sees; undefined: nobody looks. */
function exposureAt(atMs: number, chance: number): number | null | undefined {
  const day = (atMs - START) / DAY;
  if (day >= 20 && day < 20.03) {
    return undefined;
  }
  if (day >= 30 && day < 30.125) {
    return null;
  }
  if (day >= 10.125 && day < 10.3) {
    return Math.round((day - 10.125) * 86_400);
  }
  return day >= 60 && day < 60.2 ? 700 : Math.round(20 + 250 * chance);
}

function looksAt(atMs: number, chance: number): readonly RawLook[] {
  const exposure = exposureAt(atMs, chance);
  if (exposure === undefined) {
    return [];
  }
  const { rpo, rto } = promised(atMs);
  const day = Math.floor((atMs - START) / DAY);
  // A second host sees worse things, now and then nothing.
  const other = chance < 0.1 ? null : (exposure ?? 0) + Math.round(400 * chance);
  return [
    { host: "a", atMs, exposure, rpo, rto },
    ...(day >= 70 && day < 80 ? [{ host: "b", atMs, exposure: other, rpo, rto }] : []),
  ];
}

function simulate(): Raw {
  const random = new SeededRandom(42);
  const looks: RawLook[] = [];
  const backups: { atMs: number; ok: boolean }[] = [];
  const proofs: RawProof[] = [];
  for (let minute = 0; minute < DAYS * 1440; minute += 1) {
    const atMs = START + minute * MINUTE + 7000;
    const day = Math.floor(minute / 1440);
    const chance = random.fraction();
    if (minute % 5 === 0 || minute % 5 === 2) {
      looks.push(...looksAt(atMs, chance));
    }
    if (minute % 60 === 5 && day !== 33) {
      backups.push({ atMs, ok: chance > 0.002 });
    }
    if (new Date(atMs).getUTCDay() === 1 && minute % 1440 === 540 && day !== 51) {
      const measured = chance > 0.15;
      proofs.push({
        atMs,
        proven: chance < 0.9,
        rpo: measured ? Math.round(60 * chance) : null,
        rto: measured ? Math.round(500 + 600 * random.fraction()) : null,
      });
    }
  }
  return { looks, backups, proofs };
}

/** The hours as hosts record them: the last one of each host is not over. */
function hoursOf(looks: readonly RawLook[]): readonly LookHour[] {
  const done: LookHour[] = [];
  for (const host of ["a", "b"]) {
    let open: readonly LookHour[] = [];
    for (const look of looks.filter((one) => one.host === host)) {
      const next = withLook(open, {
        atMs: look.atMs,
        objectives: { rpoSeconds: look.rpo, rtoSeconds: look.rto },
        figures: {
          exposureSeconds: look.exposure,
          backupAgeSeconds: 1,
          proofAgeSeconds: null,
          state: "good",
        },
      });
      done.push(...next.finished);
      open = next.hours.filter((hour) => !next.finished.includes(hour));
    }
    done.push(...open);
  }
  return done;
}

function factsOf(raw: Raw): SlaFacts {
  const collector = new SlaCollector();
  const add = (atMs: number, content: EventContent): void => {
    collector.add({ time: new Date(atMs).toISOString(), content });
  };
  const place = { cluster: "main", incarnation: INCARNATION };
  const hours = hoursOf(raw.looks);
  // What was queued when a process died is recorded twice.
  for (const hour of [...hours, ...hours.slice(100, 200)]) {
    const { fromMs, objectives, looks, slots } = hour;
    const from = new Date(fromMs).toISOString();
    const data = { cluster: "main", host: "a", from, objectives, looks, slots: [...slots] };
    add(fromMs + HOUR, { kind: "looksSampled", data });
  }
  for (const { atMs, ok } of raw.backups) {
    const startedAt = new Date(atMs).toISOString();
    const failed = { ...place, backup: null, startedAt, code: "X", message: "" };
    const facts = { ...place, backup: ID, kind: "full", parent: null, label: "" } as const;
    const range = { timeline: 1, startLsn: "0/1", stopLsn: "0/2" };
    const sizes = { clusterBytes: 1, readBytes: 1, storedBytes: 1, newBlocks: 1, totalBlocks: 1 };
    const finished = { startedAt, finishedAt: startedAt, corruptPages: 0 };
    add(
      atMs,
      ok
        ? { kind: "backupFinished", data: { ...facts, ...range, ...sizes, ...finished } }
        : { kind: "backupFailed", data: failed },
    );
  }
  for (const { atMs, proven, rpo, rto } of raw.proofs) {
    const data = {
      ...place,
      backup: ID,
      target: { kind: "latest", value: null, timeline: null } as const,
      verdict: proven ? ("proven" as const) : ("failed" as const),
      reached: null,
      levels: [],
      serverVersion: null,
      rpoSeconds: rpo,
      rtoSeconds: rto,
      predictedMs: null,
    };
    add(atMs, { kind: "proofFinished", data });
  }
  const [facts] = collector.facts();
  assert.ok(facts !== undefined);
  return facts;
}

/** Minute by minute, from the raw looks alone. */
function countMinutes(
  raw: Raw,
  { fromMs, toMs, nowMs }: SlaPeriod,
): {
  readonly within: number;
  readonly beyond: number;
  readonly unknown: number;
  readonly worst: number;
} {
  const bySlot = new Map<number, RawLook[]>();
  for (const look of raw.looks) {
    const slot = look.atMs - (look.atMs % (5 * MINUTE));
    bySlot.set(slot, [...(bySlot.get(slot) ?? []), look]);
  }
  let [within, beyond, unknown, worst] = [0, 0, 0, 0];
  for (let atMs = fromMs; atMs < Math.min(toMs, nowMs); atMs += MINUTE) {
    const looks = bySlot.get(atMs - (atMs % (5 * MINUTE))) ?? [];
    const seen = looks.flatMap(({ exposure }) => exposure ?? []);
    if (seen.length === 0) {
      unknown += 1;
      continue;
    }
    const most = Math.max(...seen);
    worst = Math.max(worst, most);
    if (most < Math.min(...looks.map(({ rpo }) => rpo))) {
      within += 1;
    } else {
      beyond += 1;
    }
  }
  return { within, beyond, unknown, worst };
}

const raw = simulate();
const facts = factsOf(raw);
const share = 0.99;

function judged(period: SlaPeriod): SlaJudgement {
  return judgeSla(facts, period, { share, zone: "UTC" });
}

const month = (index: number): SlaPeriod => ({
  fromMs: Date.UTC(2026, 7 + index, 1),
  toMs: Date.UTC(2026, 8 + index, 1),
  nowMs: START + DAYS * DAY,
});
const periods: readonly SlaPeriod[] = [
  month(0),
  month(1),
  month(2),
  { fromMs: START, toMs: START + DAYS * DAY, nowMs: START + DAYS * DAY },
  {
    fromMs: START + 5 * DAY + 3 * MINUTE,
    toMs: START + 88 * DAY + 817 * MINUTE,
    nowMs: START + DAYS * DAY,
  },
  { fromMs: START + 40 * DAY, toMs: START + 70 * DAY, nowMs: START + 45 * DAY + 733 * MINUTE },
];

test("R25 R30 ninety days of exposure are what a count minute by minute gives, objectives changed within an hour included", () => {
  for (const period of periods) {
    const { exposure } = judged(period);
    const counted = countMinutes(raw, period);
    assert.equal(exposure.withinMs, counted.within * MINUTE);
    assert.equal(exposure.beyondMs, counted.beyond * MINUTE);
    assert.equal(exposure.unknownMs, counted.unknown * MINUTE);
    assert.equal(exposure.worstSeconds, counted.worst);
    const elapsed = counted.within + counted.beyond + counted.unknown;
    assert.equal(exposure.elapsedMs, elapsed * MINUTE);
    const allowed = elapsed * (1 - share);
    const expected =
      counted.beyond > allowed
        ? "missed"
        : counted.beyond + counted.unknown <= allowed
          ? "met"
          : "notDemonstrated";
    assert.equal(exposure.verdict, expected);
    assert.equal(exposure.budget.leftMs, Math.round(allowed * MINUTE) - counted.beyond * MINUTE);
  }
  assert.ok(countMinutes(raw, month(0)).beyond > 0 && countMinutes(raw, month(0)).unknown > 0);
});

test("R26 R30 each proof is held against the objective of its day, and rates are counts", () => {
  for (const period of periods) {
    const endMs = Math.min(period.toMs, period.nowMs);
    const isIn = ({ atMs }: { readonly atMs: number }): boolean =>
      atMs >= period.fromMs && atMs < endMs;
    const proofs = raw.proofs.filter(isIn);
    const isLate = ({ atMs, rto }: RawProof): boolean => (rto ?? 0) >= promised(atMs).rto;
    // One that did not hold keeps no promise, but it may break one.
    const measured = proofs.filter((one) => one.rto !== null && (one.proven || isLate(one)));
    const late = measured.filter(isLate);
    const { rto, backups, proofs: rate } = judged(period);
    assert.deepEqual([rto.measured, rto.missed], [measured.length, late.length]);
    assert.equal(rto.lastSeconds, measured.at(-1)?.rto ?? null);
    assert.deepEqual(
      [rate.tried, rate.good],
      [proofs.length, proofs.filter(({ proven }) => proven).length],
    );
    const tried = raw.backups.filter(isIn);
    assert.deepEqual(
      [backups.tried, backups.good],
      [tried.length, tried.filter(({ ok }) => ok).length],
    );
  }
});

test("R23 a day without a backup and a week without a proof are missed, a week that goes on is not", () => {
  const { missed } = judged(month(1)).routines;
  const day = START + 33 * DAY;
  const week = Date.UTC(2026, 8, 21);
  assert.deepEqual(missed, [
    { routine: "daily backup", fromMs: day, toMs: day + DAY },
    { routine: "weekly proof", fromMs: week, toMs: week + 7 * DAY },
  ]);
  const early = { ...month(1), nowMs: week + 6 * DAY };
  assert.equal(judged(early).routines.missed.length, 1);
});

test("R23 days and weeks are those of the zone: what was done an hour before midnight in Paris counts for that day, on the day of 25 hours too", () => {
  const backups = [
    "2026-10-23T22:30:00Z",
    // 23:30 of the 25th, when clocks were set back that morning.
    "2026-10-25T22:30:00Z",
    "2026-10-25T23:30:00Z",
  ].map((time) => ({ atMs: Date.parse(time), ok: true, detail: "" }));
  const proofs = [
    { ...(facts.proofs[0] ?? assert.fail()), atMs: Date.parse("2026-10-25T22:59:00Z") },
  ];
  const slots = new SlotSeries();
  const silent = { ...facts, slots, backups, proofs };
  const at = (time: string): number => Date.parse(time);
  const missedIn = (zone: string, from: string, to: string): readonly string[] => {
    const period = { fromMs: at(from), toMs: at(to), nowMs: at(to) };
    return judgeSla(silent, period, { share, zone }).routines.missed.map(
      ({ routine, fromMs, toMs }) =>
        `${routine} ${new Date(fromMs).toISOString()} ${(toMs - fromMs) / HOUR}`,
    );
  };
  // In Paris the 24th of October begins before the first backup, and is not due; nothing is missed on the 25th and the 26th.
  assert.deepEqual(missedIn("Europe/Paris", "2026-10-23T22:00:00Z", "2026-10-26T23:00:00Z"), []);
  assert.deepEqual(missedIn("UTC", "2026-10-24T00:00:00Z", "2026-10-27T00:00:00Z"), [
    "daily backup 2026-10-24T00:00:00.000Z 24",
    "daily backup 2026-10-26T00:00:00.000Z 24",
  ]);
  const later = missedIn("Europe/Paris", "2026-10-23T22:00:00Z", "2026-11-01T23:00:00Z");
  assert.deepEqual(later.slice(0, 2), [
    "daily backup 2026-10-26T23:00:00.000Z 24",
    "daily backup 2026-10-27T23:00:00.000Z 24",
  ]);
  assert.deepEqual(later.slice(-1), ["weekly proof 2026-10-25T23:00:00.000Z 168"]);
});

test("R26 what the proofs foretell is checked against each later one", () => {
  const { prediction } = judged({
    fromMs: START,
    toMs: START + DAYS * DAY,
    nowMs: START + DAYS * DAY,
  });
  const times = raw.proofs.flatMap(({ proven, rto }) => (proven ? (rto ?? []) : []));
  let [checked, within] = [0, 0];
  times.forEach((time, index) => {
    const before = times.slice(Math.max(0, index - 10), index);
    if (before.length >= 3) {
      checked += 1;
      const fits = time <= Math.max(...before) * 1.25 && time >= Math.min(...before) / 1.25;
      within += fits ? 1 : 0;
    }
  });
  assert.ok(checked > 4);
  assert.deepEqual([prediction?.checked, prediction?.within], [checked, within]);
  assert.equal(prediction?.toSeconds, Math.max(...times.slice(-10)) * 1.25);
  assert.equal(prediction?.proofs, Math.min(10, times.length));
});

test("R25 R26 a proof that did not hold keeps no promise, however quick its restore was; one beyond the objective breaks it", () => {
  const [proof] = facts.proofs;
  assert.ok(proof !== undefined);
  const told = (rtoSeconds: number, proven: boolean): readonly unknown[] => {
    const proofs = [{ ...proof, proven, atMs: START + DAY, rpoSeconds: 10, rtoSeconds }];
    const { rpo, rto } = judgeSla({ ...facts, proofs }, month(0), { share, zone: "UTC" });
    return [rpo.verdict, rpo.measured, rto.verdict, rto.measured];
  };
  assert.deepEqual(told(60, true), ["met", 1, "met", 1]);
  assert.deepEqual(told(60, false), ["notDemonstrated", 0, "notDemonstrated", 0]);
  assert.deepEqual(told(1800, false), ["notDemonstrated", 0, "missed", 1]);
});

test("R23 a week between two months is judged in the month in which it ends, and a proof that could not be made is none", () => {
  const monday = Date.UTC(2026, 7, 31);
  const [proof] = facts.proofs;
  assert.ok(proof !== undefined);
  const weeksOf = (index: number, extra: readonly (typeof proof)[]): readonly string[] => {
    const proofs = [
      ...facts.proofs.filter(({ atMs }) => atMs < monday || atMs >= monday + 7 * DAY),
      ...extra,
    ].toSorted((a, b) => a.atMs - b.atMs);
    const { missed } = judgeSla({ ...facts, proofs }, month(index), {
      share,
      zone: "UTC",
    }).routines;
    return missed
      .filter(({ routine, fromMs }) => routine === "weekly proof" && fromMs === monday)
      .map(({ fromMs, toMs }) => `${new Date(fromMs).toISOString()} ${(toMs - fromMs) / DAY}`);
  };
  const missed = ["2026-08-31T00:00:00.000Z 7"];
  assert.deepEqual([weeksOf(0, []), weeksOf(1, []), weeksOf(2, [])], [[], missed, []]);
  const unfit = { ...proof, atMs: monday + DAY, proven: false, unfit: true };
  assert.deepEqual(weeksOf(1, [unfit]), missed);
  assert.deepEqual(weeksOf(1, [{ ...unfit, unfit: false }]), []);
});

test("R30 a period in which nothing was measured is not demonstrated, and neither is one that has not begun", () => {
  const before = { fromMs: START - 40 * DAY, toMs: START - 10 * DAY, nowMs: START };
  const future = { fromMs: START + 100 * DAY, toMs: START + 130 * DAY, nowMs: START + 90 * DAY };
  for (const period of [before, future]) {
    const { exposure, rpo, rto, proofs, backups, routines, verdict } = judged(period);
    const each = [exposure, rpo, rto, proofs, backups, routines].map((one) => one.verdict);
    assert.deepEqual([...new Set([...each, verdict])], ["notDemonstrated"]);
    assert.equal(exposure.worstSeconds, null);
  }
});

test("R30 silence is never compliance: a month is met only when nearly all of it was looked at", () => {
  const random = new SeededRandom(7);
  const period = month(2);
  for (let round = 0; round < 20; round += 1) {
    const slots = new SlotSeries();
    for (let atMs = period.fromMs; atMs < period.toMs; atMs += 5 * MINUTE) {
      const slot = facts.slots.get(atMs);
      if (slot !== undefined && random.fraction() > round / 20) {
        slots.add(atMs, slot);
      }
    }
    const { exposure } = judgeSla({ ...facts, slots }, period, { share, zone: "UTC" });
    const known = exposure.withinMs + exposure.beyondMs;
    if (exposure.verdict === "met") {
      assert.ok(known >= share * exposure.elapsedMs);
    }
  }
});

test("one that is missed decides for all, and nothing at all is not demonstrated", () => {
  assert.equal(jointVerdict(["met", "notDemonstrated", "missed"]), "missed");
  assert.equal(jointVerdict(["met", "notDemonstrated"]), "notDemonstrated");
  assert.equal(jointVerdict(["met", "met"]), "met");
  assert.equal(jointVerdict([]), "notDemonstrated");
});

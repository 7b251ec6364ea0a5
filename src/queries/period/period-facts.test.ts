/** Ninety simulated days, each report held figure by figure against a count that shares no code with the product. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { calendarPeriod } from "../../core/calendar.ts";
import { SlaCollector } from "../../sla/sla-facts.ts";
import {
  type Span,
  countMinutes,
  countStretches,
  minutesOf,
  parisDate,
} from "../../../tests/support/count-life.ts";
import { eventsOfLife, simulateLife } from "../../../tests/support/simulated-life.ts";
import {
  toldLife as life,
  toldNow as NOW,
  toldPolicy as policy,
  toldStart as START,
  tellPeriod as tell,
} from "../../../tests/support/told-period.ts";
import { type PeriodFacts, periodFacts } from "./period-facts.ts";

type Case = Span & { readonly kind: "daily" | "weekly" | "monthly"; readonly name: string };
const cases: readonly Case[] = [
  {
    kind: "monthly",
    name: "2026-08",
    fromMs: Date.UTC(2026, 6, 31, 22),
    toMs: Date.UTC(2026, 7, 31, 22),
  },
  {
    kind: "monthly",
    name: "2026-09",
    fromMs: Date.UTC(2026, 7, 31, 22),
    toMs: Date.UTC(2026, 8, 30, 22),
  },
  // Clocks were set, and it goes on.
  { kind: "monthly", name: "2026-10", fromMs: Date.UTC(2026, 8, 30, 22), toMs: NOW },
  {
    kind: "weekly",
    name: "2026-W43",
    fromMs: Date.UTC(2026, 9, 18, 22),
    toMs: Date.UTC(2026, 9, 25, 23),
  },
  {
    kind: "weekly",
    name: "2026-W37",
    fromMs: Date.UTC(2026, 8, 6, 22),
    toMs: Date.UTC(2026, 8, 13, 22),
  },
  {
    kind: "daily",
    name: "2026-10-25",
    fromMs: Date.UTC(2026, 9, 24, 22),
    toMs: Date.UTC(2026, 9, 25, 23),
  },
  {
    kind: "daily",
    name: "2026-08-11",
    fromMs: Date.UTC(2026, 7, 10, 22),
    toMs: Date.UTC(2026, 7, 11, 22),
  },
];

function inside<T extends { readonly atMs: number }>(all: readonly T[], span: Span): readonly T[] {
  return all.filter(({ atMs }) => atMs >= span.fromMs && atMs < span.toMs);
}

/** What was promised when a proof was made: the last look before it tells. */
function promisedAt(atMs: number): { readonly rpo: number; readonly rto: number } {
  const look = life.looks.findLast((one) => one.atMs <= atMs) ?? life.looks[0];
  return { rpo: look?.rpo ?? 0, rto: look?.rto ?? 0 };
}

function near(actual: number | null, expected: number | null): void {
  if (actual === null || expected === null) {
    assert.equal(actual, expected);
  } else {
    assert.ok(
      Math.abs(actual - expected) < 1e-6 * Math.max(1, expected),
      `${actual}, not ${expected}`,
    );
  }
}

for (const one of cases) {
  test(`R25 R30 R31 exposure of ${one.name} is what a count minute by minute gives: time, worst, mean, quantiles, stretches, days`, () => {
    const facts = tell(one);
    const { exposure } = facts;
    assert.deepEqual(
      [facts.from, facts.goesOn],
      [new Date(one.fromMs).toISOString(), one.toMs === NOW],
    );
    const minutes = minutesOf(life, one);
    const counted = countMinutes(minutes);
    assert.equal(exposure.withinSeconds, counted.within);
    assert.equal(exposure.beyondSeconds, counted.beyond);
    assert.equal(exposure.unknownSeconds, counted.unknown);
    assert.equal(exposure.worstSeconds, counted.worst);
    assert.equal(exposure.worstAt, counted.worstAt);
    near(exposure.meanSeconds, counted.mean);
    assert.equal(exposure.medianSeconds, counted.median);
    assert.equal(exposure.p99Seconds, counted.p99);
    for (const side of ["beyond", "unknown"] as const) {
      const stretches = countStretches(minutes, side);
      assert.equal(exposure[side].total, stretches.length);
      const longest = stretches.toSorted((a, b) => b.seconds - a.seconds)[0];
      const told = [...exposure[side].longest].toSorted((a, b) => b.seconds - a.seconds)[0];
      assert.equal(told?.seconds, longest?.seconds);
      for (const stretch of exposure[side].longest) {
        const same = stretches.find(({ from }) => from === stretch.from);
        assert.deepEqual([stretch.to, stretch.seconds], [same?.to, same?.seconds]);
        assert.equal("worstSeconds" in stretch ? stretch.worstSeconds : same?.worst, same?.worst);
      }
    }
    const elapsed = counted.within + counted.beyond + counted.unknown;
    const allowed = elapsed * 0.01;
    const verdict =
      counted.beyond > allowed
        ? "missed"
        : counted.beyond + counted.unknown <= allowed
          ? "met"
          : "notDemonstrated";
    assert.equal(exposure.verdict, verdict);
    near(exposure.budget.leftSeconds, allowed - counted.beyond);
    const shown = Math.max(...exposure.series.map(({ worstSeconds }) => worstSeconds ?? 0));
    assert.equal(shown, counted.worst, "the chart shows the worst");
    checkDays(facts, one);
  });
}

function checkDays({ days, kind, alerts, work }: PeriodFacts, span: Span): void {
  const byDay = Map.groupBy(minutesOf(life, span), ({ atMs }) => parisDate(atMs));
  assert.deepEqual(
    days.map(({ date }) => date),
    kind === "daily" ? [] : [...byDay.keys()],
  );
  for (const day of days) {
    const counted = countMinutes(byDay.get(day.date) ?? []);
    assert.deepEqual(
      [day.withinSeconds, day.beyondSeconds, day.unknownSeconds, day.worstSeconds],
      [counted.within, counted.beyond, counted.unknown, counted.worst],
      day.date,
    );
    const backups = life.backups.filter(
      ({ atMs }) => parisDate(atMs) === day.date && atMs < span.toMs,
    );
    assert.deepEqual(day.backups, {
      tried: backups.length,
      good: backups.filter(({ ok }) => ok).length,
    });
  }
  if (kind !== "daily") {
    const sum = (of: (day: PeriodFacts["days"][number]) => number): number =>
      days.reduce((all, day) => all + of(day), 0);
    assert.equal(
      sum((day) => day.alertsOpened),
      alerts.opened,
      "days add up to the period",
    );
    assert.equal(
      sum((day) => day.backups.tried),
      work.backups.tried,
    );
    assert.equal(
      sum((day) => day.proofs.good),
      work.proofs.proven,
    );
  }
}

test("R26 R30 R31 backups, proofs and times to recover are counts of what was done, each against the objective of its day", () => {
  for (const one of cases) {
    const { work, rto, rpo, controls } = tell(one);
    const backups = inside(life.backups, one);
    const good = backups.filter(({ ok }) => ok);
    assert.equal(work.backups.tried, backups.length);
    assert.equal(work.backups.good, good.length);
    assert.equal(work.backups.failures.total, backups.length - good.length);
    assert.deepEqual(
      work.backups.failures.rows.map(({ at }) => at),
      backups.filter(({ ok }) => !ok).map(({ atMs }) => new Date(atMs).toISOString()),
    );
    assert.equal(work.backups.full, good.filter(({ full }) => full).length);
    assert.equal(work.backups.incremental, good.filter(({ full }) => !full).length);
    let stored = 0;
    let longest = 0;
    for (const backup of good) {
      stored += backup.stored;
      longest = Math.max(longest, backup.tookMs);
    }
    assert.equal(work.backups.storedBytes, stored);
    assert.equal(work.backups.longestSeconds, longest / 1000);
    const proofs = inside(life.proofs, one);
    const of = (verdict: string): number =>
      proofs.filter((proof) => proof.verdict === verdict).length;
    assert.deepEqual(
      [work.proofs.tried, work.proofs.proven, work.proofs.failed, work.proofs.unfit],
      [proofs.length, of("proven"), of("failed"), of("unfit")],
    );
    const isLate = ({ atMs, rto: seconds }: (typeof proofs)[number]): boolean =>
      (seconds ?? 0) >= promisedAt(atMs).rto;
    const isLost = ({ atMs, rpo: seconds }: (typeof proofs)[number]): boolean =>
      (seconds ?? 0) >= promisedAt(atMs).rpo;
    // One that did not hold keeps no promise, but it may break one.
    const isProven = (proof: (typeof proofs)[number]): boolean => proof.verdict === "proven";
    const measured = proofs.filter((one) => one.rto !== null && (isProven(one) || isLate(one)));
    const late = measured.filter(isLate);
    assert.deepEqual([rto.measured, rto.missed], [measured.length, late.length]);
    assert.equal(
      rto.worstSeconds,
      measured.length === 0 ? null : Math.max(...measured.map((proof) => proof.rto ?? 0)),
    );
    assert.equal(
      rpo.measured,
      proofs.filter((one) => one.rpo !== null && (isProven(one) || isLost(one))).length,
    );
    const listed = rto.list.rows.filter(({ source }) => source === "proof");
    assert.deepEqual(
      listed.map(({ seconds }) => seconds),
      measured.map((proof) => proof.rto),
    );
    assert.equal(listed.filter(({ met }) => met === false).length, late.length);
    const verdict = (id: string): string | undefined =>
      controls.find((control) => control.id === id)?.verdict;
    assert.equal(verdict("backups"), good.length === backups.length ? "met" : "missed");
    assert.equal(
      verdict("proofs"),
      proofs.length === 0 ? "notDemonstrated" : of("proven") === proofs.length ? "met" : "missed",
    );
    assert.equal(
      verdict("rto"),
      late.length > 0 ? "missed" : measured.length > 0 ? "met" : "notDemonstrated",
    );
  }
});

test("R21 R31 alerts of a period are those that were open in it, with how long they lasted up to its end", () => {
  for (const one of cases) {
    const { alerts } = tell(one);
    const open = life.alerts.filter(
      ({ openMs, endMs }) => openMs < one.toMs && (endMs ?? Infinity) >= one.fromMs,
    );
    const opened = open.filter(({ openMs }) => openMs >= one.fromMs);
    const isOver = (endMs: number | null): boolean => endMs !== null && endMs < one.toMs;
    const ended = open.filter(({ endMs }) => isOver(endMs));
    assert.deepEqual(
      [alerts.opened, alerts.openedCritical, alerts.resolved, alerts.openAtEnd, alerts.list.total],
      [
        opened.length,
        opened.filter(({ critical }) => critical).length,
        ended.length,
        open.length - ended.length,
        open.length,
      ],
    );
    assert.deepEqual(
      alerts.list.rows.map(({ lastedSeconds }) => lastedSeconds),
      open.map(({ openMs, endMs }) => ((isOver(endMs) ? (endMs ?? 0) : one.toMs) - openMs) / 1000),
    );
    assert.equal(
      alerts.openCriticalAtEnd,
      open.filter(({ critical, endMs }) => critical && !isOver(endMs)).length,
    );
  }
});

test("R16 R22 R31 accesses, deletions, holds, gaps, checks and tests of a month are the ledger's", () => {
  for (const one of cases) {
    const { custody, work, controls } = tell(one);
    const others = inside(life.others, one);
    let [accesses, deleted, damaged, gaps, holds, tests, loads, bob] = [0, 0, 0, 0, 0, 0, 0, 0];
    for (const { content, actor } of others) {
      if (content.kind === "accessed") {
        accesses += 1 + content.data.repeats;
        bob += actor === "bob@db2" ? 1 + content.data.repeats : 0;
      }
      deleted += content.kind === "expireFinished" ? content.data.backups.length : 0;
      damaged += content.kind === "verifyFinished" ? content.data.damaged.length : 0;
      gaps += content.kind === "walGapOpened" ? 1 : 0;
      holds += content.kind === "backupHeld" ? 1 : 0;
      tests += content.kind === "databaseRestored" ? 1 : 0;
      loads += content.kind === "loadTestFinished" ? 1 : 0;
    }
    assert.deepEqual(
      [
        custody.accesses.total,
        custody.deletions.backups,
        custody.verifications.damaged,
        custody.gaps,
        custody.holds.set,
      ],
      [accesses, deleted, damaged, gaps, holds],
    );
    assert.equal(custody.accesses.byWhom.find(({ name }) => name === "bob@db2")?.count ?? 0, bob);
    assert.equal(
      custody.accesses.byWhat.reduce((sum, { count }) => sum + count, 0),
      accesses,
    );
    assert.deepEqual([work.restoreTests.tried, work.loadTests.tried], [tests, loads]);
    const verdict = (id: string): string | undefined =>
      controls.find((control) => control.id === id)?.verdict;
    assert.equal(verdict("gaps"), gaps > 0 ? "missed" : "met");
    assert.equal(verdict("loadTests"), loads > 0 ? "met" : undefined);
  }
});

test("R30 R31 corrective actions that nobody closed in time are overdue in the months after, and closed ones are not", () => {
  const told = (name: string): readonly (number | undefined)[] => {
    const { actions } = tell({ kind: "monthly", name });
    return [actions.opened, actions.closed, actions.openAtEnd, actions.overdueAtEnd];
  };
  // Opened on days 8, 28, 48, 68 and 88, each due a week later; the first was closed on day 28.
  assert.deepEqual(told("2026-08"), [2, 1, 1, 0]);
  assert.deepEqual(told("2026-09"), [1, 0, 2, 2]);
  assert.deepEqual(told("2026-10"), [2, 0, 4, 3]);
});

test("R23 R31 a day in Paris without a backup and a week without a proof are missed; one bad control decides, and one that is open keeps a month from being met", () => {
  const september = tell({ kind: "monthly", name: "2026-09" });
  // The 34th day of UTC has none, and the day in Paris has two hours of it.
  assert.deepEqual(
    september.routines.missed.map(({ routine, from }) => [routine, from]),
    [],
  );
  const utc = tell({ kind: "monthly", name: "2026-09", zone: "UTC" });
  assert.deepEqual(
    utc.routines.missed.map(({ routine, from }) => [routine, from]),
    [["daily backup", "2026-09-03T00:00:00.000Z"]],
  );
  for (const { kind, name } of cases) {
    const { controls, verdict } = tell({ kind, name });
    const all = new Set(controls.map((control) => control.verdict));
    assert.equal(
      verdict,
      all.has("missed") ? "missed" : all.has("notDemonstrated") ? "notDemonstrated" : "met",
    );
  }
  assert.deepEqual(
    tell({ kind: "monthly", name: "2026-10" }).trend.map(({ name }) => name),
    ["2026-08", "2026-09"],
  );
});

test("R31 an empty ledger, a first day and a period without proofs are not demonstrated, whatever else is well", () => {
  const nothing = {
    fromMs: START,
    toMs: START,
    looks: [],
    backups: [],
    proofs: [],
    alerts: [],
    others: [],
  };
  const empty = tell({ kind: "monthly", name: "2026-08" }, { of: nothing });
  assert.deepEqual(
    [empty.verdict, empty.firstRecordAt, empty.exposure.worstSeconds],
    ["notDemonstrated", null, null],
  );
  assert.ok(empty.controls.every(({ verdict }) => verdict === "notDemonstrated"));
  assert.equal(empty.exposure.unknownSeconds, 31 * 86_400);
  assert.deepEqual(empty.trend, []);
  const firstDay = tell({ kind: "monthly", name: "2026-08" }, { nowMs: START + 6 * 3_600_000 });
  assert.equal(firstDay.verdict, "notDemonstrated");
  assert.equal(firstDay.days.length, 1);
  assert.equal(
    firstDay.exposure.unknownSeconds,
    2 * 3600,
    "Paris begins two hours before the ledger",
  );
  const unproved = { ...life, proofs: [], others: [], alerts: [] };
  const august = tell({ kind: "daily", name: "2026-08-05" }, { of: unproved });
  const open = august.controls.filter(({ verdict }) => verdict === "notDemonstrated");
  assert.deepEqual(
    open.map(({ id }) => id),
    ["rpo", "rto", "proofs"],
  );
  assert.equal(august.verdict, "notDemonstrated");
});

test("R26 R31 of a month with more proofs than a report lists every one counts, what failed or was too slow is shown first, and the sums add up", () => {
  const hourly = Array.from({ length: 31 * 24 }, (_, hour) => {
    const slow = hour === 3 || hour === 40;
    const verdict = hour === 2 ? ("failed" as const) : ("proven" as const);
    const rto = verdict === "failed" ? null : slow ? 4000 : 300 + hour / 100;
    return { atMs: START + hour * 3_600_000, verdict, rpo: 10, rto };
  });
  const { rto, work, controls } = tell(
    { kind: "monthly", name: "2026-08", zone: "UTC" },
    { of: { ...life, proofs: hourly } },
  );
  const proofs = rto.list.rows.filter(({ source }) => source === "proof");
  const tests = rto.list.rows.length - proofs.length;
  assert.ok(tests < 10, "restore tests and load tests of the month stand beside them");
  assert.equal(rto.measured, hourly.length - 1);
  assert.ok(rto.list.total >= rto.measured);
  assert.equal(rto.list.rows.length, 100);
  assert.deepEqual(
    rto.list.rows.filter(({ met }) => met === false).map(({ at }) => at.slice(0, 13)),
    ["2026-08-01T03", "2026-08-02T16"],
  );
  assert.equal(proofs.at(-1)?.at, "2026-08-31T23:00:00.000Z");
  const { list, tried, proven, failed } = work.proofs;
  assert.deepEqual([list.total, tried, proven + failed], [744, 744, 744]);
  assert.deepEqual([list.rows.length, list.rows[0]?.verdict], [100, "failed"]);
  assert.deepEqual(
    list.rows.map(({ at }) => at),
    list.rows.map(({ at }) => at).toSorted(),
  );
  assert.equal(controls.find(({ id }) => id === "rto")?.verdict, "missed");
});

test("R31 a month of a busy year is told in less than a second and a half", () => {
  const year = simulateLife({ fromMs: START, days: 365, seed: 7 });
  const events = eventsOfLife(year);
  const collector = new SlaCollector();
  for (const { atMs, content } of events) {
    collector.add({ time: new Date(atMs).toISOString(), content });
  }
  const calendar = calendarPeriod("monthly", "2027-06", "Europe/Paris");
  assert.ok(calendar !== undefined);
  const told = events.filter(({ content }) => content.kind !== "looksSampled");
  const beginMs = performance.now();
  const [facts] = collector.facts();
  const about = {
    cluster: "main",
    host: "db1",
    calendar,
    nowMs: year.toMs,
    facts,
    events: told,
    policy,
  };
  const month = periodFacts(about);
  const tookMs = performance.now() - beginMs;
  assert.equal(month.trend.length, 6);
  assert.ok(tookMs < 1500, `${Math.round(tookMs)} ms`);
});

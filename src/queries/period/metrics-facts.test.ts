import assert from "node:assert/strict";
import { test } from "node:test";
import type { EventContent } from "../../ledger/event-kinds.ts";
import { SlaCollector } from "../../sla/sla-facts.ts";
import { countMinutes, minutesOf } from "../../../tests/support/count-life.ts";
import { eventsOfLife, loadTest, simulateLife } from "../../../tests/support/simulated-life.ts";
import { toldPolicy as policy, toldStart as START } from "../../../tests/support/told-period.ts";
import { type MetricsFacts, metricsFacts } from "./metrics-facts.ts";
import type { PeriodEvent } from "./period-event.ts";

const DAY = 86_400_000;
const lived = simulateLife({ fromMs: START, days: 60, seed: 42 });
const life = {
  ...lived,
  others: lived.others.filter(({ content }) => content.kind !== "loadTestFinished"),
};

function tell(nowMs: number, more: readonly PeriodEvent[] = []): MetricsFacts {
  const events = [...eventsOfLife(life, nowMs), ...more].toSorted((a, b) => a.atMs - b.atMs);
  const collector = new SlaCollector();
  for (const { atMs, content } of events) {
    collector.add({ time: new Date(atMs).toISOString(), content });
  }
  const [facts] = collector.facts();
  const about = { cluster: "main", host: "db1", zone: "UTC", policy };
  return metricsFacts({ ...about, nowMs, facts, events });
}

function said(atMs: number, content: EventContent): PeriodEvent {
  return { atMs, actor: "alice@db1", content };
}

function items(facts: MetricsFacts): Readonly<Record<number, string>> {
  return Object.fromEntries(facts.items.map(({ item, state }) => [item, state]));
}

test("R30 the figures of thirty days are what a count minute by minute gives, and each day of the history too", () => {
  const nowMs = START + 60 * DAY;
  const { month, days, exposure, lastProof } = tell(nowMs);
  const counted = countMinutes(minutesOf(life, { fromMs: nowMs - 30 * DAY, toMs: nowMs }));
  assert.deepEqual(
    [month.exposure.withinMs, month.exposure.beyondMs, month.exposure.unknownMs],
    [counted.within * 1000, counted.beyond * 1000, counted.unknown * 1000],
  );
  const backups = life.backups.filter(({ atMs }) => atMs >= nowMs - 30 * DAY);
  assert.deepEqual(
    [month.backups.tried, month.backups.good],
    [backups.length, backups.filter(({ ok }) => ok).length],
  );
  assert.equal(lastProof?.rtoSeconds, life.proofs.at(-1)?.rto ?? null);
  assert.ok(exposure !== null && exposure.seconds !== null);
  assert.equal(days.at(-1)?.date, "2026-09-29");
  for (const day of days.slice(-10)) {
    const fromMs = Date.parse(`${day.date}T00:00:00Z`);
    const sums = countMinutes(minutesOf(life, { fromMs, toMs: fromMs + DAY }));
    assert.deepEqual([day.withinSeconds, day.worstSeconds], [sums.within, sums.worst]);
  }
});

test("R30 R24 what the go-live asks of metrics is met, missed, not due yet or not demonstrated, each by what the ledger shows", () => {
  const live = START + 10 * DAY;
  const at = new Date(live).toISOString();
  const wentLive = said(live, {
    kind: "wentLive",
    data: { cluster: "main", by: "Alice", note: "", at, again: false },
  });
  const before = items(tell(START + 9 * DAY));
  assert.deepEqual(
    [139, 140, 141, 142].map((item) => before[item]),
    ["notDue", "notDue", "notDue", "notDue"],
  );
  const early = items(tell(live + DAY / 2, [wentLive]));
  assert.deepEqual(
    [early[131], early[132], early[139], early[141]],
    ["met", "notDemonstrated", "notDue", "notDue"],
  );
  const full = said(START + 46 * DAY, {
    kind: "loadTestFinished",
    data: loadTest(START + 46 * DAY),
  });
  const late = tell(START + 60 * DAY, [wentLive, full]);
  // A load test of day 46 is one of the go-live's days 23 to 37; nobody has said that the review was done.
  assert.deepEqual(
    [139, 140, 141, 142].map((item) => items(late)[item]),
    ["met", "met", "missed", "met"],
  );
  assert.equal(late.items.find(({ item }) => item === 139)?.count, 7);
  const soon = START + 30 * DAY;
  const short = { ...loadTest(START + 46 * DAY), durationMs: 60_000 };
  for (const run of [loadTest(soon), short]) {
    // Day 20 is too early for the load test of day 30, and a minute is too short.
    const atMs = Date.parse(run.startedAt);
    const told = tell(START + 50 * DAY, [
      wentLive,
      said(atMs, { kind: "loadTestFinished", data: run }),
    ]);
    const [before30, after37] = [items(told), items(tell(START + 50 * DAY, [wentLive]))];
    assert.deepEqual([before30[142], after37[142]], ["missed", "missed"]);
  }
  const review = {
    cluster: "main",
    routine: "review-14",
    by: "Alice",
    note: "",
    at: new Date(live + 14 * DAY).toISOString(),
  };
  const reviewed = tell(START + 60 * DAY, [
    wentLive,
    said(live + 14 * DAY, { kind: "routineDone", data: review }),
  ]);
  assert.equal(items(reviewed)[141], "met");
});

test("R30 an old METRICS and an old weekly report are missed; nobody looking is told as that", () => {
  const report = (of: string, atMs: number): PeriodEvent =>
    said(atMs, {
      kind: "reportArchived",
      data: {
        cluster: "main",
        report: "0".repeat(32),
        of,
        model: 1,
        startedAt: new Date(atMs).toISOString(),
        subject: "",
        verdict: "met",
        bytes: 1,
        files: [],
      },
    });
  const nowMs = START + 60 * DAY;
  const fresh = items(
    tell(nowMs, [report("metrics", nowMs - DAY), report("weekly", nowMs - 6 * DAY)]),
  );
  assert.deepEqual([fresh[132], fresh[133]], ["met", "met"]);
  const old = items(
    tell(nowMs, [report("metrics", nowMs - 2 * DAY), report("weekly", nowMs - 9 * DAY)]),
  );
  assert.deepEqual([old[132], old[133]], ["missed", "missed"]);
  const silent = tell(nowMs + DAY);
  assert.equal(silent.exposure, null);
  assert.equal(
    metricsFacts({
      cluster: "main",
      host: "h",
      zone: "UTC",
      nowMs,
      facts: undefined,
      events: [],
      policy,
    }).verdict,
    "notDemonstrated",
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { calendarPeriod } from "../../core/calendar.ts";
import { SlaCollector } from "../../sla/sla-facts.ts";
import { eventsOfLife, simulateLife } from "../../../tests/support/simulated-life.ts";
import { type EvidenceFacts, evidenceFacts } from "./evidence-facts.ts";
import type { PeriodEvent } from "./period-event.ts";
import { periodFacts } from "./period-facts.ts";

const START = Date.UTC(2026, 7, 1);
const life = simulateLife({ fromMs: START, days: 31, seed: 42 });

function evidenceOf(keep: (event: PeriodEvent) => boolean): EvidenceFacts {
  const events = eventsOfLife(life).filter(keep);
  const collector = new SlaCollector();
  for (const { atMs, content } of events) {
    collector.add({ time: new Date(atMs).toISOString(), content });
  }
  const calendar = calendarPeriod("monthly", "2026-08", "UTC");
  assert.ok(calendar !== undefined);
  const [facts] = collector.facts();
  const policy = { rpoSeconds: 3600, rtoSeconds: 1800, share: 0.99, retentionDays: 30 };
  return evidenceFacts(
    periodFacts({
      cluster: "main",
      host: "db1",
      calendar,
      nowMs: life.toMs,
      facts,
      events: events.filter(({ content }) => content.kind !== "looksSampled"),
      policy: { ...policy, encrypted: true, schedule: [] },
    }),
  );
}

const stateOf = ({ evidence }: EvidenceFacts, id: string): string | undefined =>
  evidence.find((row) => row.id === id)?.state;
const clauseState = ({ clauses }: EvidenceFacts, id: string): string | undefined =>
  clauses.find((row) => row.id === id)?.state;

test("R31 a month shows clauses what its events show, and what no event tells is not shown", () => {
  const all = evidenceOf(() => true);
  assert.deepEqual(
    all.evidence.map(({ id, state }) => [id, state]),
    [
      ["policy", "partly"],
      ["runs", "shown"],
      ["integrity", "shown"],
      ["restores", "shown"],
      ["objectives", "shown"],
      ["failover", "absent"],
      ["actions", "shown"],
      ["audit", "shown"],
      ["retention", "partly"],
      ["separation", "absent"],
      ["plan", "absent"],
      ["alerting", "absent"],
      ["people", "partly"],
      ["disposal", "partly"],
    ],
  );
  assert.equal(clauseState(all, "dora-12.2"), "shown");
  assert.equal(clauseState(all, "dora-12.3"), "absent");
  assert.equal(clauseState(all, "iso27001-A.5.30"), "partly");
  assert.deepEqual(
    all.copies.map(({ state }) => state),
    ["partly", "absent", "absent", "absent", "contrary"],
    "a proof of this month failed: there were errors after verification",
  );
});

test("R31 without proofs, checks, actions or anchors their clauses lose what they asked for", () => {
  const without = (...kinds: readonly string[]): EvidenceFacts =>
    evidenceOf(({ content }) => !kinds.includes(content.kind));
  const unproved = without("proofFinished", "databaseRestored");
  assert.deepEqual(
    [stateOf(unproved, "restores"), clauseState(unproved, "dora-12.2")],
    ["absent", "absent"],
  );
  assert.equal(stateOf(unproved, "integrity"), "partly");
  assert.equal(stateOf(without("verifyFinished"), "integrity"), "partly");
  const inactive = without("actionOpened", "actionClosed");
  assert.deepEqual(
    [stateOf(inactive, "actions"), clauseState(inactive, "iso22301-10.1")],
    ["absent", "absent"],
  );
  assert.equal(stateOf(without("anchorMade"), "audit"), "partly");
  const nothing = evidenceOf(() => false);
  assert.ok(nothing.clauses.every(({ state }) => state === "absent"));
  assert.equal(stateOf(nothing, "audit"), "absent");
});

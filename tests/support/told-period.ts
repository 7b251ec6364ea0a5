/** A period of ninety simulated days, told as its report would tell it. */
import assert from "node:assert/strict";
import { calendarPeriod } from "../../src/core/calendar.ts";
import {
  type PeriodFacts,
  type PolicyFacts,
  periodFacts,
} from "../../src/queries/period/period-facts.ts";
import { SlaCollector } from "../../src/sla/sla-facts.ts";
import { type RawLife, eventsOfLife, simulateLife } from "./simulated-life.ts";

const DAY = 86_400_000;
/** When it begins. */
export const toldStart = Date.UTC(2026, 7, 1);
/** Now. */
export const toldNow = toldStart + 90 * DAY;
/** Ninety days. */
export const toldLife = simulateLife({ fromMs: toldStart, days: 90, seed: 42 });
/** What is promised. */
export const toldPolicy: PolicyFacts = {
  rpoSeconds: 3600,
  rtoSeconds: 1800,
  share: 0.99,
  retentionDays: 30,
  encrypted: true,
  schedule: [],
};

/** Reports of a period of these days, or of others, as told at an instant. */
export function tellPeriod(
  about: {
    readonly kind: "daily" | "weekly" | "monthly";
    readonly name: string;
    readonly zone?: string;
  },
  at: { readonly nowMs?: number; readonly of?: RawLife | undefined } = {},
): PeriodFacts {
  const { kind, name, zone = "Europe/Paris" } = about;
  const { nowMs = toldNow } = at;
  const events = eventsOfLife(at.of ?? toldLife, nowMs);
  const collector = new SlaCollector();
  for (const { atMs, content } of events) {
    collector.add({ time: new Date(atMs).toISOString(), content });
  }
  const calendar = calendarPeriod(kind, name, zone);
  assert.ok(calendar !== undefined);
  const [facts] = collector.facts();
  const told = events.filter(({ content }) => content.kind !== "looksSampled");
  return periodFacts({
    cluster: "main",
    host: "db1",
    calendar,
    nowMs,
    facts,
    events: told,
    policy: toldPolicy,
  });
}

/**
 * The figures that management looks at, as they stand now and as they went: the last thirty days, ninety days of history, the months, and what the
 * checklist of a go-live asks of metrics (its items 131 to 142). Pure, from the ledger alone.
 */
import {
  type CalendarDay,
  type CalendarPeriod,
  periodAround,
  periodBefore,
} from "../../core/calendar.ts";
import { metricsHistoryDays, reportTrendPeriods } from "../../core/ledger-limits.ts";
import { afterLiveSpan } from "../../sla/after-live.ts";
import type { ActionControl } from "../../sla/corrective-actions.ts";
import {
  type SlaJudgement,
  type SlaVerdict,
  countedSeconds,
  judgeSla,
  objectiveAt,
} from "../../sla/judge-sla.ts";
import type { ProofFact, SlaFacts } from "../../sla/sla-facts.ts";
import { alertOpenings } from "./alert-facts.ts";
import { exposureSums } from "./exposure-facts.ts";
import { eventsOf, isoTime } from "./period-event.ts";
import {
  type DayFacts,
  type LedgerSource,
  type PolicyFacts,
  type TrendRow,
  dayFacts,
  silentFacts,
  trendRow,
} from "./period-facts.ts";

/** How an item of the checklist stands. */
export type ItemState = SlaVerdict | "notDue";

/** An item by its number there. `at`: of what shows it; `count`: days watched, or actions that are open. */
export type MetricsItem = {
  readonly item: number;
  readonly state: ItemState;
  readonly at: string | null;
  readonly count: number | null;
};

/** What metrics are told from; its events are those of the last ninety days. */
export type MetricsSource = LedgerSource & { readonly zone: string };

/** All of it. */
export type MetricsFacts = {
  readonly version: 1;
  readonly cluster: string;
  readonly host: string;
  readonly zone: string;
  readonly now: string;
  readonly policy: PolicyFacts;
  /** What is promised now: the newest word of the ledger, else what is configured. */
  readonly objective: { readonly rpoSeconds: number; readonly rtoSeconds: number };
  /** The newest look within an hour; null: nobody looks. */
  readonly exposure: {
    readonly at: string;
    readonly seconds: number | null;
    readonly rpoSeconds: number;
  } | null;
  readonly lastBackupAt: string | null;
  readonly lastProof: {
    readonly at: string;
    readonly proven: boolean;
    readonly rpoSeconds: number | null;
    readonly rtoSeconds: number | null;
  } | null;
  /** Of the last thirty days. */
  readonly month: Pick<
    SlaJudgement,
    "exposure" | "rpo" | "rto" | "backups" | "proofs" | "prediction"
  >;
  /** The verdict of this calendar month so far. */
  readonly verdict: SlaVerdict;
  readonly days: readonly DayFacts[];
  readonly rto: readonly {
    readonly at: string;
    readonly seconds: number;
    readonly objectiveSeconds: number | null;
  }[];
  readonly months: readonly TrendRow[];
  readonly items: readonly MetricsItem[];
};

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

function months(zone: string, nowMs: number): readonly CalendarPeriod[] {
  const found = [periodAround("monthly", nowMs, zone)];
  for (let more = 0; more < reportTrendPeriods; more += 1) {
    found.unshift(periodBefore(found[0] ?? periodAround("monthly", nowMs, zone)));
  }
  return found;
}

function newestLook({ slots }: SlaFacts, nowMs: number): MetricsFacts["exposure"] {
  for (let atMs = nowMs; atMs > nowMs - HOUR_MS; atMs -= 60_000) {
    const slot = slots.get(atMs);
    if (slot !== undefined) {
      const { exposureSeconds: seconds, rpoSeconds } = slot;
      return { at: isoTime(atMs), seconds, rpoSeconds };
    }
  }
  return null;
}

type Judged = {
  readonly source: MetricsSource;
  readonly facts: SlaFacts;
  readonly month: SlaJudgement;
  readonly verdict: SlaVerdict;
};

/** When a report of a kind was archived last. */
function archivedAt({ events }: MetricsSource, kind: string): number | undefined {
  const all = eventsOf(events, "reportArchived").filter(({ content }) => content.data.of === kind);
  return all.at(-1)?.atMs;
}

function itemOf(
  number: number,
  state: ItemState,
  shown: { readonly atMs?: number | undefined; readonly count?: number } = {},
): MetricsItem {
  const { atMs, count = null } = shown;
  return { item: number, state, at: atMs === undefined ? null : isoTime(atMs), count };
}

function archiveItem(number: number, kind: string, maxMs: number, { source }: Judged): MetricsItem {
  const atMs = archivedAt(source, kind);
  const state =
    atMs === undefined ? "notDemonstrated" : source.nowMs - atMs <= maxMs ? "met" : "missed";
  return itemOf(number, state, { atMs });
}

/** Below what was promised an escalation opens: a corrective action that somebody takes. */
function escalatingItem(
  number: number,
  state: SlaVerdict,
  control: ActionControl,
  { facts }: Judged,
): MetricsItem {
  const open = facts.actions.filter((one) => one.control === control && one.closed === undefined);
  return itemOf(number, state, { count: open.length });
}

/** What is due some days after the go-live. */
function afterLive(
  number: number,
  due: {
    readonly untilMs: number;
    readonly doneMs: number | undefined;
    readonly isGood?: boolean;
  },
  { source, facts }: Judged,
): MetricsItem {
  const { untilMs, doneMs, isGood = true } = due;
  if (facts.live === undefined) {
    return itemOf(number, "notDue");
  }
  if (doneMs !== undefined) {
    return itemOf(number, isGood ? "met" : "missed", { atMs: doneMs });
  }
  return itemOf(number, source.nowMs > untilMs ? "missed" : "notDue");
}

/** Of the first seven days, those on which somebody looked. */
function firstWeek({ source, facts }: Judged): MetricsItem {
  const { live, slots } = facts;
  if (live === undefined) {
    return itemOf(139, "notDue");
  }
  const over = Math.min(7, Math.floor((source.nowMs - live.atMs) / DAY_MS));
  const watched = Array.from({ length: Math.max(0, over) }, (_none, day) => {
    const fromMs = live.atMs + day * DAY_MS;
    return exposureSums(slots, { fromMs, toMs: fromMs + DAY_MS }, source.nowMs);
  }).filter(({ withinSeconds, beyondSeconds }) => withinSeconds + beyondSeconds > 0);
  const state = over <= 0 ? "notDue" : watched.length === over ? "met" : "missed";
  return itemOf(139, state, { count: watched.length });
}

function itemsOf(judged: Judged): readonly MetricsItem[] {
  const { month, verdict, facts, source } = judged;
  const since = facts.live?.atMs ?? Infinity;
  const inWeek = facts.proofs.filter(
    ({ atMs, unfit }) => !unfit && atMs >= since && atMs < since + 8 * DAY_MS,
  );
  const shown = inWeek.find(({ proven }) => proven) ?? inWeek[0];
  const weekly = {
    untilMs: since + 8 * DAY_MS,
    doneMs: shown?.atMs,
    isGood: shown?.proven ?? true,
  };
  const review = afterLiveSpan("review-14", since);
  const reviewedMs = facts.routines.get("review-14")?.atMs ?? -Infinity;
  const full = afterLiveSpan("load-test-30", since);
  const load = facts.loadTests.find(({ atMs, isFull }) => isFull && atMs >= full.fromMs);
  return [
    itemOf(131, "met", { atMs: source.nowMs }),
    archiveItem(132, "metrics", 26 * HOUR_MS, judged),
    archiveItem(133, "weekly", 8 * DAY_MS, judged),
    itemOf(134, verdict),
    escalatingItem(135, month.exposure.verdict, "rpo", judged),
    escalatingItem(136, month.rto.verdict, "rto", judged),
    escalatingItem(137, month.backups.verdict, "backup", judged),
    escalatingItem(138, month.proofs.verdict, "proof", judged),
    firstWeek(judged),
    afterLive(140, weekly, judged),
    afterLive(
      141,
      { ...review, doneMs: reviewedMs >= review.fromMs ? reviewedMs : undefined },
      judged,
    ),
    afterLive(142, { ...full, doneMs: load?.atMs, isGood: load?.ok ?? true }, judged),
  ];
}

function historyOf(
  source: MetricsSource,
  facts: SlaFacts,
  all: readonly CalendarPeriod[],
): readonly DayFacts[] {
  const { nowMs, policy, events } = source;
  const told = { nowMs, policy, openings: alertOpenings(events) };
  const days: readonly CalendarDay[] = all
    .flatMap((month) => month.days)
    .filter(({ fromMs }) => fromMs < nowMs)
    .slice(-metricsHistoryDays);
  return days.map((day) => dayFacts(day, facts, told));
}

/** A proof, with the times that count. */
function proofOf(
  { atMs, proven, rpoSeconds, rtoSeconds }: ProofFact,
  { objectives }: SlaFacts,
): NonNullable<MetricsFacts["lastProof"]> {
  const promised = objectiveAt(objectives, atMs);
  return {
    at: isoTime(atMs),
    proven,
    rpoSeconds: countedSeconds(rpoSeconds, { proven, promised: promised?.rpoSeconds }),
    rtoSeconds: countedSeconds(rtoSeconds, { proven, promised: promised?.rtoSeconds }),
  };
}

/** Tells them. */
export function metricsFacts(source: MetricsSource): MetricsFacts {
  const { cluster, host, zone, nowMs, policy } = source;
  const facts = source.facts ?? silentFacts(cluster);
  const all = months(zone, nowMs);
  const { share } = policy;
  const span = { fromMs: nowMs - 30 * DAY_MS, toMs: nowMs, nowMs };
  const month = judgeSla(facts, span, { share, zone });
  const firstMs = Math.min(facts.slots.firstMs, facts.backups[0]?.atMs ?? Infinity, nowMs);
  const told = all.filter(({ toMs }) => toMs > firstMs);
  const rows = told.map((one) => trendRow(one, facts, source));
  const verdict = rows.at(-1)?.verdict ?? "notDemonstrated";
  const { rpoSeconds, rtoSeconds } = facts.objectives.at(-1) ?? policy;
  const proof = facts.proofs.at(-1);
  const backup = facts.backups.findLast(({ ok }) => ok);
  const sinceMs = nowMs - metricsHistoryDays * DAY_MS;
  const { exposure, rpo, rto, backups, proofs, prediction } = month;
  return {
    version: 1,
    cluster,
    host,
    zone,
    now: isoTime(nowMs),
    policy,
    objective: { rpoSeconds, rtoSeconds },
    exposure: newestLook(facts, nowMs),
    lastBackupAt: backup === undefined ? null : isoTime(backup.atMs),
    lastProof: proof === undefined ? null : proofOf(proof, facts),
    month: { exposure, rpo, rto, backups, proofs, prediction },
    verdict,
    days: historyOf(source, facts, told),
    rto: facts.proofs
      .filter(({ atMs }) => atMs >= sinceMs)
      .flatMap((one) => {
        const { at, rtoSeconds: seconds } = proofOf(one, facts);
        const objectiveSeconds = objectiveAt(facts.objectives, one.atMs)?.rtoSeconds ?? null;
        return seconds === null ? [] : [{ at, seconds, objectiveSeconds }];
      }),
    months: rows,
    items: itemsOf({ source, facts, month, verdict }),
  };
}

/**
 * What a day, a week or a month was like, from the ledger alone: what the reports show, and what their JSON holds. Pure: the same events give the
 * same facts on any host. What nobody measured is null or unknown, and a period in which too little was measured is not demonstrated, whatever
 * else went well.
 */
import {
  type CalendarDay,
  type CalendarKind,
  type CalendarPeriod,
  type CalendarSpan,
  periodBefore,
} from "../../core/calendar.ts";
import { reportTrendPeriods } from "../../core/ledger-limits.ts";
import {
  type SlaJudgement,
  type SlaVerdict,
  countedSeconds,
  jointVerdict,
  judgeSla,
  objectiveAt,
} from "../../sla/judge-sla.ts";
import type { SlaFacts } from "../../sla/sla-facts.ts";
import { SlotSeries } from "../../sla/slot-series.ts";
import { type ActionFacts, actionFacts } from "./action-facts.ts";
import { type AlertFacts, alertFacts, alertOpenings, countOfRule } from "./alert-facts.ts";
import { type CustodyFacts, custodyFacts } from "./custody-facts.ts";
import {
  type ExposureFacts,
  type ExposureSums,
  exposureFacts,
  exposureSums,
} from "./exposure-facts.ts";
import { type Listed, type PeriodEvent, isoTime, listed } from "./period-event.ts";
import {
  type LoadTestRow,
  type WorkFacts,
  loadTestRows,
  proofRows,
  restoreTestRows,
  workFacts,
} from "./work-facts.ts";

/** What is judged by itself; all must be met. */
export const controlIds = [
  "exposure",
  "rpo",
  "rto",
  "backups",
  "dumps",
  "proofs",
  "restoreTests",
  "loadTests",
  "routines",
  "gaps",
  "verification",
  "alerts",
  "actions",
] as const;

/** One of them. */
export type ControlId = (typeof controlIds)[number];

/** One control of the period. */
export type Control = { readonly id: ControlId; readonly verdict: SlaVerdict };

/** One measured time to recover. */
export type RtoRow = {
  readonly at: string;
  readonly source: "proof" | "restoreTest" | "loadTest";
  readonly seconds: number;
  readonly objectiveSeconds: number | null;
  readonly met: boolean | null;
};

/** One day of the period. */
export type DayFacts = ExposureSums & {
  readonly date: string;
  readonly verdict: SlaVerdict;
  readonly backups: { readonly tried: number; readonly good: number };
  readonly proofs: { readonly tried: number; readonly good: number };
  readonly alertsOpened: number;
};

/** An earlier period, in short. */
export type TrendRow = {
  readonly name: string;
  readonly verdict: SlaVerdict;
  readonly withinShare: number | null;
  readonly unknownShare: number | null;
  readonly worstExposureSeconds: number | null;
  readonly worstRtoSeconds: number | null;
  readonly backups: { readonly tried: number; readonly good: number };
  readonly proofs: { readonly tried: number; readonly good: number };
};

/** What the installation promises to keep, as configured when the report was made. */
export type PolicyFacts = {
  readonly rpoSeconds: number;
  readonly rtoSeconds: number;
  readonly share: number;
  readonly retentionDays: number;
  readonly encrypted: boolean | null;
  /** Planned jobs with their cron patterns; empty: none is installed on this host. */
  readonly schedule: readonly { readonly job: string; readonly pattern: string }[];
};

/** What reports are told from. */
export type LedgerSource = {
  readonly cluster: string;
  readonly host: string;
  readonly nowMs: number;
  /** Undefined: the ledger says nothing of this cluster. */
  readonly facts: SlaFacts | undefined;
  /** Of this cluster or of the repository, in order of time: those of the period, and of what `app/sla-memory.ts` names as lasting all. */
  readonly events: readonly PeriodEvent[];
  readonly policy: PolicyFacts;
};

/** What a period is told from. */
export type PeriodSource = LedgerSource & { readonly calendar: CalendarPeriod };

/** All of it. */
export type PeriodFacts = {
  readonly version: 2;
  readonly kind: CalendarKind;
  readonly name: string;
  readonly zone: string;
  readonly from: string;
  readonly to: string;
  /** When it was computed; before `to`, the period goes on. */
  readonly now: string;
  readonly goesOn: boolean;
  readonly cluster: string;
  readonly host: string;
  /** First word of the ledger about the cluster; null: there is none. */
  readonly firstRecordAt: string | null;
  readonly verdict: SlaVerdict;
  readonly controls: readonly Control[];
  readonly objectives: readonly {
    readonly from: string;
    readonly rpoSeconds: number;
    readonly rtoSeconds: number;
  }[];
  readonly policy: PolicyFacts;
  readonly exposure: ExposureFacts & {
    readonly verdict: SlaVerdict;
    readonly budget: {
      readonly allowedSeconds: number;
      readonly usedSeconds: number;
      readonly leftSeconds: number;
    };
  };
  readonly rpo: SlaJudgement["rpo"];
  readonly rto: SlaJudgement["rto"] & {
    readonly prediction: SlaJudgement["prediction"];
    readonly list: Listed<RtoRow>;
  };
  readonly work: WorkFacts;
  readonly alerts: AlertFacts;
  readonly custody: CustodyFacts;
  /** Where WAL was missing: what a receiver met, and alerts. */
  readonly gaps: number;
  readonly actions: ActionFacts;
  readonly routines: {
    readonly verdict: SlaVerdict;
    readonly missed: readonly {
      readonly routine: SlaJudgement["routines"]["missed"][number]["routine"];
      readonly from: string;
      readonly to: string;
    }[];
    /** Of the schedule: due in the period, and not done. */
    readonly undone: readonly { readonly routine: string; readonly dueAt: string }[];
    readonly missedRunAlerts: number;
  };
  readonly days: readonly DayFacts[];
  readonly trend: readonly TrendRow[];
};

type Rate = { readonly tried: number; readonly good: number };

/** A cluster of which the ledger says nothing. */
export function silentFacts(cluster: string): SlaFacts {
  const tried = { backups: [], dumps: [], proofs: [], loadTests: [], restores: [] };
  const none = { objectives: [], missedRuns: [], alerts: [], actions: [] };
  const slots = new SlotSeries();
  return { cluster, slots, ...tried, ...none, live: undefined, routines: new Map() };
}

type Judging = Pick<PeriodSource, "nowMs" | "policy">;

function judge(facts: SlaFacts, calendar: CalendarPeriod, source: Judging): SlaJudgement {
  const { fromMs, toMs, zone } = calendar;
  const period = { fromMs, toMs, nowMs: source.nowMs };
  return judgeSla(facts, period, { share: source.policy.share, zone });
}

function rtoRows(events: readonly PeriodEvent[], { objectives }: SlaFacts): readonly RtoRow[] {
  const row = (
    source: RtoRow["source"],
    at: string,
    seconds: number | null,
    { proven, own }: { readonly proven: boolean; readonly own?: number },
  ): RtoRow[] => {
    const promised = own ?? objectiveAt(objectives, Date.parse(at))?.rtoSeconds;
    const counted = countedSeconds(seconds, { proven, promised });
    const met = promised === undefined || counted === null ? null : counted < promised;
    const objectiveSeconds = promised ?? null;
    return counted === null ? [] : [{ at, source, seconds: counted, objectiveSeconds, met }];
  };
  return [
    ...proofRows(events).flatMap(({ at, verdict, rtoSeconds }) =>
      row("proof", at, rtoSeconds, { proven: verdict === "proven" }),
    ),
    ...restoreTestRows(events).flatMap(({ at, ok, seconds }) =>
      row("restoreTest", at, seconds, { proven: ok }),
    ),
    // A load test's time is one of its own tests, whatever the others found.
    ...loadTestRows(events).flatMap(({ at, rtoSeconds, rtoObjectiveSeconds }) =>
      row("loadTest", at, rtoSeconds, { proven: true, own: rtoObjectiveSeconds }),
    ),
  ].toSorted((a, b) => (a.at < b.at ? -1 : 1));
}

/** What failed decides; without anything tried nothing is demonstrated. */
function verdictOfRate({ tried, good }: Rate): SlaVerdict {
  return tried === 0 ? "notDemonstrated" : good < tried ? "missed" : "met";
}

function loadTestVerdict(rows: readonly LoadTestRow[]): SlaVerdict {
  // One that somebody ended early has broken no promise, and shown none.
  const judged = rows.filter(({ ending }) => ending !== "interrupted");
  return verdictOfRate({ tried: judged.length, good: judged.filter(({ ok }) => ok).length });
}

/** A period as far as it is judged. */
type Judged = {
  readonly judgement: SlaJudgement;
  readonly work: WorkFacts;
  readonly custody: CustodyFacts;
  readonly alerts: AlertFacts;
  readonly actions: ActionFacts;
  readonly rto: readonly RtoRow[];
  readonly loadTests: readonly LoadTestRow[];
  /** Gaps that a receiver met, and alerts that WAL is missing. */
  readonly gaps: number;
  readonly kind: CalendarKind;
};

/** Controls of what is due in every period, and of what happened in this one. */
function controlsOf({
  judgement,
  work,
  custody,
  alerts,
  actions,
  rto,
  loadTests,
  gaps,
  kind,
}: Judged): readonly Control[] {
  const { exposure, rpo, backups, dumps, proofs, routines } = judgement;
  const { unknownMs, elapsedMs, budget } = exposure;
  // What nobody looked for is not known to be absent.
  const wasWatched = elapsedMs > 0 && unknownMs <= budget.allowedMs;
  const unlessBad = (isBad: boolean): SlaVerdict =>
    isBad ? "missed" : wasWatched ? "met" : "notDemonstrated";
  const wasSlow = rto.some(({ source, met }) => source === "restoreTest" && met === false);
  const { verifications } = custody;
  const control = (id: ControlId, verdict: SlaVerdict, isDue = true): readonly Control[] =>
    isDue ? [{ id, verdict }] : [];
  return [
    ...control("exposure", exposure.verdict),
    ...control("rpo", rpo.verdict),
    ...control("rto", judgement.rto.verdict),
    ...control("backups", backups.verdict),
    ...control("dumps", dumps?.verdict ?? "notDemonstrated", dumps !== null),
    ...control("proofs", proofs.verdict),
    ...control(
      "restoreTests",
      wasSlow ? "missed" : verdictOfRate(work.restoreTests),
      work.restoreTests.tried > 0,
    ),
    ...control("loadTests", loadTestVerdict(loadTests), loadTests.length > 0),
    ...control("routines", routines.verdict),
    ...control("gaps", unlessBad(gaps > 0)),
    ...control(
      "verification",
      verifications.damaged > 0 ? "missed" : verifications.runs > 0 ? "met" : "notDemonstrated",
      kind !== "daily" || verifications.runs > 0,
    ),
    ...control("alerts", unlessBad(alerts.openCriticalAtEnd > 0)),
    ...control("actions", actions.overdueAtEnd > 0 ? "missed" : "met", actions.list.total > 0),
  ];
}

function rateIn(
  attempts: readonly { readonly atMs: number; readonly ok: boolean }[],
  { fromMs, toMs }: CalendarSpan,
): Rate {
  const inside = attempts.filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
  return { tried: inside.length, good: inside.filter(({ ok }) => ok).length };
}

/** One day. `openings`: when alerts opened. */
export function dayFacts(
  day: CalendarDay,
  facts: SlaFacts,
  source: Judging & { readonly openings: readonly number[] },
): DayFacts {
  const { nowMs, openings } = source;
  const span = { fromMs: day.fromMs, toMs: Math.min(day.toMs, nowMs) };
  const sums = exposureSums(facts.slots, day, nowMs);
  const backups = rateIn(facts.backups, span);
  const proofs = facts.proofs.map(({ atMs, proven }) => ({ atMs, ok: proven }));
  const allowed = (1 - source.policy.share) * ((span.toMs - span.fromMs) / 1000);
  const isShort = sums.beyondSeconds + sums.unknownSeconds > allowed;
  const proved = rateIn(proofs, span);
  const exposure: SlaVerdict =
    sums.beyondSeconds > allowed ? "missed" : isShort ? "notDemonstrated" : "met";
  // Not every day has a proof; one that failed makes the day a bad one.
  const failed: readonly SlaVerdict[] = proved.good < proved.tried ? ["missed"] : [];
  return {
    date: day.date,
    verdict: jointVerdict([exposure, verdictOfRate(backups), ...failed]),
    ...sums,
    backups,
    proofs: proved,
    alertsOpened: openings.filter((atMs) => atMs >= span.fromMs && atMs < span.toMs).length,
  };
}

/** Judges a period by everything that it is judged by. `source.events` may be those of other periods, too. */
function judged(
  source: LedgerSource,
  facts: SlaFacts,
  calendar: CalendarPeriod,
): Judged & { readonly controls: readonly Control[]; readonly verdict: SlaVerdict } {
  const { events, nowMs } = source;
  const { kind, fromMs } = calendar;
  const span = { fromMs, toMs: Math.max(fromMs, Math.min(calendar.toMs, nowMs)) };
  const within = events.filter(({ atMs }) => atMs >= fromMs && atMs < span.toMs);
  const custody = custodyFacts(within);
  const found: Judged = {
    judgement: judge(facts, calendar, source),
    work: workFacts(within),
    custody,
    alerts: alertFacts(events, span),
    actions: actionFacts(facts.actions, span),
    rto: rtoRows(within, facts),
    loadTests: loadTestRows(within),
    // The same hole may be told by both.
    gaps: Math.max(custody.gaps, countOfRule(events, "gaps", span)),
    kind,
  };
  const controls = controlsOf(found);
  return { ...found, controls, verdict: jointVerdict(controls.map((one) => one.verdict)) };
}

/** A period in short, with the verdict that its own report gives. */
export function trendRow(
  calendar: CalendarPeriod,
  facts: SlaFacts,
  source: LedgerSource,
): TrendRow {
  const { verdict, judgement } = judged(source, facts, calendar);
  const { exposure, rto, backups, proofs } = judgement;
  const { elapsedMs, withinMs, unknownMs, worstSeconds } = exposure;
  const share = (ms: number): number | null => (elapsedMs === 0 ? null : ms / elapsedMs);
  return {
    name: calendar.name,
    verdict,
    withinShare: share(withinMs),
    unknownShare: share(unknownMs),
    worstExposureSeconds: worstSeconds,
    worstRtoSeconds: rto.worstSeconds,
    backups: { tried: backups.tried, good: backups.good },
    proofs: { tried: proofs.tried, good: proofs.good },
  };
}

/** Earlier periods of which the ledger says something, oldest first. */
function trendOf(source: PeriodSource, facts: SlaFacts, firstMs: number): readonly TrendRow[] {
  const rows: TrendRow[] = [];
  let calendar = periodBefore(source.calendar);
  while (rows.length < reportTrendPeriods && calendar.toMs > firstMs) {
    rows.unshift(trendRow(calendar, facts, source));
    calendar = periodBefore(calendar);
  }
  return rows;
}

/** The first word of the ledger about it; infinite: there is none. */
function firstRecordMs(facts: SlaFacts, events: readonly PeriodEvent[]): number {
  const { slots, backups, proofs } = facts;
  return Math.min(
    slots.firstMs,
    backups[0]?.atMs ?? Infinity,
    proofs[0]?.atMs ?? Infinity,
    events[0]?.atMs ?? Infinity,
  );
}

function exposureOf(
  facts: SlaFacts,
  { exposure }: SlaJudgement,
  { calendar, nowMs }: PeriodSource,
): PeriodFacts["exposure"] {
  const { allowedMs, usedMs, leftMs } = exposure.budget;
  return {
    verdict: exposure.verdict,
    ...exposureFacts(facts.slots, calendar, { nowMs, kind: calendar.kind }),
    budget: {
      allowedSeconds: allowedMs / 1000,
      usedSeconds: usedMs / 1000,
      leftSeconds: leftMs / 1000,
    },
  };
}

function routinesOf({ routines, missedRunAlerts }: SlaJudgement): PeriodFacts["routines"] {
  const missed = routines.missed.map(({ routine, fromMs, toMs }) => {
    return { routine, from: isoTime(fromMs), to: isoTime(toMs) };
  });
  const undone = routines.undone.map(({ routine, dueMs }) => ({ routine, dueAt: isoTime(dueMs) }));
  return { verdict: routines.verdict, missed, undone, missedRunAlerts };
}

/** Tells a period. */
export function periodFacts(source: PeriodSource): PeriodFacts {
  const { cluster, host, calendar, nowMs, policy } = source;
  const { kind, name, zone, fromMs, toMs, days } = calendar;
  const facts = source.facts ?? silentFacts(cluster);
  const { judgement, work, custody, alerts, actions, rto, gaps, controls, verdict } = judged(
    source,
    facts,
    calendar,
  );
  const firstMs = firstRecordMs(facts, source.events);
  const begun = days.filter((day) => day.fromMs < nowMs);
  const told = { ...source, openings: alertOpenings(source.events) };
  return {
    version: 2,
    kind,
    name,
    zone,
    from: isoTime(fromMs),
    to: isoTime(toMs),
    now: isoTime(nowMs),
    goesOn: nowMs < toMs,
    cluster,
    host,
    firstRecordAt: Number.isFinite(firstMs) ? isoTime(firstMs) : null,
    verdict,
    controls,
    objectives: judgement.objectives.map(({ fromMs: sinceMs, rpoSeconds, rtoSeconds }) => {
      return { from: isoTime(sinceMs), rpoSeconds, rtoSeconds };
    }),
    policy,
    exposure: exposureOf(facts, judgement, source),
    rpo: judgement.rpo,
    rto: {
      ...judgement.rto,
      prediction: judgement.prediction,
      list: listed(rto, ({ met }) => met === false),
    },
    work,
    alerts,
    custody,
    gaps,
    actions,
    routines: routinesOf(judgement),
    days: kind === "daily" ? [] : begun.map((day) => dayFacts(day, facts, told)),
    trend: trendOf(source, facts, firstMs),
  };
}

/** METRICS: where an installation stands, how each figure is measured, and how it went. */
import type { Language } from "../../core/language.ts";
import type { MetricsFacts, MetricsItem } from "../../queries/period/metrics-facts.ts";
import {
  type Cell,
  type Figure,
  type ReportDocument,
  type Section,
  type Tone,
  semicolonOf,
} from "../report-document.ts";
import { trendTable } from "./custody-sections.ts";
import { daysSquares, scaleOf, shortDuration } from "./exposure-sections.ts";
import { metricsText } from "./metrics-text.ts";
import { Teller, plain, toneOf } from "./teller.ts";

const DAYS_SHOWN = 31;

type Row = {
  readonly metric: keyof (typeof metricsText)["en"]["metrics"];
  readonly value: string;
  readonly objective: string;
  readonly tone: Tone;
};

function exposureRows(facts: MetricsFacts, told: Teller): readonly Row[] {
  const words = metricsText[told.language];
  const { exposure: now, month, policy, objective } = facts;
  const { exposure } = month;
  const rpo = words.below(told.duration(objective.rpoSeconds));
  const isWithin = now !== null && now.seconds !== null && now.seconds < now.rpoSeconds;
  return [
    {
      metric: "exposure",
      value:
        now === null
          ? words.at(words.nothing, words.nobodyLooks)
          : words.at(told.duration(now.seconds), told.at(now.at)),
      objective: rpo,
      tone: now === null || now.seconds === null ? "unknown" : isWithin ? "good" : "bad",
    },
    {
      metric: "within",
      value:
        exposure.worstSeconds === null
          ? words.nothing
          : told.percent(exposure.withinMs, exposure.elapsedMs),
      objective: words.atLeast(told.percent(policy.share, 1)),
      tone: toneOf(exposure.verdict),
    },
    {
      metric: "worst",
      value: told.duration(exposure.worstSeconds),
      objective: rpo,
      tone: exposure.worstSeconds === null ? "unknown" : exposure.beyondMs > 0 ? "bad" : "good",
    },
    {
      metric: "unknown",
      value: told.percent(exposure.unknownMs, exposure.elapsedMs),
      objective: words.nothing,
      tone: exposure.unknownMs > 0 ? "unknown" : "plain",
    },
  ];
}

function recoveryRows(facts: MetricsFacts, told: Teller): readonly Row[] {
  const words = metricsText[told.language];
  const { month, lastProof, objective: promised } = facts;
  const { rto, rpo, backups, proofs } = month;
  const objective = words.below(told.duration(promised.rtoSeconds));
  const rate = ({ good, tried }: { readonly good: number; readonly tried: number }): string =>
    tried === 0
      ? words.nothing
      : words.at(told.percent(good, tried), words.rate(told.number(good), told.number(tried)));
  const last = lastProof?.rtoSeconds ?? null;
  const all = told.percent(1, 1);
  return [
    {
      metric: "lastRto",
      value:
        last === null || lastProof === null
          ? words.nothing
          : words.at(told.duration(last), told.at(lastProof.at)),
      objective,
      tone: last === null ? "unknown" : last < promised.rtoSeconds ? "good" : "bad",
    },
    {
      metric: "worstRto",
      value: told.duration(rto.worstSeconds),
      objective,
      tone: toneOf(rto.verdict),
    },
    {
      metric: "rpo",
      value:
        rpo.measured === 0
          ? words.nothing
          : words.rate(told.number(rpo.missed), told.number(rpo.measured)),
      objective: told.number(0),
      tone: toneOf(rpo.verdict),
    },
    { metric: "backups", value: rate(backups), objective: all, tone: toneOf(backups.verdict) },
    { metric: "proofs", value: rate(proofs), objective: all, tone: toneOf(proofs.verdict) },
  ];
}

function metricTable(rows: readonly Row[], told: Teller): Section {
  const words = metricsText[told.language];
  const { heads } = words;
  const cells = rows.map(({ metric, value, objective, tone }): Cell[] => {
    const [name, how] = words.metrics[metric];
    return [plain(name), { text: value, tone }, plain(objective), plain(how)];
  });
  return told.table(
    { title: words.titles.metrics, head: [heads.metric, heads.value, heads.objective, heads.how] },
    cells,
  );
}

function figuresOf(rows: readonly Row[], told: Teller): readonly Figure[] {
  const words = metricsText[told.language];
  const shown = new Set(["exposure", "within", "lastRto", "worst", "backups", "proofs"]);
  return rows
    .filter(({ metric }) => shown.has(metric))
    .map(({ metric, value, objective, tone }) => {
      const [big = "", small = ""] = value.split(/ \((.*)\)$/);
      const note = [objective, small]
        .filter((part) => part !== "")
        .join(semicolonOf(told.language));
      return { label: words.metrics[metric][0], value: big, tone, note };
    });
}

/** The worst of each day. */
function exposureHistory(facts: MetricsFacts, told: Teller): Section {
  const words = metricsText[told.language];
  const { days, objective } = facts;
  const worst = days.flatMap(({ worstSeconds }) => worstSeconds ?? []);
  const title = words.titles.exposure;
  if (worst.length === 0) {
    return { kind: "text", title, paragraphs: [words.noHistory] };
  }
  const highest = Math.max(...worst, objective.rpoSeconds);
  const { max, ticks } = scaleOf(highest * 1.02);
  const marks = days.flatMap((day, index) => {
    const tone = day.beyondSeconds > 0 ? ("bad" as const) : ("unknown" as const);
    return day.beyondSeconds + day.unknownSeconds === 0
      ? []
      : [{ tone, from: index, to: index + 1 }];
  });
  return {
    kind: "chart",
    title,
    spoken: words.exposureSpoken(told.duration(Math.max(...worst))),
    xMax: days.length,
    yMax: max,
    xTicks: days
      .map(({ date }, index) => ({ at: index + 0.5, text: date.slice(5) }))
      .filter((_tick, index) => index % Math.ceil(days.length / 9) === 0),
    yTicks: ticks.map((at) => ({ at, text: shortDuration(at, told) })),
    lines: [
      {
        label: words.exposureLine,
        points: days.map(({ worstSeconds }, index) => [index + 0.5, worstSeconds] as const),
      },
      {
        label: words.heads.objective,
        points: [
          [0, objective.rpoSeconds],
          [days.length, objective.rpoSeconds],
        ],
      },
    ],
    marks,
    note: words.exposureNote,
  };
}

/** Each proof. */
function rtoHistory(facts: MetricsFacts, told: Teller): Section {
  const words = metricsText[told.language];
  const { rto, days, now } = facts;
  const title = words.titles.rto;
  const [first] = rto;
  if (first === undefined) {
    return { kind: "text", title, paragraphs: [words.noHistory] };
  }
  const fromMs = Date.parse(first.at);
  const offset = (time: string): number => (Date.parse(time) - fromMs) / 1000;
  const seconds = rto.map((one) => one.seconds);
  const objectives = rto.flatMap(({ objectiveSeconds }) => objectiveSeconds ?? []);
  const { max, ticks } = scaleOf(Math.max(...seconds, ...objectives) * 1.02);
  const end = Math.max(1, offset(now));
  const inside = days.filter((_day, index) => index % Math.ceil(days.length / 9) === 0);
  return {
    kind: "chart",
    title,
    spoken: words.rtoSpoken(told.duration(Math.max(...seconds)), told.number(rto.length)),
    xMax: end,
    yMax: max,
    xTicks: inside
      .map(({ date }) => ({ at: offset(`${date}T12:00:00Z`), text: date.slice(5) }))
      .filter(({ at }) => at >= 0 && at <= end),
    yTicks: ticks.map((at) => ({ at, text: shortDuration(at, told) })),
    lines: [
      { label: words.rtoLine, points: rto.map((one) => [offset(one.at), one.seconds] as const) },
      {
        label: words.heads.objective,
        points: rto.map((one) => [offset(one.at), one.objectiveSeconds] as const),
      },
    ],
    marks: [],
    note: words.rtoNote,
  };
}

function shownBy({ at, count, item }: MetricsItem, told: Teller): string {
  const words = metricsText[told.language];
  const counted =
    count === null
      ? []
      : [item === 139 ? words.watched(told.number(count)) : words.open(told.number(count))];
  return [...(at === null ? [] : [told.at(at)]), ...counted].join(", ");
}

function itemSection({ items }: MetricsFacts, told: Teller): Section {
  const words = metricsText[told.language];
  const { heads } = words;
  const rows = items.map((one): Cell[] => [
    plain(`S${one.item}`),
    plain(words.items[one.item] ?? ""),
    one.state === "notDue" ? plain(words.notDue) : told.verdict(one.state),
    plain(shownBy(one, told)),
  ]);
  return told.table(
    { title: words.titles.items, head: [heads.item, heads.asks, heads.state, heads.shown] },
    rows,
  );
}

/** The document in a language. */
export function metricsDocument(
  facts: MetricsFacts,
  { language, program }: { readonly language: Language; readonly program: string },
): ReportDocument {
  const told = new Teller(language, facts.zone);
  const words = metricsText[language];
  const rows = [...exposureRows(facts, told), ...recoveryRows(facts, told)];
  const { verdict, cluster, host, now, zone } = facts;
  return {
    language,
    title: `${words.title} · ${cluster}`,
    subtitle: `${words.refreshed(told.at(now))} · ${told.words.zone(zone)}`,
    verdict: { tone: toneOf(verdict), text: told.words.verdicts[verdict], detail: words.detail },
    figures: figuresOf(rows, told),
    sections: [
      metricTable(rows, told),
      exposureHistory(facts, told),
      rtoHistory(facts, told),
      ...daysSquares(
        { days: facts.days.slice(-DAYS_SHOWN), title: words.titles.days, kind: "monthly" },
        told,
      ),
      trendTable(facts.months, words.titles.months, told),
      itemSection(facts, told),
      {
        kind: "facts",
        title: words.titles.definitions,
        facts: words.definitions.map(([word, meaning]) => [word, plain(meaning)] as const),
      },
      { kind: "text", title: told.words.method, paragraphs: told.words.methods },
    ],
    footer: [told.words.footer(program, host, told.at(now))],
  };
}

/** Exposure over a period: the chart, what was attained, what was beyond and what is unknown, day by day. */
import type { ExposureFacts } from "../../queries/period/exposure-facts.ts";
import type { PeriodFacts } from "../../queries/period/period-facts.ts";
import type { Cell, ChartMark, ChartSection, Section } from "../report-document.ts";
import { type Teller, plain, toneOf } from "./teller.ts";

/** Steps of an axis of time spans, in seconds: what people count in. */
const STEPS = [10, 30, 60, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400];
const LINES_MAX = 5;

/** Where the axis ends, and its lines. */
export function scaleOf(highest: number): {
  readonly max: number;
  readonly ticks: readonly number[];
} {
  const step =
    STEPS.find((one) => highest / one <= LINES_MAX) ??
    86_400 * Math.ceil(highest / 86_400 / LINES_MAX);
  const count = Math.max(1, Math.ceil(highest / step));
  return {
    max: count * step,
    ticks: Array.from({ length: count + 1 }, (_none, index) => index * step),
  };
}

/** A mark of an axis: 1 h, not 1 h 00 min. */
export function shortDuration(seconds: number, told: Teller): string {
  return seconds === 0 ? "0" : told.duration(seconds).replace(/\u00a00+\u00a0\w+$/, "");
}

/** Instants below the chart: hours of a day, else days. */
function xTicks({ kind, from, to, days, zone }: PeriodFacts, told: Teller): ChartSection["xTicks"] {
  const fromMs = Date.parse(from);
  if (kind === "daily") {
    const hours = (Date.parse(to) - fromMs) / 3_600_000;
    return Array.from({ length: Math.ceil(hours / 4) }, (_none, index) => {
      const at = index * 4 * 3600;
      const format = new Intl.DateTimeFormat(told.language, {
        timeZone: zone,
        timeStyle: "short",
        hourCycle: "h23",
      });
      return { at, text: format.format(fromMs + at * 1000) };
    });
  }
  const every = kind === "weekly" ? 1 : 3;
  const spread =
    (Date.parse(to) - fromMs) / 1000 / (kind === "weekly" ? 7 : Number(lastDate(to, zone)));
  return days
    .map(({ date }, index) => ({
      at: (index + 0.5) * spread,
      text: kind === "weekly" ? date.slice(5) : String(Number(date.slice(8))),
    }))
    .filter((_tick, index) => index % every === 0);
}

/** The number of the period's last day. */
function lastDate(to: string, zone: string): string {
  const format = new Intl.DateTimeFormat("en", { timeZone: zone, day: "numeric" });
  return format.format(Date.parse(to) - 1);
}

/** Stretches of the chart's steps that are set off. */
function marksOf(
  series: ExposureFacts["series"],
  offset: (time: string) => number,
  end: number,
): readonly ChartMark[] {
  const marks: ChartMark[] = [];
  series.forEach(({ at, worstSeconds, rpoSeconds, isUnknownInPart }, index) => {
    const next = series[index + 1];
    const to = next === undefined ? end : offset(next.at);
    const tone =
      worstSeconds !== null && worstSeconds >= (rpoSeconds ?? 0)
        ? "bad"
        : isUnknownInPart
          ? "unknown"
          : undefined;
    const last = marks.at(-1);
    if (tone !== undefined && last?.tone === tone && last.to === offset(at)) {
      marks[marks.length - 1] = { ...last, to };
    } else if (tone !== undefined) {
      marks.push({ tone, from: offset(at), to });
    }
  });
  return marks;
}

function sharesText(exposure: ExposureFacts, told: Teller): string {
  const { withinSeconds, beyondSeconds, unknownSeconds } = exposure;
  const all = withinSeconds + beyondSeconds + unknownSeconds;
  const share = (part: number): string => told.percent(part, all);
  return told.words.shares(share(withinSeconds), share(beyondSeconds), share(unknownSeconds));
}

/** The chart; words in its place where nobody looked. */
export function exposureChart(facts: PeriodFacts, told: Teller): Section {
  const { words } = told;
  const { exposure, from, to } = facts;
  const { series, worstSeconds } = exposure;
  if (worstSeconds === null) {
    return { kind: "text", title: words.exposure, paragraphs: [words.noChart] };
  }
  const offset = (time: string): number => (Date.parse(time) - Date.parse(from)) / 1000;
  const promised = series.flatMap(({ rpoSeconds }) => rpoSeconds ?? []);
  const { max, ticks } = scaleOf(Math.max(worstSeconds, ...promised) * 1.02);
  const end = offset(to);
  const reached = Math.min(end, offset(facts.now));
  return {
    kind: "chart",
    title: words.exposure,
    spoken: words.exposureSpoken(told.duration(worstSeconds), sharesText(exposure, told)),
    xMax: end,
    yMax: max,
    xTicks: xTicks(facts, told),
    yTicks: ticks.map((at) => ({
      at,
      text: shortDuration(at, told),
    })),
    lines: [
      {
        label: words.exposureLine,
        points: series.map((point) => [offset(point.at), point.worstSeconds] as const),
      },
      {
        label: words.objectiveLine,
        points: series.map((point) => [offset(point.at), point.rpoSeconds] as const),
      },
    ],
    marks: marksOf(series, offset, reached),
    note: words.chartNote,
  };
}

/** What was attained, weighted by time. */
export function attainedSection({ exposure }: PeriodFacts, told: Teller): Section {
  const { words } = told;
  const { withinSeconds, beyondSeconds, unknownSeconds, worstSeconds, worstAt, budget } = exposure;
  const all = withinSeconds + beyondSeconds + unknownSeconds;
  const part = (seconds: number): Cell =>
    plain(words.ofTime(told.duration(seconds), told.percent(seconds, all)));
  const [used, allowed, left] = [
    budget.usedSeconds,
    budget.allowedSeconds,
    Math.abs(budget.leftSeconds),
  ].map((seconds) => told.duration(seconds));
  const spent = budget.leftSeconds < 0 ? words.overBudget : words.budget;
  const worst = worstAt === null ? "–" : `${told.duration(worstSeconds)} (${told.at(worstAt)})`;
  return {
    kind: "facts",
    title: words.attained,
    facts: [
      [words.facts.within, part(withinSeconds)],
      [words.facts.beyond, { ...part(beyondSeconds), tone: beyondSeconds > 0 ? "bad" : "plain" }],
      [
        words.facts.unknown,
        { ...part(unknownSeconds), tone: unknownSeconds > 0 ? "unknown" : "plain" },
      ],
      [words.facts.median, plain(told.duration(exposure.medianSeconds))],
      [words.facts.mean, plain(told.duration(exposure.meanSeconds))],
      [words.facts.p99, plain(told.duration(exposure.p99Seconds))],
      [words.facts.worst, plain(worst)],
      [
        words.facts.budget,
        { text: spent(used ?? "", allowed ?? "", left ?? ""), tone: toneOf(exposure.verdict) },
      ],
    ],
  };
}

/** What was beyond, and what is unknown. */
export function stretchSections({ exposure }: PeriodFacts, told: Teller): readonly Section[] {
  const { words } = told;
  const { beyond, unknown } = exposure;
  const note = (shown: number, total: number): string | undefined =>
    shown < total ? words.longestOf(told.number(shown), told.number(total)) : undefined;
  const cells = (one: {
    readonly from: string;
    readonly to: string;
    readonly seconds: number;
  }): Cell[] => [
    plain(told.at(one.from)),
    plain(told.at(one.to)),
    plain(told.duration(one.seconds)),
  ];
  const head = [words.from, words.to, words.lasted];
  return [
    told.table(
      { title: words.beyondTitle, head: [...head, words.worst], none: words.noBeyond },
      beyond.longest.map((one) => [...cells(one), plain(told.duration(one.worstSeconds))]),
      note(beyond.longest.length, beyond.total),
    ),
    told.table(
      { title: words.unknownTitle, head, none: words.noUnknown },
      unknown.longest.map(cells),
      note(unknown.longest.length, unknown.total),
    ),
  ];
}

type Days = Pick<PeriodFacts, "days" | "kind">;

/** A square a day; nothing where there is no day. */
export function daysSquares(
  { days, kind, title }: Days & { readonly title: string },
  told: Teller,
): readonly Section[] {
  const { words } = told;
  const count = (verdict: PeriodFacts["verdict"]): string =>
    told.number(days.filter((day) => day.verdict === verdict).length);
  return days.length === 0
    ? []
    : [
        {
          kind: "days",
          title,
          spoken: words.daysSpoken(count("met"), count("missed"), count("notDemonstrated")),
          days: days.map(({ date, verdict }) => ({
            label: kind === "weekly" ? date.slice(5) : String(Number(date.slice(8))),
            tone: toneOf(verdict),
          })),
          note: words.daysNote,
        },
      ];
}

/** A square a day, and a line a day. */
export function daySections({ days, kind }: PeriodFacts, told: Teller): readonly Section[] {
  const { words } = told;
  if (days.length === 0) {
    return [];
  }
  const rows = days.map((day) => {
    const all = day.withinSeconds + day.beyondSeconds + day.unknownSeconds;
    return [
      { text: day.date, tone: toneOf(day.verdict) },
      plain(told.percent(day.withinSeconds, all)),
      plain(told.percent(day.unknownSeconds, all)),
      plain(told.duration(day.worstSeconds)),
      plain(`${told.number(day.backups.good)}/${told.number(day.backups.tried)}`),
      plain(`${told.number(day.proofs.good)}/${told.number(day.proofs.tried)}`),
      plain(told.number(day.alertsOpened)),
    ];
  });
  const head = [
    words.day,
    words.withinHead,
    words.unknownHead,
    words.worst,
    words.backups,
    words.proofs,
    words.alerts,
  ];
  return [
    ...daysSquares({ days, kind, title: words.days }, told),
    told.table({ title: `${words.days} (${words.result})`, head }, rows),
  ];
}

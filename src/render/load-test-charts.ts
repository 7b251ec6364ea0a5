/** The charts of a load test's report: one line over the time of the load each, with what ran beside it shaded. */
import { formatNumber } from "../core/format.ts";
import type { Language } from "../core/language.ts";
import type { LoadTestFacts } from "../queries/load-test-facts.ts";
import { loadTestWords } from "./load-test-words.ts";
import type { ChartMark, ChartSection, Section } from "./report-document.ts";

/** The part of all values that a chart must show; few outliers would flatten it. */
const SHOWN_SHARE = 0.99;
const TICKS = 4;

/** The value below which such a share of all lies. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** The least of 1, 2 and 5 times a power of ten that divides the axis into few parts. */
function stepOf(maximum: number): number {
  const rough = maximum / TICKS;
  const power = 10 ** Math.floor(Math.log10(rough === 0 ? 1 : rough));
  return ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10) * power;
}

function axis(
  maximum: number,
  text: (value: number) => string,
): { readonly max: number; readonly ticks: ChartSection["yTicks"] } {
  const step = stepOf(maximum);
  const count = Math.max(1, Math.ceil(maximum / step));
  const ticks = Array.from({ length: count + 1 }, (_, index) => index * step);
  return { max: count * step, ticks: ticks.map((at) => ({ at, text: text(at) })) };
}

function marksOf(facts: LoadTestFacts, endMs: number): readonly ChartMark[] {
  const { streamed, backups, crash } = facts;
  return [
    ...streamed.map(({ fromMs, toMs }) => {
      return { tone: "plain" as const, from: fromMs, to: Math.min(toMs, endMs) };
    }),
    ...backups.map(({ fromMs, toMs }) => ({ tone: "warning" as const, from: fromMs, to: toMs })),
    ...(crash === null ? [] : [{ tone: "bad" as const, from: crash.atMs, to: crash.atMs }]),
  ];
}

/** Commits a second and how long they took, over time, with what ran beside the load. */
export function loadTestCharts(facts: LoadTestFacts, language: Language): readonly Section[] {
  const words = loadTestWords(language, facts.onProduction);
  const number = (value: number, digits = 0): string => formatNumber(value, language, digits);
  const { series } = facts;
  const slotMs = (series[1]?.atMs ?? 0) - (series[0]?.atMs ?? 0);
  const endMs = Math.max(facts.crash?.atMs ?? 0, (series.at(-1)?.atMs ?? 0) + slotMs);
  const seconds = endMs > 180_000 ? 60_000 : 1000;
  const step = stepOf(endMs / seconds) * seconds;
  const unit = seconds === 1000 ? "s" : "min";
  const xTicks = Array.from({ length: Math.floor(endMs / step) + 1 }, (_, index) => ({
    at: index * step,
    text: `${number((index * step) / seconds, 1)} ${unit}`,
  }));
  const chart = (title: string, spoken: string, lines: ChartSection["lines"]): ChartSection => {
    const values = lines.flatMap(({ points }) =>
      points.flatMap(([, y]) => (y === null ? [] : [y])),
    );
    const y = axis(quantile(values, SHOWN_SHARE) * 1.05, (value) => number(value, 1));
    return {
      kind: "chart",
      title,
      spoken,
      xMax: endMs,
      yMax: y.max,
      xTicks,
      yTicks: y.ticks,
      lines,
      marks: marksOf(facts, endMs),
      note: words.chartNote,
    };
  };
  if (series.length < 2) {
    return [
      { kind: "table", title: words.rateChart, head: [], rows: [], note: words.nothingDrawn },
    ];
  }
  const rates = series.map(({ perSecond }) => perSecond);
  const known = (pick: "p50Ms" | "p99Ms"): number =>
    quantile(
      series.flatMap((point) => point[pick] ?? []),
      0.5,
    );
  const line = (
    label: string,
    pick: "perSecond" | "p50Ms" | "p99Ms",
  ): ChartSection["lines"][number] => ({
    label,
    points: series.map((point) => [point.atMs + slotMs / 2, point[pick]] as const),
  });
  return [
    chart(
      words.rateChart,
      words.rateSpoken(number(quantile(rates, 0.05)), number(quantile(rates, 0.95))),
      [line(words.commitsLine, "perSecond")],
    ),
    chart(
      words.latencyChart,
      words.latencySpoken(number(known("p50Ms"), 1), number(known("p99Ms"), 1)),
      [line(words.halfLine, "p50Ms"), line(words.worstLine, "p99Ms")],
    ),
  ];
}

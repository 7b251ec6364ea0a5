/** A load test as a report: the verdict and both measured objectives first, each test with its figures, then what protection cost, over time. */
import { formatBytes, formatDuration, formatNumber } from "../core/format.ts";
import type { Language } from "../core/language.ts";
import type { LoadTestCheck, LoadTestFacts } from "../queries/load-test-facts.ts";
import type { Measured } from "../queries/proof-facts.ts";
import { loadTestText } from "./load-test-text.ts";
import type {
  Cell,
  ChartMark,
  ChartSection,
  Figure,
  ReportDocument,
  Section,
  Tone,
} from "./report-document.ts";

/** The part of all values that a chart must show; few outliers would flatten it. */
const SHOWN_SHARE = 0.99;
const TICKS = 4;

const TONES = { pass: "good", fail: "bad", notReached: "unknown" } as const;

/** How values are written. */
function writing(language: Language) {
  return {
    words: loadTestText[language],
    number: (value: number, digits = 0) => formatNumber(value, language, digits),
    bytes: (value: number) => formatBytes(value, language),
    duration: (ms: number) => formatDuration(ms, language).replaceAll(" ", "\u00a0"),
    loss: (share: number) =>
      share < 0.001
        ? loadTestText[language].noCost
        : `${formatNumber(share * 100, language, 1)}\u00a0%`,
    percent: (share: number) => `${formatNumber(share * 100, language, 1)}\u00a0%`,
  };
}

function instant(time: string): string {
  return `${time.slice(0, 19).replace("T", " ")} UTC`;
}

function objective(label: string, value: Measured, language: Language): Figure {
  const { words, duration } = writing(language);
  if (value.seconds === null) {
    return { label, value: "—", tone: "unknown", note: words.noData };
  }
  const wanted = duration(value.objectiveSeconds * 1000);
  const met = value.met === true;
  return {
    label,
    value: value.seconds === 0 ? "0 s" : duration(value.seconds * 1000),
    tone: met ? "good" : "bad",
    note: met ? words.met(wanted) : words.missed(wanted),
  };
}

function lostFigure(facts: LoadTestFacts, language: Language): Figure {
  const { words, number } = writing(language);
  const test = facts.tests.find(({ name }) => name === "nothingLost");
  if (test === undefined || test.outcome === "notReached") {
    return { label: words.lost, value: "—", tone: "unknown", note: words.noData };
  }
  const { lost = 0, acknowledged = 0 } = test.figures;
  const note = words.lostNote(number(acknowledged));
  return { label: words.lost, value: number(lost), tone: TONES[test.outcome], note };
}

function figuresText({ name, outcome, figures }: LoadTestCheck, language: Language): string {
  const { words, number, duration, percent, loss } = writing(language);
  const of = (key: string): number => figures[key] ?? 0;
  if (outcome === "notReached") {
    return words.noData;
  }
  switch (name) {
    case "load":
      return words.load(number(of("commits")), number(of("clients")), duration(of("silenceMs")));
    case "backups":
      return words.backups(number(of("full")), number(of("incremental")), number(of("failed")));
    case "slowdown":
      return words.slowdown(loss(of("share")), percent(of("maximum")));
    case "wal":
      return words.holes(number(of("holes")));
    case "nothingLost":
      return words.lostOf(number(of("lost")), number(of("acknowledged")));
    case "coherent":
      return words.coherent(number(of("found")), number(of("faults")));
    case "restored":
      return words.restored(
        duration(of("seconds") * 1000),
        duration(of("objectiveSeconds") * 1000),
      );
    case "repository":
      return words.damaged(number(of("damaged")));
  }
}

function tests(facts: LoadTestFacts, language: Language): Section {
  const { words } = writing(language);
  return {
    kind: "table",
    title: words.tests,
    head: [words.test, words.verdict, words.figures],
    rows: facts.tests.map((test): Cell[] => [
      { text: words.testNames[test.name] },
      { text: words.outcomes[test.outcome], tone: TONES[test.outcome] },
      { text: figuresText(test, language) },
    ]),
  };
}

function costs(facts: LoadTestFacts, language: Language): Section {
  const { words, number, loss } = writing(language);
  const { streaming, backup } = facts.slowdown;
  const share = (value: number | null): string =>
    value === null ? words.costUnknown : loss(value);
  const latency = (value: number): Cell => ({ text: `${number(value, 1)}\u00a0ms` });
  return {
    kind: "table",
    title: words.costs,
    head: [words.stretch, words.perSecond, "p50", "p95", "p99"],
    rows: (["plain", "streaming", "backup"] as const).map((name): Cell[] => {
      const figures = facts.stretches[name];
      const label = { text: words.stretches[name] };
      return figures === null
        ? [
            label,
            { text: "—", tone: "unknown" },
            ...Array.from({ length: 3 }, () => ({ text: "—" })),
          ]
        : [
            label,
            { text: number(figures.perSecond) },
            latency(figures.p50Ms),
            latency(figures.p95Ms),
            latency(figures.p99Ms),
          ];
    }),
    note: words.costNote(share(streaming), share(backup)),
  };
}

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
  const { streamingFromMs, backups, crash } = facts;
  return [
    ...(streamingFromMs === null
      ? []
      : [{ tone: "plain" as const, from: streamingFromMs, to: endMs }]),
    ...backups.map(({ fromMs, toMs }) => ({ tone: "warning" as const, from: fromMs, to: toMs })),
    ...(crash === null ? [] : [{ tone: "bad" as const, from: crash.atMs, to: crash.atMs }]),
  ];
}

function charts(facts: LoadTestFacts, language: Language): readonly Section[] {
  const { words, number } = writing(language);
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

function backups(facts: LoadTestFacts, language: Language): Section {
  const { words, bytes, duration } = writing(language);
  const tones: Readonly<Record<string, Tone>> = { finished: "good", failed: "bad" };
  return {
    kind: "table",
    title: words.backupsTitle,
    head: [words.kind, words.began, words.took, words.read, words.stored, words.outcome],
    rows: facts.backups.map(
      ({ kind, state, code, fromMs, toMs, readBytes, storedBytes }): Cell[] => {
        const finished = state === "finished";
        return [
          { text: words.kinds[kind] },
          { text: duration(fromMs) },
          { text: duration(toMs - fromMs) },
          { text: finished ? bytes(readBytes) : "—" },
          { text: finished ? bytes(storedBytes) : "—" },
          {
            text:
              state === "failed" ? `${words.states.failed} (${code ?? ""})` : words.states[state],
            tone: tones[state] ?? "plain",
          },
        ];
      },
    ),
    ...(facts.backups.length === 0 ? { note: words.noBackup } : {}),
  };
}

function recovery(facts: LoadTestFacts, language: Language): readonly Section[] {
  const { words, bytes, duration } = writing(language);
  const { crash, restore } = facts;
  const shown: (readonly [string, Cell])[] = [];
  if (crash !== null) {
    const at = duration(crash.atMs);
    const lost = facts.ending === "serverLost";
    const text = lost ? words.lostAt(at) : words.crashedAt(at, crash.duringBackup);
    shown.push([words.crashed, { text }]);
  }
  if (restore !== null) {
    const { restoredBytes, walBytes, durationMs, startMs } = restore;
    const text = words.restoreText(
      bytes(restoredBytes),
      bytes(walBytes),
      duration(durationMs),
      duration(startMs),
    );
    shown.push([words.restoreFacts, { text }]);
  }
  return shown.length === 0 ? [] : [{ kind: "facts", title: words.crash, facts: shown }];
}

function production(facts: LoadTestFacts, language: Language): readonly Section[] {
  const { words, bytes, duration } = writing(language);
  if (facts.production === null) {
    return [];
  }
  const { clusterBytes, backupFinishedAt, fullBackupMs, restoreMs, withinObjective } =
    facts.production;
  const wanted = duration(facts.rto.objectiveSeconds * 1000);
  const held = withinObjective ? words.met(wanted) : words.missed(wanted);
  return [
    {
      kind: "facts",
      title: words.production,
      facts: [
        [
          words.productionSize,
          { text: words.productionSizeText(bytes(clusterBytes), instant(backupFinishedAt)) },
        ],
        [words.fullBackup, { text: `${words.prediction} ${duration(fullBackupMs)}` }],
        [
          words.restore,
          {
            text: `${words.prediction} ${duration(restoreMs)} · ${held}`,
            tone: withinObjective ? "plain" : "warning",
          },
        ],
        [words.assumptions, { text: words.assumed }],
      ],
    },
  ];
}

function surroundings(facts: LoadTestFacts, language: Language): Section {
  const { words, bytes, number, duration } = writing(language);
  const { failure } = facts;
  return {
    kind: "facts",
    title: words.environment,
    facts: [
      [words.host, { text: facts.host }],
      [words.server, { text: `PostgreSQL ${facts.serverVersion}` }],
      [words.data, { text: bytes(facts.databaseBytes) }],
      [words.clients, { text: number(facts.clients) }],
      [words.loadTime, { text: duration(facts.loadMs) }],
      [words.seed, { text: String(facts.seed) }],
      ...(failure === null
        ? []
        : [[words.problem, { text: `${failure.code}: ${failure.message}`, tone: "bad" }] as const]),
    ],
  };
}

/** The report in a language. `program`: who made it. */
export function loadTestReport(
  facts: LoadTestFacts,
  options: { readonly language: Language; readonly program: string },
): ReportDocument {
  const { language, program } = options;
  const { words, duration } = writing(language);
  const state = facts.ok ? "good" : facts.ending;
  const tone = facts.ok ? "good" : facts.ending === "interrupted" ? "warning" : "bad";
  return {
    language,
    title: `${words.title} · ${facts.cluster}`,
    subtitle: `${instant(facts.startedAt)} · ${facts.host} · ${duration(facts.durationMs)}`,
    verdict: { tone, text: words.verdicts[state], detail: words.details[state] },
    figures: [
      objective(words.rpo, facts.rpo, language),
      objective(words.rto, facts.rto, language),
      lostFigure(facts, language),
    ],
    sections: [
      tests(facts, language),
      costs(facts, language),
      ...charts(facts, language),
      backups(facts, language),
      ...recovery(facts, language),
      ...production(facts, language),
      surroundings(facts, language),
    ],
    footer: [words.footer(program)],
  };
}

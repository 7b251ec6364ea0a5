/** A load test as a report: the verdict and both measured objectives first, each test with its figures, then what protection cost, over time. */
import { formatBytes, formatDuration, formatInstant, formatNumber } from "../core/format.ts";
import type { Language } from "../core/language.ts";
import type { MeanInterval } from "../core/mean-interval.ts";
import { proofWords } from "../core/proof-words.ts";
import type { LoadTestCheck, LoadTestFacts } from "../queries/load-test-facts.ts";
import type { Measured } from "../queries/proof-facts.ts";
import { loadTestCharts } from "./load-test-charts.ts";
import { loadTestWords, productionFactWords } from "./load-test-words.ts";
import type { Cell, Figure, ReportDocument, Section, Tone } from "./report-document.ts";

type Predicted = NonNullable<LoadTestFacts["production"]>["restore"];

const TONES = { pass: "good", fail: "bad", notReached: "unknown" } as const;

/** How values are written. */
function writing(language: Language, facts?: Pick<LoadTestFacts, "onProduction">) {
  return {
    words: loadTestWords(language, facts?.onProduction ?? null),
    number: (value: number, digits = 0) => formatNumber(value, language, digits),
    bytes: (value: number) => formatBytes(value, language),
    duration: (ms: number) => formatDuration(ms, language).replaceAll(" ", "\u00a0"),
    percent: (share: number) => `${formatNumber(share * 100, language, 1)}\u00a0%`,
  };
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
  const { words, number } = writing(language, facts);
  const test = facts.tests.find(({ name }) => name === "nothingLost");
  if (test === undefined || test.outcome === "notReached") {
    return { label: words.lost, value: "—", tone: "unknown", note: words.noData };
  }
  if (facts.onProduction !== null) {
    const { unheldCommits } = facts.onProduction;
    const value = unheldCommits === null ? "—" : number(unheldCommits);
    const tone = facts.rpo.met === null ? "unknown" : facts.rpo.met ? "good" : "bad";
    return { label: words.lost, value, tone, note: words.lostNote(number(facts.acknowledged)) };
  }
  const { lost = 0, acknowledged = 0 } = test.figures;
  const note = words.lostNote(number(acknowledged));
  return { label: words.lost, value: number(lost), tone: TONES[test.outcome], note };
}

function figuresText(
  { name, outcome, figures }: LoadTestCheck,
  facts: LoadTestFacts,
  language: Language,
): string {
  const { words, number, duration, percent } = writing(language, facts);
  const of = (key: string): number => figures[key] ?? 0;
  if (outcome === "notReached") {
    return words.noData;
  }
  switch (name) {
    case "load":
      return words.load({
        commits: number(of("commits")),
        clients: number(of("clients")),
        broken: number(of("broken")),
        silence: duration(of("silenceMs")),
      });
    case "backups":
      return words.backups(number(of("full")), number(of("incremental")), number(of("failed")));
    case "slowdown":
      return words.slowdown(percent(of("share")), number(of("pairs")), percent(of("maximum")));
    case "wal":
      return words.holes(number(of("holes")));
    case "nothingLost":
      return words.lostOf(number(of("lost")), number(of("acknowledged")));
    case "coherent":
      return words.coherent(number(of("found")), number(of("faults")));
    case "application":
      return words.applicationTook(duration(of("seconds") * 1000));
    case "health":
      return words.applicationTook(duration(of("seconds") * 1000));
    case "restored":
      return words.restored(
        of("untilApplication") === 1,
        duration(of("seconds") * 1000),
        duration(of("objectiveSeconds") * 1000),
      );
    case "repository":
      return words.damaged(number(of("damaged")));
  }
}

function tests(facts: LoadTestFacts, language: Language): Section {
  const { words } = writing(language, facts);
  return {
    kind: "table",
    title: words.tests,
    head: [words.test, words.verdict, words.figures],
    rows: facts.tests.map((test): Cell[] => [
      { text: words.testNames[test.name] },
      { text: words.outcomes[test.outcome], tone: TONES[test.outcome] },
      { text: figuresText(test, facts, language) },
    ]),
  };
}

/** Production's protection is never turned off to be compared with none. */
function comparedIn<T extends "plain" | "streaming" | "backup">(
  facts: LoadTestFacts,
  all: readonly T[],
): readonly T[] {
  const first = facts.onProduction === null ? 0 : 1;
  return all.slice(first);
}

function costs(facts: LoadTestFacts, language: Language): Section {
  const { words, number } = writing(language, facts);
  const { pacedPerSecond } = facts;
  const latency = (value: number): Cell => ({ text: `${number(value, 1)}\u00a0ms` });
  return {
    kind: "table",
    title: words.stretchTitle,
    head: [words.stretch, words.perSecond, "p50", "p95", "p99"],
    rows: comparedIn(facts, ["plain", "streaming", "backup"] as const).map((name): Cell[] => {
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
    note: [
      words.stretchNote,
      pacedPerSecond === null ? "" : words.pacedNote(number(pacedPerSecond)),
    ]
      .filter((part) => part !== "")
      .join(" "),
  };
}

/** A mean in its unit, with the ends of its interval where it has one. */
function meanText(value: MeanInterval | null, unit: "%" | "ms", language: Language): string {
  const { words, number } = writing(language);
  if (value === null) {
    return "—";
  }
  const { mean, low, high } = value;
  const write = (one: number): string => number(unit === "%" ? one * 100 : one, 1);
  const text = `${write(mean)}\u00a0${unit}`;
  return low === null || high === null
    ? text
    : `${text} (${words.fromTo(write(low), write(high)).replaceAll(" ", "\u00a0")})`;
}

/** What protection costs, by neighbouring windows. */
function slowdowns(facts: LoadTestFacts, language: Language): Section {
  const { words, number } = writing(language, facts);
  const longer = (value: MeanInterval | null): Cell => ({
    text: meanText(value, "ms", language),
  });
  return {
    kind: "table",
    title: words.costs,
    head: [
      words.compared,
      words.pairs,
      words.rateLost,
      words.longer("p50"),
      words.longer("p95"),
      words.longer("p99"),
    ],
    rows: comparedIn(facts, ["streaming", "backup"] as const).map((name): Cell[] => {
      const slowdown = facts.slowdown[name];
      const label = { text: words.comparisons[name] };
      return slowdown === null
        ? [
            label,
            { text: words.costUnknown, tone: "unknown" },
            ...Array.from({ length: 4 }, () => ({ text: "—" })),
          ]
        : [
            label,
            { text: number(slowdown.rate.count) },
            { text: meanText(slowdown.rate, "%", language) },
            longer(slowdown.p50Ms),
            longer(slowdown.p95Ms),
            longer(slowdown.p99Ms),
          ];
    }),
    note: words.costNote,
  };
}

function backups(facts: LoadTestFacts, language: Language): Section {
  const { words, bytes, duration } = writing(language, facts);
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

function healthShown(
  facts: LoadTestFacts,
  language: Language,
): readonly (readonly [string, Cell])[] {
  const { words } = writing(language, facts);
  if (facts.health === null) {
    return [];
  }
  const { url, after } = facts.health;
  const text =
    after === null
      ? words.healthElsewhere
      : words.healthText(words.health[after.kind], String(after.attempts));
  const tone = after === null ? "warning" : after.kind === "well" ? "good" : "bad";
  return [[words.healthAddress, { text: `${url}: ${text}`, tone }]];
}

function recovery(facts: LoadTestFacts, language: Language): readonly Section[] {
  const { words, bytes, duration } = writing(language, facts);
  const { crash, restore } = facts;
  const shown: (readonly [string, Cell])[] = [];
  if (crash !== null) {
    const at = duration(crash.atMs);
    const text =
      crash.cause === "planned"
        ? words.crashedAt(at, crash.duringBackup)
        : words.lostAt[crash.cause](at);
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
  if (facts.application !== null) {
    const { ok, outcome, exitCode, reason, durationMs, command, output } = facts.application;
    const how = [
      proofWords[language].application[outcome],
      ...(ok ? [] : [exitCode ?? reason ?? ""]),
      `(${duration(durationMs)})`,
    ];
    shown.push(
      [words.application, { text: how.join(" "), tone: ok ? "good" : "bad" }],
      [words.applicationCommand, { text: command.join(" ") }],
      ...(ok || output === ""
        ? []
        : [[words.applicationOutput, { text: output.trimEnd() }] as const]),
    );
  } else if (restore !== null && (facts.health === null || facts.health.after === null)) {
    shown.push([words.application, { text: words.noApplication }]);
  }
  shown.push(...healthShown(facts, language));
  return shown.length === 0 ? [] : [{ kind: "facts", title: words.crash, facts: shown }];
}

/** What was done to production, and what it felt. */
function onProduction(facts: LoadTestFacts, language: Language): readonly Section[] {
  const { words, number, percent } = writing(language, facts);
  const own = productionFactWords[language];
  if (facts.onProduction === null) {
    return [];
  }
  const { where, database, dropped, share, probe, frozen } = facts.onProduction;
  const ms = (value: number | null): string =>
    value === null ? words.noData : `${number(value, 1)}\u00a0ms`;
  return [
    {
      kind: "facts",
      title: own.onProduction,
      facts: [
        [own.where, { text: where }],
        [
          own.ownDatabase,
          { text: own.ownDatabaseText(database, dropped), tone: dropped ? "plain" : "bad" },
        ],
        [own.share, { text: own.shareText(percent(share)) }],
        [own.probe, { text: own.probeText(ms(probe.beforeMs), ms(probe.worstMs)) }],
        ...(frozen === null
          ? []
          : [
              [own.frozen, { text: own.frozenText(frozen.lsn, formatInstant(frozen.at)) }] as const,
            ]),
        [own.untouched, { text: own.untouchedText }],
      ],
    },
  ];
}

function production(facts: LoadTestFacts, language: Language): readonly Section[] {
  const { words, bytes, number, duration } = writing(language, facts);
  if (facts.production === null) {
    return [];
  }
  const { clusterBytes, backupFinishedAt, factor, fullBackup, restore, objective } =
    facts.production;
  const wanted = duration(facts.rto.objectiveSeconds * 1000);
  const predicted = ({ expectedMs, lowMs, highMs, measurements }: Predicted): string =>
    [
      words.prediction,
      duration(expectedMs),
      lowMs === null || highMs === null
        ? words.oneMeasurement
        : `(${words.fromTo(duration(lowMs), duration(highMs))}, ${words.measurements(number(measurements))})`,
    ].join(" ");
  return [
    {
      kind: "facts",
      title: words.production,
      facts: [
        [
          words.productionSize,
          {
            text: words.productionSizeText(
              bytes(clusterBytes),
              backupFinishedAt === null ? null : formatInstant(backupFinishedAt),
              number(factor, factor < 10 ? 1 : 0),
            ),
          },
        ],
        [words.fullBackup, { text: predicted(fullBackup) }],
        [
          words.restore,
          {
            text: `${predicted(restore)} · ${words.forecast[objective](wanted)}`,
            tone: objective === "met" ? "plain" : "warning",
          },
        ],
        [words.assumptions, { text: words.assumed }],
      ],
    },
  ];
}

function surroundings(facts: LoadTestFacts, language: Language): Section {
  const { words, bytes, number, duration, percent } = writing(language, facts);
  const { failure, shape } = facts;
  return {
    kind: "facts",
    title: words.environment,
    facts: [
      [words.host, { text: facts.host }],
      [
        words.server,
        {
          text: [
            `PostgreSQL ${facts.serverVersion}`,
            facts.serverOrigin === null ? "" : `(${words.origins[facts.serverOrigin]})`,
          ].join(" "),
        },
      ],
      [words.data, { text: bytes(facts.databaseBytes) }],
      ...(shape === null
        ? []
        : [
            [
              words.shape,
              {
                text: words.shapeText({
                  bytes: bytes(shape.productionBytes),
                  databases: number(shape.databases),
                  tables: number(shape.tables),
                  share: percent(shape.share),
                  asText: number(shape.columnsAsText),
                }),
              },
            ] as const,
          ]),
      [words.clients, { text: number(facts.clients) }],
      [words.loadTime, { text: duration(facts.loadMs) }],
      [words.seed, { text: String(facts.seed) }],
      ...facts.resumed.map(({ phase, lastKnownAt, resumedAt }) => {
        const pause = duration(Date.parse(resumedAt) - Date.parse(lastKnownAt));
        const text = words.resumedText(words.resumedAt[phase], formatInstant(resumedAt), pause);
        return [words.resumed, { text, tone: "warning" }] as const;
      }),
      ...(failure === null
        ? []
        : [
            [
              words.problem,
              { text: `${failure.code}: ${failure.message[language]}`, tone: "bad" },
            ] as const,
          ]),
    ],
  };
}

/** The report in a language. `program`: who made it. */
export function loadTestReport(
  facts: LoadTestFacts,
  options: { readonly language: Language; readonly program: string },
): ReportDocument {
  const { language, program } = options;
  const { words, duration } = writing(language, facts);
  const state = facts.ok ? "good" : facts.ending;
  const tone = facts.ok ? "good" : facts.ending === "interrupted" ? "warning" : "bad";
  return {
    language,
    title: `${words.title} · ${facts.cluster}`,
    subtitle: `${formatInstant(facts.startedAt)} · ${facts.host} · ${duration(facts.durationMs)}`,
    verdict: { tone, text: words.verdicts[state], detail: words.details[state] },
    figures: [
      objective(words.rpo, facts.rpo, language),
      objective(words.rto, facts.rto, language),
      lostFigure(facts, language),
    ],
    sections: [
      tests(facts, language),
      ...onProduction(facts, language),
      slowdowns(facts, language),
      costs(facts, language),
      ...loadTestCharts(facts, language),
      backups(facts, language),
      ...recovery(facts, language),
      ...production(facts, language),
      surroundings(facts, language),
    ],
    footer: [words.footer(program)],
  };
}

/** A proof as a report: the verdict and both measured objectives first, then what was restored, every check, and where. */
import { formatBytes, formatDuration, formatInstant, formatNumber } from "../core/format.ts";
import type { Language } from "../core/language.ts";
import { proofWords } from "../core/proof-words.ts";
import type { Measured, ProofFacts } from "../queries/proof-facts.ts";
import { proofReportText } from "./proof-report-text.ts";
import {
  type Cell,
  type Figure,
  type ReportDocument,
  type Section,
  type Tone,
  colonOf,
  semicolonOf,
} from "./report-document.ts";

/** Findings of a level that the report shows; its JSON has those that were kept. */
const FINDINGS_SHOWN_MAX = 50;

const TONES: Readonly<Record<ProofFacts["verdict"], Tone>> = {
  proved: "good",
  failed: "bad",
  unfit: "warning",
};

function figure(
  about: { readonly label: string; readonly missing: string },
  value: Measured,
  language: Language,
): Figure {
  const words = proofReportText[language];
  const { label, missing } = about;
  if (value.seconds === null) {
    return { label, value: "—", tone: "unknown", note: missing };
  }
  const objective = formatDuration(value.objectiveSeconds * 1000, language);
  return {
    label,
    value: formatDuration(value.seconds * 1000, language),
    tone: value.met === true ? "good" : "bad",
    note: value.met === true ? words.met(objective) : words.missed(objective),
  };
}

function restored(facts: ProofFacts, language: Language): Section {
  const words = proofReportText[language];
  const { backup, target, reached } = facts;
  const wanted = words.targets[target.kind] ?? target.kind;
  const point: Cell =
    reached === null
      ? { text: words.notReached, tone: "bad" }
      : {
          text: `${reached.lsn}, ${words.timeline} ${reached.timeline}${reached.time === null ? "" : `, ${formatInstant(reached.time)}`}`,
        };
  return {
    kind: "facts",
    title: words.restored,
    facts: [
      [words.cluster, { text: facts.cluster }],
      [words.backup, { text: backup.id, code: true }],
      [
        words.backupEnded,
        { text: `${formatInstant(backup.finishedAt)}, ${words.kinds[backup.kind]}` },
      ],
      [words.target, { text: target.value === null ? wanted : `${wanted} ${target.value}` }],
      [words.reached, point],
      [words.bytes, { text: formatBytes(facts.restoredBytes, language) }],
      [words.source, { text: backup.serverVersion }],
    ],
  };
}

/** A duration that no narrow column takes apart. */
function unbroken(durationMs: number, language: Language): string {
  return formatDuration(durationMs, language).replaceAll(" ", "\u00a0");
}

function checks(facts: ProofFacts, language: Language): Section {
  const words = proofReportText[language];
  const counts = Object.assign({}, ...facts.levels.map((level) => level.counts)) as Readonly<
    Record<string, number>
  >;
  const looked = Object.entries(words.counts)
    .filter(([name]) => (counts[name] ?? 0) > 0)
    .map(([name, word]) => `${formatNumber(counts[name] ?? 0, language)} ${word}`);
  // They have a section of their own.
  const tellsItself: readonly number[] = [
    ...(facts.assertions.length > 0 ? [4] : []),
    ...(facts.application === null ? [] : [5]),
  ];
  const rows = facts.levels.map(({ level, ok, durationMs, findings, findingsTotal }): Cell[] => {
    const shown = findings.slice(0, FINDINGS_SHOWN_MAX).map(({ kind, text }) => `${kind}: ${text}`);
    const rest = findingsTotal - shown.length;
    return [
      { text: String(level), tone: ok ? "good" : "bad" },
      { text: proofWords[language].levels[level] },
      { text: unbroken(durationMs, language) },
      {
        text: ok
          ? words.none
          : tellsItself.includes(level)
            ? words.below
            : [...shown, ...(rest > 0 ? [words.more(formatNumber(rest, language))] : [])].join(
                "\n",
              ),
      },
    ];
  });
  return {
    kind: "table",
    title: words.checks,
    head: [words.level, words.check, words.duration, words.findings],
    rows,
    ...(looked.length === 0
      ? {}
      : { note: `${words.looked}${colonOf(language)}${looked.join(", ")}.` }),
  };
}

function assertions(facts: ProofFacts, language: Language): readonly Section[] {
  const words = proofReportText[language];
  const outcomes = proofWords[language].assertions;
  const rows = facts.assertions.map((one): Cell[] => [
    { text: one.name, tone: one.ok ? "good" : "bad" },
    { text: one.database, code: true },
    { text: one.message ?? one.value ?? outcomes[one.outcome], code: one.message === null },
    { text: one.expect, code: true },
    { text: unbroken(one.durationMs, language) },
  ]);
  const head = [words.assertion, words.database, words.value, words.wanted, words.duration];
  return rows.length === 0 ? [] : [{ kind: "table", title: words.asserted, head, rows }];
}

function application(facts: ProofFacts, language: Language): readonly Section[] {
  const words = proofReportText[language];
  if (facts.application === null) {
    return [];
  }
  const { command, outcome, exitCode, reason, ok, output, durationMs } = facts.application;
  const how = [proofWords[language].application[outcome], ok ? "" : (exitCode ?? reason ?? "")];
  const shown: (readonly [string, Cell])[] = [
    [words.command, { text: command.join(" "), code: true }],
    [words.outcome, { text: how.join(" ").trim(), tone: ok ? "good" : "bad" }],
    [words.duration, { text: formatDuration(durationMs, language) }],
    ...(output.trim() === "" ? [] : [[words.output, { text: output.trimEnd() }] as const]),
  ];
  return [{ kind: "facts", title: words.application, facts: shown }];
}

/** What the heartbeat says would be lost. No beat is no data, and never green. */
function beat(facts: ProofFacts, language: Language): readonly Figure[] {
  const words = proofReportText[language];
  if (facts.heartbeat === null) {
    return [];
  }
  const { database, lossSeconds, beatAt, against } = facts.heartbeat;
  const label = words.beat;
  if (lossSeconds === null) {
    const note = beatAt === null ? words.noBeat(database) : words.beatWithout;
    return [{ label, value: "—", tone: "unknown", note }];
  }
  const { objectiveSeconds } = facts.rpo;
  const objective = formatDuration(objectiveSeconds * 1000, language);
  const source = proofWords[language].against[against];
  const met = lossSeconds <= objectiveSeconds;
  const value = formatDuration(lossSeconds * 1000, language);
  const note = met ? words.beatMet(objective, source) : words.beatMissed(objective, source);
  return [{ label, value, tone: met ? "good" : "bad", note }];
}

/** The restore's own phases, then the server's start with its replay, then the checks. */
function times(facts: ProofFacts, language: Language): Section {
  const words = proofReportText[language];
  const bar = (
    label: string,
    value: number,
  ): { readonly label: string; readonly value: number; readonly text: string } => ({
    label,
    value,
    text: formatDuration(value, language),
  });
  const names: Readonly<Record<number, string>> = {
    2: words.recovery,
    3: words.checking,
    4: words.asserting,
    5: words.asking,
  };
  return {
    kind: "bars",
    title: words.phases,
    bars: [
      ...facts.phases.map(({ name, durationMs }) =>
        bar(words.phaseNames[name] ?? name, durationMs),
      ),
      ...facts.levels.flatMap(({ level, durationMs }) => {
        const name = names[level];
        return name === undefined ? [] : [bar(name, durationMs)];
      }),
    ],
  };
}

function limitsText({ limits }: ProofFacts, language: Language): string {
  const words = proofReportText[language];
  const { nice, idleDisk, minutesMax, neededBytes, freeBytes, workers } = limits;
  return [
    words.nice(formatNumber(nice, language), idleDisk),
    words.workers(formatNumber(workers, language)),
    words.minutes(formatNumber(minutesMax, language)),
    words.room(formatBytes(neededBytes, language), formatBytes(freeBytes, language)),
  ].join(semicolonOf(language));
}

function surroundings(facts: ProofFacts, language: Language): Section {
  const words = proofReportText[language];
  const told = (findings: ProofFacts["unfit"]): string =>
    findings
      .map(({ kind, name, detail }) => `${kind} ${name}: ${detail}`)
      .join(semicolonOf(language));
  return {
    kind: "facts",
    title: words.environment,
    facts: [
      [words.host, { text: facts.host }],
      [words.provedOn, { text: `PostgreSQL ${facts.provedOn}` }],
      [words.at, { text: formatInstant(facts.startedAt) }],
      [words.limits, { text: limitsText(facts, language) }],
      ...(facts.unfit.length === 0
        ? []
        : [[words.lacks, { text: told(facts.unfit), tone: "warning" }] as const]),
      ...(facts.environment.length === 0
        ? []
        : [[words.differs, { text: told(facts.environment) }] as const]),
    ],
  };
}

/** The report in a language. `program`: who made it, with its version. */
export function proofReport(
  facts: ProofFacts,
  options: { readonly language: Language; readonly program: string },
): ReportDocument {
  const { language, program } = options;
  const words = proofReportText[language];
  const rtoMissing = facts.application?.ok === false ? words.applicationNotWell : words.notMeasured;
  return {
    language,
    title: `${words.title} · ${facts.cluster}`,
    subtitle: `${formatInstant(facts.startedAt)} · ${facts.host} · ${formatDuration(facts.durationMs, language)}`,
    verdict: {
      tone: TONES[facts.verdict],
      text: words.verdicts[facts.verdict],
      detail: words.details[facts.verdict],
    },
    figures: [
      figure({ label: words.rpo, missing: words.rpoNotMeasured }, facts.rpo, language),
      figure({ label: words.rto, missing: rtoMissing }, facts.rto, language),
      ...beat(facts, language),
    ],
    sections: [
      restored(facts, language),
      checks(facts, language),
      ...assertions(facts, language),
      ...application(facts, language),
      times(facts, language),
      surroundings(facts, language),
    ],
    footer: [words.footer({ program, incarnation: facts.incarnation })],
  };
}

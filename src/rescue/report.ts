/**
 * What a restore test showed, and its words in both languages. For people who were not there: what it says was measured, and what
 * was not compared it says was not.
 */
import { formatDuration, formatInstant, formatNumber } from "../core/format.ts";
import type { Language } from "../core/language.ts";
import type { HealthCheck } from "../restore/application-health.ts";
import type { RestoreFinding } from "./compare-census.ts";
import { type ReportMessages, reportText } from "./report-text.ts";
import type { TimedPhase } from "./restore-archives.ts";

/** What a restore test showed. */
export type RestoreDbReport = {
  readonly cluster: string;
  readonly source: {
    readonly kind: "dump" | "file" | "backup";
    readonly name: string;
    readonly label: string;
    /** The instant of the data; null where nobody recorded it. */
    readonly at: string | null;
  };
  readonly target: { readonly where: string; readonly database: string };
  readonly ok: boolean;
  readonly startedAt: string;
  readonly durationMs: number;
  readonly phases: readonly TimedPhase[];
  readonly tables: number;
  readonly rows: number;
  readonly largeObjects: number;
  readonly objects: Readonly<Record<string, number>>;
  readonly findings: readonly RestoreFinding[];
  /** Null when no address is configured. */
  readonly application: HealthCheck | null;
  readonly dropped: boolean;
};

/** One finding in a person's language. */
function findingText(finding: RestoreFinding, language: Language): string {
  return reportText[language].findings[finding.kind](finding);
}

/** What the application answered. */
function applicationText(application: HealthCheck | null, language: Language): string {
  const text = reportText[language];
  if (application === null) {
    return text.applicationNone;
  }
  const { answer, attempts } = application;
  switch (answer.kind) {
    case "well":
      return text.applicationWell(answer.status, formatDuration(answer.durationMs, language));
    case "status":
      return text.applicationStatus(answer.status, attempts);
    case "redirect":
      return text.applicationRedirect(answer.status, answer.location);
    case "silent":
      return text.applicationSilent(formatDuration(answer.waitedMs, language), attempts);
    case "certificate":
      return text.applicationCertificate(answer.reason);
    case "unreachable":
      return text.applicationUnreachable(answer.reason, attempts);
  }
}

type Row = readonly [name: string, value: string];

function factsOf(report: RestoreDbReport, language: Language): readonly Row[] {
  const text = reportText[language];
  const { source, target } = report;
  return [
    [text.source, source.label],
    [text.instant, source.at === null ? text.notRecorded : formatInstant(source.at)],
    [text.into, `${target.database}, ${target.where}`],
    [text.startedAt, formatInstant(report.startedAt)],
    [text.duration, formatDuration(report.durationMs, language)],
    [
      text.content,
      text.contentFacts(formatNumber(report.tables, language), formatNumber(report.rows, language)),
    ],
    [text.largeObjects, formatNumber(report.largeObjects, language)],
    [text.application, applicationText(report.application, language)],
    [text.afterwards, report.dropped ? text.dropped : text.kept],
  ];
}

function phaseRows(report: RestoreDbReport, language: Language): readonly Row[] {
  const text = reportText[language];
  return report.phases.map(({ name, durationMs }) => [
    text.phases[name] ?? name,
    formatDuration(durationMs, language),
  ]);
}

function objectRows(report: RestoreDbReport, language: Language): readonly Row[] {
  const text = reportText[language];
  return Object.entries(report.objects)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([kind, count]) => [text.kinds[kind] ?? kind, formatNumber(count, language)]);
}

/** Everything that a report says, in a person's language. */
export type DescribedReport = {
  readonly title: string;
  readonly verdict: string;
  readonly tone: "good" | "warning" | "bad";
  readonly facts: readonly Row[];
  readonly findings: readonly { readonly problem: boolean; readonly text: string }[];
  readonly phases: readonly Row[];
  readonly objects: readonly Row[];
  /** What stands large at the top. */
  readonly figures: readonly {
    readonly label: string;
    readonly value: string;
    readonly note: string;
    readonly tone: "good" | "bad" | "plain";
  }[];
  readonly titles: Readonly<Record<"facts" | "findings" | "phases" | "objects", string>>;
  readonly noFindings: string;
  readonly footer: string;
};

function figuresOf(report: RestoreDbReport, language: Language): DescribedReport["figures"] {
  const text = reportText[language];
  const { startedAt, durationMs, findings, tables, rows } = report;
  const problems = findings.filter(({ severity }) => severity === "problem").length;
  const [tablesText, rowsText] = [tables, rows].map((count) => formatNumber(count, language));
  return [
    {
      label: text.duration,
      value: formatDuration(durationMs, language),
      note: formatInstant(startedAt),
      tone: "plain",
    },
    {
      label: text.rows,
      value: rowsText ?? "",
      note: text.contentFacts(tablesText ?? "", rowsText ?? ""),
      tone: "plain",
    },
    {
      label: text.problems,
      value: formatNumber(problems, language),
      note: applicationText(report.application, language),
      tone: problems > 0 || !report.ok ? "bad" : compared(report) ? "good" : "plain",
    },
  ];
}

function compared(report: RestoreDbReport): boolean {
  return report.findings.every(({ kind }) => kind !== "nothingRecorded");
}

function verdictOf(report: RestoreDbReport, text: ReportMessages): string {
  return report.ok ? (compared(report) ? text.good : text.uncompared) : text.bad;
}

/** Puts a report into words. */
export function describe(report: RestoreDbReport, language: Language): DescribedReport {
  const text = reportText[language];
  return {
    title: text.title(report.cluster),
    verdict: verdictOf(report, text),
    tone: report.ok ? (compared(report) ? "good" : "warning") : "bad",
    facts: factsOf(report, language),
    findings: report.findings.map((each) => ({
      problem: each.severity === "problem",
      text: findingText(each, language),
    })),
    figures: figuresOf(report, language),
    phases: phaseRows(report, language),
    objects: objectRows(report, language),
    titles: {
      facts: text.factsTitle,
      findings: text.findingsTitle,
      phases: text.phasesTitle,
      objects: text.objectsTitle,
    },
    noFindings: text.noFindings,
    footer: text.footer,
  };
}

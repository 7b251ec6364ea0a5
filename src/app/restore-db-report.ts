/** The report of a restore test: files for people and programs, and what the ledger keeps of it. */
import { cutText } from "../core/cut-text.ts";
import { formatInstant } from "../core/format.ts";
import type { Language } from "../core/language.ts";
import type { ReportDocument } from "../render/report-document.ts";
import { type DescribedReport, type RestoreDbReport, describe } from "../rescue/report.ts";
import type { LedgerRecorder } from "./ledger-recorder.ts";
import type { RenderedReport } from "./report-files.ts";

/** A report in words. */
export function describeReport(report: RestoreDbReport, language: Language): DescribedReport {
  return describe(report, language);
}

function documentOf(report: RestoreDbReport, language: Language): ReportDocument {
  const described = describe(report, language);
  const { titles } = described;
  const facts = (rows: DescribedReport["facts"]) =>
    rows.map(([label, text]) => [label, { text }] as const);
  return {
    language,
    title: described.title,
    subtitle: `${report.target.database} · ${formatInstant(report.startedAt)}`,
    verdict: { tone: described.tone, text: described.verdict, detail: "" },
    figures: [...described.figures],
    sections: [
      { kind: "facts", title: titles.facts, facts: facts(described.facts) },
      {
        kind: "table",
        title: titles.findings,
        head: [titles.findings],
        rows: described.findings.map(({ problem, text }) => [
          { text, tone: problem ? "bad" : "warning" },
        ]),
        ...(described.findings.length === 0 ? { note: described.noFindings } : {}),
      },
      {
        kind: "bars",
        title: titles.phases,
        bars: report.phases.map(({ durationMs }, index) => {
          const [label = "", text = ""] = described.phases[index] ?? [];
          return { label, value: durationMs, text };
        }),
      },
      { kind: "facts", title: titles.objects, facts: facts(described.objects) },
    ],
    footer: [`PRA. ${described.footer}`],
  };
}

/** The report in every language. */
export function renderReport(report: RestoreDbReport): RenderedReport {
  return {
    cluster: report.cluster,
    kind: "restore-db",
    model: 1,
    startedAt: report.startedAt,
    subject: report.target.database,
    verdict: report.ok ? "passed" : "failed",
    documents: { en: documentOf(report, "en"), fr: documentOf(report, "fr") },
    data: report,
  };
}

/** What the ledger keeps of it. */
export async function recordRestored(
  ledger: LedgerRecorder,
  report: RestoreDbReport,
  path: string,
): Promise<void> {
  const { application, source, target } = report;
  await ledger.record({
    kind: "databaseRestored",
    data: {
      cluster: report.cluster,
      source: { kind: source.kind, name: source.name },
      at: source.at,
      host: target.where,
      database: target.database,
      ok: report.ok,
      tables: report.tables,
      rows: report.rows,
      findings: report.findings.map(({ kind, what, recorded, found }) =>
        cutText([kind, what, recorded, found].filter((part) => part !== "").join(" "), 4096),
      ),
      application:
        application === null
          ? null
          : {
              ok: application.answer.kind === "well",
              answer: application.answer.kind,
              attempts: application.attempts,
            },
      phases: [...report.phases],
      durationMs: report.durationMs,
      report: path,
      dropped: report.dropped,
    },
  });
}

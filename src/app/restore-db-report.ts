/** The report of a restore test: files for people and programs, and what the ledger keeps of it. */
import { join } from "node:path";
import type { Language } from "../core/language.ts";
import { restoreDbReportMs } from "../core/limits.ts";
import { createDirectories } from "../files/directories.ts";
import { writeDurably } from "../files/write-durably.ts";
import { htmlPage } from "../render/html-page.ts";
import { markdownText } from "../render/markdown-text.ts";
import type { ReportDocument } from "../render/report-document.ts";
import { type DescribedReport, type RestoreDbReport, describe } from "../rescue/report.ts";
import type { Environment } from "./environment.ts";
import type { LedgerRecorder } from "./ledger-recorder.ts";

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
    subtitle: `${report.target.database} · ${report.startedAt}`,
    verdict: { tone: report.ok ? "good" : "bad", text: described.verdict, detail: "" },
    figures: [],
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
    footer: [],
  };
}

/** Writes .md, .html and .json; the path without an ending. @throws DrError `RESTORE_FILE_IO`, `RESTORE_DISK_FULL`. */
export async function writeReport(
  report: RestoreDbReport,
  of: { readonly environment: Environment; readonly language: Language },
): Promise<string> {
  const { environment, language } = of;
  // What was done is written down also when somebody interrupts now.
  const signal = AbortSignal.timeout(restoreDbReportMs);
  const directory = join(environment.stateDirectory, "reports");
  await createDirectories(directory, { group: "RESTORE", signal });
  const stamp = report.startedAt.replaceAll(/[:.]/g, "-");
  const base = join(directory, `restore-db-${stamp}`);
  const document = documentOf(report, language);
  const rendered = {
    md: markdownText(document),
    html: htmlPage(document),
    json: `${JSON.stringify(report, undefined, 2)}\n`,
  };
  for (const [ending, text] of Object.entries(rendered)) {
    const parts = [Buffer.from(text)];
    await writeDurably({ finalPath: `${base}.${ending}`, parts, group: "RESTORE", signal });
  }
  return base;
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
        [kind, what, recorded, found]
          .filter((part) => part !== "")
          .join(" ")
          .slice(0, 4096),
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

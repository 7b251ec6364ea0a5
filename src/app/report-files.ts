/** Where reports go: one folder, three files each, that people read, archive and compute with. */
import { join } from "node:path";
import { reportWriteMs } from "../core/limits.ts";
import { createDirectories } from "../files/directories.ts";
import { writeDurably } from "../files/write-durably.ts";
import { htmlPage } from "../render/html-page.ts";
import { markdownText } from "../render/markdown-text.ts";
import type { ReportDocument } from "../render/report-document.ts";
import type { Environment } from "./environment.ts";

/** A report, and what a program gets of it. */
export type ReportToWrite = {
  /** What it is about: `proof`, `restore-db`. */
  readonly name: string;
  /** ISO 8601; part of the files' names. */
  readonly startedAt: string;
  readonly document: ReportDocument;
  readonly data: unknown;
};

/**
 * Writes .md, .html and .json; answers their path without an ending. Has its own time limit: what was done is written down also when
 * somebody interrupts now. @throws DrError `RESTORE_FILE_IO`, `RESTORE_DISK_FULL`.
 */
export async function writeReportFiles(
  environment: Pick<Environment, "stateDirectory">,
  report: ReportToWrite,
): Promise<string> {
  const signal = AbortSignal.timeout(reportWriteMs);
  const directory = join(environment.stateDirectory, "reports");
  await createDirectories(directory, { group: "RESTORE", signal });
  const base = join(directory, `${report.name}-${report.startedAt.replaceAll(/[:.]/g, "-")}`);
  const rendered = {
    md: markdownText(report.document),
    html: htmlPage(report.document),
    json: `${JSON.stringify(report.data, undefined, 2)}\n`,
  };
  for (const [ending, text] of Object.entries(rendered)) {
    const parts = [Buffer.from(text)];
    await writeDurably({ finalPath: `${base}.${ending}`, parts, group: "RESTORE", signal });
  }
  return base;
}

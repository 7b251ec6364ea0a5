/** Where reports go: one folder, four files each, that people read, print, archive and compute with. */
import { join } from "node:path";
import { reportWriteMs } from "../core/limits.ts";
import { createDirectories } from "../files/directories.ts";
import { writeDurably } from "../files/write-durably.ts";
import { htmlPage } from "../render/html-page.ts";
import { markdownText } from "../render/markdown-text.ts";
import { pdfFile } from "../render/pdf/pdf-file.ts";
import type { ReportDocument } from "../render/report-document.ts";
import type { Language } from "../core/language.ts";
import type { ObjectId } from "../core/object-id.ts";
import type { Environment } from "./environment.ts";

/** A report in every language, and what a program gets of it. */
export type RenderedReport = {
  readonly cluster: string;
  /** What it reports: `proof`, `restore-db`. */
  readonly kind: string;
  /** Version of `data`, counted for each kind. */
  readonly model: number;
  /** ISO 8601; part of the files' names. */
  readonly startedAt: string;
  /** A backup, a database, a month. */
  readonly subject: string;
  /** What its files are called, beside the time; undefined: by its kind alone. */
  readonly fileName?: string;
  /** In a word that a program may branch on. */
  readonly verdict: string;
  readonly documents: Readonly<Record<Language, ReportDocument>>;
  readonly data: unknown;
};

/** A report's files by name. */
export type ReportFiles = ReadonlyMap<string, Buffer>;

/** A report that was made. */
export type MadeReport = {
  readonly report: RenderedReport;
  readonly files: ReportFiles;
  /** Of it in the repository; undefined: it is not there. */
  readonly reportId: ObjectId | undefined;
};

/** Made once: the same bytes are written here and archived. */
export async function filesOf(report: RenderedReport): Promise<ReportFiles> {
  const { documents, data, startedAt } = report;
  const { en, fr } = documents;
  const texts = [
    ["json", `${JSON.stringify(data, undefined, 2)}\n`],
    ["md.en", markdownText(en)],
    ["md.fr", markdownText(fr)],
    ["html.en", htmlPage(en)],
    ["html.fr", htmlPage(fr)],
  ] as const;
  return new Map([
    ...texts.map(([name, text]) => [name, Buffer.from(text)] as const),
    ["pdf.en", await pdfFile(en, startedAt)],
    ["pdf.fr", await pdfFile(fr, startedAt)],
  ]);
}

/** What its files are called, without an ending. */
export function reportFileBase({ fileName, kind, startedAt }: RenderedReport): string {
  return `${fileName ?? kind}-${startedAt.replaceAll(/[:.]/g, "-")}`;
}

/** Endings of what is written in one language. */
export const reportEndings = ["html", "pdf", "md", "json"] as const;

/**
 * Writes .html, .pdf, .md and .json, beside the state or where `output` says; answers their path without an ending. Has its own time limit: what was done is written down also when
 * somebody interrupts now. @throws DrError `RESTORE_FILE_IO`, `RESTORE_DISK_FULL`.
 */
export async function writeReportFiles(
  { stateDirectory, language }: Pick<Environment, "stateDirectory" | "language">,
  report: RenderedReport,
  { files, output }: { readonly files?: ReportFiles; readonly output?: string | undefined } = {},
): Promise<string> {
  const signal = AbortSignal.timeout(reportWriteMs);
  const directory = output ?? join(stateDirectory, "reports");
  await createDirectories(directory, { group: "RESTORE", signal });
  const base = join(directory, reportFileBase(report));
  const made = files ?? (await filesOf(report));
  for (const ending of reportEndings) {
    const parts = [made.get(ending === "json" ? ending : `${ending}.${language}`) ?? Buffer.of()];
    await writeDurably({ finalPath: `${base}.${ending}`, parts, group: "RESTORE", signal });
  }
  return base;
}

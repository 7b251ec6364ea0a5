/** A report in short, as a terminal shows it: the verdict, the figures and the tables, each with the signs that go with them. */
import { type Cell, type ReportDocument, signOf } from "../../render/report-document.ts";

/** What is shown. */
export type ReportSummary = {
  readonly verdict: string;
  readonly detail: string;
  readonly figures: readonly (readonly [label: string, text: string])[];
  readonly tables: readonly {
    readonly title: string;
    readonly head: readonly string[];
    readonly rows: readonly (readonly string[])[];
  }[];
};

function cellText({ text, tone }: Cell): string {
  return [signOf(tone ?? "plain"), text].filter((part) => part !== "").join(" ");
}

/** The report's own words, in its language. */
export function summariseReport({ verdict, figures, sections }: ReportDocument): ReportSummary {
  return {
    verdict: `${signOf(verdict.tone)} ${verdict.text}`,
    detail: verdict.detail,
    figures: figures.map(({ label, value, tone, note }) => [
      label,
      `${value}  ${signOf(tone)} ${note}`,
    ]),
    tables: sections.flatMap((section) =>
      section.kind === "table" && section.rows.length > 0
        ? [
            {
              title: section.title,
              head: section.head,
              rows: section.rows.map((row) => row.map(cellText)),
            },
          ]
        : [],
    ),
  };
}

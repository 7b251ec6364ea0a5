/**
 * A report as Markdown (CommonMark with tables), for archives, mail and version control. Whatever a report quotes is escaped: a table
 * named `a|b` or a finding that looks like a heading stays text.
 */
import {
  type Cell,
  type ReportDocument,
  type Section,
  colonOf,
  signOf,
} from "./report-document.ts";

const SPECIAL = /[\\`*_[\]{}<>()#+!|~&-]/g;

/** Text as text. Line breaks become spaces: they would end a cell. */
function escaped(text: string): string {
  return text.replaceAll(/\s*\r?\n\s*/g, " ").replaceAll(SPECIAL, String.raw`\$&`);
}

/** A fixed-width piece; its fence is longer than any run of backticks in it. */
function code(text: string): string {
  const line = text.replaceAll(/\s*\r?\n\s*/g, " ");
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  const padding = line.startsWith("`") || line.endsWith("`") ? " " : "";
  return `${fence}${padding}${line.replaceAll("|", String.raw`\|`)}${padding}${fence}`;
}

function cellText({ text, tone, code: fixed }: Cell): string {
  const sign = signOf(tone ?? "plain");
  const shown = text === "" ? "" : fixed === true ? code(text) : escaped(text);
  return [sign, shown].filter((part) => part !== "").join(" ");
}

function tableLines(head: readonly string[], rows: readonly (readonly Cell[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [
    line(head.map(escaped)),
    line(head.map(() => "---")),
    ...rows.map((row) => line(row.map(cellText))),
  ];
}

function sectionLines(section: Section, colon: string): string[] {
  const title = `## ${escaped(section.title)}`;
  switch (section.kind) {
    case "facts":
      return [
        title,
        "",
        ...section.facts.map(([label, value]) => `- ${escaped(label)}${colon}${cellText(value)}`),
      ];
    case "table": {
      const table = section.rows.length === 0 ? [] : tableLines(section.head, section.rows);
      const note = section.note === undefined ? [] : [escaped(section.note)];
      const gap = table.length > 0 && note.length > 0 ? [""] : [];
      return [title, "", ...table, ...gap, ...note];
    }
    case "chart":
    case "days":
      return [title, "", escaped(section.spoken)];
    case "text":
      return [title, ...section.paragraphs.flatMap((text) => ["", escaped(text)])];
    case "signatures": {
      const blank = section.head.slice(1).map(() => ({ text: "" }));
      const rows = section.roles.map((role) => [{ text: role }, ...blank]);
      return [title, "", escaped(section.note), "", ...tableLines(section.head, rows)];
    }
    case "bars":
      return [
        title,
        "",
        ...section.bars.map(({ label, text }) => `- ${escaped(label)}${colon}${escaped(text)}`),
      ];
  }
}

/** The whole file. */
export function markdownText(report: ReportDocument): string {
  const { title, subtitle, verdict, figures, sections, footer } = report;
  const colon = colonOf(report.language);
  const lines = [
    `# ${escaped(title)}`,
    "",
    escaped(subtitle),
    "",
    `**${signOf(verdict.tone)} ${escaped(verdict.text)}**`,
    "",
    escaped(verdict.detail),
    "",
    ...figures.map(
      ({ label, value, tone, note }) =>
        `- ${escaped(label)}${colon}**${escaped(value)}** ${signOf(tone)} ${escaped(note)}`,
    ),
    ...sections.flatMap((section) => ["", ...sectionLines(section, colon)]),
    "",
    "---",
    "",
    ...footer.map((line) => `${escaped(line)}  `),
  ];
  return `${lines
    .join("\n")
    .replaceAll(/\n{3,}/g, "\n\n")
    .trimEnd()}\n`;
}

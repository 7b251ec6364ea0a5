/** How findings of checks are shown, to people line by line and to machines as objects. */
import { styleText } from "node:util";

import type { CheckReport, Finding } from "../core/finding/finding.ts";
import type { Language } from "../core/language.ts";
import { displayWidth, padToWidth, wrapWords } from "./display-width.ts";
import type { Frame, JsonValue } from "./frame.ts";
import {
  checkNames,
  findingGroups,
  groupNames,
  groupOf,
  wordsOf,
} from "../core/finding/finding-words.ts";
import { terminalWidth } from "./terminal-width.ts";

const MARKS = { good: ["✓", "green"], note: ["!", "yellow"], bad: ["✗", "red"] } as const;

function lineOf(
  finding: Finding,
  place: { readonly widest: number; readonly columns: number; readonly language: Language },
): readonly string[] {
  const { widest, columns, language } = place;
  const [mark, colour] = MARKS[finding.state];
  const { summary, hint } = wordsOf(finding, language);
  const coloured = styleText(colour, mark, { stream: process.stdout });
  const name = padToWidth(checkNames[language][finding.id], widest, "left");
  const hints = hint === "" ? [] : wrapWords(hint, columns - widest - 6);
  return [
    `${coloured} ${name}  ${summary}`,
    ...hints.map((line, index) => `${" ".repeat(widest + 4)}${index === 0 ? "→" : " "} ${line}`),
  ];
}

function placeFor(findings: readonly Finding[], language: Language): Parameters<typeof lineOf>[1] {
  const names = checkNames[language];
  const widest = Math.max(0, ...findings.map(({ id }) => displayWidth(names[id])));
  // Into a pipe a hint is one line: it may be looked for.
  return { widest, language, columns: terminalWidth(process.stdout) ?? Infinity };
}

/** A line for each finding, its name, what was found, and below it what to do. */
export function findingLines(report: CheckReport, frame: Frame): readonly string[] {
  const place = placeFor(report.findings, frame.language);
  return report.findings.flatMap((finding) => lineOf(finding, place));
}

/** The same under headings, what belongs together next to each other. */
export function groupedLines(report: CheckReport, frame: Frame): readonly string[] {
  const place = placeFor(report.findings, frame.language);
  return findingGroups.flatMap((group) => {
    const lines = report.findings
      .filter(({ id }) => groupOf(id) === group)
      .flatMap((finding) => lineOf(finding, place));
    const title = groupNames[frame.language][group];
    const heading = styleText("bold", title, { stream: process.stdout });
    return lines.length === 0 ? [] : [heading, ...lines];
  });
}

const SEVERITIES = { good: "info", note: "warning", bad: "error" } as const;

/** The report as the contract has it: `ok checks[].{id ok severity summary hint value unit}`. */
export function reportToJson(
  report: CheckReport,
  language: Language,
): { readonly [key: string]: JsonValue } {
  return {
    ok: report.ok,
    checks: report.findings.map((finding) => {
      const { summary, hint } = wordsOf(finding, language);
      const { id, state, value, unit } = finding;
      return {
        id,
        ok: state !== "bad",
        severity: SEVERITIES[state],
        summary,
        hint: hint === "" ? null : hint,
        value: value ?? null,
        unit: unit ?? null,
      };
    }),
  };
}

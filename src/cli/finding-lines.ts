/** How findings of checks are shown, to people line by line and to machines as objects. */
import { styleText } from "node:util";

import type { CheckReport } from "../core/finding/finding.ts";
import type { Language } from "../core/language.ts";
import { displayWidth, padToWidth, wrapWords } from "./display-width.ts";
import type { Frame, JsonValue } from "./frame.ts";
import { checkNames, wordsOf } from "../core/finding/finding-words.ts";

const MARKS = { good: ["✓", "green"], note: ["!", "yellow"], bad: ["✗", "red"] } as const;

/** A line for each finding, its name, what was found, and below it what to do. */
export function findingLines(report: CheckReport, frame: Frame): string[] {
  const { language } = frame;
  const names = checkNames[language];
  const widest = report.findings.reduce(
    (columns, { id }) => Math.max(columns, displayWidth(names[id])),
    0,
  );
  // Into a pipe a hint is one line: it may be looked for.
  const columns = process.stdout.isTTY ? process.stdout.columns : Infinity;
  return report.findings.flatMap((finding) => {
    const [mark, colour] = MARKS[finding.state];
    const { summary, hint } = wordsOf(finding, language);
    const coloured = styleText(colour, mark, { stream: process.stdout });
    return [
      `${coloured} ${padToWidth(names[finding.id], widest, "left")}  ${summary}`,
      ...(hint === ""
        ? []
        : wrapWords(hint, columns - widest - 6).map(
            (line, index) => `${" ".repeat(widest + 4)}${index === 0 ? "→" : " "} ${line}`,
          )),
    ];
  });
}

const SEVERITIES = { good: "info", note: "warning", bad: "error" } as const;

/** The report as the contract has it: `ok checks[].{id ok severity summary hint value unit}`. */
export function reportToJson(report: CheckReport, language: Language): JsonValue {
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

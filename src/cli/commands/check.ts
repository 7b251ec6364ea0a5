/** `pra check`: everything a backup needs, a line each, with what mends it. Exit 4 when something is red. */
import { styleText } from "node:util";

import { type Command, Option } from "commander";

import type { CheckReport } from "../../app/check.ts";
import type { FactValues, Finding } from "../../app/check-finding.ts";
import { errorText } from "../../core/errors.ts";
import type { Language } from "../../core/language.ts";
import { padToWidth, wrapWords } from "../display-width.ts";
import { formatBytes } from "../format.ts";
import type { Frame, JsonValue } from "../frame.ts";
import { defineCommand } from "../program.ts";
import { checkText } from "../text/check-text.ts";

function fill(template: string, values: FactValues, language: Language): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) {
      return whole;
    }
    return name.endsWith("Bytes") ? formatBytes(Number(value), language) : String(value);
  });
}

/** A finding in words. */
function wordsOf(
  finding: Finding,
  language: Language,
): { readonly summary: string; readonly hint: string } {
  if (finding.fact === "failed") {
    const { message, hint } = errorText(finding.error, language);
    return { summary: message, hint };
  }
  const { summary, hint } = checkText[language].facts[finding.fact];
  return {
    summary: fill(summary, finding.values, language),
    hint: fill(hint ?? "", finding.values, language),
  };
}

const MARKS = { good: ["✓", "green"], note: ["!", "yellow"], bad: ["✗", "red"] } as const;

function renderCheck(report: CheckReport, frame: Frame): string {
  const { language } = frame;
  const text = checkText[language];
  const widest = Math.max(...Object.values(text.names).map((name) => name.length));
  // Into a pipe a hint is one line: it may be looked for.
  const columns = process.stdout.isTTY ? process.stdout.columns : Infinity;
  const lines = report.findings.flatMap((finding) => {
    const [mark, colour] = MARKS[finding.state];
    const { summary, hint } = wordsOf(finding, language);
    const coloured = styleText(colour, mark, { stream: process.stdout });
    return [
      `${coloured} ${padToWidth(text.names[finding.id], widest, "left")}  ${summary}`,
      ...(hint === ""
        ? []
        : wrapWords(hint, columns - widest - 6).map(
            (line, index) => `${" ".repeat(widest + 4)}${index === 0 ? "→" : " "} ${line}`,
          )),
    ];
  });
  const bad = report.findings.filter(({ state }) => state === "bad").length;
  return [...lines, "", report.ok ? text.ready : text.notReady(bad)].join("\n");
}

const SEVERITIES = { good: "info", note: "warning", bad: "error" } as const;

function jsonOf(report: CheckReport, language: Language): JsonValue {
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

/** Registers the command. */
export function registerCheck(program: Command, frame: Frame): void {
  const text = checkText[frame.language];
  defineCommand(program, frame.language, "check", text)
    .addOption(new Option("--fix", text.optionFix))
    .action(async (options: { readonly fix?: true }) => {
      const { compose } = await import("../../app/compose.ts");
      const { checkReadiness } = await import("../../app/check.ts");
      const { signal } = frame;
      const environment = frame.environment();
      const report = await checkReadiness(compose(), environment, {
        signal,
        fix: options.fix === true,
        onWait: (attempts) => {
          const phase = text.waiting(attempts, environment.application.healthRetries);
          frame.progress.update({ phase });
        },
      });
      frame.result(jsonOf(report, frame.language), () => renderCheck(report, frame));
      if (!report.ok) {
        frame.conclude({ kind: "problems" });
      }
    });
}

/** `pra status`: every check with ✓ or ✗; its last line is `All checks passed ✓` in every language when so. Exit 4 when one fails. */
import { type Command, Option } from "commander";

import type { CheckReport } from "../../core/finding/finding.ts";
import { checkNames, wordsOf } from "../../core/finding/finding-words.ts";
import { errorText, isDrError } from "../../core/errors.ts";
import { groupedLines, reportToJson } from "../finding-lines.ts";
import type { Frame } from "../frame.ts";
import { defineCommand } from "../program.ts";
import { statusText } from "../text/status-text.ts";

function lastLine(report: CheckReport, frame: Frame): string {
  const text = statusText[frame.language];
  const names = report.findings.flatMap(({ id, state }) =>
    state === "bad" ? [checkNames[frame.language][id]] : [],
  );
  return report.ok ? text.passed : text.failed(names);
}

const LEVELS = ["OK", "WARNING", "CRITICAL", "UNKNOWN"] as const;

/** The worst first, on one line, as the convention wants it. */
function nagiosLine(report: CheckReport, level: 0 | 1 | 2, frame: Frame): string {
  const wanted = level === 2 ? "bad" : "note";
  const told = report.findings
    .filter(({ state }) => state === wanted)
    .map((finding) => {
      const { summary } = wordsOf(finding, frame.language);
      return `${checkNames[frame.language][finding.id]}: ${summary.replaceAll("|", "/")}`;
    });
  return `PRA ${LEVELS[level]} - ${level === 0 ? statusText[frame.language].passed : told.join("; ")}`;
}

async function status(options: { readonly nagios?: true }, frame: Frame): Promise<void> {
  const { compose } = await import("../../app/compose.ts");
  const { nagiosLevel, readStatus } = await import("../../app/status.ts");
  const environment = frame.environment();
  const { signal } = frame;
  const report = await readStatus(compose(), environment, { signal });
  const level = nagiosLevel(report);
  frame.result(reportToJson(report, frame.language), () =>
    options.nagios === true
      ? nagiosLine(report, level, frame)
      : [...groupedLines(report, frame), "", lastLine(report, frame)].join("\n"),
  );
  if (options.nagios === true) {
    frame.conclude({ kind: "nagios", level });
  } else if (!report.ok) {
    frame.conclude({ kind: "problems" });
  }
}

/** A monitoring system must see that nothing is known, not one of our own exit codes. */
async function nagios(frame: Frame): Promise<void> {
  try {
    await status({ nagios: true }, frame);
  } catch (error) {
    frame.signal.throwIfAborted();
    if (!isDrError(error)) {
      throw error;
    }
    const { message } = errorText(error, frame.language);
    frame.result({ ok: false, checks: [], error: error.code }, () => `PRA UNKNOWN - ${message}`);
    frame.conclude({ kind: "nagios", level: 3 });
  }
}

/** Registers the command. */
export function registerStatus(program: Command, frame: Frame): void {
  const text = statusText[frame.language];
  defineCommand(program, frame.language, "status", text)
    .addOption(new Option("--nagios", text.optionNagios))
    .action((options: { readonly nagios?: true }) =>
      options.nagios === true ? nagios(frame) : status(options, frame),
    );
}

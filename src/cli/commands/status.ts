/** `pra status`: every check with ✓ or ✗; its last line is `All checks passed ✓` in every language when so. Exit 4 when one fails. */
import { type Command, Option } from "commander";

import type { CheckReport } from "../../core/finding/finding.ts";
import { checkNames, wordsOf } from "../../core/finding/finding-words.ts";
import { DrError, errorText, isDrError } from "../../core/errors.ts";
import { groupedLines, reportToJson } from "../finding-lines.ts";
import type { Frame } from "../frame.ts";
import { defineCommand } from "../program.ts";
import { statusText } from "../text/status-text.ts";
import { watchingEnvironment } from "../watching-environment.ts";
import { wholeNumber } from "../whole-number.ts";

/** Between two looks, unless told otherwise. */
const WATCH_SECONDS = 5;

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

type StatusOptions = {
  readonly nagios?: true;
  readonly openmetrics?: true;
  readonly output?: string;
  readonly watch?: number | true;
};

async function status(options: StatusOptions, frame: Frame): Promise<void> {
  const { compose } = await import("../../app/compose.ts");
  const { nagiosLevel, readStatus } = await import("../../app/status.ts");
  const environment = await watchingEnvironment(frame);
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

/** For Prometheus: on standard output, or in a file for node_exporter. */
async function openMetrics({ output }: StatusOptions, frame: Frame): Promise<void> {
  const { compose } = await import("../../app/compose.ts");
  const { readStatus, statusMetrics, writeStatusMetrics } = await import("../../app/status.ts");
  const environment = await watchingEnvironment(frame);
  const { signal } = frame;
  const report = await readStatus(compose(), environment, { signal });
  if (output === undefined) {
    const text = await statusMetrics(environment, report);
    frame.result({ ok: report.ok, metrics: text }, () => text.trimEnd());
  } else {
    const path = await writeStatusMetrics(environment, report, { path: output, signal });
    frame.result({ ok: report.ok, path }, () => statusText[frame.language].written(path));
  }
  if (!report.ok) {
    frame.conclude({ kind: "problems" });
  }
}

async function watch(seconds: number, frame: Frame): Promise<void> {
  const { compose } = await import("../../app/compose.ts");
  const { readStatus } = await import("../../app/status.ts");
  const { watchStatus } = await import("../watch-status.ts");
  const environment = await watchingEnvironment(frame);
  const { signal } = frame;
  const adapters = compose();
  await watchStatus({
    frame,
    clock: adapters.clock,
    everyMs: seconds * 1000,
    cluster: environment.cluster,
    look: () => readStatus(adapters, environment, { signal }),
    lastLine: (report) => lastLine(report, frame),
  });
}

function textfileOf(typed: string): string {
  if (!/[^/]\.prom$/.test(typed)) {
    throw new DrError("USAGE_METRICS_FILE", { value: typed });
  }
  return typed;
}

async function chosen(options: StatusOptions, frame: Frame): Promise<void> {
  const { output, openmetrics } = options;
  if (output !== undefined && openmetrics !== true) {
    throw new DrError("USAGE_MISSING_OPTION", { option: "--openmetrics", command: "pra status" });
  }
  if (options.watch !== undefined) {
    await watch(options.watch === true ? WATCH_SECONDS : options.watch, frame);
  } else if (openmetrics === true) {
    await openMetrics(options, frame);
  } else if (options.nagios === true) {
    await nagios(frame);
  } else {
    await status(options, frame);
  }
}

/** Registers the command. */
export function registerStatus(program: Command, frame: Frame): void {
  const text = statusText[frame.language];
  const name = "--watch";
  const seconds = wholeNumber({ name, command: "pra status", min: 1, max: 3600 });
  defineCommand(program, frame.language, "status", text)
    .addOption(new Option("--nagios", text.optionNagios).conflicts("openmetrics"))
    .addOption(
      new Option("--watch [seconds]", text.optionWatch)
        .argParser(seconds)
        .conflicts(["nagios", "openmetrics"]),
    )
    .addOption(new Option("--openmetrics", text.optionOpenMetrics))
    .addOption(new Option("--output <file>", text.optionOutput).argParser(textfileOf))
    .action((options: StatusOptions) => chosen(options, frame));
}

/** `pra loadtest`: told as it goes on standard error, its report in short on standard output. Exit 4 unless all passed. */
import { type Command, Option } from "commander";

import type { LoadTestEvent } from "../../app/loadtest/load-test-notes.ts";
import type { LoadTestOutcome } from "../../app/loadtest/run-load-test.ts";
import { DrError, errorText } from "../../core/errors.ts";
import { formatDuration, formatNumber } from "../../core/format.ts";
import { dataSize } from "../data-size.ts";
import { factLines } from "../fact-lines.ts";
import type { Frame, JsonValue } from "../frame.ts";
import { defineCommand } from "../program.ts";
import { formatTable } from "../table.ts";
import { loadtestText } from "../text/loadtest-text.ts";
import { wholeNumber } from "../whole-number.ts";

const COMMAND = "pra loadtest";
const UNITS_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };
/** Of table data, where nobody says. */
const DATA_BYTES = 300 * 2 ** 20;
const SHAPED_BYTES = 2 ** 30;
const LOAD_LEAST_MS = 10_000;
const LOAD_MOST_MS = 24 * 3_600_000;

type Flags = {
  readonly duration: number;
  readonly clients: number;
  readonly size?: number;
  readonly likeProduction?: true;
  readonly seed?: number;
  readonly major?: string;
  readonly programs?: "embedded" | "distribution";
  readonly application: boolean;
  readonly folder?: string;
};

function loadTime(typed: string): number {
  const match = /^(\d{1,6})\s*(s|m|min|h)$/.exec(typed);
  const ms = Number(match?.[1]) * (UNITS_MS[match?.[2]?.[0] ?? ""] ?? Number.NaN);
  if (!(ms >= LOAD_LEAST_MS && ms <= LOAD_MOST_MS)) {
    throw new DrError("USAGE_VALUE", { name: "--duration", value: typed, command: COMMAND });
  }
  return ms;
}

function tell(event: LoadTestEvent, frame: Frame): void {
  const { language } = frame;
  const text = loadtestText[language];
  const number = (value: number): string => formatNumber(value, language);
  switch (event.kind) {
    case "begun":
      frame.note(text.begun(event.folder, event.seed));
      return;
    case "phase":
      frame.progress.update({ phase: text.phases[event.phase] });
      return;
    case "filling":
      frame.progress.update({ phase: text.phases.data, fraction: event.done / event.all });
      return;
    case "backup": {
      const { kind, state, fromMs, toMs, code } = event.backup;
      const about = state === "failed" ? (code ?? "") : formatDuration(toMs - fromMs, language);
      frame.note(text.backups[state](kind, about));
      return;
    }
    case "crashed":
      frame.note(text.crashed[event.cause](number(event.commits)));
      return;
    case "restoring": {
      const { doneBytes, totalBytes } = event;
      frame.progress.update({ phase: text.phases.restore, doneBytes, totalBytes });
      return;
    }
    case "verifying":
      frame.progress.update({
        phase: text.phases.verify,
        ...(event.all > 0 ? { fraction: event.done / event.all } : {}),
      });
      return;
    case "folderRemoved":
      frame.note(text.removed(event.folder));
      return;
    case "progress":
      frame.progress.update({
        phase: text.inRound(text.phases[event.phase], event.round),
        fraction: event.fraction,
        detail: text.progress(number(event.commits), formatDuration(event.leftMs, language)),
      });
  }
}

function failureLine(label: string, error: DrError, frame: Frame): string {
  const { message, hint } = errorText(error, frame.language);
  return `! ${label}: ${message}\n  ${hint}`;
}

function render(outcome: LoadTestOutcome, frame: Frame): string {
  const text = loadtestText[frame.language];
  const { summary, reportPath, reportFailure, ledger, ledgerFailure } = outcome;
  return [
    summary.verdict,
    `  ${summary.detail}`,
    "",
    ...factLines(summary.figures),
    ...summary.tables.flatMap(({ title, head, rows }) => {
      const columns = head.map((heading) => ({ heading }));
      return ["", title, formatTable(columns, rows)];
    }),
    "",
    ...(reportPath === undefined
      ? []
      : factLines([[text.report, `${reportPath}.html (.pdf, .md, .json)`]])),
    ...(reportFailure === undefined ? [] : [failureLine(text.noReport, reportFailure, frame)]),
    ...(ledgerFailure === undefined ? [] : [failureLine(text.noLedger, ledgerFailure, frame)]),
    ...(ledger === "none" ? [text.ledgerNone] : []),
  ].join("\n");
}

function concludeWith(outcome: LoadTestOutcome, frame: Frame): void {
  const { facts, failure, ledgerFailure, reportFailure } = outcome;
  if (facts.ending === "interrupted") {
    frame.conclude({ kind: "interrupted" });
  } else if (facts.ending === "failed") {
    frame.conclude({ kind: "failed", error: failure });
  } else if (!facts.ok) {
    frame.conclude({ kind: "problems" });
  } else if (ledgerFailure !== undefined || reportFailure !== undefined) {
    frame.conclude({ kind: "warnings" });
  }
}

async function run(flags: Flags, frame: Frame): Promise<void> {
  const { compose } = await import("../../app/compose.ts");
  const { runLoadTest } = await import("../../app/loadtest/run-load-test.ts");
  const adapters = compose();
  const environment = frame.environment();
  const likeProduction = flags.likeProduction === true;
  const outcome = await runLoadTest(adapters, environment, {
    loadMs: flags.duration,
    clients: flags.clients,
    dataBytes: flags.size ?? (likeProduction ? SHAPED_BYTES : DATA_BYTES),
    likeProduction,
    seed: flags.seed ?? Math.floor(adapters.random.fraction() * 1_000_000),
    major: flags.major === undefined ? undefined : Number(flags.major),
    programs: flags.programs,
    application: flags.application,
    folder: flags.folder,
    onEvent: (event) => tell(event, frame),
    signal: frame.signal,
  });
  const { facts, reportPath, ledger } = outcome;
  // What is in the facts is text, numbers and lists of them.
  const value = JSON.parse(JSON.stringify(facts)) as { readonly [key: string]: JsonValue };
  frame.result({ ...value, report: reportPath ?? null, ledger }, () => render(outcome, frame));
  concludeWith(outcome, frame);
}

/** Registers the command. */
export function registerLoadtest(program: Command, frame: Frame): void {
  const text = loadtestText[frame.language];
  const clients = wholeNumber({ name: "--clients", command: COMMAND, min: 1, max: 64 });
  const seed = wholeNumber({ name: "--seed", command: COMMAND, min: 0, max: 2 ** 32 - 1 });
  defineCommand(program, frame.language, "loadtest", text)
    .addOption(
      new Option("--duration <time>", text.optionDuration)
        .argParser(loadTime)
        .default(45 * 60_000, "45m"),
    )
    .addOption(new Option("--clients <n>", text.optionClients).argParser(clients).default(16, "16"))
    .addOption(
      new Option("--size <size>", text.optionSize).argParser(
        dataSize({ name: "--size", command: COMMAND }),
      ),
    )
    .option("--like-production", text.optionLikeProduction)
    .addOption(new Option("--seed <n>", text.optionSeed).argParser(seed))
    .addOption(new Option("--major <n>", text.optionMajor).choices(["14", "15", "16", "17", "18"]))
    .addOption(
      new Option("--programs <origin>", text.optionPrograms).choices(["embedded", "distribution"]),
    )
    .option("--no-application", text.optionNoApplication)
    .option("--folder <dir>", text.optionFolder)
    .action((flags: Flags) => run(flags, frame));
}

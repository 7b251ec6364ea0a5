/** `pra loadtest`: told as it goes on standard error, its report in short on standard output. Exit 4 unless all passed. */
import { type Command, Option } from "commander";

import type { LoadTestOutcome } from "../../app/loadtest/conclude-load-test.ts";
import type { LoadTestEvent, ProductionPlan } from "../../app/loadtest/load-test-notes.ts";
import { DrError, errorText, isDrError } from "../../core/errors.ts";
import { formatBytes, formatDuration, formatNumber } from "../../core/format.ts";
import type { Language } from "../../core/language.ts";
import { dataSize } from "../data-size.ts";
import { factLines } from "../fact-lines.ts";
import type { Frame, JsonValue } from "../frame.ts";
import { defineCommand } from "../program.ts";
import { concludeSent, sendMade, sentLines } from "../sent-lines.ts";
import { formatTable } from "../table.ts";
import { loadtestText } from "../text/loadtest-text.ts";
import { sentText } from "../text/sent-text.ts";
import { wholeNumber } from "../whole-number.ts";

const COMMAND = "pra loadtest";
const ALLOW = "--allow-production";
const UNITS_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };
/** Of table data, where nobody says. */
const DATA_BYTES = 300 * 2 ** 20;
const SHAPED_BYTES = 2 ** 30;
const LOAD_LEAST_MS = 10_000;
const LOAD_MOST_MS = 24 * 3_600_000;

const CLIENTS = 16;
/** On production, where others work. */
const PRODUCTION_CLIENTS = 4;
const PRODUCTION_SHARE_PERCENT = 25;

type Flags = {
  readonly duration: number;
  readonly clients?: number;
  readonly allowProduction?: true;
  readonly confirm?: string;
  readonly share?: number;
  readonly slowest?: number;
  readonly size?: number;
  readonly likeProduction?: true;
  readonly seed?: number;
  readonly major?: string;
  readonly programs?: "embedded" | "distribution";
  readonly application: boolean;
  readonly folder?: string;
  readonly resume?: string;
  readonly send?: true;
};

/** What a test that is gone on with was begun with. */
const BEGUN_WITH = [
  "duration",
  "clients",
  "size",
  "likeProduction",
  "seed",
  "major",
  "programs",
  "application",
  "folder",
  "allowProduction",
  "confirm",
  "share",
  "slowest",
];

function loadTime(typed: string): number {
  const match = /^(\d{1,6})\s*(s|m|min|h)$/.exec(typed);
  const ms = Number(match?.[1]) * (UNITS_MS[match?.[2]?.[0] ?? ""] ?? Number.NaN);
  if (!(ms >= LOAD_LEAST_MS && ms <= LOAD_MOST_MS)) {
    throw new DrError("USAGE_VALUE", { name: "--duration", value: typed, command: COMMAND });
  }
  return ms;
}

/** What a server of the test's own is made like. @throws DrError `USAGE_CONFLICT`. */
function requireForProduction(flags: Flags): void {
  const options = {
    "--size": flags.size,
    "--like-production": flags.likeProduction,
    "--major": flags.major,
    "--programs": flags.programs,
    "--folder": flags.folder,
  };
  for (const [other, value] of Object.entries(options)) {
    if (value !== undefined) {
      throw new DrError("USAGE_CONFLICT", { command: COMMAND, option: ALLOW, other });
    }
  }
}

function announcement(plan: ProductionPlan, language: Language): string {
  const text = loadtestText[language];
  const mib = (bytes: number): string => formatBytes(bytes, language);
  return text.announced({
    cluster: plan.cluster,
    where: plan.where,
    database: plan.database,
    took: formatDuration(plan.loadMs, language),
    clients: formatNumber(plan.clients, language),
    share: formatNumber(plan.share * 100, language),
    directory: plan.directory,
    needed: mib(plan.neededBytes),
    free: mib(plan.freeBytes),
  });
}

type OnProduction = Extract<
  LoadTestEvent,
  { readonly kind: "announced" | "frozen" | "databaseDropped" | "databaseStays" }
>;

const ON_PRODUCTION: ReadonlySet<string> = new Set<OnProduction["kind"]>([
  "announced",
  "frozen",
  "databaseDropped",
  "databaseStays",
]);

function isOnProduction(event: LoadTestEvent): event is OnProduction {
  return ON_PRODUCTION.has(event.kind);
}

function tellOfProduction(event: OnProduction, frame: Frame): void {
  const { language } = frame;
  const text = loadtestText[language];
  switch (event.kind) {
    case "announced":
      frame.note(announcement(event.plan, language));
      return;
    case "frozen":
      frame.note(text.frozen(formatNumber(event.commits, language), event.lsn));
      return;
    case "databaseDropped":
      frame.note(text.databaseDropped(event.database));
      return;
    case "databaseStays":
      frame.note(failureLine(text.databaseStays(event.database), event.failure, frame));
  }
}

function tell(event: LoadTestEvent, frame: Frame): void {
  if (isOnProduction(event)) {
    tellOfProduction(event, frame);
    return;
  }
  const { language } = frame;
  const text = loadtestText[language];
  const number = (value: number): string => formatNumber(value, language);
  switch (event.kind) {
    case "begun":
      frame.note(text.begun(event.folder, event.seed));
      return;
    case "resumed":
      frame.note(text.resumed(event.folder, event.savedAt));
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
  const { summary, reportPath, reportFailure, ledger, ledgerFailure, failure } = outcome;
  return [
    summary.verdict,
    `  ${summary.detail}`,
    ...(isDrError(failure) ? [failureLine(text.endedBy, failure, frame)] : []),
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
  const { facts, failure, ledgerFailure, reportFailure, databaseFailure } = outcome;
  if (facts.ending === "interrupted") {
    frame.conclude({ kind: "interrupted" });
  } else if (facts.ending === "failed") {
    frame.conclude({ kind: "failed", error: failure });
  } else if (!facts.ok) {
    frame.conclude({ kind: "problems" });
  } else if ([ledgerFailure, reportFailure, databaseFailure].some((one) => one !== undefined)) {
    frame.conclude({ kind: "warnings" });
  }
}

async function runOn(flags: Flags, frame: Frame): Promise<LoadTestOutcome> {
  const { compose } = await import("../../app/compose.ts");
  const { consentsToProduction } = await import("../../app/loadtest/production-consent.ts");
  const environment = frame.environment();
  const wish = { allowProduction: flags.allowProduction === true, confirm: flags.confirm };
  const reason = environment.settings.get("PRA_REASON")?.value;
  const onProduction = consentsToProduction(wish, { cluster: environment.cluster, reason });
  const adapters = compose();
  const common = {
    loadMs: flags.duration,
    seed: flags.seed ?? Math.floor(adapters.random.fraction() * 1_000_000),
    application: flags.application,
    onEvent: (event: LoadTestEvent) => tell(event, frame),
    signal: frame.signal,
  };
  if (flags.resume !== undefined) {
    const { resumeLoadTest } = await import("../../app/loadtest/resume-load-test.ts");
    return resumeLoadTest(adapters, environment, { ...common, folder: flags.resume });
  }
  if (onProduction) {
    requireForProduction(flags);
    const { runProductionTest } = await import("../../app/loadtest/run-production-test.ts");
    return runProductionTest(adapters, environment, {
      ...common,
      clients: flags.clients ?? PRODUCTION_CLIENTS,
      share: (flags.share ?? PRODUCTION_SHARE_PERCENT) / 100,
      slowestMs: flags.slowest,
    });
  }
  for (const option of ["share", "slowest"] as const) {
    if (flags[option] !== undefined) {
      throw new DrError("USAGE_LOADTEST_SHARE", { option: `--${option}` });
    }
  }
  const { runLoadTest } = await import("../../app/loadtest/run-load-test.ts");
  const likeProduction = flags.likeProduction === true;
  return runLoadTest(adapters, environment, {
    ...common,
    clients: flags.clients ?? CLIENTS,
    dataBytes: flags.size ?? (likeProduction ? SHAPED_BYTES : DATA_BYTES),
    likeProduction,
    major: flags.major === undefined ? undefined : Number(flags.major),
    programs: flags.programs,
    folder: flags.folder,
  });
}

async function run(flags: Flags, frame: Frame): Promise<void> {
  const outcome = await runOn(flags, frame);
  const { facts, reportPath, ledger, made } = outcome;
  // One that somebody ended is of no use to others.
  const send = flags.send === true && facts.ending !== "interrupted";
  const sending = await sendMade(made, { send, frame });
  // What is in the facts is text, numbers and lists of them.
  const value = JSON.parse(JSON.stringify(facts)) as { readonly [key: string]: JsonValue };
  frame.result({ ...value, report: reportPath ?? null, ledger, sent: [...sending.sent] }, () =>
    [render(outcome, frame), ...sentLines(sending.sent, frame.language)].join("\n"),
  );
  concludeSent(frame, sending);
  concludeWith(outcome, frame);
}

/** Registers the command. */
export function registerLoadtest(program: Command, frame: Frame): void {
  const text = loadtestText[frame.language];
  const clients = wholeNumber({ name: "--clients", command: COMMAND, min: 1, max: 64 });
  const share = wholeNumber({ name: "--share", command: COMMAND, min: 1, max: 100 });
  const slowest = wholeNumber({ name: "--slowest", command: COMMAND, min: 10, max: 60_000 });
  const seed = wholeNumber({ name: "--seed", command: COMMAND, min: 0, max: 2 ** 32 - 1 });
  defineCommand(program, frame.language, "loadtest", text)
    .addOption(
      new Option("--duration <time>", text.optionDuration)
        .argParser(loadTime)
        .default(45 * 60_000, "45m"),
    )
    .addOption(new Option("--clients <n>", text.optionClients).argParser(clients))
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
    .addOption(new Option("--resume <dir>", text.optionResume).conflicts(BEGUN_WITH))
    .addOption(new Option("--send", sentText[frame.language].optionSend))
    .addOption(new Option(ALLOW, text.optionAllow))
    .addOption(new Option("--confirm <name>", text.optionConfirm))
    .addOption(new Option("--share <percent>", text.optionShare).argParser(share))
    .addOption(new Option("--slowest <ms>", text.optionSlowest).argParser(slowest))
    .action((flags: Flags) => run(flags, frame));
}

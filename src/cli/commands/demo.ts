/**
 * `pra demo`: the demonstration, told as it goes on standard error and summed up in a table on standard output. Needs no
 * configuration and reads none, so that it can never touch the user's server or repository.
 */
import { join } from "node:path";

import type { Command } from "commander";

import type { DemoEvent, DemoReport } from "../../app/demo/demo-report.ts";
import { unreachable } from "../../core/assert.ts";
import { DrError } from "../../core/errors.ts";
import { formatLsn } from "../../core/lsn.ts";
import { displayWidth } from "../display-width.ts";
import { factLines } from "../fact-lines.ts";
import { formatBytes, formatDuration, formatNumber } from "../../core/format.ts";
import type { Frame, JsonValue } from "../frame.ts";
import { defineCommand } from "../program.ts";
import { formatTable } from "../table.ts";
import { dataSize } from "../data-size.ts";
import { demoText } from "../text/demo-text.ts";
import { wholeNumber } from "../whole-number.ts";
import { terminalWidth } from "../terminal-width.ts";

type DemoFlags = {
  readonly seed?: number;
  readonly sabotage?: boolean;
  readonly data: number;
  readonly commits: number;
  readonly folder?: string;
};

const COMMAND = "pra demo";

/** Where lines begin, behind the time. */
const INDENT = " ".repeat(9);
/** How values are written in the person's language. */
function writing(frame: Frame) {
  const { language } = frame;
  return {
    text: demoText[language],
    bytes: (value: number) => formatBytes(value, language),
    duration: (ms: number) => formatDuration(ms, language),
    number: (value: number) => formatNumber(value, language),
  };
}

function tellProgress(event: Extract<DemoEvent, { kind: "progress" }>, frame: Frame): void {
  const { text, number } = writing(frame);
  const { phase, doneBytes, totalBytes, commits } = event;
  frame.progress.update({
    phase: text.phases[phase],
    ...(doneBytes === undefined ? {} : { doneBytes }),
    ...(totalBytes === undefined ? {} : { totalBytes: Math.max(totalBytes, doneBytes ?? 0) }),
    ...(commits === undefined ? {} : { detail: text.commitsSoFar(number(commits)) }),
  });
}

type Told = Exclude<DemoEvent, { kind: "progress" }>;
/** Before the loss, and from it on. */
type BeforeKind =
  | "begun"
  | "server-ready"
  | "data-loaded"
  | "repository-made"
  | "receiving"
  | "load-started"
  | "backed-up";
type Before = Extract<Told, { kind: BeforeKind }>;
type After = Exclude<Told, Before>;

function isBefore(event: Told): event is Before {
  const kinds: readonly string[] = [
    "begun",
    "server-ready",
    "data-loaded",
    "repository-made",
    "receiving",
    "load-started",
    "backed-up",
  ] satisfies readonly BeforeKind[];
  return kinds.includes(event.kind);
}

function lineBefore(event: Before, frame: Frame): string {
  const { text, bytes, duration } = writing(frame);
  switch (event.kind) {
    case "begun":
      return `${text.begun(event.folder)}\n${text.seed(event.seed)}`;
    case "server-ready":
      return text.serverReady(event.version, event.account);
    case "data-loaded":
      return text.dataLoaded(bytes(event.bytes), duration(event.durationMs));
    case "repository-made":
      return text.repositoryMade;
    case "receiving":
      return text.receiving(event.pid, event.standbyName);
    case "load-started":
      return text.loadStarted(event.clients);
    case "backed-up": {
      const { kind, readBytes, storedBytes, durationMs } = event.backup;
      return text.backedUp[kind](bytes(readBytes), bytes(storedBytes), duration(durationMs));
    }
    default:
      return unreachable(event);
  }
}

function lineAfter(event: After, frame: Frame): string {
  const { text, bytes, duration, number } = writing(frame);
  switch (event.kind) {
    case "killed":
      return text.killed(duration(event.afterIncrementalMs), number(event.commits));
    case "receiver-survived":
      return text.survived(event.pid);
    case "sabotaged": {
      const { objects, fromLsn, toLsn } = event.sabotage;
      return text.sabotaged(objects.join(", "), formatLsn(fromLsn), formatLsn(toLsn));
    }
    case "planned":
      return text.planned(event.backupKind, formatLsn(event.reachLsn));
    case "restored": {
      const { restoredBytes, walBytes, durationMs } = event;
      return text.restored(bytes(restoredBytes), bytes(walBytes), duration(durationMs));
    }
    case "started":
      return text.started(duration(event.rtoMs));
    case "judged":
      return text.judged(number(event.found), number(event.lost));
    case "proved":
      return text.proved[event.verdict](duration(event.durationMs));
    case "folder-removed":
      return text.folderRemoved(event.folder);
    case "folder-kept":
      return text.folderKept(event.folder);
    default:
      return unreachable(event);
  }
}

/** Breaks a line between words so that it fits `columns`; a longer word stands alone. */
function wrapped(line: string, columns: number): string {
  const lines: string[] = [];
  let current = "";
  for (const word of line.split(" ")) {
    const longer = current === "" ? word : `${current} ${word}`;
    if (displayWidth(longer) > columns && current.trim() !== "") {
      lines.push(current);
      current = word;
    } else {
      current = longer;
    }
  }
  return [...lines, current].join(`\n${INDENT}`);
}

/** Tells events, each with the time since the beginning. */
function teller(frame: Frame): (event: DemoEvent) => void {
  const beganMs = performance.now();
  return (event) => {
    if (event.kind === "progress") {
      tellProgress(event, frame);
      return;
    }
    const line = isBefore(event) ? lineBefore(event, frame) : lineAfter(event, frame);
    const seconds = formatNumber((performance.now() - beganMs) / 1000, frame.language, 1);
    const columns = terminalWidth(process.stderr) ?? Infinity;
    const fitting = line.split("\n").map((each) => wrapped(each, columns - INDENT.length));
    frame.note(`${`${seconds} s`.padStart(INDENT.length - 2)}  ${fitting.join(`\n${INDENT}`)}`);
  };
}

function durationOf(report: DemoReport, ...phases: readonly string[]): number {
  return report.timings
    .filter(({ phase }) => phases.includes(phase))
    .reduce((sum, { durationMs }) => sum + durationMs, 0);
}

function resultTable(report: DemoReport, frame: Frame): string {
  const { text, duration, number } = writing(frame);
  const { rows, columns } = text;
  const chains = report.chainBroken.length === 0 && report.balancesOk;
  return formatTable(
    [
      { heading: columns.what },
      { heading: columns.measured, align: "right" },
      { heading: columns.objective, align: "right" },
    ],
    [
      [rows.acknowledged, number(report.acknowledged)],
      [rows.rate, number(report.commitsPerSecond)],
      [rows.lost, number(report.lost), "0"],
      [rows.rpo, report.rpoMs === 0 ? "0 s" : duration(report.rpoMs), text.objectiveRpo],
      [rows.rto, duration(report.rtoMs), text.objectiveRto],
      [rows.chains, chains ? text.whole : text.broken, text.whole],
      [rows.proof, text.verdicts[report.proof.verdict], text.levels],
    ],
  );
}

function stepTable(report: DemoReport, frame: Frame): string {
  const { text, bytes, duration } = writing(frame);
  const { rows, columns } = text;
  const time = (...phases: readonly string[]): string => duration(durationOf(report, ...phases));
  return formatTable(
    [
      { heading: columns.step },
      { heading: columns.read, align: "right" },
      { heading: columns.written, align: "right" },
      { heading: columns.duration, align: "right" },
    ],
    [
      [rows.data, "", bytes(report.dataBytes), time("data")],
      ...report.backups.map(({ kind, readBytes, storedBytes, durationMs }) => [
        rows[kind],
        bytes(readBytes),
        bytes(storedBytes),
        duration(durationMs),
      ]),
      [rows.wal, bytes(report.walReceivedBytes), bytes(report.walStoredBytes)],
      [
        rows.restore,
        bytes(report.restoreReadBytes),
        bytes(report.restoredBytes + report.restoredWalBytes),
        time("restore"),
      ],
      [rows.start, "", "", time("start")],
      [rows.judge, "", "", time("judge")],
      [rows.proving, "", "", time("proof")],
      [rows.all, "", bytes(report.repositoryBytes), duration(report.durationMs)],
    ],
  );
}

function renderReport(report: DemoReport, frame: Frame): string {
  const { text, bytes, number } = writing(frame);
  const commits = number(report.acknowledged);
  const folder = shellWord(report.folder);
  const verdict = report.ok
    ? text.good(commits)
    : report.lost > 0
      ? text.bad(number(report.lost), commits)
      : text.badOtherwise;
  return [
    "",
    resultTable(report, frame),
    "",
    stepTable(report, frame),
    "",
    verdict,
    ...(report.lost > 0 && report.sabotage !== undefined ? [text.sabotageSeen] : []),
    ...report.proof.levels.flatMap(({ level, findings }) =>
      findings.map(({ kind, text: found }) => `  ${level}: ${kind}: ${found}`),
    ),
    "",
    text.keeps(report.folder, bytes(report.repositoryBytes)),
    ...factLines([
      [text.look, `cd ${folder} && ${shellWord(join(frame.checkoutDirectory, "pra"))} list`],
      [text.remove, `rm -rf ${folder}`],
    ]),
  ].join("\n");
}

/** A path as a shell reads it back. */
function shellWord(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}

function jsonOf(report: DemoReport): JsonValue {
  const { sabotage, proof, chainBroken, reachLsn, rpoMs, rtoMs, ...rest } = report;
  return {
    ...rest,
    chainBroken: chainBroken.map(({ client, sequence, fault }) => ({ client, sequence, fault })),
    backups: report.backups.map((backup) => ({ ...backup })),
    timings: report.timings.map((timing) => ({ ...timing })),
    reachedLsn: formatLsn(reachLsn),
    rpoSeconds: rpoMs / 1000,
    rtoSeconds: rtoMs / 1000,
    sabotage:
      sabotage === undefined
        ? null
        : {
            objects: sabotage.objects,
            fromLsn: formatLsn(sabotage.fromLsn),
            toLsn: formatLsn(sabotage.toLsn),
          },
    proof: {
      verdict: proof.verdict,
      durationMs: proof.durationMs,
      levels: proof.levels.map(({ findings, ...level }) => ({
        ...level,
        findings: findings.map((finding) => ({ ...finding })),
      })),
    },
  };
}

function failureOf(report: DemoReport): DrError {
  const { lost, acknowledged } = report;
  return lost > 0
    ? new DrError("PROOF_COMMITS_LOST", { lost, acknowledged })
    : new DrError("PROOF_DEMO_FAILED", {});
}

async function demonstrate(flags: DemoFlags, frame: Frame): Promise<void> {
  const { compose } = await import("../../app/compose.ts");
  const { runDemo } = await import("../../app/demo/run-demo.ts");
  const adapters = compose();
  const report = await runDemo({
    adapters,
    seed: flags.seed ?? Math.floor(adapters.random.fraction() * 1_000_000),
    sabotage: flags.sabotage === true,
    dataBytes: flags.data,
    commits: flags.commits,
    folder: flags.folder,
    onEvent: teller(frame),
    signal: frame.signal,
  });
  frame.result(jsonOf(report), () => renderReport(report, frame));
  if (!report.ok) {
    frame.conclude({ kind: "failed", error: failureOf(report) });
  }
}

/** Registers the command. */
export function registerDemo(program: Command, frame: Frame): void {
  const text = demoText[frame.language];
  defineCommand(program, frame.language, "demo", text)
    .option(
      "--seed <n>",
      text.optionSeed,
      wholeNumber({ name: "--seed", command: COMMAND, min: 0, max: 999_999_999 }),
    )
    .option("--sabotage", text.optionSabotage)
    .option(
      "--data <size>",
      text.optionData,
      dataSize({ name: "--data", command: COMMAND }),
      320 * 2 ** 20,
    )
    .option(
      "--commits <n>",
      text.optionCommits,
      wholeNumber({ name: "--commits", command: COMMAND, min: 1, max: 999_999_999 }),
      5000,
    )
    .option("--folder <dir>", text.optionFolder)
    .action(async (flags: DemoFlags) => demonstrate(flags, frame));
}

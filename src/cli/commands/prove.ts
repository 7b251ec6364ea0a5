/** `pra prove`: the verdict, level by level, with what was measured. Exit 4 when it is not green. */
import { availableParallelism } from "node:os";

import type { Command } from "commander";

import type { ProveReport } from "../../app/prove-operation.ts";
import { formatLsn } from "../../core/lsn.ts";
import { factLines } from "../fact-lines.ts";
import { formatDuration, formatNumber } from "../../core/format.ts";
import type { Frame, JsonValue } from "../frame.ts";
import { defineCommand } from "../program.ts";
import { proveText } from "../text/prove-text.ts";

/** Findings of a level that people get; machines get those that were kept. */
const FINDINGS_SHOWN_MAX = 10;

type Options = {
  readonly backup?: string;
  readonly at?: string;
  readonly lsn?: string;
  readonly xid?: string;
  readonly name?: string;
  readonly immediate?: boolean;
  readonly latest?: boolean;
  readonly timeline?: string;
};

function levelLines(report: ProveReport, frame: Frame): string[] {
  const { language } = frame;
  const text = proveText[language];
  return report.proof.levels.flatMap(({ level, ok, durationMs, findings, findingsTotal }) => {
    const mark = ok ? "✓" : "✗";
    const duration = formatDuration(durationMs, language);
    const first = findings.slice(0, FINDINGS_SHOWN_MAX);
    const rest = findingsTotal - first.length;
    return [
      `  ${text.levelLine(mark, level, text.levels[level], duration)}`,
      ...first.map(
        (finding) => `      ${finding.kind}: ${finding.text.replaceAll("\n", "\n        ")}`,
      ),
      ...(rest > 0 ? [`      ${text.more(formatNumber(rest, language))}`] : []),
    ];
  });
}

function lookedAt(report: ProveReport, frame: Frame): readonly (readonly [string, string])[] {
  const { language } = frame;
  const text = proveText[language];
  const counts = report.proof.levels.find(({ level }) => level === 3)?.counts;
  if (counts === undefined) {
    return [];
  }
  const shown = Object.fromEntries(
    Object.entries(counts).map(([name, value]) => [name, formatNumber(value, language)]),
  );
  const leftOut = counts["leftOut"] ?? 0;
  const sample = leftOut === 0 ? "" : `; ${text.sampled(formatNumber(leftOut, language))}`;
  return [[text.looked, `${text.lookedFacts(shown)}${sample}`]];
}

function renderProve(report: ProveReport, frame: Frame): string {
  const { language } = frame;
  const text = proveText[language];
  const { proof, plan, rpoSeconds, rtoSeconds } = report;
  const seconds = (value: number): string => formatDuration(value * 1000, language);
  const list = (title: string, findings: Proof["unfit"]): string[] =>
    findings.length === 0
      ? []
      : ["", title, ...findings.map(({ kind, name, detail }) => `  ${kind} ${name}: ${detail}`)];
  return [
    `${text.verdicts[proof.verdict]} (${formatDuration(proof.durationMs, language)})`,
    ...levelLines(report, frame),
    ...factLines([
      [text.backup, plan.backup.id],
      ...(proof.reached === undefined
        ? []
        : [[text.reached, `${formatLsn(proof.reached.lsn)}, timeline ${plan.timeline}`] as const]),
      [text.server, `PostgreSQL ${proof.serverVersion}`],
      ...lookedAt(report, frame),
      ...(rpoSeconds === undefined ? [] : [[text.rpo, seconds(rpoSeconds)] as const]),
      ...(rtoSeconds === undefined ? [] : [[text.rto, seconds(rtoSeconds)] as const]),
      [
        text.report,
        report.reportPath === undefined
          ? text.noReport(report.reportFailure?.message ?? "")
          : `${report.reportPath}.html`,
      ],
    ]),
    ...list(text.unfit, proof.unfit),
    ...list(text.environment, proof.environment),
  ].join("\n");
}

type Proof = ProveReport["proof"];

function jsonOf(report: ProveReport, value: string | null): JsonValue {
  const { proof, plan, target, place } = report;
  const { reached } = proof;
  return {
    ok: proof.verdict === "proved",
    verdict: proof.verdict,
    cluster: place.cluster,
    backup: plan.backup.id,
    target: { kind: target.kind, value, timeline: plan.timeline },
    reached:
      reached === undefined
        ? null
        : { lsn: formatLsn(reached.lsn), timeline: reached.timeline, reason: reached.reason },
    levels: proof.levels.map(({ level, ok, durationMs, findings, findingsTotal, counts }) => ({
      level,
      ok,
      durationMs: Math.round(durationMs),
      findings,
      findingsTotal,
      counts,
    })),
    unfit: proof.unfit,
    environment: proof.environment,
    rpoSeconds: report.rpoSeconds ?? null,
    rtoSeconds: report.rtoSeconds ?? null,
    restoredBytes: proof.restoredBytes,
    phases: proof.phases,
    durationMs: proof.durationMs,
    serverVersion: proof.serverVersion,
    report: report.reportPath === undefined ? null : `${report.reportPath}.html`,
  };
}

async function runCommand(options: Options, frame: Frame): Promise<void> {
  const text = proveText[frame.language];
  const { compose } = await import("../../app/compose.ts");
  const { runProve, targetValue } = await import("../../app/prove-operation.ts");
  const { backup, ...target } = options;
  const report = await runProve(compose(), frame.environment(), {
    target,
    backup,
    workers: Math.max(1, availableParallelism()),
    localZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    onStep: (step) => frame.progress.update({ phase: text.steps[step] }),
    signal: frame.signal,
  });
  frame.result(jsonOf(report, targetValue(report.target)), () => renderProve(report, frame));
  if (report.proof.verdict !== "proved") {
    frame.conclude({ kind: "problems" });
  } else if (report.ledgerFailure !== undefined || report.reportFailure !== undefined) {
    frame.conclude({ kind: "warnings" });
  }
}

/** Registers the command. */
export function registerProve(program: Command, frame: Frame): void {
  const text = proveText[frame.language];
  defineCommand(program, frame.language, "prove", text)
    .option("--backup <id>", text.optionBackup)
    .option("--at <time>", text.optionAt)
    .option("--lsn <lsn>", text.optionLsn)
    .option("--xid <xid>", text.optionXid)
    .option("--name <name>", text.optionName)
    .option("--immediate", text.optionImmediate)
    .option("--latest", text.optionLatest)
    .option("--timeline <timeline>", text.optionTimeline)
    .action((options: Options) => runCommand(options, frame));
}

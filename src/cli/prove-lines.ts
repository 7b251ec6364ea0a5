/** What a proof shows people and machines: verdict, levels, what was checked by name, what was measured. */
import type { BackupProof } from "../app/prove-policy.ts";
import type { ProveReport } from "../app/prove-records.ts";
import { errorText } from "../core/errors.ts";
import { formatDuration, formatNumber } from "../core/format.ts";
import { formatLsn } from "../core/lsn.ts";
import { proofWords } from "../core/proof-words.ts";
import { factLines } from "./fact-lines.ts";
import type { Frame, JsonValue } from "./frame.ts";
import { proveText } from "./text/prove-text.ts";

type Proof = ProveReport["proof"];
type Speaking = Pick<Frame, "language">;

/** Findings of a level that people get; machines get those that were kept. */
const FINDINGS_SHOWN_MAX = 10;

function indented(text: string, by: string): string {
  return `${by}${text.replaceAll("\n", `\n${by}`)}`;
}

/** The assertions by name in place of level 4's findings, and how the application ended in place of level 5's. */
function detailLines(level: number, proof: Proof, { language }: Speaking): string[] | undefined {
  const text = proveText[language];
  const words = proofWords[language];
  if (level === 4) {
    return proof.assertions.map(({ name, ok, outcome, value, expect, message }) => {
      const answered = value ?? words.assertions[outcome];
      const said = outcome === "differs" ? text.differs(answered, expect) : (message ?? answered);
      return indented(text.named(`${ok ? "✓" : "✗"} ${name}`, said), "      ");
    });
  }
  const { application } = proof;
  if (level === 5 && application !== undefined) {
    const { outcome, exitCode, reason, command, output, ok } = application;
    const how = [words.application[outcome], ok ? "" : (exitCode ?? reason ?? "")].join(" ").trim();
    const tail = ok || output.trim() === "" ? [] : [text.output, indented(output.trimEnd(), "  ")];
    return [text.named(command.join(" "), how), ...tail].map((line) => indented(line, "      "));
  }
  return undefined;
}

function levelLines(report: ProveReport, frame: Speaking): string[] {
  const { language } = frame;
  const text = proveText[language];
  return report.proof.levels.flatMap(({ level, ok, durationMs, findings, findingsTotal }) => {
    const mark = ok ? "✓" : "✗";
    const duration = formatDuration(durationMs, language);
    const first = findings.slice(0, FINDINGS_SHOWN_MAX);
    const rest = findingsTotal - first.length;
    return [
      `  ${text.levelLine(mark, level, proofWords[language].levels[level], duration)}`,
      ...(detailLines(level, report.proof, frame) ?? [
        ...first.map((finding) => indented(`${finding.kind}: ${finding.text}`, "      ")),
        ...(rest > 0 ? [`      ${text.more(formatNumber(rest, language))}`] : []),
      ]),
    ];
  });
}

function lookedAt(
  report: ProveReport,
  { language }: Speaking,
): readonly (readonly [string, string])[] {
  const text = proveText[language];
  const counts = report.proof.levels.find(({ level }) => level === 3)?.counts;
  // Without databases it ended before it counted.
  if (counts?.["databases"] === undefined) {
    return [];
  }
  const shown = Object.fromEntries(
    Object.entries(counts).map(([name, value]) => [name, formatNumber(value, language)]),
  );
  const leftOut = counts["leftOut"] ?? 0;
  const sample = leftOut === 0 ? "" : `; ${text.sampled(formatNumber(leftOut, language))}`;
  return [[text.looked, `${text.lookedFacts(shown)}${sample}`]];
}

function beatOf(
  { heartbeat }: Proof,
  { language }: Speaking,
): readonly (readonly [string, string])[] {
  const text = proveText[language];
  if (heartbeat === undefined) {
    return [];
  }
  const { beatAt, lossSeconds, against, message } = heartbeat;
  if (beatAt === null) {
    return [[text.beat, text.noBeat(message ?? "")]];
  }
  const loss = lossSeconds === null ? "?" : formatDuration(lossSeconds * 1000, language);
  return [[text.beat, text.beatFacts(loss, proofWords[language].against[against], beatAt)]];
}

/** One proof for people. */
export function renderProof(report: ProveReport, frame: Speaking): string {
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
      ...beatOf(proof, frame),
      [
        text.report,
        report.reportPath === undefined
          ? text.noReport(report.reportFailure?.message ?? "")
          : `${report.reportPath}.html`,
      ],
      ...(report.reportId === undefined ? [] : [[text.archived, report.reportId] as const]),
    ]),
    ...list(text.unfit, proof.unfit),
    ...list(text.environment, proof.environment),
  ].join("\n");
}

/** One proof for machines. `value`: the target's, as text. */
export function proofToJson(
  report: ProveReport,
  value: string | null,
): { readonly [key: string]: JsonValue } {
  const { proof, plan, target, place, limits } = report;
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
    assertions: proof.assertions,
    heartbeat: proof.heartbeat ?? null,
    application: proof.application ?? null,
    limits,
    unfit: proof.unfit,
    environment: proof.environment,
    rpoSeconds: report.rpoSeconds ?? null,
    rtoSeconds: report.rtoSeconds ?? null,
    restoredBytes: proof.restoredBytes,
    phases: proof.phases,
    durationMs: proof.durationMs,
    serverVersion: proof.serverVersion,
    report: report.reportPath === undefined ? null : `${report.reportPath}.html`,
    reportId: report.reportId ?? null,
  };
}

/** Whether a backup's proof was made, and is good. */
export function isProved(proof: BackupProof): boolean {
  return proof.state === "judged" && proof.report.proof.verdict === "proved";
}

/** A backup's proof for people, or why none could be made. */
export function renderBackupProof(proof: BackupProof, frame: Speaking): string {
  if (proof.state === "judged") {
    return renderProof(proof.report, frame);
  }
  const { message, hint } = errorText(proof.error, frame.language);
  return `✗ ${proveText[frame.language].notMade}: ${message}\n  ${hint}`;
}

/** The same for machines. `valueOf`: the target's, as text. */
export function backupProofToJson(
  proof: BackupProof,
  valueOf: (report: ProveReport) => string | null,
): JsonValue {
  const { backup } = proof;
  if (proof.state === "judged") {
    return proofToJson(proof.report, valueOf(proof.report));
  }
  const { code, message } = proof.error;
  return { ok: false, verdict: null, backup, error: { code, message } };
}

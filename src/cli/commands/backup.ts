/** `pra backup`: one backup, its path and its size. Exit 5 when damaged pages were found. */
import { availableParallelism } from "node:os";
import { join } from "node:path";

import { type Command, Option } from "commander";

import type { BackupResult, BackupStep } from "../../app/backup.ts";
import type { Adapters } from "../../app/compose.ts";
import type { Environment } from "../../app/environment.ts";
import type { BackupProof } from "../../app/prove-policy.ts";
import type { WantedKind } from "../../backup/choose-kind.ts";
import { type DrError, errorText, isDrError } from "../../core/errors.ts";
import { formatLsn } from "../../core/lsn.ts";
import { factLines } from "../fact-lines.ts";
import { formatBytes, formatDuration, formatNumber } from "../../core/format.ts";
import type { Frame, JsonValue } from "../frame.ts";
import { defineCommand } from "../program.ts";
import { backupProofToJson, isProved, renderBackupProof } from "../prove-lines.ts";
import { backupText } from "../text/backup-text.ts";
import { proveText } from "../text/prove-text.ts";
import { workersOption } from "../workers-option.ts";

type Options = {
  readonly full?: true;
  readonly incremental?: true;
  readonly note?: string;
  readonly workers: number;
  readonly allowUntestedMajor?: true;
  readonly acceptRollback?: true;
};

/** Damaged pages shown to people; `--json` gives all. */
const CORRUPT_PAGES_SHOWN = 20;

function pathOf(result: BackupResult): string {
  return join(result.repository.location, result.taken.key);
}

function jsonOf(result: BackupResult, wanted: WantedKind, proof: JsonValue): JsonValue {
  const { root, durationMs } = result.taken;
  const { clusterBytes, readBytes, storedBytes, newBlocks, totalBlocks } = root.totals;
  return {
    id: root.id,
    kind: root.kind,
    parent: root.parent,
    timeline: root.timeline,
    startLsn: formatLsn(root.startLsn),
    stopLsn: formatLsn(root.stopLsn),
    startedAt: root.startedAt,
    finishedAt: root.finishedAt,
    durationMs: Math.round(durationMs),
    clusterBytes,
    readBytes,
    storedBytes,
    newBlocks,
    totalBlocks,
    corruptPages: root.corruptPages.map(({ path, block }) => ({ path, block })),
    cluster: root.cluster,
    wanted,
    reason: result.chosen.reason,
    note: root.note,
    path: pathOf(result),
    walFrom: result.walFrom,
    proof,
  };
}

function warningLines(result: BackupResult, frame: Frame): string[] {
  const text = backupText[frame.language];
  const { corruptPages } = result.taken.root;
  const shown = corruptPages.slice(0, CORRUPT_PAGES_SHOWN);
  const damage =
    corruptPages.length === 0
      ? []
      : [
          "",
          `! ${text.corrupt(corruptPages.length)}`,
          ...shown.map(({ path, block }) => `    ${text.corruptPage(path, block)}`),
          ...(corruptPages.length > shown.length
            ? [`    ${text.corruptMore(corruptPages.length - shown.length)}`]
            : []),
          `  ${text.corruptAdvice}`,
        ];
  const wal = result.walEvents.flatMap((event) =>
    event.kind === "segment-conflict"
      ? [`! ${text.conflict(event.segment)}`]
      : event.kind === "index-failed"
        ? [`! ${text.indexFailed(event.segment)}`]
        : [],
  );
  const { ledgerFailure, settingsFailure, heartbeatFailure } = result;
  const reason = (error: Error | DrError): string =>
    isDrError(error) ? errorText(error, frame.language).message : error.message;
  return [
    ...damage,
    ...wal,
    ...(settingsFailure === undefined ? [] : [`! ${text.settingsFailed(reason(settingsFailure))}`]),
    ...(heartbeatFailure === undefined ? [] : [`! ${text.beatFailed(reason(heartbeatFailure))}`]),
    ...(ledgerFailure === undefined ? [] : [`! ${text.ledgerFailed(reason(ledgerFailure))}`]),
  ];
}

function renderBackup(result: BackupResult, wanted: WantedKind, frame: Frame): string {
  const { language } = frame;
  const text = backupText[language];
  const { root, durationMs } = result.taken;
  const { storedBytes, clusterBytes, newBlocks, totalBlocks } = root.totals;
  const bytes = (value: number): string => formatBytes(value, language);
  const number = (value: number): string => formatNumber(value, language);
  const reason = text.reasons[result.chosen.reason];
  const asked = result.chosen.reason === "parent-damaged" || wanted === "incremental";
  const instead = asked && root.kind === "full";
  return [
    text.finished(text.kinds[root.kind], formatDuration(durationMs, language)),
    ...(instead ? [`  ${text.instead} ${reason}.`] : reason === "" ? [] : [`  (${reason})`]),
    ...factLines([
      [text.id, root.id],
      [text.path, pathOf(result)],
      [text.stored, text.storedFacts(bytes(storedBytes), bytes(clusterBytes))],
      [text.blocks, text.blocksFacts(number(newBlocks), number(totalBlocks))],
      [
        text.wal,
        `${formatLsn(root.startLsn)} → ${formatLsn(root.stopLsn)}, timeline ${root.timeline}, ${text.walFrom[result.walFrom]}`,
      ],
      ...(root.note === "" ? [] : [[text.note, root.note] as const]),
    ]),
    ...warningLines(result, frame),
  ].join("\n");
}

function wantedOf(options: Options): WantedKind {
  if (options.full === true) {
    return "full";
  }
  return options.incremental === true ? "incremental" : "policy";
}

/** The backup is there whatever its proof says; an interruption from here on ends the proof alone. */
async function proveTaken(
  adapters: Adapters,
  environment: Environment,
  { taken }: BackupResult,
  frame: Frame,
): Promise<BackupProof | undefined> {
  const { proveAfterBackup } = await import("../../app/prove-policy.ts");
  return await proveAfterBackup(adapters, environment, taken.root, {
    workers: Math.max(1, availableParallelism()),
    localZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    reason: "pra backup, PRA_PROVE_AFTER_BACKUP",
    onStep: (step) => frame.progress.update({ phase: proveText[frame.language].steps[step] }),
    signal: frame.signal,
  });
}

async function backup(options: Options, frame: Frame): Promise<void> {
  const text = backupText[frame.language];
  const { compose } = await import("../../app/compose.ts");
  const { runBackup } = await import("../../app/backup.ts");
  const wanted = wantedOf(options);
  const flag = wanted === "policy" ? "" : ` --${wanted}`;
  const onStep = (step: BackupStep): void => {
    frame.progress.update({ phase: text.steps[step] });
  };
  const adapters = compose();
  const environment = frame.environment();
  const result = await runBackup(adapters, environment, {
    wanted,
    note: options.note ?? "",
    workers: options.workers,
    allowUntestedMajor: options.allowUntestedMajor === true,
    acceptRollback: options.acceptRollback === true,
    reason: `pra backup${flag}`,
    onStep,
    onProgress: ({ readBytes, expectedBytes }) => {
      frame.progress.update({
        phase: text.steps.copying,
        doneBytes: readBytes,
        ...(expectedBytes > 0 ? { totalBytes: Math.max(expectedBytes, readBytes) } : {}),
      });
    },
    onWatch: (holder, forMs) => {
      frame.note(text.watching(holder.host, holder.pid, formatDuration(forMs, frame.language)));
    },
    signal: frame.signal,
  });
  const proof = await proveTaken(adapters, environment, result, frame);
  const { targetValue } = await import("../../app/prove-records.ts");
  const proofJson =
    proof === undefined ? null : backupProofToJson(proof, (report) => targetValue(report.target));
  frame.result(jsonOf(result, wanted, proofJson), () =>
    [
      renderBackup(result, wanted, frame),
      ...(proof === undefined ? [] : ["", renderBackupProof(proof, frame)]),
    ].join("\n"),
  );
  const odd =
    result.walEvents.length > 0 ||
    result.ledgerFailure !== undefined ||
    result.settingsFailure !== undefined ||
    result.heartbeatFailure !== undefined ||
    result.chosen.reason === "parent-damaged";
  if (result.taken.root.corruptPages.length > 0 || odd) {
    frame.conclude({ kind: "warnings" });
  }
  if (proof !== undefined && !isProved(proof)) {
    frame.conclude({ kind: "problems" });
  }
}

/** Registers the command. */
export function registerBackup(program: Command, frame: Frame): void {
  const text = backupText[frame.language];
  defineCommand(program, frame.language, "backup", text)
    .addOption(new Option("--full", text.optionFull).conflicts("incremental"))
    .addOption(new Option("--incremental", text.optionIncremental))
    .addOption(new Option("--note <text>", text.optionNote))
    .addOption(workersOption(text.optionWorkers, "pra backup"))
    .addOption(new Option("--allow-untested-major", text.optionUntested))
    .addOption(new Option("--accept-rollback", text.optionAcceptRollback))
    .action((options: Options) => backup(options, frame));
}

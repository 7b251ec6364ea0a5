/** `pra prove`: the verdict, level by level, with what was measured. Exit 4 when it is not green. */
import { availableParallelism } from "node:os";

import { type Command, Option } from "commander";

import type { BackupProof, PolicyRequest } from "../../app/prove-policy.ts";
import type { ProveReport } from "../../app/prove-records.ts";
import { DrError } from "../../core/errors.ts";
import { formatNumber, labelled } from "../../core/format.ts";
import type { Frame } from "../frame.ts";
import { defineCommand } from "../program.ts";
import {
  backupProofToJson,
  isProved,
  proofToJson,
  renderBackupProof,
  renderProof,
} from "../prove-lines.ts";
import { concludeSent, sendMade, sentLines } from "../sent-lines.ts";
import { proveText } from "../text/prove-text.ts";
import { sentText } from "../text/sent-text.ts";
import { wholeNumber } from "../whole-number.ts";

type Options = {
  readonly backup?: string;
  readonly at?: string;
  readonly lsn?: string;
  readonly xid?: string;
  readonly name?: string;
  readonly immediate?: boolean;
  readonly latest?: boolean;
  readonly timeline?: string;
  readonly random?: true;
  readonly seed?: number;
  readonly allUnproved?: true;
  readonly send?: true;
};

const COMMAND = "pra prove";

/** Options that name a target, as they are typed. */
const TARGETS = ["backup", "at", "lsn", "xid", "name", "immediate", "latest", "timeline"] as const;

function requestOf(frame: Frame, reason: string): PolicyRequest {
  const text = proveText[frame.language];
  return {
    workers: Math.max(1, availableParallelism()),
    localZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    reason,
    onStep: (step) => frame.progress.update({ phase: text.steps[step] }),
    signal: frame.signal,
  };
}

function concludeWith(report: ProveReport, frame: Frame): void {
  if (report.proof.verdict !== "proved") {
    frame.conclude({ kind: "problems" });
  } else if (report.ledgerFailure !== undefined || report.reportFailure !== undefined) {
    frame.conclude({ kind: "warnings" });
  }
}

async function proveRandomly(options: Options, frame: Frame): Promise<void> {
  const text = proveText[frame.language];
  const { compose } = await import("../../app/compose.ts");
  const { drawSeed, proveRandom } = await import("../../app/prove-policy.ts");
  const { targetValue } = await import("../../app/prove-records.ts");
  const adapters = compose();
  const seed = options.seed ?? drawSeed(adapters.random);
  const request = { ...requestOf(frame, `${COMMAND} --random --seed ${seed}`), seed };
  frame.note(`${labelled(text.seed, frame.language)} ${seed}`);
  const report = await proveRandom(adapters, frame.environment(), request);
  const value = targetValue(report.target);
  const sending = await sendMade(report.made, { send: options.send === true, frame });
  frame.result({ ...proofToJson(report, value), seed, sent: [...sending.sent] }, () =>
    [
      renderProof(report, frame),
      `  ${labelled(text.seed, frame.language)} ${seed} (${value ?? ""})`,
      ...sentLines(sending.sent, frame.language),
    ].join("\n"),
  );
  concludeSent(frame, sending);
  concludeWith(report, frame);
}

function renderEach(proofs: readonly BackupProof[], frame: Frame): string {
  const text = proveText[frame.language];
  if (proofs.length === 0) {
    return text.allProved;
  }
  const total = formatNumber(proofs.length, frame.language);
  return proofs
    .map((proof, index) => {
      const number = formatNumber(index + 1, frame.language);
      const title = text.ofBackups(number, total, proof.backup);
      return `${title}\n${renderBackupProof(proof, frame)}`;
    })
    .join("\n\n");
}

async function proveUnproved(frame: Frame): Promise<void> {
  const text = proveText[frame.language];
  const { compose } = await import("../../app/compose.ts");
  const { proveEach, unprovedBackups } = await import("../../app/prove-policy.ts");
  const { targetValue } = await import("../../app/prove-records.ts");
  const adapters = compose();
  const environment = frame.environment();
  const ids = await unprovedBackups(adapters, environment, { signal: frame.signal });
  const total = formatNumber(ids.length, frame.language);
  const proofs = await proveEach(adapters, environment, ids, {
    ...requestOf(frame, `${COMMAND} --all-unproved`),
    onBackup: (id, number) => {
      frame.note(text.ofBackups(formatNumber(number, frame.language), total, id));
    },
  });
  const ok = proofs.every(isProved);
  frame.result(
    {
      ok,
      proofs: proofs.map((one) => backupProofToJson(one, (report) => targetValue(report.target))),
    },
    () => renderEach(proofs, frame),
  );
  if (!ok) {
    frame.conclude({ kind: "problems" });
  }
}

/** A target that is drawn, or all of them, is no target that is named. */
function requireOneWay(options: Options): void {
  const { random, allUnproved, seed } = options;
  const policy = random === true ? "--random" : allUnproved === true ? "--all-unproved" : undefined;
  const named = TARGETS.find((name) => options[name] !== undefined);
  if (policy !== undefined && named !== undefined) {
    throw new DrError("USAGE_CONFLICT", { option: policy, other: `--${named}`, command: COMMAND });
  }
  if (random === true && allUnproved === true) {
    throw new DrError("USAGE_CONFLICT", {
      option: "--random",
      other: "--all-unproved",
      command: COMMAND,
    });
  }
  if (seed !== undefined && random !== true) {
    throw new DrError("USAGE_MISSING_OPTION", { option: "--random", command: COMMAND });
  }
}

async function runCommand(options: Options, frame: Frame): Promise<void> {
  requireOneWay(options);
  if (options.random === true) {
    await proveRandomly(options, frame);
    return;
  }
  if (options.allUnproved === true) {
    await proveUnproved(frame);
    return;
  }
  const { compose } = await import("../../app/compose.ts");
  const { runProve } = await import("../../app/prove-operation.ts");
  const { targetValue } = await import("../../app/prove-records.ts");
  const { backup, random: _random, seed: _seed, allUnproved: _all, send, ...target } = options;
  const request = { ...requestOf(frame, COMMAND), target, backup };
  const report = await runProve(compose(), frame.environment(), request);
  const value = targetValue(report.target);
  const sending = await sendMade(report.made, { send: send === true, frame });
  frame.result({ ...proofToJson(report, value), sent: [...sending.sent] }, () =>
    [renderProof(report, frame), ...sentLines(sending.sent, frame.language)].join("\n"),
  );
  concludeSent(frame, sending);
  concludeWith(report, frame);
}

/** Registers the command. */
export function registerProve(program: Command, frame: Frame): void {
  const text = proveText[frame.language];
  const seed = wholeNumber({ name: "--seed", command: COMMAND, min: 0, max: 2 ** 32 - 1 });
  defineCommand(program, frame.language, "prove", text)
    .option("--backup <id>", text.optionBackup)
    .option("--at <time>", text.optionAt)
    .option("--lsn <lsn>", text.optionLsn)
    .option("--xid <xid>", text.optionXid)
    .option("--name <name>", text.optionName)
    .option("--immediate", text.optionImmediate)
    .option("--latest", text.optionLatest)
    .option("--timeline <timeline>", text.optionTimeline)
    .addOption(new Option("--random", text.optionRandom))
    .addOption(new Option("--seed <n>", text.optionSeed).argParser(seed))
    .addOption(new Option("--all-unproved", text.optionAllUnproved))
    .addOption(new Option("--send", sentText[frame.language].optionSend).conflicts("allUnproved"))
    .action((options: Options) => runCommand(options, frame));
}

/** `pra restore-db`: a restore test of one database. Exit 4 when something differs or the application is not well. */

import { type Command, Option } from "commander";

import type { RestoreDbResult } from "../../app/restore-db.ts";
import type { DescribedReport } from "../../rescue/report.ts";
import { errorText } from "../../core/errors.ts";
import { labelled } from "../../core/format.ts";
import { factLines } from "../fact-lines.ts";
import type { Frame, JsonValue } from "../frame.ts";
import { jobsOption } from "../jobs-option.ts";
import { notePlan } from "../plan-lines.ts";
import { defineCommand } from "../program.ts";
import { restoreDbText } from "../text/restore-db-text.ts";
import { workersOption } from "../workers-option.ts";

type Options = {
  readonly from?: string;
  readonly at?: string;
  readonly database?: string;
  readonly into?: string;
  readonly host?: string;
  readonly passphraseFile?: string;
  readonly cleanup?: true;
  readonly createRoles?: true;
  readonly allowProduction?: true;
  readonly confirm?: string;
  readonly jobs: number;
  readonly workers: number;
};

type Describe = (report: RestoreDbResult["report"]) => DescribedReport;

function jsonOf({ report, reportPath, archived }: RestoreDbResult): JsonValue {
  const { source, target, application, findings, phases, objects } = report;
  return {
    ok: report.ok,
    source: { ...source },
    target: { ...target },
    startedAt: report.startedAt,
    durationMs: report.durationMs,
    phases: phases.map(({ name, durationMs }) => ({ name, durationMs })),
    tables: report.tables,
    rows: report.rows,
    largeObjects: report.largeObjects,
    objects: { ...objects },
    findings: findings.map((each) => ({ ...each })),
    application:
      application === null ? null : { ...application.answer, attempts: application.attempts },
    dropped: report.dropped,
    report: `${reportPath}.html`,
    reportId: archived.id ?? null,
  };
}

function renderRestored(result: RestoreDbResult, frame: Frame, describe: Describe): string {
  const { language } = frame;
  const text = restoreDbText[language];
  const { report, reportPath, archived, ledgerFailure } = result;
  const { facts, findings, tone, verdict } = describe(report);
  const lines = findings.map((each) => `  ${each.problem ? "✗" : "!"} ${each.text}`);
  return [
    `${{ good: "✓", warning: "!", bad: "✗" }[tone]} ${verdict}`,
    ...factLines([...facts, [text.report, `${reportPath}.html (.md, .json)`]]),
    ...(findings.length === 0 ? [] : ["", labelled(text.findings, language), ...lines]),
    archived.failure === undefined
      ? text.archived(archived.id)
      : `! ${text.notArchived(errorText(archived.failure, language).message)}`,
    ...(ledgerFailure === undefined
      ? []
      : [`! ${text.ledgerFailed(errorText(ledgerFailure, language).message)}`]),
  ].join("\n");
}

async function restoreDb(options: Options, frame: Frame): Promise<void> {
  const { language } = frame;
  const text = restoreDbText[language];
  const { compose } = await import("../../app/compose.ts");
  const { runRestoreDb } = await import("../../app/restore-db.ts");
  const { describeReport } = await import("../../app/restore-db-report.ts");
  const environment = frame.environment(
    options.host === undefined ? {} : { RESTORE_HOST: options.host },
  );
  const result = await runRestoreDb(compose(), environment, {
    from: options.from,
    at: options.at,
    database: options.database,
    into: options.into,
    passphraseFile: options.passphraseFile,
    cleanup: options.cleanup === true,
    makeRoles: options.createRoles === true,
    allowProduction: options.allowProduction === true,
    confirm: options.confirm,
    jobs: options.jobs,
    workers: options.workers,
    language,
    reason: "pra restore-db",
    onPlan: (plan) => {
      notePlan(plan, frame);
    },
    onStep: (step) => {
      frame.progress.update({ phase: text.steps[step] });
    },
    signal: frame.signal,
  });
  frame.result(jsonOf(result), () =>
    renderRestored(result, frame, (report) => describeReport(report, language)),
  );
  const odd =
    result.ledgerFailure !== undefined ||
    result.archived.failure !== undefined ||
    result.report.findings.length > 0;
  if (!result.report.ok) {
    frame.conclude({ kind: "problems" });
  } else if (odd) {
    frame.conclude({ kind: "warnings" });
  }
}

/** Registers the command. */
export function registerRestoreDb(program: Command, frame: Frame): void {
  const text = restoreDbText[frame.language];
  const { options } = text;
  defineCommand(program, frame.language, "restore-db", text)
    .addOption(new Option("--from <source>", options.from))
    .addOption(new Option("--at <time>", options.at))
    .addOption(new Option("--database <name>", options.database))
    .addOption(new Option("--into <database>", options.into))
    .addOption(new Option("--host <host>", options.host))
    .addOption(new Option("--passphrase-file <path>", options.passphraseFile))
    .addOption(new Option("--cleanup", options.cleanup))
    .addOption(new Option("--create-roles", options.createRoles))
    .addOption(new Option("--allow-production", options.allowProduction))
    .addOption(new Option("--confirm <name>", options.confirm))
    .addOption(jobsOption(options.jobs, "pra restore-db"))
    .addOption(workersOption(options.workers, "pra restore-db"))
    .action((given: Options) => restoreDb(given, frame));
}

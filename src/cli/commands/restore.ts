/** `pra restore`: a backup, to any instant of the window, into a directory; with `--start` as a running server. */

import { type Command, Option } from "commander";

import type { RestoreResult } from "../../app/restore.ts";
import { DrError } from "../../core/errors.ts";
import { formatLsn } from "../../core/lsn.ts";
import { factLines } from "../fact-lines.ts";
import { formatBytes, formatDuration, labelled } from "../../core/format.ts";
import type { Frame, JsonValue } from "../frame.ts";
import { concludeUnrecorded } from "../not-recorded.ts";
import { notePlan } from "../plan-lines.ts";
import { defineCommand } from "../program.ts";
import { type TargetOptions, addTargetOptions, flagsOf } from "../target-options.ts";
import { restoreText } from "../text/restore-text.ts";
import { wholeNumber } from "../whole-number.ts";
import { workersOption } from "../workers-option.ts";
import { predictionText, reachedText } from "./plan.ts";

type Options = TargetOptions & {
  readonly to: string;
  readonly start?: true;
  readonly port: number;
  readonly listen?: string;
  readonly tablespace?: ReadonlyMap<string, string>;
  readonly owner?: string;
  readonly workers: number;
  readonly delta?: true;
  readonly confirm?: string;
  readonly acceptRollback?: true;
};

type Connection = { readonly psql: string; readonly url: string } | undefined;

/** Beside the usual port, so that `--listen` does not meet production's server on the same host. */
const PORT_DEFAULT = 5433;

function parseTablespace(
  typed: string,
  before: ReadonlyMap<string, string> | undefined,
): ReadonlyMap<string, string> {
  const at = typed.indexOf("=");
  const [old, fresh] = [typed.slice(0, at), typed.slice(at + 1)];
  if (at < 1 || fresh === "") {
    throw new DrError("USAGE_VALUE", {
      name: "--tablespace",
      value: typed,
      command: "pra restore",
    });
  }
  return new Map([...(before ?? []), [old, fresh]]);
}

function jsonOf(result: RestoreResult, connection: Connection): JsonValue {
  const { reached, started } = result;
  return {
    dataDirectory: result.dataDirectory,
    backup: result.plan.backup.id,
    damaged: result.plan.reason.damaged.map(({ backup, doubt }) => ({
      backup,
      provedAt: doubt.time,
    })),
    reached: { lsn: formatLsn(reached.lsn), time: reached.time, timeline: reached.timeline },
    restoredBytes: result.restored.restoredBytes,
    keptBytes: result.restored.keptBytes,
    readBytes: result.restored.readBytes,
    phases: result.phases.map(({ name, durationMs }) => ({ name, durationMs })),
    durationMs: result.durationMs,
    socketDirectory: started?.socketDirectory ?? null,
    port: started?.port ?? null,
    connection: connection?.url ?? null,
    pid: started?.pid ?? null,
    ledger: result.ledgerFailure?.code ?? null,
    walBytes: result.restored.walBytes,
    leftOutLibraries: result.restored.leftOutLibraries.map(({ name, reason }) => ({
      name,
      reason,
    })),
  };
}

function renderRestored(result: RestoreResult, connection: Connection, frame: Frame): string {
  const { language } = frame;
  const text = restoreText[language];
  const { reached, started, restored, phases } = result;
  const duration = (ms: number): string => formatDuration(ms, language);
  const at = reached.time === null ? "" : `${reached.time} `;
  return [
    text.restored(
      formatBytes(restored.restoredBytes + restored.keptBytes, language),
      duration(result.durationMs),
    ),
    ...factLines([
      [text.directory, result.dataDirectory],
      [text.backup, result.plan.backup.id],
      ...(restored.keptBytes === 0
        ? []
        : [[text.kept, text.keptFacts(formatBytes(restored.keptBytes, language))] as const]),
      [text.reached, `${at}(${formatLsn(reached.lsn)}, timeline ${reached.timeline})`],
      [
        text.duration,
        phases
          .filter(({ durationMs }) => durationMs * 50 >= result.durationMs)
          .map(({ name, durationMs }) => `${text.phases[name] ?? name} ${duration(durationMs)}`)
          .join(", "),
      ],
      ...(started === undefined || connection === undefined
        ? []
        : ([
            [text.server, text.serverFacts(started.pid, started.port)],
            [text.connect, connection.psql],
            [text.url, connection.url],
          ] as const)),
    ]),
    ...restored.leftOutLibraries.map(({ name, reason }) => `  ! ${text.leftOut[reason](name)}`),
    "",
    text.isolated,
    started === undefined ? text.startLater : text.stopLater(result.dataDirectory),
  ].join("\n");
}

async function restore(options: Options, frame: Frame): Promise<void> {
  const text = restoreText[frame.language];
  const { compose } = await import("../../app/compose.ts");
  const { runRestore } = await import("../../app/restore.ts");
  const { connectionOf } = await import("../../app/start-copy.ts");
  const { showTime } = await import("../../app/plan-operation.ts");
  const { to, port, listen } = options;
  let totalBytes: number | undefined;
  frame.progress.update({ phase: text.phases["plan"] ?? "" });
  const result = await runRestore(compose(), frame.environment({}, { strict: false }), {
    flags: flagsOf(options),
    backup: options.backup,
    command: "pra restore",
    to,
    start: options.start === true ? { port, listen } : undefined,
    tablespaces: options.tablespace ?? new Map<string, string>(),
    owner: options.owner,
    workers: options.workers,
    over: options.delta === true ? { confirm: options.confirm } : undefined,
    acceptRollback: options.acceptRollback === true,
    reason: "pra restore",
    onPlan: (plan, prediction) => {
      totalBytes = plan.restoreBytes;
      frame.note(text.restoring(plan.backup.id, reachedText(plan, showTime)));
      frame.note(
        `${labelled(text.predicted, frame.language)} ${predictionText(prediction, frame)}`,
      );
      notePlan(plan, frame);
    },
    onTightRoom: ({ directory, freeBytes, takenBytes }) => {
      const [free, taken] = [freeBytes, takenBytes].map((bytes) =>
        formatBytes(bytes, frame.language),
      );
      frame.note(text.tightRoom({ directory, free: free ?? "", taken: taken ?? "" }));
    },
    onUnrecorded: (failure) => {
      concludeUnrecorded(failure, frame);
    },
    onProgress: ({ phase, writtenBytes }) => {
      frame.progress.update({
        phase: text.phases[phase] ?? phase,
        doneBytes: writtenBytes,
        ...(totalBytes === undefined ? {} : { totalBytes: Math.max(totalBytes, writtenBytes) }),
      });
    },
    signal: frame.signal,
  });
  const connection = result.started === undefined ? undefined : connectionOf(result.started);
  frame.result(jsonOf(result, connection), () => renderRestored(result, connection, frame));
  concludeUnrecorded(result.ledgerFailure, frame);
}

/** Registers the command. */
export function registerRestore(program: Command, frame: Frame): void {
  const { language } = frame;
  const text = restoreText[language];
  const { options } = text;
  const number = (name: string, max: number) =>
    wholeNumber({ name, command: "pra restore", min: 1, max });
  const command = defineCommand(program, language, "restore", text.restore).addOption(
    new Option("--to <directory>", options.to).makeOptionMandatory(),
  );
  addTargetOptions(command, language)
    .addOption(new Option("--start", options.start))
    .addOption(
      new Option("--port <n>", options.port)
        .argParser(number("--port", 65_535))
        .default(PORT_DEFAULT),
    )
    .addOption(new Option("--listen <address>", options.listen))
    .addOption(new Option("--tablespace <old=new>", options.tablespace).argParser(parseTablespace))
    .addOption(new Option("--owner <account>", options.owner))
    .addOption(workersOption(options.workers, "pra restore"))
    .addOption(new Option("--delta", options.delta))
    .addOption(new Option("--confirm <name>", options.confirm))
    .addOption(new Option("--accept-rollback", options.acceptRollback))
    .action((given: Options) => restore(given, frame));
}

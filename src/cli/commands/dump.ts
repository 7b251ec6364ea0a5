/** `pra dump`: databases by `pg_dump`, its id and its size. */
import { join } from "node:path";

import { type Command, Option } from "commander";

import type { DumpResult, DumpStep } from "../../app/dump.ts";
import { DrError, errorText } from "../../core/errors.ts";
import { factLines } from "../fact-lines.ts";
import { formatBytes, formatDuration, formatNumber } from "../../core/format.ts";
import type { Frame, JsonValue } from "../frame.ts";
import { jobsOption } from "../jobs-option.ts";
import { defineCommand } from "../program.ts";
import { dumpText } from "../text/dump-text.ts";

type Options = {
  readonly database?: readonly string[];
  readonly globals?: true;
  readonly jobs: number;
  readonly note?: string;
  readonly acceptRollback?: true;
  readonly export?: string;
  readonly passphraseFile?: string;
};

function pathOf({ repository, taken }: DumpResult): string {
  return join(repository.location, taken.key);
}

function jsonOf(result: DumpResult): JsonValue {
  const { dump, durationMs, readBack } = result.taken;
  return {
    id: dump.id,
    cluster: dump.cluster,
    path: pathOf(result),
    startedAt: dump.startedAt,
    finishedAt: dump.finishedAt,
    durationMs: Math.round(durationMs),
    plainBytes: dump.totals.plainBytes,
    storedBytes: dump.totals.storedBytes,
    program: dump.program.version,
    globals: dump.globals === null ? null : { passwords: dump.globals.passwords },
    readBack,
    note: dump.note,
    databases: dump.databases.map(({ name, snapshotLsn, snapshotAt, streams, census }) => ({
      name,
      snapshotLsn,
      snapshotAt,
      streams: streams.length,
      plainBytes: streams.reduce((sum, { bytes }) => sum + bytes, 0),
      tables: census.tables.length,
      rows: census.tables.reduce((sum, { rows }) => sum + rows, 0),
      largeObjects: census.largeObjects,
    })),
  };
}

function renderDump(result: DumpResult, frame: Frame): string {
  const { language } = frame;
  const text = dumpText[language];
  const { dump, durationMs, readBack } = result.taken;
  const bytes = (value: number): string => formatBytes(value, language);
  const number = (value: number): string => formatNumber(value, language);
  const { plainBytes, storedBytes } = dump.totals;
  return [
    text.finished(dump.databases.length, formatDuration(durationMs, language)),
    ...factLines([
      [text.id, dump.id],
      [text.path, pathOf(result)],
      [text.stored, text.storedFacts(bytes(storedBytes), bytes(plainBytes))],
      [text.program, `pg_dump ${dump.program.version}`],
      ...(dump.globals === null
        ? []
        : [[text.globals, text.globalsFacts(dump.globals.passwords)] as const]),
    ]),
    ...factLines(
      dump.databases.map(({ name, snapshotLsn, census: { tables } }) => {
        const rows = tables.reduce((sum, each) => sum + each.rows, 0);
        return [name, text.database(number(tables.length), number(rows), snapshotLsn)];
      }),
    ),
    ...(readBack ? [] : [`! ${text.notReadBack}`]),
    ...(result.ledgerFailure === undefined
      ? []
      : [`! ${text.ledgerFailed(errorText(result.ledgerFailure, language).message)}`]),
  ].join("\n");
}

async function dump(options: Options, frame: Frame): Promise<void> {
  const { language } = frame;
  const text = dumpText[language];
  const { compose } = await import("../../app/compose.ts");
  const { runDump } = await import("../../app/dump.ts");
  const databases = options.database ?? [];
  let phase = text.steps.connecting;
  const result = await runDump(compose(), frame.environment(), {
    databases,
    globals: options.globals === true || databases.length === 0,
    jobs: options.jobs,
    note: options.note ?? "",
    acceptRollback: options.acceptRollback === true,
    reason: "pra dump",
    onStep: (step: DumpStep) => {
      phase = text.steps[step];
      frame.progress.update({ phase });
    },
    onDatabase: (name) => {
      phase = text.dumping(name);
      frame.progress.update({ phase });
    },
    onProgress: ({ bytes, expectedBytes }) => {
      const totalBytes = Math.max(expectedBytes, bytes);
      frame.progress.update({ phase, doneBytes: bytes, totalBytes });
    },
    onWatch: (holder, forMs) => {
      frame.note(text.watching(holder.host, holder.pid, formatDuration(forMs, language)));
    },
    signal: frame.signal,
  });
  frame.result(jsonOf(result), () => renderDump(result, frame));
  if (result.ledgerFailure !== undefined || result.taken.dump.globals?.passwords === false) {
    frame.conclude({ kind: "warnings" });
  }
}

async function exportTo(file: string, options: Options, frame: Frame): Promise<void> {
  const { language } = frame;
  const text = dumpText[language];
  const { compose } = await import("../../app/compose.ts");
  const { runExport } = await import("../../app/export.ts");
  const [database, second] = options.database ?? [];
  if (second !== undefined) {
    throw new DrError("USAGE_CONFLICT", {
      option: "--export",
      other: `--database ${second}`,
      command: "pra dump",
    });
  }
  const result = await runExport(compose(), frame.environment(), {
    file,
    database,
    passphraseFile: options.passphraseFile,
    reason: "pra dump --export",
    onProgress: ({ bytes, expectedBytes }) => {
      const totalBytes = Math.max(expectedBytes, bytes);
      frame.progress.update({ phase: text.exporting, doneBytes: bytes, totalBytes });
    },
    signal: frame.signal,
  });
  const { exported, durationMs, ledgerFailure } = result;
  const value = { ...exported, database: result.database, durationMs: Math.round(durationMs) };
  frame.result(value, () =>
    [
      text.exported(result.database, formatDuration(durationMs, language)),
      ...factLines([
        [text.path, exported.path],
        [text.stored, formatBytes(exported.bytes, language)],
        ["SHA-256", exported.sha256],
      ]),
      `  ${text.opensWith(exported.encrypted, exported.path)}`,
      ...(ledgerFailure === undefined
        ? []
        : [`! ${text.ledgerFailed(errorText(ledgerFailure, language).message)}`]),
    ].join("\n"),
  );
  if (ledgerFailure !== undefined) {
    frame.conclude({ kind: "warnings" });
  }
}

/** Registers the command. */
export function registerDump(program: Command, frame: Frame): void {
  const text = dumpText[frame.language];
  defineCommand(program, frame.language, "dump", text)
    .addOption(
      new Option("--database <name>", text.optionDatabase).argParser(
        (name: string, before: readonly string[] | undefined) => [...(before ?? []), name],
      ),
    )
    .addOption(new Option("--globals", text.optionGlobals))
    .addOption(jobsOption(text.optionJobs, "pra dump"))
    .addOption(new Option("--note <text>", text.optionNote))
    .addOption(new Option("--accept-rollback", text.optionAcceptRollback))
    .addOption(new Option("--export <file>", text.optionExport))
    .addOption(new Option("--passphrase-file <path>", text.optionPassphraseFile))
    .action((options: Options) =>
      options.export === undefined
        ? dump(options, frame)
        : exportTo(options.export, options, frame),
    );
}

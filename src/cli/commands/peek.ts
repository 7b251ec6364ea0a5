/** `pra peek`: queries on a database as it was. */

import { type Command, Option } from "commander";

import type { PeekResult } from "../../app/peek.ts";
import { DrError } from "../../core/errors.ts";
import { formatBytes, formatDuration } from "../../core/format.ts";
import { peekRowsDefault, peekRowsMax } from "../../core/limits.ts";
import type { Frame, JsonValue } from "../frame.ts";
import { concludeUnrecorded } from "../not-recorded.ts";
import { notePlan } from "../plan-lines.ts";
import { defineCommand } from "../program.ts";
import { formatTable } from "../table.ts";
import { type TargetOptions, addTargetOptions, flagsOf } from "../target-options.ts";
import { peekText } from "../text/peek-text.ts";
import { wholeNumber } from "../whole-number.ts";
import { workersOption } from "../workers-option.ts";

type Options = TargetOptions & {
  readonly sql: readonly string[];
  readonly table: readonly string[];
  readonly database?: string;
  readonly csv?: true;
  readonly limit: number;
  readonly workers: number;
};

type Answer = PeekResult["answers"][number];

/** What a terminal would take for a command of its own is shown as an escape. */
function shown(value: string | null): string {
  const escapes: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };
  return (value ?? "∅").replaceAll(
    /\p{Cc}/gu,
    (each) => escapes[each] ?? `\\x${each.codePointAt(0)?.toString(16).padStart(2, "0") ?? ""}`,
  );
}

/** RFC 4180; NULL is nothing, an empty text a pair of quotes. */
function csvOf({ columns, rows }: Answer): string {
  const cell = (value: string | null): string =>
    value === null
      ? ""
      : value === "" || /[",\r\n]/.test(value)
        ? `"${value.replaceAll('"', '""')}"`
        : value;
  return [columns, ...rows].map((row) => row.map(cell).join(",")).join("\r\n");
}

function tableOf(answer: Answer, frame: Frame): string {
  const text = peekText[frame.language];
  const { columns, rows, more } = answer;
  return [
    formatTable(
      columns.map((heading) => ({ heading: shown(heading) })),
      rows.map((row) => row.map(shown)),
    ),
    `(${text.rows(rows.length, more)})`,
  ].join("\n");
}

function jsonOf({ answers, effort, ledgerFailure, ...rest }: PeekResult): JsonValue {
  return {
    ...rest,
    ledger: ledgerFailure?.code ?? null,
    queries: answers.map(({ sql, columns, rows, more }) => ({ sql, columns, rows, more })),
    ...effort,
  };
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

async function peek(options: Options, frame: Frame): Promise<void> {
  const text = peekText[frame.language];
  if (options.sql.length === 0) {
    throw new DrError("USAGE_MISSING_OPTION", { option: "--sql <query>", command: "pra peek" });
  }
  const { compose } = await import("../../app/compose.ts");
  const { runPeek } = await import("../../app/peek.ts");
  const result = await runPeek(compose(), frame.environment(), {
    flags: flagsOf(options),
    backup: options.backup,
    database: options.database,
    tables: options.table,
    queries: options.sql,
    rowsMax: options.limit,
    workers: options.workers,
    onPlan: (plan) => {
      notePlan(plan, frame);
    },
    onPhase: (phase) => {
      const known = text.phases[phase];
      if (known !== undefined) {
        frame.progress.update({ phase: known });
      }
    },
    signal: frame.signal,
  });
  const { answers, database, reached, backup, effort, durationMs } = result;
  const { language } = frame;
  if (options.csv !== true) {
    frame.note(text.at(database, reached.time ?? reached.lsn, backup));
    const [read, wal] = [effort.readBytes, effort.walBytes].map((n) => formatBytes(n, language));
    frame.note(text.effort(read ?? "", wal ?? "", formatDuration(durationMs, language)));
  }
  frame.result(jsonOf(result), () =>
    answers
      .map((answer) => (options.csv === true ? csvOf(answer) : tableOf(answer, frame)))
      .join("\n\n"),
  );
  concludeUnrecorded(result.ledgerFailure, frame);
}

/** Registers the command. */
export function registerPeek(program: Command, frame: Frame): void {
  const text = peekText[frame.language];
  const { options } = text;
  const number = (name: string, max: number) =>
    wholeNumber({ name, command: "pra peek", min: 1, max });
  const command = defineCommand(program, frame.language, "peek", text);
  addTargetOptions(command, frame.language)
    .addOption(new Option("--sql <query>", options.sql).argParser(collect).default([]))
    .addOption(new Option("--table <name>", options.table).argParser(collect).default([]))
    .addOption(new Option("--database <name>", options.database))
    .addOption(new Option("--csv", options.csv))
    .addOption(
      new Option("--limit <n>", options.limit)
        .argParser(number("--limit", peekRowsMax))
        .default(peekRowsDefault),
    )
    .addOption(workersOption(options.workers, "pra peek"))
    .action((given: Options) => peek(given, frame));
}

/** `pra rescue`: tables as they were, next to the live ones. Rows are copied into live tables only when asked, and told twice. */

import { type Command, Option } from "commander";

import type { RescueResult } from "../../app/rescue.ts";
import { DrError, errorText } from "../../core/errors.ts";
import { formatBytes, formatDuration, formatNumber } from "../../core/format.ts";
import { rescueNamesMax } from "../../core/limits.ts";
import { ask, canAsk } from "../ask.ts";
import { factLines } from "../fact-lines.ts";
import type { Frame, JsonValue } from "../frame.ts";
import { jobsOption } from "../jobs-option.ts";
import { notePlan } from "../plan-lines.ts";
import { defineCommand } from "../program.ts";
import { formatTable } from "../table.ts";
import { type TargetOptions, addTargetOptions, flagsOf } from "../target-options.ts";
import type { LeftOutKind } from "../../rescue/needed-objects.ts";
import { rescueText } from "../text/rescue-text.ts";
import { workersOption } from "../workers-option.ts";

type Options = TargetOptions & {
  readonly table: readonly string[];
  readonly schema?: string;
  readonly database?: string;
  readonly into?: string;
  readonly copyMissing?: true;
  readonly yes?: true;
  readonly compare: boolean;
  readonly jobs: number;
  readonly workers: number;
};

type Comparison = RescueResult["comparisons"][number];

/** A name as a shell takes it. */
function shellWord(name: string): string {
  return /^[\w.-]+$/.test(name) ? name : `'${name.replaceAll("'", `'\\''`)}'`;
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function jsonOf(result: RescueResult): JsonValue {
  const { rescued, damage, comparisons, copied, effort, ledgerFailure: _, ...rest } = result;
  return {
    ...rest,
    tables: rescued.tables.map(({ schema, name, rows }) => ({ schema, name, rows })),
    leftOut: { ...rescued.leftOut },
    amcheck: damage !== undefined,
    damage: (damage ?? []).map(({ relation, finding }) => ({ relation, finding })),
    comparisons: comparisons.map(({ rows, ...each }) => ({
      ...each,
      past: rows.past,
      live: rows.live,
      missing: { ...rows.missing },
      changed: { ...rows.changed },
      new: { ...rows.added },
    })),
    copied: copied === undefined ? null : copied.map((each) => ({ ...each })),
    phases: rescued.phases.map((each) => ({ ...each })),
    ...effort,
  };
}

function nameOf({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return `${schema}.${name}`;
}

/** What differs, for people. */
function comparisonLines(comparisons: readonly Comparison[], frame: Frame): readonly string[] {
  const text = rescueText[frame.language];
  if (comparisons.length === 0) {
    return [];
  }
  const number = (value: number): string => formatNumber(value, frame.language);
  const [heading, ...numbers] = text.heads;
  const table = formatTable(
    [{ heading }, ...numbers.map((each) => ({ heading: each, align: "right" as const }))],
    comparisons.map((each) => {
      const { past, live, missing, changed, added } = each.rows;
      return [nameOf(each), ...[past, live, missing.rows, changed.rows, added.rows].map(number)];
    }),
  );
  const notes = comparisons.flatMap((each) => noteLines(each, frame));
  return ["", table, ...(notes.length === 0 ? [] : ["", ...notes])];
}

function noteLines(each: Comparison, frame: Frame): readonly string[] {
  const text = rescueText[frame.language];
  const name = nameOf(each);
  if (each.state !== "compared") {
    return [`! ${each.state === "absent" ? text.absent(name) : text.unreadable(name)}`];
  }
  const shown = (names: readonly string[]): string => (names.length === 0 ? "–" : names.join(", "));
  const { onlyThen, onlyNow, rows } = each;
  const keys = (["missing", "changed", "added"] as const)
    .filter((kind) => rows[kind].first.length > 0)
    .map((kind) => {
      const { first, rows: all } = rows[kind];
      const more = all > first.length ? `, ${text.more(all - first.length)}` : "";
      const label = `  ${name}, ${text.firstKeys[kind]}`;
      return text.listed(label, `${first.join(", ")}${more}`);
    });
  return [
    ...keys,
    ...(each.by === "row" ? [`! ${text.byRow(name)}`] : []),
    ...(onlyThen.length + onlyNow.length === 0
      ? []
      : [`! ${text.columns(name, shown(onlyThen), shown(onlyNow))}`]),
  ];
}

/** In the order in which they matter to whoever goes on with the tables. */
const LEFT_OUT = [
  "unlogged",
  "foreignKeys",
  "triggers",
  "policies",
  "materialisedViews",
  "grants",
  "comments",
] as const satisfies readonly LeftOutKind[];

function leftOutLines({ rescued }: RescueResult, frame: Frame): readonly string[] {
  const text = rescueText[frame.language];
  return LEFT_OUT.flatMap((kind) => {
    const names = rescued.leftOut[kind];
    const more = names.length - rescueNamesMax;
    const shown = names.slice(0, rescueNamesMax).join(", ");
    return names.length === 0
      ? []
      : [
          `! ${text.listed(text.leftOut[kind], `${shown}${more > 0 ? `, ${text.more(more)}` : ""}`)}`,
        ];
  });
}

function render(result: RescueResult, frame: Frame): string {
  const { language } = frame;
  const text = rescueText[language];
  const { rescued, reached, effort, copied, into, where } = result;
  const partitions = new Set(rescued.partitions);
  const whole = rescued.tables.filter(({ oid }) => !partitions.has(oid));
  const rows = whole.reduce((sum, each) => sum + each.rows, 0);
  const [data, wal] = [effort.readBytes, effort.walBytes].map((each) =>
    formatBytes(each, language),
  );
  return [
    `✓ ${text.done(whole.length, formatNumber(rows, language), into, where)}`,
    ...factLines([
      [text.instant, reached.time ?? reached.lsn],
      [text.backup, result.backup],
      [text.read, text.readFacts(data ?? "", wal ?? "")],
      [text.duration, formatDuration(result.durationMs, language)],
    ]),
    ...(result.damage === undefined ? [`! ${text.unchecked}`] : []),
    ...(result.damage ?? []).map(({ relation, finding }) => `✗ ${relation}: ${finding}`),
    ...(result.ledgerFailure === undefined
      ? []
      : [`! ${text.ledgerFailed(errorText(result.ledgerFailure, language).message)}`]),
    ...leftOutLines(result, frame),
    // Before rows were copied it was told already.
    ...(copied === undefined ? comparisonLines(result.comparisons, frame) : []),
    "",
    ...(copied === undefined
      ? [text.next(shellWord(into))]
      : copied.map((each) => `✓ ${text.copied(formatNumber(each.rows, language), nameOf(each))}`)),
  ].join("\n");
}

/** Says what differs and what inserting fires, and asks; without a terminal only `--yes` says yes. */
async function confirmCopy(
  comparisons: readonly Comparison[],
  options: Options,
  frame: Frame,
  database: string,
): Promise<boolean> {
  const text = rescueText[frame.language];
  comparisonLines(comparisons, frame).forEach((line) => {
    frame.note(line);
  });
  for (const each of comparisons) {
    if (each.onInsert.length > 0 && each.rows.missing.rows > 0) {
      frame.note(`! ${text.onInsert(nameOf(each), each.onInsert.join(", "))}`);
    }
  }
  if (options.yes === true) {
    return true;
  }
  if (!canAsk() || frame.json) {
    return false;
  }
  const rows = comparisons.reduce((sum, each) => sum + each.rows.missing.rows, 0);
  const question = text.question(formatNumber(rows, frame.language), database);
  const answer = await ask(question, { secret: false, signal: frame.signal });
  return text.yesWords.includes(answer.toLowerCase());
}

async function rescue(options: Options, frame: Frame): Promise<void> {
  const text = rescueText[frame.language];
  const { into } = options;
  if (into === undefined) {
    throw new DrError("USAGE_MISSING_OPTION", { option: "--into <db>", command: "pra rescue" });
  }
  const { compose } = await import("../../app/compose.ts");
  const { runRescue } = await import("../../app/rescue.ts");
  const environment = frame.environment();
  const database = options.database ?? environment.connection.database;
  const result = await runRescue(compose(), environment, {
    flags: flagsOf(options),
    backup: options.backup,
    database,
    tables: options.table,
    schema: options.schema,
    into,
    compare: options.compare,
    confirmCopy:
      options.copyMissing === true
        ? (comparisons) => confirmCopy(comparisons, options, frame, database)
        : undefined,
    jobs: options.jobs,
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
  frame.result(jsonOf(result), () => render(result, frame));
  if ((result.damage ?? []).length > 0) {
    frame.conclude({ kind: "problems" });
  } else if (result.ledgerFailure !== undefined) {
    frame.conclude({ kind: "warnings" });
  }
}

/** Registers the command. */
export function registerRescue(program: Command, frame: Frame): void {
  const text = rescueText[frame.language];
  const { options } = text;
  const command = defineCommand(program, frame.language, "rescue", text);
  addTargetOptions(command, frame.language)
    .addOption(new Option("--table <name>", options.table).argParser(collect).default([]))
    .addOption(new Option("--schema <name>", options.schema))
    .addOption(new Option("--database <name>", options.database))
    .addOption(new Option("--into <database>", options.into))
    .addOption(new Option("--copy-missing", options.copyMissing))
    .addOption(new Option("--yes", options.yes))
    .addOption(new Option("--no-compare", options.noCompare))
    .addOption(jobsOption(options.jobs, "pra rescue"))
    .addOption(workersOption(options.workers, "pra rescue"))
    .action((given: Options) => rescue(given, frame));
}

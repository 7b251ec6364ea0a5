/** `pra diff`: a database at two instants. */

import { type Command, Option } from "commander";

import type { DiffResult } from "../../app/diff.ts";
import { DrError } from "../../core/errors.ts";
import { formatNumber } from "../../core/format.ts";
import type { Frame, JsonValue } from "../frame.ts";
import { concludeUnrecorded } from "../not-recorded.ts";
import { notePlan } from "../plan-lines.ts";
import { defineCommand } from "../program.ts";
import { formatTable } from "../table.ts";
import { diffText } from "../text/diff-text.ts";
import { workersOption } from "../workers-option.ts";

type Options = {
  readonly at: readonly string[];
  readonly database?: string;
  readonly workers: number;
};

/** Definitions line by line, as a patch shows them: lines that both have are left out. */
function definitionLines(from: string | null, to: string | null): readonly string[] {
  const [old, fresh] = [from, to].map((text) =>
    (text ?? "").split("\n").filter((each) => each !== ""),
  );
  const [kept, known] = [new Set(fresh), new Set(old)];
  return [
    ...(old ?? []).filter((line) => !kept.has(line)).map((line) => `    - ${line}`),
    ...(fresh ?? []).filter((line) => !known.has(line)).map((line) => `    + ${line}`),
  ];
}

function render(result: DiffResult, frame: Frame): string {
  const { language } = frame;
  const text = diffText[language];
  const { objects, tables, database, from, to } = result;
  const number = (value: number | null): string =>
    value === null ? "–" : formatNumber(value, language);
  const [heading, ...others] = text.heads;
  const counts = formatTable(
    [{ heading }, ...others.map((each) => ({ heading: each, align: "right" as const }))],
    tables.map((each) => {
      const difference = (each.to ?? 0) - (each.from ?? 0);
      const signed = `${difference > 0 ? "+" : ""}${number(difference)}`;
      return [each.name, number(each.from), number(each.to), signed];
    }),
  );
  return [
    text.title(database, from.time ?? from.at, to.time ?? to.at),
    ...(objects.length + tables.length === 0 ? [text.same] : []),
    ...(objects.length === 0 ? [] : [""]),
    ...objects.flatMap((each) => [
      `${text.changes[each.change]} ${each.kind} ${each.name}`,
      ...(each.change === "changed" ? definitionLines(each.from, each.to) : []),
    ]),
    ...(tables.length === 0 ? [] : ["", counts]),
  ].join("\n");
}

function jsonOf({ objects, tables, from, to, ledgerFailure, ...rest }: DiffResult): JsonValue {
  return {
    ...rest,
    ledger: ledgerFailure?.code ?? null,
    from: { ...from },
    to: { ...to },
    objects: objects.map((each) => ({ ...each })),
    tables: tables.map((each) => ({ ...each })),
  };
}

async function diff(options: Options, frame: Frame): Promise<void> {
  const text = diffText[frame.language];
  const [first, second, ...more] = options.at;
  if (first === undefined || second === undefined) {
    throw new DrError("USAGE_MISSING_OPTION", { option: "--at <time>", command: "pra diff" });
  }
  if (more.length > 0) {
    throw new DrError("USAGE_VALUE", { name: "--at", value: more.join(" "), command: "pra diff" });
  }
  const { compose } = await import("../../app/compose.ts");
  const { runDiff } = await import("../../app/diff.ts");
  const result = await runDiff(compose(), frame.environment(), {
    instants: [first, second],
    database: options.database,
    workers: options.workers,
    onPlan: (plan) => {
      notePlan(plan, frame);
    },
    onPhase: (instant, phase) => {
      const known = text.phases[phase];
      if (known !== undefined) {
        frame.progress.update({ phase: text.phase(instant, known) });
      }
    },
    signal: frame.signal,
  });
  frame.result(jsonOf(result), () => render(result, frame));
  concludeUnrecorded(result.ledgerFailure, frame);
}

/** Registers the command. */
export function registerDiff(program: Command, frame: Frame): void {
  const text = diffText[frame.language];
  const { options } = text;
  defineCommand(program, frame.language, "diff", text)
    .addOption(
      new Option("--at <time>", options.at)
        .argParser((value: string, before: readonly string[]) => [...before, value])
        .default([]),
    )
    .addOption(new Option("--database <name>", options.database))
    .addOption(workersOption(options.workers, "pra diff"))
    .action((given: Options) => diff(given, frame));
}

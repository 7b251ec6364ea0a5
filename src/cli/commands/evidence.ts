/** `pra evidence export`. Ends with 4 when a report of the period is not what was archived. */
import { type Command, Option } from "commander";

import type { MadeEvidence } from "../../app/evidence/export-evidence.ts";
import { errorText } from "../../core/errors.ts";
import { formatBytes, formatMinute, formatNumber } from "../../core/format.ts";
import { factLines } from "../fact-lines.ts";
import type { Frame } from "../frame.ts";
import { defineCommand, defineGroup } from "../program.ts";
import { evidenceText } from "../text/evidence-text.ts";
import { frameText } from "../text/frame-text.ts";

type Options = {
  readonly from?: string;
  readonly to?: string;
  readonly month?: string;
  readonly toFile: string;
};

function render(made: MadeEvidence, { language }: Frame): string {
  const text = evidenceText[language];
  const number = (value: number): string => formatNumber(value, language);
  const { path, bytes, from, to, zone, goesOn, events, writers } = made;
  const { lists, reports, problems, root } = made;
  const minute = (instant: string): string => formatMinute(Date.parse(instant), zone);
  const told = Object.entries(lists)
    .filter(([, rows]) => rows > 0)
    .map(([name, rows]) => `${text.listNames[name] ?? name} ${number(rows)}`);
  return [
    text.written(path, formatBytes(bytes, language)),
    text.period(minute(from), minute(to), zone),
    ...factLines([
      [text.events, text.ofWriters(number(events), number(writers))],
      [text.lists, told.length === 0 ? "–" : told.join(", ")],
      [text.reports, number(reports)],
      [text.hash, made.sha256],
      [text.root, root],
      ["", text.rootHint],
      [text.verifierHash, `SHA-256 ${made.verifierSha256}`],
      [text.check, `${text.checkHint} ${root} ${path}`],
    ]),
    ...(goesOn ? [text.goesOn] : []),
    ...problems.map(({ report, state, reason }) =>
      state === "missing" ? text.missing(report) : text.altered(report, reason),
    ),
  ].join("\n");
}

async function exportOne(options: Options, frame: Frame): Promise<void> {
  const { compose } = await import("../../app/compose.ts");
  const { exportEvidence } = await import("../../app/evidence/export-evidence.ts");
  const { language, signal } = frame;
  const { from, to, month, toFile: output } = options;
  const text = evidenceText[language];
  const onEvents = (events: number): void => {
    const detail = text.read(formatNumber(events, language));
    frame.progress.update({ phase: text.reading, detail });
  };
  const typed = { from, to, month };
  const request = { typed, output, onEvents, signal };
  const made = await exportEvidence(compose(), frame.environment({}, { strict: false }), request);
  const { ledgerFailure, problems, lists, ...facts } = made;
  const value = {
    ...facts,
    ok: problems.length === 0,
    lists: { ...lists },
    problems: problems.map((problem) => ({ ...problem })),
    ledger: ledgerFailure?.code ?? null,
  };
  frame.result(value, () => render(made, frame));
  if (ledgerFailure !== undefined) {
    frame.note(frameText[language].notRecorded(errorText(ledgerFailure, language).message));
  }
  if (problems.length > 0) {
    frame.conclude({ kind: "problems" });
  }
}

/** Registers the group. */
export function registerEvidence(program: Command, frame: Frame): void {
  const { language } = frame;
  const text = evidenceText[language];
  const group = defineGroup(program, language, "evidence", text.groupSummary);
  defineCommand(group, language, "export", text.export)
    .addOption(new Option("--from <day>", text.optionFrom).conflicts("month"))
    .addOption(new Option("--to <day>", text.optionTo).conflicts("month"))
    .addOption(new Option("--month <month>", text.optionMonth))
    .addOption(new Option("--to-file <file>", text.optionFile).makeOptionMandatory())
    .action((options: Options) => exportOne(options, frame));
}

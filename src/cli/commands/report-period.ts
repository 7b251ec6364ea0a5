/** `pra report daily|weekly|monthly`. A report that says that something was missed is made all the same: exit 0. */
import { resolve } from "node:path";
import { type Command, Option } from "commander";

import type { PeriodOutcome } from "../../app/period-report.ts";
import { type CalendarKind, calendarKinds } from "../../core/calendar.ts";
import { errorText } from "../../core/errors.ts";
import type { Cell } from "../../render/report-document.ts";
import type { Frame } from "../frame.ts";
import { defineCommand } from "../program.ts";
import { concludeSent, sentLines } from "../sent-lines.ts";
import { formatTable } from "../table.ts";
import { sentText } from "../text/sent-text.ts";
import { reportPeriodText } from "../text/report-period-text.ts";

type Options = {
  readonly period?: string;
  readonly output?: string;
  readonly fresh?: boolean;
  readonly send?: boolean;
};

const ENDINGS = "html, pdf, md, json";

type Signs = (tone: NonNullable<Cell["tone"]>) => string;

function cellText({ text, tone }: Cell, signOf: Signs): string {
  const sign = signOf(tone ?? "plain");
  const line = text.replaceAll("\u00a0", " ");
  return sign === "" ? line : `${sign} ${line}`;
}

/** The verdict and its controls, and where the rest stands. */
function render(outcome: PeriodOutcome, frame: Frame, signOf: Signs): string {
  const { language } = frame;
  const text = reportPeriodText[language];
  const { title, subtitle, verdict, sections } = outcome.report.documents[language];
  const judged = sections.find((section) => section.kind === "table");
  const table =
    judged === undefined
      ? []
      : [
          formatTable(
            judged.head.map((heading) => ({ heading })),
            judged.rows.map((row) => row.map((cell) => cellText(cell, signOf))),
          ),
          "",
        ];
  const { id } = outcome.archived;
  return [
    `${title} · ${subtitle}`,
    `${cellText({ text: verdict.text, tone: verdict.tone }, signOf)}. ${verdict.detail}`.replaceAll(
      "\u00a0",
      " ",
    ),
    "",
    ...table,
    text.written(outcome.path, ENDINGS),
    ...(id === undefined ? [] : [text.archived(id)]),
  ].join("\n");
}

async function make(kind: CalendarKind, options: Options, frame: Frame): Promise<void> {
  const { compose } = await import("../../app/compose.ts");
  const { makePeriodReport, toneSign } = await import("../../app/period-report.ts");
  const { sendReport } = await import("../../app/send-report.ts");
  const { signal, language } = frame;
  const { period, fresh = false, send = false } = options;
  const output = options.output === undefined ? undefined : resolve(options.output);
  const environment = frame.environment();
  const request = { kind, period, output, fresh, signal };
  const adapters = compose();
  const text = reportPeriodText[language];
  const outcome = await makePeriodReport(adapters, environment, request);
  const { facts, path, archived, ledgerFailure } = outcome;
  const sent = send
    ? await sendReport(adapters, environment, {
        made: { ...outcome, reportId: archived.id },
        signal,
      })
    : [];
  const value = { ...facts, path, report: archived.id ?? null, sent: [...sent] };
  frame.result(value, () =>
    [render(outcome, frame, toneSign), ...sentLines(sent, language)].join("\n"),
  );
  concludeSent(frame, { send, sent });
  const failure = archived.failure ?? ledgerFailure;
  if (failure !== undefined) {
    frame.note(text.notArchived(errorText(failure, language).message));
    frame.conclude({ kind: "warnings" });
  }
}

/** Registers the three. */
export function registerPeriodReports(group: Command, frame: Frame): void {
  const { language } = frame;
  const text = reportPeriodText[language];
  for (const kind of calendarKinds) {
    defineCommand(group, language, kind, text.commands[kind])
      .addOption(new Option("--period <period>", text.optionPeriod[kind]))
      .addOption(new Option("--output <folder>", text.optionOutput))
      .addOption(new Option("--send", sentText[language].optionSend))
      .addOption(new Option("--fresh", text.optionFresh))
      .action((options: Options) => make(kind, options, frame));
  }
}

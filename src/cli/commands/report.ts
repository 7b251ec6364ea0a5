/** `pra report`: those of a period made anew, the archived ones, and one of them. `list` ends with 4 when one is not what was recorded. */
import { type Command, Option } from "commander";

import type { EntryFacts, ReportEntry, ReportListing } from "../../app/report-operations.ts";
import { DrError, errorText } from "../../core/errors.ts";
import { formatBytes } from "../../core/format.ts";
import type { Frame, JsonValue } from "../frame.ts";
import { defineCommand, defineGroup } from "../program.ts";
import { recordedLook } from "../recorded-look.ts";
import { formatTable } from "../table.ts";
import { reportText } from "../text/report-text.ts";
import { wholeNumber } from "../whole-number.ts";
import { registerPeriodReports } from "./report-period.ts";

const SHOWN_DEFAULT = 50;
const SHOWN_MAX = 20_000;
const DASH = "–";

type FactsOf = (entry: ReportEntry) => EntryFacts;

type ListOptions = { readonly kind?: string; readonly limit: number };
type ShowOptions = {
  readonly format: "md" | "html" | "json" | "pdf";
  readonly output?: string;
};

function problemLine({ id, state }: ReportEntry, frame: Frame): readonly string[] {
  const text = reportText[frame.language];
  switch (state.kind) {
    case "whole":
      return [];
    case "altered":
      return [text.altered(id, state.reason)];
    case "missing":
      return [text.missing(id)];
    case "unrecorded":
      return [text.unrecorded(id)];
  }
}

function renderList(
  { reports, total, unread }: ReportListing,
  frame: Frame,
  factsOf: FactsOf,
): string {
  const { language } = frame;
  const text = reportText[language];
  const { columns } = text;
  const rows = reports.map((entry) => {
    const { kind, startedAt, subject, verdict, bytes } = factsOf(entry);
    return [
      entry.id,
      kind ?? DASH,
      (startedAt ?? DASH).slice(0, 19).replace("T", " "),
      subject ?? DASH,
      verdict === null ? DASH : (text.verdicts[verdict] ?? verdict),
      bytes === null ? DASH : formatBytes(bytes, language),
      text.states[entry.state.kind],
    ];
  });
  const headings = [columns.id, columns.kind, columns.time, columns.about, columns.verdict];
  const table = formatTable(
    [
      ...headings.map((heading) => ({ heading })),
      { heading: columns.size, align: "right" as const },
      { heading: columns.state },
    ],
    rows,
  );
  const hidden = total - reports.length;
  return [
    rows.length === 0 ? text.nothing : table,
    ...(hidden === 0 ? [] : [text.older(hidden)]),
    ...reports.flatMap((entry) => problemLine(entry, frame)),
    ...(unread.length === 0 ? [] : [text.unread(unread.length)]),
  ].join("\n");
}

function jsonOf(entry: ReportEntry, factsOf: FactsOf): JsonValue {
  const { id, state } = entry;
  const { files, ...facts } = factsOf(entry);
  return {
    id,
    ...facts,
    state: state.kind,
    reason: state.kind === "altered" ? state.reason : null,
    files: files.map((file) => ({ ...file })),
  };
}

async function list(options: ListOptions, frame: Frame): Promise<void> {
  const { factsOfEntry, listArchive } = await import("../../app/report-operations.ts");
  const { signal } = frame;
  const { kind, limit } = options;
  const listing = await recordedLook(
    frame,
    "report list",
    frame.environment({}, { strict: false }),
    (adapters, environment) => listArchive(adapters, environment, { kind, limit, signal }),
  );
  const { reports, total, unread } = listing;
  const value = {
    reports: reports.map((entry) => jsonOf(entry, factsOfEntry)),
    total,
    ledgerUnread: unread.length,
  };
  frame.result(value, () => renderList(listing, frame, factsOfEntry));
  const found = new Set(reports.map(({ state }) => state.kind));
  if (found.has("altered") || found.has("missing")) {
    frame.conclude({ kind: "problems" });
  } else if (found.has("unrecorded") || unread.length > 0) {
    frame.conclude({ kind: "warnings" });
  }
}

async function show(typed: string, options: ShowOptions, frame: Frame): Promise<void> {
  const { compose } = await import("../../app/compose.ts");
  const { factsOfEntry, saveReport, showReport } = await import("../../app/report-operations.ts");
  const { language, signal } = frame;
  const text = reportText[language];
  const { format, output } = options;
  const form = format === "json" ? format : `${format}.${language}`;
  if (format === "pdf" && output === undefined) {
    const command = "pra report show --format pdf";
    throw new DrError("USAGE_MISSING_OPTION", { option: "--output <file>", command });
  }
  const environment = frame.environment({}, { strict: false });
  const shown = await showReport(compose(), environment, { typed, form, signal });
  if (output !== undefined) {
    await saveReport(output, shown.bytes, { signal });
  }
  const { entry, ledgerFailure, bytes } = shown;
  const written = bytes.toString(format === "pdf" ? "base64" : "utf8");
  const value = {
    report: jsonOf(entry, factsOfEntry),
    file: shown.name,
    text: written,
    path: output ?? null,
  };
  frame.result(value, () => (output === undefined ? written.trimEnd() : text.written(output)));
  problemLine(entry, frame).forEach((line) => {
    frame.note(line);
  });
  if (ledgerFailure !== undefined) {
    frame.note(text.notRecorded(errorText(ledgerFailure, language).message));
  }
  if (entry.state.kind === "unrecorded") {
    frame.conclude({ kind: "warnings" });
  }
}

/** Registers the group. */
export function registerReport(program: Command, frame: Frame): void {
  const { language } = frame;
  const text = reportText[language];
  const group = defineGroup(program, language, "report", text.groupSummary);
  registerPeriodReports(group, frame);
  const range = { name: "--limit", command: "pra report list", min: 1, max: SHOWN_MAX };
  defineCommand(group, language, "list", text.list)
    .addOption(new Option("--kind <kind>", text.optionKind))
    .addOption(
      new Option("--limit <count>", text.optionLimit)
        .argParser(wholeNumber(range))
        .default(SHOWN_DEFAULT),
    )
    .action((options: ListOptions) => list(options, frame));
  defineCommand(group, language, "show", text.show)
    .argument("<id>", text.argumentId)
    .addOption(
      new Option("--format <format>", text.optionFormat)
        .choices(["md", "html", "json", "pdf"])
        .default("md"),
    )
    .addOption(new Option("--output <file>", text.optionOutput))
    .action((id: string, options: ShowOptions) => show(id, options, frame));
}

/** `pra ledger`: list, verify, anchor. `verify` ends with 4 when something is wrong. */
import { type Command, Option } from "commander";

import type { LedgerCheck, LedgerListing, ShownEvent } from "../../app/ledger-operations.ts";
import { type DrError, errorText } from "../../core/errors.ts";
import type { JsonValue as LedgerJson } from "../../ledger/canonical-json.ts";
import type { Frame, JsonValue } from "../frame.ts";
import { defineCommand, defineGroup } from "../program.ts";
import { recordedLook } from "../recorded-look.ts";
import { concludeSent, sentLines } from "../sent-lines.ts";
import { formatTable } from "../table.ts";
import { ledgerText } from "../text/ledger-text.ts";
import { wholeNumber } from "../whole-number.ts";

const SHOWN_DEFAULT = 50;
const SHOWN_MAX = 20_000;
/** Writers named on a terminal; `--json` names all. */
const OPEN_ENDED_SHOWN = 10;
const WHAT_COLUMNS = 100;

type ListOptions = {
  readonly kind: readonly string[];
  readonly since?: string;
  readonly until?: string;
  readonly writer?: string;
  readonly limit: number;
};

function second(iso: string): string {
  return iso.slice(0, 19).replace("T", " ");
}

/** The facts of an event on one line: names and values, long ones cut. */
function whatOf({ data }: ShownEvent): string {
  const members = typeof data === "object" && data !== null && !Array.isArray(data) ? data : {};
  const parts = Object.entries(members as Readonly<Record<string, LedgerJson>>).map(
    ([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  const text = parts.join(" ");
  return text.length <= WHAT_COLUMNS ? text : `${text.slice(0, WHAT_COLUMNS - 1)}…`;
}

function renderList({ events, matching }: LedgerListing, frame: Frame): string {
  const text = ledgerText[frame.language];
  if (events.length === 0) {
    return text.nothing;
  }
  const { columns } = text;
  const rows = events.map((event) => [
    second(event.time),
    event.kind,
    event.from === undefined ? event.actor : `${event.actor} (${event.from})`,
    event.reason,
    whatOf(event),
  ]);
  const headings = [columns.time, columns.kind, columns.who, columns.why, columns.what];
  const table = formatTable(
    headings.map((heading) => ({ heading })),
    rows,
  );
  const hidden = matching - events.length;
  return hidden === 0 ? table : `${table}\n${text.older(hidden)}`;
}

function jsonOf({ content: _content, host, from, ...event }: ShownEvent): JsonValue {
  return { ...event, host: host ?? null, from: from ?? null };
}

async function list(options: ListOptions, frame: Frame): Promise<void> {
  const { listLedger } = await import("../../app/ledger-operations.ts");
  const { parseMoment } = await import("../../app/period.ts");
  const { since, until, writer, limit } = options;
  const filter = {
    kinds: options.kind,
    sinceMs: since === undefined ? undefined : parseMoment(since, { end: false, zone: "UTC" }),
    untilMs: until === undefined ? undefined : parseMoment(until, { end: true, zone: "UTC" }),
    writer,
    limit,
  };
  const { signal } = frame;
  const listing = await recordedLook(
    frame,
    "ledger list",
    frame.environment({}, { strict: false }),
    (adapters, environment) => listLedger(adapters, environment, { filter, signal }),
  );
  const { events, matching, read } = listing;
  frame.result({ events: events.map(jsonOf), matching, read }, () => renderList(listing, frame));
}

/** Writer and sequence of a problem, as far as it names an object. */
function placeOf(problem: DrError): { readonly writer: string; readonly sequence: number } | null {
  const { object, writer, sequence, from } = problem.details;
  const key = /^ledger\/([^/]+)(?:\/(\d+))?$/.exec(String(object ?? ""));
  const name = key?.[1] ?? (writer === undefined ? undefined : String(writer));
  return name === undefined
    ? null
    : { writer: name, sequence: Number(sequence ?? from ?? key?.[2] ?? 0) };
}

function openEndedLines({ openEnded }: LedgerCheck, frame: Frame): readonly string[] {
  const text = ledgerText[frame.language];
  if (openEnded.length === 0) {
    return [];
  }
  const newest = openEnded.toSorted((a, b) => (a.time < b.time ? 1 : -1));
  const shown = newest.slice(0, OPEN_ENDED_SHOWN);
  const hidden = newest.length - shown.length;
  return [
    text.openEnded(openEnded.length),
    ...shown.map(({ writer, sequence, time }) => `  ${text.upTo(writer, sequence, second(time))}`),
    ...(hidden === 0 ? [] : [`  ${text.more(hidden)}`]),
    text.adviceAnchor,
  ];
}

function renderCheck(check: LedgerCheck, frame: Frame): string {
  const { language } = frame;
  const text = ledgerText[language];
  const { problems, events, writers, anchors, rememberedWriters } = check;
  const told = problems.flatMap((problem) => {
    const { message, hint } = errorText(problem, language);
    const place = placeOf(problem);
    return [
      `! ${message}`,
      ...(place === null ? [] : [`  ${text.place(place.writer, place.sequence)}`]),
      `  ${hint}`,
    ];
  });
  const sound = events === 0 ? text.empty : text.whole(events, writers);
  return [
    problems.length === 0 ? sound : text.problems(problems.length),
    ...told,
    ...anchors.map(({ madeAt, by }) => text.againstAnchor(second(madeAt), by)),
    ...(rememberedWriters === 0 ? [] : [text.againstSeen(rememberedWriters)]),
    ...openEndedLines(check, frame),
  ].join("\n");
}

async function verify(anchorFiles: readonly string[], frame: Frame): Promise<void> {
  const { compose } = await import("../../app/compose.ts");
  const { checkLedger } = await import("../../app/ledger-operations.ts");
  const { language, signal } = frame;
  const environment = frame.environment({}, { strict: false });
  const check = await checkLedger(compose(), environment, { anchorFiles, signal });
  const { problems, writers, events, anchors, rememberedWriters, openEnded, durationMs } = check;
  const ok = problems.length === 0;
  const value = {
    ok,
    writers,
    events,
    problems: problems.map((problem) => ({
      code: problem.code,
      ...errorText(problem, language),
      ...(placeOf(problem) ?? { writer: null, sequence: null }),
    })),
    anchors: anchors.map(({ madeAt, by, heads }) => ({ madeAt, by, heads: heads.length })),
    rememberedWriters,
    openEnded: openEnded.map(({ writer, sequence, time }) => ({ writer, sequence, time })),
    durationMs,
  };
  frame.result(value, () => renderCheck(check, frame));
  if (!ok) {
    frame.conclude({ kind: "problems" });
  }
}

type AnchorOptions = { readonly output?: string; readonly send?: boolean };

async function anchor({ output, send = false }: AnchorOptions, frame: Frame): Promise<void> {
  const { compose } = await import("../../app/compose.ts");
  const { makeAnchor } = await import("../../app/ledger-operations.ts");
  const { sendAnchor } = await import("../../app/send-anchor.ts");
  const { language, signal } = frame;
  const text = ledgerText[language];
  const adapters = compose();
  const environment = frame.environment();
  const made = await makeAnchor(adapters, environment, { output, signal });
  const sent = send ? await sendAnchor(adapters, environment, { made, signal }) : [];
  const { anchor: said, events, writers, path, ledgerFailure } = made;
  const { madeAt, by, settled, heads } = said;
  const facts = { madeAt, by, until: settled.until, heads: heads.length, events, writers };
  frame.result(
    {
      ...facts,
      text: made.text,
      path: path ?? null,
      sent: [...sent],
      ledger: ledgerFailure?.code ?? null,
    },
    () =>
      [
        path === undefined ? made.text.trimEnd() : text.written(path),
        ...sentLines(sent, language),
      ].join("\n"),
  );
  concludeSent(frame, { send, sent });
  if (ledgerFailure !== undefined) {
    frame.note(text.notRecorded(errorText(ledgerFailure, language).message));
  }
  frame.note(`${text.anchored(events, writers)} ${text.keepIt}`);
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

/** Registers the group. */
export function registerLedger(program: Command, frame: Frame): void {
  const { language } = frame;
  const text = ledgerText[language];
  const group = defineGroup(program, language, "ledger", text.groupSummary);
  const range = { name: "--limit", command: "pra ledger list", min: 1, max: SHOWN_MAX };
  const none: readonly string[] = [];
  defineCommand(group, language, "list", text.list)
    .addOption(new Option("--kind <kind>", text.optionKind).argParser(collect).default(none))
    .addOption(new Option("--since <day>", text.optionSince))
    .addOption(new Option("--until <day>", text.optionUntil))
    .addOption(new Option("--writer <name>", text.optionWriter))
    .addOption(
      new Option("--limit <count>", text.optionLimit)
        .argParser(wholeNumber(range))
        .default(SHOWN_DEFAULT),
    )
    .action((options: ListOptions) => list(options, frame));
  defineCommand(group, language, "verify", text.verify)
    .addOption(new Option("--anchor <file>", text.optionAnchor).argParser(collect).default(none))
    .action((options: { readonly anchor: readonly string[] }) => verify(options.anchor, frame));
  defineCommand(group, language, "anchor", text.anchor)
    .addOption(new Option("--output <file>", text.optionOutput))
    .addOption(new Option("--send", text.optionSend))
    .action((options: AnchorOptions) => anchor(options, frame));
}

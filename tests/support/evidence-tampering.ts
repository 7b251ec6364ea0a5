/** What can be altered in a bundle of evidence, and what the verifier must say of it. */
import { createHash } from "node:crypto";
import { canonicalJson, type JsonValue } from "../../src/ledger/canonical-json.ts";

export type Files = Map<string, Buffer>;
export type Row = Record<string, unknown>;
export type Event = Row & {
  readonly writer: string;
  readonly sequence: number;
  readonly kind: string;
};

export function linesOf(files: Files, name: string): string[] {
  return (files.get(name)?.toString() ?? "").split("\n").filter((line) => line !== "");
}

export function putLines(files: Files, name: string, lines: readonly string[]): void {
  files.set(name, Buffer.from(lines.map((line) => `${line}\n`).join("")));
}

export function jsonOf<T>(files: Files, name: string): T {
  return JSON.parse(files.get(name)?.toString() ?? "") as T;
}

export function putJson(files: Files, name: string, value: unknown): void {
  files.set(name, Buffer.from(JSON.stringify(value)));
}

export function eventsOf(files: Files): Event[] {
  return linesOf(files, "ledger/events.jsonl").map((line) => JSON.parse(line) as Event);
}

/** The writer with most events in a bundle, and where its events stand. */
export function longest(files: Files): { readonly writer: string; readonly at: readonly number[] } {
  const events = eventsOf(files);
  const groups = Map.groupBy(
    events.map(({ writer }, index) => ({ writer, index })),
    ({ writer }) => writer,
  );
  const [first] = [...groups.values()].toSorted((a, b) => b.length - a.length);
  return { writer: first?.[0]?.writer ?? "", at: (first ?? []).map(({ index }) => index) };
}

/** An instant six hours later. */
function moved(instant: unknown): string {
  return new Date(Date.parse(String(instant)) + 6 * 3_600_000).toISOString();
}

/** What is altered, in which bundle, how, and what must be said of it. */
export type Tampering = readonly [
  what: string,
  base: "settled" | "ongoing",
  change: (files: Files) => void,
  named: RegExp,
];

function editLine(name: string, index: (files: Files) => number, edit: (line: string) => string) {
  return (files: Files): void => {
    const at = index(files);
    putLines(
      files,
      name,
      linesOf(files, name).map((line, place) => (place === at ? edit(line) : line)),
    );
  };
}

export const EVENTS = "ledger/events.jsonl";
export const inMiddle = (files: Files): number => longest(files).at[3] ?? 0;
const atEnd = (files: Files): number => longest(files).at.at(-1) ?? 0;

export function edited(line: string): string {
  return line
    .replace(/"object":"\d+"/, '"object":"99"')
    .replace(/"what":"restore"/, '"what":"list"');
}

export function withRows(name: string, change: (rows: Row[]) => Row[]): (files: Files) => void {
  return (files) => {
    putJson(files, `lists/${name}.json`, change(jsonOf<Row[]>(files, `lists/${name}.json`)));
  };
}

/** Every row of a list without one of its fields. */
export function withoutField(name: string, gone: string): (files: Files) => void {
  return withRows(name, (rows) =>
    rows.map((row) => Object.fromEntries(Object.entries(row).filter(([field]) => field !== gone))),
  );
}

/** More at the end of a table's heading, and of each of its lines, none of which holds a line break. */
function withCells(name: string, more: { readonly heading: string; readonly line: string }) {
  return (files: Files): void => {
    const path = `lists/${name}.csv`;
    const [heading = "", ...lines] = (files.get(path)?.toString() ?? "").trimEnd().split("\r\n");
    const table = [`${heading}${more.heading}`, ...lines.map((line) => `${line}${more.line}`)];
    files.set(path, Buffer.from(table.map((line) => `${line}\r\n`).join("")));
  };
}

export const eventTamperings: readonly Tampering[] = [
  [
    "an edited event",
    "settled",
    editLine(EVENTS, inMiddle, edited),
    /event \d+ of \S+ is not continued by the next one/,
  ],
  [
    "an edited last event",
    "ongoing",
    editLine(EVENTS, atEnd, (line) => line.replace(/"reason":"[^"]*"/, '"reason":"x"')),
    /event \d+ of \S+ is not the one that was signed/,
  ],
  [
    "a removed event",
    "settled",
    (files) => {
      const gone = inMiddle(files);
      putLines(
        files,
        EVENTS,
        linesOf(files, EVENTS).filter((_, index) => index !== gone),
      );
    },
    /events \d+ to \d+ of \S+ are missing/,
  ],
  [
    "a cut end",
    "settled",
    (files) => {
      const gone = atEnd(files);
      putLines(
        files,
        EVENTS,
        linesOf(files, EVENTS).filter((_, index) => index !== gone),
      );
    },
    /\S+ ends with event \d+, the signed head is event \d+/,
  ],
  [
    "a removed process",
    "ongoing",
    (files) => {
      const { writer } = longest(files);
      putLines(
        files,
        EVENTS,
        linesOf(files, EVENTS).filter((line) => !line.includes(writer)),
      );
    },
    /ends with event \d+, the signed head/,
  ],
  [
    "two events that changed places",
    "settled",
    (files) => {
      const [, one = 0, two = 0] = longest(files).at;
      const lines = linesOf(files, EVENTS);
      [lines[one], lines[two]] = [lines[two] ?? "", lines[one] ?? ""];
      putLines(files, EVENTS, lines);
    },
    /stands behind event/,
  ],
  [
    "an event told twice",
    "settled",
    (files) => {
      const at = inMiddle(files);
      putLines(
        files,
        EVENTS,
        linesOf(files, EVENTS).flatMap((line, index) => (index === at ? [line, line] : [line])),
      );
    },
    /event \d+ of \S+ stands behind event \d+/,
  ],
  [
    "an event that was made up behind the end",
    "ongoing",
    (files) => {
      const last = eventsOf(files)[atEnd(files)];
      const line = linesOf(files, EVENTS)[atEnd(files)] ?? "";
      const previousHash = createHash("sha256").update(line).digest("hex");
      const more = { ...last, sequence: (last?.sequence ?? 0) + 1, previousHash } as JsonValue;
      putLines(files, EVENTS, [...linesOf(files, EVENTS), canonicalJson(more)]);
    },
    /ends with event \d+, the signed head is event \d+/,
  ],
  [
    "a process that was made up",
    "ongoing",
    (files) => {
      const first = eventsOf(files).find(({ sequence }) => sequence === 1);
      const writer = `${"a".repeat(16)}-${"b".repeat(32)}`;
      putLines(files, EVENTS, [
        ...linesOf(files, EVENTS),
        canonicalJson({ ...first, writer } as JsonValue),
      ]);
    },
    /a{16}-b{32} is not among the signed writers/,
  ],
  [
    "what was before the period removed",
    "ongoing",
    (files) => {
      const { writer } = longest(files);
      const name = "ledger/before.jsonl";
      putLines(
        files,
        name,
        linesOf(files, name).filter((line) => !line.includes(writer)),
      );
    },
    /the stretch of \S+ begins with event \d+, and nothing shows what was before/,
  ],
  [
    "what was before the period edited",
    "ongoing",
    (files) => {
      const { writer } = longest(files);
      const name = "ledger/before.jsonl";
      const at = linesOf(files, name).findIndex((line) => line.includes(writer));
      editLine(
        name,
        () => at,
        (line) => line.replace(/"reason":"[^"]*"/, '"reason":"x"'),
      )(files);
    },
    /is not continued by the next one/,
  ],
  [
    "the heads edited",
    "settled",
    editLine(
      "ledger/heads.txt",
      () => 0,
      (line) => line.replace(/.$/, (last) => (last === "0" ? "1" : "0")),
    ),
    /ledger\/heads\.txt: the heads are not those that were signed/,
  ],
  [
    "the anchor edited",
    "settled",
    (files) => {
      const text = files.get("anchor.txt")?.toString() ?? "";
      files.set("anchor.txt", Buffer.from(text.replace(/^writers \d+$/m, "writers 1")));
    },
    /anchor\.txt: the signature does not fit/,
  ],
];

export const listTamperings: readonly Tampering[] = [
  [
    "a row edited",
    "settled",
    withRows("backups", (rows) =>
      rows.map((row, index) => (index === 2 ? { ...row, storedBytes: 1 } : row)),
    ),
    /lists\/backups\.json: row 3 does not say what its event says \(storedBytes\)/,
  ],
  [
    "a row's time edited",
    "settled",
    withRows("accesses", ([row, ...rows]) => [
      { ...row, eventTime: "2020-01-01T00:00:00.000Z" },
      ...rows,
    ]),
    /lists\/accesses\.json: row 1 does not say what its event says \(eventTime\)/,
  ],
  [
    "a row removed",
    "settled",
    withRows("proofs", (rows) => rows.slice(1)),
    /lists\/proofs\.json: event \d+ of \S+ \(proofFinished\) is missing/,
  ],
  [
    "a row told twice",
    "settled",
    withRows("proofs", (rows) => [...rows, ...rows.slice(0, 1)]),
    /lists\/proofs\.json: row \d+ names an event a second time/,
  ],
  [
    "a row of another list",
    "settled",
    (files) => {
      const [row] = jsonOf<Row[]>(files, "lists/proofs.json");
      withRows("backups", (rows) => [...rows, row ?? {}])(files);
    },
    /lists\/backups\.json: row \d+ names an event that is not in the ledger of this period or belongs to another list/,
  ],
  [
    "a cell edited",
    "settled",
    (files) => {
      const text = files.get("lists/backups.csv")?.toString() ?? "";
      files.set("lists/backups.csv", Buffer.from(text.replace("backupFailed", "backupFinished")));
    },
    /lists\/backups\.csv: row \d+ differs from the JSON list \(eventKind\)/,
  ],
  [
    "verdicts removed",
    "settled",
    withoutField("proofs", "verdict"),
    /lists\/proofs\.json: row 1 does not say what its event says \(verdict\)/,
  ],
  [
    "who did it removed",
    "settled",
    withoutField("accesses", "eventActor"),
    /lists\/accesses\.json: row 1 does not say what its event says \(eventActor\)/,
  ],
  [
    "what happened removed from operations",
    "settled",
    withoutField("operations", "data"),
    /lists\/operations\.json: row 1 does not say what its event says \(data\)/,
  ],
  [
    "a column added",
    "settled",
    withCells("proofs", { heading: ",note", line: ",fine" }),
    /lists\/proofs\.csv: row 1 differs from the JSON list \(note\)/,
  ],
  [
    "a column told twice",
    "settled",
    withCells("proofs", { heading: ",verdict", line: ",proven" }),
    /lists\/proofs\.csv: a column stands there twice/,
  ],
  [
    "cells beside the columns",
    "settled",
    withCells("proofs", { heading: "", line: ",proven" }),
    /lists\/proofs\.csv: row 1 has \d+ cells, the heading has \d+/,
  ],
  [
    "a list added",
    "settled",
    (files) => void files.set("lists/summary.csv", Buffer.from("proofs,proven\r\n9,9\r\n")),
    /lists\/summary\.csv: is a list that the manifest does not name/,
  ],
  [
    "a line of a table removed",
    "settled",
    (files) => {
      const lines = (files.get("lists/proofs.csv")?.toString() ?? "").split("\r\n");
      files.set("lists/proofs.csv", Buffer.from(lines.toSpliced(1, 1).join("\r\n")));
    },
    /lists\/proofs\.csv: \d+ rows, \d+ in the other file/,
  ],
  [
    "a count edited",
    "settled",
    (files) => {
      const manifest = jsonOf<Row>(files, "manifest.json");
      putJson(files, "manifest.json", { ...manifest, events: Number(manifest["events"]) + 1 });
    },
    /manifest\.json: events: \d+ are told, \d+ are there/,
  ],
  [
    "a list's count edited",
    "settled",
    (files) => {
      const manifest = jsonOf<Row & { readonly lists: Row }>(files, "manifest.json");
      putJson(files, "manifest.json", { ...manifest, lists: { ...manifest.lists, alerts: 7 } });
    },
    /manifest\.json: alerts: 7 are told, 0 are there/,
  ],
  [
    "a missed day told as done",
    "settled",
    withRows("routines", (rows) => rows.map((row) => ({ ...row, done: true }))),
    /lists\/routines\.json: row \d+: daily backup of \S+ is told as done=True, the events say False/,
  ],
  [
    "a missed day left out",
    "settled",
    withRows("routines", (rows) => rows.filter(({ done }) => done === true)),
    /lists\/routines\.json: daily backup of main on \S+ is missing from the list/,
  ],
  [
    "the last day left out",
    "settled",
    withRows("routines", (rows) => {
      const days = rows.filter(
        ({ routine, cluster }) => routine === "daily backup" && cluster === "main",
      );
      return rows.filter((row) => row !== days.at(-1));
    }),
    /lists\/routines\.json: daily backup of main on \S+ is missing from the list/,
  ],
  [
    "a day that begins where no day does, so that another backup falls into it",
    "settled",
    withRows("routines", (rows) =>
      rows.map((row, index) =>
        index === 0 ? { ...row, from: moved(row["from"]), to: moved(row["to"]) } : row,
      ),
    ),
    /lists\/routines\.json: row 1: daily backup from \S+ to \S+ is no day or week of the time zone/,
  ],
  [
    "a rate edited",
    "settled",
    (files) => {
      const sla = jsonOf<{ readonly clusters: readonly { readonly backups: Row }[] }>(
        files,
        "sla.json",
      );
      const clusters = sla.clusters.map((one) => ({
        ...one,
        backups: { ...one.backups, good: one.backups["tried"] },
      }));
      putJson(files, "sla.json", { ...sla, clusters });
    },
    /sla\.json: main: backups\.good \d+ told, \d+ by the events/,
  ],
  [
    "missed routines left out of what was attained",
    "settled",
    (files) => {
      const sla = jsonOf<{ readonly clusters: readonly Row[] }>(files, "sla.json");
      const clusters = sla.clusters.map((one) => ({
        ...one,
        routines: { verdict: "met", missed: [] },
      }));
      putJson(files, "sla.json", { ...sla, clusters });
    },
    /sla\.json: main: routines\.missed 0 told, \d+ by the events/,
  ],
  [
    "a report edited",
    "ongoing",
    (files) => {
      const name = [...files.keys()].find((one) => one.endsWith("report.fr.html")) ?? "";
      files.set(name, Buffer.from(files.get(name)?.toString().replace("proved", "perfect") ?? ""));
    },
    /reports\/\S+\/report\.fr\.html: the SHA-256 is not the one that the ledger recorded/,
  ],
  [
    "a report removed",
    "ongoing",
    (files) => {
      files.delete([...files.keys()].find((one) => one.endsWith("report.json")) ?? "");
    },
    /reports\/\S+\/report\.json: is recorded and missing/,
  ],
  [
    "a report made up",
    "ongoing",
    (files) => {
      files.set(`reports/${"c".repeat(32)}/report.json`, Buffer.from("{}"));
    },
    /reports\/c{32}\/report\.json: is a report that the ledger of this period does not record/,
  ],
];

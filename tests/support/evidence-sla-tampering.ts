/** How what was attained can be told of less than happened, in files that fit each other, and what the verifier must say of it. */
import {
  type Event,
  type Files,
  type Row,
  type Tampering,
  eventsOf,
  jsonOf,
  putJson,
} from "./evidence-tampering.ts";

type Missed = { readonly routine: string; readonly from: string; readonly to: string };
type Judged = Row & {
  readonly cluster: string;
  readonly backups: Row;
  readonly proofs: Row;
  readonly routines: Row & { readonly missed: readonly Missed[] };
};
type Sla = Row & { readonly from: string; readonly clusters: readonly Judged[] };
type Deed = Event & { readonly time: string; readonly data: Row };

/** Days and weeks that are told, in both files of the list and in what was attained. */
function keepRoutines(files: Files, isKept: (row: Row, index: number) => boolean): void {
  const rows = jsonOf<Row[]>(files, "lists/routines.json");
  const [heading = "", ...lines] = (files.get("lists/routines.csv")?.toString() ?? "").split(
    "\r\n",
  );
  const kept = rows.map(isKept);
  const keptRows = rows.filter((_, index) => kept[index] === true);
  const table = [heading, ...lines.filter((_, index) => kept[index] === true)];
  putJson(files, "lists/routines.json", keptRows);
  files.set("lists/routines.csv", Buffer.from(table.map((line) => `${line}\r\n`).join("")));
  const sla = jsonOf<Sla>(files, "sla.json");
  const clusters = sla.clusters.map((one) => {
    const missed = one.routines.missed.filter(({ routine, from }) =>
      keptRows.some(
        (row) =>
          row["cluster"] === one.cluster && row["routine"] === routine && row["from"] === from,
      ),
    );
    return { ...one, routines: { ...one.routines, missed } };
  });
  putJson(files, "sla.json", { ...sla, clusters });
}

/** The period as if it had been over before the first backup failed. */
function shorten(files: Files): string {
  const events = eventsOf(files) as Deed[];
  const failures = events.filter(({ kind }) => kind === "backupFailed").map(({ time }) => time);
  const to = failures.toSorted()[0] ?? "";
  keepRoutines(files, (row) => String(row["to"]) <= to);
  const sla = jsonOf<Sla>(files, "sla.json");
  const inside = events.filter(({ time }) => time >= sla.from && time < to);
  const clusters = sla.clusters.map((one) => {
    const own = inside.filter(({ data }) => data["cluster"] === one.cluster);
    const backups = own.filter(({ kind }) => kind === "backupFinished").length;
    const proofs = own.filter(({ kind }) => kind === "proofFinished");
    const proven = proofs.filter(({ data }) => data["verdict"] === "proven").length;
    return {
      ...one,
      backups: { verdict: "met", tried: backups, good: backups },
      proofs: { ...one.proofs, tried: proofs.length, good: proven },
    };
  });
  putJson(files, "sla.json", { ...sla, to, clusters });
  return to;
}

const isOfWeb = (row: Row): boolean => row["cluster"] === "web";

/** A week more, of before the period, which was done. */
function addWeekBefore(files: Files): void {
  const rows = jsonOf<Row[]>(files, "lists/routines.json");
  const first = rows.find(
    ({ cluster, routine }) => cluster === "main" && routine === "weekly proof",
  );
  const fromMs = Date.parse(String(first?.["from"])) - 7 * 86_400_000;
  const [from, to] = [new Date(fromMs).toISOString(), String(first?.["from"])];
  const more = { cluster: "main", routine: "weekly proof", from, to, done: true };
  putJson(files, "lists/routines.json", [more, ...rows]);
  const [heading = "", ...lines] = (files.get("lists/routines.csv")?.toString() ?? "").split(
    "\r\n",
  );
  const line = `main,weekly proof,${from},${to},true`;
  files.set("lists/routines.csv", Buffer.from([heading, line, ...lines].join("\r\n")));
}

export const slaTamperings: readonly Tampering[] = [
  [
    "a week of before the period, done",
    "settled",
    addWeekBefore,
    /lists\/routines\.json: row 1: weekly proof from \S+ to \S+ does not end in the period/,
  ],
  [
    "what was attained told of the time before the first failure",
    "settled",
    (files) => void shorten(files),
    /sla\.json: to is \S+, the bundle says \S+ elsewhere/,
  ],
  [
    "the same, and the bundle's own period with it",
    "settled",
    (files) => {
      const to = shorten(files);
      putJson(files, "manifest.json", { ...jsonOf<Row>(files, "manifest.json"), to });
    },
    /manifest\.json: to is \S+, the bundle says \S+ elsewhere/,
  ],
  [
    "the same of a period that goes on",
    "ongoing",
    (files) => {
      const to = shorten(files);
      putJson(files, "manifest.json", { ...jsonOf<Row>(files, "manifest.json"), to });
    },
    /manifest\.json: to is \S+, the bundle says \S+ elsewhere/,
  ],
  [
    "a cluster left out of what was attained and of the days",
    "settled",
    (files) => {
      keepRoutines(files, (row) => !isOfWeb(row));
      const sla = jsonOf<Sla>(files, "sla.json");
      const clusters = sla.clusters.filter((one) => !isOfWeb(one));
      putJson(files, "sla.json", { ...sla, clusters });
    },
    /sla\.json: web has backups or proofs in this period and is not there/,
  ],
  [
    "all days of a cluster left out",
    "settled",
    (files) => {
      keepRoutines(files, (row) => !isOfWeb(row));
    },
    /lists\/routines\.json: daily backup of web on \S+ is missing from the list/,
  ],
  [
    "the first days left out",
    "settled",
    (files) => {
      keepRoutines(files, (_, index) => index > 3);
    },
    /lists\/routines\.json: daily backup of main on \S+ is missing from the list/,
  ],
];

/**
 * `pra report`: which reports the repository keeps, and one of them as it was made. Each is held against what the ledger recorded when it was
 * archived: one that was edited, replaced or removed since is named, and never shown for what it was.
 */
import { DrError, isDrError } from "../core/errors.ts";
import { reportLedgerObjectsMax } from "../core/ledger-limits.ts";
import { type ObjectId, parseObjectId } from "../core/object-id.ts";
import { writeDurably } from "../files/write-durably.ts";
import type { LedgerEvent } from "../ledger/event.ts";
import type { EventData } from "../ledger/event-kinds.ts";
import { searchNewestEvents } from "../ledger/newest-events.ts";
import { type ClusterName, clusterNameOf } from "../repository/object-names.ts";
import type { StoreCall } from "../repository/object-store.ts";
import {
  type ArchivedReport,
  archivedBytes,
  listReports,
  readReport,
} from "../repository/report-archive.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import type { Adapters } from "./compose.ts";
import { hashOf } from "./archive-report.ts";
import type { Environment } from "./environment.ts";
import { LedgerRecorder } from "./ledger-recorder.ts";
import { openRepository } from "./repository-access.ts";

type Recorded = EventData<"reportArchived">;

/** Whether a report is the one that was archived. */
export type ReportState =
  | { readonly kind: "whole" }
  /** Not what was recorded, or not authentic. */
  | { readonly kind: "altered"; readonly reason: string }
  | { readonly kind: "missing" }
  /** It is there and authentic, and no event names it. */
  | { readonly kind: "unrecorded" };

/** One of the list. */
export type ReportEntry = {
  readonly id: ObjectId;
  readonly recorded: Recorded | undefined;
  readonly report: ArchivedReport | undefined;
  readonly sizeBytes: number | undefined;
  readonly state: ReportState;
};

/** What is known of a report; null: nobody says. */
export type EntryFacts = {
  readonly kind: string | null;
  readonly model: number | null;
  readonly startedAt: string | null;
  readonly subject: string | null;
  readonly verdict: string | null;
  readonly bytes: number | null;
  readonly files: Recorded["files"];
};

/** The same, from its event, else from itself. */
export function factsOfEntry({ recorded, report, sizeBytes }: ReportEntry): EntryFacts {
  const bytes = sizeBytes ?? null;
  if (recorded !== undefined) {
    const { of: kind, model, startedAt, subject, verdict, files } = recorded;
    return { kind, model, startedAt, subject, verdict, bytes, files };
  }
  return {
    kind: report?.kind ?? null,
    model: report?.model ?? null,
    startedAt: report?.startedAt ?? null,
    subject: null,
    verdict: null,
    bytes,
    files: [],
  };
}

/** The newest of them, newest first. */
export type ReportListing = {
  readonly reports: readonly ReportEntry[];
  readonly total: number;
  /** What of the ledger could not be read: reports without an event may have theirs there. */
  readonly unread: readonly DrError[];
};

type Known = {
  readonly recorded: ReadonlyMap<ObjectId, Recorded>;
  readonly sizes: ReadonlyMap<ObjectId, number>;
  readonly unread: readonly DrError[];
};

type Told = Pick<Known, "recorded" | "unread"> & { readonly isWhole: boolean };

/** What the ledger says of reports, as far back as `objectsMax` of its objects. */
async function readRecorded(
  sealed: SealedStore,
  cluster: ClusterName,
  { signal, objectsMax }: StoreCall & { readonly objectsMax: number },
): Promise<Told> {
  const recorded = new Map<ObjectId, Recorded>();
  const unread: DrError[] = [];
  const visit = ({ content }: LedgerEvent): boolean => {
    if (content?.kind === "reportArchived" && content.data.cluster === cluster) {
      recorded.set(parseObjectId(content.data.report), content.data);
    }
    return false;
  };
  const onUnread = (problem: DrError): void => void unread.push(problem);
  const search = { signal, objectsMax, tailMax: objectsMax, onUnread };
  const isWhole = (await searchNewestEvents(sealed, visit, search)) === "whole";
  return { recorded, unread, isWhole };
}

/** What the ledger and the store know. All of the ledger is read only when one of the reports that `wants` picks has no event in its newer part. */
async function readKnown(
  sealed: SealedStore,
  cluster: ClusterName,
  { signal, wants }: StoreCall & { readonly wants: (known: Known) => readonly ObjectId[] },
): Promise<Known> {
  const listed = await listReports(sealed, cluster, { signal });
  const sizes = new Map(listed.map(({ id, sizeBytes }) => [id, sizeBytes]));
  const newer = await readRecorded(sealed, cluster, { signal, objectsMax: reportLedgerObjectsMax });
  const known = { ...newer, sizes };
  if (newer.isWhole || wants(known).every((id) => newer.recorded.has(id))) {
    return known;
  }
  return { ...(await readRecorded(sealed, cluster, { signal, objectsMax: Infinity })), sizes };
}

/** How a report differs from what was recorded of it; undefined: not at all. */
function differenceOf({ files }: ArchivedReport, recorded: Recorded): string | undefined {
  if (files.length !== recorded.files.length) {
    return `${files.length} files, ${recorded.files.length} recorded`;
  }
  for (const { name, sha256 } of recorded.files) {
    const file = files.find((one) => one.name === name);
    const found = file === undefined ? "–" : hashOf(archivedBytes(file));
    if (found !== sha256) {
      return `${name}: SHA-256 ${found}, recorded ${sha256}`;
    }
  }
  return undefined;
}

/** One report, held against what is known of it. @throws DrError what the store throws; what is wrong with the report is in its state. */
export async function entryOf(
  sealed: SealedStore,
  at: { readonly cluster: ClusterName; readonly id: ObjectId },
  { recorded: events, sizes }: Pick<Known, "recorded" | "sizes">,
  { signal }: StoreCall,
): Promise<ReportEntry> {
  const { id } = at;
  const recorded = events.get(id);
  const sizeBytes = sizes.get(id);
  const about = { id, recorded, sizeBytes };
  if (sizeBytes === undefined) {
    return { ...about, report: undefined, state: { kind: "missing" } };
  }
  try {
    const report = await readReport(sealed, at, { signal });
    if (recorded === undefined) {
      return { ...about, report, state: { kind: "unrecorded" } };
    }
    const reason = differenceOf(report, recorded);
    const state =
      reason === undefined ? { kind: "whole" as const } : { kind: "altered" as const, reason };
    return { ...about, report, state };
  } catch (error) {
    if (isDrError(error) && /^(?:REPO|KEY)_/.test(error.code)) {
      return { ...about, report: undefined, state: { kind: "altered", reason: error.message } };
    }
    throw error;
  }
}

/** Lists, and holds each that is listed against the ledger. @throws DrError `CONFIG_*`, `KEY_*`, `STORE_*`. */
export async function listArchive(
  adapters: Adapters,
  environment: Environment,
  options: StoreCall & { readonly kind: string | undefined; readonly limit: number },
): Promise<ReportListing> {
  const { signal, kind, limit } = options;
  const { sealed } = await openRepository(adapters, environment, { signal });
  const cluster = clusterNameOf(environment.cluster);
  // Ids begin with their time.
  const newestIn = ({ recorded, sizes }: Known): readonly ObjectId[] =>
    [...new Set([...recorded.keys(), ...sizes.keys()])]
      .filter((id) => kind === undefined || (recorded.get(id)?.of ?? kind) === kind)
      .toSorted()
      .toReversed();
  const shownOf = (known: Known): readonly ObjectId[] => newestIn(known).slice(0, limit);
  const known = await readKnown(sealed, cluster, { signal, wants: shownOf });
  const reports: ReportEntry[] = [];
  for (const id of shownOf(known)) {
    reports.push(await entryOf(sealed, { cluster, id }, known, { signal }));
  }
  return { reports, total: newestIn(known).length, unread: known.unread };
}

/** A report that was asked for. */
export type ShownReport = {
  readonly entry: ReportEntry & { readonly report: ArchivedReport };
  readonly name: string;
  readonly bytes: Buffer;
  readonly ledgerFailure: DrError | undefined;
};

function requireTrue(entry: ReportEntry): ReportEntry & { readonly report: ArchivedReport } {
  const { id: report, state, recorded } = entry;
  if (state.kind === "missing") {
    throw new DrError("LEDGER_REPORT_MISSING", { report, startedAt: recorded?.startedAt ?? "–" });
  }
  if (state.kind === "altered" || entry.report === undefined) {
    throw new DrError("LEDGER_REPORT_ALTERED", {
      report,
      reason: state.kind === "altered" ? state.reason : "–",
    });
  }
  return { ...entry, report: entry.report };
}

/** Writes it to a file of its own. @throws DrError `LEDGER_REPORT_FILE`, `RESTORE_FILE_IO`, `RESTORE_DISK_FULL`. */
export async function saveReport(
  path: string,
  bytes: Buffer,
  { signal }: StoreCall,
): Promise<void> {
  const parts = [bytes];
  if ((await writeDurably({ finalPath: path, parts, group: "RESTORE", signal })) === "conflict") {
    throw new DrError("LEDGER_REPORT_FILE", { path });
  }
}

/** One report as it was made. @throws DrError `LEDGER_REPORT_UNKNOWN`, `LEDGER_REPORT_MISSING`, `LEDGER_REPORT_ALTERED`; `CONFIG_*`, `KEY_*`, `STORE_*`. */
export async function showReport(
  adapters: Adapters,
  environment: Environment,
  options: StoreCall & { readonly typed: string; readonly form: string },
): Promise<ShownReport> {
  const { signal, form } = options;
  const { sealed } = await openRepository(adapters, environment, { signal });
  const cluster = clusterNameOf(environment.cluster);
  const typed = options.typed.trim().toLowerCase();
  const matching = ({ recorded, sizes }: Known): readonly ObjectId[] =>
    [...new Set([...recorded.keys(), ...sizes.keys()])].filter(
      (id) => /^[0-9a-f]{4,32}$/.test(typed) && id.startsWith(typed),
    );
  const known = await readKnown(sealed, cluster, { signal, wants: matching });
  const matches = matching(known);
  const [id] = matches;
  if (id === undefined || matches.length > 1) {
    throw new DrError("LEDGER_REPORT_UNKNOWN", { report: options.typed, matches: matches.length });
  }
  const ledger = new LedgerRecorder(adapters, sealed, { environment, reason: "pra report show" });
  const access = { what: "report show", cluster, object: id, repeats: 0 };
  await ledger.record({ kind: "accessed", data: access });
  const entry = requireTrue(await entryOf(sealed, { cluster, id }, known, { signal }));
  const file = entry.report.files.find(({ name }) => name === form);
  if (file === undefined) {
    const names = entry.report.files.map(({ name }) => name).join(", ");
    throw new DrError("LEDGER_REPORT_ALTERED", { report: id, reason: `no ${form}: ${names}` });
  }
  const bytes = archivedBytes(file);
  return { entry, name: file.name, bytes, ledgerFailure: ledger.failure };
}

/**
 * The populations of a period, as an auditor samples them: every event of the ledger stands in exactly one list, so that the lists add up to the ledger. Pure. A
 * row names its event by writer and sequence, and holds what the event says.
 */
import type { LedgerEvent } from "../ledger/event.ts";
import { type EventKind, eventSchemas } from "../ledger/event-kinds.ts";

/** Every list, in the order of the bundle. `operations`: what belongs to no population of its own. */
export const populationNames = [
  "backups",
  "dumps",
  "proofs",
  "restores",
  "load-tests",
  "alerts",
  "messages",
  "accesses",
  "keys",
  "deletions",
  "actions",
  "duties",
  "reports",
  "wal-incidents",
  "operations",
] as const;

/** The name of a list. */
export type PopulationName = (typeof populationNames)[number];

/** One list. */
export type Population = {
  readonly name: PopulationName;
  readonly columns: readonly string[];
  readonly rows: readonly Readonly<Record<string, unknown>>[];
};

/** Where each kind belongs. */
const listOf: Readonly<Record<EventKind, PopulationName>> = {
  backupFinished: "backups",
  backupFailed: "backups",
  dumpFinished: "dumps",
  dumpFailed: "dumps",
  proofFinished: "proofs",
  restoreFinished: "restores",
  restoreFailed: "restores",
  databaseRestored: "restores",
  databaseRestoreFailed: "restores",
  tablesRescued: "restores",
  loadTestFinished: "load-tests",
  productionLoadStarted: "operations",
  alertOpened: "alerts",
  alertAcknowledged: "alerts",
  alertResolved: "alerts",
  alertsSilenced: "alerts",
  alertsUnsilenced: "alerts",
  messageDelivered: "messages",
  messageRefused: "messages",
  channelTested: "messages",
  channelConfirmed: "messages",
  accessed: "accesses",
  dumpExported: "accesses",
  keyChecked: "keys",
  keySlotAdded: "keys",
  keySlotRemoved: "keys",
  keysRotated: "keys",
  hostEnrolled: "keys",
  expireFinished: "deletions",
  backupsGivenUp: "deletions",
  dumpsGivenUp: "deletions",
  backupHeld: "deletions",
  backupReleased: "deletions",
  dumpHeld: "deletions",
  dumpReleased: "deletions",
  rollbackAccepted: "deletions",
  actionOpened: "actions",
  actionAssigned: "actions",
  actionClosed: "actions",
  routineDone: "duties",
  wentLive: "duties",
  reportArchived: "reports",
  walGapOpened: "wal-incidents",
  slotLost: "wal-incidents",
  conflictFound: "wal-incidents",
  leaseLost: "wal-incidents",
  writerStarted: "operations",
  backupStarted: "operations",
  walReceiverStarted: "operations",
  walReceiverStopped: "operations",
  looksSampled: "operations",
  anchorMade: "operations",
  restoreMeasured: "operations",
  proofChecked: "operations",
  verifyFinished: "operations",
};

/** What a row says of its event itself. */
const EVENT_COLUMNS = [
  "eventTime",
  "eventKind",
  "eventWriter",
  "eventSequence",
  "eventActor",
  "eventReason",
] as const;

function isKnown(kind: string): kind is EventKind {
  return Object.hasOwn(listOf, kind);
}

/** Where an event belongs; of a kind that this version does not know: among the operations. */
function nameOf(kind: string): PopulationName {
  return isKnown(kind) ? listOf[kind] : "operations";
}

/** Which kinds each list holds, for who counts them. */
export function populationKinds(): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    populationNames.map((name) => [
      name,
      Object.entries(listOf).flatMap(([kind, list]) => (list === name ? [kind] : [])),
    ]),
  );
}

/** Fields of a list's kinds, each once; operations differ too much, and show their data whole. */
function dataColumns(name: PopulationName): readonly string[] {
  if (name === "operations") {
    return ["data"];
  }
  const kinds = Object.entries(listOf).flatMap(([kind, list]) =>
    list === name && isKnown(kind) ? [kind] : [],
  );
  return [...new Set(kinds.flatMap((kind) => Object.keys(eventSchemas[kind].shape)))];
}

/** What an event says, by its fields. */
function fieldsOf(name: PopulationName, { data }: LedgerEvent): ReadonlyMap<string, unknown> {
  const isWhole =
    name === "operations" || typeof data !== "object" || data === null || Array.isArray(data);
  return new Map<string, unknown>(isWhole ? [["data", data]] : Object.entries(data));
}

/** Columns of a list: of all its kinds, and what events of other versions say besides, so that no row leaves anything out. */
function columnsOf(name: PopulationName, events: readonly LedgerEvent[]): readonly string[] {
  const columns = new Set<string>([...EVENT_COLUMNS, ...dataColumns(name)]);
  const others = new Set<string>();
  for (const event of events) {
    for (const field of fieldsOf(name, event).keys()) {
      if (!columns.has(field)) {
        others.add(field);
      }
    }
  }
  return [...columns, ...[...others].toSorted()];
}

function rowOf(
  name: PopulationName,
  event: LedgerEvent,
  columns: readonly string[],
): Population["rows"][number] {
  const { time, kind, writer, sequence, actor, reason } = event;
  const [eventTime, eventKind, eventWriter] = [time, kind, writer];
  const about = { eventTime, eventKind, eventWriter, eventSequence: sequence };
  const fields = fieldsOf(name, event);
  const row: Record<string, unknown> = { ...about, eventActor: actor, eventReason: reason };
  for (const column of columns.slice(EVENT_COLUMNS.length)) {
    row[column] = fields.get(column) ?? null;
  }
  return row;
}

/** All lists of some events, each by time. */
export function populationsOf(events: readonly LedgerEvent[]): readonly Population[] {
  const placeOf = ({ time, writer, sequence }: LedgerEvent): string =>
    `${time} ${writer} ${String(sequence).padStart(12, "0")}`;
  const byTime = events
    .map((event) => ({ event, place: placeOf(event) }))
    .toSorted((a, b) => (a.place < b.place ? -1 : 1))
    .map(({ event }) => event);
  return populationNames.map((name) => {
    const own = byTime.filter(({ kind }) => nameOf(kind) === name);
    const columns = columnsOf(name, own);
    return { name, columns, rows: own.map((event) => rowOf(name, event, columns)) };
  });
}

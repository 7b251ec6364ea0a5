/** Who touched what in a period: reads, exports, deletions, holds, keys, checks of what lies in the repository, words of people. Pure. */
import {
  type EventOf,
  type Listed,
  type PeriodEvent,
  eventsOf,
  isoTime,
  listed,
} from "./period-event.ts";

/** How often, by name; the most frequent first. */
export type Tally = readonly { readonly name: string; readonly count: number }[];

/** What a person said was done. */
export type DoneRow = {
  readonly at: string;
  readonly routine: string;
  readonly by: string;
  readonly note: string;
};

/** What happened to the data and the keys that does not happen every day. */
export type IncidentRow = {
  readonly at: string;
  readonly kind:
    "walGap" | "slotLost" | "conflict" | "rollback" | "leaseLost" | "damage" | "keys" | "wentLive";
  readonly detail: string;
};

/** All of it. */
export type CustodyFacts = {
  /** Each look that was recorded, and the repeats that it counts. */
  readonly accesses: { readonly total: number; readonly byWhat: Tally; readonly byWhom: Tally };
  readonly exports: Listed<{
    readonly at: string;
    readonly by: string;
    readonly database: string;
    readonly bytes: number;
    readonly encrypted: boolean;
  }>;
  readonly deletions: {
    readonly runs: number;
    readonly backups: number;
    readonly objects: number;
    readonly bytes: number;
  };
  readonly holds: { readonly set: number; readonly released: number };
  readonly verifications: {
    readonly runs: number;
    readonly objects: number;
    readonly bytes: number;
    readonly damaged: number;
  };
  readonly anchors: number;
  readonly reports: number;
  readonly channels: { readonly tested: number; readonly confirmed: number };
  readonly messages: { readonly delivered: number; readonly refused: number };
  readonly silences: number;
  readonly keyChecks: number;
  readonly gaps: number;
  readonly incidents: Listed<IncidentRow>;
  readonly done: Listed<DoneRow>;
};

function tally(counts: Iterable<readonly [name: string, count: number]>): Tally {
  const sums = new Map<string, number>();
  for (const [name, count] of counts) {
    sums.set(name, (sums.get(name) ?? 0) + count);
  }
  return [...sums]
    .map(([name, count]) => ({ name, count }))
    .toSorted((a, b) => (a.count === b.count ? (a.name < b.name ? -1 : 1) : b.count - a.count));
}

function accessFacts(events: readonly PeriodEvent[]): CustodyFacts["accesses"] {
  const looks = eventsOf(events, "accessed").map(({ actor, content }) => ({
    actor,
    what: content.data.what,
    count: 1 + content.data.repeats,
  }));
  return {
    total: looks.reduce((sum, { count }) => sum + count, 0),
    byWhat: tally(looks.map(({ what, count }) => [what, count])),
    byWhom: tally(looks.map(({ actor, count }) => [actor, count])),
  };
}

type Rare =
  | "walGapOpened"
  | "slotLost"
  | "conflictFound"
  | "rollbackAccepted"
  | "leaseLost"
  | "keysRotated"
  | "keySlotAdded"
  | "keySlotRemoved"
  | "hostEnrolled"
  | "wentLive"
  | "verifyFinished";

function incidentOf({ atMs, content }: EventOf<Rare>): readonly IncidentRow[] {
  const row = (kind: IncidentRow["kind"], detail: string): readonly IncidentRow[] => [
    { at: isoTime(atMs), kind, detail },
  ];
  switch (content.kind) {
    case "walGapOpened": {
      const { fromLsn, toLsn, cause, timeline } = content.data;
      return row("walGap", `${cause}, ${timeline}: ${fromLsn} – ${toLsn ?? "…"}`);
    }
    case "slotLost":
      return row("slotLost", `${content.data.slot}: ${content.data.cause}`);
    case "conflictFound":
      return row("conflict", content.data.segment);
    case "rollbackAccepted":
      return row("rollback", content.data.missing.join(", "));
    case "leaseLost":
      return row("leaseLost", `${content.data.purpose}: ${content.data.cause}`);
    case "verifyFinished": {
      const { damaged } = content.data;
      const keys = damaged.map(({ key }) => key).join(", ");
      return damaged.length === 0 ? [] : row("damage", keys);
    }
    case "keysRotated":
    case "keySlotAdded":
    case "keySlotRemoved":
    case "hostEnrolled":
      return row("keys", content.kind);
    case "wentLive":
      return row("wentLive", content.data.by);
  }
}

const rare = [
  "walGapOpened",
  "slotLost",
  "conflictFound",
  "rollbackAccepted",
  "leaseLost",
  "keysRotated",
  "keySlotAdded",
  "keySlotRemoved",
  "hostEnrolled",
  "wentLive",
  "verifyFinished",
] as const;

function verificationFacts(events: readonly PeriodEvent[]): CustodyFacts["verifications"] {
  const runs = eventsOf(events, "verifyFinished").map(({ content }) => content.data);
  return {
    runs: runs.length,
    objects: runs.reduce((sum, { objects }) => sum + objects, 0),
    bytes: runs.reduce((sum, { bytes }) => sum + bytes, 0),
    damaged: runs.reduce((sum, { damaged }) => sum + damaged.length, 0),
  };
}

function deletionFacts(events: readonly PeriodEvent[]): CustodyFacts["deletions"] {
  const runs = eventsOf(events, "expireFinished").map(({ content }) => content.data);
  return {
    runs: runs.length,
    backups: runs.reduce((sum, { backups }) => sum + backups.length, 0),
    objects: runs.reduce((sum, { deletedObjects }) => sum + deletedObjects, 0),
    bytes: runs.reduce((sum, { deletedBytes }) => sum + (deletedBytes ?? 0), 0),
  };
}

/** `events`: those of the period alone, in order of time. */
export function custodyFacts(events: readonly PeriodEvent[]): CustodyFacts {
  const count = (...kinds: readonly PeriodEvent["content"]["kind"][]): number =>
    eventsOf(events, ...kinds).length;
  return {
    accesses: accessFacts(events),
    exports: listed(
      eventsOf(events, "dumpExported").map(({ atMs, actor, content }) => {
        const { database, bytes, encrypted } = content.data;
        return { at: isoTime(atMs), by: actor, database, bytes, encrypted };
      }),
    ),
    deletions: deletionFacts(events),
    holds: {
      set: count("backupHeld", "dumpHeld"),
      released: count("backupReleased", "dumpReleased"),
    },
    verifications: verificationFacts(events),
    anchors: count("anchorMade"),
    reports: count("reportArchived"),
    channels: { tested: count("channelTested"), confirmed: count("channelConfirmed") },
    messages: { delivered: count("messageDelivered"), refused: count("messageRefused") },
    silences: count("alertsSilenced"),
    keyChecks: count("keyChecked"),
    gaps: count("walGapOpened"),
    incidents: listed(eventsOf(events, ...rare).flatMap(incidentOf)),
    done: listed(
      eventsOf(events, "routineDone").map(({ content }) => {
        const { at, routine, by, note } = content.data;
        return { at, routine, by, note };
      }),
    ),
  };
}

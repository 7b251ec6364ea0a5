/**
 * An hour of looks in twelve slots of five minutes: what the ledger keeps of them, so that a year is judged from figures and not from memory.
 * Pure. A slot holds the worst of its looks; where nobody looked, or a figure could not be told, there is nothing, and nothing is made up.
 * After the clock was set, each look counts in the hour that it says; hours that are not the newest look's own are finished.
 */
import { lookHoursMax, lookSlotMs, lookSlotsPerHour } from "../core/ledger-limits.ts";

/** What one look says; null where it could not tell. */
export type LookFigures = {
  /** Work that would be lost now. */
  readonly exposureSeconds: number | null;
  readonly backupAgeSeconds: number | null;
  readonly proofAgeSeconds: number | null;
  readonly state: "good" | "note" | "bad";
};

/** What was promised when it was looked. */
export type LookObjectives = { readonly rpoSeconds: number; readonly rtoSeconds: number };

/** One hour under one set of objectives. */
export type LookHour = {
  readonly fromMs: number;
  readonly objectives: LookObjectives;
  readonly looks: number;
  readonly slots: readonly (LookFigures | null)[];
};

const STATES = ["good", "note", "bad"] as const;
const HOUR_MS = lookSlotMs * lookSlotsPerHour;

function worst(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.max(a, b);
}

/** The worse of both, figure by figure. */
export function worseFigures(a: LookFigures | null, b: LookFigures | null): LookFigures | null {
  if (a === null || b === null) {
    return a ?? b;
  }
  return {
    exposureSeconds: worst(a.exposureSeconds, b.exposureSeconds),
    backupAgeSeconds: worst(a.backupAgeSeconds, b.backupAgeSeconds),
    proofAgeSeconds: worst(a.proofAgeSeconds, b.proofAgeSeconds),
    state: STATES[Math.max(STATES.indexOf(a.state), STATES.indexOf(b.state))] ?? "bad",
  };
}

function isHourOf(
  hour: LookHour,
  fromMs: number,
  { rpoSeconds, rtoSeconds }: LookObjectives,
): boolean {
  const { objectives } = hour;
  return (
    hour.fromMs === fromMs &&
    objectives.rpoSeconds === rpoSeconds &&
    objectives.rtoSeconds === rtoSeconds
  );
}

/** The hours with one more look; `finished` are those to record, oldest first. */
export function withLook(
  hours: readonly LookHour[],
  look: {
    readonly atMs: number;
    readonly objectives: LookObjectives;
    readonly figures: LookFigures;
  },
): { readonly hours: readonly LookHour[]; readonly finished: readonly LookHour[] } {
  const { atMs, objectives, figures } = look;
  const fromMs = Math.floor(atMs / HOUR_MS) * HOUR_MS;
  const slot = Math.floor((atMs - fromMs) / lookSlotMs);
  const own = hours.find((hour) => isHourOf(hour, fromMs, objectives));
  const finished = hours.filter((hour) => hour !== own).slice(-lookHoursMax);
  const before = own?.slots ?? Array.from({ length: lookSlotsPerHour }, () => null);
  const slots = before.map((one, index) => (index === slot ? worseFigures(one, figures) : one));
  const now: LookHour = { fromMs, objectives, looks: (own?.looks ?? 0) + 1, slots };
  return { hours: [...finished, now], finished };
}

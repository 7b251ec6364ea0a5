/** An event of the ledger as reports need it, and lists that say how many they left out. */
import { reportRowsMax } from "../../core/ledger-limits.ts";
import type { EventContent, EventKind } from "../../ledger/event-kinds.ts";

/** One event, with who caused it. */
export type PeriodEvent = {
  readonly atMs: number;
  readonly actor: string;
  readonly content: EventContent;
};

/** One of a kind. */
export type EventOf<K extends EventKind> = Omit<PeriodEvent, "content"> & {
  readonly content: Extract<EventContent, { readonly kind: K }>;
};

/** Rows of a report; `total` counts those that are left out as well. */
export type Listed<T> = { readonly total: number; readonly rows: readonly T[] };

/** As many as a list may have, in order of time: of too many the newest, and before these what is bad, which nobody may overlook. */
export function listed<T>(rows: readonly T[], isBad: (row: T) => boolean = () => false): Listed<T> {
  const bad = rows.filter(isBad).slice(-reportRowsMax);
  const room = reportRowsMax - bad.length;
  const others = rows.filter((row) => !isBad(row));
  const shown = new Set([...bad, ...others.slice(Math.max(0, others.length - room))]);
  return { total: rows.length, rows: rows.filter((row) => shown.has(row)) };
}

/** Those of some kinds. */
export function eventsOf<K extends EventKind>(
  events: readonly PeriodEvent[],
  ...kinds: readonly K[]
): readonly EventOf<K>[] {
  const wanted: ReadonlySet<string> = new Set(kinds);
  return events.filter((event): event is EventOf<K> => wanted.has(event.content.kind));
}

/** An instant as reports bear it. */
export function isoTime(atMs: number): string {
  return new Date(atMs).toISOString();
}

/** The middle one; null: there is none. */
export function medianOf(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
}

/**
 * Alerts of a period: those that opened in it, and those that were open when it began. An alert that nobody ended lasts up to the period's end or
 * now, and is told as open. Pure.
 */
import type { CalendarSpan } from "../../core/calendar.ts";
import {
  type Listed,
  type PeriodEvent,
  eventsOf,
  isoTime,
  listed,
  medianOf,
} from "./period-event.ts";

/** One alert. */
export type AlertRow = {
  readonly alert: string;
  readonly rule: string;
  readonly subject: string;
  readonly severity: "critical" | "warning";
  readonly openedAt: string;
  /** Null: it was open at the period's end. */
  readonly resolvedAt: string | null;
  /** `forgotten`: nobody looks at it any more. */
  readonly how: "well" | "forgotten" | null;
  /** What showed that it was over. */
  readonly proof: string | null;
  readonly lastedSeconds: number;
  readonly acknowledgedBy: string | null;
  readonly acknowledgedAt: string | null;
  /** The work exposed at worst; null: not known. */
  readonly exposedSeconds: number | null;
};

/** All of them. */
export type AlertFacts = {
  readonly opened: number;
  readonly openedCritical: number;
  readonly resolved: number;
  readonly openAtEnd: number;
  readonly openCriticalAtEnd: number;
  readonly medianSecondsToResolve: number | null;
  readonly acknowledged: number;
  readonly medianSecondsToAcknowledge: number | null;
  readonly list: Listed<AlertRow>;
};

type Open = Pick<AlertRow, "alert" | "rule" | "subject"> & {
  readonly openedMs: number;
  severity: AlertRow["severity"];
  acknowledged: { readonly by: string; readonly atMs: number } | undefined;
  resolved:
    | {
        readonly atMs: number;
        readonly how: "well" | "forgotten";
        readonly proof: string;
        readonly exposedSeconds: number | null;
      }
    | undefined;
};

/**
 * Every alert by its id: two hosts may tell of the same one, and one that became worse is told again. An event says when its illness began, and is
 * written after that, maybe when the repository is back; only that it became worse is as of when it was told.
 */
function gather(events: readonly PeriodEvent[], endMs: number): readonly Open[] {
  const alerts = new Map<string, Open>();
  const words = eventsOf(events, "alertOpened", "alertAcknowledged", "alertResolved");
  for (const { atMs: toldMs, content } of words) {
    const { alert, rule, subject } = content.data;
    const known = alerts.get(alert);
    const atMs = Date.parse(content.data.at);
    if (content.kind === "alertOpened") {
      const { severity } = content.data;
      if (known === undefined) {
        const fresh = { alert, rule, subject, openedMs: atMs, severity };
        alerts.set(alert, { ...fresh, acknowledged: undefined, resolved: undefined });
      } else if (severity === "critical" && toldMs < endMs) {
        known.severity = severity;
      }
    } else if (known !== undefined && content.kind === "alertAcknowledged") {
      known.acknowledged ??= { by: content.data.by, atMs };
    } else if (known !== undefined && content.kind === "alertResolved") {
      const { how, proof, exposedSeconds } = content.data;
      known.resolved ??= { atMs, how, proof, exposedSeconds };
    }
  }
  return [...alerts.values()].toSorted((a, b) => a.openedMs - b.openedMs);
}

function before<T extends { readonly atMs: number }>(
  word: T | undefined,
  endMs: number,
): T | undefined {
  return word !== undefined && word.atMs < endMs ? word : undefined;
}

function rowOf({ openedMs, acknowledged, resolved, ...alert }: Open, endMs: number): AlertRow {
  const [over, taken] = [before(resolved, endMs), before(acknowledged, endMs)];
  return {
    ...alert,
    openedAt: isoTime(openedMs),
    resolvedAt: over === undefined ? null : isoTime(over.atMs),
    how: over?.how ?? null,
    proof: over?.proof ?? null,
    lastedSeconds: Math.max(0, ((over?.atMs ?? endMs) - openedMs) / 1000),
    acknowledgedBy: taken?.by ?? null,
    acknowledgedAt: taken === undefined ? null : isoTime(taken.atMs),
    exposedSeconds: over?.exposedSeconds ?? null,
  };
}

/** When each alert opened, once. */
export function alertOpenings(events: readonly PeriodEvent[]): readonly number[] {
  return gather(events, Infinity).map(({ openedMs }) => openedMs);
}

/** Those that were open at some time of the span. */
function openIn(events: readonly PeriodEvent[], { fromMs, toMs }: CalendarSpan): readonly Open[] {
  return gather(events, toMs).filter(
    ({ openedMs, resolved }) => openedMs < toMs && (resolved?.atMs ?? Infinity) >= fromMs,
  );
}

/** How many alerts of a rule were open at some time of the span. */
export function countOfRule(
  events: readonly PeriodEvent[],
  rule: string,
  { fromMs, toMs }: CalendarSpan,
): number {
  return openIn(events, { fromMs, toMs }).filter((alert) => alert.rule === rule).length;
}

/** `events`: of all time; an alert may have opened long before the span, and may be told after its end. */
export function alertFacts(
  events: readonly PeriodEvent[],
  { fromMs, toMs }: CalendarSpan,
): AlertFacts {
  const rows = openIn(events, { fromMs, toMs }).map((alert) => rowOf(alert, toMs));
  const isWithin = (time: string | null): boolean => time !== null && Date.parse(time) >= fromMs;
  const opened = rows.filter(({ openedAt }) => isWithin(openedAt));
  const open = rows.filter(({ resolvedAt }) => resolvedAt === null);
  const critical = (of: readonly AlertRow[]): number =>
    of.filter(({ severity }) => severity === "critical").length;
  const resolved = rows.filter(({ resolvedAt }) => isWithin(resolvedAt));
  const acknowledged = rows.flatMap(({ acknowledgedAt, openedAt }) =>
    acknowledgedAt !== null && isWithin(acknowledgedAt)
      ? [(Date.parse(acknowledgedAt) - Date.parse(openedAt)) / 1000]
      : [],
  );
  return {
    opened: opened.length,
    openedCritical: critical(opened),
    resolved: resolved.length,
    openAtEnd: open.length,
    openCriticalAtEnd: critical(open),
    medianSecondsToResolve: medianOf(resolved.map(({ lastedSeconds }) => lastedSeconds)),
    acknowledged: acknowledged.length,
    medianSecondsToAcknowledge: medianOf(acknowledged),
    list: listed(rows, ({ resolvedAt }) => resolvedAt === null),
  };
}

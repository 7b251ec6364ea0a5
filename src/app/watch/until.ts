/** Ends of silences and maintenance windows as people type them. There is none without an end, and none for months. */
import { DrError } from "../../core/errors.ts";
import { quietDaysMax } from "../../core/watch-limits.ts";

const MINUTE_MS = 60_000;
const UNITS: Readonly<Record<string, number>> = {
  m: MINUTE_MS,
  min: MINUTE_MS,
  h: 60 * MINUTE_MS,
  d: 24 * 60 * MINUTE_MS,
  j: 24 * 60 * MINUTE_MS,
};
const DAY_MS = 24 * 60 * MINUTE_MS;

function durationMs(text: string): number | undefined {
  const match = /^(\d{1,5})\s*(m|min|h|d|j)$/.exec(text);
  return match === null ? undefined : Number(match[1]) * (UNITS[match[2] ?? ""] ?? NaN);
}

/** "18:30", the next time that this machine's clocks show it. */
function timeOfDay(text: string, nowMs: number): number | undefined {
  const match = /^([01]?\d|2[0-3])[:h]([0-5]\d)$/.exec(text);
  if (match === null) {
    return undefined;
  }
  const at = new Date(nowMs);
  at.setHours(Number(match[1]), Number(match[2]), 0, 0);
  if (at.getTime() <= nowMs) {
    at.setDate(at.getDate() + 1);
  }
  return at.getTime();
}

/** A day lasts until its end here. */
function instant(text: string): number | undefined {
  const day = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (day !== null) {
    const [year, month, date] = [Number(day[1]), Number(day[2]), Number(day[3])];
    const end = new Date(year, month - 1, date + 1);
    const exists = new Date(year, month - 1, date).getDate() === date;
    return exists ? end.getTime() : undefined;
  }
  const hasZone = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})$/.test(text);
  return hasZone ? Date.parse(text) : undefined;
}

/** The end that was typed. @throws DrError `WATCH_UNTIL` for what is none, is over, or is too far away. */
export function parseUntil(typed: string, nowMs: number): number {
  const text = typed.trim().toLowerCase();
  const lengthMs = durationMs(text);
  const untilMs =
    lengthMs === undefined
      ? (timeOfDay(text, nowMs) ?? instant(typed.trim()) ?? NaN)
      : nowMs + lengthMs;
  const isFit = untilMs > nowMs && untilMs - nowMs <= quietDaysMax * DAY_MS;
  if (!isFit) {
    throw new DrError("WATCH_UNTIL", { value: typed.slice(0, 100), days: quietDaysMax });
  }
  return untilMs;
}

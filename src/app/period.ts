/** Days, months and instants as people type them, by the clocks of a zone. Pure. */
import { type CalendarKind, type CalendarSpan, calendarPeriod } from "../core/calendar.ts";
import { DrError } from "../core/errors.ts";

function unfit(text: string): never {
  throw new DrError("LEDGER_PERIOD", { value: JSON.stringify(text.slice(0, 60)) });
}

function spanOf(kind: CalendarKind, typed: string, zone: string): CalendarSpan {
  return calendarPeriod(kind, typed, zone) ?? unfit(typed);
}

/** The first millisecond of the day, or the instant; with `end`, the first one behind the day, or the instant. @throws DrError `LEDGER_PERIOD`. */
export function parseMoment(
  typed: string,
  { end, zone }: { readonly end: boolean; readonly zone: string },
): number {
  const text = typed.trim();
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) {
    const { fromMs, toMs } = spanOf("daily", text, zone);
    return end ? toMs : fromMs;
  }
  const zoned = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})$/;
  const ms = zoned.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? unfit(typed) : ms;
}

/** A month such as 2026-11: its first millisecond, and the first one behind it. @throws DrError `LEDGER_PERIOD`. */
export function parseMonth(typed: string, zone: string): CalendarSpan {
  return spanOf("monthly", typed, zone);
}

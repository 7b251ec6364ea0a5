/** Days, months and instants as people type them for a period of the past. In UTC, so that a report says the same on every host. Pure. */
import { DrError } from "../core/errors.ts";

const DAY_MS = 86_400_000;

function unfit(text: string): never {
  throw new DrError("LEDGER_PERIOD", { value: JSON.stringify(text.slice(0, 60)) });
}

/** The first millisecond of the day, or the instant; with `end`, the first one behind the day, or the instant. */
export function parseMoment(typed: string, end: boolean): number {
  const text = typed.trim();
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) {
    const ms = Date.parse(`${text}T00:00:00.000Z`);
    const exists = !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text);
    return exists ? ms + (end ? DAY_MS : 0) : unfit(typed);
  }
  const zoned = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})$/;
  const ms = zoned.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? unfit(typed) : ms;
}

/** A month such as 2026-11: its first millisecond, and the first one behind it. */
export function parseMonth(typed: string): { readonly fromMs: number; readonly toMs: number } {
  const match = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(typed.trim());
  if (match === null) {
    return unfit(typed);
  }
  const [year, month] = [Number(match[1]), Number(match[2])];
  return { fromMs: Date.UTC(year, month - 1, 1), toMs: Date.UTC(year, month, 1) };
}

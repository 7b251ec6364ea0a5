/**
 * Days, weeks and months by the clocks of a time zone, as instants. Pure. A day begins at the first instant that bears its date: where clocks are
 * set at midnight that is not 00:00, and a day has 23 or 25 hours where they are set at all. Weeks are those of ISO 8601, from Monday.
 */

/** What a report tells of. */
export const calendarKinds = ["daily", "weekly", "monthly"] as const;

/** One of them. */
export type CalendarKind = (typeof calendarKinds)[number];

/** From, and up to before. */
export type CalendarSpan = { readonly fromMs: number; readonly toMs: number };

/** One day of it. `date`: 2026-10-25. */
export type CalendarDay = CalendarSpan & { readonly date: string };

/** A day (2026-10-25), a week (2026-W43) or a month (2026-10). */
export type CalendarPeriod = CalendarSpan & {
  readonly kind: CalendarKind;
  readonly name: string;
  readonly zone: string;
  readonly days: readonly CalendarDay[];
};

const DAY_MS = 86_400_000;
/** No zone is further from UTC. */
const OFFSET_MAX_MS = 15 * 3_600_000;

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) {
    return known;
  }
  const format = new Intl.DateTimeFormat("en-CA", { timeZone: zone, dateStyle: "short" });
  formats.set(zone, format);
  return format;
}

/** The date that the clocks of a zone show. */
export function dateIn(zone: string, atMs: number): string {
  return formatOf(zone).format(atMs);
}

function utcOf(date: string): number {
  return Date.parse(`${date}T00:00:00.000Z`);
}

function dateOf(utcMs: number): string {
  return new Date(utcMs).toISOString().slice(0, 10);
}

/** A date some days later or earlier, whatever the clocks do. */
function moved(date: string, days: number): string {
  return dateOf(utcOf(date) + days * DAY_MS);
}

/**
 * The first instant of a day: dates only grow, so it is found by halving. Zones are set by whole seconds. `guessMs`: where it is looked for first, for most
 * days are as long as the one before.
 */
function dayStart(date: string, zone: string, guessMs?: number): number {
  if (
    guessMs !== undefined &&
    dateIn(zone, guessMs) === date &&
    dateIn(zone, guessMs - 1000) < date
  ) {
    return guessMs;
  }
  let before = (utcOf(date) - OFFSET_MAX_MS) / 1000;
  let at = (utcOf(date) + OFFSET_MAX_MS) / 1000;
  while (at - before > 1) {
    const middle = Math.floor((before + at) / 2);
    if (dateIn(zone, middle * 1000) < date) {
      before = middle;
    } else {
      at = middle;
    }
  }
  return at * 1000;
}

/** The Monday of a date's week. */
function mondayOf(date: string): string {
  const weekday = new Date(utcOf(date)).getUTCDay();
  return moved(date, -((weekday + 6) % 7));
}

/** 2026-W43: a week bears the year in which its Thursday lies. */
function weekName(monday: string): string {
  const thursday = moved(monday, 3);
  const year = thursday.slice(0, 4);
  const first = mondayOf(`${year}-01-04`);
  const week = Math.round((utcOf(monday) - utcOf(first)) / (7 * DAY_MS)) + 1;
  return `${year}-W${String(week).padStart(2, "0")}`;
}

function isDate(text: string): boolean {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(text) ? utcOf(text) : Number.NaN;
  return !Number.isNaN(ms) && dateOf(ms) === text;
}

/** First date of a period by its name; undefined: it is none. */
function firstDateOf(kind: CalendarKind, name: string): string | undefined {
  switch (kind) {
    case "daily":
      return isDate(name) ? name : undefined;
    case "weekly": {
      const [, year = "", week = ""] = /^(\d{4})-W(\d{2})$/.exec(name) ?? [];
      const monday = year === "" ? "" : moved(mondayOf(`${year}-01-04`), (Number(week) - 1) * 7);
      return monday !== "" && weekName(monday) === name ? monday : undefined;
    }
    case "monthly":
      return isDate(`${name}-01`) ? `${name}-01` : undefined;
  }
}

function lengthOf(kind: CalendarKind, first: string): number {
  if (kind !== "monthly") {
    return kind === "daily" ? 1 : 7;
  }
  const [year = 0, month = 0] = first.split("-").map(Number);
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

function periodFrom(kind: CalendarKind, first: string, zone: string): CalendarPeriod {
  const name = kind === "daily" ? first : kind === "weekly" ? weekName(first) : first.slice(0, 7);
  const dates = Array.from({ length: lengthOf(kind, first) }, (_none, index) =>
    moved(first, index),
  );
  const starts = [...dates, moved(first, dates.length)].map((date) => dayStart(date, zone));
  const days = dates.map((date, index) => ({
    date,
    fromMs: starts[index] ?? 0,
    toMs: starts[index + 1] ?? 0,
  }));
  return { kind, name, zone, fromMs: starts[0] ?? 0, toMs: starts.at(-1) ?? 0, days };
}

/** A period as typed; undefined: there is none of that name. */
export function calendarPeriod(
  kind: CalendarKind,
  name: string,
  zone: string,
): CalendarPeriod | undefined {
  const first = firstDateOf(kind, name.trim().toUpperCase());
  return first === undefined ? undefined : periodFrom(kind, first, zone);
}

/** The period in which an instant lies. */
export function periodAround(kind: CalendarKind, atMs: number, zone: string): CalendarPeriod {
  const date = dateIn(zone, atMs);
  const first =
    kind === "daily" ? date : kind === "weekly" ? mondayOf(date) : `${date.slice(0, 7)}-01`;
  return periodFrom(kind, first, zone);
}

/** The one before it, of the same kind. */
export function periodBefore({ kind, fromMs, zone }: CalendarPeriod): CalendarPeriod {
  return periodAround(kind, fromMs - 1, zone);
}

/** The whole days that lie within a span. A date that the clocks of a zone skipped has none. */
export function wholeDays({ fromMs, toMs }: CalendarSpan, zone: string): readonly CalendarDay[] {
  const days: CalendarDay[] = [];
  let date = dateIn(zone, fromMs);
  let startMs = dayStart(date, zone);
  while (startMs < toMs) {
    const next = moved(date, 1);
    const endMs = dayStart(next, zone, startMs + DAY_MS);
    if (startMs >= fromMs && endMs <= toMs && endMs > startMs) {
      days.push({ date, fromMs: startMs, toMs: endMs });
    }
    [date, startMs] = [next, endMs];
  }
  return days;
}

/** The whole weeks, from Monday, that lie within a span. */
export function wholeWeeks(span: CalendarSpan, zone: string): readonly CalendarSpan[] {
  const weeks: CalendarSpan[] = [];
  let monday = mondayOf(dateIn(zone, span.fromMs));
  let startMs = dayStart(monday, zone);
  while (startMs < span.toMs) {
    const next = moved(monday, 7);
    const endMs = dayStart(next, zone, startMs + 7 * DAY_MS);
    if (startMs >= span.fromMs && endMs <= span.toMs) {
      weeks.push({ fromMs: startMs, toMs: endMs });
    }
    [monday, startMs] = [next, endMs];
  }
  return weeks;
}

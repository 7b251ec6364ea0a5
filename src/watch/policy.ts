/**
 * What people have decided about alerts: silences and maintenance windows with an end, who is told next when nobody takes an alert, and
 * at which hours. Pure. A silence ends by itself at the latest after the time it was given for: neither a wall clock that is set back
 * nor a forgotten window may keep alerts quiet for longer.
 */
import * as z from "zod/mini";
import { guard } from "../core/failpoint.ts";
import { watchTextMax } from "../core/watch-limits.ts";
import type { Language } from "../core/language.ts";
import type { Track } from "./alert-track.ts";
import type { WatchTime } from "./moment.ts";

const text = z.string().check(z.maxLength(watchTextMax));

/** A silence of one rule or of all, or a maintenance window, as it lies on disk. */
export const quietSchema = z.object({
  id: z.string(),
  kind: z.enum(["silence", "maintenance"]),
  /** A rule's id, or `all`. */
  rule: z.string(),
  by: text,
  reason: text,
  from: z.object({ watchMs: z.number(), wallMs: z.number() }),
  untilWallMs: z.number(),
});

/** The same as a type. */
export type Quiet = z.infer<typeof quietSchema>;

/** A window of `pra.yaml` in which we are now. */
export type PlannedWindow = {
  readonly name: string;
  /** Rules' ids, or `all`. */
  readonly rules: readonly string[];
  readonly untilWallMs: number;
};

/** Who can be told. */
export type Contact = {
  readonly name: string;
  readonly language: Language;
  /** When this person may be disturbed; undefined: at any hour. */
  readonly hours: Hours | undefined;
};

/** Days of the week (0 is Sunday) and minutes of the day, in a time zone. `to` at or before `from` reaches into the next day. */
export type Hours = {
  readonly days: ReadonlySet<number>;
  readonly fromMinute: number;
  readonly toMinute: number;
  readonly zone: string;
};

/** Who is told after how long, when nobody has acknowledged. */
export type EscalationStep = {
  readonly afterMs: number;
  readonly contacts: readonly string[];
  readonly severity: "critical" | "warning";
};

/** What a step of the alert state asks. */
export interface Policy {
  /** What keeps this alert quiet now; undefined when nothing does. */
  silencedBy(track: Track, now: WatchTime): string | undefined;
  /** Indexes of the escalation's steps that are due and were not taken. */
  dueSteps(
    track: Track,
    at: { readonly openMs: number; readonly wallMs: number },
  ): readonly number[];
}

/** Whether a silence still holds. */
export function holds(quiet: Quiet, now: WatchTime): boolean {
  const lengthMs = quiet.untilWallMs - quiet.from.wallMs;
  return (
    now.wallMs < quiet.untilWallMs &&
    (!guard("L43-silence-ends") || now.watchMs - quiet.from.watchMs < lengthMs)
  );
}

const dayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;

/** What `parseHours` reads. */
export const hoursPattern =
  /^((?:mon|tue|wed|thu|fri|sat|sun)(?:-(?:mon|tue|wed|thu|fri|sat|sun))?(?:,(?:mon|tue|wed|thu|fri|sat|sun)(?:-(?:mon|tue|wed|thu|fri|sat|sun))?)*) ([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/;

function daysOf(range: string): readonly number[] {
  const [first = "", last = first] = range.split("-");
  const from = dayNames.findIndex((name) => name === first);
  const to = dayNames.findIndex((name) => name === last);
  return Array.from({ length: ((to - from + 7) % 7) + 1 }, (_, index) => (from + index) % 7);
}

/** Reads `mon-fri 08:00-18:00`; undefined for what is none. */
export function parseHours(value: string, zone: string): Hours | undefined {
  const match = hoursPattern.exec(value);
  if (match === null) {
    return undefined;
  }
  const [, days = "", ...numbers] = match;
  const [fromHour = 0, fromMin = 0, toHour = 0, toMin = 0] = numbers.map(Number);
  return {
    days: new Set(days.split(",").flatMap(daysOf)),
    fromMinute: fromHour * 60 + fromMin,
    toMinute: toHour * 60 + toMin,
    zone,
  };
}

function localTime(
  wallMs: number,
  zone: string,
): { readonly day: number; readonly minute: number } {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    weekday: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  const parts = new Map(format.formatToParts(wallMs).map(({ type, value }) => [type, value]));
  const day = dayNames.findIndex((name) => name === parts.get("weekday")?.toLowerCase());
  return { day, minute: Number(parts.get("hour")) * 60 + Number(parts.get("minute")) };
}

/** Whether a person may be disturbed at an instant. */
export function isWithin(hours: Hours | undefined, wallMs: number): boolean {
  if (hours === undefined) {
    return true;
  }
  const { days, fromMinute, toMinute, zone } = hours;
  const { day, minute } = localTime(wallMs, zone);
  if (toMinute > fromMinute) {
    return days.has(day) && minute >= fromMinute && minute < toMinute;
  }
  return (days.has(day) && minute >= fromMinute) || (days.has((day + 6) % 7) && minute < toMinute);
}

/**
 * The contacts of a step that are told now. Outside everybody's hours a warning waits, and something critical wakes all of them: it
 * must never be that nobody is told.
 */
export function contactsNow(
  step: EscalationStep,
  contacts: readonly Contact[],
  at: { readonly severity: Track["severity"]; readonly wallMs: number },
): readonly Contact[] {
  const named = contacts.filter(({ name }) => step.contacts.includes(name));
  const awake = named.filter(({ hours }) => isWithin(hours, at.wallMs));
  return awake.length === 0 && at.severity === "critical" ? named : awake;
}

/** The policy of an installation. */
export function policyOf(decided: {
  readonly quiets: readonly Quiet[];
  readonly planned: readonly PlannedWindow[];
  readonly contacts: readonly Contact[];
  readonly escalation: readonly EscalationStep[];
}): Policy {
  const { quiets, planned, contacts, escalation } = decided;
  return {
    silencedBy: ({ rule }, now) => {
      const quiet = quiets.find(
        (each) => (each.rule === "all" || each.rule === rule) && holds(each, now),
      );
      const window = planned.find(
        ({ rules, untilWallMs }) =>
          now.wallMs < untilWallMs && (rules.includes("all") || rules.includes(rule)),
      );
      return quiet?.id ?? window?.name;
    },
    dueSteps: ({ severity, steps }, { openMs, wallMs }) =>
      escalation.flatMap((step, index) => {
        const concerns = severity === "critical" || step.severity === "warning";
        const isDue = concerns && openMs >= step.afterMs && !steps.includes(index);
        return isDue && contactsNow(step, contacts, { severity, wallMs }).length > 0 ? [index] : [];
      }),
  };
}

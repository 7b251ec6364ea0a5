/**
 * Instants as people write them. A time without a zone is refused, because it means another instant on another
 * machine; a time that a change of clocks makes happen twice, or never, is refused and both instants
 * named (loss class 43). Microseconds are kept: PostgreSQL's own unit, so a commit's time can be repeated exactly.
 *
 * Pure: the clock's time and the machine's zone are given. Instants are PostgreSQL's microseconds since 2000.
 */
import { DrError } from "../core/errors.ts";
import { guard } from "../core/failpoint.ts";
import type { Ms } from "../core/units.ts";
import { epochMsOfPgTime, pgTimeOfEpochMs } from "../wal/record/wal-event.ts";

/** Against what a relative or incomplete time is read. */
export type TimeContext = {
  readonly now: Ms;
  /** The machine's zone, "Europe/Paris". */
  readonly localZone: string;
};

/** Longest text that is looked at. */
const TEXT_MAX = 100;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** No zone was ever further from UTC than this. */
const OFFSET_MINUTES_MAX = 16 * 60;

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  sec: 1000,
  second: 1000,
  min: MINUTE_MS,
  minute: MINUTE_MS,
  h: HOUR_MS,
  hour: HOUR_MS,
  d: DAY_MS,
  day: DAY_MS,
  w: 7 * DAY_MS,
  week: 7 * DAY_MS,
};

/** A date and a time of day, nowhere yet: as if it were UTC. */
type WallTime = { readonly asUtcMs: number; readonly subMsMicros: number };

function microsOf(wall: WallTime, utcMs: number): bigint {
  return pgTimeOfEpochMs(utcMs) + BigInt(wall.subMsMicros);
}

/** ISO 8601 in UTC with all six digits: what people and JSON get. */
export function formatInstant(micros: bigint): string {
  const rest = ((micros % 1000n) + 1000n) % 1000n;
  const whole = new Date(epochMsOfPgTime(micros)).toISOString();
  return `${whole.slice(0, -1)}${String(rest).padStart(3, "0")}Z`;
}

/** The same instant as PostgreSQL's settings take it. */
export function formatRecoveryTime(micros: bigint): string {
  return formatInstant(micros).replace("T", " ").replace("Z", "+00");
}

function unreadable(value: string): DrError {
  return new DrError("USAGE_TIME", { value: value.slice(0, TEXT_MAX) });
}

function relativeMs(text: string): number | undefined {
  if (/^now$/i.test(text)) {
    return 0;
  }
  const match =
    /^-\s*(\d{1,9})\s*([a-z]+)$/i.exec(text) ?? /^(\d{1,9})\s*([a-z]+)\s+ago$/i.exec(text);
  const word = match?.[2]?.toLowerCase() ?? "";
  const unit = UNITS[word] ?? UNITS[word.replace(/s$/, "")];
  return match === null || unit === undefined ? undefined : Number(match[1]) * unit;
}

const WALL_TIME =
  /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,6}))?)?\s*([A-Za-z+-]\S*)?$/i;

/** Undefined when there is no such date or time of day. */
function wallTimeOf(match: RegExpExecArray): WallTime | undefined {
  const field = (group: number): number => Number(match[group] ?? 0);
  const [year, month, day] = [field(1), field(2), field(3)];
  const [hour, minute, second] = [field(4), field(5), field(6)];
  const micros = Number((match[7] ?? "").padEnd(6, "0"));
  const dayMs = Date.UTC(year, month - 1, day);
  const exists =
    year >= 1000 && month >= 1 && month <= 12 && new Date(dayMs).getUTCDate() === day && day >= 1;
  if (!exists || hour > 23 || minute > 59 || second > 59) {
    return undefined;
  }
  const timeMs = hour * HOUR_MS + minute * MINUTE_MS + second * 1000;
  return { asUtcMs: dayMs + timeMs + Math.floor(micros / 1000), subMsMicros: micros % 1000 };
}

/** "+01", "+0130", "-05:30" in minutes; undefined when it is no offset. */
function offsetMinutes(text: string): number | undefined {
  const match = /^([+-])(\d{2})(?::?(\d{2}))?$/.exec(text);
  const minutes = Number(match?.[2]) * 60 + Number(match?.[3] ?? 0);
  if (match === null || Number(match[3] ?? 0) > 59 || minutes > OFFSET_MINUTES_MAX) {
    return undefined;
  }
  return match[1] === "-" ? -minutes : minutes;
}

/** How far a zone's clocks are ahead of UTC at an instant, in milliseconds; undefined for an unknown zone. */
function zoneOffsetMs(zone: string, utcMs: number): number | undefined {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      calendar: "gregory",
      numberingSystem: "latn",
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  } catch (error) {
    if (error instanceof RangeError) {
      return undefined;
    }
    throw error;
  }
  const parts = new Map(format.formatToParts(utcMs).map(({ type, value }) => [type, value]));
  const part = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type) ?? 0);
  const shown = Date.UTC(
    part("year"),
    part("month") - 1,
    part("day"),
    part("hour"),
    part("minute"),
    part("second"),
  );
  return shown - Math.floor(utcMs / 1000) * 1000;
}

/** The instants at which the clocks of a zone show a time: one, two where they were set back, none in a jump. */
function instantsIn(zone: string, asUtcMs: number): readonly number[] | undefined {
  const offsets = [asUtcMs - DAY_MS, asUtcMs + DAY_MS].map((near) => zoneOffsetMs(zone, near));
  const known = offsets.filter((offset) => offset !== undefined);
  if (known.length < offsets.length) {
    return undefined;
  }
  const candidates = [...new Set(known)].map((offset) => asUtcMs - offset);
  return candidates
    .filter((utcMs) => zoneOffsetMs(zone, utcMs) === asUtcMs - utcMs)
    .toSorted((a, b) => a - b);
}

function formatOffset(offsetMs: number): string {
  const minutes = Math.abs(Math.round(offsetMs / MINUTE_MS));
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${offsetMs < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** A time with an offset, as a person can type it back. */
function withOffset(wall: WallTime, offsetMs: number): string {
  const text = formatInstant(microsOf(wall, wall.asUtcMs)).slice(0, -1);
  return `${text.replace(/\.?0+$/, "")}${formatOffset(offsetMs)}`;
}

function withoutZone(value: string, wall: WallTime, { localZone }: TimeContext): DrError {
  const utcMs = instantsIn(localZone, wall.asUtcMs)?.[0] ?? wall.asUtcMs;
  return new DrError("USAGE_TIME_ZONE", {
    value,
    local: withOffset(wall, wall.asUtcMs - utcMs),
    utc: formatInstant(microsOf(wall, utcMs)).replace(/\.?0+Z$/, "Z"),
    zone: localZone,
  });
}

function inNamedZone(value: string, wall: WallTime, zone: string): bigint {
  const instants = instantsIn(zone, wall.asUtcMs);
  if (instants === undefined) {
    throw new DrError("USAGE_TIME_ZONE_UNKNOWN", { value, zone });
  }
  const [first, second] = instants;
  if (first !== undefined && second !== undefined) {
    throw new DrError("USAGE_TIME_TWICE", {
      value,
      zone,
      first: withOffset(wall, wall.asUtcMs - first),
      second: withOffset(wall, wall.asUtcMs - second),
    });
  }
  if (first === undefined) {
    // In the jump: the offsets on both sides of it lead to the instants around it.
    const sides = [wall.asUtcMs - DAY_MS, wall.asUtcMs + DAY_MS].map(
      (near) => zoneOffsetMs(zone, near) ?? 0,
    );
    throw new DrError("USAGE_TIME_SKIPPED", {
      value,
      zone,
      first: withOffset(wall, sides[0] ?? 0),
      second: withOffset(wall, sides[1] ?? 0),
    });
  }
  return microsOf(wall, first);
}

/**
 * Reads an instant: ISO 8601 with `Z`, an offset or a zone's name behind it ("2026-11-22 14:05:00.123456+01",
 * "2026-11-22 14:05 Europe/Paris"), or relative to now ("-15min", "2 hours ago", "now").
 * @throws DrError `USAGE_TIME`, `USAGE_TIME_ZONE` (none given), `USAGE_TIME_ZONE_UNKNOWN`, `USAGE_TIME_TWICE`,
 * `USAGE_TIME_SKIPPED`.
 */
export function parseInstant(text: string, context: TimeContext): bigint {
  const value = text.trim();
  const ago = value.length > TEXT_MAX ? undefined : relativeMs(value);
  if (ago !== undefined) {
    return pgTimeOfEpochMs(Math.floor(context.now) - ago);
  }
  const match = value.length > TEXT_MAX ? null : WALL_TIME.exec(value);
  const wall = match === null ? undefined : wallTimeOf(match);
  if (match === null || wall === undefined) {
    throw unreadable(value);
  }
  const zone = match[8] ?? "";
  if (zone === "" && !guard("L43-zone-required")) {
    return inNamedZone(value, wall, context.localZone);
  }
  if (zone === "") {
    throw withoutZone(value, wall, context);
  }
  const minutes = /^(?:z|utc|gmt)$/i.test(zone) ? 0 : offsetMinutes(zone);
  if (minutes !== undefined) {
    return microsOf(wall, wall.asUtcMs - minutes * MINUTE_MS);
  }
  // Abbreviations ("CET", "EST") mean several zones in the world; names of places are unique.
  if (!/^[A-Za-z_]+\/[A-Za-z_/+-]+\d*$/.test(zone)) {
    throw new DrError("USAGE_TIME_ZONE_UNKNOWN", { value, zone });
  }
  return inNamedZone(value, wall, zone);
}

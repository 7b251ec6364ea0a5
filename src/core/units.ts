/**
 * Sizes and durations, and how people read them. Machines get whole numbers with the unit in their name;
 * only what a person reads goes through the two formatters.
 */
import { assert } from "./assert.ts";
import type { Language } from "./language.ts";

declare const bytesBrand: unique symbol;
declare const msBrand: unique symbol;

/** A size in bytes: a whole number, 0 or more, exact below 2^53. */
export type Bytes = number & { readonly [bytesBrand]: true };

/** Milliseconds: a duration, or an instant since 1970-01-01 UTC. May be negative, may have a fraction. */
export type Ms = number & { readonly [msBrand]: true };

/** A checked size. */
export function bytesOf(value: number): Bytes {
  assert(Number.isSafeInteger(value) && value >= 0, "a size is a whole number of bytes, 0 or more");
  return value as Bytes;
}

/** A checked duration or instant. */
export function msOf(value: number): Ms {
  assert(Number.isFinite(value), "milliseconds are a finite number");
  return value as Ms;
}

const BYTE_UNITS = {
  en: ["B", "KiB", "MiB", "GiB", "TiB", "PiB"],
  fr: ["o", "Kio", "Mio", "Gio", "Tio", "Pio"],
} as const;

function decimal(value: number, digits: number, language: Language): string {
  const text = value.toFixed(digits);
  return language === "fr" ? text.replace(".", ",") : text;
}

/** For people: "0 B", "1.5 GiB"; in French "1,5 Gio". Powers of 1,024, one digit after the point. */
export function formatBytes(bytes: number, language: Language): string {
  const units = BYTE_UNITS[language];
  let value = Math.abs(bytes);
  let unit = 0;
  while (unit < units.length - 1 && Number(value.toFixed(1)) >= 1024) {
    value /= 1024;
    unit += 1;
  }
  const sign = bytes < 0 ? "-" : "";
  return `${sign}${decimal(value, unit === 0 ? 0 : 1, language)} ${units[unit] ?? ""}`;
}

const DAY = { en: "d", fr: "j" } as const;

/**
 * For people, the two largest units: "850 ms", "12.3 s", "12 min 30 s", "3 h 5 min", "2 d 4 h" (in
 * French "2 j 4 h"). Rounded to the nearest of the smaller unit.
 */
export function formatDuration(durationMs: number, language: Language): string {
  const sign = durationMs < 0 ? "-" : "";
  const ms = Math.abs(durationMs);
  if (Math.round(ms) < 1000) {
    return `${sign}${Math.round(ms)} ms`;
  }
  if (Math.round(ms / 100) < 600) {
    return `${sign}${decimal(ms / 1000, 1, language)} s`;
  }
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) {
    return `${sign}${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  }
  const minutes = Math.round(seconds / 60);
  if (minutes < 1440) {
    return `${sign}${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  }
  const hours = Math.round(minutes / 60);
  return `${sign}${Math.floor(hours / 24)} ${DAY[language]} ${hours % 24} h`;
}

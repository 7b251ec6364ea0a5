/**
 * Sizes and durations for people, in their language: "1.5 GiB" is "1,5 Gio" in French. Machines get plain
 * numbers with `--json`; never parse what this prints.
 */
import type { Language } from "./language.ts";

const UNITS: Readonly<Record<Language, readonly string[]>> = {
  en: ["B", "KiB", "MiB", "GiB", "TiB", "PiB"],
  fr: ["o", "Kio", "Mio", "Gio", "Tio", "Pio"],
};

/** A number with at most `digits` decimals, in the language's notation with ordinary spaces. */
export function formatNumber(value: number, language: Language, digits = 0): string {
  const text = new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value);
  return text.replaceAll(/[\u00a0\u202f]/g, " ");
}

/** A share as it is shown: two decimals at most, and never rounded to all or nothing. */
export function formatShare(part: number, whole: number, language: Language): string {
  const value = whole === 0 ? 0 : (part / whole) * 100;
  const told = part > 0 && part < whole ? Math.min(99.99, Math.max(0.01, value)) : value;
  return `${formatNumber(told, language, 2)} %`;
}

/** Bytes in powers of 1024 with three figures at most. */
export function formatBytes(bytes: number, language: Language): string {
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 1023.5 && unit < UNITS[language].length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || Math.abs(value) >= 99.95 ? 0 : Math.abs(value) >= 9.995 ? 1 : 2;
  return `${formatNumber(value, language, digits)} ${UNITS[language][unit] ?? ""}`;
}

/** A duration with its two largest units: "850 ms", "4.2 s", "3 min 20 s", "2 h 05 min", "3 d 4 h". */
export function formatDuration(durationMs: number, language: Language): string {
  if (durationMs < 999.5) {
    return `${formatNumber(durationMs, language)} ms`;
  }
  if (durationMs < 59_950) {
    return `${formatNumber(durationMs / 1000, language, 1)} s`;
  }
  const seconds = Math.round(durationMs / 1000);
  if (seconds < 3600) {
    return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
  }
  const minutes = Math.floor(seconds / 60);
  if (minutes < 24 * 60) {
    return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
  }
  const hours = Math.floor(minutes / 60);
  return `${Math.floor(hours / 24)} ${language === "fr" ? "j" : "d"} ${hours % 24} h`;
}

/** `2026-11-22 13:05:00 UTC` of an ISO 8601 instant. */
export function formatInstant(time: string): string {
  return `${time.slice(0, 19).replace("T", " ")} UTC`;
}

/** `2026-11-23 09:00` by the clocks of a zone. */
export function formatMinute(atMs: number, timeZone: string): string {
  const format = new Intl.DateTimeFormat("en-CA", {
    timeZone,
    dateStyle: "short",
    timeStyle: "short",
    hourCycle: "h23",
  });
  return format.format(atMs).replace(",", "");
}

/** A label before what it names: French sets a space before the colon. */
export function labelled(label: string, language: Language): string {
  return language === "fr" ? `${label} :` : `${label}:`;
}

/**
 * When a cron pattern comes due in a time zone, by croner, loaded only when asked. A fixed time that the clocks skip comes due when they
 * have moved on, one that they show twice comes due once; what runs every hour or every few minutes follows elapsed time. Debian's
 * cron does the same (cron(8), "Daylight Saving Time"); systemd's timers differ by some minutes at most.
 */
import { readlinkSync } from "node:fs";

/** One pattern in one zone. */
export type Occurrences = {
  /** The last instant at or before `atMs` at which it was due; undefined: never. */
  readonly lastAtOrBefore: (atMs: number) => number | undefined;
  /** The first instant after `atMs`. */
  readonly nextAfter: (atMs: number) => number | undefined;
  /** How many instants lie after `fromMs` and at or before `toMs`, counted up to `max`. */
  readonly countBetween: (fromMs: number, toMs: number, max: number) => number;
};

/** Makes `Occurrences`; what `loadOccurrences` answers. */
export type OccurrencesOf = (pattern: string, zone: string) => Occurrences;

/** Loads the library. */
export async function loadOccurrences(): Promise<OccurrencesOf> {
  const { Cron } = await import("croner");
  return (pattern, timezone) => {
    const cron = new Cron(pattern, { timezone, mode: "5-part", paused: true });
    // croner looks strictly before its reference, and works in whole seconds.
    const back = (count: number, atMs: number): readonly Date[] =>
      cron.previousRuns(count, new Date(atMs + 1000 - (atMs % 1000)));
    return {
      lastAtOrBefore: (atMs) => back(1, atMs)[0]?.getTime(),
      nextAfter: (atMs) => cron.nextRun(new Date(atMs))?.getTime(),
      countBetween: (fromMs, toMs, max) => {
        let count = 0;
        for (
          let at = back(1, toMs)[0];
          at !== undefined && count < max;
          at = back(1, at.getTime() - 1000)[0]
        ) {
          if (at.getTime() <= fromMs) {
            break;
          }
          count += 1;
        }
        return count;
      },
    };
  };
}

/** The zone by which cron and systemd read their tables: the machine's, whatever this process's own is. */
export function systemZone(): string {
  try {
    const name = /\/zoneinfo\/(?:posix\/|right\/)?(.+)$/.exec(readlinkSync("/etc/localtime"))?.[1];
    if (name !== undefined) {
      return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone;
    }
  } catch {
    // No link there, or a zone that this program does not know: the process's own is the best guess.
  }
  return new Intl.DateTimeFormat("en").resolvedOptions().timeZone;
}

/**
 * What a watcher elsewhere has seen of the first one, and when by its own machine's time: a sign of life, a lease's renewal, an event is new when
 * its mark is another than before. Nothing here believes what a clock of another host says; how far that clock is off is told, because ages of
 * backups are counted by it. Pure.
 */
import * as z from "zod/mini";
import { signPutMs } from "../../core/watch-limits.ts";
import { type Moment, elapsedMs } from "../../watch/moment.ts";

const text = z.string().check(z.maxLength(255));
const moment = z.object({ wallMs: z.number(), uptimeMs: z.number(), bootId: text });

/** The note's schema. */
export const seenSchema = z.object({
  version: z.literal(1),
  /** When this host looked last. */
  look: z.nullable(moment),
  /** By thing: its newest mark, and when it was first seen. */
  marks: z.record(text, z.object({ mark: text, since: moment })),
  /** What the first watcher's clock shows beyond this one's, as far as it is certain. */
  clockOffMs: z.number(),
});

/** All that was seen. */
export type Seen = z.infer<typeof seenSchema>;

/** Before the first look. */
export const nothingSeen: Seen = { version: 1, look: null, marks: {}, clockOffMs: 0 };

/** A thing as it shows itself now; undefined: it does not. The same mark goes on having been seen when it was first seen. */
export function see(seen: Seen, thing: string, mark: string | undefined, now: Moment): Seen {
  const { [thing]: known, ...others } = seen.marks;
  if (mark === undefined) {
    return { ...seen, marks: others };
  }
  const kept = known?.mark === mark ? known : { mark, since: now };
  return { ...seen, marks: { ...others, [thing]: kept } };
}

/**
 * A thing whose marks are numbers of a series: a lower one of the same series is nothing new. A repository that was set back to an earlier state
 * shows signs of life that have been seen.
 */
export function seeNumber(
  seen: Seen,
  thing: string,
  at: { readonly series: string; readonly number: number } | undefined,
  now: Moment,
): Seen {
  const known = seen.marks[thing]?.mark.split(" ") ?? [];
  const isOlder = at !== undefined && known[1] === at.series && Number(known[0]) > at.number;
  return isOlder ? seen : see(seen, thing, at && `${at.number} ${at.series}`, now);
}

/** For how long a thing has shown nothing new; undefined: it never showed anything. */
export function silentMs(seen: Seen, thing: string, now: Moment): number | undefined {
  const known = seen.marks[thing];
  return known === undefined ? undefined : elapsedMs(known.since, now);
}

/**
 * What the other clock is off at least, from what it showed when it left something that was not there at the look before: it was left
 * between the two looks. The same clock shows nothing outside of that; a store may take `signPutMs` to take it.
 */
export function clockOffOf(
  shownMs: number,
  between: { readonly before: Moment | null; readonly now: Moment },
): number {
  const { before, now } = between;
  const aheadMs = shownMs - now.wallMs;
  // The wall clock of this machine may have been set meanwhile: only what passed since counts.
  const behindMs = before === null ? 0 : aheadMs + elapsedMs(before, now) + signPutMs;
  return aheadMs > 0 ? aheadMs : Math.min(0, behindMs);
}

/**
 * Time as alerts count it. A wall clock may be set forward or back while something is being waited for, and it must neither open
 * an alert early nor keep a resolution back (loss class 43). So all durations count on the watch's own time, which passes as the
 * machine's uptime does within one boot, and as the wall clock does, never backwards, from one boot to the next.
 * Instants that people read are of the wall clock.
 *
 * Follows proc_uptime(5): /proc/uptime counts suspended time too; random(4) for the boot id.
 */
import { uptime } from "node:os";
import type { Clock } from "../core/clock.ts";
import { guard } from "../core/failpoint.ts";
import { ownIdentity } from "../files/process-identity.ts";

/** One instant, as the machine tells it. */
export type Moment = {
  readonly wallMs: number;
  readonly uptimeMs: number;
  readonly bootId: string;
};

/** The last moment that was looked at, and how much time had passed by then since the watch began. */
export type WatchTime = Moment & { readonly watchMs: number };

/** An instant of the watch, with the wall clock's reading of it. */
export type Point = { readonly watchMs: number; readonly wallMs: number };

/** Now. */
export function readMoment(clock: Clock): Moment {
  return { wallMs: clock.now(), uptimeMs: uptime() * 1000, bootId: ownIdentity().boot };
}

/** Milliseconds that really passed between two moments, 0 or more. */
export function elapsedMs(from: Moment, to: Moment): number {
  // A container's uptime may begin anew under the same boot.
  const sameBoot = from.bootId === to.bootId && to.uptimeMs >= from.uptimeMs;
  return sameBoot && guard("L43-watch-time")
    ? to.uptimeMs - from.uptimeMs
    : Math.max(0, to.wallMs - from.wallMs);
}

/** Lets time pass until `now`. */
export function passTime(last: WatchTime | null, now: Moment): WatchTime {
  return { ...now, watchMs: last === null ? 0 : last.watchMs + elapsedMs(last, now) };
}

/** The point of a watch time. */
export function pointOf({ watchMs, wallMs }: WatchTime): Point {
  return { watchMs, wallMs };
}

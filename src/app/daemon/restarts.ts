/**
 * When a process that died is started again: at once the first time, later the more often it dies, and so that what dies again and again is
 * told. Pure; times are of the monotonic clock.
 */
import {
  daemonCrashLoopDeaths,
  daemonCrashWindowMs,
  daemonRestartDelayMsMax,
} from "../../core/look-limits.ts";

/** Deaths within the window, oldest first. */
export type Deaths = readonly number[];

/** The deaths with one more; those out of the window are forgotten. */
export function withDeath(deaths: Deaths, nowMs: number): Deaths {
  return [...recentDeaths(deaths, nowMs), nowMs].slice(-daemonCrashLoopDeaths * 2);
}

function recentDeaths(deaths: Deaths, nowMs: number): Deaths {
  return deaths.filter((atMs) => nowMs - atMs < daemonCrashWindowMs);
}

/** How long to wait before the next start: 1, 2, 4 ... seconds, a minute at most. */
export function restartDelayMs(deaths: Deaths, nowMs: number): number {
  const count = recentDeaths(deaths, nowMs).length;
  return count === 0 ? 0 : Math.min(daemonRestartDelayMsMax, 1000 * 2 ** (count - 1));
}

/** It dies again and again: somebody must look. */
export function isCrashLoop(deaths: Deaths, nowMs: number): boolean {
  return recentDeaths(deaths, nowMs).length >= daemonCrashLoopDeaths;
}

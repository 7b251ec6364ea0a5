/**
 * Which jobs should have run and did not; pure. A job is missed when the last instant at which it was due lies longer ago than the grace,
 * and no run has begun since. A run that found another at work counts, and so does one that failed: those are told elsewhere. Runs
 * from the future, left by a clock that was set back, show nothing (loss class 43).
 */
import { guard } from "../../core/failpoint.ts";
import { scheduleClockSlackMs, scheduleGraceMs, scheduleMissedMax } from "../../core/limits.ts";
import type { JobId } from "./job.ts";
import type { OccurrencesOf } from "./occurrences.ts";
import type { RunHistory } from "./run-history.ts";

/** What did not happen. */
export type MissedRun = {
  readonly job: JobId;
  /** ISO 8601 UTC: the newest instant at which it was due. */
  readonly dueAt: string;
  /** When the last run began; undefined: none ever did. */
  readonly lastRunAt: string | undefined;
  /** How many runs did not happen since, counted up to `scheduleMissedMax`. */
  readonly count: number;
};

/** One job with what is known of it. */
export type WatchedJob = {
  readonly id: JobId;
  readonly pattern: string;
  /** From when on it was to run, ISO 8601. */
  readonly since: string;
  readonly history: RunHistory;
};

/** When runs began, as far as that can be true. */
function startsOf({ running, runs }: RunHistory, nowMs: number): readonly number[] {
  return [...runs, ...(running === null ? [] : [running])]
    .map(({ startedAt }) => Date.parse(startedAt))
    .filter(
      (startedMs) => !guard("L43-runs-of-the-future") || startedMs <= nowMs + scheduleClockSlackMs,
    );
}

/** The rule. */
export function findMissed(
  jobs: readonly WatchedJob[],
  context: {
    readonly nowMs: number;
    readonly zone: string;
    readonly occurrencesOf: OccurrencesOf;
    /** How late a run may be; 0: what is due and has not begun. */
    readonly graceMs?: number;
  },
): readonly MissedRun[] {
  const { nowMs, zone, occurrencesOf, graceMs = scheduleGraceMs } = context;
  const untilMs = nowMs - graceMs;
  return jobs.flatMap(({ id, pattern, since, history }) => {
    const occurrences = occurrencesOf(pattern, zone);
    const dueMs = occurrences.lastAtOrBefore(untilMs);
    const writtenMs = Date.parse(since);
    // Installed in the future: the clock was set back since, and nothing speaks against its being due.
    const sinceMs = writtenMs > nowMs + scheduleClockSlackMs ? Number.NEGATIVE_INFINITY : writtenMs;
    const lastMs = startsOf(history, nowMs).reduce((a, b) => Math.max(a, b), -1);
    if (dueMs === undefined || dueMs < sinceMs || lastMs >= dueMs - scheduleClockSlackMs) {
      return [];
    }
    const fromMs = Math.max(lastMs + scheduleClockSlackMs, sinceMs - 1);
    return [
      {
        job: id,
        dueAt: new Date(dueMs).toISOString(),
        lastRunAt: lastMs < 0 ? undefined : new Date(lastMs).toISOString(),
        count: Math.max(1, occurrences.countBetween(fromMs, untilMs, scheduleMissedMax)),
      },
    ];
  });
}

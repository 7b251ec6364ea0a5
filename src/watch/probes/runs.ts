/**
 * Planned runs that began and did not end well (R19): what an hourly backup or a proof leaves in the ledger is told by checks of their own, but a
 * nightly expire that fails for months, a verify that finds damage, a load test that misses an objective show nowhere else.
 */
import { type Finding, found } from "../../core/finding/finding.ts";
import { jobStuckMs } from "../../core/look-limits.ts";

/** How a run ended; `busy`: another was at work, so it did nothing. */
type EndedRun = {
  readonly finishedAt: string;
  readonly outcome: "ended" | "busy" | "died" | "unstartable";
  readonly exitCode: number | null;
  readonly code: string | null;
};

/** One job with its runs, the newest last. `step`: how it is run again, so that it counts. */
export type JobRuns = {
  readonly job: string;
  readonly runs: readonly EndedRun[];
  readonly running: { readonly sinceMs: number; readonly isDead: boolean } | undefined;
  /** Codes beside 0 and 5 (done, with warnings) that are its answer and no failure. */
  readonly answers: readonly number[];
  readonly step: string;
};

/** Another run of the same kind had the lease, on this host or elsewhere: the work was being done. */
const HELD = "REPO_LEASE_HELD";

function judgeLast(last: EndedRun, { job, answers, step }: JobRuns, nowMs: number): Finding[] {
  const ageMs = Math.max(0, nowMs - Date.parse(last.finishedAt));
  const figure = { value: Math.round(ageMs / 1000), unit: "s" };
  const about = { job, ageMs, step };
  if (last.outcome === "died") {
    return [found("runs", "bad", "run-died", about, figure)];
  }
  if (last.outcome === "unstartable") {
    return [found("runs", "bad", "run-unstartable", { ...about, reason: last.code ?? "?" })];
  }
  const exitCode = last.exitCode ?? 0;
  const isGood = exitCode === 0 || exitCode === 5 || answers.includes(exitCode);
  const exit = last.code === null ? `${exitCode}` : `${exitCode}, ${last.code}`;
  return isGood || last.code === HELD
    ? []
    : [found("runs", "bad", "run-failed", { ...about, exit }, figure)];
}

function judgeRunning({ running, job, step }: JobRuns, nowMs: number): Finding[] {
  if (running === undefined) {
    return [];
  }
  const ageMs = Math.max(0, nowMs - running.sinceMs);
  return running.isDead
    ? [found("runs", "bad", "run-died", { job, ageMs, step })]
    : ageMs > jobStuckMs
      ? [found("runs", "bad", "run-long", { job, ageMs })]
      : [];
}

/** Judges each job's newest run; no finding where nothing has run yet. */
export function judgeRuns(jobs: readonly JobRuns[], nowMs: number): readonly Finding[] {
  const ran = jobs.filter(({ runs, running }) => runs.length > 0 || running !== undefined);
  const ill = ran.flatMap((job) => {
    const now = judgeRunning(job, nowMs);
    const last = job.runs.findLast(({ outcome }) => outcome !== "busy");
    // A run that goes on has not made the one before good yet.
    return now.length > 0 || last === undefined ? now : judgeLast(last, job, nowMs);
  });
  return ran.length > 0 && ill.length === 0 ? [found("runs", "good", "runs-well")] : ill;
}

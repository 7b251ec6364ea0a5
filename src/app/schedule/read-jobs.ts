/** What became of each job of this host, from its own files: no repository, no server and no crontab is asked. */
import type { Environment } from "../environment.ts";
import { type MissedRun, findMissed } from "./find-missed.ts";
import { type JobId, keepsItsHour } from "./job.ts";
import { loadOccurrences, systemZone } from "./occurrences.ts";
import type { Run, RunHistory } from "./run-history.ts";
import { readHistory, readInstalled } from "./schedule-files.ts";

/** One job as people look at it. */
export type ShownJob = {
  readonly id: JobId;
  readonly pattern: string;
  readonly program: string;
  readonly words: readonly string[];
  readonly since: string;
  readonly nextRunAt: string | undefined;
  readonly running: RunHistory["running"];
  readonly lastRun: Run | undefined;
  /** The newest ones, as many as are remembered. */
  readonly runs: readonly Run[];
  readonly runsSeen: number;
  readonly firstRuns: readonly Run[];
  readonly missed: MissedRun | undefined;
};

/** Each job with what came of it, from this host's own files alone: no crontab is read. @throws DrError `STORE_IO`. */
export async function readJobs(
  environment: Pick<Environment, "stateDirectory" | "cluster">,
  context: {
    readonly nowMs: number;
    readonly signal: AbortSignal;
    readonly zone?: string;
    /** How late a run may be before it counts as missed. */
    readonly graceMs?: number;
  },
): Promise<readonly ShownJob[]> {
  const { nowMs, signal, graceMs, zone = systemZone() } = context;
  const installed = await readInstalled(environment, { signal });
  if (installed === undefined || installed.jobs.length === 0) {
    return [];
  }
  const occurrencesOf = await loadOccurrences();
  const rule = { nowMs, zone, occurrencesOf, ...(graceMs === undefined ? {} : { graceMs }) };
  const jobs: ShownJob[] = [];
  for (const job of installed.jobs) {
    const history = await readHistory(environment, job.id, { signal });
    const nextMs = occurrencesOf(job.pattern, zone).nextAfter(nowMs);
    jobs.push({
      ...job,
      nextRunAt: nextMs === undefined ? undefined : new Date(nextMs).toISOString(),
      running: history.running,
      lastRun: history.runs.at(-1),
      runs: history.runs,
      runsSeen: history.total,
      firstRuns: history.first,
      // What keeps its hour is started in it or not at all; that it was not is told as a routine's.
      missed:
        graceMs === undefined && keepsItsHour(job.id)
          ? undefined
          : findMissed([{ ...job, history }], rule)[0],
    });
  }
  return jobs;
}

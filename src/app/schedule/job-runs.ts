/** This host's jobs as a look judges their runs: whether the process of one that goes on still lives, and how each is run again. */
import { livenessOf, parseProcessText } from "../../files/process-identity.ts";
import type { JobRuns } from "../../watch/probes/runs.ts";
import { programPath, shellWord } from "./cron-lines.ts";
import { isCheck } from "./job.ts";
import type { ShownJob } from "./read-jobs.ts";
import type { Installed } from "./schedule-files.ts";

function runningOf({ running }: ShownJob): JobRuns["running"] {
  if (running === null) {
    return undefined;
  }
  const identity = parseProcessText(running.process);
  const isDead = identity !== undefined && livenessOf(identity) === "dead";
  return { sinceMs: Date.parse(running.startedAt), isDead };
}

/** As the schedule runs it, so that the run counts; typed by a person. */
function stepOf({ id, program, words }: ShownJob, { programDirectory }: Installed): string {
  const command = [programPath(programDirectory, program), ...words].map(shellWord).join(" ");
  return `pra schedule run ${id} -- ${command}`;
}

/** Of all but the checks, which find something ill as their work. */
export function jobRuns(jobs: readonly ShownJob[], installed: Installed): readonly JobRuns[] {
  return jobs
    .filter(({ id }) => !isCheck(id))
    .map((job) => ({
      job: job.id,
      runs: job.runs,
      running: runningOf(job),
      // The morning's look answers so when something is ill, which is told by what is.
      answers: job.id === "daily" ? [4] : [],
      step: stepOf(job, installed),
    }));
}

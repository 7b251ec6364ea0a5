/**
 * What is started when a job is due, as words for exec(3): systemd and the daemon start it so. An operating script starts itself through the recorder
 * when it sees `PRA_JOB`; any other program is given to the recorder. In a crontab the same stands as a person would type it (`cron-lines.ts`).
 */
import { join } from "node:path";
import { programPath } from "./cron-lines.ts";
import type { Job } from "./job.ts";

/** A program, its words, and what it finds in its environment. */
export type JobStart = {
  readonly words: readonly [program: string, ...words: string[]];
  readonly variables: Readonly<Record<string, string>>;
};

/** How a job is started. */
export function jobStart(
  job: Job,
  place: { readonly programDirectory: string; readonly commonWords: readonly string[] },
): JobStart {
  const { programDirectory, commonWords } = place;
  const program = programPath(programDirectory, job.program);
  if (job.program.endsWith(".sh")) {
    return { words: [program, ...job.words], variables: { PRA_JOB: job.id } };
  }
  const own = job.program.startsWith("/") ? commonWords : [];
  const recorder = join(programDirectory, "pra");
  const words = ["schedule", "run", job.id, ...own, "--", program, ...job.words];
  return { words: [recorder, ...words], variables: {} };
}

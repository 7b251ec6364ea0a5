/** What should have run on this host and did not, from this host's own files: no repository, no server and no crontab is asked. */
import type { Environment } from "../environment.ts";
import type { MissedRun } from "./find-missed.ts";
import { readJobs } from "./read-jobs.ts";

/** Empty when nothing is installed. @throws DrError `STORE_IO`. */
export async function missedRuns(
  environment: Pick<Environment, "stateDirectory" | "cluster">,
  context: { readonly nowMs: number; readonly signal: AbortSignal; readonly zone?: string },
): Promise<readonly MissedRun[]> {
  const jobs = await readJobs(environment, context);
  return jobs.flatMap(({ missed }) => (missed === undefined ? [] : [missed]));
}

/** What should have run on this host and did not, from this host's own files: no repository and no server is asked. */
import type { Environment } from "../environment.ts";
import { type MissedRun, findMissed } from "./find-missed.ts";
import { loadOccurrences, systemZone } from "./occurrences.ts";
import { readHistory, readInstalled } from "./schedule-files.ts";

/** Empty when nothing is installed. @throws DrError `STORE_IO`. */
export async function missedRuns(
  environment: Pick<Environment, "stateDirectory" | "cluster">,
  context: { readonly nowMs: number; readonly signal: AbortSignal; readonly zone?: string },
): Promise<readonly MissedRun[]> {
  const { nowMs, signal, zone = systemZone() } = context;
  const installed = await readInstalled(environment, { signal });
  if (installed === undefined || installed.jobs.length === 0) {
    return [];
  }
  const jobs = [];
  for (const { id, pattern, since } of installed.jobs) {
    jobs.push({ id, pattern, since, history: await readHistory(environment, id, { signal }) });
  }
  return findMissed(jobs, { nowMs, zone, occurrencesOf: await loadOccurrences() });
}

/**
 * `pra status`: whether this site is protected now, judged from what lies in the repository and from what answers; no daemon is asked,
 * because none need run. What it sees is taken into account as a daemon would, so that under cron alerts open, end and are sent.
 */
import type { CheckReport } from "../core/finding/finding.ts";
import type { Adapters } from "./compose.ts";
import type { Environment } from "./environment.ts";
import { watchOnce } from "./watch/watch-once.ts";

/** Looks at everything. @throws DrError only what no check stands for; the signal's reason when aborted. */
export async function readStatus(
  adapters: Adapters,
  environment: Environment,
  options: { readonly signal: AbortSignal },
): Promise<CheckReport> {
  return await watchOnce(adapters, environment, options);
}

/** For monitoring plug-ins: 2 when something is red, 1 when something deserves a look. */
export function nagiosLevel({ findings }: CheckReport): 0 | 1 | 2 {
  const states = new Set(findings.map(({ state }) => state));
  return states.has("bad") ? 2 : states.has("note") ? 1 : 0;
}

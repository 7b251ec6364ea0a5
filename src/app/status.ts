/**
 * `pra status`: whether this site is protected now, judged from what lies in the repository and from what answers; no daemon is asked,
 * because none need run. What it sees is taken into account as a daemon would, so that under cron alerts open, end and are sent.
 */
import { resolve } from "node:path";
import type { CheckReport } from "../core/finding/finding.ts";
import type { Scrape } from "../watch/metrics/metric.ts";
import type { Adapters } from "./compose.ts";
import type { Environment } from "./environment.ts";
import { programVersion } from "./program-version.ts";
import { type Watched, watchOnce } from "./watch/watch-once.ts";

/** Looks at everything. @throws DrError only what no check stands for; the signal's reason when aborted. */
export async function readStatus(
  adapters: Adapters,
  environment: Environment,
  options: { readonly signal: AbortSignal },
): Promise<Watched> {
  return await watchOnce(adapters, environment, options);
}

/** For monitoring plug-ins: 2 when something is red, 1 when something deserves a look. */
export function nagiosLevel({ findings }: CheckReport): 0 | 1 | 2 {
  const states = new Set(findings.map(({ state }) => state));
  return states.has("bad") ? 2 : states.has("note") ? 1 : 0;
}

/** What a report says, for Prometheus, in OpenMetrics. */
export async function statusMetrics(environment: Environment, report: Watched): Promise<string> {
  const { metricsText } = await import("../watch/metrics/exposition.ts");
  return metricsText(await scrapeOfStatus(environment, report), "openmetrics");
}

/** The same in a file, replaced at once; the path that was written. @throws DrError `STORE_*`. */
export async function writeStatusMetrics(
  environment: Environment,
  report: Watched,
  options: { readonly path: string; readonly signal: AbortSignal },
): Promise<string> {
  const { writeTextfile } = await import("./metrics/write-textfile.ts");
  const path = resolve(options.path);
  await writeTextfile(path, await scrapeOfStatus(environment, report), options);
  return path;
}

async function scrapeOfStatus(environment: Environment, report: Watched): Promise<Scrape> {
  const { scrapeOf } = await import("./metrics/scrape.ts");
  const version = await programVersion(environment.programDirectory);
  return scrapeOf({ environment, version }, { everything: report });
}

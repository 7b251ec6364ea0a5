/** The end of a load test, whatever server it was on and however it ended: facts, report, event. */
import type { LoadTestEnding, LoadTestFacts } from "../../queries/load-test-facts.ts";
import type { Adapters } from "../compose.ts";
import type { Environment } from "../environment.ts";
import { type Kept, keepReport, openSite, productionOf, renderLoadTest } from "./keep-report.ts";
import type { LoadTestNotes } from "./load-test-notes.ts";
import { loadTestFacts } from "./load-test-records.ts";
import { type ReportSummary, summariseReport } from "./summarise-report.ts";

/** How it ended, and why it could not be brought to its end. */
export type Ended = {
  readonly ending: LoadTestEnding;
  readonly failure: unknown;
};

/** What became of it. */
export type LoadTestOutcome = Kept & {
  readonly facts: LoadTestFacts;
  /** In the configured language. */
  readonly summary: ReportSummary;
  /** Why it could not be brought to its end. */
  readonly failure: unknown;
  /** Why its own database is still on production's server. */
  readonly databaseFailure?: unknown;
};

/** Makes the report and keeps it. What cannot be kept is told in the outcome. */
export async function concludeLoadTest(
  site: { readonly adapters: Adapters; readonly environment: Environment },
  test: Ended & {
    readonly notes: LoadTestNotes;
    /** By the monotonic clock. */
    readonly beganMs: number;
    readonly startedAt: string;
    readonly loadMs: number;
    readonly seed: number;
    readonly clients: number;
  },
): Promise<LoadTestOutcome> {
  const { adapters, environment } = site;
  const { notes, beganMs, ...about } = test;
  const { clock, observer } = adapters;
  const opened = await openSite(adapters, environment);
  const facts = loadTestFacts(notes, {
    ...about,
    environment,
    host: observer.self.host,
    durationMs: Math.round(clock.monotonic() - beganMs),
    // What was measured at full size needs no prediction.
    production:
      notes.production === undefined ? await productionOf(opened, environment) : undefined,
  });
  const rendered = renderLoadTest(facts);
  const kept = await keepReport(opened, site, { facts, rendered });
  const summary = summariseReport(rendered.documents[environment.language]);
  return { facts, summary, ...kept, failure: test.failure };
}

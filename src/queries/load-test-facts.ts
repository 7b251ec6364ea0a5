/**
 * What a report of a load test is made of, and what its JSON file holds: facts only, measured or counted in that run. What was not come
 * to is null, never zero; the forecast for production stands apart from what was measured.
 */
import type { LoadCheck, ProductionForecast } from "../loadtest/judge-load-test.ts";
import type { LoadFigures, LoadPoint, Stretch } from "../loadtest/latency-record.ts";
import type { Measured } from "./proof-facts.ts";

/** `serverLost`: it went away before the crash that was planned. */
export type LoadTestEnding = "finished" | "interrupted" | "serverLost" | "failed";

/** How the load was treated: alone, with WAL streamed and each commit waiting for it, and with a backup beside that. */
export type LoadStretch = "plain" | "streaming" | "backup";

/** One backup under load. `code`: of the error by which it failed; the crash may come in the middle of one, which is no failure. */
export type LoadTestBackup = Stretch & {
  readonly kind: "full" | "incremental";
  readonly state: "finished" | "failed" | "cutByCrash";
  readonly code: string | null;
  readonly readBytes: number;
  readonly storedBytes: number;
};

/** One test with its figures. */
export type LoadTestCheck = LoadCheck;

/** Everything that a load test showed. Instants are ISO 8601 in UTC, times within the load milliseconds from its beginning. */
export type LoadTestFacts = {
  readonly version: 1;
  readonly ok: boolean;
  readonly ending: LoadTestEnding;
  readonly failure: { readonly code: string; readonly message: string } | null;
  readonly cluster: string;
  readonly host: string;
  readonly startedAt: string;
  readonly durationMs: number;
  readonly loadMs: number;
  readonly seed: number;
  readonly clients: number;
  readonly databaseBytes: number;
  readonly serverVersion: string;
  readonly acknowledged: number;
  readonly tests: readonly LoadTestCheck[];
  readonly rpo: Measured;
  readonly rto: Measured;
  readonly stretches: Readonly<Record<LoadStretch, LoadFigures | null>>;
  readonly slowdown: { readonly streaming: number | null; readonly backup: number | null };
  readonly backups: readonly LoadTestBackup[];
  readonly streamingFromMs: number | null;
  readonly crash: { readonly atMs: number; readonly duringBackup: boolean } | null;
  readonly restore: {
    readonly restoredBytes: number;
    readonly walBytes: number;
    readonly durationMs: number;
    readonly startMs: number;
  } | null;
  readonly series: readonly LoadPoint[];
  readonly production: ProductionForecast | null;
};

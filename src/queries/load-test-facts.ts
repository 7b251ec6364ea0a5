/**
 * What a report of a load test is made of, and what its JSON file holds: facts only, measured or counted in that run. What was not come
 * to is null, never zero; the forecast for production stands apart from what was measured.
 */
import type { Language } from "../core/language.ts";
import type { ProductionForecast } from "../loadtest/forecast.ts";
import type { LoadCheck } from "../loadtest/judge-load-test.ts";
import type {
  LoadFigures,
  LoadPoint,
  LoadStretch,
  LoadWindow,
  Stretch,
} from "../loadtest/latency-record.ts";
import type { Slowdown } from "../loadtest/slowdown.ts";
import type { BinariesOrigin } from "../postgres/server-binaries.ts";
import type { HealthAnswer } from "../restore/application-health.ts";
import type { ApplicationFacts, Measured } from "./proof-facts.ts";

/** `serverLost`: it went away before the crash that was planned. */
export type LoadTestEnding = "finished" | "interrupted" | "serverLost" | "failed";

/** `gone`: its processes ended, and nothing here killed them; `silent`: it acknowledged nothing for too long, and was killed then. */
export type LossCause = "planned" | "gone" | "silent";

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

/** What the application's address said. `after`: null where it had answered before anything was restored, and speaks for another server. */
export type HealthFacts = {
  readonly url: string;
  readonly before: HealthKind;
  readonly after: {
    readonly kind: HealthKind;
    readonly attempts: number;
    readonly durationMs: number;
  } | null;
};

type HealthKind = HealthAnswer["kind"];

/** Where another process went on. */
export type ResumePhase = "restore" | "judge" | "verify";

/** `lastKnownAt`: when the phase before it was saved; the first process was killed after that. */
export type ResumeFacts = {
  readonly phase: ResumePhase;
  readonly lastKnownAt: string;
  readonly resumedAt: string;
};

/** A test on production itself: nothing was crashed, and what was restored had its full size. */
export type ProductionFacts = {
  readonly where: string;
  /** The test's own. */
  readonly database: string;
  /** False: it could not be dropped, and is still there. */
  readonly dropped: boolean;
  /** Of its time that each client worked. */
  readonly share: number;
  /** Of small commits beside the load: their 99th percentile before it, and the highest of any half minute of it. */
  readonly probe: { readonly beforeMs: number | null; readonly worstMs: number | null };
  /** The newest position that the repository held at the moment of the loss. */
  readonly frozen: { readonly lsn: string; readonly at: string } | null;
  /** Commits acknowledged by then that the repository did not hold. */
  readonly unheldCommits: number | null;
};

/** Everything that a load test showed. Instants are ISO 8601 in UTC, times within the load milliseconds from its beginning. */
export type LoadTestFacts = {
  readonly version: 3;
  readonly ok: boolean;
  readonly ending: LoadTestEnding;
  readonly failure: {
    readonly code: string;
    readonly message: Readonly<Record<Language, string>>;
  } | null;
  readonly cluster: string;
  readonly host: string;
  readonly startedAt: string;
  readonly durationMs: number;
  readonly loadMs: number;
  readonly seed: number;
  readonly clients: number;
  readonly databaseBytes: number;
  /** Of production's data, after which the databases were made; null: they have no shape of anybody's. */
  readonly shape: {
    readonly productionBytes: number;
    /** Of its rows, that were made. */
    readonly share: number;
    readonly databases: number;
    readonly tables: number;
    readonly columnsAsText: number;
  } | null;
  /** Null: the server was made for the test, and crashed. */
  readonly onProduction: ProductionFacts | null;
  readonly serverVersion: string;
  /** Where its programs were found. */
  readonly serverOrigin: BinariesOrigin | null;
  readonly acknowledged: number;
  readonly tests: readonly LoadTestCheck[];
  readonly rpo: Measured;
  readonly rto: Measured;
  readonly stretches: Readonly<Record<LoadStretch, LoadFigures | null>>;
  /** What streaming costs against none, and a backup against streaming alone. */
  readonly slowdown: { readonly streaming: Slowdown | null; readonly backup: Slowdown | null };
  readonly windows: readonly LoadWindow[];
  /** Commits a second to which the load was held outside the windows; null: it never had to be. */
  readonly pacedPerSecond: number | null;
  readonly backups: readonly LoadTestBackup[];
  /** When commits waited for the repository. */
  readonly streamed: readonly Stretch[];
  readonly crash: {
    readonly atMs: number;
    readonly duringBackup: boolean;
    readonly cause: LossCause;
  } | null;
  readonly restore: {
    readonly restoredBytes: number;
    readonly walBytes: number;
    readonly durationMs: number;
    readonly startMs: number;
  } | null;
  /** The application on the restored server; null: not come to, or none is configured. */
  readonly application: ApplicationFacts | null;
  /** The application's address; null: not come to, or none is configured. */
  readonly health: HealthFacts | null;
  /** Each time that its process was killed and another one went on: that pause is part of the times that it lies in. */
  readonly resumed: readonly ResumeFacts[];
  readonly series: readonly LoadPoint[];
  readonly production: ProductionForecast | null;
};

/** What a load test has measured so far, filled in as it goes, so that a run that is interrupted can still say what it knows. */
import type { DrError } from "../../core/errors.ts";
import type { Lsn } from "../../core/lsn.ts";
import type { Acknowledged } from "../../loadtest/acknowledged.ts";
import type { OracleVerdict } from "../../loadtest/oracle.ts";
import type { LoadMeasurement } from "../../loadtest/latency-record.ts";
import type { ShapedData } from "../../loadtest/shaped-data.ts";
import type { ApplicationResult } from "../../proof/application-command.ts";
import type { HealthNote } from "./health-step.ts";
import type { BinariesOrigin } from "../../postgres/server-binaries.ts";
import type {
  LoadTestBackup,
  LossCause,
  ResumeFacts,
  ResumePhase,
} from "../../queries/load-test-facts.ts";

/** Where it stands. */
export type LoadTestPhase =
  | "server"
  | "data"
  | "database"
  | "probe"
  | "plain"
  | "streaming"
  | "backups"
  | "beside"
  | "restore"
  | "start"
  | "application"
  | "health"
  | "judge"
  | "verify";

/** What is told on the way. */
export type LoadTestEvent =
  | { readonly kind: "begun"; readonly folder: string; readonly seed: number }
  | {
      readonly kind: "resumed";
      readonly folder: string;
      readonly phase: ResumePhase;
      readonly savedAt: string;
    }
  /** Before production is touched: what will be done to it. */
  | { readonly kind: "announced"; readonly plan: ProductionPlan }
  | { readonly kind: "frozen"; readonly lsn: string; readonly commits: number }
  | { readonly kind: "databaseDropped"; readonly database: string }
  | { readonly kind: "databaseStays"; readonly database: string; readonly failure: DrError }
  | { readonly kind: "phase"; readonly phase: LoadTestPhase }
  | { readonly kind: "filling"; readonly done: number; readonly all: number }
  | { readonly kind: "backup"; readonly backup: LoadTestBackup }
  | { readonly kind: "crashed"; readonly cause: LossCause; readonly commits: number }
  | { readonly kind: "folderRemoved"; readonly folder: string }
  | {
      readonly kind: "progress";
      readonly phase: LoadTestPhase;
      readonly commits: number;
      /** Where the load is a row of rounds: which, from 1. */
      readonly round: { readonly at: number; readonly of: number } | null;
      /** Of the load. */
      readonly fraction: number;
      readonly leftMs: number;
    }
  /** After the load. */
  | {
      readonly kind: "restoring";
      readonly doneBytes: number;
      readonly totalBytes: number;
    }
  | { readonly kind: "verifying"; readonly done: number; readonly all: number };

/** What a load test will do to production, and with what. */
export type ProductionPlan = {
  readonly cluster: string;
  readonly where: string;
  readonly database: string;
  readonly loadMs: number;
  readonly clients: number;
  readonly share: number;
  /** Where it is restored, and the room that this takes and has. */
  readonly directory: string;
  readonly neededBytes: number;
  readonly freeBytes: number;
};

/** What is known of a test on production beyond the load. */
export type ProductionNote = {
  readonly where: string;
  readonly database: string;
  readonly share: number;
  /** Whether that database is gone again. */
  dropped: boolean;
  /** Small commits beside the load: their 99th percentile before it, and the highest in any half minute of it. */
  probeBeforeMs: number | null;
  probeWorstMs: number | null;
  /** The newest position that the repository held at the moment of the loss. */
  frozen: { readonly lsn: Lsn; readonly at: string } | undefined;
  /** Commits acknowledged by then that did not come back, and the time since the first of them. */
  unheld: { readonly commits: number; readonly ms: number } | undefined;
};

/** The end of the server. */
export type CrashNote = {
  /** From the beginning of the load, and by the monotonic clock, when its end began; by the wall clock when it was over. */
  readonly atMs: number;
  readonly monotonicMs: number;
  epochMs: number;
  readonly cause: LossCause;
  readonly duringBackup: boolean;
};

/** What a restore took. */
export type RestoreNote = {
  readonly restoredBytes: number;
  readonly walBytes: number;
  readonly filesMs: number;
  readonly walMs: number;
  readonly startMs: number;
  readonly durationMs: number;
  /** From the crash until the restored server took writes. */
  readonly writtenMs: number;
};

/** The application on the restored server. `answeredMs`: from the crash until it was found well. */
export type ApplicationNote = {
  readonly result: ApplicationResult;
  readonly answeredMs: number | null;
};

/** Everything, as far as it was come to. */
export type LoadTestNotes = {
  serverVersion: string;
  /** Where the server's programs were found. */
  serverOrigin: BinariesOrigin | undefined;
  databaseBytes: number;
  /** What it was filled with in place of bytes of no shape. */
  shaped: ShapedData | undefined;
  load:
    | {
        readonly beganMs: number;
        readonly record: LoadMeasurement;
        readonly acknowledged: Acknowledged;
      }
    | undefined;
  /** When commits waited for the repository, in order; the last one up to the crash. */
  readonly streamed: { readonly fromMs: number; toMs: number | undefined }[];
  /** Clients that ended before the crash. */
  brokenClients: number;
  /** Commits a second to which the load was held where it was not measured; null: it never had to be. */
  pacedPerSecond: number | null;
  readonly backups: LoadTestBackup[];
  /** When the load ended without the planned crash, from its beginning. */
  overMs: number | undefined;
  crash: CrashNote | undefined;
  restore: RestoreNote | undefined;
  /** Whether the restored server is judged by an application, too, and what that said. */
  applicationWanted: boolean;
  application: ApplicationNote | undefined;
  /** Whether the application's address is asked, too, and what it said. */
  healthWanted: boolean;
  health: HealthNote | undefined;
  verdict: OracleVerdict | undefined;
  repository: { readonly damaged: number; readonly holes: number } | undefined;
  /** Each time that another process went on with it. */
  readonly resumed: readonly ResumeFacts[];
  /** Undefined: a server was made for the test. */
  production: ProductionNote | undefined;
};

/** Nothing yet. */
export function emptyNotes(): LoadTestNotes {
  return {
    serverVersion: "",
    serverOrigin: undefined,
    databaseBytes: 0,
    shaped: undefined,
    load: undefined,
    streamed: [],
    brokenClients: 0,
    pacedPerSecond: null,
    backups: [],
    overMs: undefined,
    crash: undefined,
    restore: undefined,
    applicationWanted: false,
    application: undefined,
    healthWanted: false,
    health: undefined,
    verdict: undefined,
    repository: undefined,
    resumed: [],
    production: undefined,
  };
}

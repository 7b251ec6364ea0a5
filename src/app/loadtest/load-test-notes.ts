/** What a load test has measured so far, filled in as it goes, so that a run that is interrupted can still say what it knows. */
import type { Acknowledged } from "../../loadtest/acknowledged.ts";
import type { OracleVerdict } from "../../loadtest/oracle.ts";
import type { LatencyRecord } from "../../loadtest/latency-record.ts";
import type { LoadTestBackup } from "../../queries/load-test-facts.ts";

/** Where it stands. */
export type LoadTestPhase =
  "server" | "data" | "plain" | "streaming" | "backups" | "restore" | "judge" | "verify";

/** What is told on the way. */
export type LoadTestEvent =
  | { readonly kind: "begun"; readonly folder: string; readonly seed: number }
  | { readonly kind: "phase"; readonly phase: LoadTestPhase }
  | { readonly kind: "backup"; readonly backup: LoadTestBackup }
  | { readonly kind: "crashed"; readonly planned: boolean; readonly commits: number }
  | { readonly kind: "folderRemoved"; readonly folder: string }
  | {
      readonly kind: "progress";
      readonly phase: LoadTestPhase;
      readonly commits: number;
      /** Of the load. */
      readonly fraction: number;
      readonly leftMs: number;
    };

/** The end of the server. */
export type CrashNote = {
  /** From the beginning of the load, by the monotonic clock, and by the wall clock. */
  readonly atMs: number;
  readonly monotonicMs: number;
  readonly epochMs: number;
  readonly planned: boolean;
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
  readonly rtoMs: number;
};

/** Everything, as far as it was come to. */
export type LoadTestNotes = {
  serverVersion: string;
  databaseBytes: number;
  load:
    | {
        readonly beganMs: number;
        readonly record: LatencyRecord;
        readonly acknowledged: Acknowledged;
      }
    | undefined;
  /** When the receiver was begun, and when commits waited for it: what lies between is neither. */
  plainUntilMs: number | undefined;
  streamingFromMs: number | undefined;
  readonly backups: LoadTestBackup[];
  crash: CrashNote | undefined;
  restore: RestoreNote | undefined;
  verdict: OracleVerdict | undefined;
  repository: { readonly damaged: number; readonly holes: number } | undefined;
};

/** Nothing yet. */
export function emptyNotes(): LoadTestNotes {
  return {
    serverVersion: "",
    databaseBytes: 0,
    load: undefined,
    plainUntilMs: undefined,
    streamingFromMs: undefined,
    backups: [],
    crash: undefined,
    restore: undefined,
    verdict: undefined,
    repository: undefined,
  };
}

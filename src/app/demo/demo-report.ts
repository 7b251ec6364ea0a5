/**
 * What the demonstration is asked for, what it tells on the way and what it found in the end. Facts only: the
 * command line turns them into sentences. Every figure here was measured or counted in this run.
 */
import type { Lsn } from "../../core/lsn.ts";
import type { ChainFault } from "../../loadtest/oracle.ts";
import type { ProofFinding, ProofVerdict } from "../../proof/proof-result.ts";

/** The steps, in order; `between` and `load`: the load runs on its own. */
export type DemoPhase =
  | "server"
  | "data"
  | "receiver"
  | "full"
  | "between"
  | "incremental"
  | "load"
  | "kill"
  | "sabotage"
  | "restore"
  | "start"
  | "judge"
  | "proof";

/** How long a step took. */
export type DemoTiming = { readonly phase: DemoPhase; readonly durationMs: number };

/** What one backup read and stored. */
export type DemoBackup = {
  readonly id: string;
  readonly kind: "full" | "incremental";
  readonly readBytes: number;
  readonly storedBytes: number;
  readonly newBlocks: number;
  readonly totalBlocks: number;
  readonly durationMs: number;
};

/** The durable object that `--sabotage` removed, and the WAL that nothing holds any more. */
export type Sabotage = {
  readonly objects: readonly string[];
  readonly fromLsn: Lsn;
  readonly toLsn: Lsn;
};

/** What is told while it runs. */
export type DemoEvent =
  | { readonly kind: "begun"; readonly folder: string; readonly seed: number }
  | {
      readonly kind: "server-ready";
      readonly version: string;
      readonly binDirectory: string;
      readonly account: string;
      readonly directory: string;
    }
  | { readonly kind: "data-loaded"; readonly bytes: number; readonly durationMs: number }
  | { readonly kind: "repository-made"; readonly keyFile: string }
  | { readonly kind: "receiving"; readonly pid: number; readonly standbyName: string }
  | { readonly kind: "load-started"; readonly clients: number }
  | { readonly kind: "backed-up"; readonly backup: DemoBackup }
  | {
      readonly kind: "killed";
      readonly directory: string;
      readonly commits: number;
      readonly afterIncrementalMs: number;
    }
  | { readonly kind: "receiver-survived"; readonly pid: number }
  | { readonly kind: "sabotaged"; readonly sabotage: Sabotage }
  | {
      readonly kind: "planned";
      readonly backup: string;
      readonly backupKind: "full" | "incremental";
      readonly reachLsn: Lsn;
    }
  | {
      readonly kind: "restored";
      readonly directory: string;
      readonly restoredBytes: number;
      readonly walBytes: number;
      readonly durationMs: number;
    }
  | { readonly kind: "started"; readonly rtoMs: number }
  | { readonly kind: "judged"; readonly found: number; readonly lost: number; readonly ok: boolean }
  | { readonly kind: "proved"; readonly verdict: ProofVerdict; readonly durationMs: number }
  /** It was interrupted; nothing stays. */
  | { readonly kind: "folder-removed"; readonly folder: string }
  /** It failed; the folder stays for a look. */
  | { readonly kind: "folder-kept"; readonly folder: string }
  | {
      readonly kind: "progress";
      readonly phase: DemoPhase;
      readonly doneBytes?: number;
      readonly totalBytes?: number;
      readonly commits?: number;
    };

/** What was found. */
export type DemoReport = {
  readonly folder: string;
  readonly seed: number;
  readonly sabotage: Sabotage | undefined;
  readonly serverVersion: string;
  readonly clients: number;
  readonly dataBytes: number;
  readonly acknowledged: number;
  /** Commits a second from the first to the kill. */
  readonly commitsPerSecond: number;
  readonly lost: number;
  /** Acknowledged or not, commits that the restored server holds. */
  readonly found: number;
  readonly chainBroken: readonly ChainFault[];
  readonly balancesOk: boolean;
  readonly killAfterIncrementalMs: number;
  readonly backups: readonly DemoBackup[];
  /** WAL that was received, as far as the repository held it, and what it takes there. */
  readonly walReceivedBytes: number;
  readonly walStoredBytes: number;
  readonly repositoryBytes: number;
  /** What the restore read of packs, and wrote. */
  readonly restoreReadBytes: number;
  readonly restoredBytes: number;
  readonly restoredWalBytes: number;
  readonly reachLsn: Lsn;
  /** From the first acknowledgement that was lost to the kill; 0 when none was. */
  readonly rpoMs: number;
  /** From the kill until the restored server answered and took writes. */
  readonly rtoMs: number;
  readonly proof: {
    readonly verdict: ProofVerdict;
    readonly levels: readonly {
      readonly level: number;
      readonly ok: boolean;
      readonly durationMs: number;
      readonly findings: readonly ProofFinding[];
    }[];
    readonly durationMs: number;
  };
  readonly timings: readonly DemoTiming[];
  readonly durationMs: number;
  /** Nothing acknowledged is lost, every chain and balance holds, the proof is green. */
  readonly ok: boolean;
};

/** What a proof says: verdict, levels with their findings, and what was measured on the way. */
import type { Lsn } from "../core/lsn.ts";
import type { ProofLevelNumber } from "../core/proof-words.ts";
import type { RestorePhase } from "../restore/restore-backup.ts";
import type { ApplicationResult } from "./application-command.ts";
import type { AssertionResult } from "./assertions.ts";
import type { FitnessFinding } from "./fitness.ts";
import type { HeartbeatReading } from "./heartbeat-reading.ts";

/** `unfit`: the host could not judge; never green. */
export type ProofVerdict = "proved" | "failed" | "unfit";

/** One thing that does not hold. */
export type ProofFinding = { readonly kind: string; readonly text: string };

/** One level and what it found. Findings beyond `proofFindingsMax` are counted only. */
export type ProofLevel = {
  readonly level: ProofLevelNumber;
  readonly ok: boolean;
  readonly durationMs: number;
  readonly findings: readonly ProofFinding[];
  readonly findingsTotal: number;
  readonly counts: Readonly<Record<string, number>>;
};

/** Where a proof's recovery ended. */
export type ReachedPoint = {
  readonly lsn: Lsn;
  readonly timeline: number;
  readonly reason: string;
};

/** What a proof measured. */
export type Proof = {
  readonly verdict: ProofVerdict;
  readonly levels: readonly ProofLevel[];
  readonly unfit: readonly FitnessFinding[];
  readonly environment: readonly FitnessFinding[];
  /** Level 4, each by its name; none where none were stated. */
  readonly assertions: readonly AssertionResult[];
  /** Undefined where no heartbeat is configured, or it was not come to. */
  readonly heartbeat: HeartbeatReading | undefined;
  /** Level 5; undefined where no command is configured, or it was not come to. */
  readonly application: ApplicationResult | undefined;
  readonly reached: ReachedPoint | undefined;
  /**
   * From the beginning until the restored server answered; with a check of the application that is well, and the time that took. A
   * failed one leaves nothing to measure.
   */
  readonly rtoMs: number | undefined;
  readonly durationMs: number;
  readonly phases: readonly RestorePhase[];
  readonly restoredBytes: number;
  readonly serverVersion: string;
};

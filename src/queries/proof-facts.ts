/**
 * What a report of a proof is made of, and what its JSON file holds: facts only, each from the proof itself, the backup's root or the
 * configuration. Nothing is worded here, and what was not measured is null, never zero.
 */
import type { Proof } from "../proof/proof-result.ts";

/** A measured time against its objective, in seconds. `met` is null where nothing was measured. */
export type Measured = {
  readonly seconds: number | null;
  readonly objectiveSeconds: number;
  readonly met: boolean | null;
};

/** The heartbeat that came back. */
export type HeartbeatFacts = NonNullable<Proof["heartbeat"]>;

/** The application's check. */
export type ApplicationFacts = NonNullable<Proof["application"]>;

/** How much of this host the proof was allowed to take. */
export type ProofLimits = {
  readonly nice: number;
  /** Its disk work waited for everybody else's. */
  readonly idleDisk: boolean;
  readonly minutesMax: number;
  /** What it was predicted to need where it lay, and what was free there. */
  readonly neededBytes: number;
  readonly freeBytes: number;
  readonly workers: number;
};

/** Everything that a proof showed. Instants are ISO 8601 in UTC, positions text. */
export type ProofFacts = {
  readonly version: 1;
  readonly cluster: string;
  readonly incarnation: string;
  readonly host: string;
  readonly startedAt: string;
  readonly durationMs: number;
  readonly verdict: Proof["verdict"];
  readonly backup: {
    readonly id: string;
    readonly kind: "full" | "incremental";
    readonly finishedAt: string;
    readonly clusterBytes: number;
    readonly serverVersion: string;
  };
  readonly target: {
    readonly kind: string;
    readonly value: string | null;
    readonly timeline: number;
  };
  readonly reached: {
    readonly lsn: string;
    readonly time: string | null;
    readonly timeline: number;
  } | null;
  readonly restoredBytes: number;
  readonly phases: Proof["phases"];
  readonly levels: Proof["levels"];
  readonly unfit: Proof["unfit"];
  readonly environment: Proof["environment"];
  /** Level 4, each by its name. */
  readonly assertions: Proof["assertions"];
  /** Null where none is configured, or it was not come to. */
  readonly heartbeat: HeartbeatFacts | null;
  readonly application: ApplicationFacts | null;
  readonly limits: ProofLimits;
  /** Version of the programs that the proof ran. */
  readonly provedOn: string;
  readonly rpo: Measured;
  readonly rto: Measured;
};

/** Holds a time against its objective. */
export function measured(seconds: number | undefined, objectiveSeconds: number): Measured {
  return seconds === undefined
    ? { seconds: null, objectiveSeconds, met: null }
    : { seconds, objectiveSeconds, met: seconds < objectiveSeconds };
}

/**
 * What one look learned, as figures, beside what it judged: for whoever draws curves of it. A part that could not be read is undefined,
 * never zero: that nothing is known must not look like good news. Instants are milliseconds of the wall clock.
 */
import type { ServerHealth } from "../postgres/server-health.ts";
import type { CertificateEnd } from "./probes/certificates.ts";

/** The newest backup that counts. */
export type BackupReading = {
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
  /** Of the cluster when it was backed up, and what the backup added to the repository. */
  readonly clusterBytes: number;
  readonly storedBytes: number;
  readonly corruptPages: number;
};

/** Every backup of the cluster's newest history, as its proofs have it. */
export type ProofReading = {
  readonly backups: number;
  readonly unproved: number;
  /** The newest proof of any of them; undefined: there was none yet. */
  readonly newest: { readonly atMs: number; readonly proven: boolean } | undefined;
};

/** How far the repository is behind the server. */
export type WalReading = {
  readonly exposureSeconds: number | undefined;
  readonly lagBytes: number | undefined;
  readonly openGaps: number;
  /** Undefined: nobody receives by a slot of ours, or on a host that cannot be seen from here. */
  readonly receiverAlive: boolean | undefined;
};

/** One job of this host's schedule. */
export type JobReading = {
  readonly job: string;
  readonly runs: number;
  readonly missed: number;
  readonly running: boolean;
  readonly nextRunAtMs: number | undefined;
  readonly lastRun:
    | {
        readonly startedAtMs: number;
        readonly finishedAtMs: number;
        readonly durationMs: number;
        /** Undefined for a run that came to no end of its own. */
        readonly exitCode: number | undefined;
      }
    | undefined;
};

/** All of it. */
export type Readings = {
  /** The replication slot that is ours. */
  readonly ownSlot: string;
  readonly server: ServerHealth | undefined;
  readonly wal: WalReading | undefined;
  /** Null: there is no backup. */
  readonly backup: BackupReading | null | undefined;
  /** Newer than that one, and not to be read. */
  readonly unreadableBackups: number | undefined;
  readonly proofs: ProofReading | undefined;
  readonly repositoryFreeBytes: number | undefined;
  readonly walFreeBytes: number | undefined;
  /** When the repository's disk will be full; `never`: not as its free space goes now; undefined: too early to say. */
  readonly repositoryFullAtMs: number | "never" | undefined;
  readonly certificates: readonly CertificateEnd[];
  /** Empty where no schedule is installed. */
  readonly jobs: readonly JobReading[] | undefined;
};

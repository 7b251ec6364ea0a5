/** What a look has read, as figures. Asks nothing more: what did not come in time, or was not asked, is not known. */
import { repositoryFullAtMs } from "../../watch/probes/forecast.ts";
import type {
  BackupReading,
  JobReading,
  ProofReading,
  Readings,
  WalReading,
} from "../../watch/readings.ts";
import type { Sample } from "../../watch/samples.ts";
import type { ProofsRead } from "../judge-proof.ts";
import type { ShownJob } from "../schedule/read-jobs.ts";
import type { WalState } from "../wal-status.ts";
import type { NewestBackup, Sight } from "./sight.ts";

function backupOf({ root }: NewestBackup): BackupReading | null {
  return root === undefined
    ? null
    : {
        startedAtMs: Date.parse(root.startedAt),
        finishedAtMs: Date.parse(root.finishedAt),
        clusterBytes: root.totals.clusterBytes,
        storedBytes: root.totals.storedBytes,
        corruptPages: root.corruptPages.length,
      };
}

function proofsOf({ backups, unproved, newest }: ProofsRead): ProofReading {
  return {
    backups,
    unproved,
    newest: newest && { atMs: Date.parse(newest.time), proven: newest.verdict === "proven" },
  };
}

function walOf({ exposureSeconds, lagBytes, openGaps, receiver }: WalState): WalReading {
  const { liveness } = receiver ?? { liveness: "unknown" };
  return {
    exposureSeconds,
    lagBytes,
    openGaps: openGaps.length,
    receiverAlive: liveness === "unknown" ? undefined : liveness === "alive",
  };
}

function jobOf({ id, runsSeen, missed, running, nextRunAt, lastRun }: ShownJob): JobReading {
  return {
    job: id,
    runs: runsSeen,
    missed: missed?.count ?? 0,
    running: running !== null,
    nextRunAtMs: nextRunAt === undefined ? undefined : Date.parse(nextRunAt),
    lastRun: lastRun && {
      startedAtMs: Date.parse(lastRun.startedAt),
      finishedAtMs: Date.parse(lastRun.finishedAt),
      durationMs: lastRun.durationMs,
      exitCode: lastRun.exitCode ?? undefined,
    },
  };
}

/** `samples`: those of the look's trends, its own last. */
export function readingsOf(sight: Sight, samples: readonly Sample[]): Readings {
  const [wal, newest, proofs] = [sight.wal.got(), sight.newestBackup.got(), sight.proofs.got()];
  const now = samples.at(-1);
  return {
    ownSlot: sight.environment.slotName,
    server: sight.server.got(),
    wal: wal && walOf(wal),
    backup: newest && backupOf(newest),
    unreadableBackups: newest?.damaged.length,
    proofs: proofs && proofsOf(proofs),
    repositoryFreeBytes: now?.repositoryFreeBytes,
    walFreeBytes: now?.walFreeBytes,
    repositoryFullAtMs: repositoryFullAtMs(samples),
    certificates: sight.certificates.got() ?? [],
    jobs: sight.jobs.got()?.map(jobOf),
  };
}

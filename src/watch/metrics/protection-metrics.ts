/** Metrics of protection: exposure, gaps, the newest backup and proof, the repository's room, this host's schedule. */
import type { JobReading } from "../readings.ts";
import {
  type MetricEntries,
  type MetricEntry,
  type Sample,
  checkFlag,
  flagOf,
  instantOf,
  sampleOf,
} from "./metric.ts";

/** Whether something is there, where that could be looked up. */
function isThere(value: object | null | undefined): boolean | undefined {
  return value === undefined ? undefined : value !== null;
}

function ofJobs(
  read: (job: JobReading, labels: { readonly job: string }) => readonly Sample[],
): MetricEntry["read"] {
  return ({ readings: { jobs } }) => (jobs ?? []).flatMap((job) => read(job, { job: job.job }));
}

/** Their entries. */
export const protectionMetrics = {
  pra_exposure_known: {
    kind: "gauge",
    help: {
      en: "0 when nothing tells what would be lost now. Absent when the repository does not open.",
      fr: "0 quand rien ne dit ce qui serait perdu maintenant. Absent quand le dépôt ne s'ouvre pas.",
    },
    read: ({ readings: { wal } }) => flagOf(wal && wal.exposureSeconds !== undefined),
  },
  pra_exposure_seconds: {
    kind: "gauge",
    help: {
      en: "At most so much work would be lost if the server vanished now; 0: nothing.",
      fr: "Travail perdu au plus si le serveur disparaissait maintenant ; 0 : rien.",
    },
    read: ({ readings: { wal } }) => sampleOf(wal?.exposureSeconds),
  },
  pra_exposure_bytes: {
    kind: "gauge",
    help: {
      en: "WAL that the server has and the repository has not. Absent when the server does not answer.",
      fr: "WAL que le serveur a et que le dépôt n'a pas. Absent quand le serveur ne répond pas.",
    },
    read: ({ readings: { wal } }) => sampleOf(wal?.lagBytes),
  },
  pra_wal_gaps: {
    kind: "gauge",
    help: {
      en: "Gaps in the WAL that the newest backup has not closed.",
      fr: "Trous dans le WAL que la dernière sauvegarde n'a pas refermés.",
    },
    read: ({ readings: { wal } }) => sampleOf(wal?.openGaps),
  },
  pra_wal_receiver_up: {
    kind: "gauge",
    help: {
      en: "0 when the receiver has died without an end. Absent where none is noted, or it runs on a host that cannot be seen from here.",
      fr: "0 quand le récepteur est mort sans finir. Absent quand aucun n'est noté, ou qu'il tourne sur une machine invisible d'ici.",
    },
    read: ({ readings: { wal } }) => flagOf(wal?.receiverAlive),
  },
  pra_newest_backup_known: {
    kind: "gauge",
    help: {
      en: "0 when there is no backup. Absent when the repository does not open.",
      fr: "0 quand il n'y a pas de sauvegarde. Absent quand le dépôt ne s'ouvre pas.",
    },
    read: ({ readings: { backup } }) => flagOf(isThere(backup)),
  },
  pra_newest_backup_timestamp_seconds: {
    kind: "gauge",
    help: {
      en: "When the newest backup that can be read was finished.",
      fr: "Fin de la dernière sauvegarde lisible.",
    },
    read: ({ readings: { backup } }) => instantOf(backup?.finishedAtMs),
  },
  pra_newest_backup_duration_seconds: {
    kind: "gauge",
    help: { en: "How long it took.", fr: "Sa durée." },
    read: ({ readings: { backup } }) =>
      sampleOf(backup ? (backup.finishedAtMs - backup.startedAtMs) / 1000 : undefined),
  },
  pra_newest_backup_cluster_bytes: {
    kind: "gauge",
    help: { en: "Size of the cluster in it.", fr: "Taille du cluster qu'elle contient." },
    read: ({ readings: { backup } }) => sampleOf(backup?.clusterBytes),
  },
  pra_newest_backup_stored_bytes: {
    kind: "gauge",
    help: {
      en: "What it added to the repository.",
      fr: "Ce qu'elle a ajouté au dépôt.",
    },
    read: ({ readings: { backup } }) => sampleOf(backup?.storedBytes),
  },
  pra_newest_backup_corrupt_pages: {
    kind: "gauge",
    help: {
      en: "Damaged pages that it had to keep as they were.",
      fr: "Pages abîmées qu'elle a dû garder telles quelles.",
    },
    read: ({ readings: { backup } }) => sampleOf(backup?.corruptPages),
  },
  pra_backups_unreadable: {
    kind: "gauge",
    help: {
      en: "Backups newer than that one which cannot be read.",
      fr: "Sauvegardes plus récentes que celle-ci et illisibles.",
    },
    read: ({ readings: { unreadableBackups } }) => sampleOf(unreadableBackups),
  },
  pra_backups: {
    kind: "gauge",
    help: {
      en: "Backups of the cluster's newest history.",
      fr: "Sauvegardes de la dernière histoire du cluster.",
    },
    read: ({ readings: { proofs } }) => sampleOf(proofs?.backups),
  },
  pra_backups_unproved: {
    kind: "gauge",
    help: {
      en: "Those of them whose newest proof is not good, or that have none.",
      fr: "Celles dont la dernière preuve n'est pas bonne, ou qui n'en ont pas.",
    },
    read: ({ readings: { proofs } }) => sampleOf(proofs?.unproved),
  },
  pra_newest_proof_known: {
    kind: "gauge",
    help: {
      en: "0 when no backup was ever proved. Absent when the repository does not open.",
      fr: "0 quand aucune sauvegarde n'a jamais été prouvée. Absent quand le dépôt ne s'ouvre pas.",
    },
    read: ({ readings: { proofs } }) => flagOf(proofs && proofs.newest !== undefined),
  },
  pra_newest_proof_timestamp_seconds: {
    kind: "gauge",
    help: { en: "When the newest proof ended.", fr: "Fin de la dernière preuve." },
    read: ({ readings: { proofs } }) => instantOf(proofs?.newest?.atMs),
  },
  pra_newest_proof_success: {
    kind: "gauge",
    help: {
      en: "1 when it proved its backup; 0 when it failed, or this host could not judge.",
      fr: "1 quand elle a prouvé sa sauvegarde ; 0 en cas d'échec, ou si cette machine n'a pu juger.",
    },
    read: ({ readings: { proofs } }) => flagOf(proofs?.newest?.proven),
  },
  pra_repository_up: {
    kind: "gauge",
    help: {
      en: "1 when the repository opens with its key.",
      fr: "1 quand le dépôt s'ouvre avec sa clé.",
    },
    read: (scrape) => checkFlag(scrape, "repository"),
  },
  pra_repository_free_bytes: {
    kind: "gauge",
    help: {
      en: "Free where the repository lies, where its store tells.",
      fr: "Place libre là où est le dépôt, si son magasin le dit.",
    },
    read: ({ readings: { repositoryFreeBytes } }) => sampleOf(repositoryFreeBytes),
  },
  pra_repository_free_min_bytes: {
    kind: "gauge",
    help: {
      en: "What must be free there, as configured.",
      fr: "Ce qui doit y être libre, d'après la configuration.",
    },
    read: ({ freeBytesMin }) => sampleOf(freeBytesMin),
  },
  pra_repository_forecast_known: {
    kind: "gauge",
    help: {
      en: "1 once free space was watched for long enough to tell when it ends.",
      fr: "1 quand la place libre a été observée assez longtemps pour dire quand elle finit.",
    },
    read: ({ readings: { repositoryFreeBytes, repositoryFullAtMs } }) =>
      flagOf(repositoryFreeBytes === undefined ? undefined : repositoryFullAtMs !== undefined),
  },
  pra_repository_full_timestamp_seconds: {
    kind: "gauge",
    help: {
      en: "When the repository's disk will be full, as it went in the last fortnight. Absent while it does not fill.",
      fr: "Quand le disque du dépôt sera plein, au rythme des deux dernières semaines. Absent tant qu'il ne se remplit pas.",
    },
    read: ({ readings: { repositoryFullAtMs: at } }) => instantOf(at === "never" ? undefined : at),
  },
  pra_schedule_installed: {
    kind: "gauge",
    help: {
      en: "1 when jobs of this host are planned by pra schedule.",
      fr: "1 quand des tâches de cette machine sont planifiées par pra schedule.",
    },
    read: ({ readings: { jobs } }) => flagOf(jobs && jobs.length > 0),
  },
  pra_job_runs_total: {
    kind: "counter",
    labels: ["job"],
    help: { en: "Runs of each job.", fr: "Exécutions de chaque tâche." },
    read: ofJobs(({ runs }, labels) => sampleOf(runs, labels)),
  },
  pra_job_missed_runs: {
    kind: "gauge",
    labels: ["job"],
    help: {
      en: "Runs that were due since the last one and did not begin.",
      fr: "Exécutions dues depuis la dernière et qui n'ont pas commencé.",
    },
    read: ofJobs(({ missed }, labels) => sampleOf(missed, labels)),
  },
  pra_job_running: {
    kind: "gauge",
    labels: ["job"],
    help: { en: "1 while it runs.", fr: "1 pendant qu'elle tourne." },
    read: ofJobs(({ running }, labels) => flagOf(running, labels)),
  },
  pra_job_last_start_timestamp_seconds: {
    kind: "gauge",
    labels: ["job"],
    help: { en: "When its last run began.", fr: "Début de sa dernière exécution." },
    read: ofJobs(({ lastRun }, labels) => instantOf(lastRun?.startedAtMs, labels)),
  },
  pra_job_last_end_timestamp_seconds: {
    kind: "gauge",
    labels: ["job"],
    help: { en: "When that ended.", fr: "Fin de celle-ci." },
    read: ofJobs(({ lastRun }, labels) => instantOf(lastRun?.finishedAtMs, labels)),
  },
  pra_job_last_duration_seconds: {
    kind: "gauge",
    labels: ["job"],
    help: { en: "How long it took.", fr: "Sa durée." },
    read: ofJobs(({ lastRun }, labels) => sampleOf(lastRun && lastRun.durationMs / 1000, labels)),
  },
  pra_job_last_exit_code: {
    kind: "gauge",
    labels: ["job"],
    help: {
      en: "Its exit code. Absent for a run that came to no end of its own.",
      fr: "Son code de sortie. Absent pour une exécution qui n'a pas fini d'elle-même.",
    },
    read: ofJobs(({ lastRun }, labels) => sampleOf(lastRun?.exitCode, labels)),
  },
  pra_job_last_success: {
    kind: "gauge",
    labels: ["job"],
    help: {
      en: "1 when that code is 0.",
      fr: "1 quand ce code est 0.",
    },
    read: ofJobs(({ lastRun }, labels) => flagOf(lastRun && lastRun.exitCode === 0, labels)),
  },
  pra_job_next_timestamp_seconds: {
    kind: "gauge",
    labels: ["job"],
    help: { en: "When its next run is due.", fr: "Prochaine exécution prévue." },
    read: ofJobs(({ nextRunAtMs }, labels) => instantOf(nextRunAtMs, labels)),
  },
} as const satisfies MetricEntries;

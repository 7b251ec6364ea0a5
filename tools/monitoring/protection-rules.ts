/** Rules about what would be lost and what can be restored: exposure, gaps, backups, proofs, the repository's room, the schedule. */
import {
  spaceFillBadMs,
  spaceFillNoteMs,
  statusBackupAgeBadMs,
  statusBackupAgeNoteMs,
  statusProofAgeNoteMs,
} from "../../src/core/look-limits.ts";
import { type AlertRule, DAY, GIB, seconds, steady } from "./alert-rule.ts";

const wal: readonly AlertRule[] = [
  {
    alert: "PraExposureHigh",
    severity: "critical",
    expr: "pra_exposure_seconds >= pra_objective_rpo_seconds",
    forMinutes: 2,
    summary: {
      en: "{{ $labels.cluster }}: work of {{ $value | humanizeDuration }} would be lost now, more than the objective allows",
      fr: "{{ $labels.cluster }} : {{ $value | humanizeDuration }} de travail seraient perdus maintenant, plus que l'objectif ne l'admet",
    },
    action: "pra wal status; pra wal receive",
    fires: [steady("pra_exposure_seconds", 4200), steady("pra_objective_rpo_seconds", 3600)],
    quiet: [steady("pra_exposure_seconds", 3000), steady("pra_objective_rpo_seconds", 3600)],
    shown: { value: "1h 10m 0s" },
  },
  {
    alert: "PraExposureUnknown",
    severity: "critical",
    expr: "pra_exposure_known == 0",
    forMinutes: 15,
    summary: {
      en: "{{ $labels.cluster }}: nothing tells how much work would be lost now",
      fr: "{{ $labels.cluster }} : rien ne dit combien de travail serait perdu maintenant",
    },
    action: "pra wal status; pra backup --full",
    fires: [steady("pra_exposure_known", 0)],
    quiet: [steady("pra_exposure_known", 1)],
  },
  {
    alert: "PraWalGap",
    severity: "critical",
    expr: "pra_wal_gaps > 0",
    forMinutes: 0,
    summary: {
      en: "{{ $labels.cluster }}: gaps in the WAL since the newest backup: {{ $value }}; no instant behind them can be restored",
      fr: "{{ $labels.cluster }} : trous dans le WAL depuis la dernière sauvegarde : {{ $value }} ; aucun instant au-delà n'est restaurable",
    },
    action: "pra window; pra backup",
    fires: [steady("pra_wal_gaps", 1)],
    quiet: [steady("pra_wal_gaps", 0)],
    shown: { value: "1" },
  },
  {
    alert: "PraReceiverDown",
    severity: "critical",
    expr: 'pra_check_severity{check="receiver"} == 2',
    forMinutes: 2,
    summary: {
      en: "{{ $labels.cluster }}: the WAL receiver, which is meant to run, receives nothing",
      fr: "{{ $labels.cluster }} : le récepteur de WAL, qui devrait tourner, ne reçoit rien",
    },
    action: "pra wal status; pra wal receive",
    fires: [steady("pra_check_severity", 2, { check: "receiver" })],
    quiet: [steady("pra_check_severity", 1, { check: "receiver" })],
    shown: { labels: { check: "receiver" } },
  },
];

const backups: readonly AlertRule[] = [
  {
    alert: "PraRepositoryDown",
    severity: "critical",
    expr: "pra_repository_up == 0",
    forMinutes: 2,
    summary: {
      en: "{{ $labels.cluster }}: the repository does not open: nothing is stored, nothing can be restored",
      fr: "{{ $labels.cluster }} : le dépôt ne s'ouvre pas : rien n'est stocké, rien n'est restaurable",
    },
    action: "pra check",
    fires: [steady("pra_repository_up", 0)],
    quiet: [steady("pra_repository_up", 1)],
  },
  {
    alert: "PraRepositoryLow",
    severity: "critical",
    expr: "pra_repository_free_bytes < pra_repository_free_min_bytes",
    forMinutes: 5,
    summary: {
      en: "{{ $labels.cluster }}: {{ $value | humanize1024 }}B are free where the repository lies, less than MIN_FREE_GB",
      fr: "{{ $labels.cluster }} : il reste {{ $value | humanize1024 }}o pour le dépôt, moins que MIN_FREE_GB",
    },
    action: "pra expire --dry-run",
    fires: [
      steady("pra_repository_free_bytes", GIB),
      steady("pra_repository_free_min_bytes", 1e11),
    ],
    quiet: [
      steady("pra_repository_free_bytes", 1e12),
      steady("pra_repository_free_min_bytes", 1e11),
    ],
    shown: { value: "1Gi" },
  },
  ...(["warning", "critical"] as const).map((severity): AlertRule => {
    const limit = severity === "critical" ? spaceFillBadMs : spaceFillNoteMs;
    const days = limit / 1000 / DAY;
    return {
      alert: severity === "critical" ? "PraRepositoryFullSoon" : "PraRepositoryFills",
      severity,
      expr: `pra_repository_full_timestamp_seconds - time() < ${seconds(limit)}`,
      forMinutes: 60,
      summary: {
        en: `{{ $labels.cluster }}: the repository's disk will be full within ${days} days`,
        fr: `{{ $labels.cluster }} : le disque du dépôt sera plein dans moins de ${days} jours`,
      },
      action: "pra expire --dry-run",
      fires: [steady("pra_repository_full_timestamp_seconds", (days - 1) * DAY)],
      quiet: [steady("pra_repository_full_timestamp_seconds", (days + 1) * DAY)],
    };
  }),
  {
    alert: "PraBackupNone",
    severity: "critical",
    expr: "pra_newest_backup_known == 0",
    forMinutes: 60,
    summary: {
      en: "{{ $labels.cluster }}: there is no backup",
      fr: "{{ $labels.cluster }} : il n'y a pas de sauvegarde",
    },
    action: "pra backup --full",
    fires: [steady("pra_newest_backup_known", 0)],
    quiet: [steady("pra_newest_backup_known", 1)],
  },
  ...(["warning", "critical"] as const).map((severity): AlertRule => {
    const limit = severity === "critical" ? statusBackupAgeBadMs : statusBackupAgeNoteMs;
    const shown = severity === "critical" ? "8d 0h 16m 40s" : "1d 2h 16m 40s";
    return {
      alert: severity === "critical" ? "PraBackupTooOld" : "PraBackupOld",
      severity,
      expr: `time() - pra_newest_backup_timestamp_seconds > ${seconds(limit)}`,
      forMinutes: 0,
      summary: {
        en: "{{ $labels.cluster }}: the newest backup is {{ $value | humanizeDuration }} old",
        fr: "{{ $labels.cluster }} : la dernière sauvegarde a {{ $value | humanizeDuration }}",
      },
      action: "pra list; pra schedule show; pra backup",
      fires: [steady("pra_newest_backup_timestamp_seconds", 600 - 1000 - seconds(limit))],
      quiet: [steady("pra_newest_backup_timestamp_seconds", 600 + 1000 - seconds(limit))],
      atMinutes: 10,
      shown: { value: shown },
    };
  }),
  {
    alert: "PraBackupFailed",
    severity: "critical",
    expr: 'pra_check_severity{check="jobs"} == 2',
    forMinutes: 0,
    summary: {
      en: "{{ $labels.cluster }}: the last backup failed, hangs, or died without an end",
      fr: "{{ $labels.cluster }} : la dernière sauvegarde a échoué, est bloquée, ou est morte sans finir",
    },
    action: "pra status; pra backup",
    fires: [steady("pra_check_severity", 2, { check: "jobs" })],
    quiet: [steady("pra_check_severity", 0, { check: "jobs" })],
    shown: { labels: { check: "jobs" } },
  },
  {
    alert: "PraBackupUnreadable",
    severity: "critical",
    expr: "pra_backups_unreadable > 0",
    forMinutes: 0,
    summary: {
      en: "{{ $labels.cluster }}: backups newer than the newest readable one that cannot be read: {{ $value }}",
      fr: "{{ $labels.cluster }} : sauvegardes illisibles, plus récentes que la dernière lisible : {{ $value }}",
    },
    action: "pra verify",
    fires: [steady("pra_backups_unreadable", 1)],
    quiet: [steady("pra_backups_unreadable", 0)],
    shown: { value: "1" },
  },
];

const proofs: readonly AlertRule[] = [
  {
    alert: "PraProofNone",
    severity: "warning",
    expr: "pra_newest_proof_known == 0",
    forMinutes: 24 * 60,
    summary: {
      en: "{{ $labels.cluster }}: no backup was ever restored on trial",
      fr: "{{ $labels.cluster }} : aucune sauvegarde n'a jamais été restaurée à l'essai",
    },
    action: "pra prove",
    fires: [steady("pra_newest_proof_known", 0)],
    quiet: [steady("pra_newest_proof_known", 1)],
  },
  {
    alert: "PraProofOld",
    severity: "warning",
    expr: `time() - pra_newest_proof_timestamp_seconds > ${seconds(statusProofAgeNoteMs)}`,
    forMinutes: 0,
    summary: {
      en: "{{ $labels.cluster }}: the newest proof is {{ $value | humanizeDuration }} old",
      fr: "{{ $labels.cluster }} : la dernière preuve a {{ $value | humanizeDuration }}",
    },
    action: "pra prove",
    fires: [
      steady("pra_newest_proof_timestamp_seconds", 600 - 1000 - seconds(statusProofAgeNoteMs)),
    ],
    quiet: [
      steady("pra_newest_proof_timestamp_seconds", 600 + 1000 - seconds(statusProofAgeNoteMs)),
    ],
    atMinutes: 10,
    shown: { value: "8d 0h 16m 40s" },
  },
  {
    alert: "PraProofFailed",
    severity: "critical",
    expr: "pra_newest_proof_success == 0",
    forMinutes: 0,
    summary: {
      en: "{{ $labels.cluster }}: the newest proof did not prove its backup",
      fr: "{{ $labels.cluster }} : la dernière preuve n'a pas prouvé sa sauvegarde",
    },
    action: "pra prove; pra verify",
    fires: [steady("pra_newest_proof_success", 0)],
    quiet: [steady("pra_newest_proof_success", 1)],
  },
  {
    alert: "PraRunsMissed",
    severity: "critical",
    expr: "pra_job_missed_runs > 0",
    forMinutes: 0,
    summary: {
      en: "{{ $labels.cluster }}: runs of the job {{ $labels.job }} that were due and did not begin: {{ $value }}",
      fr: "{{ $labels.cluster }} : exécutions de la tâche {{ $labels.job }} dues et pas commencées : {{ $value }}",
    },
    action: "pra schedule show",
    fires: [steady("pra_job_missed_runs", 2, { job: "backup" })],
    quiet: [steady("pra_job_missed_runs", 0, { job: "backup" })],
    shown: { value: "2", labels: { job: "backup" } },
  },
  {
    alert: "PraRunFailed",
    severity: "warning",
    // The daily report and the checks answer 4 for what the other rules tell.
    expr: 'pra_job_last_success{job!~"status|daily"} == 0',
    forMinutes: 10,
    summary: {
      en: "{{ $labels.cluster }}: the last run of the job {{ $labels.job }} failed",
      fr: "{{ $labels.cluster }} : la dernière exécution de la tâche {{ $labels.job }} a échoué",
    },
    action: "pra schedule show",
    fires: [steady("pra_job_last_success", 0, { job: "expire" })],
    quiet: [
      steady("pra_job_last_success", 1, { job: "expire" }),
      steady("pra_job_last_success", 0, { job: "status" }),
    ],
    shown: { labels: { job: "expire" } },
  },
];

/** All of them, in the order of the file. */
export const protectionRules: readonly AlertRule[] = [...wal, ...backups, ...proofs];

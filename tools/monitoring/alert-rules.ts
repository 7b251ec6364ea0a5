/**
 * The alert rules that are shipped for Prometheus. They say what `pra` says itself, for those whose people are told by Alertmanager; thresholds
 * are those of `pra status`. What pra alone can know, such as whether a proof failed, is asked of its own verdict.
 */
import {
  certificateBadMs,
  clockOffBadMs,
  slotRetainedNoteBytes,
  slotSafeBadBytes,
  spaceFillBadMs,
  spaceFillNoteMs,
  statusBackupAgeBadMs,
  statusBackupAgeNoteMs,
  statusProofAgeNoteMs,
  walFreeBadBytes,
} from "../../src/core/look-limits.ts";
import type { AlertRule, Series } from "./alert-rule.ts";

const DAY = 86_400;
const GIB = 1024 ** 3;

const seconds = (ms: number): number => ms / 1000;

/** A series of one value, for as long as a test lasts. */
function steady(name: string, value: number | string, labels?: Series["labels"]): Series {
  return { name, values: `${value}+0x2000`, ...(labels === undefined ? {} : { labels }) };
}

/** Checks that have a rule of their own. */
const COVERED = [
  ["server", "repository", "exposure", "gaps", "receiver", "newest-backup", "jobs", "proof"],
  ["slots", "wal-space", "clock", "certificate", "corruption", "space", "forecast", "schedule"],
]
  .flat()
  .join("|");

const looking: readonly AlertRule[] = [
  {
    alert: "PraSilent",
    severity: "critical",
    expr: 'absent(pra_look_timestamp_seconds{scope="everything"})',
    forMinutes: 10,
    summary: {
      en: "no metrics of pra arrive any more: nobody knows whether backups are made",
      fr: "plus aucune métrique de pra n'arrive : personne ne sait si des sauvegardes se font",
    },
    action: "on the backup host: pra status; systemctl status pra-*; pra schedule show",
    fires: [],
    quiet: [steady("pra_look_timestamp_seconds", 0, { scope: "everything" })],
    shown: { labels: { scope: "everything" } },
  },
  {
    alert: "PraLookStale",
    severity: "critical",
    expr: 'time() - pra_look_timestamp_seconds{scope="everything"} > 900',
    forMinutes: 0,
    summary: {
      en: "{{ $labels.cluster }}: pra has not looked for {{ $value | humanizeDuration }}; what is shown is that old",
      fr: "{{ $labels.cluster }} : pra n'a rien regardé depuis {{ $value | humanizeDuration }} ; ce qui est affiché a cet âge",
    },
    action: "on the backup host: pra status; systemctl status pra-*; pra schedule show",
    fires: [steady("pra_look_timestamp_seconds", 0, { scope: "everything" })],
    quiet: [{ name: "pra_look_timestamp_seconds", labels: { scope: "everything" }, values: "0+60x2000" }],
    atMinutes: 16,
    shown: { value: "16m 0s", labels: { scope: "everything" } },
  },
  {
    alert: "PraLookIncomplete",
    severity: "warning",
    expr: 'pra_look_complete{scope="everything"} == 0',
    forMinutes: 30,
    summary: {
      en: "{{ $labels.cluster }}: for half an hour something that pra asks has not answered in time",
      fr: "{{ $labels.cluster }} : depuis une demi-heure, quelque chose que pra interroge ne répond pas à temps",
    },
    action: "pra status",
    fires: [steady("pra_look_complete", 0, { scope: "everything" })],
    quiet: [steady("pra_look_complete", 1, { scope: "everything" })],
    shown: { labels: { scope: "everything" } },
  },
  {
    alert: "PraCheckFailed",
    severity: "warning",
    expr: `pra_check_severity{check!~"${COVERED}"} == 2`,
    forMinutes: 10,
    summary: {
      en: "{{ $labels.cluster }}: the check {{ $labels.check }} of pra status fails",
      fr: "{{ $labels.cluster }} : le contrôle {{ $labels.check }} de pra status est en échec",
    },
    action: "pra status",
    fires: [steady("pra_check_severity", 2, { check: "recovery-key" })],
    quiet: [
      steady("pra_check_severity", 1, { check: "recovery-key" }),
      steady("pra_check_severity", 2, { check: "gaps" }),
    ],
    shown: { labels: { check: "recovery-key" } },
  },
  {
    alert: "PraMessagesWaiting",
    severity: "warning",
    expr: "pra_alert_messages_waiting > 0",
    forMinutes: 30,
    summary: {
      en: "{{ $labels.cluster }}: {{ $value }} messages of pra have waited for their channel for half an hour",
      fr: "{{ $labels.cluster }} : {{ $value }} messages de pra attendent leur canal depuis une demi-heure",
    },
    action: "pra alert list --all",
    fires: [steady("pra_alert_messages_waiting", 3)],
    quiet: [steady("pra_alert_messages_waiting", 0)],
    shown: { value: "3" },
  },
];

const server: readonly AlertRule[] = [
  {
    alert: "PraServerDown",
    severity: "critical",
    expr: "pra_server_up == 0",
    forMinutes: 1,
    summary: {
      en: "{{ $labels.cluster }}: PostgreSQL does not answer",
      fr: "{{ $labels.cluster }} : PostgreSQL ne répond pas",
    },
    action: "pra status; to restore: pra plan --latest",
    fires: [steady("pra_server_up", 0)],
    quiet: [steady("pra_server_up", 1)],
  },
  {
    alert: "PraSlotRetains",
    severity: "warning",
    expr: `pra_slot_retained_bytes >= ${slotRetainedNoteBytes} and pra_slot_active == 0`,
    forMinutes: 10,
    summary: {
      en: "{{ $labels.cluster }}: nobody reads the slot {{ $labels.slot }}, for which the server keeps {{ $value | humanize1024 }}B of WAL",
      fr: "{{ $labels.cluster }} : personne ne lit le slot {{ $labels.slot }}, pour lequel le serveur garde {{ $value | humanize1024 }}o de WAL",
    },
    action: "pra status; pra wal receive",
    fires: [
      steady("pra_slot_retained_bytes", 2 * GIB, { slot: "pra_main", owner: "pra" }),
      steady("pra_slot_active", 0, { slot: "pra_main", owner: "pra" }),
    ],
    quiet: [
      steady("pra_slot_retained_bytes", 2 * GIB, { slot: "pra_main", owner: "pra" }),
      steady("pra_slot_active", 1, { slot: "pra_main", owner: "pra" }),
    ],
    shown: { value: "2Gi", labels: { slot: "pra_main", owner: "pra" } },
  },
  {
    alert: "PraSlotEnding",
    severity: "critical",
    expr: `pra_slot_lost{owner="pra"} == 1 or (pra_slot_safe_bytes{owner="pra"} < ${slotSafeBadBytes} and pra_slot_active == 0)`,
    forMinutes: 0,
    summary: {
      en: "{{ $labels.cluster }}: the server removes, or has removed, WAL that the slot {{ $labels.slot }} needs: a gap",
      fr: "{{ $labels.cluster }} : le serveur supprime, ou a supprimé, du WAL nécessaire au slot {{ $labels.slot }} : un trou",
    },
    action: "pra status; pra wal receive; pra backup --full once the slot is lost",
    fires: [
      steady("pra_slot_lost", 0, { slot: "pra_main", owner: "pra" }),
      steady("pra_slot_safe_bytes", GIB, { slot: "pra_main", owner: "pra" }),
      steady("pra_slot_active", 0, { slot: "pra_main", owner: "pra" }),
    ],
    quiet: [
      steady("pra_slot_lost", 0, { slot: "pra_main", owner: "pra" }),
      steady("pra_slot_safe_bytes", GIB, { slot: "pra_main", owner: "pra" }),
      steady("pra_slot_active", 1, { slot: "pra_main", owner: "pra" }),
      steady("pra_slot_lost", 1, { slot: "another", owner: "other" }),
    ],
    shown: { labels: { slot: "pra_main", owner: "pra" } },
  },
  {
    alert: "PraWalDiskLow",
    severity: "critical",
    expr: `pra_server_wal_free_bytes < ${walFreeBadBytes}`,
    forMinutes: 0,
    summary: {
      en: "{{ $labels.cluster }}: {{ $value | humanize1024 }}B are free where pg_wal lies; when none are, the server stops",
      fr: "{{ $labels.cluster }} : il reste {{ $value | humanize1024 }}o là où est pg_wal ; à zéro, le serveur s'arrête",
    },
    action: "pra status; pra wal receive",
    fires: [steady("pra_server_wal_free_bytes", GIB)],
    quiet: [steady("pra_server_wal_free_bytes", 50 * GIB)],
    shown: { value: "1Gi" },
  },
  {
    alert: "PraClockOff",
    severity: "warning",
    expr: `abs(pra_server_clock_offset_seconds) >= ${seconds(clockOffBadMs)}`,
    forMinutes: 5,
    summary: {
      en: "{{ $labels.cluster }}: the clocks of this host and of the server differ by {{ $value | humanizeDuration }}",
      fr: "{{ $labels.cluster }} : les horloges de cette machine et du serveur diffèrent de {{ $value | humanizeDuration }}",
    },
    action: "chronyc tracking, on both",
    fires: [steady("pra_server_clock_offset_seconds", -40)],
    quiet: [steady("pra_server_clock_offset_seconds", 0)],
    shown: { value: "40s" },
  },
  {
    alert: "PraCertificateEnding",
    severity: "critical",
    expr: `pra_certificate_expiry_timestamp_seconds - time() < ${seconds(certificateBadMs)}`,
    forMinutes: 0,
    summary: {
      en: "{{ $labels.cluster }}: the certificate of {{ $labels.where }} ends within a week, or has ended",
      fr: "{{ $labels.cluster }} : le certificat de {{ $labels.where }} finit dans la semaine, ou a fini",
    },
    action: "pra status",
    fires: [steady("pra_certificate_expiry_timestamp_seconds", 6 * DAY, { where: "db:5432" })],
    quiet: [steady("pra_certificate_expiry_timestamp_seconds", 9 * DAY, { where: "db:5432" })],
    shown: { labels: { where: "db:5432" } },
  },
  {
    alert: "PraCorruption",
    severity: "critical",
    expr: "pra_server_page_failures_total > 0 or pra_newest_backup_corrupt_pages > 0",
    forMinutes: 0,
    summary: {
      en: "{{ $labels.cluster }}: {{ $value }} damaged pages, met by the server or kept in the newest backup",
      fr: "{{ $labels.cluster }} : {{ $value }} pages abîmées, rencontrées par le serveur ou gardées dans la dernière sauvegarde",
    },
    action: "pra status; pra verify; pra rescue --help",
    fires: [steady("pra_server_page_failures_total", 2, { database: "akig" })],
    quiet: [steady("pra_newest_backup_corrupt_pages", 0)],
    shown: { value: "2", labels: { database: "akig" } },
  },
];

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
      en: "{{ $labels.cluster }}: {{ $value }} gaps in the WAL since the newest backup: no instant behind them can be restored",
      fr: "{{ $labels.cluster }} : {{ $value }} trous dans le WAL depuis la dernière sauvegarde : aucun instant au-delà n'est restaurable",
    },
    action: "pra window; pra backup",
    fires: [steady("pra_wal_gaps", 1)],
    quiet: [steady("pra_wal_gaps", 0)],
    shown: { value: "1" },
  },
  {
    alert: "PraReceiverDead",
    severity: "critical",
    expr: "pra_wal_receiver_up == 0",
    forMinutes: 2,
    summary: {
      en: "{{ $labels.cluster }}: the WAL receiver has died",
      fr: "{{ $labels.cluster }} : le récepteur de WAL est mort",
    },
    action: "pra wal receive",
    fires: [steady("pra_wal_receiver_up", 0)],
    quiet: [steady("pra_wal_receiver_up", 1)],
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
      en: "{{ $labels.cluster }}: {{ $value }} backups newer than the newest readable one cannot be read",
      fr: "{{ $labels.cluster }} : {{ $value }} sauvegardes plus récentes que la dernière lisible sont illisibles",
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
      en: "{{ $labels.cluster }}: {{ $value }} runs of the job {{ $labels.job }} were due and did not begin",
      fr: "{{ $labels.cluster }} : {{ $value }} exécutions de la tâche {{ $labels.job }} étaient dues et n'ont pas commencé",
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
export const alertRules: readonly AlertRule[] = [
  ...looking,
  ...server,
  ...wal,
  ...backups,
  ...proofs,
];

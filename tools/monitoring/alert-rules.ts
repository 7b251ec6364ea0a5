/**
 * The alert rules that are shipped for Prometheus. They say what `pra` says itself, for those whose people are told by Alertmanager; thresholds
 * are those of `pra status`. What pra alone can know, such as whether a proof failed, is asked of its own verdict.
 */
import {
  certificateBadMs,
  clockOffBadMs,
  slotRetainedNoteBytes,
  slotSafeBadBytes,
  walFreeBadBytes,
} from "../../src/core/look-limits.ts";
import { type AlertRule, DAY, GIB, seconds, steady } from "./alert-rule.ts";
import { protectionRules } from "./protection-rules.ts";

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
    alert: "PraClusterSilent",
    severity: "critical",
    // One of several, so that the rule above does not see it; a site that was given up is told for a week.
    expr: 'max_over_time(pra_look_timestamp_seconds{scope="everything"}[7d]) unless pra_look_timestamp_seconds{scope="everything"}',
    forMinutes: 10,
    summary: {
      en: "{{ $labels.cluster }}: no metrics of pra arrive any more: nobody knows whether backups are made",
      fr: "{{ $labels.cluster }} : plus aucune métrique de pra n'arrive : personne ne sait si des sauvegardes se font",
    },
    action: "on the backup host: pra status; systemctl status pra-*; pra schedule show",
    fires: [
      {
        name: "pra_look_timestamp_seconds",
        labels: { scope: "everything" },
        values: "0+60x10 _x90",
      },
    ],
    quiet: [
      {
        name: "pra_look_timestamp_seconds",
        labels: { scope: "everything" },
        values: "0+60x100",
      },
    ],
    atMinutes: 40,
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
      en: "{{ $labels.cluster }}: messages of pra that have waited for their channel for half an hour: {{ $value }}",
      fr: "{{ $labels.cluster }} : messages de pra qui attendent leur canal depuis une demi-heure : {{ $value }}",
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
      en: "{{ $labels.cluster }}: damaged pages, met by the server or kept in the newest backup: {{ $value }}",
      fr: "{{ $labels.cluster }} : pages abîmées, rencontrées par le serveur ou gardées dans la dernière sauvegarde : {{ $value }}",
    },
    action: "pra status; pra verify; pra rescue --help",
    fires: [steady("pra_server_page_failures_total", 2, { database: "akig" })],
    quiet: [steady("pra_newest_backup_corrupt_pages", 0)],
    shown: { value: "2", labels: { database: "akig" } },
  },
];

/** All of them, in the order of the file. */
export const alertRules: readonly AlertRule[] = [
  ...looking,
  ...server,
  ...protectionRules,
];

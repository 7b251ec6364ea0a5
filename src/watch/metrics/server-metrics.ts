/** Metrics of what the server tells of itself: is it up, what slots make it keep, how archiving goes, which damaged pages it met. */
import type { SlotHealth } from "../../postgres/server-health.ts";
import {
  type MetricEntries,
  type MetricEntry,
  type Sample,
  checkFlag,
  flagOf,
  instantOf,
  sampleOf,
} from "./metric.ts";

function ofSlots(
  read: (slot: SlotHealth, labels: Readonly<Record<string, string>>) => readonly Sample[],
): MetricEntry["read"] {
  return ({ readings: { server, ownSlot } }) =>
    (server?.slots ?? []).flatMap((slot) =>
      read(slot, { slot: slot.name, owner: slot.name === ownSlot ? "pra" : "other" }),
    );
}

const slotLabels = ["slot", "owner"] as const;

/** Their entries. */
export const serverMetrics = {
  pra_server_up: {
    kind: "gauge",
    help: { en: "1 when the server answered.", fr: "1 quand le serveur a répondu." },
    read: (scrape) => checkFlag(scrape, "server"),
  },
  pra_server_info: {
    kind: "info",
    labels: ["major"],
    help: { en: "The server's version.", fr: "La version du serveur." },
    read: ({ readings: { server } }) =>
      server === undefined ? [] : sampleOf(1, { major: String(server.version.major) }),
  },
  pra_server_in_recovery: {
    kind: "gauge",
    help: { en: "1 for a standby.", fr: "1 pour un serveur secondaire." },
    read: ({ readings: { server } }) => flagOf(server?.inRecovery),
  },
  pra_server_read_only: {
    kind: "gauge",
    help: {
      en: "1 when new transactions may not write.",
      fr: "1 quand les nouvelles transactions ne peuvent pas écrire.",
    },
    read: ({ readings: { server } }) => flagOf(server?.readOnly),
  },
  pra_server_commits_waiting: {
    kind: "gauge",
    help: {
      en: "Sessions whose commit waits for a standby. Absent without the right to see them.",
      fr: "Sessions dont la validation attend un serveur secondaire. Absent sans le droit de les voir.",
    },
    read: ({ readings: { server } }) => sampleOf(server?.waitingCommits),
  },
  pra_server_clock_offset_seconds: {
    kind: "gauge",
    help: {
      en: "How far this host's clock is from the server's, beyond what the question itself took.",
      fr: "Écart entre l'horloge de cette machine et celle du serveur, au-delà de la durée de la question.",
    },
    read: ({ readings: { server } }) =>
      sampleOf(server === undefined ? undefined : server.clockOffMs / 1000),
  },
  pra_server_page_failures_total: {
    kind: "counter",
    labels: ["database"],
    help: {
      en: "Damaged pages that the server met since its statistics began. A server that met none has no line.",
      fr: "Pages abîmées rencontrées par le serveur depuis le début de ses statistiques. Aucune ligne s'il n'en a rencontré aucune.",
    },
    read: ({ readings: { server } }) =>
      (server?.pageFailures ?? []).flatMap(({ database, count }) => sampleOf(count, { database })),
  },
  pra_server_wal_free_bytes: {
    kind: "gauge",
    help: {
      en: "Free where the server's pg_wal lies, when that is on this host.",
      fr: "Place libre là où se trouve pg_wal, si c'est sur cette machine.",
    },
    read: ({ readings: { walFreeBytes } }) => sampleOf(walFreeBytes),
  },
  pra_slot_active: {
    kind: "gauge",
    labels: slotLabels,
    help: {
      en: "1 while somebody reads the replication slot. owner: pra for our own.",
      fr: "1 tant que quelqu'un lit le slot de réplication. owner : pra pour le nôtre.",
    },
    read: ofSlots(({ active }, labels) => flagOf(active, labels)),
  },
  pra_slot_retained_bytes: {
    kind: "gauge",
    labels: slotLabels,
    help: {
      en: "WAL that the server keeps for the slot.",
      fr: "WAL que le serveur garde pour le slot.",
    },
    read: ofSlots(({ retainedBytes }, labels) => sampleOf(retainedBytes, labels)),
  },
  pra_slot_safe_bytes: {
    kind: "gauge",
    labels: slotLabels,
    help: {
      en: "What may still be written before the server removes WAL that the slot needs. Absent without max_slot_wal_keep_size.",
      fr: "Ce qui peut encore être écrit avant que le serveur supprime du WAL nécessaire au slot. Absent sans max_slot_wal_keep_size.",
    },
    read: ofSlots(({ safeBytes }, labels) => sampleOf(safeBytes, labels)),
  },
  pra_slot_lost: {
    kind: "gauge",
    labels: slotLabels,
    help: {
      en: "1 when the server has removed WAL that the slot needed: a gap.",
      fr: "1 quand le serveur a supprimé du WAL nécessaire au slot : un trou.",
    },
    read: ofSlots(({ walStatus }, labels) => flagOf(walStatus === "lost", labels)),
  },
  pra_archiver_enabled: {
    kind: "gauge",
    help: { en: "1 with archive_mode on or always.", fr: "1 avec archive_mode à on ou always." },
    read: ({ readings: { server } }) => flagOf(server && server.archiver.mode !== "off"),
  },
  pra_archiver_failures_total: {
    kind: "counter",
    help: {
      en: "Times that archive_command failed since the server's statistics began.",
      fr: "Échecs d'archive_command depuis le début des statistiques du serveur.",
    },
    read: ({ readings: { server } }) =>
      server === undefined || server.archiver.mode === "off"
        ? []
        : sampleOf(server.archiver.failures),
  },
  pra_archiver_last_success_timestamp_seconds: {
    kind: "gauge",
    help: {
      en: "When archive_command last succeeded.",
      fr: "Dernier succès d'archive_command.",
    },
    read: ({ readings: { server } }) => instantOf(server?.archiver.lastArchivedMs),
  },
  pra_archiver_last_failure_timestamp_seconds: {
    kind: "gauge",
    help: { en: "When it last failed.", fr: "Son dernier échec." },
    read: ({ readings: { server } }) => instantOf(server?.archiver.lastFailedMs),
  },
  pra_archiver_segments_waiting: {
    kind: "gauge",
    help: {
      en: "Segments that wait to be archived. Absent without the right to see them.",
      fr: "Segments qui attendent d'être archivés. Absent sans le droit de les voir.",
    },
    read: ({ readings: { server } }) => sampleOf(server?.archiver.waiting?.count),
  },
  pra_certificate_expiry_timestamp_seconds: {
    kind: "gauge",
    labels: ["where"],
    help: {
      en: "When the certificate ends: the server's, the application's, our own.",
      fr: "Fin du certificat : du serveur, de l'application, le nôtre.",
    },
    read: ({ readings: { certificates } }) =>
      certificates.flatMap(({ where, endsMs }) => instantOf(endsMs, { where })),
  },
} as const satisfies MetricEntries;

/** Metrics of looking itself: when it was done, what each check said, which alerts are open, who serves this. */
import type { Track } from "../alert-track.ts";
import { type MetricEntries, type Sample, flagOf, instantOf, sampleOf } from "./metric.ts";

const SEVERITY = { good: 0, note: 1, bad: 2 } as const;

/** One line a rule: whom an alert is about may be a person's address, which is nobody's business here. */
function oldestOf(open: readonly Track[]): readonly Sample[] {
  const oldest = new Map<string, Sample>();
  for (const { rule, about, severity, acknowledged, since } of open) {
    const labels = { rule, about, severity, acknowledged: acknowledged === null ? "no" : "yes" };
    const key = Object.values(labels).join("|");
    const value = Math.min(since.wallMs / 1000, oldest.get(key)?.value ?? Infinity);
    oldest.set(key, { labels, value });
  }
  return [...oldest.values()];
}

/** Their entries. */
export const lookMetrics = {
  pra_build_info: {
    kind: "info",
    labels: ["version"],
    help: {
      en: "The program that looked.",
      fr: "Le programme qui a regardé.",
    },
    read: ({ version }) => sampleOf(1, { version }),
  },
  pra_look_timestamp_seconds: {
    kind: "gauge",
    labels: ["scope"],
    help: {
      en: "When the newest look began: at the server alone, or at everything. Whatever else stands here is as old.",
      fr: "Début du dernier contrôle : du serveur seul, ou de tout. Tout le reste a cet âge.",
    },
    read: ({ looks }) => looks.flatMap(({ scope, atMs }) => instantOf(atMs, { scope })),
  },
  pra_look_duration_seconds: {
    kind: "gauge",
    labels: ["scope"],
    help: { en: "How long it took.", fr: "Sa durée." },
    read: ({ looks }) =>
      looks.flatMap(({ scope, durationMs }) => sampleOf(Math.round(durationMs) / 1000, { scope })),
  },
  pra_look_complete: {
    kind: "gauge",
    labels: ["scope"],
    help: {
      en: "1 when everybody who was asked answered in time.",
      fr: "1 quand tout ce qui a été interrogé a répondu à temps.",
    },
    read: ({ looks }) => looks.flatMap(({ scope, complete }) => flagOf(complete, { scope })),
  },
  pra_check_known: {
    kind: "gauge",
    labels: ["check"],
    help: {
      en: "0 for a check whose answer did not come in time. A check that has no line was not made: what it needs is missing, and another line says so.",
      fr: "0 pour un contrôle dont la réponse n'est pas venue à temps. Un contrôle sans ligne n'a pas été fait : ce qu'il lui faut manque, et une autre ligne le dit.",
    },
    read: ({ checks }) =>
      checks.flatMap(({ check, state }) => flagOf(state !== "unknown", { check })),
  },
  pra_check_severity: {
    kind: "gauge",
    labels: ["check"],
    help: {
      en: "What each check of pra status says: 0 good, 1 worth a look, 2 failed. Absent where it is not known.",
      fr: "Ce que dit chaque contrôle de pra status : 0 bon, 1 à regarder, 2 en échec. Absent quand on ne sait pas.",
    },
    read: ({ checks }) =>
      checks.flatMap(({ check, state }) =>
        state === "unknown" ? [] : sampleOf(SEVERITY[state], { check }),
      ),
  },
  pra_alerts_known: {
    kind: "gauge",
    help: {
      en: "0 when the memory of alerts could not be asked.",
      fr: "0 quand la mémoire des alertes n'a pas pu être interrogée.",
    },
    read: ({ alerts }) => flagOf(alerts !== undefined),
  },
  pra_alerts_open: {
    kind: "gauge",
    labels: ["severity"],
    help: { en: "Alerts that are open.", fr: "Alertes ouvertes." },
    read: ({ alerts }) =>
      alerts === undefined
        ? []
        : (["critical", "warning"] as const).flatMap((severity) =>
            sampleOf(alerts.open.filter((track) => track.severity === severity).length, {
              severity,
            }),
          ),
  },
  pra_alert_opened_timestamp_seconds: {
    kind: "gauge",
    labels: ["rule", "about", "severity", "acknowledged"],
    help: {
      en: "Since when the oldest open alert of each rule has lasted. about: ill, or blind when it could not be judged; acknowledged: yes when somebody has it.",
      fr: "Depuis quand dure la plus ancienne alerte ouverte de chaque règle. about : ill (malade), ou blind quand on n'a pas pu juger ; acknowledged : yes quand quelqu'un s'en charge.",
    },
    read: ({ alerts }) => oldestOf(alerts?.open ?? []),
  },
  pra_alert_messages_waiting: {
    kind: "gauge",
    help: {
      en: "Messages that no channel has taken yet.",
      fr: "Messages qu'aucun canal n'a encore pris.",
    },
    read: ({ alerts }) => sampleOf(alerts?.waiting),
  },
  pra_objective_rpo_seconds: {
    kind: "gauge",
    help: {
      en: "How much work may be lost, as configured.",
      fr: "Combien de travail peut être perdu, d'après la configuration.",
    },
    read: ({ rpoSeconds }) => sampleOf(rpoSeconds),
  },
  pra_objective_rto_seconds: {
    kind: "gauge",
    help: {
      en: "How long it may take until the application answers again, as configured.",
      fr: "Délai admis avant que l'application réponde de nouveau, d'après la configuration.",
    },
    read: ({ rtoSeconds }) => sampleOf(rtoSeconds),
  },
} as const satisfies MetricEntries;

/** Of the daemon, which alone goes on living; their names are those of every exporter. */
export const processMetrics = {
  pra_daemon_looks_total: {
    kind: "counter",
    labels: ["scope"],
    help: { en: "Looks since the daemon began.", fr: "Contrôles depuis le début du démon." },
    read: ({ process }) =>
      process === undefined
        ? []
        : (["server", "everything"] as const).flatMap((scope) =>
            sampleOf(process.looks[scope], { scope }),
          ),
  },
  process_cpu_seconds_total: {
    kind: "counter",
    help: {
      en: "Processor time of the daemon, without its receiver.",
      fr: "Temps processeur du démon, sans son récepteur.",
    },
    read: ({ process }) => sampleOf(process?.cpuSeconds),
  },
  process_resident_memory_bytes: {
    kind: "gauge",
    help: {
      en: "Memory of the daemon, without its receiver.",
      fr: "Mémoire du démon, sans son récepteur.",
    },
    read: ({ process }) => sampleOf(process?.residentBytes),
  },
  process_start_time_seconds: {
    kind: "gauge",
    help: { en: "When the daemon began.", fr: "Début du démon." },
    read: ({ process }) => instantOf(process?.startedAtMs),
  },
  process_open_fds: {
    kind: "gauge",
    help: { en: "Files and sockets that it has open.", fr: "Fichiers et sockets qu'il a ouverts." },
    read: ({ process }) => sampleOf(process?.openFiles),
  },
} as const satisfies MetricEntries;

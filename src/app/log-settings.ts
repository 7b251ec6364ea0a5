/** Where the daemon's log goes. */
import { type SettingEntry, number, path } from "./setting-entry.ts";

/** Part of `settings.ts`. */
export const logSettings = {
  PRA_LOG_FILE: {
    group: "expert",
    kind: path,
    fallback: { en: "standard output", fr: "la sortie standard" },
    example: "/var/log/pra/daemon.log",
    help: {
      en: "Where pra daemon writes its log, readable by its owner alone; each cluster's daemon needs one of its own. logrotate may move it away as well.",
      fr: "Où pra daemon écrit son journal, lisible par son seul propriétaire ; un fichier par cluster. logrotate peut aussi le déplacer.",
    },
  },
  PRA_LOG_FORMAT: {
    group: "expert",
    kind: { type: "choice", choices: ["json", "text"] },
    fallback: { en: "text on a terminal, else json", fr: "text sur un terminal, sinon json" },
    example: "json",
    help: {
      en: "Each line of that log: one JSON object, or words for people.",
      fr: "Chaque ligne de ce journal : un objet JSON, ou des mots pour les gens.",
    },
  },
  PRA_LOG_MB: {
    group: "expert",
    kind: number(1, 1000),
    fallback: "10",
    example: "10",
    help: {
      en: "Megabytes after which PRA_LOG_FILE is put aside and a new one begun.",
      fr: "Mégaoctets au-delà desquels PRA_LOG_FILE est mis de côté et un nouveau commencé.",
    },
  },
  PRA_LOG_FILES: {
    group: "expert",
    kind: number(1, 100),
    fallback: "5",
    example: "5",
    help: {
      en: "How many of them there are at most, the one in use included.",
      fr: "Combien il y en a au plus, celui en cours compris.",
    },
  },
} as const satisfies Readonly<Record<string, SettingEntry>>;

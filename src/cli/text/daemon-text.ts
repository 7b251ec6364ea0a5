/** What `pra daemon` says. */
import type { Language } from "../../core/language.ts";
import type { CommandText } from "../program.ts";

type Messages = CommandText & { readonly optionNoReceiver: string };

const en: Messages = {
  summary: "watch without a pause, and keep the WAL receiver alive",
  description:
    "Asks the server every few seconds and everything once a minute, opens and ends alerts as pra status does under cron, hands them over, and starts the WAL receiver again when it dies. Its log is one JSON object a line. Ends within ten seconds of SIGTERM; a change of .env holds within a minute.",
  examples: [
    ["pra daemon", "in the foreground: as a service of systemd, or under a supervisor"],
    [
      "pra daemon --no-receiver",
      "where another service runs pra wal receive, or archive_command is used",
    ],
  ],
  optionNoReceiver: "do not run pra wal receive",
};

const fr: Messages = {
  summary: "surveiller sans relâche, et garder le récepteur de WAL en vie",
  description:
    "Interroge le serveur toutes les quelques secondes et tout le reste une fois par minute, ouvre et termine les alertes comme pra status sous cron, les remet, et redémarre le récepteur de WAL quand il meurt. Son journal est un objet JSON par ligne. Finit dans les dix secondes après SIGTERM ; un changement de .env vaut dans la minute.",
  examples: [
    ["pra daemon", "au premier plan : comme service de systemd, ou sous un superviseur"],
    [
      "pra daemon --no-receiver",
      "si un autre service lance pra wal receive, ou avec archive_command",
    ],
  ],
  optionNoReceiver: "ne pas lancer pra wal receive",
};

/** The texts by language. */
export const daemonText: Readonly<Record<Language, Messages>> = { en, fr };

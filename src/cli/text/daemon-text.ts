/** What `pra daemon` says. */
import type { Language } from "../../core/language.ts";
import type { CommandText } from "../program.ts";

type Messages = CommandText & { readonly optionNoReceiver: string };

const en: Messages = {
  summary: "watch without a pause, and keep the WAL receiver alive",
  description:
    'Asks the server every few seconds and everything once a minute, opens and ends alerts as pra status does under cron, hands them over, starts the WAL receiver again when it dies, and starts the planned jobs where "pra schedule install --daemon" was run. Its log goes to standard output or to PRA_LOG_FILE, a line an event. Ends within ten seconds of SIGTERM, and its jobs with it; a change of .env holds within a minute, and at once after SIGHUP. SIGUSR2 opens the log anew. With PRA_METRICS_LISTEN (127.0.0.1:19187, say) it serves /metrics for Prometheus and /healthz. Once a day, at PRA_DIGEST_AT, it sends the digest.',
  examples: [
    ["pra daemon", "in the foreground, in a container, or under a supervisor"],
    ["sudo pra schedule install --systemd --daemon", "as a service of systemd"],
    ["PRA_METRICS_LISTEN=127.0.0.1:19187 pra daemon", "with metrics for Prometheus"],
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
    "Interroge le serveur toutes les quelques secondes et tout le reste une fois par minute, ouvre et termine les alertes comme pra status sous cron, les remet, redémarre le récepteur de WAL quand il meurt, et lance les tâches planifiées si « pra schedule install --daemon » l'a voulu. Son journal va sur la sortie standard ou dans PRA_LOG_FILE, une ligne par événement. Finit dans les dix secondes après SIGTERM, et ses tâches avec lui ; un changement de .env vaut dans la minute, et aussitôt après SIGHUP. SIGUSR2 rouvre le journal. Avec PRA_METRICS_LISTEN (127.0.0.1:19187 par exemple) il sert /metrics pour Prometheus et /healthz. Une fois par jour, à PRA_DIGEST_AT, il envoie le résumé.",
  examples: [
    ["pra daemon", "au premier plan, dans un conteneur, ou sous un superviseur"],
    ["sudo pra schedule install --systemd --daemon", "comme service de systemd"],
    ["PRA_METRICS_LISTEN=127.0.0.1:19187 pra daemon", "avec des métriques pour Prometheus"],
    [
      "pra daemon --no-receiver",
      "si un autre service lance pra wal receive, ou avec archive_command",
    ],
  ],
  optionNoReceiver: "ne pas lancer pra wal receive",
};

/** The texts by language. */
export const daemonText: Readonly<Record<Language, Messages>> = { en, fr };

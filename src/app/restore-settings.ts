/** Settings of the places in which restores are tried, of proofs, and of what their results are held against. */
import { type SettingEntry, host, number } from "./setting-entry.ts";

/** A part of the registry in `settings.ts`. */
export const restoreSettings = {
  RESTORE_HOST: {
    group: "restore",
    kind: host,
    fallback: "PG_HOST",
    example: "restore.example.org",
    help: {
      en: "The server on which restore_run.sh restores.",
      fr: "Le serveur sur lequel restore_run.sh restaure.",
    },
  },
  RESTORE_DB: {
    group: "restore",
    kind: { type: "database name" },
    example: "akig_restore",
    essential: true,
    help: {
      en: "The test database that restore_run.sh drops and makes again; never the production one.",
      fr: "La base d'essai que restore_run.sh supprime et recrée ; jamais celle de production.",
    },
  },
  PRA_RPO_MINUTES: {
    group: "restore",
    kind: number(1, 525_600),
    fallback: "60",
    example: "60",
    help: {
      en: "Objective: at most so many minutes of work may be lost.",
      fr: "Objectif : au plus ce nombre de minutes de travail peut être perdu.",
    },
  },
  PRA_BUDGET_MINUTES: {
    group: "restore",
    kind: number(0, 43_200),
    fallback: "432",
    example: "432",
    help: {
      en: "Error budget: how many minutes of 30 days the exposure may be beyond the RPO (432 are 1 %). pra sla holds against it.",
      fr: "Budget d'erreur : combien de minutes sur 30 jours l'exposition peut dépasser le RPO (432 font 1 %). pra sla s'y réfère.",
    },
  },
  PRA_RTO_MINUTES: {
    group: "restore",
    kind: number(1, 525_600),
    fallback: "30",
    example: "30",
    help: {
      en: "Objective: the database is back within so many minutes.",
      fr: "Objectif : la base est de retour en ce nombre de minutes.",
    },
  },
  PRA_PROVE_AFTER_BACKUP: {
    group: "restore",
    kind: { type: "choice", choices: ["no", "full", "all"] },
    fallback: "no",
    example: "full",
    help: {
      en: "Prove each backup as soon as it is taken: no, full (only full ones) or all. A backup whose proof fails stays; pra backup then ends with code 4.",
      fr: "Prouver chaque sauvegarde dès qu'elle est faite : no, full (les complètes seules) ou all (toutes). Une sauvegarde dont la preuve échoue reste ; pra backup finit alors avec le code 4.",
    },
  },
  PRA_PROOF_NICE: {
    group: "restore",
    kind: number(0, 19),
    fallback: "10",
    example: "10",
    help: {
      en: "How much a proof gives way to the rest of this machine: its nice value; above 0 its disk work waits for everybody else's, too.",
      fr: "À quel point une preuve cède le pas au reste de cette machine : sa valeur nice ; au-dessus de 0, ses accès disque passent aussi après ceux des autres.",
    },
  },
  PRA_PROOF_TIME_LIMIT: {
    group: "restore",
    kind: number(1, 35_000),
    fallback: "1440",
    example: "240",
    help: {
      en: "Minutes after which a proof is given up, without a verdict.",
      fr: "Minutes au bout desquelles une preuve est abandonnée, sans verdict.",
    },
  },
  PRA_HEARTBEAT_DATABASE: {
    group: "restore",
    kind: { type: "database name" },
    example: "akig",
    help: {
      en: "The database with the heartbeat's table, by which a proof measures what would be lost. Written by pra heartbeat and pra backup; pra heartbeat --sql prints what makes it.",
      fr: "La base qui contient la table du battement, par laquelle une preuve mesure ce qui serait perdu. Écrite par pra heartbeat et pra backup ; pra heartbeat --sql affiche ce qui la crée.",
    },
  },
} as const satisfies Readonly<Record<string, SettingEntry>>;

/** What `pra heartbeat` says. */
import type { Language } from "../../core/language.ts";
import type { CommandText } from "../program.ts";

type Messages = CommandText & {
  readonly optionSql: string;
  readonly written: (database: string, beatAt: string, beats: string) => string;
  readonly title: (database: string) => string;
};

const en: Messages = {
  summary: "write the row by which a proof measures what would be lost",
  description:
    "Writes one row with the server's time into the table public.pra_heartbeat of PRA_HEARTBEAT_DATABASE. A proof reads it back: how old it is then is what would be lost. Run it every minute or so; pra backup writes one, too.",
  examples: [
    ["pra heartbeat --sql | psql -d akig", "make the table, once, as the owner of that database"],
    ["* * * * * pra heartbeat", "a line of crontab: one beat a minute"],
  ],
  optionSql: "print the statements that make the table and let the role of the backups write there",
  written: (database, beatAt, beats) => `Beat ${beats} written into ${database}: ${beatAt}`,
  title: (database) => `Run this in ${database}, once, as its owner, on the primary server.`,
};

const fr: Messages = {
  summary: "écrire la ligne par laquelle une preuve mesure ce qui serait perdu",
  description:
    "Écrit une ligne avec l'heure du serveur dans la table public.pra_heartbeat de PRA_HEARTBEAT_DATABASE. Une preuve la relit : son âge est alors ce qui serait perdu. À lancer toutes les minutes environ ; pra backup en écrit une aussi.",
  examples: [
    [
      "pra heartbeat --sql | psql -d akig",
      "créer la table, une fois, en propriétaire de cette base",
    ],
    ["* * * * * pra heartbeat", "une ligne de crontab : un battement par minute"],
  ],
  optionSql:
    "afficher les instructions qui créent la table et laissent le rôle des sauvegardes y écrire",
  written: (database, beatAt, beats) => `Battement ${beats} écrit dans ${database} : ${beatAt}`,
  title: (database) =>
    `À exécuter dans ${database}, une fois, en tant que propriétaire, sur le serveur primaire.`,
};

/** The texts by language. */
export const heartbeatText: Readonly<Record<Language, Messages>> = { en, fr };

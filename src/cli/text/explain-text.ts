/** What `pra explain` says. */
import type { Language } from "../../core/language.ts";
import type { CommandText } from "../program.ts";

type Messages = CommandText & {
  readonly argumentCode: string;
  readonly argumentWords: string;
  readonly whatToDo: string;
  readonly retryable: string;
  readonly grantBackup: { readonly message: string; readonly hint: string };
};

const en: Messages = {
  summary: "say what an error code means and what to do",
  argumentWords: "further words of a privilege: GRANT BACKUP",
  argumentCode: "the code, as printed with an error; any case, a unique beginning is enough",
  examples: [
    ["pra explain USAGE_LSN", "what the code means, and the next step"],
    ["pra explain GRANT BACKUP", "what PostgreSQL has in the place of a privilege that it has not"],
  ],
  whatToDo: "What to do: ",
  retryable: "The same command may succeed later without any change.",
  grantBackup: {
    message:
      "PostgreSQL has neither a BACKUP role nor a privilege of that name. A backup over the replication protocol needs the attribute REPLICATION; seeing the server whole needs pg_monitor, dumps need pg_read_all_data, and test restores need CREATEDB, only where restores run.",
    hint: "pra role sql prints the statements for your server's version; pra role sql --apply --as postgres runs them; pra check says which privilege is missing.",
  },
};

const fr: Messages = {
  summary: "expliquer un code d'erreur et dire que faire",
  argumentWords: "les autres mots d'un droit : GRANT BACKUP",
  argumentCode: "le code affiché avec l'erreur ; peu importe la casse, un début unique suffit",
  examples: [
    ["pra explain USAGE_LSN", "le sens du code, et l'étape suivante"],
    ["pra explain GRANT BACKUP", "ce que PostgreSQL a à la place d'un droit qu'il n'a pas"],
  ],
  whatToDo: "Que faire : ",
  retryable: "La même commande peut réussir plus tard sans rien changer.",
  grantBackup: {
    message:
      "PostgreSQL n'a ni rôle BACKUP ni droit de ce nom. Une sauvegarde par le protocole de réplication demande l'attribut REPLICATION ; voir tout le serveur demande pg_monitor, les exports pg_read_all_data, et les essais de restauration CREATEDB, seulement là où l'on restaure.",
    hint: "pra role sql affiche les instructions pour la version de votre serveur ; pra role sql --apply --as postgres les exécute ; pra check dit quel droit manque.",
  },
};

/** The texts by language. */
export const explainText: Readonly<Record<Language, Messages>> = { en, fr };

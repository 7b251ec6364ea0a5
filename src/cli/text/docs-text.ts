/** What `pra docs` says. */
import type { Language } from "../../core/language.ts";
import type { CommandText } from "../program.ts";

type Messages = {
  readonly groupSummary: string;
  readonly metrics: CommandText;
  readonly optionOutput: string;
};

const en: Messages = {
  groupSummary: "make the documents of this installation anew",
  metrics: {
    summary:
      "make METRICS: where this installation stands, how each figure is measured, how it went",
    description:
      "Writes METRICS.html, METRICS.pdf, METRICS.md and METRICS.json from the ledger: figures of the last thirty days against the objectives, ninety days of history as charts, month by month, what the go-live asks of metrics, definitions. Replaces those of before; each is archived in the repository, with its hash in the ledger. Exit code 5: it was made, and could not be archived or recorded.",
    examples: [
      ["pra docs metrics", "beside the state"],
      ["pra docs metrics --output /srv/www/pra --lang fr", "where management reads it, in French"],
    ],
  },
  optionOutput: "the folder that gets METRICS.html and its kin",
};

const fr: Messages = {
  groupSummary: "refaire les documents de cette installation",
  metrics: {
    summary:
      "faire METRICS : où en est cette installation, comment chaque chiffre est mesuré, son histoire",
    description:
      "Écrit METRICS.html, METRICS.pdf, METRICS.md et METRICS.json d'après le journal : les chiffres des trente derniers jours face aux objectifs, quatre-vingt-dix jours en graphiques, mois par mois, ce que la mise en service demande des indicateurs, les définitions. Remplace ceux d'avant ; chacun est archivé dans le dépôt, son empreinte dans le journal. Code de sortie 5 : il a été fait, et n'a pas pu être archivé ou consigné.",
    examples: [
      ["pra docs metrics", "à côté de l'état"],
      ["pra docs metrics --output /srv/www/pra --lang en", "où la direction le lit, en anglais"],
    ],
  },
  optionOutput: "le dossier qui reçoit METRICS.html et les autres",
};

/** By language. */
export const docsText: Readonly<Record<Language, Messages>> = { en, fr };

/** What `pra report daily`, `weekly` and `monthly` say. */
import type { CalendarKind } from "../../core/calendar.ts";
import type { Language } from "../../core/language.ts";
import type { CommandText } from "../program.ts";

type Messages = {
  readonly commands: Readonly<Record<CalendarKind, CommandText>>;
  readonly optionPeriod: Readonly<Record<CalendarKind, string>>;
  readonly optionOutput: string;
  readonly optionFresh: string;
  readonly written: (path: string, endings: string) => string;
  readonly archived: (id: string) => string;
  readonly notArchived: (reason: string) => string;
};

const RULES_EN =
  "Computed from the ledger and archived in the repository with its hash in the ledger. Days, weeks and months are those of PRA_TIME_ZONE. What nobody measured is unknown and never counts as compliant. Exit code 5: it was made, and could not be archived, recorded or handed to everybody.";
const RULES_FR =
  "Calculé d'après le journal et archivé dans le dépôt, son empreinte dans le journal. Jours, semaines et mois sont ceux de PRA_TIME_ZONE. Ce que personne n'a mesuré est inconnu et ne compte jamais comme conforme. Code de sortie 5 : il a été fait, et n'a pas pu être archivé, consigné ou remis à tous.";

const en: Messages = {
  commands: {
    daily: {
      summary: "make the report of a day",
      description: `What was attained in a day, yesterday unless --period says otherwise. ${RULES_EN}`,
      examples: [
        ["pra report daily", "yesterday"],
        ["pra report daily --period 2026-10-25 --output /srv/reports", "a day, into a folder"],
      ],
    },
    weekly: {
      summary: "make the report of a week",
      description: `What was attained in a week from Monday, the last one unless --period says otherwise. ${RULES_EN}`,
      examples: [
        ["pra report weekly --send", "last week, to all who get the daily digest"],
        ["pra report weekly --period 2026-W43 --lang fr", "a week, in French"],
      ],
    },
    monthly: {
      summary: "make the compliance report of a month",
      description: `What was attained in a month, last month unless --period says otherwise, with what it is evidence of and what is not evidenced. ${RULES_EN}`,
      examples: [
        ["pra report monthly", "last month"],
        ["pra report monthly --period 2026-10 --json", "a month, for a script"],
      ],
    },
  },
  optionPeriod: {
    daily: "a day, as 2026-10-25",
    weekly: "a week, as 2026-W43",
    monthly: "a month, as 2026-10",
  },
  optionOutput: "write its files into this folder",
  optionFresh: "read the whole ledger, not what this host remembers of it",
  written: (path, endings) => `Written: ${path}.{${endings}}`,
  archived: (id) => `Archived: ${id}  (pra report show ${id.slice(0, 16)})`,
  notArchived: (reason) => `! Not archived: ${reason}`,
};

const fr: Messages = {
  commands: {
    daily: {
      summary: "faire le rapport d'un jour",
      description: `Ce qui a été atteint en un jour, hier à moins que --period n'en dise autrement. ${RULES_FR}`,
      examples: [
        ["pra report daily", "hier"],
        ["pra report daily --period 2026-10-25 --output /srv/rapports", "un jour, dans un dossier"],
      ],
    },
    weekly: {
      summary: "faire le rapport d'une semaine",
      description: `Ce qui a été atteint en une semaine à partir du lundi, la dernière à moins que --period n'en dise autrement. ${RULES_FR}`,
      examples: [
        [
          "pra report weekly --send",
          "la semaine dernière, à tous ceux qui reçoivent le résumé quotidien",
        ],
        ["pra report weekly --period 2026-W43 --lang en", "une semaine, en anglais"],
      ],
    },
    monthly: {
      summary: "faire le rapport de conformité d'un mois",
      description: `Ce qui a été atteint en un mois, le mois dernier à moins que --period n'en dise autrement, avec ce dont il est la preuve et ce qui n'est pas attesté. ${RULES_FR}`,
      examples: [
        ["pra report monthly", "le mois dernier"],
        ["pra report monthly --period 2026-10 --json", "un mois, pour un script"],
      ],
    },
  },
  optionPeriod: {
    daily: "un jour, comme 2026-10-25",
    weekly: "une semaine, comme 2026-W43",
    monthly: "un mois, comme 2026-10",
  },
  optionOutput: "écrire ses fichiers dans ce dossier",
  optionFresh: "lire le journal entier, et non ce dont cette machine se souvient",
  written: (path, endings) => `Écrit : ${path}.{${endings}}`,
  archived: (id) => `Archivé : ${id}  (pra report show ${id.slice(0, 16)})`,
  notArchived: (reason) => `! Non archivé : ${reason}`,
};

/** By language. */
export const reportPeriodText: Readonly<Record<Language, Messages>> = { en, fr };

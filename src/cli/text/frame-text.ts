/** What the frame of the program says: titles of help pages, global options, how an error is shown. */
import type { Language } from "../../core/language.ts";

type Messages = {
  readonly programDescription: string;
  readonly optionHelp: string;
  readonly optionJson: string;
  readonly optionLang: string;
  readonly optionEnvFile: string;
  readonly optionReason: string;
  readonly helpCommand: string;
  readonly titles: Readonly<Record<string, string>>;
  readonly commandWord: string;
  readonly optionsWord: string;
  readonly examples: string;
  readonly choices: string;
  readonly default: string;
  readonly error: string;
  readonly moreAbout: (code: string) => string;
  readonly unexpectedMessage: (message: string) => string;
  readonly unexpectedHint: string;
  readonly notRecorded: (reason: string) => string;
};

const en: Messages = {
  programDescription: "Disaster recovery for PostgreSQL that proves itself.",
  optionHelp: "show this help",
  optionJson: "print the result as one JSON object",
  optionLang: "language of texts: en or fr",
  optionEnvFile: "read this file instead of .env",
  optionReason: "why, for the ledger: a ticket, a name",
  helpCommand: "show the help of a command",
  titles: {},
  commandWord: "command",
  optionsWord: "options",
  examples: "Examples:",
  choices: "choices: ",
  default: "default: ",
  error: "error: ",
  moreAbout: (code) => `More about it: pra explain ${code}`,
  unexpectedMessage: (message) => `unexpected failure: ${message}`,
  unexpectedHint:
    "This is a defect of pra, or a failure of the system that it does not know. Report it with the lines above.",
  notRecorded: (reason) =>
    `! The ledger could not be written, so nobody will read there of this: ${reason}`,
};

const fr: Messages = {
  programDescription: "La reprise après sinistre de PostgreSQL qui se prouve elle-même.",
  optionHelp: "afficher cette aide",
  optionJson: "écrire le résultat comme un objet JSON",
  optionLang: "langue des textes : en ou fr",
  optionEnvFile: "lire ce fichier au lieu de .env",
  optionReason: "pourquoi, pour le journal : un ticket, un nom",
  helpCommand: "afficher l'aide d'une commande",
  titles: {
    "Usage:": "Utilisation :",
    "Arguments:": "Arguments :",
    "Options:": "Options :",
    "Global Options:": "Options globales :",
    "Commands:": "Commandes :",
  },
  commandWord: "commande",
  optionsWord: "options",
  examples: "Exemples :",
  choices: "choix : ",
  default: "par défaut : ",
  error: "erreur : ",
  moreAbout: (code) => `Pour en savoir plus : pra explain ${code}`,
  unexpectedMessage: (message) => `échec inattendu : ${message}`,
  unexpectedHint:
    "C'est un défaut de pra, ou une panne du système qu'il ne connaît pas. Signalez-le avec les lignes ci-dessus.",
  notRecorded: (reason) =>
    `! Le journal n'a pas pu être écrit, personne n'y lira donc ceci : ${reason}`,
};

/** The frame's texts by language. */
export const frameText: Readonly<Record<Language, Messages>> = { en, fr };

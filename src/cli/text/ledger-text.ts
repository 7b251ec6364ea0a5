/** What `pra ledger` says. */
import { counted, countedFr } from "../../core/counted.ts";
import type { Language } from "../../core/language.ts";
import type { CommandText } from "../program.ts";

type Messages = {
  readonly groupSummary: string;
  readonly list: CommandText;
  readonly verify: CommandText;
  readonly anchor: CommandText;
  readonly optionKind: string;
  readonly optionSince: string;
  readonly optionUntil: string;
  readonly optionWriter: string;
  readonly optionLimit: string;
  readonly optionAnchor: string;
  readonly optionOutput: string;
  readonly optionSend: string;
  readonly nothing: string;
  readonly columns: Readonly<Record<"time" | "kind" | "who" | "why" | "what", string>>;
  readonly older: (hidden: number) => string;
  readonly whole: (events: number, writers: number) => string;
  readonly empty: string;
  readonly problems: (count: number) => string;
  readonly place: (writer: string, sequence: number) => string;
  readonly againstAnchor: (madeAt: string, by: string) => string;
  readonly againstSeen: (writers: number) => string;
  readonly openEnded: (writers: number) => string;
  readonly upTo: (writer: string, sequence: number, time: string) => string;
  readonly more: (writers: number) => string;
  readonly adviceAnchor: string;
  readonly anchored: (events: number, writers: number) => string;
  readonly keepIt: string;
  readonly notRecorded: (reason: string) => string;
  readonly written: (path: string) => string;
};

function writersEn(count: number): string {
  return counted(count, "writer");
}

function auteursFr(count: number): string {
  return countedFr(count, "auteur");
}

const en: Messages = {
  groupSummary: "what was recorded, and whether it is all there",
  list: {
    summary: "show what was recorded: who did what, when, from where, why",
    description:
      "Shows the ledger's events, oldest first: backups, restores, proofs, deletions, keys, alerts, and every access to backups. docs/ledger.md explains each kind. What this shows is authentic object by object; whether anything is missing, pra ledger verify tells.",
    examples: [
      ["pra ledger list", "the newest 50 events"],
      ["pra ledger list --kind accessed --kind restoreFinished", "who read backups"],
      ["pra ledger list --since 2026-11-01 --until 2026-11-30", "a month, both days included"],
      ["pra ledger list --writer db1 --json", "what a host recorded, for a script"],
    ],
  },
  verify: {
    summary: "prove that nothing recorded was edited, removed, moved or forged",
    description:
      "Follows the chain of every writer: each object must be authentic, in its place, by its writer's key, and each event must continue the one before. That the end was cut off shows against an anchor, or against what this host has seen. Writes nothing. Exit code 4: something is wrong.",
    examples: [
      ["pra ledger verify", "against what this host has seen"],
      [
        "pra ledger verify --anchor anchor-2026-10.txt",
        "against an anchor that was kept elsewhere: the file, or the mail it came in",
      ],
      ["pra ledger verify --anchor -", "against one that is pasted, ended with Ctrl-D"],
    ],
  },
  anchor: {
    summary: "print a signed mark of the ledger, to be kept elsewhere",
    description:
      "Verifies the ledger, then prints a short signed text that says how far it goes. Mail it, print it, put it into a ticket: whoever can write the repository must not be able to change it. pra ledger verify --anchor compares later; it takes a mail that was saved, or its text, as it is. The schedule sends one each week (PRA_ANCHOR_EVERY). Exit code 5 with --send: it reached nobody.",
    examples: [
      ["pra ledger anchor", "print it"],
      ["pra ledger anchor --output anchor-2026-11.txt", "write it to a new file"],
      ["pra ledger anchor --send", "by mail and Slack, to all who get the daily digest"],
      ["pra ledger anchor | mail -s 'PRA anchor' audit@example.org", "to somebody else"],
    ],
  },
  optionKind: "only this kind, see docs/ledger.md; may be repeated",
  optionSince: "from this day or instant on, UTC unless it says otherwise",
  optionUntil: "up to this day or instant, included",
  optionWriter: "only of this host, or of writers whose name begins so",
  optionLimit: "the newest so many",
  optionAnchor: "hold the ledger against this file's anchor; - reads it from the terminal",
  optionOutput: "write it into this file, which must not exist yet",
  optionSend: "send it by mail, also as a file, and to Slack, to all who get the daily digest",
  nothing: "No event fits.",
  columns: { time: "time (UTC)", kind: "kind", who: "who", why: "why", what: "what" },
  older: (hidden) => `${hidden} older ones are not shown: --limit N, --since DAY`,
  whole: (events, writers) =>
    `The ledger is whole: ${counted(events, "event")} of ${writersEn(writers)}.`,
  empty: "The ledger is empty: nothing was recorded yet.",
  problems: (count) =>
    count === 1
      ? "The ledger is NOT whole: 1 problem."
      : `The ledger is NOT whole: ${count} problems.`,
  place: (writer, sequence) => `writer ${writer}, event ${sequence}`,
  againstAnchor: (madeAt, by) => `Held against the anchor of ${madeAt} by ${by}.`,
  againstSeen: (writers) => `Held against what this host has seen of ${writersEn(writers)}.`,
  openEnded: (writers) =>
    `Of ${writersEn(writers)} nobody remembers the end: the ledger is proved up to the events named, and what was cut off behind it would not show.`,
  upTo: (writer, sequence, time) => `${writer} up to event ${sequence} of ${time}`,
  more: (writers) => `and ${writers} more: --json names them`,
  adviceAnchor: "An anchor kept elsewhere closes that: pra ledger anchor",
  anchored: (events, writers) => `Anchor of ${counted(events, "event")} of ${writersEn(writers)}.`,
  keepIt: "Keep it where nobody who can write the repository can change it.",
  notRecorded: (reason) => `! The ledger does not say that it was made: ${reason}`,
  written: (path) => `Written: ${path}`,
};

const fr: Messages = {
  groupSummary: "ce qui a été consigné, et si tout y est",
  list: {
    summary: "afficher ce qui a été consigné : qui a fait quoi, quand, d'où, pourquoi",
    description:
      "Affiche les événements du journal, du plus ancien au plus récent : sauvegardes, restaurations, preuves, suppressions, clés, alertes, et chaque accès aux sauvegardes. docs/ledger.md explique chaque genre. Ce qui s'affiche est authentique objet par objet ; s'il manque quelque chose, pra ledger verify le dit.",
    examples: [
      ["pra ledger list", "les 50 derniers événements"],
      ["pra ledger list --kind accessed --kind restoreFinished", "qui a lu des sauvegardes"],
      ["pra ledger list --since 2026-11-01 --until 2026-11-30", "un mois, les deux jours compris"],
      ["pra ledger list --writer db1 --json", "ce qu'une machine a consigné, pour un script"],
    ],
  },
  verify: {
    summary: "prouver que rien de consigné n'a été modifié, supprimé, déplacé ni forgé",
    description:
      "Suit la chaîne de chaque auteur : chaque objet doit être authentique, à sa place, de la clé de son auteur, et chaque événement doit prolonger le précédent. Une fin coupée se voit face à un ancrage, ou face à ce que cette machine a vu. N'écrit rien. Code de sortie 4 : quelque chose ne va pas.",
    examples: [
      ["pra ledger verify", "face à ce que cette machine a vu"],
      ["pra ledger verify --anchor ancrage-2026-10.txt", "face à un ancrage conservé ailleurs"],
      ["pra ledger verify --anchor -", "face à un ancrage collé, terminé par Ctrl-D"],
    ],
  },
  anchor: {
    summary: "afficher une marque signée du journal, à conserver ailleurs",
    description:
      "Vérifie le journal, puis affiche un court texte signé qui dit jusqu'où il va. Envoyez-le par courriel, imprimez-le, mettez-le dans un ticket : qui peut écrire dans le dépôt ne doit pas pouvoir le changer. pra ledger verify --anchor compare plus tard ; il prend un courriel enregistré, ou son texte, tel quel. La planification en envoie un chaque semaine (PRA_ANCHOR_EVERY). Code de sortie 5 avec --send : il n'a atteint personne.",
    examples: [
      ["pra ledger anchor", "l'afficher"],
      ["pra ledger anchor --output ancrage-2026-11.txt", "l'écrire dans un nouveau fichier"],
      [
        "pra ledger anchor --send",
        "par courriel et Slack, à tous ceux qui reçoivent le résumé quotidien",
      ],
      ["pra ledger anchor | mail -s 'Ancrage PRA' audit@example.org", "à quelqu'un d'autre"],
    ],
  },
  optionKind: "seulement ce genre, voir docs/ledger.md ; peut être répété",
  optionSince: "à partir de ce jour ou de cet instant, en UTC sauf mention contraire",
  optionUntil: "jusqu'à ce jour ou cet instant, compris",
  optionWriter: "seulement de cette machine, ou des auteurs dont le nom commence ainsi",
  optionLimit: "au plus tant, les plus récents",
  optionAnchor: "comparer le journal à l'ancrage de ce fichier ; - le lit au terminal",
  optionOutput: "l'écrire dans ce fichier, qui ne doit pas exister encore",
  optionSend:
    "l'envoyer par courriel, aussi en fichier, et à Slack, à tous ceux qui reçoivent le résumé quotidien",
  nothing: "Aucun événement ne convient.",
  columns: { time: "heure (UTC)", kind: "genre", who: "qui", why: "pourquoi", what: "quoi" },
  older: (hidden) => `${hidden} plus anciens ne sont pas affichés : --limit N, --since JOUR`,
  whole: (events, writers) =>
    `Le journal est entier : ${countedFr(events, "événement")} de ${auteursFr(writers)}.`,
  empty: "Le journal est vide : rien n'a encore été consigné.",
  problems: (count) =>
    count === 1
      ? "Le journal n'est PAS entier : 1 problème."
      : `Le journal n'est PAS entier : ${count} problèmes.`,
  place: (writer, sequence) => `auteur ${writer}, événement ${sequence}`,
  againstAnchor: (madeAt, by) => `Comparé à l'ancrage du ${madeAt} fait par ${by}.`,
  againstSeen: (writers) => `Comparé à ce que cette machine a vu de ${auteursFr(writers)}.`,
  openEnded: (writers) =>
    `De ${auteursFr(writers)}, personne ne se rappelle la fin : le journal est prouvé jusqu'aux événements nommés, et ce qui aurait été coupé derrière ne se verrait pas.`,
  upTo: (writer, sequence, time) => `${writer} jusqu'à l'événement ${sequence} du ${time}`,
  more: (writers) => `et ${writers} autres : --json les nomme`,
  adviceAnchor: "Un ancrage conservé ailleurs y remédie : pra ledger anchor",
  anchored: (events, writers) =>
    `Ancrage de ${countedFr(events, "événement")} de ${auteursFr(writers)}.`,
  keepIt: "Conservez-le là où personne qui peut écrire dans le dépôt ne peut le changer.",
  notRecorded: (reason) => `! Le journal ne dit pas qu'il a été fait : ${reason}`,
  written: (path) => `Écrit : ${path}`,
};

/** By language. */
export const ledgerText: Readonly<Record<Language, Messages>> = { en, fr };

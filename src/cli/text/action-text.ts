/** What `pra action` says. */
import { formatDuration } from "../../core/format.ts";
import type { Language } from "../../core/language.ts";
import type { CommandText } from "../program.ts";

type State = "untaken" | "open" | "overdue" | "closed";
type Control = "backup" | "dump" | "proof" | "routine" | "loadtest" | "rpo" | "rto" | "other";

/** What failed. */
export type FailureWords = { readonly subject: string; readonly detail: string };

type Messages = {
  readonly groupSummary: string;
  readonly list: CommandText;
  readonly open: CommandText;
  readonly assign: CommandText;
  readonly close: CommandText;
  readonly argumentId: string;
  readonly argumentTitle: string;
  readonly optionAll: string;
  readonly optionOwner: string;
  readonly optionDue: string;
  readonly optionBy: string;
  readonly optionWhy: string;
  readonly optionWhyClosed: string;
  readonly columns: Readonly<Record<"id" | "what" | "owner" | "due" | "state", string>> & {
    readonly opened: (zone: string) => string;
  };
  readonly states: Readonly<Record<State, string>>;
  /** A failed control in a few words; of `other` the person's title is shown. */
  readonly failures: Readonly<Record<Exclude<Control, "other">, (of: FailureWords) => string>>;
  readonly nothing: string;
  readonly nothingOpen: (closed: number) => string;
  readonly closedHidden: (count: number) => string;
  readonly closedBy: (id: string, at: string, by: string, why: string) => string;
  readonly opened: (id: string, due: string, owner: string) => string;
  readonly assigned: (id: string, owner: string, due: string) => string;
  readonly closed: (id: string, by: string) => string;
  readonly nobody: string;
  readonly notRecorded: (reason: string) => string;
};

function withDetail(text: string, detail: string): string {
  return detail === "" ? text : `${text} (${detail})`;
}

function worst(detail: string, language: Language): string {
  return formatDuration(Number(detail) * 1000, language);
}

const en: Messages = {
  groupSummary: "corrective actions: what failed and must be put right, by whom, until when",
  list: {
    summary: "list what is to be put right",
    description:
      "A failed backup, dump, proof or load test, a routine that was missed and an objective that was missed open an action by themselves, once: while it is open, further failures of the same belong to it. pra status tells what nobody has and what is overdue. Exit code 4: something is overdue; 5: something is open.",
    examples: [
      ["pra action list", "what is open"],
      ["pra action list --all --json", "closed ones too, for a script"],
    ],
  },
  open: {
    summary: "open one by hand",
    examples: [
      [
        'pra action open "second copy of the keys" --owner "Awa Diop" --due 2026-12-15 --by "Léa Roy"',
        "recorded in the ledger",
      ],
    ],
  },
  assign: {
    summary: "say who does it, or by when",
    examples: [
      ['pra action assign 3fa2c1d0 --owner "Awa Diop" --by "Léa Roy"', "she has it"],
      [
        'pra action assign 3fa2c1d0 --due 2026-12-20 --by "Awa Diop" --why "disk ordered"',
        "another day, and why",
      ],
    ],
  },
  close: {
    summary: "say by name that it is put right, and how",
    examples: [
      [
        'pra action close 3fa2c1d0 --by "Awa Diop" --why "disk replaced, proof of 20:10 good"',
        "recorded in the ledger; if it fails again, another one opens",
      ],
    ],
  },
  argumentId: "its id, or the beginning of it",
  argumentTitle: "what is to be done",
  optionAll: "closed ones too",
  optionOwner: "who does it",
  optionDue: "until the end of which day, as 2026-12-15; without it in a week",
  optionBy: "who says so",
  optionWhy: "why",
  optionWhyClosed: "how it was put right, and why it will not happen again",
  columns: {
    id: "id",
    opened: (zone) => `opened (${zone})`,
    what: "what",
    owner: "owner",
    due: "due",
    state: "state",
  },
  states: { untaken: "! nobody has it", open: "in hand", overdue: "✗ overdue", closed: "✓ closed" },
  failures: {
    backup: ({ detail }) => withDetail("a backup failed", detail),
    dump: ({ detail }) => withDetail("a dump failed", detail),
    proof: ({ detail }) => withDetail("a proof failed", detail),
    routine: ({ subject }) => `routine missed: ${subject}`,
    loadtest: ({ detail }) => withDetail("the load test failed", detail),
    rpo: ({ subject, detail }) => `RPO missed in ${subject}: ${worst(detail, "en")} at worst`,
    rto: ({ subject, detail }) => `RTO missed in ${subject}: ${worst(detail, "en")} at worst`,
  },
  nothing: "No corrective action was ever opened.",
  nothingOpen: (closed) => `Nothing is to be put right; ${closed} closed: --all`,
  closedHidden: (count) => `${count} closed: --all`,
  closedBy: (id, at, by, why) => `✓ ${id} closed on ${at} by ${by}: ${why}`,
  opened: (id, due, owner) => `Opened ${id}: ${owner} has it until ${due}.`,
  assigned: (id, owner, due) => `Recorded: ${owner} has ${id} until ${due}.`,
  closed: (id, by) => `Recorded: ${id} is closed, as ${by} said.`,
  nobody: "nobody",
  notRecorded: (reason) => `What failed lately and has no action yet is missing here: ${reason}`,
};

const fr: Messages = {
  groupSummary: "actions correctives : ce qui a échoué et doit être corrigé, par qui, pour quand",
  list: {
    summary: "lister ce qui est à corriger",
    description:
      "Une sauvegarde, un export, une preuve ou un test de charge qui échoue, une routine manquée et un objectif manqué ouvrent d'eux-mêmes une action, une seule : tant qu'elle est ouverte, les échecs suivants du même genre lui appartiennent. pra status dit ce dont personne n'a la charge et ce qui est en retard. Code de sortie 4 : quelque chose est en retard ; 5 : quelque chose est ouvert.",
    examples: [
      ["pra action list", "ce qui est ouvert"],
      ["pra action list --all --json", "les closes aussi, pour un script"],
    ],
  },
  open: {
    summary: "en ouvrir une à la main",
    examples: [
      [
        'pra action open "seconde copie des clés" --owner "Awa Diop" --due 2026-12-15 --by "Léa Roy"',
        "consignée dans le journal",
      ],
    ],
  },
  assign: {
    summary: "dire qui s'en charge, ou pour quand",
    examples: [
      ['pra action assign 3fa2c1d0 --owner "Awa Diop" --by "Léa Roy"', "elle s'en charge"],
      [
        'pra action assign 3fa2c1d0 --due 2026-12-20 --by "Awa Diop" --why "disque commandé"',
        "un autre jour, et pourquoi",
      ],
    ],
  },
  close: {
    summary: "dire nommément que c'est corrigé, et comment",
    examples: [
      [
        'pra action close 3fa2c1d0 --by "Awa Diop" --why "disque remplacé, preuve de 20:10 bonne"',
        "consigné dans le journal ; si cela échoue encore, une autre s'ouvre",
      ],
    ],
  },
  argumentId: "son identifiant, ou le début",
  argumentTitle: "ce qui est à faire",
  optionAll: "les closes aussi",
  optionOwner: "qui s'en charge",
  optionDue: "jusqu'à la fin de quel jour, comme 2026-12-15 ; sinon dans une semaine",
  optionBy: "qui le dit",
  optionWhy: "pourquoi",
  optionWhyClosed: "comment c'est corrigé, et pourquoi cela ne se reproduira pas",
  columns: {
    id: "id",
    opened: (zone) => `ouverte (${zone})`,
    what: "quoi",
    owner: "responsable",
    due: "échéance",
    state: "état",
  },
  states: {
    untaken: "! sans responsable",
    open: "prise en charge",
    overdue: "✗ en retard",
    closed: "✓ close",
  },
  failures: {
    backup: ({ detail }) => withDetail("une sauvegarde a échoué", detail),
    dump: ({ detail }) => withDetail("un export a échoué", detail),
    proof: ({ detail }) => withDetail("une preuve a échoué", detail),
    routine: ({ subject }) => `routine manquée : ${subject}`,
    loadtest: ({ detail }) => withDetail("le test de charge a échoué", detail),
    rpo: ({ subject, detail }) => `RPO manqué en ${subject} : ${worst(detail, "fr")} au pire`,
    rto: ({ subject, detail }) => `RTO manqué en ${subject} : ${worst(detail, "fr")} au pire`,
  },
  nothing: "Aucune action corrective n'a jamais été ouverte.",
  nothingOpen: (closed) => `Rien n'est à corriger ; ${closed} closes : --all`,
  closedHidden: (count) => `${count} closes : --all`,
  closedBy: (id, at, by, why) => `✓ ${id} close le ${at} par ${by} : ${why}`,
  opened: (id, due, owner) => `Ouverte ${id} : ${owner} s'en charge jusqu'au ${due}.`,
  assigned: (id, owner, due) => `Consigné : ${owner} se charge de ${id} jusqu'au ${due}.`,
  closed: (id, by) => `Consigné : ${id} est close, dit ${by}.`,
  nobody: "personne",
  notRecorded: (reason) =>
    `Ce qui a échoué récemment et n'a pas encore d'action manque ici : ${reason}`,
};

/** By language. */
export const actionText: Readonly<Record<Language, Messages>> = { en, fr };

/** What `pra report` says. */
import type { ReportState } from "../../app/report-operations.ts";
import type { Language } from "../../core/language.ts";
import type { CommandText } from "../program.ts";

type Messages = {
  readonly groupSummary: string;
  readonly list: CommandText;
  readonly show: CommandText;
  readonly argumentId: string;
  readonly optionKind: string;
  readonly optionLimit: string;
  readonly optionFormat: string;
  readonly optionOutput: string;
  readonly columns: Readonly<
    Record<"id" | "kind" | "time" | "about" | "verdict" | "size" | "state", string>
  >;
  readonly states: Readonly<Record<ReportState["kind"], string>>;
  /** Verdicts of all kinds; others are shown as they are. */
  readonly verdicts: Readonly<Record<string, string>>;
  readonly nothing: string;
  readonly older: (hidden: number) => string;
  readonly altered: (id: string, reason: string) => string;
  readonly missing: (id: string) => string;
  readonly unrecorded: (id: string) => string;
  readonly unread: (parts: number) => string;
  readonly written: (path: string) => string;
  readonly notRecorded: (reason: string) => string;
};

const en: Messages = {
  groupSummary:
    "make the reports of a day, a week or a month, and show those that the repository keeps",
  list: {
    summary: "list the archived reports, each held against the ledger",
    description:
      "Lists reports of proofs, restore tests, load tests, days, weeks and months, newest first, and reads each: it must be what the ledger recorded when it was archived. Exit code 4: one was changed or is missing; 5: one is not recorded.",
    examples: [
      ["pra report list", "the newest 50"],
      ["pra report list --kind proof --limit 500", "more proofs"],
    ],
  },
  show: {
    summary: "show one report as it was made",
    description:
      "Shows the report byte by byte as it was archived: its SHA-256 is the one that the ledger holds (pra ledger list --kind reportArchived). One that was changed since is refused.",
    examples: [
      ["pra report show 0192a4b7c5d0", "as text"],
      [
        "pra report show 0192a4b7c5d0 --format html --lang fr --output proof.html",
        "a page in French, for an auditor",
      ],
    ],
  },
  argumentId: "the report's id, or the beginning of it",
  optionKind: "only this kind: proof, restore-db, loadtest, daily, weekly, monthly, metrics",
  optionLimit: "the newest so many",
  optionFormat: "md, html, json or pdf; a pdf needs --output",
  optionOutput: "write it into this file, which must not exist yet",
  columns: {
    id: "id",
    kind: "kind",
    time: "made (UTC)",
    about: "about",
    verdict: "verdict",
    size: "size",
    state: "archive",
  },
  states: { whole: "✓", altered: "✗ changed", missing: "✗ missing", unrecorded: "! unrecorded" },
  verdicts: {
    proved: "✓ proved",
    passed: "✓ passed",
    failed: "✗ failed",
    unfit: "! unproven",
    met: "✓ met",
    missed: "✗ missed",
    notDemonstrated: "? not demonstrated",
  },
  nothing: "No report is archived yet. Next: pra prove",
  older: (hidden) => `${hidden} older ones are not shown: --limit N`,
  altered: (id, reason) => `✗ ${id} is not what was recorded: ${reason}`,
  missing: (id) => `✗ ${id} is recorded, and missing from the repository`,
  unrecorded: (id) => `! ${id} is there, and no event of the ledger names it`,
  unread: (parts) =>
    `! ${parts === 1 ? "One part" : `${parts} parts`} of the ledger could not be read. Next: pra ledger verify`,
  written: (path) => `Written: ${path}`,
  notRecorded: (reason) => `! The ledger does not say that it was read: ${reason}`,
};

const fr: Messages = {
  groupSummary:
    "faire les rapports d'un jour, d'une semaine ou d'un mois, et montrer ceux que le dépôt conserve",
  list: {
    summary: "lister les rapports archivés, chacun comparé au journal",
    description:
      "Liste les rapports de preuves, de tests de restauration et de charge, de jours, de semaines et de mois, du plus récent au plus ancien, et lit chacun : il doit être ce que le journal a consigné à son archivage. Code de sortie 4 : l'un a été modifié ou manque ; 5 : l'un n'est pas consigné.",
    examples: [
      ["pra report list", "les 50 derniers"],
      ["pra report list --kind proof --limit 500", "davantage de preuves"],
    ],
  },
  show: {
    summary: "afficher un rapport tel qu'il a été fait",
    description:
      "Affiche le rapport octet par octet tel qu'il a été archivé : son SHA-256 est celui du journal (pra ledger list --kind reportArchived). Un rapport modifié depuis est refusé.",
    examples: [
      ["pra report show 0192a4b7c5d0", "en texte"],
      [
        "pra report show 0192a4b7c5d0 --format html --lang fr --output preuve.html",
        "une page en français, pour un auditeur",
      ],
    ],
  },
  argumentId: "l'identifiant du rapport, ou son début",
  optionKind: "seulement ce genre : proof, restore-db, loadtest, daily, weekly, monthly, metrics",
  optionLimit: "les derniers, autant que cela",
  optionFormat: "md, html, json ou pdf ; un pdf demande --output",
  optionOutput: "l'écrire dans ce fichier, qui ne doit pas encore exister",
  columns: {
    id: "identifiant",
    kind: "genre",
    time: "fait (UTC)",
    about: "sujet",
    verdict: "verdict",
    size: "taille",
    state: "archive",
  },
  states: {
    whole: "✓",
    altered: "✗ modifié",
    missing: "✗ absent",
    unrecorded: "! non consigné",
  },
  verdicts: {
    proved: "✓ prouvée",
    passed: "✓ réussi",
    failed: "✗ échec",
    unfit: "! non prouvée",
    met: "✓ atteint",
    missed: "✗ manqué",
    notDemonstrated: "? non démontré",
  },
  nothing: "Aucun rapport n'est encore archivé. Ensuite : pra prove",
  older: (hidden) => `${hidden} plus anciens ne sont pas affichés : --limit N`,
  altered: (id, reason) => `✗ ${id} n'est pas ce qui a été consigné : ${reason}`,
  missing: (id) => `✗ ${id} est consigné, et manque au dépôt`,
  unrecorded: (id) => `! ${id} est là, et aucun événement du journal ne le nomme`,
  unread: (parts) =>
    `! ${parts === 1 ? "Une partie" : `${parts} parties`} du journal ${parts === 1 ? "n'a pas pu être lue" : "n'ont pas pu être lues"}. Ensuite : pra ledger verify`,
  written: (path) => `Écrit : ${path}`,
  notRecorded: (reason) => `! Le journal ne dit pas qu'il a été lu : ${reason}`,
};

/** The texts by language. */
export const reportText: Readonly<Record<Language, Messages>> = { en, fr };

/** What `pra evidence` says. */
import { counted, countedFr } from "../../core/counted.ts";
import type { Language } from "../../core/language.ts";
import type { CommandText } from "../program.ts";

type Messages = {
  readonly groupSummary: string;
  readonly export: CommandText;
  readonly optionFrom: string;
  readonly optionTo: string;
  readonly optionMonth: string;
  readonly optionFile: string;
  readonly reading: string;
  readonly read: (events: string) => string;
  readonly written: (path: string, size: string) => string;
  readonly period: (from: string, to: string, zone: string) => string;
  readonly goesOn: string;
  readonly events: string;
  readonly ofWriters: (events: string, writers: string) => string;
  readonly lists: string;
  readonly reports: string;
  readonly missing: (report: string) => string;
  readonly altered: (report: string, reason: string) => string;
  readonly check: string;
  readonly checkHint: string;
  readonly root: string;
  readonly rootHint: string;
  readonly hash: string;
  readonly verifierHash: string;
  readonly listNames: Readonly<Record<string, string>>;
};

const en: Messages = {
  groupSummary: "evidence of a period, for an auditor who checks it without this program",
  export: {
    summary: "write a period's ledger, lists and reports into one archive, with a verifier",
    description:
      "The archive holds every event of the period, the signed heads that it must end with, all populations as CSV and JSON (backups, proofs, restores, alerts, accesses, actions ...) whose counts add up with the ledger, days and weeks without a backup or a proof, what was attained, and the archived reports. Whoever gets it runs verify_evidence.py, which needs Python 3 and nothing of ours. A ledger that is not whole is refused. Days, weeks and months are those of PRA_TIME_ZONE. Exit code 4: a report is missing or was changed; the archive says which.",
    examples: [
      ["pra evidence export --month 2026-10 --to-file october.tar", "a month"],
      [
        "pra evidence export --from 2026-01-01 --to 2026-06-30 --to-file half-year.tar",
        "any period",
      ],
    ],
  },
  optionFrom: "first day, or an instant with its zone",
  optionTo: "last day, included, or an instant",
  optionMonth: "a month, as 2026-10; without any of these the current one so far",
  optionFile: "the archive, which must not exist yet",
  reading: "Reading and verifying the ledger",
  read: (events) => counted(events, "event"),
  written: (path, size) => `Written: ${path} (${size})`,
  period: (from, to, zone) => `From ${from} to ${to} (${zone})`,
  goesOn:
    "The period is not over, or ended less than an hour ago: the ledger goes up to now, and evidence of the next period will hold these last events again.",
  events: "events",
  ofWriters: (events, writers) => `${events} of ${writers} processes`,
  lists: "lists",
  reports: "reports",
  missing: (report) => `✗ the report ${report} is recorded, and missing from the repository`,
  altered: (report, reason) => `✗ the report ${report} is not what was recorded: ${reason}`,
  check: "to check it",
  checkHint: "python3 -I verify_evidence.py --root",
  root: "root key",
  rootHint: "as on the printed recovery sheet; hand it over by another way than the archive",
  hash: "SHA-256",
  verifierHash: "verifier",
  listNames: {},
};

const fr: Messages = {
  groupSummary:
    "éléments de preuve d'une période, pour un auditeur qui les vérifie sans ce programme",
  export: {
    summary:
      "écrire le journal, les listes et les rapports d'une période dans une archive, avec un vérificateur",
    description:
      "L'archive contient chaque événement de la période, les têtes signées par lesquelles il doit finir, toutes les populations en CSV et JSON (sauvegardes, preuves, restaurations, alertes, accès, actions ...) dont les comptes s'additionnent avec le journal, les jours et semaines sans sauvegarde ou sans preuve, ce qui a été atteint, et les rapports archivés. Qui la reçoit lance verify_evidence.py, qui demande Python 3 et rien de nous. Un journal qui n'est pas entier est refusé. Jours, semaines et mois sont ceux de PRA_TIME_ZONE. Code de sortie 4 : un rapport manque ou a été modifié ; l'archive dit lequel.",
    examples: [
      ["pra evidence export --month 2026-10 --to-file octobre.tar", "un mois"],
      [
        "pra evidence export --from 2026-01-01 --to 2026-06-30 --to-file semestre.tar",
        "une période quelconque",
      ],
    ],
  },
  optionFrom: "premier jour, ou un instant avec son fuseau",
  optionTo: "dernier jour, compris, ou un instant",
  optionMonth: "un mois, comme 2026-10 ; sans aucune de ces options, le mois en cours",
  optionFile: "l'archive, qui ne doit pas encore exister",
  reading: "Lecture et vérification du journal",
  read: (events) => countedFr(events, "événement"),
  written: (path, size) => `Écrit : ${path} (${size})`,
  period: (from, to, zone) => `Du ${from} au ${to} (${zone})`,
  goesOn:
    "La période n'est pas finie, ou l'est depuis moins d'une heure : le journal va jusqu'à maintenant, et la période suivante contiendra de nouveau ces derniers événements.",
  events: "événements",
  ofWriters: (events, writers) => `${events} de ${writers} processus`,
  lists: "listes",
  reports: "rapports",
  missing: (report) => `✗ le rapport ${report} est consigné, et manque au dépôt`,
  altered: (report, reason) => `✗ le rapport ${report} n'est pas ce qui a été consigné : ${reason}`,
  check: "pour vérifier",
  checkHint: "python3 -I verify_evidence.py --lang fr --root",
  root: "clé racine",
  rootHint:
    "comme sur la feuille de secours imprimée ; transmettez-la par une autre voie que l'archive",
  hash: "SHA-256",
  verifierHash: "vérificateur",
  listNames: {
    backups: "sauvegardes",
    dumps: "exports",
    proofs: "preuves",
    restores: "restaurations",
    "load-tests": "tests de charge",
    alerts: "alertes",
    accesses: "accès",
    keys: "clés",
    deletions: "suppressions",
    duties: "routines faites",
    reports: "rapports",
    "wal-incidents": "incidents WAL",
    operations: "opérations",
  },
};

/** By language. */
export const evidenceText: Readonly<Record<Language, Messages>> = { en, fr };

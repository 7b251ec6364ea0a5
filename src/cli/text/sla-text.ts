/** What `pra sla` says. */
import { counted, countedFr } from "../../core/counted.ts";
import type { Language } from "../../core/language.ts";
import type { CommandText } from "../program.ts";

type Verdict = "met" | "missed" | "notDemonstrated";

type Messages = {
  readonly sla: CommandText;
  readonly optionFrom: string;
  readonly optionTo: string;
  readonly optionMonth: string;
  readonly optionFresh: string;
  readonly verdicts: Readonly<Record<Verdict, string>>;
  readonly period: (from: string, to: string, zone: string) => string;
  readonly goesOn: string;
  readonly nothing: string;
  readonly cluster: (name: string) => string;
  readonly objectives: string;
  readonly objective: (rpo: string, rto: string) => string;
  readonly since: (instant: string, objective: string) => string;
  readonly noObjective: string;
  readonly exposure: string;
  readonly exposureShares: (within: string, beyond: string, unknown: string) => string;
  readonly exposureWorst: (worst: string, median: string) => string;
  readonly nobodyLooked: string;
  readonly budget: string;
  readonly budgetFacts: (used: string, allowed: string, left: string) => string;
  readonly budgetOver: (used: string, allowed: string, over: string) => string;
  readonly rpo: string;
  readonly rto: string;
  readonly measured: (count: number, missed: number, worst: string, last: string) => string;
  readonly notMeasured: string;
  readonly prediction: string;
  readonly foretold: (seconds: string, from: string, to: string, proofs: number) => string;
  readonly foretoldByRates: (seconds: string, from: string, to: string, restores: number) => string;
  readonly foretoldFor: (bytes: string, wal: string) => string;
  readonly checked: (within: number, checked: number) => string;
  readonly tooFew: string;
  readonly backups: string;
  readonly dumps: string;
  readonly proofs: string;
  readonly rate: (good: number, tried: number, share: string) => string;
  readonly none: string;
  readonly routines: string;
  readonly routineNames: Readonly<Record<"daily backup" | "weekly proof", string>>;
  readonly missedRoutines: (count: number, what: string) => string;
  readonly undone: (count: number, what: string) => string;
  readonly reading: string;
  readonly readObjects: (objects: string) => string;
  readonly allDone: string;
  readonly nothingDue: string;
  readonly missedRuns: string;
  readonly alerts: (count: number) => string;
};

const en: Messages = {
  sla: {
    summary: "what was attained against the objectives, measured",
    description:
      "Judges a period from the ledger: exposure over time against the RPO of each instant, RPO and RTO as proofs measured them, success of backups and proofs, routines that were missed. What nobody measured is unknown and never counts as compliant. Days, weeks and months are those of PRA_TIME_ZONE. Exit code 4: something was missed or is not demonstrated.",
    examples: [
      ["pra sla", "this month so far"],
      ["pra sla --month 2026-10 --lang fr", "a month, in French"],
      ["pra sla --from 2026-10-01 --to 2026-12-31 --json", "a quarter, for a script"],
    ],
  },
  optionFrom: "first day, or an instant with its zone",
  optionTo: "last day, included, or an instant",
  optionMonth: "a month, as 2026-11",
  optionFresh: "read the whole ledger, not what this host remembers of it",
  verdicts: { met: "MET", missed: "MISSED", notDemonstrated: "NOT DEMONSTRATED" },
  period: (from, to, zone) => `From ${from} to ${to} (${zone})`,
  goesOn: "(goes on)",
  nothing:
    "The ledger says nothing of any cluster yet: run pra status every 5 minutes, pra backup and pra prove.",
  cluster: (name) => `Cluster ${name}`,
  objectives: "objectives",
  objective: (rpo, rto) => `RPO below ${rpo}, RTO below ${rto}`,
  since: (instant, objective) => `from ${instant}: ${objective}`,
  noObjective: "none is recorded: no look was",
  exposure: "exposure",
  exposureShares: (within, beyond, unknown) =>
    `${within} of the time within, ${beyond} beyond, ${unknown} unknown`,
  exposureWorst: (worst, median) => `worst ${worst}, half of the time below ${median}`,
  nobodyLooked: "nobody looked",
  budget: "error budget",
  budgetFacts: (used, allowed, left) => `${used} used of ${allowed}, ${left} left`,
  budgetOver: (used, allowed, over) => `${used} used of ${allowed}: ${over} too much`,
  rpo: "RPO by proofs",
  rto: "RTO by proofs",
  measured: (count, missed, worst, last) =>
    `measured ${counted(count, "time")}, ${missed} beyond the objective; worst ${worst}, last ${last}`,
  notMeasured: "not measured",
  prediction: "next restore",
  foretold: (seconds, from, to, proofs) =>
    `${seconds} foreseen, between ${from} and ${to}, from ${counted(proofs, "proof")}`,
  foretoldByRates: (seconds, from, to, restores) =>
    `${seconds} foreseen, between ${from} and ${to}, by the rates of ${counted(restores, "measured restore")}`,
  foretoldFor: (bytes, wal) => `for ${bytes} and ${wal} of WAL, until the server answers`,
  checked: (within, checked) => `of ${checked} foreseen so, ${within} came true`,
  tooFew: "too few proofs to foresee it",
  backups: "backups",
  dumps: "dumps",
  proofs: "proofs",
  rate: (good, tried, share) => `${good} of ${tried} good (${share})`,
  none: "none",
  routines: "routines",
  routineNames: { "daily backup": "a backup every day", "weekly proof": "a proof every week" },
  missedRoutines: (count, what) => `missed ${count}: ${what}`,
  undone: (count, what) => `of the schedule ${count} not done: ${what}`,
  reading: "Reading the ledger; the next time only what is new",
  readObjects: (objects) => counted(objects, "object"),
  allDone: "all done",
  nothingDue: "no whole day was over",
  missedRuns: "missed runs",
  alerts: (count) => `told ${count} times`,
};

const fr: Messages = {
  sla: {
    summary: "ce qui a été atteint face aux objectifs, mesuré",
    description:
      "Juge une période d'après le journal : l'exposition au fil du temps face au RPO de chaque instant, le RPO et le RTO mesurés par les preuves, la réussite des sauvegardes et des preuves, les routines manquées. Ce que personne n'a mesuré est inconnu et ne compte jamais comme conforme. Jours, semaines et mois sont ceux de PRA_TIME_ZONE. Code de sortie 4 : quelque chose a été manqué ou n'est pas démontré.",
    examples: [
      ["pra sla", "ce mois-ci jusqu'à présent"],
      ["pra sla --month 2026-10 --lang en", "un mois, en anglais"],
      ["pra sla --from 2026-10-01 --to 2026-12-31 --json", "un trimestre, pour un script"],
    ],
  },
  optionFrom: "premier jour, ou un instant avec son fuseau",
  optionTo: "dernier jour, compris, ou un instant",
  optionMonth: "un mois, comme 2026-11",
  optionFresh: "lire le journal entier, et non ce dont cette machine se souvient",
  verdicts: { met: "ATTEINT", missed: "MANQUÉ", notDemonstrated: "NON DÉMONTRÉ" },
  period: (from, to, zone) => `Du ${from} au ${to} (${zone})`,
  goesOn: "(en cours)",
  nothing:
    "Le journal ne dit encore rien d'aucun cluster : lancez pra status toutes les 5 minutes, pra backup et pra prove.",
  cluster: (name) => `Cluster ${name}`,
  objectives: "objectifs",
  objective: (rpo, rto) => `RPO sous ${rpo}, RTO sous ${rto}`,
  since: (instant, objective) => `à partir du ${instant} : ${objective}`,
  noObjective: "aucun n'est consigné : aucune observation ne l'est",
  exposure: "exposition",
  exposureShares: (within, beyond, unknown) =>
    `${within} du temps dans l'objectif, ${beyond} au-delà, ${unknown} inconnu`,
  exposureWorst: (worst, median) => `au pire ${worst}, la moitié du temps sous ${median}`,
  nobodyLooked: "personne n'a regardé",
  budget: "budget d'erreur",
  budgetFacts: (used, allowed, left) => `${used} utilisés sur ${allowed}, reste ${left}`,
  budgetOver: (used, allowed, over) => `${used} utilisés sur ${allowed} : ${over} de trop`,
  rpo: "RPO par preuves",
  rto: "RTO par preuves",
  measured: (count, missed, worst, last) =>
    `mesuré ${count} fois, ${missed} au-delà de l'objectif ; au pire ${worst}, en dernier ${last}`,
  notMeasured: "non mesuré",
  prediction: "prochaine restauration",
  foretold: (seconds, from, to, proofs) =>
    `${seconds} prévus, entre ${from} et ${to}, d'après ${countedFr(proofs, "preuve")}`,
  foretoldByRates: (seconds, from, to, restores) =>
    `${seconds} prévus, entre ${from} et ${to}, d'après les débits de ${countedFr(restores, "restauration mesurée", "restaurations mesurées")}`,
  foretoldFor: (bytes, wal) => `pour ${bytes} et ${wal} de WAL, jusqu'à ce que le serveur réponde`,
  checked: (within, checked) => `sur ${checked} ainsi prévues, ${within} se sont vérifiées`,
  tooFew: "trop peu de preuves pour la prévoir",
  backups: "sauvegardes",
  dumps: "exports",
  proofs: "preuves",
  rate: (good, tried, share) => `${countedFr(good, "réussie")} sur ${tried} (${share})`,
  none: "aucune",
  routines: "routines",
  routineNames: {
    "daily backup": "une sauvegarde par jour",
    "weekly proof": "une preuve par semaine",
  },
  missedRoutines: (count, what) => `${countedFr(count, "manquée")} : ${what}`,
  undone: (count, what) => `du planning ${countedFr(count, "non faite", "non faites")} : ${what}`,
  reading: "Lecture du journal ; la prochaine fois seulement ce qui est nouveau",
  readObjects: (objects) => countedFr(objects, "objet"),
  allDone: "toutes faites",
  nothingDue: "aucun jour entier n'est écoulé",
  missedRuns: "exécutions manquées",
  alerts: (count) => `signalées ${count} fois`,
};

/** By language. */
export const slaText: Readonly<Record<Language, Messages>> = { en, fr };

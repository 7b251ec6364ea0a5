/** The words of the METRICS document. */
import { counted, countedFr } from "../../core/counted.ts";
import type { Language } from "../../core/language.ts";

type Metric =
  | "exposure"
  | "within"
  | "worst"
  | "lastRto"
  | "worstRto"
  | "rpo"
  | "backups"
  | "proofs"
  | "unknown";

type Words = {
  readonly title: string;
  readonly refreshed: (at: string) => string;
  readonly detail: string;
  readonly titles: Readonly<
    Record<"metrics" | "exposure" | "rto" | "months" | "days" | "items" | "definitions", string>
  >;
  readonly heads: Readonly<
    Record<"metric" | "value" | "objective" | "state" | "how" | "item" | "asks" | "shown", string>
  >;
  readonly metrics: Readonly<Record<Metric, readonly [name: string, how: string]>>;
  readonly below: (value: string) => string;
  readonly atLeast: (value: string) => string;
  readonly at: (value: string, at: string) => string;
  readonly rate: (good: string, tried: string) => string;
  readonly nothing: string;
  readonly nobodyLooks: string;
  readonly notDue: string;
  readonly rtoLine: string;
  readonly rtoSpoken: (worst: string, count: string) => string;
  readonly rtoNote: string;
  readonly exposureLine: string;
  readonly exposureSpoken: (worst: string) => string;
  readonly exposureNote: string;
  readonly noHistory: string;
  readonly items: Readonly<Record<number, string>>;
  readonly open: (count: string) => string;
  readonly watched: (count: string) => string;
  readonly definitions: readonly (readonly [word: string, meaning: string])[];
};

const en: Words = {
  title: "Metrics",
  refreshed: (at) => `refreshed ${at}`,
  detail:
    "The verdict is of this calendar month so far; figures are of the last thirty days unless they say otherwise.",
  titles: {
    metrics: "Where we stand",
    exposure: "Worst exposure of each day, ninety days",
    rto: "Time to recover, each proof of ninety days",
    months: "Month by month",
    days: "The last days at a glance",
    items: "What the go-live asks of metrics",
    definitions: "Definitions",
  },
  heads: {
    metric: "metric",
    value: "value",
    objective: "objective",
    state: "state",
    how: "how it is measured",
    item: "item",
    asks: "what it asks",
    shown: "shown by",
  },
  metrics: {
    exposure: [
      "RPO now: exposure",
      "age of the newest commit that the repository holds, looked at every five minutes",
    ],
    within: ["Time within the RPO", "five minutes each count with the worst that any host saw"],
    worst: ["Worst exposure", "the highest of those looks"],
    lastRto: ["RTO: last proof", "restore into a throw-away server until it answers"],
    worstRto: ["RTO: slowest proof", "the slowest of the month's proofs"],
    rpo: ["RPO: proofs beyond it", "data that a restore to the latest point lacked"],
    backups: ["Backups that succeeded", "events of the ledger, counted"],
    proofs: ["Restore tests that succeeded", "events of the ledger, counted"],
    unknown: ["Unknown time", "nobody looked, or nobody could tell; never counted as compliant"],
  },
  below: (value) => `below ${value}`,
  atLeast: (value) => `at least ${value}`,
  at: (value, at) => `${value} (${at})`,
  rate: (good, tried) => `${good} of ${tried}`,
  nothing: "–",
  nobodyLooks: "nobody looks now",
  notDue: "not due yet",
  rtoLine: "time to recover",
  rtoSpoken: (worst, count) =>
    `${counted(count, "proof")} measured the time to recover; at worst ${worst}.`,
  rtoNote: "Each point is one proof. Dashed: the objective at that time.",
  exposureLine: "worst exposure of the day",
  exposureSpoken: (worst) => `Worst exposure day by day; the worst of all is ${worst}.`,
  exposureNote:
    "Dashed: the objective of today. Grey: days of which something is unknown. Red: days beyond the objective.",
  noHistory: "Nothing is measured yet.",
  items: {
    131: "METRICS reachable by management",
    132: "refreshed daily",
    133: "weekly report generated",
    134: "SLA compliance verified",
    135: "RPO below its objective, else escalation",
    136: "RTO below its objective, else escalation",
    137: "backup success 100 %, else escalation",
    138: "restore test success 100 %, else escalation",
    139: "days 1 to 7: daily status",
    140: "day 7: weekly test",
    141: "day 14: review of logs and metrics",
    142: "day 30: full load test",
  },
  open: (count) => `${counted(count, "escalation")} open (pra action)`,
  watched: (count) => `${counted(count, "day")} watched`,
  definitions: [
    ["RPO", "How much work may be lost, as time. It is met while the exposure is below it."],
    ["RTO", "How long recovery may take, from the decision to a server that answers."],
    ["exposure", "What would be lost if the server vanished now."],
    [
      "proof",
      "A backup and an instant restored, started and checked, with the loss and the time measured.",
    ],
    [
      "success",
      "Of what was tried, the share that came to a good end. One failure in a period is a failure of the period.",
    ],
    [
      "not demonstrated",
      "Too little was measured to say whether the objective was met. It is never green.",
    ],
  ],
};

const fr: Words = {
  title: "Indicateurs",
  refreshed: (at) => `actualisé le ${at}`,
  detail:
    "Le verdict est celui du mois civil en cours ; les chiffres sont ceux des trente derniers jours, sauf mention contraire.",
  titles: {
    metrics: "Où nous en sommes",
    exposure: "Pire exposition de chaque jour, quatre-vingt-dix jours",
    rto: "Temps de reprise, chaque preuve de quatre-vingt-dix jours",
    months: "Mois par mois",
    days: "Les derniers jours d'un coup d'œil",
    items: "Ce que la mise en service demande des indicateurs",
    definitions: "Définitions",
  },
  heads: {
    metric: "indicateur",
    value: "valeur",
    objective: "objectif",
    state: "état",
    how: "comment c'est mesuré",
    item: "point",
    asks: "ce qu'il demande",
    shown: "montré par",
  },
  metrics: {
    exposure: [
      "RPO maintenant : exposition",
      "âge de la dernière validation que le dépôt détient, observé toutes les cinq minutes",
    ],
    within: ["Temps sous le RPO", "cinq minutes comptent avec le pire qu'une machine y a vu"],
    worst: ["Pire exposition", "la plus haute de ces observations"],
    lastRto: [
      "RTO : dernière preuve",
      "restauration dans un serveur jetable jusqu'à ce qu'il réponde",
    ],
    worstRto: ["RTO : preuve la plus lente", "la plus lente des preuves du mois"],
    rpo: ["RPO : preuves au-delà", "données qui manquaient à une restauration au plus récent"],
    backups: ["Sauvegardes réussies", "événements du journal, comptés"],
    proofs: ["Tests de restauration réussis", "événements du journal, comptés"],
    unknown: [
      "Temps inconnu",
      "personne n'a regardé, ou n'a pu le dire ; jamais compté comme conforme",
    ],
  },
  below: (value) => `sous ${value}`,
  atLeast: (value) => `au moins ${value}`,
  at: (value, at) => `${value} (${at})`,
  rate: (good, tried) => `${good} sur ${tried}`,
  nothing: "–",
  nobodyLooks: "personne ne regarde maintenant",
  notDue: "pas encore dû",
  rtoLine: "temps de reprise",
  rtoSpoken: (worst, count) =>
    `${countedFr(count, "preuve a", "preuves ont")} mesuré le temps de reprise ; au pire ${worst}.`,
  rtoNote: "Chaque point est une preuve. En tirets : l'objectif d'alors.",
  exposureLine: "pire exposition du jour",
  exposureSpoken: (worst) => `Pire exposition jour par jour ; la pire de toutes est ${worst}.`,
  exposureNote:
    "En tirets : l'objectif d'aujourd'hui. Gris : jours dont une part est inconnue. Rouge : jours au-delà de l'objectif.",
  noHistory: "Rien n'est encore mesuré.",
  items: {
    131: "indicateurs accessibles à la direction",
    132: "actualisés chaque jour",
    133: "rapport hebdomadaire produit",
    134: "conformité aux objectifs vérifiée",
    135: "RPO sous son objectif, sinon escalade",
    136: "RTO sous son objectif, sinon escalade",
    137: "sauvegardes réussies à 100 %, sinon escalade",
    138: "tests de restauration réussis à 100 %, sinon escalade",
    139: "jours 1 à 7 : état quotidien",
    140: "jour 7 : test hebdomadaire",
    141: "jour 14 : revue des journaux et des indicateurs",
    142: "jour 30 : test de charge complet",
  },
  open: (count) => `escalades ouvertes : ${count} (pra action)`,
  watched: (count) => `jours surveillés : ${count}`,
  definitions: [
    [
      "RPO",
      "Combien de travail peut être perdu, en temps. Il est tenu tant que l'exposition est au-dessous.",
    ],
    ["RTO", "Combien de temps la reprise peut durer, de la décision à un serveur qui répond."],
    ["exposition", "Ce qui serait perdu si le serveur disparaissait maintenant."],
    [
      "preuve",
      "Une sauvegarde et un instant restaurés, démarrés et vérifiés, la perte et le temps mesurés.",
    ],
    [
      "réussite",
      "De ce qui a été essayé, la part arrivée à bonne fin. Un échec dans une période est un échec de la période.",
    ],
    [
      "non démontré",
      "Trop peu de mesures pour dire si l'objectif est atteint. Ce n'est jamais vert.",
    ],
  ],
};

/** By language. */
export const metricsText: Readonly<Record<Language, Words>> = { en, fr };

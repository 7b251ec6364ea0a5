/** The words of the day's digest, in both languages. */
import { counted, countedFr } from "../../core/counted.ts";
import type { Language } from "../../core/language.ts";

type Words = {
  readonly titles: Readonly<
    Record<"ran" | "proved" | "exposure" | "alerts" | "space" | "week" | "asked" | "period", string>
  >;
  readonly subject: (cluster: string, day: string, verdict: string) => string;
  readonly dayOf: (day: number, days: number) => string;
  readonly daily: string;
  readonly well: string;
  readonly open: (count: number) => string;
  readonly asked: (count: number) => string;
  readonly covers: (from: string, to: string) => string;
  readonly late: (due: string, by: string) => string;
  readonly ledgerSilent: string;
  readonly ledgerFailed: (reason: string) => string;
  readonly backups: (good: number, tried: number) => string;
  readonly dumps: (good: number, tried: number) => string;
  readonly noBackups: string;
  readonly job: (
    job: string,
    of: { readonly runs: number; readonly failed: number; readonly missed: boolean },
  ) => string;
  readonly noSchedule: string;
  readonly proofs: (good: number, tried: number) => string;
  readonly noProofs: string;
  readonly restored: (worst: string, objective: string) => string;
  readonly worst: (worst: string, objective: string) => string;
  readonly exposureUnknown: string;
  readonly beyond: (long: string) => string;
  readonly looked: (percent: string, unknown: string) => string;
  readonly opened: (count: number) => string;
  readonly ended: (count: number) => string;
  readonly noAlerts: string;
  readonly stillOpen: (verdict: string, since: string) => string;
  readonly week: (day: number, days: number) => string;
  readonly quiet: string;
  readonly surprises: (count: number) => string;
  readonly nothing: string;
  readonly more: (count: number) => string;
  /** Behind the first of several. */
  readonly alike: (count: number) => string;
};

const en: Words = {
  titles: {
    ran: "What ran",
    proved: "What was proved",
    exposure: "Exposure",
    alerts: "Alerts",
    space: "Space",
    week: "First week",
    asked: "What is asked of you",
    period: "What this tells of",
  },
  subject: (cluster, day, verdict) => `PRA ${cluster}: ${verdict} (${day})`,
  dayOf: (day, days) => `first week, day ${day} of ${days}`,
  daily: "daily digest",
  well: "all is well",
  open: (count) => `${counted(count, "alert")} open`,
  asked: (count) => `${counted(count, "thing")} asked of you`,
  covers: (from, to) => `From ${from} to ${to}`,
  late: (due, by) =>
    `This digest was due on ${due} and goes out ${by} late: nobody watched here then.`,
  ledgerSilent: "The ledger says nothing of this cluster.",
  ledgerFailed: (reason) => `The ledger could not be read: ${reason}`,
  backups: (good, tried) =>
    good === tried ? `${counted(tried, "backup")}, all good` : `${good} of ${tried} backups good`,
  dumps: (good, tried) =>
    good === tried ? `${counted(tried, "dump")}, all good` : `${good} of ${tried} dumps good`,
  noBackups: "No backup was taken.",
  job: (job, { runs, failed, missed }) =>
    `${job}: ${counted(runs, "run")}${failed === 0 ? "" : `, ${failed} failed`}${missed ? ", missed" : ""}`,
  noSchedule: "No schedule is installed on this host.",
  proofs: (good, tried) =>
    good === tried ? `${counted(tried, "proof")}, all good` : `${good} of ${tried} proofs good`,
  noProofs: "Nothing was proved.",
  restored: (worst, objective) => `Slowest restore ${worst}; the objective is below ${objective}.`,
  worst: (worst, objective) =>
    `In this time at worst ${worst}; the objective is below ${objective}.`,
  exposureUnknown: "Before that nothing is known of it.",
  beyond: (long) => `Beyond the objective for ${long}.`,
  looked: (percent, unknown) =>
    unknown === ""
      ? `Looked at ${percent} of the time.`
      : `Looked at ${percent} of the time; nothing is known of ${unknown}.`,
  opened: (count) => `${count} raised`,
  ended: (count) => `${count} ended`,
  noAlerts: "None was raised, none ended.",
  stillOpen: (verdict, since) => `Open since ${since}: ${verdict}`,
  week: (day, days) => `Day ${day} of ${days}; thresholds are tighter: pra golive show`,
  quiet: "No critical alert: no surprise.",
  surprises: (count) => `${counted(count, "critical alert")}: look at each, pra ledger list.`,
  nothing: "Nothing.",
  more: (count) => `and ${count} more: pra status`,
  alike: (count) => `(and ${count} more like it)`,
};

const fr: Words = {
  titles: {
    ran: "Ce qui a tourné",
    proved: "Ce qui a été prouvé",
    exposure: "Exposition",
    alerts: "Alertes",
    space: "Place",
    week: "Première semaine",
    asked: "Ce qui vous est demandé",
    period: "Ce dont cela parle",
  },
  subject: (cluster, day, verdict) => `PRA ${cluster} : ${verdict} (${day})`,
  dayOf: (day, days) => `première semaine, jour ${day} sur ${days}`,
  daily: "résumé du jour",
  well: "tout va bien",
  open: (count) => `${countedFr(count, "alerte ouverte", "alertes ouvertes")}`,
  asked: (count) => `${countedFr(count, "chose vous est demandée", "choses vous sont demandées")}`,
  covers: (from, to) => `Du ${from} au ${to}`,
  late: (due, by) =>
    `Ce résumé était dû le ${due} et part avec ${by} de retard : personne ne surveillait ici à ce moment.`,
  ledgerSilent: "Le journal ne dit rien de ce cluster.",
  ledgerFailed: (reason) => `Le journal n'a pas pu être lu : ${reason}`,
  backups: (good, tried) =>
    good === tried
      ? `${countedFr(tried, "sauvegarde")}, ${tried === 1 ? "bonne" : "toutes bonnes"}`
      : `${good} sauvegardes bonnes sur ${tried}`,
  dumps: (good, tried) =>
    good === tried
      ? `${countedFr(tried, "export")}, ${tried === 1 ? "bon" : "tous bons"}`
      : `${good} exports bons sur ${tried}`,
  noBackups: "Aucune sauvegarde n'a été faite.",
  job: (job, { runs, failed, missed }) =>
    `${job} : ${countedFr(runs, "exécution")}${failed === 0 ? "" : `, dont ${failed} en échec`}${missed ? ", manquée" : ""}`,
  noSchedule: "Aucune planification n'est installée sur cette machine.",
  proofs: (good, tried) =>
    good === tried
      ? `${countedFr(tried, "preuve")}, ${tried === 1 ? "bonne" : "toutes bonnes"}`
      : `${good} preuves bonnes sur ${tried}`,
  noProofs: "Rien n'a été prouvé.",
  restored: (worst, objective) =>
    `Restauration la plus lente : ${worst} ; l'objectif est sous ${objective}.`,
  worst: (worst, objective) =>
    `Au pire sur la période : ${worst} ; l'objectif est sous ${objective}.`,
  exposureUnknown: "Avant cela, on n'en sait rien.",
  beyond: (long) => `Au-delà de l'objectif pendant ${long}.`,
  looked: (percent, unknown) =>
    unknown === ""
      ? `Surveillée ${percent} du temps.`
      : `Surveillée ${percent} du temps ; de ${unknown} on ne sait rien.`,
  opened: (count) => `${count} ouverte${count === 1 ? "" : "s"}`,
  ended: (count) => `${count} terminée${count === 1 ? "" : "s"}`,
  noAlerts: "Aucune ouverte, aucune terminée.",
  stillOpen: (verdict, since) => `Ouverte depuis ${since} : ${verdict}`,
  week: (day, days) => `Jour ${day} sur ${days} ; les seuils sont plus serrés : pra golive show`,
  quiet: "Aucune alerte critique : pas de surprise.",
  surprises: (count) =>
    `${countedFr(count, "alerte critique", "alertes critiques")} : regardez chacune, pra ledger list.`,
  nothing: "Rien.",
  more: (count) => `et ${count} de plus : pra status`,
  alike: (count) => `(et ${count} de même)`,
};

/** The words by language. */
export const digestWords: Readonly<Record<Language, Words>> = { en, fr };

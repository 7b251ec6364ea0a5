/**
 * The words of a load test's report, by the server that it was on: where production itself was loaded nothing was crashed, and its report must not
 * say so.
 */
import type { Language } from "../core/language.ts";
import type { ProductionFacts } from "../queries/load-test-facts.ts";
import { type LoadTestWords, loadTestText } from "./load-test-text.ts";

/** What a report says of production beside all that. */
type ProductionFactWords = {
  readonly onProduction: string;
  readonly where: string;
  readonly ownDatabase: string;
  readonly ownDatabaseText: (database: string, dropped: boolean) => string;
  readonly share: string;
  readonly shareText: (share: string) => string;
  readonly probe: string;
  readonly probeText: (before: string, worst: string) => string;
  readonly frozen: string;
  readonly frozenText: (lsn: string, at: string) => string;
  readonly untouched: string;
  readonly untouchedText: string;
};

const factsEn: ProductionFactWords = {
  onProduction: "On production",
  where: "Server",
  ownDatabase: "Database of the test",
  ownDatabaseText: (database, dropped) =>
    `${database}: made, marked, loaded, and ${dropped ? "dropped at the end" : "STILL THERE: it could not be dropped; the next load test on this server drops it"}`,
  share: "Load",
  shareText: (share) => `each client worked ${share} of its time and paused the rest`,
  probe: "Small commits beside the load, p99",
  probeText: (before, worst) =>
    `${before} before the load, ${worst} in the worst half minute of it`,
  frozen: "Moment of the loss",
  frozenText: (lsn, at) => `${at}; the repository held WAL up to ${lsn}`,
  untouched: "Not touched",
  untouchedText:
    "every other database, roles, settings, replication slots; no server was stopped, and the protection was not turned off for a comparison. The backups taken stay in the repository",
};

const factsFr: ProductionFactWords = {
  onProduction: "Sur la production",
  where: "Serveur",
  ownDatabase: "Base du test",
  ownDatabaseText: (database, dropped) =>
    `${database} : créée, marquée, chargée, et ${dropped ? "supprimée à la fin" : "ENCORE LÀ : elle n'a pas pu être supprimée ; le prochain test de charge sur ce serveur le fera"}`,
  share: "Charge",
  shareText: (share) => `chaque client a travaillé ${share} de son temps, en pause le reste`,
  probe: "Petites validations à côté, p99",
  probeText: (before, worst) => `${before} avant la charge, ${worst} dans sa pire demi-minute`,
  frozen: "Moment de la perte",
  frozenText: (lsn, at) => `${at} ; le dépôt détenait le WAL jusqu'à ${lsn}`,
  untouched: "Pas touché",
  untouchedText:
    "toutes les autres bases, les rôles, les réglages, les slots de réplication ; aucun serveur n'a été arrêté, et la protection n'a pas été coupée pour comparer. Les sauvegardes faites restent dans le dépôt",
};

/** The words of the part that is about production. */
export const productionFactWords: Readonly<Record<Language, ProductionFactWords>> = {
  en: factsEn,
  fr: factsFr,
};

function onProductionEn(en: LoadTestWords): LoadTestWords {
  return {
    ...en,
    title: "Load test on production",
    details: {
      ...en.details,
      good: "Production was loaded beside its own work and backed up; what the repository held at a moment drawn at random came back at full size; every test passed and both objectives were met.",
      serverLost:
        "Production's server was lost to its clients under the test. What was measured is below; recover it first.",
      failed:
        "The load test ended before its time; why is told below. Production goes on. What was measured is below.",
    },
    lost: "Acknowledged commits not yet held",
    lostNote: (acknowledged) => `of ${acknowledged}: a loss at that moment would have taken them`,
    testNames: {
      ...en.testNames,
      load: "The server takes the load until the moment of the loss",
      nothingLost: "Nothing that the repository held is lost",
    },
    restored: (untilApplication, took, objective) =>
      `${took} from the beginning of the restore until ${untilApplication ? "the application answered" : "the first write"}, at full size; ${objective} at most`,
    comparisons: { ...en.comparisons, backup: "a backup beside WAL as it is configured" },
    costNote:
      "Each stretch with is compared with its neighbours without; given are the mean over the pairs and, in brackets, its 95 % interval (Student's t). An interval that contains zero: no cost was shown. Clients pause in proportion to how long their commits take, so that a slowdown shows in their rate as it would at full speed. Production's own work runs beside it all.",
    stretchTitle: "Measured beside production's own work",
    stretches: {
      ...en.stretches,
      streaming: "with WAL as it is configured",
      backup: "with a backup beside that",
    },
    chartNote: "Shaded: a backup runs. The line at the end is the moment of the loss.",
    states: { ...en.states, cutByCrash: "ended at the moment of the loss: not listed" },
    crash: "Loss and restore",
    crashed: "Loss",
    crashedAt: (at, duringBackup) =>
      `after ${at} of load${duringBackup ? ", in the middle of a backup" : ""}; nothing was crashed: what the repository held then is what was restored`,
    server: "Server",
    data: "Production's databases",
    footer: (program) =>
      `${program}. Every figure was measured or counted in this run, on production's server and on a copy of it at full size.`,
  };
}

function onProductionFr(fr: LoadTestWords): LoadTestWords {
  return {
    ...fr,
    title: "Test de charge sur la production",
    details: {
      ...fr.details,
      good: "La production a été chargée à côté de son travail et sauvegardée ; ce que le dépôt détenait à un moment tiré au sort est revenu à sa taille réelle ; chaque test est réussi et les deux objectifs sont tenus.",
      serverLost:
        "Le serveur de production a été perdu pour ses clients pendant le test. Ce qui a été mesuré est plus bas ; ramenez-le d'abord.",
      failed:
        "Le test de charge s'est arrêté avant son terme ; la raison est plus bas. La production continue. Ce qui a été mesuré est plus bas.",
    },
    lost: "Validations confirmées pas encore détenues",
    lostNote: (acknowledged) => `sur ${acknowledged} : une perte à ce moment les aurait emportées`,
    testNames: {
      ...fr.testNames,
      load: "Le serveur tient la charge jusqu'au moment de la perte",
      nothingLost: "Rien de ce que le dépôt détenait n'est perdu",
    },
    restored: (untilApplication, took, objective) =>
      `${took} du début de la restauration à ${untilApplication ? "la réponse de l'application" : "la première écriture"}, à taille réelle ; ${objective} au plus`,
    comparisons: { ...fr.comparisons, backup: "une sauvegarde, avec le WAL comme configuré" },
    costNote:
      "Chaque période avec est comparée à ses voisines sans ; sont donnés la moyenne des paires et, entre parenthèses, son intervalle à 95 % (loi de Student). Un intervalle qui contient zéro : aucun coût n'est démontré. Les clients font des pauses proportionnelles à la durée de leurs validations : un ralentissement se voit dans leur débit comme à pleine vitesse. Le travail de la production tourne à côté de tout.",
    stretchTitle: "Mesuré à côté du travail de la production",
    stretches: {
      ...fr.stretches,
      streaming: "avec le WAL comme configuré",
      backup: "avec une sauvegarde en plus",
    },
    chartNote: "Ombré : une sauvegarde tourne. Le trait à la fin est le moment de la perte.",
    states: { ...fr.states, cutByCrash: "arrêtée au moment de la perte : non listée" },
    crash: "Perte et restauration",
    crashed: "Perte",
    crashedAt: (at, duringBackup) =>
      `après ${at} de charge${duringBackup ? ", au milieu d'une sauvegarde" : ""} ; rien n'a été planté : ce que le dépôt détenait alors est ce qui a été restauré`,
    server: "Serveur",
    data: "Bases de la production",
    footer: (program) =>
      `${program}. Chaque chiffre a été mesuré ou compté pendant ce test, sur le serveur de production et sur une copie à sa taille réelle.`,
  };
}

const productionText: Readonly<Record<Language, LoadTestWords>> = {
  en: onProductionEn(loadTestText.en),
  fr: onProductionFr(loadTestText.fr),
};

/** The words of one report. */
export function loadTestWords(
  language: Language,
  onProduction: ProductionFacts | null,
): LoadTestWords {
  return onProduction === null ? loadTestText[language] : productionText[language];
}

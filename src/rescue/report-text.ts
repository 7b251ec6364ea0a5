/** What the report of a restore test says. */
import { counted, countedFr } from "../core/counted.ts";
import type { Language } from "../core/language.ts";
import type { RestoreFinding } from "./compare-census.ts";

type Finding = Pick<RestoreFinding, "what" | "recorded" | "found">;

/** The texts of one language. */
export type ReportMessages = {
  readonly title: (cluster: string) => string;
  readonly factsTitle: string;
  readonly good: string;
  readonly bad: string;
  readonly uncompared: string;
  readonly source: string;
  readonly instant: string;
  readonly notRecorded: string;
  readonly into: string;
  readonly startedAt: string;
  readonly duration: string;
  readonly content: string;
  readonly contentFacts: (tables: string, rows: string) => string;
  readonly rows: string;
  readonly problems: string;
  readonly footer: string;
  readonly largeObjects: string;
  readonly application: string;
  readonly applicationNone: string;
  readonly applicationWell: (status: number, duration: string) => string;
  readonly applicationStatus: (status: number, attempts: number) => string;
  readonly applicationRedirect: (status: number, location: string) => string;
  readonly applicationSilent: (waited: string, attempts: number) => string;
  readonly applicationCertificate: (reason: string) => string;
  readonly applicationUnreachable: (reason: string, attempts: number) => string;
  readonly afterwards: string;
  readonly dropped: string;
  readonly kept: string;
  readonly findingsTitle: string;
  readonly noFindings: string;
  readonly phasesTitle: string;
  readonly objectsTitle: string;
  readonly phases: Readonly<Record<string, string>>;
  readonly kinds: Readonly<Record<string, string>>;
  readonly findings: Readonly<Record<RestoreFinding["kind"], (finding: Finding) => string>>;
};

const en: ReportMessages = {
  title: (cluster) => `Restore test, cluster ${cluster}`,
  factsTitle: "What was done",
  good: "The database is back, and what was compared is the same",
  bad: "The database is back, with differences or an application that does not answer",
  uncompared: "The database is back; the file says nothing that it could be compared with",
  source: "Source",
  instant: "Data as of",
  notRecorded: "not recorded in the source",
  into: "Restored into",
  startedAt: "Begun",
  duration: "Duration",
  content: "Content",
  contentFacts: (tables, rows) => `${counted(tables, "table")}, ${counted(rows, "row")}`,
  rows: "Rows restored",
  problems: "Problems found",
  footer: "Each figure was measured or counted during this test.",
  largeObjects: "Large objects",
  application: "Application",
  applicationNone: "not asked: APP_HEALTH_URL is not set",
  applicationWell: (status, duration) => `answers ${status} in ${duration}`,
  applicationStatus: (status, attempts) => `answers ${status}, asked ${attempts} times`,
  applicationRedirect: (status, location) =>
    `answers ${status} and sends to ${location}; a health address must answer itself`,
  applicationSilent: (waited, attempts) => `says nothing within ${waited}, asked ${attempts} times`,
  applicationCertificate: (reason) => `its certificate is not trusted: ${reason}`,
  applicationUnreachable: (reason, attempts) =>
    `cannot be reached: ${reason}, asked ${attempts} times`,
  afterwards: "Test database",
  dropped: "dropped at the end",
  kept: "kept; the next test makes it anew",
  findingsTitle: "Findings",
  noFindings: "None: rows, objects, sequences, owners, extensions and constraints are the same.",
  phasesTitle: "Times",
  objectsTitle: "Objects",
  phases: {
    source: "source opened",
    create: "database made",
    definitions: "definitions",
    data: "data",
    indexes: "indexes and constraints",
    checks: "counting and comparing",
  },
  kinds: {},
  findings: {
    tableMissing: ({ what }) => `table ${what} is missing`,
    rows: ({ what, recorded, found }) =>
      `table ${what} has ${counted(found ?? "", "row")} instead of ${recorded}`,
    objects: ({ what, recorded, found }) =>
      `${found} objects of kind ${what} instead of ${recorded}`,
    sequence: ({ what, recorded, found }) =>
      `sequence ${what} stands at ${found}, behind ${recorded}`,
    extensionMissing: ({ what }) => `extension ${what} is missing`,
    extensionVersion: ({ what, recorded, found }) =>
      `extension ${what} is of version ${found} here, ${recorded} in the source`,
    owners: ({ what, recorded, found }) =>
      `${what} owns ${counted(found ?? "", "object")} instead of ${recorded}`,
    ownersLeftOut: ({ what }) =>
      `owners and rights were left out, because this server lacks roles, or the role that restores may not give objects to them: ${what}. With --create-roles they are made, without login`,
    rolesMade: ({ what }) => `roles made on this server, without login: ${what}`,
    largeObjects: ({ recorded, found }) =>
      `${counted(found ?? "", "large object")} instead of ${recorded}`,
    constraintInvalid: ({ what }) => `constraint ${what} is not validated`,
    indexInvalid: ({ what }) => `index ${what} is not valid`,
    nothingRecorded: () =>
      "the file says nothing of its rows, so nothing could be compared; what is there was counted",
    empty: () => "no table was restored",
    application: ({ what }) => `the application is not well: ${what}`,
  },
};

const KINDS_FR: Readonly<Record<string, string>> = {
  table: "tables",
  "partitioned table": "tables partitionnées",
  view: "vues",
  "materialized view": "vues matérialisées",
  sequence: "séquences",
  "foreign table": "tables étrangères",
  "composite type": "types composés",
  index: "index",
  function: "fonctions",
  procedure: "procédures",
  aggregate: "agrégats",
  domain: "domaines",
  enum: "énumérations",
  range: "types d'intervalle",
  check: "contraintes CHECK",
  "foreign key": "clés étrangères",
  "primary key": "clés primaires",
  unique: "contraintes UNIQUE",
  exclusion: "contraintes d'exclusion",
  "constraint trigger": "déclencheurs de contrainte",
  trigger: "déclencheurs",
  policy: "règles de sécurité par ligne",
  rule: "règles",
  statistics: "statistiques étendues",
  schema: "schémas",
  "event trigger": "déclencheurs sur évènement",
  publication: "publications",
};

const fr: ReportMessages = {
  title: (cluster) => `Test de restauration, cluster ${cluster}`,
  factsTitle: "Ce qui a été fait",
  good: "La base est de retour, et ce qui a été comparé est identique",
  bad: "La base est de retour, avec des différences ou une application qui ne répond pas",
  uncompared: "La base est de retour ; le fichier ne dit rien à quoi la comparer",
  source: "Source",
  instant: "Données du",
  notRecorded: "non indiqué par la source",
  into: "Restaurée dans",
  startedAt: "Début",
  duration: "Durée",
  content: "Contenu",
  contentFacts: (tables, rows) => `${countedFr(tables, "table")}, ${countedFr(rows, "ligne")}`,
  rows: "Lignes restaurées",
  problems: "Problèmes constatés",
  footer: "Chaque chiffre a été mesuré ou compté pendant ce test.",
  largeObjects: "Grands objets",
  application: "Application",
  applicationNone: "non interrogée : APP_HEALTH_URL n'est pas définie",
  applicationWell: (status, duration) => `répond ${status} en ${duration}`,
  applicationStatus: (status, attempts) => `répond ${status}, interrogée ${attempts} fois`,
  applicationRedirect: (status, location) =>
    `répond ${status} et renvoie vers ${location} ; une adresse de santé doit répondre elle-même`,
  applicationSilent: (waited, attempts) => `muette pendant ${waited}, interrogée ${attempts} fois`,
  applicationCertificate: (reason) => `son certificat n'est pas reconnu : ${reason}`,
  applicationUnreachable: (reason, attempts) =>
    `injoignable : ${reason}, interrogée ${attempts} fois`,
  afterwards: "Base de test",
  dropped: "supprimée à la fin",
  kept: "gardée ; le prochain test la refait",
  findingsTitle: "Constats",
  noFindings:
    "Aucun : lignes, objets, séquences, propriétaires, extensions et contraintes sont identiques.",
  phasesTitle: "Temps",
  objectsTitle: "Objets",
  phases: {
    source: "ouverture de la source",
    create: "création de la base",
    definitions: "définitions",
    data: "données",
    indexes: "index et contraintes",
    checks: "comptage et comparaison",
  },
  kinds: KINDS_FR,
  findings: {
    tableMissing: ({ what }) => `la table ${what} manque`,
    rows: ({ what, recorded, found }) =>
      `la table ${what} a ${countedFr(found ?? "", "ligne")} au lieu de ${recorded}`,
    objects: ({ what, recorded, found }) =>
      `${found} ${KINDS_FR[what] ?? what} au lieu de ${recorded}`,
    sequence: ({ what, recorded, found }) =>
      `la séquence ${what} en est à ${found}, en retard sur ${recorded}`,
    extensionMissing: ({ what }) => `l'extension ${what} manque`,
    extensionVersion: ({ what, recorded, found }) =>
      `l'extension ${what} est ici en version ${found}, en ${recorded} dans la source`,
    owners: ({ what, recorded, found }) =>
      `${what} possède ${countedFr(found ?? "", "objet")} au lieu de ${recorded}`,
    ownersLeftOut: ({ what }) =>
      `propriétaires et droits laissés de côté : ce serveur n'a pas ces rôles, ou le rôle qui restaure ne peut pas leur donner d'objets : ${what}. Avec --create-roles, ils sont créés, sans connexion`,
    rolesMade: ({ what }) => `rôles créés sur ce serveur, sans connexion : ${what}`,
    largeObjects: ({ recorded, found }) => `${found} grands objets au lieu de ${recorded}`,
    constraintInvalid: ({ what }) => `la contrainte ${what} n'est pas validée`,
    indexInvalid: ({ what }) => `l'index ${what} n'est pas valide`,
    nothingRecorded: () =>
      "le fichier n'indique pas son nombre de lignes : rien n'a pu être comparé ; ce qui est là a été compté",
    empty: () => "aucune table n'a été restaurée",
    application: ({ what }) => `l'application ne va pas bien : ${what}`,
  },
};

/** The texts by language. */
export const reportText: Readonly<Record<Language, ReportMessages>> = { en, fr };

/** What `pra rescue` says. */
import { counted, countedFr } from "../../core/counted.ts";
import type { Language } from "../../core/language.ts";
import type { LeftOutKind } from "../../rescue/needed-objects.ts";
import type { CommandText } from "../program.ts";

type Messages = CommandText & {
  readonly options: Readonly<
    Record<
      | "table"
      | "schema"
      | "database"
      | "into"
      | "copyMissing"
      | "yes"
      | "noCompare"
      | "jobs"
      | "workers",
      string
    >
  >;
  readonly phases: Readonly<Record<string, string>>;
  readonly done: (tables: number, rows: string, into: string, where: string) => string;
  readonly instant: string;
  readonly backup: string;
  readonly read: string;
  readonly readFacts: (data: string, wal: string) => string;
  readonly duration: string;
  readonly unchecked: string;
  readonly ledgerFailed: (reason: string) => string;
  readonly heads: readonly [string, string, string, string, string, string];
  readonly absent: (table: string) => string;
  readonly unreadable: (table: string) => string;
  readonly byRow: (table: string) => string;
  readonly columns: (table: string, then: string, now: string) => string;
  readonly firstKeys: Readonly<Record<"missing" | "changed" | "added", string>>;
  readonly leftOut: Readonly<Record<LeftOutKind, string>>;
  readonly listed: (label: string, names: string) => string;
  readonly more: (count: number) => string;
  readonly onInsert: (table: string, names: string) => string;
  readonly question: (rows: string, database: string) => string;
  readonly yesWords: readonly string[];
  readonly copied: (rows: string, table: string) => string;
  readonly next: (into: string) => string;
};

const en: Messages = {
  summary: "bring tables back as they were, next to the live ones, and show what differs",
  description:
    "Restores only what the tables need to a server that is thrown away, brings them into a database of their own on the live server (--into; made anew each time, never a live one), and compares them with the live tables: rows that are missing, changed, or new since. Live rows are only read. With --copy-missing, rows that are missing are inserted into the live tables, in one transaction; none is changed or deleted.",
  examples: [
    [
      "pra rescue --table public.orders --at '2026-11-22 14:05' --into app_rescue",
      "one table, and what differs",
    ],
    [
      "pra rescue --schema sales --at '2026-11-22 14:05' --into app_rescue --copy-missing",
      "a schema; missing rows are copied once you say yes",
    ],
  ],
  options: {
    table:
      'a table, as in SQL: orders, public.orders, \'"Odd"."Name"\'; may be given several times',
    schema: "all tables of a schema",
    database:
      "the database; else DATABASE_URL or PG_DATABASE; without --table and --schema all of it",
    into: "the database that takes the tables",
    copyMissing: "insert rows that are missing into the live tables",
    yes: "do not ask before rows are copied",
    noCompare: "do not compare with the live tables",
    jobs: "programs that write at a time",
    workers: "threads that restore",
  },
  phases: {
    claim: "Making the throw-away server",
    maps: "Reading maps",
    files: "Restoring",
    wal: "Fetching WAL",
    amcheck: "Checking the tables on the copy",
    definitions: "Definitions",
    data: "Data",
    indexes: "Indexes and constraints",
    checks: "Counting",
    compare: "Comparing with the live tables",
    copy: "Copying missing rows",
  },
  done: (tables, rows, into, where) =>
    `${counted(tables, "table")}, ${counted(rows, "row")}, now in ${into} on ${where}`,
  instant: "Instant",
  backup: "Backup",
  read: "Read",
  readFacts: (data, wal) => `${data} of data, ${wal} of WAL`,
  duration: "Duration",
  unchecked:
    "amcheck is not installed beside the server's programs: heaps and indexes were not checked",
  ledgerFailed: (reason) => `The ledger could not be written: ${reason}`,
  heads: ["Table", "then", "now", "missing", "changed", "new"],
  absent: (table) => `${table} does not exist any more`,
  unreadable: (table) => `${table} may not be read by this role: not compared`,
  byRow: (table) =>
    `${table} has no primary key that is the same then and now: equal rows were counted, a changed row is one missing and one new`,
  columns: (table, then, now) => `${table}: columns not compared: then ${then}; now ${now}`,
  firstKeys: { missing: "missing", changed: "changed", added: "new" },
  leftOut: {
    foreignKeys: "Foreign keys left out, for their tables were not rescued",
    triggers: "Triggers left out",
    policies: "Row security policies left out",
    grants: "Owners and grants left out, of",
    comments: "Comments left out, of",
    materialisedViews: "Materialised views on these tables left out",
    unlogged: "Empty, because unlogged tables are in no backup",
  },
  listed: (label, names) => `${label}: ${names}`,
  more: (count) => `and ${count} more`,
  onInsert: (table, names) => `Inserting into ${table} fires, or checks: ${names}`,
  question: (rows, database) =>
    `Insert ${counted(rows, "missing row")} into the live tables of ${database}? [y/N] `,
  yesWords: ["y", "yes"],
  copied: (rows, table) => `${counted(rows, "row")} copied into ${table}`,
  next: (into) => `Look at them: psql -d ${into}. Missing rows are copied with --copy-missing.`,
};

const fr: Messages = {
  summary: "ramener des tables telles qu'elles étaient, à côté de celles en service, et comparer",
  description:
    "Ne restaure que ce qu'il faut aux tables, sur un serveur jetable, les apporte dans une base à elles sur le serveur en service (--into ; refaite à chaque fois, jamais une base en service), et les compare aux tables en service : lignes manquantes, modifiées, ou nouvelles depuis. Les lignes en service sont seulement lues. Avec --copy-missing, les lignes manquantes sont insérées dans les tables en service, en une transaction ; aucune n'est modifiée ni supprimée.",
  examples: [
    [
      "pra rescue --table public.commandes --at '2026-11-22 14:05' --into app_secours",
      "une table, et ce qui diffère",
    ],
    [
      "pra rescue --schema ventes --at '2026-11-22 14:05' --into app_secours --copy-missing",
      "un schéma ; les lignes manquantes sont copiées une fois que vous avez dit oui",
    ],
  ],
  options: {
    table:
      'une table, comme en SQL : commandes, public.commandes, \'"Nom"."Spécial"\' ; peut être donnée plusieurs fois',
    schema: "toutes les tables d'un schéma",
    database:
      "la base ; sinon DATABASE_URL ou PG_DATABASE ; sans --table ni --schema, la base entière",
    into: "la base qui reçoit les tables",
    copyMissing: "insérer les lignes manquantes dans les tables en service",
    yes: "ne pas demander avant de copier des lignes",
    noCompare: "ne pas comparer aux tables en service",
    jobs: "programmes qui écrivent en même temps",
    workers: "fils d'exécution qui restaurent",
  },
  phases: {
    claim: "Création du serveur jetable",
    maps: "Lecture des cartes",
    files: "Restauration",
    wal: "Récupération des WAL",
    amcheck: "Vérification des tables sur la copie",
    definitions: "Définitions",
    data: "Données",
    indexes: "Index et contraintes",
    checks: "Comptage",
    compare: "Comparaison avec les tables en service",
    copy: "Copie des lignes manquantes",
  },
  done: (tables, rows, into, where) =>
    `${countedFr(tables, "table")}, ${countedFr(rows, "ligne")}, à présent dans ${into} sur ${where}`,
  instant: "Instant",
  backup: "Sauvegarde",
  read: "Lu",
  readFacts: (data, wal) => `${data} de données, ${wal} de WAL`,
  duration: "Durée",
  unchecked:
    "amcheck n'est pas installé avec les programmes du serveur : tables et index n'ont pas été vérifiés",
  ledgerFailed: (reason) => `Le journal n'a pas pu être écrit : ${reason}`,
  heads: ["Table", "avant", "maintenant", "manquantes", "modifiées", "nouvelles"],
  absent: (table) => `${table} n'existe plus`,
  unreadable: (table) => `${table} ne peut pas être lue par ce rôle : pas comparée`,
  byRow: (table) =>
    `${table} n'a pas de clé primaire identique avant et maintenant : les lignes égales ont été comptées, une ligne modifiée compte comme une manquante et une nouvelle`,
  columns: (table, then, now) =>
    `${table} : colonnes non comparées : avant ${then} ; maintenant ${now}`,
  firstKeys: { missing: "manquantes", changed: "modifiées", added: "nouvelles" },
  leftOut: {
    foreignKeys: "Clés étrangères laissées de côté, leurs tables n'ayant pas été récupérées",
    triggers: "Déclencheurs laissés de côté",
    policies: "Règles de sécurité de lignes laissées de côté",
    grants: "Propriétaires et droits laissés de côté, pour",
    comments: "Commentaires laissés de côté, pour",
    materialisedViews: "Vues matérialisées sur ces tables laissées de côté",
    unlogged: "Vides, car les tables non journalisées ne sont dans aucune sauvegarde",
  },
  listed: (label, names) => `${label} : ${names}`,
  more: (count) => `et ${count} de plus`,
  onInsert: (table, names) => `Insérer dans ${table} déclenche, ou vérifie : ${names}`,
  question: (rows, database) =>
    `Insérer ${countedFr(rows, "ligne manquante", "lignes manquantes")} dans les tables en service de ${database} ? [o/N] `,
  yesWords: ["o", "oui", "y", "yes"],
  copied: (rows, table) => `${countedFr(rows, "ligne copiée", "lignes copiées")} dans ${table}`,
  next: (into) =>
    `Regardez-les : psql -d ${into}. Les lignes manquantes se copient avec --copy-missing.`,
};

export const rescueText: Record<Language, Messages> = { en, fr };

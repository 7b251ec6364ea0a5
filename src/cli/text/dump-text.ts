/** What `pra dump` says. */
import { counted, countedFr } from "../../core/counted.ts";
import type { DumpStep } from "../../app/dump.ts";
import type { Language } from "../../core/language.ts";
import type { CommandText } from "../program.ts";

type Messages = CommandText & {
  readonly optionDatabase: string;
  readonly optionGlobals: string;
  readonly optionJobs: string;
  readonly optionNote: string;
  readonly optionAcceptRollback: string;
  readonly optionExport: string;
  readonly optionPassphraseFile: string;
  readonly exporting: string;
  readonly exported: (database: string, duration: string) => string;
  readonly opensWith: (encrypted: boolean, path: string) => string;
  readonly steps: Readonly<Record<DumpStep, string>>;
  readonly dumping: (database: string) => string;
  readonly finished: (databases: number, duration: string) => string;
  readonly id: string;
  readonly path: string;
  readonly stored: string;
  readonly storedFacts: (stored: string, plain: string) => string;
  readonly globals: string;
  readonly globalsFacts: (passwords: boolean) => string;
  readonly program: string;
  readonly database: (tables: string, rows: string, lsn: string) => string;
  readonly notReadBack: string;
  readonly ledgerFailed: (reason: string) => string;
  readonly watching: (host: string, pid: number, duration: string) => string;
};

const en: Messages = {
  summary: "dump databases with pg_dump, sealed, into the repository",
  description:
    "Dumps databases with the distribution's pg_dump, each in one consistent snapshot, and stores them sealed: nothing lies unencrypted on a disk. A dump carries single databases over, also to a newer major; for disasters take backups, which restore any instant. Without --database: all databases.",
  examples: [
    ["pra dump", "all databases and the roles"],
    ["pra dump --database shop --database hr", "these two, without roles"],
    ["pra dump --database shop --globals", "one, with roles"],
    ["pra dump --database shop --export shop.sql.gz.enc", "a file that openssl and psql open"],
  ],
  optionDatabase: "a database to dump; may be repeated",
  optionGlobals: "also roles, their memberships, tablespaces (always without --database)",
  optionJobs: "programs that read the server at a time",
  optionNote: "a text kept with the dump",
  optionAcceptRollback: "go on although the repository shows less than this host has seen",
  optionExport:
    "write one database to a file instead: .sql.gz, or .sql.gz.enc for an encrypted one",
  optionPassphraseFile: "a file whose first line is the passphrase; else PRA_EXPORT_PASSPHRASE",
  exporting: "Exporting",
  exported: (database, duration) => `Exported ${database}, in ${duration}`,
  opensWith: (encrypted, path) =>
    encrypted
      ? `Opens with: openssl enc -d -aes-256-cbc -pbkdf2 -in ${path} | gunzip | psql …`
      : `Opens with: gunzip -c ${path} | psql …`,
  steps: {
    connecting: "Looking at the server",
    lease: "Taking the lease",
    dumping: "Dumping",
    publishing: "Publishing",
  },
  dumping: (database) => `Dumping ${database}`,
  finished: (databases, duration) =>
    `Dump finished: ${counted(databases, "database")}, in ${duration}`,
  id: "Id",
  path: "Path",
  stored: "Size",
  storedFacts: (stored, plain) => `${stored} stored for ${plain} dumped`,
  globals: "Roles",
  globalsFacts: (passwords) =>
    passwords ? "with password hashes" : "without password hashes, which this role may not read",
  program: "Made by",
  database: (tables, rows, lsn) =>
    `${counted(tables, "table")}, ${counted(rows, "row")}, at ${lsn}`,
  notReadBack: "This host holds no private key, so the dump was not read back here.",
  ledgerFailed: (reason) => `The dump is good, but the ledger could not be written: ${reason}`,
  watching: (host, pid, duration) =>
    `The lease is held by process ${pid} on ${host}; watching for at most ${duration} whether it lives.`,
};

const fr: Messages = {
  summary: "exporter des bases avec pg_dump, scellées, dans le dépôt",
  description:
    "Exporte des bases avec le pg_dump de la distribution, chacune dans un instantané cohérent, et les range scellées : rien n'est écrit en clair sur un disque. Un export sert à transporter une base, même vers une version majeure plus récente ; contre les sinistres, prenez des sauvegardes, qui restaurent tout instant. Sans --database : toutes les bases.",
  examples: [
    ["pra dump", "toutes les bases et les rôles"],
    ["pra dump --database boutique --database rh", "ces deux-là, sans les rôles"],
    ["pra dump --database boutique --globals", "une seule, avec les rôles"],
    [
      "pra dump --database boutique --export boutique.sql.gz.enc",
      "un fichier qu'ouvrent openssl et psql",
    ],
  ],
  optionDatabase: "une base à exporter ; peut être répétée",
  optionGlobals: "aussi les rôles, leurs appartenances, les tablespaces (toujours sans --database)",
  optionJobs: "programmes qui lisent le serveur en même temps",
  optionNote: "un texte gardé avec l'export",
  optionAcceptRollback: "continuer bien que le dépôt montre moins que ce que cette machine a vu",
  optionExport:
    "écrire une base dans un fichier à la place : .sql.gz, ou .sql.gz.enc pour un fichier chiffré",
  optionPassphraseFile:
    "un fichier dont la première ligne est la phrase secrète ; sinon PRA_EXPORT_PASSPHRASE",
  exporting: "Export",
  exported: (database, duration) => `Base ${database} exportée, en ${duration}`,
  opensWith: (encrypted, path) =>
    encrypted
      ? `S'ouvre avec : openssl enc -d -aes-256-cbc -pbkdf2 -in ${path} | gunzip | psql …`
      : `S'ouvre avec : gunzip -c ${path} | psql …`,
  steps: {
    connecting: "Examen du serveur",
    lease: "Prise du bail",
    dumping: "Export",
    publishing: "Publication",
  },
  dumping: (database) => `Export de ${database}`,
  finished: (databases, duration) =>
    `Export terminé : ${countedFr(databases, "base")}, en ${duration}`,
  id: "Identifiant",
  path: "Chemin",
  stored: "Taille",
  storedFacts: (stored, plain) => `${stored} rangés pour ${plain} exportés`,
  globals: "Rôles",
  globalsFacts: (passwords) =>
    passwords
      ? "avec les empreintes des mots de passe"
      : "sans les empreintes des mots de passe, que ce rôle n'a pas le droit de lire",
  program: "Fait par",
  database: (tables, rows, lsn) =>
    `${countedFr(tables, "table")}, ${countedFr(rows, "ligne")}, à ${lsn}`,
  notReadBack: "Cette machine n'a pas de clé privée : l'export n'y a donc pas été relu.",
  ledgerFailed: (reason) => `L'export est bon, mais le journal n'a pas pu être écrit : ${reason}`,
  watching: (host, pid, duration) =>
    `Le bail est tenu par le processus ${pid} sur ${host} ; observation pendant au plus ${duration} pour savoir s'il vit.`,
};

/** The texts by language. */
export const dumpText: Readonly<Record<Language, Messages>> = { en, fr };

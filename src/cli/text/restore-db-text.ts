/** What `pra restore-db` says. */
import type { RestoreDbStep } from "../../app/restore-db.ts";
import type { Language } from "../../core/language.ts";
import type { CommandText } from "../program.ts";

type Messages = CommandText & {
  readonly options: Readonly<
    Record<
      | "from"
      | "at"
      | "database"
      | "into"
      | "host"
      | "passphraseFile"
      | "cleanup"
      | "createRoles"
      | "allowProduction"
      | "confirm"
      | "jobs"
      | "workers",
      string
    >
  >;
  readonly steps: Readonly<Record<RestoreDbStep, string>>;
  readonly report: string;
  readonly findings: string;
  readonly archived: (id: string) => string;
  readonly notArchived: (reason: string) => string;
  readonly ledgerFailed: (reason: string) => string;
};

const en: Messages = {
  summary: "restore a dump, a file or a backup into a test database, and check it",
  description:
    "Makes one database anew on the server for tests (RESTORE_HOST, else PG_HOST), compares it with what was recorded, asks the application (APP_HEALTH_URL), and writes a report. It drops that database and no other, and production's only when told twice. Exit code 4: restored, and differences were found or the application does not answer.",
  examples: [
    ["pra restore-db", "the newest dump or backup into RESTORE_DB"],
    [
      "pra restore-db --from 01a2056c86b2 --into akig_restore --cleanup",
      "this dump; dropped afterwards",
    ],
    ["pra restore-db --at '2026-11-20 14:05' --into before", "a backup at an instant"],
    [
      "pra restore-db --from shop.sql.gz.enc --into shop_test",
      "a file; PRA_EXPORT_PASSPHRASE opens it",
    ],
  ],
  options: {
    from: "a dump's or a backup's id or path, or a file; the newest when not given",
    at: "an instant: then a backup is restored to it",
    database: "which database of the source, when it holds several",
    into: "the test database; else RESTORE_DB",
    host: "the server for tests; else RESTORE_HOST, else PG_HOST",
    passphraseFile: "a file with the passphrase of an encrypted one; else PRA_EXPORT_PASSPHRASE",
    cleanup: "drop the test database at the end",
    createRoles: "make roles that the server lacks, without login",
    allowProduction: "replace a database of production's server; with --confirm",
    confirm: "the database's name once more, when it holds something that is not ours",
    jobs: "programs that write at a time",
    workers: "threads that restore a backup",
  },
  steps: {
    source: "Looking for the source",
    copy: "Restoring the backup to a throw-away server",
    create: "Making the database",
    definitions: "Definitions",
    data: "Data",
    indexes: "Indexes and constraints",
    checks: "Counting and comparing",
    application: "Asking the application",
    cleanup: "Dropping the test database",
  },
  report: "Report",
  findings: "Findings",
  archived: (id) => `Archived in the repository: pra report show ${id}`,
  notArchived: (reason) => `The report could not be archived in the repository: ${reason}`,
  ledgerFailed: (reason) => `The ledger could not be written: ${reason}`,
};

const fr: Messages = {
  summary:
    "restaurer un export, un fichier ou une sauvegarde dans une base de test, et la vérifier",
  description:
    "Refait une base sur le serveur de test (RESTORE_HOST, sinon PG_HOST), la compare à ce qui avait été relevé, interroge l'application (APP_HEALTH_URL) et écrit un rapport. Cette base est la seule supprimée, et celle de la production seulement si on le dit deux fois. Code de sortie 4 : restaurée, mais des différences ont été trouvées ou l'application ne répond pas.",
  examples: [
    ["pra restore-db", "l'export ou la sauvegarde la plus récente dans RESTORE_DB"],
    [
      "pra restore-db --from 01a2056c86b2 --into akig_restore --cleanup",
      "cet export ; base supprimée ensuite",
    ],
    ["pra restore-db --at '2026-11-20 14:05' --into avant", "une sauvegarde à un instant"],
    [
      "pra restore-db --from boutique.sql.gz.enc --into boutique_test",
      "un fichier ; PRA_EXPORT_PASSPHRASE l'ouvre",
    ],
  ],
  options: {
    from: "l'identifiant ou le chemin d'un export ou d'une sauvegarde, ou un fichier ; sinon le plus récent",
    at: "un instant : une sauvegarde y est alors restaurée",
    database: "quelle base de la source, quand elle en contient plusieurs",
    into: "la base de test ; sinon RESTORE_DB",
    host: "le serveur de test ; sinon RESTORE_HOST, sinon PG_HOST",
    passphraseFile:
      "un fichier qui contient la phrase secrète d'un fichier chiffré ; sinon PRA_EXPORT_PASSPHRASE",
    cleanup: "supprimer la base de test à la fin",
    createRoles: "créer les rôles que le serveur n'a pas, sans connexion",
    allowProduction: "remplacer une base du serveur de production ; avec --confirm",
    confirm: "le nom de la base encore une fois, quand elle contient autre chose qu'un test",
    jobs: "programmes qui écrivent en même temps",
    workers: "fils d'exécution qui restaurent une sauvegarde",
  },
  steps: {
    source: "Recherche de la source",
    copy: "Restauration de la sauvegarde sur un serveur jetable",
    create: "Création de la base",
    definitions: "Définitions",
    data: "Données",
    indexes: "Index et contraintes",
    checks: "Comptage et comparaison",
    application: "Interrogation de l'application",
    cleanup: "Suppression de la base de test",
  },
  report: "Rapport",
  findings: "Constats",
  archived: (id) => `Archivé dans le dépôt : pra report show ${id}`,
  notArchived: (reason) => `Le rapport n'a pas pu être archivé dans le dépôt : ${reason}`,
  ledgerFailed: (reason) => `Le journal n'a pas pu être écrit : ${reason}`,
};

/** The texts by language. */
export const restoreDbText: Readonly<Record<Language, Messages>> = { en, fr };

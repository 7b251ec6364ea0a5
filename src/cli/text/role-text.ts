/** What `pra role` says. */
import type { Language } from "../../core/language.ts";
import type { RoleStatement, RoleUse } from "../../postgres/role-statements.ts";
import type { CommandText } from "../program.ts";

type Messages = {
  readonly groupSummary: string;
  readonly sql: CommandText;
  readonly optionRole: string;
  readonly optionFor: string;
  readonly optionMajor: string;
  readonly optionApply: string;
  readonly optionAs: string;
  readonly uses: Readonly<Record<RoleUse, string>>;
  readonly why: Readonly<Record<RoleStatement["what"], string>>;
  readonly title: (role: string, where: string, major: number) => string;
  readonly assumed: (major: number) => string;
  readonly runIn: (database: string) => string;
  readonly noBackupPrivilege: string;
  readonly password: string;
  readonly access: string;
  readonly applied: (role: string, where: string) => string;
  readonly passwordSet: string;
  readonly passwordUnset: (role: string) => string;
  readonly next: string;
};

const en: Messages = {
  groupSummary: "the role that takes backups: what it needs, and nothing else",
  sql: {
    summary: "print the SQL that makes the role of the backups, or run it",
    description:
      "Prints what the role needs on this server's major, for what the configuration does; --apply runs it as a superuser, in one transaction. Nothing is taken away from a role that exists. PostgreSQL has no GRANT BACKUP; this is what stands in its place.",
    examples: [
      ["pra role sql", "for PG_USER, to be read and run by whoever administers the server"],
      [
        "pra role sql --apply --as postgres",
        "run as postgres, whose password is in PRA_SUPERUSER_PASSWORD or ~/.pgpass",
      ],
      [
        "pra role sql --role akig_restore --for restores",
        "a role that may only make test databases",
      ],
    ],
  },
  optionRole: "the role, PG_USER by default",
  optionFor: "stream, dumps, restores, local, with commas; by default what the configuration does",
  optionMajor: "the server's major version, asked from the server by default",
  optionApply: "run the statements",
  optionAs: "the superuser that runs them",
  uses: {
    stream: "backups and WAL over the replication protocol",
    dumps: "dumps of databases",
    restores: "test restores",
    local: "backups that read files on the server",
  },
  why: {
    create: "the role, if it does not exist yet",
    attributes: "what it may do as a whole; there is no BACKUP attribute",
    monitor: "sees every setting, slot and sender",
    rules: "sees pg_hba.conf's rules, which a restore elsewhere needs",
    read: "reads every table, and writes none",
    functions: "may begin and end a backup of files",
    password: "its password, as a verifier",
  },
  title: (role, where, major) => `Role ${role} for PostgreSQL ${major} at ${where}`,
  assumed: (major) =>
    `the server did not answer: PostgreSQL ${major} is assumed; --major says otherwise`,
  runIn: (database) => `run as a superuser, connected to the database ${database}`,
  noBackupPrivilege:
    "PostgreSQL has neither a BACKUP role nor GRANT BACKUP; these statements are what such a document means",
  password: "the password, typed twice, never shown (psql)",
  access: "pg_hba.conf must let the role in, then SELECT pg_reload_conf();",
  applied: (role, where) => `Done: the role ${role} at ${where} has what it needs.`,
  passwordSet:
    "Its password is the one of the configuration; the server was given a verifier only.",
  passwordUnset: (role) => `No password was set. In psql: \\password ${role}`,
  next: "Next: pra check",
};

const fr: Messages = {
  groupSummary: "le rôle qui fait les sauvegardes : ce qu'il lui faut, et rien d'autre",
  sql: {
    summary: "afficher le SQL qui crée le rôle des sauvegardes, ou l'exécuter",
    description:
      "Affiche ce qu'il faut au rôle sur cette version majeure, pour ce que fait la configuration ; --apply l'exécute en superutilisateur, en une transaction. Rien n'est retiré à un rôle qui existe. PostgreSQL n'a pas de GRANT BACKUP ; voici ce qui en tient lieu.",
    examples: [
      ["pra role sql", "pour PG_USER, à lire et exécuter par qui administre le serveur"],
      [
        "pra role sql --apply --as postgres",
        "exécuté par postgres, dont le mot de passe est dans PRA_SUPERUSER_PASSWORD ou ~/.pgpass",
      ],
      [
        "pra role sql --role akig_restore --for restores",
        "un rôle qui peut seulement créer des bases d'essai",
      ],
    ],
  },
  optionRole: "le rôle, PG_USER par défaut",
  optionFor:
    "stream, dumps, restores, local, séparés par des virgules ; par défaut ce que fait la configuration",
  optionMajor: "la version majeure du serveur, demandée au serveur par défaut",
  optionApply: "exécuter les instructions",
  optionAs: "le superutilisateur qui les exécute",
  uses: {
    stream: "sauvegardes et WAL par le protocole de réplication",
    dumps: "exports de bases",
    restores: "essais de restauration",
    local: "sauvegardes qui lisent les fichiers sur le serveur",
  },
  why: {
    create: "le rôle, s'il n'existe pas encore",
    attributes: "ce qu'il peut faire en général ; il n'y a pas d'attribut BACKUP",
    monitor: "voit tous les réglages, slots et émetteurs",
    rules: "voit les règles de pg_hba.conf, utiles à une restauration ailleurs",
    read: "lit toutes les tables, et n'en modifie aucune",
    functions: "peut commencer et finir une sauvegarde de fichiers",
    password: "son mot de passe, sous forme de vérificateur",
  },
  title: (role, where, major) => `Rôle ${role} pour PostgreSQL ${major} sur ${where}`,
  assumed: (major) =>
    `le serveur n'a pas répondu : PostgreSQL ${major} est supposé ; --major dit autre chose`,
  runIn: (database) => `à exécuter en superutilisateur, connecté à la base ${database}`,
  noBackupPrivilege:
    "PostgreSQL n'a ni rôle BACKUP ni GRANT BACKUP ; ces instructions sont ce qu'un tel document veut dire",
  password: "le mot de passe, tapé deux fois, jamais affiché (psql)",
  access: "pg_hba.conf doit laisser entrer le rôle, puis SELECT pg_reload_conf();",
  applied: (role, where) => `Fait : le rôle ${role} sur ${where} a ce qu'il lui faut.`,
  passwordSet:
    "Son mot de passe est celui de la configuration ; le serveur n'a reçu qu'un vérificateur.",
  passwordUnset: (role) => `Aucun mot de passe n'a été posé. Dans psql : \\password ${role}`,
  next: "Ensuite : pra check",
};

/** The texts by language. */
export const roleText: Readonly<Record<Language, Messages>> = { en, fr };

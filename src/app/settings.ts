/**
 * Every setting of the product, once: its name, what it may be, whether it is a secret, what holds when nobody sets it, and what
 * it is for in both languages. `environment.ts` reads by this table; `.env.example`, `docs/configuration.md` and `pra config show`
 * are made from it, so that a setting that is read and not explained cannot exist. No value is ever read here.
 */
import type { Language } from "../core/language.ts";
import { alertSettings } from "./alert-settings.ts";
import { logSettings } from "./log-settings.ts";
import { networkSettings } from "./network-settings.ts";
import { restoreSettings } from "./restore-settings.ts";
import { type SettingEntry, elsewhere, host, number, path } from "./setting-entry.ts";

const registry = {
  PG_HOST: {
    group: "server",
    kind: elsewhere,
    fallback: "localhost",
    example: "db.example.org",
    essential: true,
    help: {
      en: "The production server: a name, an address, or the directory of its socket (/run/postgresql).",
      fr: "Le serveur de production : un nom, une adresse, ou le dossier de son socket (/run/postgresql).",
    },
  },
  PG_PORT: {
    group: "server",
    kind: elsewhere,
    fallback: "5432",
    example: "5432",
    essential: true,
    help: { en: "Its port.", fr: "Son port." },
  },
  PG_USER: {
    group: "server",
    kind: elsewhere,
    fallback: { en: "the system account's name", fr: "le nom du compte système" },
    example: "akig_backup",
    essential: true,
    help: {
      en: 'The role that takes backups. "pra role sql" prints the statements that make it, "pra role sql --apply" runs them.',
      fr: "Le rôle qui fait les sauvegardes. « pra role sql » affiche les instructions qui le créent, « pra role sql --apply » les exécute.",
    },
  },
  PG_PASSWORD: {
    group: "server",
    kind: elsewhere,
    secret: "whole",
    fallback: { en: "from PG_PASSFILE", fr: "lu dans PG_PASSFILE" },
    example: "",
    essential: true,
    help: {
      en: "Its password: 16 characters or more, made by a generator. In quotes when it holds a space, # or a quote.",
      fr: "Son mot de passe : 16 caractères ou plus, tirés au hasard. Entre guillemets s'il contient une espace, # ou un guillemet.",
    },
  },
  DATABASE_URL: {
    group: "server",
    kind: elsewhere,
    secret: "address",
    example: "postgresql://app@db.example.org:5432/akig",
    help: {
      en: "The application's own address of the database. Fills what PG_* leave open; it is tried by pra check.",
      fr: "L'adresse de la base pour l'application. Complète ce que PG_* laissent ouvert ; pra check l'essaie.",
    },
  },
  PG_DATABASE: {
    group: "server",
    kind: elsewhere,
    fallback: "postgres",
    example: "postgres",
    help: {
      en: "The database to connect to for looking around; a backup always holds all of them.",
      fr: "La base où se connecter pour observer ; une sauvegarde les contient toujours toutes.",
    },
  },
  PG_SSLMODE: {
    group: "server",
    kind: elsewhere,
    fallback: {
      en: "verify-full; prefer on this machine",
      fr: "verify-full ; prefer sur cette machine",
    },
    example: "verify-full",
    help: {
      en: "disable, allow, prefer, require, verify-ca or verify-full, as for libpq.",
      fr: "disable, allow, prefer, require, verify-ca ou verify-full, comme pour libpq.",
    },
  },
  PG_SSLROOTCERT: {
    group: "server",
    kind: elsewhere,
    example: "/etc/ssl/certs/db-ca.pem",
    help: {
      en: "File of the authority that signed the server's certificate.",
      fr: "Fichier de l'autorité qui a signé le certificat du serveur.",
    },
  },
  PG_SSLCERT: {
    group: "server",
    kind: elsewhere,
    example: "/etc/pra/client.crt",
    help: {
      en: "Our own certificate, where the server asks for one.",
      fr: "Notre propre certificat, si le serveur en demande un.",
    },
  },
  PG_SSLKEY: {
    group: "server",
    kind: elsewhere,
    example: "/etc/pra/client.key",
    help: {
      en: "The key of that certificate, mode 600.",
      fr: "La clé de ce certificat, mode 600.",
    },
  },
  PG_PASSFILE: {
    group: "server",
    kind: elsewhere,
    fallback: "~/.pgpass",
    example: "/etc/pra/pgpass",
    help: {
      en: "A password file in libpq's format, mode 600, in place of PG_PASSWORD.",
      fr: "Un fichier de mots de passe au format de libpq, mode 600, à la place de PG_PASSWORD.",
    },
  },
  PG_CONNECT_TIMEOUT: {
    group: "server",
    kind: elsewhere,
    fallback: "10",
    example: "10",
    help: { en: "Seconds to wait for a connection.", fr: "Secondes d'attente d'une connexion." },
  },
  BACKUP_DIR: {
    group: "storage",
    kind: path,
    example: "/srv/pra",
    essential: true,
    help: {
      en: "Where the repository lies: another disk than the data's, better another machine's. Made with mode 700.",
      fr: "Où se trouve le dépôt : un autre disque que celui des données, de préférence sur une autre machine. Créé en mode 700.",
    },
  },
  BACKUP_METHOD: {
    group: "storage",
    kind: { type: "choice", choices: ["physical", "logical", "both"] },
    fallback: "physical",
    example: "physical",
    help: {
      en: "What backup.sh makes: physical (any instant can be restored), logical (a dump of each database), or both.",
      fr: "Ce que fait backup.sh : physical (tout instant peut être restauré), logical (un export de chaque base), ou both (les deux).",
    },
  },
  PRA_BACKUP_RATE: {
    group: "storage",
    kind: number(1, 1024),
    fallback: { en: "no limit", fr: "sans limite" },
    example: "50",
    help: {
      en: "A backup reads at most so many MiB a second from the server, so that production keeps its disks; a full backup of 100 GiB at 50 takes 34 minutes.",
      fr: "Une sauvegarde lit au plus ce nombre de Mio par seconde sur le serveur, pour laisser ses disques à la production ; une complète de 100 Gio à 50 prend 34 minutes.",
    },
  },
  RETENTION_DAYS: {
    group: "storage",
    kind: number(1, 36_500),
    fallback: "30",
    example: "30",
    essential: true,
    help: {
      en: "Every instant of the last so many days stays restorable, and every dump of those days stays.",
      fr: "Tout instant des derniers jours, en ce nombre, reste restaurable, et tout export de ces jours reste.",
    },
  },
  PRA_RETENTION_MIN_BACKUPS: {
    group: "storage",
    kind: number(1, 1000),
    fallback: "2",
    example: "2",
    help: {
      en: "The newest backups that stay whatever their age, counted over all histories of the cluster; and of each database the newest dumps, as many.",
      fr: "Les sauvegardes les plus récentes qui restent quel que soit leur âge, comptées sur toutes les histoires du cluster ; et de chaque base autant d'exports, les plus récents.",
    },
  },
  PRA_RETENTION_DAILY: {
    group: "storage",
    kind: number(0, 36500),
    fallback: "0",
    example: "7",
    help: {
      en: "Beyond the window, keep the newest backup of each of so many last days that have one, and the newest dump of each database likewise (UTC).",
      fr: "Au-delà de la fenêtre, garder la dernière sauvegarde de chacun des derniers jours, en ce nombre, qui en ont une, et de même le dernier export de chaque base (UTC).",
    },
  },
  PRA_RETENTION_WEEKLY: {
    group: "storage",
    kind: number(0, 5200),
    fallback: "0",
    example: "8",
    help: {
      en: "The same by ISO weeks.",
      fr: "De même par semaines ISO.",
    },
  },
  PRA_RETENTION_MONTHLY: {
    group: "storage",
    kind: number(0, 1200),
    fallback: "0",
    example: "12",
    help: {
      en: "The same by months.",
      fr: "De même par mois.",
    },
  },
  PRA_RETENTION_YEARLY: {
    group: "storage",
    kind: number(0, 100),
    fallback: "0",
    example: "3",
    help: {
      en: "The same by years.",
      fr: "De même par années.",
    },
  },
  MIN_FREE_GB: {
    group: "storage",
    kind: number(0, 1_000_000),
    fallback: "100",
    example: "100",
    help: {
      en: "Free space that BACKUP_DIR must have, in GB (10^9 bytes); 0 asks for none.",
      fr: "Place libre que BACKUP_DIR doit avoir, en Go (10^9 octets) ; 0 n'en demande pas.",
    },
  },
  APP_HOST: {
    group: "application",
    kind: host,
    example: "app.example.org",
    essential: true,
    help: {
      en: "The machine of the web application.",
      fr: "La machine de l'application web.",
    },
  },
  APP_PORT: {
    group: "application",
    kind: number(1, 65_535),
    example: "443",
    essential: true,
    help: { en: "Its port.", fr: "Son port." },
  },
  APP_HEALTH_URL: {
    group: "application",
    kind: { type: "web address" },
    secret: "address",
    example: "https://app.example.org/health",
    essential: true,
    help: {
      en: "An address that answers 200 when the application and its database work.",
      fr: "Une adresse qui répond 200 quand l'application et sa base fonctionnent.",
    },
  },
  HEALTH_CHECK_RETRIES: {
    group: "application",
    kind: number(1, 100),
    fallback: "5",
    example: "5",
    help: {
      en: "How many times APP_HEALTH_URL is called before the application counts as down.",
      fr: "Combien de fois APP_HEALTH_URL est appelée avant que l'application compte comme arrêtée.",
    },
  },
  HEALTH_CHECK_INTERVAL: {
    group: "application",
    kind: number(1, 3600),
    fallback: "10",
    example: "10",
    help: {
      en: "Seconds between two calls, and at most for one.",
      fr: "Secondes entre deux appels, et au plus pour un appel.",
    },
  },
  ...alertSettings,
  ...restoreSettings,
  ...networkSettings,
  ...logSettings,
  PRA_CLUSTER: {
    group: "program",
    kind: elsewhere,
    fallback: "main",
    example: "main",
    help: {
      en: "The cluster's name in the repository; the replication slot is called pra_<name>.",
      fr: "Le nom du cluster dans le dépôt ; le slot de réplication s'appelle pra_<nom>.",
    },
  },
  PRA_KEY_FILE: {
    group: "program",
    kind: path,
    fallback: {
      en: "<repository id>.key in ~/.config/pra, /etc/pra for root",
      fr: "<id du dépôt>.key dans ~/.config/pra, /etc/pra pour root",
    },
    example: "/etc/pra/main.key",
    help: {
      en: "The repository's key, mode 600, outside BACKUP_DIR.",
      fr: "La clé du dépôt, mode 600, hors de BACKUP_DIR.",
    },
  },
  PRA_CONFIG: {
    group: "program",
    kind: path,
    fallback: { en: "pra.yaml beside .env", fr: "pra.yaml à côté de .env" },
    example: "/etc/pra/pra.yaml",
    help: {
      en: "The file with what a proof asserts of the data and of the application; docs/pra.schema.json describes it.",
      fr: "Le fichier qui dit ce qu'une preuve affirme des données et de l'application ; docs/pra.schema.json le décrit.",
    },
  },
  PRA_STATE_DIR: {
    group: "program",
    kind: path,
    fallback: {
      en: "~/.local/state/pra, /var/lib/pra for root",
      fr: "~/.local/state/pra, /var/lib/pra pour root",
    },
    example: "/var/lib/pra",
    help: {
      en: "What this host remembers; it can be rebuilt from the repository.",
      fr: "Ce dont cette machine se souvient ; cela se reconstruit à partir du dépôt.",
    },
  },
  PRA_SPOOL_DIR: {
    group: "program",
    kind: path,
    fallback: {
      en: "spool in PRA_STATE_DIR's default, /var/spool/pra for root",
      fr: "spool dans le défaut de PRA_STATE_DIR, /var/spool/pra pour root",
    },
    example: "/var/spool/pra",
    help: {
      en: "What waits to be delivered, and throw-away servers of proofs.",
      fr: "Ce qui attend d'être remis, et les serveurs jetables des preuves.",
    },
  },
  PRA_PG_BIN_DIR: {
    group: "program",
    kind: path,
    fallback: { en: "looked for", fr: "cherché" },
    example: "/usr/lib/postgresql/18/bin",
    help: {
      en: "Programs of PostgreSQL for proofs, where they are not found by themselves.",
      fr: "Programmes de PostgreSQL pour les preuves, s'ils ne sont pas trouvés seuls.",
    },
  },
  PRA_LANG: {
    group: "program",
    kind: elsewhere,
    fallback: {
      en: "LC_ALL, LC_MESSAGES or LANG, else en",
      fr: "LC_ALL, LC_MESSAGES ou LANG, sinon en",
    },
    example: "fr",
    help: { en: "en or fr.", fr: "en ou fr." },
  },
  PRA_SUPERUSER_PASSWORD: {
    group: "program",
    kind: { type: "text" },
    secret: "whole",
    fallback: { en: "from PG_PASSFILE", fr: "lu dans PG_PASSFILE" },
    example: "",
    help: {
      en: 'Only for "pra role sql --apply --as NAME": that superuser\'s password. Give it in the environment of that one command.',
      fr: "Seulement pour « pra role sql --apply --as NOM » : le mot de passe de ce superutilisateur. Donnez-le dans l'environnement de cette seule commande.",
    },
  },
  PRA_EXPORT_PASSPHRASE: {
    group: "program",
    kind: { type: "text" },
    secret: "whole",
    example: "",
    help: {
      en: "The passphrase of encrypted export files (.sql.gz.enc).",
      fr: "La phrase secrète des fichiers d'export chiffrés (.sql.gz.enc).",
    },
  },
  PRA_REASON: {
    group: "program",
    kind: { type: "text" },
    example: "ticket 4711",
    help: {
      en: "Why backups are read or changed, for the ledger: as --reason, for all commands of a session.",
      fr: "Pourquoi on lit ou modifie des sauvegardes, pour le journal : comme --reason, pour toutes les commandes d'une session.",
    },
  },
  PRA_TIME_ZONE: {
    group: "program",
    kind: { type: "time zone" },
    fallback: { en: "the machine's", fr: "celui de la machine" },
    example: "Europe/Paris",
    help: {
      en: "The time zone of reports, of pra sla, of evidence, of what is due and of messages: by whose clocks instants are told and a day, a week and a month begin and end. A contact in pra.yaml may have another one.",
      fr: "Le fuseau horaire des rapports, de pra sla, des éléments de preuve, des échéances et des messages : d'après quelles horloges les instants sont dits, et un jour, une semaine et un mois commencent et finissent. Un contact de pra.yaml peut en avoir un autre.",
    },
  },
  PRA_FAILPOINT: {
    group: "expert",
    kind: { type: "text" },
    example: "",
    help: {
      en: "For tests only: makes the program fail at a named place.",
      fr: "Pour les tests seulement : fait échouer le programme à un endroit nommé.",
    },
  },
} as const satisfies Readonly<Record<string, SettingEntry>>;

/** The name of a setting. */
export type SettingName = keyof typeof registry;

/** Every setting by name. */
export const settingsRegistry: Readonly<Record<SettingName, SettingEntry>> = registry;

/** Every name, in the order of `.env.example`. */
export const settingNames = Object.keys(registry) as readonly SettingName[];

/** True for a name that is read. */
export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(registry, name);
}

/** What holds when a setting is not set, in a person's language; undefined when nothing does. */
export function fallbackOf(name: SettingName, language: Language): string | undefined {
  const { fallback } = settingsRegistry[name];
  return typeof fallback === "object" ? fallback[language] : fallback;
}

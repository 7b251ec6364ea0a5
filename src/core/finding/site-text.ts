/** What `pra check` and `pra status` say of configuration, files, databases and application. */
import type { SiteCheckId, SiteFactId } from "./finding.ts";
import type { Language } from "../language.ts";

type Messages = {
  readonly names: Readonly<Record<SiteCheckId, string>>;
  readonly facts: Readonly<
    Record<SiteFactId, { readonly summary: string; readonly hint?: string }>
  >;
};

const GENERATE = "openssl rand -base64 24";

const en: Messages = {
  names: {
    "env-file": "configuration",
    "env-mode": ".env mode",
    gitignore: ".env and git",
    "git-history": "git history",
    scripts: "scripts",
    "backup-folder": "BACKUP_DIR mode",
    settings: "settings",
    "settings-copy": "copy of .env",
    "unknown-settings": "unknown setting",
    password: "password",
    "database-url": "DATABASE_URL",
    reading: "reading tables",
    "restore-place": "test restores",
    application: "application",
  },
  facts: {
    "env-found": { summary: "{path}" },
    "env-none": {
      summary: "no .env file; only flags and the environment count, which cron does not have",
      hint: "cp .env.example .env && chmod 600 .env; then fill it in.",
    },
    "env-examples": {
      summary: "{path} still has the example's value for {names}",
      hint: "Write your own values, or put # before the lines that you do not need.",
    },
    "mode-right": { summary: "{path} is {wanted}" },
    "mode-mended": { summary: "{path} was given mode {wanted}" },
    "mode-wrong": {
      summary: "{path} has mode {mode}: others may read or change it",
      hint: "Run pra check --fix, or: chmod {wanted} {path}",
    },
    "mode-unmended": {
      summary: "{path} has mode {mode}, and this account may not change it ({reason})",
      hint: "As its owner or root: chmod {wanted} {path}",
    },
    ignored: { summary: "git ignores {path}" },
    "not-ignored": {
      summary: "git does not ignore {path}: one git add, and its passwords are everywhere",
      hint: "Run pra check --fix, or add the line /{name} to {folder}/.gitignore.",
    },
    "ignore-mended": { summary: "a line for {path} was added to {folder}/.gitignore" },
    "ignore-unmended": {
      summary: "git does not ignore {path}, and {folder}/.gitignore cannot be written ({reason})",
      hint: "As its owner, add the line /{name} to {folder}/.gitignore.",
    },
    "git-unknown": {
      summary: "git could not be asked about {path}: {reason}",
      hint: "Run pra check as the account that owns the checkout.",
    },
    "git-none": { summary: "{path} is in no git repository" },
    "history-clean": { summary: "{path} was never committed" },
    "history-holds": {
      summary: "{path} was committed ({commit}): whoever has a clone has its passwords",
      hint: "Change every password and token that stood in it, then remove it from the history: git filter-repo --invert-paths --path {name}",
    },
    "env-tracked": {
      summary: "{path} is staged for git's next commit",
      hint: "git -C {folder} rm --cached {name}",
    },
    "scripts-right": { summary: "all {count} may be run" },
    "scripts-wrong": {
      summary: "{names}: not mode 755",
      hint: "Run pra check --fix, or in {folder}: chmod 755 {names}",
    },
    "scripts-absent": {
      summary: "{names}: not in {folder}",
      hint: "Take the missing files from the release that you installed.",
    },
    "scripts-mended": { summary: "{names}: given mode 755" },
    "settings-set": { summary: "all {count} that go-live asks for are set" },
    "settings-missing": {
      summary: "not set: {names}",
      hint: "A backup can do without; the go-live list cannot. .env.example explains each of them.",
    },
    "copy-kept": { summary: "sealed in the repository; the same on {hosts} host(s)" },
    "copy-old": {
      summary: "the repository has none of this host, or an older one",
      hint: "pra config save; every backup does it, too.",
    },
    "hosts-differ": {
      summary: "kept, but {hosts} other host(s) have other settings",
      hint: "pra config compare says which host and, with the private key, which settings.",
    },
    "setting-unknown": {
      summary: "{name} ({origin}) is not read",
      hint: "Remove it, or look its name up in .env.example.",
    },
    "setting-misspelt": {
      summary: "{name} ({origin}) is not read; was {meant} meant?",
      hint: "Write {meant}, or remove the line.",
    },
    "password-none": {
      summary: "none is configured; {user} comes in by a socket, a certificate or an open door",
      hint: "Make sure that pg_hba.conf has no line with trust for anything but local sockets.",
    },
    "password-strong": { summary: "the one of {user} is strong" },
    "password-short": {
      summary: "the one of {user} can be guessed: too short, or too regular",
      hint: `Make another one (${GENERATE}), set it with \\password in psql, and write it into .env.`,
    },
    "password-known": {
      summary: "the one of {user} can be guessed: it is built on a word of every list",
      hint: `Make another one (${GENERATE}), set it with \\password in psql, and write it into .env.`,
    },
    "password-names": {
      summary: "the one of {user} can be guessed: it repeats the role, the host or the database",
      hint: `Make another one (${GENERATE}), set it with \\password in psql, and write it into .env.`,
    },
    "url-answers": { summary: "{user} reaches {database} at {where}" },
    "reads-all": { summary: "the role {role} reads every table in {databases} database(s)" },
    "reads-not-all": {
      summary: "the role {role} may not read every table; only dumps (pra dump) need it",
      hint: "GRANT pg_read_all_data TO {quoted};",
    },
    "rows-hidden": {
      summary:
        "row security may hide rows from the role {role} in: {names}; a dump would stop there",
      hint: "ALTER ROLE {quoted} BYPASSRLS;",
    },
    "restore-ready": { summary: "the role {role} may create {database} at {where}" },
    "restore-present": {
      summary: "{database} is there at {where}, and the role {role} may drop and recreate it",
    },
    "restore-production": {
      summary: "RESTORE_DB names {database}, a database of the production server {where}",
      hint: "Name another one, akig_restore for example: a test restore drops it first.",
    },
    "restore-uncreatable": {
      summary: "the role {role} may not create databases at {where}",
      hint: "ALTER ROLE {quoted} CREATEDB;",
    },
    "restore-foreign": {
      summary: "{database} at {where} belongs to {owner}: the role {role} may not drop it",
      hint: "Name another one in RESTORE_DB, or: ALTER DATABASE {quotedDatabase} OWNER TO {quoted};",
    },
    "application-well": { summary: "{url} answers {status} after {durationMs}" },
    "application-status": {
      summary: "{url} answers {status} instead of 200 (asked {attempts} times)",
      hint: "Look at the application's log; its database may be what it misses.",
    },
    "application-redirect": {
      summary: "{url} redirects ({status}) to {location}",
      hint: "Set APP_HEALTH_URL to an address that answers by itself and needs no login.",
    },
    "application-silent": {
      summary: "{url} does not answer within {seconds} s (asked {attempts} times)",
      hint: "See whether the application hangs; HEALTH_CHECK_INTERVAL is how long an answer may take.",
    },
    "application-certificate": {
      summary: "the certificate of {url} is not trusted: {reason}",
      hint: "Renew it, or have it signed by an authority that this machine knows.",
    },
    "application-unreachable": {
      summary: "nobody answers at {url}: {reason} (asked {attempts} times)",
      hint: "Check the name, the port, the firewall, and that the application runs.",
    },
  },
};

const fr: Messages = {
  names: {
    "env-file": "configuration",
    "env-mode": "mode de .env",
    gitignore: ".env et git",
    "git-history": "historique git",
    scripts: "scripts",
    "backup-folder": "mode de BACKUP_DIR",
    settings: "réglages",
    "settings-copy": "copie de .env",
    "unknown-settings": "réglage inconnu",
    password: "mot de passe",
    "database-url": "DATABASE_URL",
    reading: "lecture des tables",
    "restore-place": "essais de restauration",
    application: "application",
  },
  facts: {
    "env-found": { summary: "{path}" },
    "env-none": {
      summary:
        "aucun fichier .env ; seuls comptent les options et l'environnement, que cron n'a pas",
      hint: "cp .env.example .env && chmod 600 .env ; puis remplissez-le.",
    },
    "env-examples": {
      summary: "{path} a encore la valeur de l'exemple pour {names}",
      hint: "Écrivez vos propres valeurs, ou mettez # devant les lignes dont vous n'avez pas besoin.",
    },
    "mode-right": { summary: "{path} est en {wanted}" },
    "mode-mended": { summary: "{path} a reçu le mode {wanted}" },
    "mode-wrong": {
      summary: "{path} a le mode {mode} : d'autres peuvent le lire ou le modifier",
      hint: "Lancez pra check --fix, ou : chmod {wanted} {path}",
    },
    "mode-unmended": {
      summary: "{path} a le mode {mode}, et ce compte ne peut pas le changer ({reason})",
      hint: "En tant que propriétaire ou root : chmod {wanted} {path}",
    },
    ignored: { summary: "git ignore {path}" },
    "not-ignored": {
      summary: "git n'ignore pas {path} : un seul git add, et ses mots de passe sont partout",
      hint: "Lancez pra check --fix, ou ajoutez la ligne /{name} à {folder}/.gitignore.",
    },
    "ignore-mended": { summary: "une ligne pour {path} a été ajoutée à {folder}/.gitignore" },
    "ignore-unmended": {
      summary: "git n'ignore pas {path}, et {folder}/.gitignore ne peut pas être écrit ({reason})",
      hint: "En tant que propriétaire, ajoutez la ligne /{name} à {folder}/.gitignore.",
    },
    "git-unknown": {
      summary: "git n'a pas pu répondre au sujet de {path} : {reason}",
      hint: "Lancez pra check avec le compte qui possède le dépôt git.",
    },
    "git-none": { summary: "{path} n'est dans aucun dépôt git" },
    "history-clean": { summary: "{path} n'a jamais été commité" },
    "history-holds": {
      summary: "{path} a été commité ({commit}) : qui a un clone a ses mots de passe",
      hint: "Changez tous les mots de passe et jetons qui s'y trouvaient, puis retirez-le de l'historique : git filter-repo --invert-paths --path {name}",
    },
    "env-tracked": {
      summary: "{path} est prêt pour le prochain commit de git",
      hint: "git -C {folder} rm --cached {name}",
    },
    "scripts-right": { summary: "les {count} peuvent être lancés" },
    "scripts-wrong": {
      summary: "{names} : pas en mode 755",
      hint: "Lancez pra check --fix, ou dans {folder} : chmod 755 {names}",
    },
    "scripts-absent": {
      summary: "{names} : absent de {folder}",
      hint: "Reprenez les fichiers manquants dans la version que vous avez installée.",
    },
    "scripts-mended": { summary: "{names} : passé en mode 755" },
    "settings-set": { summary: "les {count} que demande la mise en service sont fixés" },
    "settings-missing": {
      summary: "non fixés : {names}",
      hint: "Une sauvegarde s'en passe ; la liste de mise en service, non. .env.example explique chacun.",
    },
    "copy-kept": { summary: "scellée dans le dépôt ; la même sur {hosts} machine(s)" },
    "copy-old": {
      summary: "le dépôt n'en a aucune de cette machine, ou une plus ancienne",
      hint: "pra config save ; chaque sauvegarde le fait aussi.",
    },
    "hosts-differ": {
      summary: "gardée, mais {hosts} autre(s) machine(s) ont d'autres réglages",
      hint: "pra config compare dit quelle machine et, avec la clé privée, quels réglages.",
    },
    "setting-unknown": {
      summary: "{name} ({origin}) n'est pas lu",
      hint: "Retirez-le, ou cherchez son nom dans .env.example.",
    },
    "setting-misspelt": {
      summary: "{name} ({origin}) n'est pas lu ; vouliez-vous dire {meant} ?",
      hint: "Écrivez {meant}, ou retirez la ligne.",
    },
    "password-none": {
      summary:
        "aucun n'est configuré ; {user} entre par un socket, un certificat ou une porte ouverte",
      hint: "Assurez-vous que pg_hba.conf n'a aucune ligne trust, sauf pour les sockets locaux.",
    },
    "password-strong": { summary: "celui de {user} est robuste" },
    "password-short": {
      summary: "celui de {user} peut être deviné : trop court, ou trop régulier",
      hint: `Tirez-en un autre (${GENERATE}), posez-le avec \\password dans psql, et écrivez-le dans .env.`,
    },
    "password-known": {
      summary: "celui de {user} peut être deviné : il repose sur un mot de toutes les listes",
      hint: `Tirez-en un autre (${GENERATE}), posez-le avec \\password dans psql, et écrivez-le dans .env.`,
    },
    "password-names": {
      summary: "celui de {user} peut être deviné : il répète le rôle, l'hôte ou la base",
      hint: `Tirez-en un autre (${GENERATE}), posez-le avec \\password dans psql, et écrivez-le dans .env.`,
    },
    "url-answers": { summary: "{user} atteint {database} sur {where}" },
    "reads-all": { summary: "le rôle {role} lit toutes les tables de {databases} base(s)" },
    "reads-not-all": {
      summary:
        "le rôle {role} ne peut pas lire toutes les tables ; seuls les exports (pra dump) le demandent",
      hint: "GRANT pg_read_all_data TO {quoted};",
    },
    "rows-hidden": {
      summary:
        "la sécurité par ligne peut cacher des lignes au rôle {role} dans : {names} ; un export s'y arrêterait",
      hint: "ALTER ROLE {quoted} BYPASSRLS;",
    },
    "restore-ready": { summary: "le rôle {role} peut créer {database} sur {where}" },
    "restore-present": {
      summary: "{database} existe sur {where}, et le rôle {role} peut la supprimer et la recréer",
    },
    "restore-production": {
      summary: "RESTORE_DB désigne {database}, une base du serveur de production {where}",
      hint: "Nommez-en une autre, akig_restore par exemple : un essai la supprime d'abord.",
    },
    "restore-uncreatable": {
      summary: "le rôle {role} ne peut pas créer de base sur {where}",
      hint: "ALTER ROLE {quoted} CREATEDB;",
    },
    "restore-foreign": {
      summary:
        "{database} sur {where} appartient à {owner} : le rôle {role} ne peut pas la supprimer",
      hint: "Nommez-en une autre dans RESTORE_DB, ou : ALTER DATABASE {quotedDatabase} OWNER TO {quoted};",
    },
    "application-well": { summary: "{url} répond {status} en {durationMs}" },
    "application-status": {
      summary: "{url} répond {status} au lieu de 200 (appelée {attempts} fois)",
      hint: "Regardez le journal de l'application ; c'est peut-être sa base qui lui manque.",
    },
    "application-redirect": {
      summary: "{url} redirige ({status}) vers {location}",
      hint: "Mettez dans APP_HEALTH_URL une adresse qui répond elle-même et sans connexion.",
    },
    "application-silent": {
      summary: "{url} ne répond pas en {seconds} s (appelée {attempts} fois)",
      hint: "Voyez si l'application est bloquée ; HEALTH_CHECK_INTERVAL est la durée permise d'une réponse.",
    },
    "application-certificate": {
      summary: "le certificat de {url} n'est pas reconnu : {reason}",
      hint: "Renouvelez-le, ou faites-le signer par une autorité que cette machine connaît.",
    },
    "application-unreachable": {
      summary: "personne ne répond à {url} : {reason} (appelée {attempts} fois)",
      hint: "Vérifiez le nom, le port, le pare-feu, et que l'application tourne.",
    },
  },
};

/** The texts by language. */
export const siteText: Readonly<Record<Language, Messages>> = { en, fr };

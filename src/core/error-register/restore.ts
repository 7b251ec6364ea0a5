import type { ErrorGroup } from "./entry.ts";

/** RESTORE_: a restore was refused or failed. */
export const restoreErrors = {
  RESTORE_DISK_FULL: {
    en: {
      message: `no space left to write {path}: {freeBytes} bytes free`,
      hint: `Free space on the file system of {path} ({freeBytes} bytes are free) or restore elsewhere, then run the same command again: it resumes.`,
    },
    fr: {
      message: `plus d'espace pour écrire {path} : {freeBytes} octets libres`,
      hint: `Libérez de l'espace sur le système de fichiers de {path} ({freeBytes} octets libres) ou restaurez ailleurs, puis relancez la même commande : elle reprend.`,
    },
  },
  RESTORE_FILE_IO: {
    en: {
      message: `{operation} of {path} failed: {reason}`,
      hint: `Check the disk and its permissions with the system's own log, then run the same command again.`,
    },
    fr: {
      message: `{operation} de {path} a échoué : {reason}`,
      hint: `Vérifiez le disque et ses droits dans le journal du système, puis relancez la même commande.`,
    },
  },
  RESTORE_UNSAFE_PATH: {
    en: {
      message: `"{path}" is refused below {root}: {reason}`,
      hint: `Nothing was written there. A name must stay below its directory and pass through no symbolic link; the backup or the target directory was tampered with.`,
    },
    fr: {
      message: `« {path} » est refusé sous {root} : {reason}`,
      hint: `Rien n'y a été écrit. Un nom doit rester sous son répertoire et ne traverser aucun lien symbolique ; la sauvegarde ou le répertoire cible a été altéré.`,
    },
  },
  RESTORE_LOCKED: {
    en: {
      message: `{path} is held by process {pid} of this machine`,
      hint: `Another command is working in this directory. Wait for it or stop it, then run this one again.`,
    },
    fr: {
      message: `{path} est tenu par le processus {pid} de cette machine`,
      hint: `Une autre commande travaille dans ce répertoire. Attendez-la ou arrêtez-la, puis relancez celle-ci.`,
    },
  },
  RESTORE_LOCK_UNREADABLE: {
    en: {
      message: `{path} was left by another machine or is not a lock`,
      hint: `Make sure that no other host works in this directory, then delete {path} and run the command again.`,
    },
    fr: {
      message: `{path} vient d'une autre machine ou n'est pas un verrou`,
      hint: `Assurez-vous qu'aucun autre hôte ne travaille dans ce répertoire, puis supprimez {path} et relancez la commande.`,
    },
  },
  RESTORE_TARGET_RUNNING: {
    en: {
      message: `a server runs on {directory} (process {pid})`,
      hint: `Nothing was touched. Restore to another directory, or stop that server first if it is the one to replace.`,
    },
    fr: {
      message: `un serveur tourne sur {directory} (processus {pid})`,
      hint: `Rien n'a été touché. Restaurez dans un autre répertoire, ou arrêtez d'abord ce serveur si c'est lui qu'il faut remplacer.`,
    },
  },
  RESTORE_TARGET_NOT_EMPTY: {
    en: {
      message: `{directory} is not empty: {found}`,
      hint: `Nothing was touched. Name a directory that does not exist or is empty, or that an unfinished restore left. To make a stopped cluster into this one, writing only what differs, add --delta.`,
    },
    fr: {
      message: `{directory} n'est pas vide : {found}`,
      hint: `Rien n'a été touché. Indiquez un répertoire absent ou vide, ou celui d'une restauration inachevée. Pour transformer une instance arrêtée en celle-ci, en n'écrivant que ce qui diffère, ajoutez --delta.`,
    },
  },
  RESTORE_TABLESPACE_UNPLACED: {
    en: {
      message: `tablespace {oid} ({location}) has no place to go`,
      hint: `Map it: --tablespace {location}=NEW_DIRECTORY. Its old place is taken, cannot be made, or belongs to a cluster that runs.`,
    },
    fr: {
      message: `le tablespace {oid} ({location}) n'a pas d'emplacement`,
      hint: `Indiquez-en un : --tablespace {location}=NOUVEAU_RÉPERTOIRE. Son ancien emplacement est occupé, ne peut être créé, ou appartient à une instance en service.`,
    },
  },
  RESTORE_INCOMPLETE_BACKUP: {
    en: {
      message: `backup {backup} has no {name}`,
      hint: `The backup cannot make a cluster. Restore another one, and report this: it should never have been listed.`,
    },
    fr: {
      message: `la sauvegarde {backup} ne contient pas {name}`,
      hint: `La sauvegarde ne peut pas donner d'instance. Restaurez-en une autre et signalez-le : elle n'aurait jamais dû être listée.`,
    },
  },
  RESTORE_TARGETS_OVERLAP: {
    en: {
      message: `{first} and {second} cannot both be restored to: one lies within the other`,
      hint: `Nothing was touched. Give the data directory and every tablespace a directory of its own.`,
    },
    fr: {
      message: `{first} et {second} ne peuvent être tous deux restaurés : l'un est dans l'autre`,
      hint: `Rien n'a été touché. Donnez au répertoire de données et à chaque tablespace un répertoire à lui.`,
    },
  },
  RESTORE_TABLESPACE_UNKNOWN: {
    en: {
      message: `the backup has no tablespace at {location}`,
      hint: `Name the place it had on the server. Tablespaces of this backup: {known}.`,
    },
    fr: {
      message: `la sauvegarde n'a pas de tablespace à {location}`,
      hint: `Indiquez l'emplacement qu'il avait sur le serveur. Tablespaces de cette sauvegarde : {known}.`,
    },
  },
  RESTORE_NOT_ISOLATED: {
    en: {
      message: `{directory} is not an isolated copy made by pra`,
      hint: `Nothing was changed. Name the directory that pra restore wrote; one that was adopted already needs nothing more.`,
    },
    fr: {
      message: `{directory} n'est pas une copie isolée faite par pra`,
      hint: `Rien n'a été modifié. Indiquez le dossier écrit par pra restore ; s'il a déjà été adopté, il n'y a plus rien à faire.`,
    },
  },
  RESTORE_NOT_RECOVERED: {
    en: {
      message: `the copy in {directory} was never started: its recovery is still ahead`,
      hint: `Nothing was changed. Start it isolated first (pra restore --start, or its own pg_ctl), look at its data, stop it with pra stop, then adopt it.`,
    },
    fr: {
      message: `la copie dans {directory} n'a jamais été démarrée : sa récupération est encore à faire`,
      hint: `Rien n'a été modifié. Démarrez-la d'abord isolée (pra restore --start, ou son pg_ctl), regardez ses données, arrêtez-la avec pra stop, puis adoptez-la.`,
    },
  },
  RESTORE_ADOPT_UNCONFIRMED: {
    en: {
      message: `adopting {directory} lets it archive, replicate and listen like production`,
      hint: `Nothing was changed. If this copy shall become production and the old server cannot come back by itself, run: pra adopt {directory} --allow-production --confirm {name}`,
    },
    fr: {
      message: `adopter {directory} la laisse archiver, répliquer et écouter comme la production`,
      hint: `Rien n'a été modifié. Si cette copie doit devenir la production et que l'ancien serveur ne peut pas revenir de lui-même, lancez : pra adopt {directory} --allow-production --confirm {name}`,
    },
  },
  RESTORE_ENDED_SHORT: {
    en: {
      message: `recovery in {directory} ended at {reached}; the plan promised {wanted}`,
      hint: `The server was stopped. Do not use this copy: data is missing from it. Run pra verify --deep, then restore into another directory.`,
    },
    fr: {
      message: `la récupération dans {directory} s'est terminée à {reached} ; le plan promettait {wanted}`,
      hint: `Le serveur a été arrêté. N'utilisez pas cette copie : il y manque des données. Lancez pra verify --deep, puis restaurez dans un autre dossier.`,
    },
  },
  RESTORE_RESOURCE_MANAGER_MISSING: {
    en: {
      message: `the backed-up server wrote WAL with the resource managers {managers}, and of its preloaded libraries {libraries} is not installed here`,
      hint: `Nothing was changed. Install the extension that brings it for the PostgreSQL that shall start the copy, or name programs that have it with PRA_PG_BIN_DIR; without it the replay of that WAL fails.`,
    },
    fr: {
      message: `le serveur sauvegardé a écrit du WAL avec les gestionnaires de ressources {managers}, et parmi ses bibliothèques préchargées {libraries} n'est pas installé ici`,
      hint: `Rien n'a été modifié. Installez l'extension qui l'apporte pour le PostgreSQL qui démarrera la copie, ou indiquez des programmes qui l'ont avec PRA_PG_BIN_DIR ; sans elle, ce WAL ne peut pas être rejoué.`,
    },
  },
  RESTORE_DB_PRODUCTION: {
    en: {
      message: `database {database} at {where} is production's: the server there has the system identifier of what is backed up`,
      hint: `Nothing was touched. Name another database with --into (RESTORE_DB), or another host with --host (RESTORE_HOST). If production's own database is to be made anew, say so twice: --allow-production --confirm {database}`,
    },
    fr: {
      message: `la base {database} sur {where} est celle de la production : ce serveur a l'identifiant système de ce qui est sauvegardé`,
      hint: `Rien n'a été touché. Indiquez une autre base avec --into (RESTORE_DB), ou une autre machine avec --host (RESTORE_HOST). Si c'est bien la base de production qu'il faut refaire, dites-le deux fois : --allow-production --confirm {database}`,
    },
  },
  RESTORE_DB_NOT_OURS: {
    en: {
      message: `database {database} at {where} holds {tables} tables and was not made by a restore test`,
      hint: `Nothing was touched. Drop it yourself, name another database with --into (RESTORE_DB), or let it be replaced: --confirm {database}`,
    },
    fr: {
      message: `la base {database} sur {where} contient {tables} tables et n'a pas été créée par un test de restauration`,
      hint: `Rien n'a été touché. Supprimez-la vous-même, indiquez une autre base avec --into (RESTORE_DB), ou faites-la remplacer : --confirm {database}`,
    },
  },
  RESTORE_DB_RESERVED: {
    en: {
      message: `{database} is a database of the server itself`,
      hint: `Nothing was touched. Name a database of its own for restore tests with --into (RESTORE_DB); it is made when it is missing.`,
    },
    fr: {
      message: `{database} est une base du serveur lui-même`,
      hint: `Rien n'a été touché. Indiquez une base réservée aux tests de restauration avec --into (RESTORE_DB) ; elle est créée si elle manque.`,
    },
  },
  RESTORE_DB_BUSY: {
    en: {
      message: `database {database} is in use by {holders}`,
      hint: `Nothing was dropped. Ask them to leave, or end their sessions on that server: SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'; then run the command again.`,
    },
    fr: {
      message: `la base {database} est utilisée par {holders}`,
      hint: `Rien n'a été supprimé. Demandez-leur de sortir, ou terminez leurs sessions sur ce serveur : SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}' ; puis relancez la commande.`,
    },
    retryable: true,
  },
  RESTORE_DB_RIGHTS: {
    en: {
      message: `role {user} may not create databases at {where}`,
      hint: `Run there, as a superuser: ALTER ROLE "{user}" CREATEDB; or name another role in PG_USER.`,
    },
    fr: {
      message: `le rôle {user} n'a pas le droit de créer des bases sur {where}`,
      hint: `Lancez-y, en superutilisateur : ALTER ROLE "{user}" CREATEDB; ou indiquez un autre rôle dans PG_USER.`,
    },
  },
  RESTORE_DB_NEWER: {
    en: {
      message: `{source} is of PostgreSQL {sourceMajor}, the server at {where} of {major}`,
      hint: `Nothing was touched. A dump goes into the same or a newer major: name a server of {sourceMajor} or later in RESTORE_HOST.`,
    },
    fr: {
      message: `{source} est de PostgreSQL {sourceMajor}, le serveur {where} de {major}`,
      hint: `Rien n'a été touché. Un export entre dans la même version majeure ou une plus récente : indiquez un serveur {sourceMajor} ou plus récent dans RESTORE_HOST.`,
    },
  },
  RESTORE_DB_SOURCE_UNKNOWN: {
    en: {
      message: `"{from}" is neither a file nor a dump or backup of this repository`,
      hint: `"pra list" shows what there is. Give an id, or a file: .dump, .sql, .sql.gz, .sql.gz.enc.`,
    },
    fr: {
      message: `« {from} » n'est ni un fichier, ni un export ou une sauvegarde de ce dépôt`,
      hint: `« pra list » montre ce qu'il y a. Indiquez un identifiant, ou un fichier : .dump, .sql, .sql.gz, .sql.gz.enc.`,
    },
  },
  RESTORE_DB_WHICH: {
    en: {
      message: `{source} holds several databases: {names}`,
      hint: `Say which one with --database.`,
    },
    fr: {
      message: `{source} contient plusieurs bases : {names}`,
      hint: `Dites laquelle avec --database.`,
    },
  },
  RESTORE_DB_FAILED: {
    en: {
      message: `{program} ended with code {code}: {text}`,
      hint: `The test database is incomplete; no other was touched. Mend what the program names, then run the same command again: it begins anew.`,
    },
    fr: {
      message: `{program} s'est terminé avec le code {code} : {text}`,
      hint: `La base de test est incomplète ; aucune autre n'a été touchée. Corrigez ce que nomme le programme, puis relancez la même commande : elle reprend du début.`,
    },
  },
  RESTORE_DB_INTERRUPTED: {
    en: {
      message: `{program} ended before its work was done: {text}`,
      hint: `The test database is incomplete; no other was touched. See whether the server or the program was stopped or ran out of memory, then run the same command again: it begins anew.`,
    },
    fr: {
      message: `{program} s'est arrêté avant la fin de son travail : {text}`,
      hint: `La base de test est incomplète ; aucune autre n'a été touchée. Voyez si le serveur ou le programme a été arrêté ou a manqué de mémoire, puis relancez la même commande : elle reprend du début.`,
    },
    retryable: true,
  },
  RESTORE_DB_PASSPHRASE: {
    en: {
      message: `the passphrase does not open {path}`,
      hint: `Nothing was touched. Set PRA_EXPORT_PASSPHRASE to the one under which it was made, or name a file that holds it with --passphrase-file. The file is one that openssl enc -aes-256-cbc -pbkdf2 makes.`,
    },
    fr: {
      message: `la phrase secrète n'ouvre pas {path}`,
      hint: `Rien n'a été touché. Mettez dans PRA_EXPORT_PASSPHRASE celle avec laquelle il a été fait, ou indiquez avec --passphrase-file un fichier qui la contient. Le fichier est de ceux que fait openssl enc -aes-256-cbc -pbkdf2.`,
    },
  },
  RESTORE_DB_FILE: {
    en: {
      message: `{path} cannot be used: {reason}`,
      hint: `A file must be what pg_dump wrote, as it is (.dump, .sql), compressed (.sql.gz), or encrypted (.sql.gz.enc), and whole. Copy it again, or take another.`,
    },
    fr: {
      message: `{path} est inutilisable : {reason}`,
      hint: `Un fichier doit être ce que pg_dump a écrit, tel quel (.dump, .sql), compressé (.sql.gz) ou chiffré (.sql.gz.enc), et entier. Copiez-le à nouveau, ou prenez-en un autre.`,
    },
  },
  RESTORE_RESCUE_ABSENT: {
    en: {
      message: `"{table}" did not exist in database {database} at {at}`,
      hint: `Nothing was changed. Names at that instant that look like it: {names}. Backup {backup} was used. A name with capitals or odd characters goes between double quotes: '"Odd Schema"."Orders"'. Backups that have it, the nearest before that instant: {before}; the nearest after it: {after} ({looked} of {backups} were looked into). --backup ID --immediate takes what one of them has; --at goes to the instants between.`,
    },
    fr: {
      message: `« {table} » n'existait pas dans la base {database} à l'instant {at}`,
      hint: `Rien n'a été modifié. Noms qui y ressemblent à cet instant : {names}. La sauvegarde utilisée est {backup}. Un nom avec majuscules ou caractères spéciaux se met entre guillemets doubles : '"Schéma Spécial"."Commandes"'. Sauvegardes qui l'ont, la plus proche avant cet instant : {before} ; la plus proche après : {after} ({looked} sur {backups} ont été regardées). --backup ID --immediate prend ce qu'a l'une d'elles ; --at mène aux instants entre elles.`,
    },
  },
  RESTORE_RESCUE_WHICH: {
    en: {
      message: `several tables are called "{table}": {names}`,
      hint: `Nothing was changed. Name the schema as well: --table schema.table`,
    },
    fr: {
      message: `plusieurs tables s'appellent « {table} » : {names}`,
      hint: `Rien n'a été modifié. Indiquez aussi le schéma : --table schéma.table`,
    },
  },
  RESTORE_PARTIAL: {
    en: {
      message: `{directory} bears the mark of a restore that is unfinished, or only a part of a cluster`,
      hint: `Nothing was changed. Such a directory is never a cluster. Restore whole with pra restore, and adopt that copy.`,
    },
    fr: {
      message: `{directory} porte la marque d'une restauration inachevée, ou qui n'est qu'une partie d'un cluster`,
      hint: `Rien n'a été modifié. Un tel répertoire n'est jamais un cluster. Restaurez en entier avec pra restore, et adoptez cette copie-là.`,
    },
  },
  RESTORE_PEEK_SQL: {
    en: {
      message: `the query failed on the copy: {text}`,
      hint: `Nothing was changed; the copy is gone. The query runs as a role that only reads, without foreign servers, on database {database} as it was; with --table, on those tables and no others. Correct it and run the command again.`,
    },
    fr: {
      message: `la requête a échoué sur la copie : {text}`,
      hint: `Rien n'a été modifié ; la copie a disparu. La requête tourne avec un rôle qui ne fait que lire, sans serveurs distants, sur la base {database} telle qu'elle était ; avec --table, sur ces tables et aucune autre. Corrigez-la et relancez la commande.`,
    },
  },
  RESTORE_RESCUE_NO_DATABASE: {
    en: {
      message: `database {database} did not exist at {at}`,
      hint: `Nothing was changed. Backups that have it, the nearest before that instant: {before}; the nearest after it: {after} ({looked} of {backups} were looked into). --backup ID --immediate takes what one of them has; --at goes to the instants between; --database takes another name.`,
    },
    fr: {
      message: `la base {database} n'existait pas à l'instant {at}`,
      hint: `Rien n'a été modifié. Sauvegardes qui l'ont, la plus proche avant cet instant : {before} ; la plus proche après : {after} ({looked} sur {backups} ont été regardées). --backup ID --immediate prend ce qu'a l'une d'elles ; --at mène aux instants entre elles ; --database accepte un autre nom.`,
    },
  },
  RESTORE_DELTA_FOREIGN: {
    en: {
      message: `{directory} holds another cluster: its system identifier is {theirs}, the backup's is {ours}`,
      hint: `Nothing was touched. Name the data directory of the cluster that the backup was taken from, or restore into an empty directory without --delta.`,
    },
    fr: {
      message: `{directory} contient une autre instance : son identifiant système est {theirs}, celui de la sauvegarde {ours}`,
      hint: `Rien n'a été touché. Indiquez le répertoire de données de l'instance sauvegardée, ou restaurez dans un répertoire vide sans --delta.`,
    },
  },
  RESTORE_DELTA_UNCONFIRMED: {
    en: {
      message: `{directory} holds a cluster (state: {state}, last checkpoint {time}): restoring over it destroys all that is only there`,
      hint: `Nothing was touched. If nothing in it is needed any more, add --confirm {name}. Into an empty directory no confirmation is needed, and the old one stays as it is.`,
    },
    fr: {
      message: `{directory} contient une instance (état : {state}, dernier checkpoint {time}) : restaurer par-dessus détruit tout ce qui n'est que là`,
      hint: `Rien n'a été touché. Si plus rien n'y est nécessaire, ajoutez --confirm {name}. Dans un répertoire vide, aucune confirmation n'est demandée, et l'ancien reste tel quel.`,
    },
  },
  RESTORE_RESCUE_INTO: {
    en: {
      message: `database "{database}" on {where} holds something that is not ours`,
      hint: `Nothing was touched. Rescued tables go into a database of their own, never into a live one. Name one that does not exist yet with --into: it is made, and marked.`,
    },
    fr: {
      message: `la base « {database} » sur {where} contient autre chose que nos tables récupérées`,
      hint: `Rien n'a été touché. Les tables récupérées vont dans une base à elles, jamais dans une base en service. Indiquez avec --into une base qui n'existe pas encore : elle est créée, et marquée.`,
    },
  },
  RESTORE_RESCUE_COUNT: {
    en: {
      message: `{table} has {rows} rows on the copy and {copied} in the rescued database`,
      hint: `The rescued database did not get its name, and no other was touched. Run the same command again; if it says the same again, restore whole with pra restore and report it.`,
    },
    fr: {
      message: `{table} a {rows} lignes sur la copie et {copied} dans la base récupérée`,
      hint: `La base récupérée n'a pas reçu son nom, et aucune autre n'a été touchée. Relancez la même commande ; si elle dit la même chose, restaurez en entier avec pra restore et signalez-le.`,
    },
  },
  RESTORE_RESCUE_NO_KEY: {
    en: {
      message: `{table} has no primary key that is the same then and now, so its rows cannot be told apart`,
      hint: `No row was copied; the rescued table is there to be looked at. Copy by hand what you recognise, or give the table a primary key first.`,
    },
    fr: {
      message: `{table} n'a pas de clé primaire identique avant et maintenant : ses lignes ne peuvent pas être distinguées`,
      hint: `Aucune ligne n'a été copiée ; la table récupérée est là pour être consultée. Copiez à la main ce que vous reconnaissez, ou donnez d'abord une clé primaire à la table.`,
    },
  },
  RESTORE_RESCUE_COPY: {
    en: {
      message: `rows of {table} could not be inserted: {text}`,
      hint: `No row of any table was copied: it was one transaction. The rescued tables are there. A trigger, a foreign key or a new column without default may stand against it; settle that, and run the command again.`,
    },
    fr: {
      message: `des lignes de {table} n'ont pas pu être insérées : {text}`,
      hint: `Aucune ligne d'aucune table n'a été copiée : c'était une seule transaction. Les tables récupérées sont là. Un déclencheur, une clé étrangère ou une nouvelle colonne sans valeur par défaut peut s'y opposer ; réglez cela, puis relancez la commande.`,
    },
  },
  RESTORE_RESCUE_UNCONFIRMED: {
    en: {
      message: `copying {rows} missing rows into live tables of {database} was not confirmed`,
      hint: `No row was copied; the rescued tables are in {into}. Look at what differs, then run the command with --copy-missing --yes.`,
    },
    fr: {
      message: `la copie de {rows} lignes manquantes dans les tables en service de {database} n'a pas été confirmée`,
      hint: `Aucune ligne n'a été copiée ; les tables récupérées sont dans {into}. Regardez ce qui diffère, puis lancez la commande avec --copy-missing --yes.`,
    },
  },
  RESTORE_ROOM: {
    en: {
      message: `{command} needs {neededMib} MiB in {directory}, which has {freeMib} free`,
      hint: `Nothing was restored. Free space there, or choose another place: PRA_SPOOL_DIR for a server that is thrown away afterwards, --to and --tablespace for a restore. {filesMib} MiB are for the files, {walMib} for the WAL, what is left of the sum for the work of the server.`,
    },
    fr: {
      message: `{command} demande {neededMib} Mio dans {directory}, qui en a {freeMib} de libres`,
      hint: `Rien n'a été restauré. Libérez de la place à cet endroit, ou choisissez-en un autre : PRA_SPOOL_DIR pour un serveur qui est jeté ensuite, --to et --tablespace pour une restauration. {filesMib} Mio sont pour les fichiers, {walMib} pour le WAL, le reste de la somme pour le travail du serveur.`,
    },
  },
} as const satisfies ErrorGroup;

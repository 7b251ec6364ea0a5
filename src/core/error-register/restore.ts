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
      hint: `Nothing was touched. Name a directory that does not exist or is empty; pra empties only what an unfinished restore of its own left.`,
    },
    fr: {
      message: `{directory} n'est pas vide : {found}`,
      hint: `Rien n'a été touché. Indiquez un répertoire absent ou vide ; pra ne vide que ce qu'une de ses restaurations inachevées a laissé.`,
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
} as const satisfies ErrorGroup;

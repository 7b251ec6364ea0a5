import type { ErrorGroup } from "./entry.ts";

/** STORE_: the object store refused or failed. */
export const storeErrors = {
  STORE_KEY: {
    en: {
      message: `"{key}" cannot name an object`,
      hint: `Use parts of letters, digits, dot, underscore and hyphen joined by /; no part may begin with a dot, and 512 characters is the limit.`,
    },
    fr: {
      message: `« {key} » ne peut pas nommer un objet`,
      hint: `Utilisez des parties faites de lettres, chiffres, point, souligné et tiret, jointes par / ; aucune ne commence par un point, et 512 caractères sont la limite.`,
    },
  },
  STORE_MISSING: {
    en: {
      message: `object {key} is not in {location}`,
      hint: `Run pra verify to see which backups need this object, and check that this is the right repository.`,
    },
    fr: {
      message: `l'objet {key} n'est pas dans {location}`,
      hint: `Lancez pra verify pour voir quelles sauvegardes ont besoin de cet objet, et vérifiez que c'est le bon dépôt.`,
    },
  },
  STORE_SHORT_READ: {
    en: {
      message: `object {key} ended early: {wantedBytes} bytes wanted at {offset}, {gotBytes} received`,
      hint: `The object is shorter than what refers to it says: it is damaged. Run pra verify to see which backups it takes down.`,
    },
    fr: {
      message: `l'objet {key} s'arrête trop tôt : {wantedBytes} octets demandés à partir de {offset}, {gotBytes} reçus`,
      hint: `L'objet est plus court que ne le dit ce qui s'y réfère : il est endommagé. Lancez pra verify pour voir quelles sauvegardes sont touchées.`,
    },
  },
  STORE_CONFLICT: {
    en: {
      message: `object {key} already exists in {location} with other content`,
      hint: `Nothing was overwritten. Two writers may be using one repository: stop one of them before going on.`,
    },
    fr: {
      message: `l'objet {key} existe déjà dans {location} avec un autre contenu`,
      hint: `Rien n'a été écrasé. Deux processus écrivent peut-être dans le même dépôt : arrêtez l'un d'eux avant de continuer.`,
    },
  },
  STORE_TOO_LARGE: {
    en: {
      message: `{sizeBytes} bytes of {key} are more than the {limitBytes} that one call may move`,
      hint: `Read the object in ranges, or publish it from a file.`,
    },
    fr: {
      message: `{sizeBytes} octets de {key} dépassent les {limitBytes} qu'un appel peut transporter`,
      hint: `Lisez l'objet par plages, ou publiez-le à partir d'un fichier.`,
    },
  },
  STORE_LISTING: {
    en: {
      message: `the listing of {prefix} in {location} does not advance`,
      hint: `The store repeats a page. Report its name and version; do not expire backups on it.`,
    },
    fr: {
      message: `la liste de {prefix} dans {location} n'avance pas`,
      hint: `Le stockage répète une page. Signalez son nom et sa version ; n'y faites expirer aucune sauvegarde.`,
    },
  },
  STORE_UNAVAILABLE: {
    en: {
      message: `{operation} of {key} failed for now: {reason}`,
      hint: `The store did not answer as it should. The call is repeated by itself; if this lasts, check the store and the network.`,
    },
    fr: {
      message: `{operation} de {key} a échoué pour l'instant : {reason}`,
      hint: `Le stockage n'a pas répondu correctement. L'appel est répété de lui-même ; si cela dure, vérifiez le stockage et le réseau.`,
    },
    retryable: true,
  },
  STORE_BUSY: {
    en: {
      message: `object {key} is being written by another process`,
      hint: `Wait until it has finished; an unfinished object is replaced ten minutes after its last write.`,
    },
    fr: {
      message: `l'objet {key} est en cours d'écriture par un autre processus`,
      hint: `Attendez qu'il ait fini ; un objet inachevé est remplacé dix minutes après sa dernière écriture.`,
    },
    retryable: true,
  },
  STORE_DISK_FULL: {
    en: {
      message: `no space left to write {path}: {freeBytes} bytes free`,
      hint: `Free space on the file system of {path} ({freeBytes} bytes are free) or enlarge it, then start again; nothing half-written is counted as stored.`,
    },
    fr: {
      message: `plus d'espace pour écrire {path} : {freeBytes} octets libres`,
      hint: `Libérez de l'espace sur le système de fichiers de {path} ({freeBytes} octets libres) ou agrandissez-le, puis recommencez ; rien d'à moitié écrit n'est compté comme stocké.`,
    },
  },
  STORE_IO: {
    en: {
      message: `{operation} of {path} failed: {reason}`,
      hint: `Check the disk and its permissions with the system's own log. The write is not counted as done and must be started again as a whole.`,
    },
    fr: {
      message: `{operation} de {path} a échoué : {reason}`,
      hint: `Vérifiez le disque et ses droits dans le journal du système. L'écriture ne compte pas comme faite et doit être reprise en entier.`,
    },
  },
  STORE_NO_HARD_LINKS: {
    en: {
      message: `{path} is on a file system without hard links`,
      hint: `This repository was made where hard links exist and can only be read here. Move it to a file system with hard links before writing.`,
    },
    fr: {
      message: `{path} est sur un système de fichiers sans liens durs`,
      hint: `Ce dépôt a été créé là où les liens durs existent et ne peut qu'être lu ici. Déplacez-le sur un système de fichiers avec liens durs avant d'y écrire.`,
    },
  },
  STORE_STAGING: {
    en: {
      message: `{path} is not in the staging directory {staging}`,
      hint: `Files to publish must be prepared in the staging directory, on the store's own file system.`,
    },
    fr: {
      message: `{path} n'est pas dans le répertoire de préparation {staging}`,
      hint: `Les fichiers à publier doivent être préparés dans le répertoire de préparation, sur le système de fichiers du stockage.`,
    },
  },
  STORE_ROOT_MISSING: {
    en: {
      message: `{location} does not exist`,
      hint: `Check that the disk is mounted and the path is right; pra init makes a new repository.`,
    },
    fr: {
      message: `{location} n'existe pas`,
      hint: `Vérifiez que le disque est monté et que le chemin est juste ; pra init crée un nouveau dépôt.`,
    },
  },
  STORE_ROOT_CHANGED: {
    en: {
      message: `another directory has taken the place of {location} since this command began`,
      hint: `A disk was unmounted there, or mounted. Nothing was written beneath. See what is mounted (findmnt --target {location}), mount the repository's disk, and run the command again.`,
    },
    fr: {
      message: `un autre répertoire a pris la place de {location} depuis le début de cette commande`,
      hint: `Un disque y a été démonté, ou monté. Rien n'a été écrit dessous. Regardez ce qui est monté (findmnt --target {location}), montez le disque du dépôt, et relancez la commande.`,
    },
  },
} as const satisfies ErrorGroup;

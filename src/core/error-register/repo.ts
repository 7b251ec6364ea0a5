import type { ErrorGroup } from "./entry.ts";

/** REPO_: the repository holds something else than it should. */
export const repoErrors = {
  REPO_ENCODING: {
    en: {
      message: `{what} cannot be decoded at byte {offset}: {fact}`,
      hint: `The object is authentic but not understood: read it with the version of pra that wrote it, and report this.`,
    },
    fr: {
      message: `{what} est indéchiffrable à l'octet {offset} : {fact}`,
      hint: `L'objet est authentique mais n'est pas compris : lisez-le avec la version de pra qui l'a écrit, et signalez-le.`,
    },
  },
  REPO_FRAME_CODEC: {
    en: {
      message:
        "a compressed frame of {frameBytes} bytes does not yield its {plainBytes} bytes: {reason}",
      hint: "The frame was damaged before it was sealed or was written by something else. Run pra verify, and restore from another backup if it confirms this.",
    },
    fr: {
      message:
        "une trame compressée de {frameBytes} octets ne donne pas ses {plainBytes} octets : {reason}",
      hint: "La trame a été abîmée avant d'être scellée, ou écrite par autre chose. Lancez pra verify et restaurez depuis une autre sauvegarde s'il le confirme.",
    },
  },
  REPO_NOT_AN_OBJECT: {
    en: {
      message: `{object} is not an object of a pra repository`,
      hint: `Check the path or bucket: something else was put where the repository is. A file that was cut to less than a header looks the same.`,
    },
    fr: {
      message: `{object} n'est pas un objet d'un dépôt pra`,
      hint: `Vérifiez le chemin ou le bucket : autre chose a été déposé à la place du dépôt. Un fichier coupé avant la fin de l'en-tête a le même aspect.`,
    },
  },
  REPO_HEADER_INVALID: {
    en: {
      message: `the header of {object} is malformed: {reason}`,
      hint: `Read it again from another copy of the repository; if it stays, someone or something changed it: run pra verify and keep the object as evidence.`,
    },
    fr: {
      message: `l'en-tête de {object} est malformé : {reason}`,
      hint: `Relisez-le depuis une autre copie du dépôt ; si cela persiste, quelqu'un ou quelque chose l'a modifié : lancez pra verify et conservez l'objet comme preuve.`,
    },
  },
  REPO_VERSION_UNKNOWN: {
    en: {
      message: `{object} has format version {version}, this program knows version 1`,
      hint: `Use the version of pra that wrote it, or a newer one.`,
    },
    fr: {
      message: `{object} est au format version {version}, ce programme connaît la version 1`,
      hint: `Utilisez la version de pra qui l'a écrit, ou une plus récente.`,
    },
  },
  REPO_FEATURE_UNKNOWN: {
    en: {
      message: `{object} needs features that this program does not know: bits {bits}`,
      hint: `Use the version of pra that wrote it, or a newer one.`,
    },
    fr: {
      message: `{object} exige des fonctions que ce programme ne connaît pas : bits {bits}`,
      hint: `Utilisez la version de pra qui l'a écrit, ou une plus récente.`,
    },
  },
  REPO_OBJECT_MISPLACED: {
    en: {
      message: `{object} belongs elsewhere: its {field} is {found}, not {expected}`,
      hint: `The object was copied or moved from another place of this or of another repository. Restore the original under this name, or check which repository the settings point to.`,
    },
    fr: {
      message: `{object} a sa place ailleurs : {field} vaut {found}, pas {expected}`,
      hint: `L'objet a été copié ou déplacé depuis un autre endroit de ce dépôt ou d'un autre. Remettez l'original sous ce nom, ou vérifiez quel dépôt les réglages désignent.`,
    },
  },
  REPO_WRITER_UNKNOWN: {
    en: {
      message: `{object} was written by {writer}, which this repository's root never enrolled`,
      hint: `Do not trust this object. If a host was just added, enrol it with pra key enrol on the side that holds the private keys; otherwise someone with write access to the store is forging objects.`,
    },
    fr: {
      message: `{object} a été écrit par {writer}, que la racine de ce dépôt n'a jamais inscrit`,
      hint: `Ne vous fiez pas à cet objet. Si un hôte vient d'être ajouté, inscrivez-le avec pra key enrol du côté qui détient les clés privées ; sinon, quelqu'un qui peut écrire dans le stockage fabrique de faux objets.`,
    },
  },
  REPO_SIGNATURE_INVALID: {
    en: {
      message: `the header of {object} does not bear its writer's signature`,
      hint: `Read it again from another copy of the repository; if it stays, someone or something changed it: run pra verify and keep the object as evidence.`,
    },
    fr: {
      message: `l'en-tête de {object} ne porte pas la signature de son auteur`,
      hint: `Relisez-le depuis une autre copie du dépôt ; si cela persiste, quelqu'un ou quelque chose l'a modifié : lancez pra verify et conservez l'objet comme preuve.`,
    },
  },
  REPO_KEY_WRONG: {
    en: {
      message: `the key of {object} does not open with the private key of generation {generation}`,
      hint: `Check that this key file belongs to this repository with pra key check.`,
    },
    fr: {
      message: `la clé de {object} ne s'ouvre pas avec la clé privée de la génération {generation}`,
      hint: `Vérifiez que ce fichier de clés est bien celui de ce dépôt avec pra key check.`,
    },
  },
  REPO_FRAME_CORRUPT: {
    en: {
      message: `frame {index} of {object} is not what its writer sealed: {reason}`,
      hint: `Read it again from another copy of the repository; if it stays, someone or something changed it: run pra verify and keep the object as evidence.`,
    },
    fr: {
      message: `la trame {index} de {object} n'est pas ce que son auteur a scellé : {reason}`,
      hint: `Relisez-le depuis une autre copie du dépôt ; si cela persiste, quelqu'un ou quelque chose l'a modifié : lancez pra verify et conservez l'objet comme preuve.`,
    },
  },
  REPO_OBJECT_DAMAGED: {
    en: {
      message: `{object} is damaged behind its header: {reason}`,
      hint: `Read it again from another copy of the repository; if it stays, someone or something changed it: run pra verify and keep the object as evidence.`,
    },
    fr: {
      message: `{object} est endommagé après son en-tête : {reason}`,
      hint: `Relisez-le depuis une autre copie du dépôt ; si cela persiste, quelqu'un ou quelque chose l'a modifié : lancez pra verify et conservez l'objet comme preuve.`,
    },
  },
  REPO_NAME_INVALID: {
    en: {
      message: `{name} is not the name of an object in a repository`,
      hint: `Files that pra did not write do not belong into a repository; move them out.`,
    },
    fr: {
      message: `{name} n'est pas le nom d'un objet de dépôt`,
      hint: `Les fichiers que pra n'a pas écrits n'ont pas leur place dans un dépôt ; sortez-les.`,
    },
  },
  REPO_OBJECT_SHORT: {
    en: {
      message: `{object} ends before byte {offset} + {bytes}`,
      hint: `The object is cut. Run "pra verify --deep" to see which backups it takes down, and restore from another one.`,
    },
    fr: {
      message: `{object} se termine avant l'octet {offset} + {bytes}`,
      hint: `L'objet est tronqué. Lancez « pra verify --deep » pour voir quelles sauvegardes il touche, et restaurez-en une autre.`,
    },
  },
  REPO_BLOCK_MISMATCH: {
    en: {
      message: `frame {frame} of pack {pack} does not hold the block that belongs at byte {offset} of {path}`,
      hint: `Nothing wrong was written. Run "pra verify --deep" to see which backups are touched, and restore another one.`,
    },
    fr: {
      message: `la trame {frame} du pack {pack} ne contient pas le bloc attendu à l'octet {offset} de {path}`,
      hint: `Rien de faux n'a été écrit. Lancez « pra verify --deep » pour voir quelles sauvegardes sont touchées, et restaurez-en une autre.`,
    },
  },
  REPO_LEASE_HELD: {
    en: {
      message: `the lease {purpose} of cluster {cluster} is held by process {pid} on {host} since {since}`,
      hint: "Nothing was changed. Wait until it has finished. If that process hangs, stop it: on the same host the lease is free at once, on another after its time to live.",
    },
    fr: {
      message: `le bail {purpose} du cluster {cluster} est tenu par le processus {pid} sur {host} depuis {since}`,
      hint: "Rien n'a été modifié. Attendez qu'il ait fini. Si ce processus est bloqué, arrêtez-le : sur la même machine le bail est libre aussitôt, sur une autre après sa durée de vie.",
    },
  },
  REPO_LEASE_LOST: {
    en: {
      message: `the lease {purpose} of cluster {cluster}, epoch {epoch}, is lost: {reason}`,
      hint: "What was written under it does not count. Look whether another host works on this cluster, and whether the store answered during the last minutes; then run the command again.",
    },
    fr: {
      message: `le bail {purpose} du cluster {cluster}, époque {epoch}, est perdu : {reason}`,
      hint: "Ce qui a été écrit sous ce bail ne compte pas. Regardez si une autre machine travaille sur ce cluster, et si le stockage a répondu ces dernières minutes ; puis relancez la commande.",
    },
  },
  REPO_CONDEMNED: {
    en: {
      message: `{what} is about to be deleted by an expiry that runs on {host}`,
      hint: "Nothing was read. Run the command again when that expiry has finished, or choose another backup.",
    },
    fr: {
      message: `{what} va être supprimé par une expiration en cours sur {host}`,
      hint: "Rien n'a été lu. Relancez la commande quand cette expiration aura fini, ou choisissez une autre sauvegarde.",
    },
    retryable: true,
  },
  REPO_PIN_LOST: {
    en: {
      message: `the pin {pin} for {purpose} is lost: {reason}`,
      hint: "What is being read may be deleted from now on. Look whether the store answered during the last minutes, and run the command again.",
    },
    fr: {
      message: `l'épingle {pin} pour {purpose} est perdue : {reason}`,
      hint: "Ce qui est en cours de lecture peut être supprimé désormais. Regardez si le stockage a répondu ces dernières minutes, et relancez la commande.",
    },
  },
  REPO_ROLLED_BACK: {
    en: {
      message: `the repository {location} shows less than this host has seen: {missing}`,
      hint: "Somebody or something put an older state in place, or hides objects. Find out who before you trust it. If it was done on purpose, accept it once with --accept-rollback.",
    },
    fr: {
      message: `le dépôt {location} montre moins que ce que cette machine a vu : {missing}`,
      hint: "Quelqu'un ou quelque chose a remis un état antérieur, ou cache des objets. Cherchez qui avant de vous y fier. Si c'était voulu, acceptez-le une fois avec --accept-rollback.",
    },
  },
  REPO_NONE_HERE: {
    en: {
      message: `there is no repository in {location}`,
      hint: `Run "pra init" to make one, or correct BACKUP_DIR. If there was one, check that its disk is mounted.`,
    },
    fr: {
      message: `il n'y a pas de dépôt dans {location}`,
      hint: `Lancez « pra init » pour en créer un, ou corrigez BACKUP_DIR. S'il y en avait un, vérifiez que son disque est monté.`,
    },
  },
  REPO_EXISTS_OTHER_KEY: {
    en: {
      message: `{location} holds repository {repository} already, and its key is not in {path}`,
      hint: `Nothing was changed. To use it, make its key file here with the recovery key (pra key recover), or take one that its host exports (pra key import FILE). To make a new repository, set BACKUP_DIR to an empty directory.`,
    },
    fr: {
      message: `{location} contient déjà le dépôt {repository}, et sa clé n'est pas dans {path}`,
      hint: `Rien n'a été modifié. Pour l'utiliser, refaites ici son fichier de clés avec la clé de secours (pra key recover), ou prenez celui qu'exporte son hôte (pra key import FICHIER). Pour créer un nouveau dépôt, indiquez un dossier vide dans BACKUP_DIR.`,
    },
  },
  REPO_DIRECTORY_FOREIGN: {
    en: {
      message: `{location} is not empty and holds no repository: there is "{name}" in it`,
      hint: `Nothing was changed. Set BACKUP_DIR to an empty directory, or to one that does not exist yet.`,
    },
    fr: {
      message: `{location} n'est pas vide et ne contient pas de dépôt : il y a « {name} »`,
      hint: `Rien n'a été modifié. Indiquez dans BACKUP_DIR un dossier vide, ou qui n'existe pas encore.`,
    },
  },
  REPO_PROBE_FAILED: {
    en: {
      message: `the store at {location} does not keep what a repository needs: {reason}`,
      hint: `Nothing was created. Choose another disk or file system for BACKUP_DIR.`,
    },
    fr: {
      message: `le support de {location} ne tient pas ce dont un dépôt a besoin : {reason}`,
      hint: `Rien n'a été créé. Choisissez un autre disque ou un autre système de fichiers pour BACKUP_DIR.`,
    },
  },
  REPO_BACKUP_UNKNOWN: {
    en: {
      message: `no single backup is meant by {backup}: {matches} begin so`,
      hint: `Give the id that pra list shows, or enough of its beginning, at least 4 digits. Nearest: {nearest}.`,
    },
    fr: {
      message: `{backup} ne désigne pas une sauvegarde unique : {matches} commencent ainsi`,
      hint: `Donnez l'identifiant que montre pra list, ou assez de son début, au moins 4 chiffres. Les plus proches : {nearest}.`,
    },
  },
  REPO_ISOLATED_COPY: {
    en: {
      message: `this server is an isolated copy of cluster {cluster}`,
      hint: `Nothing was written: its backups and WAL would mix with production's. If it shall be production, stop it and run "pra adopt" on its directory first.`,
    },
    fr: {
      message: `ce serveur est une copie isolée du cluster {cluster}`,
      hint: `Rien n'a été écrit : ses sauvegardes et son WAL se mêleraient à ceux de la production. S'il doit devenir la production, arrêtez-le et lancez d'abord « pra adopt » sur son répertoire.`,
    },
  },
  REPO_NOT_HELD: {
    en: {
      message: `nothing holds {backup}`,
      hint: `Nothing was changed. pra list shows what is held, and why.`,
    },
    fr: {
      message: `aucun ordre ne conserve {backup}`,
      hint: `Rien n'a été modifié. pra list montre ce qui est conservé par un ordre, et pourquoi.`,
    },
  },
} as const satisfies ErrorGroup;

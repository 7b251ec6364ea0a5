import type { ErrorGroup } from "./entry.ts";

/** SRC_: what the server sent cannot be taken. */
export const srcErrors = {
  SRC_TAR_HEADER: {
    en: {
      message: "the archive of {archive} is damaged at byte {offset}: its {field} field is wrong",
      hint: "Take the backup again; when it happens twice, check the network and memory between this host and the server.",
    },
    fr: {
      message: "l'archive de {archive} est abîmée à l'octet {offset} : son champ {field} est faux",
      hint: "Refaites la sauvegarde ; si cela se répète, contrôlez le réseau et la mémoire entre cet hôte et le serveur.",
    },
    retryable: true,
  },
  SRC_TAR_NAME: {
    en: {
      message: "the archive of {archive} holds a name that must not be written: {name}",
      hint: "Look at this name in the server's data directory; a name that leaves its directory is never taken.",
    },
    fr: {
      message: "l'archive de {archive} contient un nom qui ne doit pas être écrit : {name}",
      hint: "Examinez ce nom dans le répertoire de données du serveur ; un nom qui sort de son répertoire n'est jamais pris.",
    },
  },
  SRC_TAR_KIND: {
    en: {
      message: "the archive of {archive} holds {name} of the unknown kind {kind}",
      hint: "Remove this special file from the server's data directory, then take the backup again.",
    },
    fr: {
      message: "l'archive de {archive} contient {name}, du type inconnu {kind}",
      hint: "Retirez ce fichier spécial du répertoire de données du serveur, puis refaites la sauvegarde.",
    },
  },
  SRC_TAR_TRUNCATED: {
    en: {
      message: "the archive of {archive} ends too early, after {offset} bytes",
      hint: "Take the backup again; what came so far is not a backup.",
    },
    fr: {
      message: "l'archive de {archive} se termine trop tôt, après {offset} octets",
      hint: "Refaites la sauvegarde ; ce qui est arrivé n'est pas une sauvegarde.",
    },
    retryable: true,
  },
  SRC_BACKUP_INTERRUPTED: {
    en: {
      message: "the backup broke off after {receivedBytes} bytes: {reason}",
      hint: "Look at the server's log for the cause, then run pra backup again; nothing of this attempt counts as a backup.",
    },
    fr: {
      message: "la sauvegarde s'est interrompue après {receivedBytes} octets : {reason}",
      hint: "Cherchez la cause dans le journal du serveur, puis relancez pra backup ; rien de cet essai ne compte comme sauvegarde.",
    },
    retryable: true,
  },
  SRC_BACKUP_INCOMPLETE: {
    en: {
      message: "the server said the backup is complete, but {missing} is missing",
      hint: "Check that nothing stands between this host and the server, then run pra backup again.",
    },
    fr: {
      message: "le serveur a déclaré la sauvegarde complète, mais il manque {missing}",
      hint: "Vérifiez que rien ne s'interpose entre cet hôte et le serveur, puis relancez pra backup.",
    },
    retryable: true,
  },
  SRC_BACKUP_REFUSED: {
    en: {
      message: "the server refused or stopped the backup with {sqlstate}: {text}",
      hint: "Look at the server's log for the cause; run pra check, then pra backup again.",
    },
    fr: {
      message: "le serveur a refusé ou arrêté la sauvegarde avec {sqlstate} : {text}",
      hint: "Cherchez la cause dans le journal du serveur ; lancez pra check, puis à nouveau pra backup.",
    },
  },
  SRC_BACKUP_STATE: {
    en: {
      message:
        "the server's state does not allow this backup, or changed during it (a standby that was promoted, for example): {text}",
      hint: "Run pra check to see the server's role and settings, then pra backup again.",
    },
    fr: {
      message:
        "l'état du serveur ne permet pas cette sauvegarde, ou a changé pendant celle-ci (un standby promu, par exemple) : {text}",
      hint: "Lancez pra check pour voir le rôle et les réglages du serveur, puis à nouveau pra backup.",
    },
    retryable: true,
  },
  SRC_MANIFEST_SIZE: {
    en: {
      message: "the server's backup manifest is larger than {maxBytes} bytes",
      hint: "Remove stray files from the data directory; a cluster rarely has this many.",
    },
    fr: {
      message: "le manifeste de sauvegarde du serveur dépasse {maxBytes} octets",
      hint: "Retirez les fichiers étrangers du répertoire de données ; une instance en a rarement autant.",
    },
  },
} as const satisfies ErrorGroup;

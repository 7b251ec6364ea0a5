import type { ErrorGroup } from "./entry.ts";

/** BACKUP_: a backup could not be taken or finished. */
export const backupErrors = {
  BACKUP_WAL_STALLED: {
    en: {
      message: `the WAL of the backup did not arrive: the repository holds timeline {timeline} up to {durable}, the backup needs {wanted}, and nothing came for {seconds} s`,
      hint: `The backup is not listed. A receiver holds the lease for WAL but stores none: look at pra wal status and at its log, then take the backup again.`,
    },
    fr: {
      message: `le WAL de la sauvegarde n'est pas arrivé : le dépôt a la timeline {timeline} jusqu'à {durable}, la sauvegarde a besoin de {wanted}, et rien n'est venu depuis {seconds} s`,
      hint: `La sauvegarde n'est pas listée. Un récepteur tient le bail du WAL mais n'en range pas : regardez pra wal status et son journal, puis relancez la sauvegarde.`,
    },
  },
  BACKUP_PARENT_FOREIGN: {
    en: {
      message: `backup {parent} of cluster {parentCluster}, system {parentSystemId}, cannot be the parent of a backup of system {systemId}`,
      hint: `Nothing was taken. An increment builds on a backup of the same cluster only: take a full backup, or name another parent.`,
    },
    fr: {
      message: `la sauvegarde {parent} du cluster {parentCluster}, système {parentSystemId}, ne peut servir de base à une sauvegarde du système {systemId}`,
      hint: `Rien n'a été sauvegardé. Un incrément ne s'appuie que sur une sauvegarde du même cluster : faites une sauvegarde complète, ou indiquez une autre base.`,
    },
  },
  BACKUP_TABLESPACE_LEFT_OUT: {
    en: {
      message: `the server leaves tablespace {oid} at {location} out of its backups`,
      hint: `No backup was taken, because it would lack these tables. A server of 15 or earlier does this with tablespaces made under allow_in_place_tablespaces: move their tables with ALTER TABLE ... SET TABLESPACE, or upgrade to 16.`,
    },
    fr: {
      message: `le serveur laisse le tablespace {oid}, situé dans {location}, hors de ses sauvegardes`,
      hint: `Aucune sauvegarde n'a été faite : il y manquerait ces tables. Un serveur 15 ou antérieur traite ainsi les tablespaces créés sous allow_in_place_tablespaces : déplacez leurs tables avec ALTER TABLE ... SET TABLESPACE, ou passez à la 16.`,
    },
  },
  BACKUP_PARENT_DAMAGED: {
    en: {
      message: `the maps of backup {parent}, which the increment builds on, cannot be read: {reason}`,
      hint: `Take a full backup, which needs nothing of it, and run "pra verify" to see what else is damaged.`,
    },
    fr: {
      message: `les cartes de la sauvegarde {parent}, sur laquelle s'appuie l'incrément, sont illisibles : {reason}`,
      hint: `Faites une sauvegarde complète, qui n'en a pas besoin, et lancez « pra verify » pour voir ce qui est abîmé d'autre.`,
    },
  },
  BACKUP_WAL_MISSING: {
    en: {
      message: `the repository has no WAL from {from} to {to} on timeline {timeline}, which this backup needs; it is not listed`,
      hint: `The WAL was stored while the backup ran, and is gone: somebody or something deletes in the repository. Run pra verify, find out who, then take the backup again.`,
    },
    fr: {
      message: `le dépôt n'a pas de WAL de {from} à {to} sur la timeline {timeline}, dont cette sauvegarde a besoin ; elle n'est pas listée`,
      hint: `Ce WAL a été rangé pendant la sauvegarde, puis il a disparu : quelqu'un ou quelque chose supprime dans le dépôt. Lancez pra verify, trouvez qui, puis relancez la sauvegarde.`,
    },
    retryable: true,
  },
} as const satisfies ErrorGroup;

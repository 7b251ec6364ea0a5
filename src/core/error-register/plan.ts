import type { ErrorGroup } from "./entry.ts";

/** PLAN_: a target cannot be reached. */
export const planErrors = {
  PLAN_BACKUP_UNKNOWN: {
    en: {
      message: `there is no backup {backup}`,
      hint: `Run pra list to see which there are.`,
    },
    fr: {
      message: `il n'y a pas de sauvegarde {backup}`,
      hint: `Lancez pra list pour voir lesquelles existent.`,
    },
  },
  PLAN_NOTHING_YET: {
    en: {
      message: `the repository has no backup of cluster {cluster}`,
      hint: `Take the first one with pra backup. Is it under another name? PRA_CLUSTER names the cluster, pra list shows what there is.`,
    },
    fr: {
      message: `le dépôt n'a aucune sauvegarde du cluster {cluster}`,
      hint: `Faites la première avec pra backup. Est-elle sous un autre nom ? PRA_CLUSTER nomme le cluster, pra list montre ce qu'il y a.`,
    },
  },
  PLAN_NO_BACKUP: {
    en: {
      message: `no backup leads to timeline {timeline}; timelines with WAL: {timelines}`,
      hint: `Run pra list; without a backup on its branch a timeline cannot be restored. Take one with pra backup --full.`,
    },
    fr: {
      message: `aucune sauvegarde ne mène à la timeline {timeline} ; timelines avec du WAL : {timelines}`,
      hint: `Lancez pra list ; sans sauvegarde sur sa branche, une timeline ne peut être restaurée. Faites-en une avec pra backup --full.`,
    },
  },
  PLAN_BACKUP_OTHER_BRANCH: {
    en: {
      message: `backup {backup} of timeline {backupTimeline} does not lead to timeline {timeline}`,
      hint: `That timeline was left before the backup's end, or descends from another one. Choose another backup, or add --timeline {backupTimeline}.`,
    },
    fr: {
      message: `la sauvegarde {backup} de la timeline {backupTimeline} ne mène pas à la timeline {timeline}`,
      hint: `Cette timeline s'en est séparée avant la fin de la sauvegarde, ou descend d'une autre. Choisissez une autre sauvegarde, ou ajoutez --timeline {backupTimeline}.`,
    },
  },
  PLAN_BACKUP_WAL_MISSING: {
    en: {
      message: `backup {backup} lacks WAL of its own from {fromLsn} to {toLsn}`,
      hint: `It cannot be made consistent. Run pra wal status for the cause, choose an older backup, and take a new one with pra backup --full.`,
    },
    fr: {
      message: `il manque à la sauvegarde {backup} son propre WAL de {fromLsn} à {toLsn}`,
      hint: `Elle ne peut pas être rendue cohérente. Lancez pra wal status pour la cause, choisissez une sauvegarde plus ancienne, et faites-en une nouvelle avec pra backup --full.`,
    },
  },
  PLAN_BACKUP_TORN_PAGES: {
    en: {
      message: `backup {backup} was taken from a standby while its primary had full_page_writes off at {lsn}`,
      hint: `Its pages may be half old, half new, and WAL does not mend them. Choose another backup; turn full_page_writes on and take a new one.`,
    },
    fr: {
      message: `la sauvegarde {backup} a été prise sur un standby alors que son primaire avait full_page_writes désactivé à {lsn}`,
      hint: `Ses pages peuvent être moitié anciennes, moitié nouvelles, et le WAL ne les répare pas. Choisissez une autre sauvegarde ; activez full_page_writes et faites-en une nouvelle.`,
    },
  },
  PLAN_TIMELINE_UNKNOWN: {
    en: {
      message: `there is no WAL of timeline {timeline}; there is of {timelines}`,
      hint: `Leave --timeline out to follow the newest, or name one of these.`,
    },
    fr: {
      message: `il n'y a pas de WAL de la timeline {timeline} ; il y en a de {timelines}`,
      hint: `Omettez --timeline pour suivre la plus récente, ou nommez l'une de celles-ci.`,
    },
  },
  PLAN_TARGET_BEFORE_BACKUP: {
    en: {
      message: `{target} lies before the first backup of timeline {timeline} is complete`,
      hint: `The first instant that can be reached is {after}. Run pra window to see all of them.`,
    },
    fr: {
      message: `{target} précède la fin de la première sauvegarde de la timeline {timeline}`,
      hint: `Le premier instant atteignable est {after}. Lancez pra window pour les voir tous.`,
    },
  },
  PLAN_TARGET_BEFORE_CHOSEN: {
    en: {
      message: `{target} lies before the end of backup {backup}`,
      hint: `From this backup the first instant is {after}. Leave --backup out to let an older one be found.`,
    },
    fr: {
      message: `{target} précède la fin de la sauvegarde {backup}`,
      hint: `Depuis cette sauvegarde, le premier instant est {after}. Omettez --backup pour qu'une plus ancienne soit trouvée.`,
    },
  },
  PLAN_TARGET_IN_HOLE: {
    en: {
      message: `{target} cannot be reached: WAL is missing from {fromLsn} to {toLsn}`,
      hint: `Nearest instants that can be reached: {before} before, {after} after. pra wal status tells the cause; only a new backup closes a hole.`,
    },
    fr: {
      message: `{target} n'est pas atteignable : il manque du WAL de {fromLsn} à {toLsn}`,
      hint: `Instants atteignables les plus proches : {before} avant, {after} après. pra wal status donne la cause ; seule une nouvelle sauvegarde referme un trou.`,
    },
  },
  PLAN_TARGET_AFTER_END: {
    en: {
      message: `{target} lies behind the end of what the repository is known to hold`,
      hint: `The newest instant that is proven is {before}. Ask for that, or for --latest; pra wal status tells how far WAL has come.`,
    },
    fr: {
      message: `{target} dépasse la fin de ce que le dépôt contient avec certitude`,
      hint: `L'instant prouvé le plus récent est {before}. Demandez-le, ou --latest ; pra wal status dit jusqu'où le WAL est arrivé.`,
    },
  },
  PLAN_TARGET_OTHER_BRANCH: {
    en: {
      message: `{target} is not on the branch of timeline {timeline}, but on that of timeline {other}`,
      hint: `Add --timeline {other} if you mean what was left behind there.`,
    },
    fr: {
      message: `{target} n'est pas sur la branche de la timeline {timeline}, mais sur celle de la timeline {other}`,
      hint: `Ajoutez --timeline {other} si vous visez ce qui y a été laissé.`,
    },
  },
  PLAN_WAL_MINIMAL: {
    en: {
      message: `{target} cannot be reached: from {lsn} on WAL was written with wal_level=minimal`,
      hint: `A server refuses to replay it. Nearest instants that can be reached: {before} before, {after} after. Set wal_level to replica and take a new backup.`,
    },
    fr: {
      message: `{target} n'est pas atteignable : à partir de {lsn}, le WAL a été écrit avec wal_level=minimal`,
      hint: `Un serveur refuse de le rejouer. Instants atteignables les plus proches : {before} avant, {after} après. Mettez wal_level à replica et faites une nouvelle sauvegarde.`,
    },
  },
  PLAN_WAL_UNREAD: {
    en: {
      message: `{target} cannot be judged: the WAL from {lsn} on could not be read when it was stored`,
      hint: `Nearest instants that can be foretold: {before} before, {after} after. --latest and --lsn go through it; run pra verify on that segment.`,
    },
    fr: {
      message: `{target} ne peut être jugé : le WAL à partir de {lsn} n'a pas pu être lu lors de son stockage`,
      hint: `Instants prévisibles les plus proches : {before} avant, {after} après. --latest et --lsn le traversent ; lancez pra verify sur ce segment.`,
    },
  },
  PLAN_XID_UNKNOWN: {
    en: {
      message: `no transaction {xid} ended in the WAL of timeline {timeline} behind its first backup`,
      hint: `It wrote nothing, ended before the first backup or after the newest WAL, or was still open. Use --at with its time instead.`,
    },
    fr: {
      message: `aucune transaction {xid} ne s'est terminée dans le WAL de la timeline {timeline} après sa première sauvegarde`,
      hint: `Elle n'a rien écrit, s'est terminée avant la première sauvegarde ou après le WAL le plus récent, ou était encore ouverte. Utilisez plutôt --at avec son heure.`,
    },
  },
  PLAN_XID_ABORTED: {
    en: {
      message: `transaction {xid} was rolled back at {time} (transaction {top})`,
      hint: `It left nothing to restore. Nearest commits: {before} before, {after} after.`,
    },
    fr: {
      message: `la transaction {xid} a été annulée à {time} (transaction {top})`,
      hint: `Elle n'a rien laissé à restaurer. Commits les plus proches : {before} avant, {after} après.`,
    },
  },
  PLAN_XID_SUBTRANSACTION: {
    en: {
      message: `transaction {xid} is a part of transaction {top}, which committed at {time}`,
      hint: `A server stops at whole transactions only. Use --xid {top}.`,
    },
    fr: {
      message: `la transaction {xid} est une partie de la transaction {top}, validée à {time}`,
      hint: `Un serveur ne s'arrête qu'à des transactions entières. Utilisez --xid {top}.`,
    },
  },
  PLAN_NAME_UNKNOWN: {
    en: {
      message: `no restore point "{name}" on timeline {timeline} behind its first backup`,
      hint: `Names are compared exactly. The last ones there: {names}.`,
    },
    fr: {
      message: `aucun point de restauration « {name} » sur la timeline {timeline} après sa première sauvegarde`,
      hint: `Les noms sont comparés exactement. Les derniers présents : {names}.`,
    },
  },
} as const satisfies ErrorGroup;

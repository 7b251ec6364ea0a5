import type { ErrorGroup } from "./entry.ts";

/** WAL_: write-ahead log is missing, wrong or unreadable. */
export const walErrors = {
  WAL_SEGMENT_REMOVED: {
    en: {
      message: "the server no longer has the WAL asked for: {text}",
      hint: "There is a gap: run pra wal status, then pra backup --full, which closes it.",
    },
    fr: {
      message: "le serveur n'a plus le WAL demandé : {text}",
      hint: "Il y a un trou : lancez pra wal status, puis pra backup --full, qui le referme.",
    },
  },
  WAL_SLOT_MISSING: {
    en: {
      message: "the server has no replication slot {slot}",
      hint: "A slot that vanished means a gap: run pra wal status, then pra backup --full.",
    },
    fr: {
      message: "le serveur n'a pas de slot de réplication {slot}",
      hint: "Un slot disparu signifie un trou : lancez pra wal status, puis pra backup --full.",
    },
  },
  WAL_SLOT_IN_USE: {
    en: {
      message: "replication slot {slot} is in use: {text}",
      hint: "Another receiver holds it; find it with: SELECT active_pid FROM pg_replication_slots WHERE slot_name = '{slot}'; and stop one of the two.",
    },
    fr: {
      message: "le slot de réplication {slot} est occupé : {text}",
      hint: "Un autre récepteur le tient ; trouvez-le avec : SELECT active_pid FROM pg_replication_slots WHERE slot_name = '{slot}' ; et arrêtez l'un des deux.",
    },
    retryable: true,
  },
  WAL_SLOT_EXISTS: {
    en: {
      message: "replication slot {slot} exists already",
      hint: "Use it, choose another name, or drop it on purpose with: SELECT pg_drop_replication_slot('{slot}').",
    },
    fr: {
      message: "le slot de réplication {slot} existe déjà",
      hint: "Utilisez-le, choisissez un autre nom, ou supprimez-le volontairement avec : SELECT pg_drop_replication_slot('{slot}').",
    },
  },
  WAL_SLOTS_FULL: {
    en: {
      message: "the server has no free replication slot: {text}",
      hint: "Drop an unused one (SELECT slot_name, active FROM pg_replication_slots), or ALTER SYSTEM SET max_replication_slots = 10 and restart the server.",
    },
    fr: {
      message: "le serveur n'a plus de slot de réplication libre : {text}",
      hint: "Supprimez-en un inutilisé (SELECT slot_name, active FROM pg_replication_slots), ou ALTER SYSTEM SET max_replication_slots = 10 et redémarrez le serveur.",
    },
  },
  WAL_SLOT_LOST: {
    en: {
      message: "replication slot {slot} cannot be used any more: {text}",
      hint: "The server discarded WAL the slot needed: drop it, run pra backup --full, and raise max_slot_wal_keep_size.",
    },
    fr: {
      message: "le slot de réplication {slot} n'est plus utilisable : {text}",
      hint: "Le serveur a supprimé du WAL dont le slot avait besoin : supprimez-le, lancez pra backup --full, et augmentez max_slot_wal_keep_size.",
    },
  },
  WAL_STREAM_REFUSED: {
    en: {
      message: "the server refused to stream WAL with {sqlstate}: {text}",
      hint: "Compare the server's timeline and position with the repository's by pra wal status.",
    },
    fr: {
      message: "le serveur a refusé d'envoyer le WAL avec {sqlstate} : {text}",
      hint: "Comparez la timeline et la position du serveur avec celles du dépôt par pra wal status.",
    },
  },
  WAL_NOT_CONTIGUOUS: {
    en: {
      message: `the WAL received continues at {found}, {expected} was due`,
      hint: `Some WAL between the two positions is missing. Stream again from the start of the segment; if the server no longer has it, take a new backup.`,
    },
    fr: {
      message: `le WAL reçu continue en {found}, {expected} était attendu`,
      hint: `Il manque du WAL entre ces deux positions. Recommencez la réception au début du segment ; si le serveur ne l'a plus, prenez une nouvelle sauvegarde.`,
    },
  },
  WAL_PAGE_MAGIC: {
    en: {
      message: `the WAL page at {lsn} has the mark {found}, not that of PostgreSQL {expected}`,
      hint: `The file is not WAL, is encrypted or compressed, or comes from another major version. Check where it comes from.`,
    },
    fr: {
      message: `la page WAL en {lsn} porte la marque {found}, pas celle de PostgreSQL {expected}`,
      hint: `Le fichier n'est pas du WAL, il est chiffré ou compressé, ou il vient d'une autre version majeure. Vérifiez sa provenance.`,
    },
  },
  WAL_PAGE_HEADER: {
    en: {
      message: `the header of the WAL page at {lsn} is damaged (flags {flags})`,
      hint: `Fetch this segment again from the server or from another copy; until then no instant after it can be restored.`,
    },
    fr: {
      message: `l'en-tête de la page WAL en {lsn} est endommagé (drapeaux {flags})`,
      hint: `Récupérez ce segment auprès du serveur ou d'une autre copie ; d'ici là, aucun instant ultérieur ne peut être restauré.`,
    },
  },
  WAL_PAGE_ADDRESS: {
    en: {
      message: `the WAL page at {lsn} says that it belongs at {found}`,
      hint: `The segment is stored under a wrong name, or is a recycled one that was never filled. Fetch it again from the server.`,
    },
    fr: {
      message: `la page WAL en {lsn} dit appartenir à {found}`,
      hint: `Le segment est rangé sous un mauvais nom, ou c'est un segment recyclé jamais rempli. Récupérez-le auprès du serveur.`,
    },
  },
  WAL_PAGE_TIMELINE: {
    en: {
      message: `the WAL page at {lsn} is of timeline {found}, not of timeline {expected} or its ancestors`,
      hint: `Two servers may be writing the same WAL positions. Find out which one is in production before anything else is stored.`,
    },
    fr: {
      message: `la page WAL en {lsn} est de la timeline {found}, pas de la timeline {expected} ni de ses ancêtres`,
      hint: `Deux serveurs écrivent peut-être aux mêmes positions WAL. Déterminez lequel est en production avant d'enregistrer quoi que ce soit.`,
    },
  },
  WAL_SYSTEM_ID: {
    en: {
      message: `the WAL segment at {lsn} belongs to the cluster {found}, not to {expected}`,
      hint: `It was written by another cluster. Check the connection and the archive settings of both servers.`,
    },
    fr: {
      message: `le segment WAL en {lsn} appartient au cluster {found}, pas à {expected}`,
      hint: `Il a été écrit par un autre cluster. Vérifiez la connexion et les réglages d'archivage des deux serveurs.`,
    },
  },
  WAL_SEGMENT_SIZE: {
    en: {
      message: `the WAL segment at {lsn} has the segment/block sizes {found}, {expected} were expected`,
      hint: `The cluster was created anew or its WAL segment size was changed. Enrol it again, then take a full backup.`,
    },
    fr: {
      message: `le segment WAL en {lsn} a les tailles segment/bloc {found}, {expected} étaient attendues`,
      hint: `Le cluster a été recréé ou la taille de ses segments WAL a changé. Enregistrez-le de nouveau, puis prenez une sauvegarde complète.`,
    },
  },
  WAL_RECORD_LAYOUT: {
    en: {
      message: `the WAL record at {lsn} (resource manager {rmgr}, info {info}) does not have the layout of PostgreSQL {major}`,
      hint: `The WAL itself is kept and can be replayed; only the index of commits stops here. Send this message to the developers.`,
    },
    fr: {
      message: `l'enregistrement WAL en {lsn} (gestionnaire {rmgr}, info {info}) n'a pas la forme de PostgreSQL {major}`,
      hint: `Le WAL lui-même est conservé et peut être rejoué ; seul l'index des validations s'arrête ici. Transmettez ce message aux développeurs.`,
    },
  },
  WAL_INDEX_VERSION: {
    en: {
      message: `the index of a WAL segment has the format version {version}, newer than this program knows`,
      hint: `Use a newer version of pra to read this repository.`,
    },
    fr: {
      message: `l'index d'un segment WAL a la version de format {version}, plus récente que ce programme`,
      hint: `Utilisez une version plus récente de pra pour lire ce dépôt.`,
    },
  },
  WAL_HISTORY_MISSING: {
    en: {
      message: "the server has no history of timeline {timeline}: {text}",
      hint: "Compare the timelines by pra wal status; a standby must have received the file before it can hand it on.",
    },
    fr: {
      message: "le serveur n'a pas l'historique de la timeline {timeline} : {text}",
      hint: "Comparez les timelines par pra wal status ; un standby doit avoir reçu ce fichier avant de pouvoir le transmettre.",
    },
  },
  WAL_SEGMENT_CONFLICT: {
    en: {
      message: `WAL segment {segment} exists in the repository with other content; the second one is kept as {conflict}`,
      hint: `Two servers write the same timeline. Stop the one that is not production before anything else, compare both segments, then run pra wal receive again.`,
    },
    fr: {
      message: `le segment WAL {segment} existe dans le dépôt avec un autre contenu ; le second est conservé sous {conflict}`,
      hint: `Deux serveurs écrivent sur la même timeline. Arrêtez d'abord celui qui n'est pas en production, comparez les deux segments, puis relancez pra wal receive.`,
    },
  },
  WAL_SEGMENT_UNVERIFIED: {
    en: {
      message: `WAL segment {segment} was published and does not read back as it was sent: {reason}`,
      hint: `The store does not return what it accepted. The parts are kept and hold the same WAL. Run pra check, then replace the store.`,
    },
    fr: {
      message: `le segment WAL {segment} a été publié et ne se relit pas tel qu'il a été envoyé : {reason}`,
      hint: `Le stockage ne rend pas ce qu'il a accepté. Les parties sont conservées et contiennent le même WAL. Lancez pra check, puis remplacez le stockage.`,
    },
  },
  WAL_TIMELINE_BEHIND: {
    en: {
      message: `the server is on timeline {server}, the repository already holds timeline {repository}`,
      hint: `This is a former primary. Connect to the server that was promoted, or open a new incarnation for this one on purpose.`,
    },
    fr: {
      message: `le serveur est sur la timeline {server}, le dépôt contient déjà la timeline {repository}`,
      hint: `C'est un ancien primaire. Connectez-vous au serveur promu, ou ouvrez volontairement une nouvelle incarnation pour celui-ci.`,
    },
  },
  WAL_SERVER_BEHIND: {
    en: {
      message: `the server ends at {server} on timeline {timeline}, the repository already holds WAL up to {repository}`,
      hint: `Either it is a standby that has not caught up, then wait; or it lost WAL that was acknowledged: stop it and recover from the repository.`,
    },
    fr: {
      message: `le serveur finit en {server} sur la timeline {timeline}, le dépôt contient déjà le WAL jusqu'à {repository}`,
      hint: `Soit c'est un standby en retard, alors attendez ; soit il a perdu du WAL acquitté : arrêtez-le et récupérez depuis le dépôt.`,
    },
    retryable: true,
  },
  WAL_STORE_OUTAGE: {
    en: {
      message: `the store has taken no WAL for {seconds} s; the connection to the server is given up so that it can be shut down`,
      hint: `Restore the store; WAL waits on the server and takes space there. See pra wal status for how long that lasts.`,
    },
    fr: {
      message: `le stockage n'a pris aucun WAL depuis {seconds} s ; la connexion au serveur est abandonnée pour qu'il puisse être arrêté`,
      hint: `Rétablissez le stockage ; le WAL attend sur le serveur et y occupe de la place. Voir pra wal status pour savoir combien de temps cela tient.`,
    },
    retryable: true,
  },
  WAL_MISSING: {
    en: {
      message: `the repository has no WAL from {from} to {to} on timeline {timeline}`,
      hint: `Choose an instant before {from} or a backup that begins after {to}: pra window shows what can be restored.`,
    },
    fr: {
      message: `le dépôt n'a pas de WAL de {from} à {to} sur la timeline {timeline}`,
      hint: `Choisissez un instant avant {from} ou une sauvegarde qui commence après {to} : pra window montre ce qui peut être restauré.`,
    },
  },
  WAL_PARTS_DISAGREE: {
    en: {
      message: `two parts of WAL segment {segment} hold different bytes at {lsn}`,
      hint: `Two servers wrote the same timeline, or a store is damaged. Restore to an instant before {lsn}, and find out which server was in production.`,
    },
    fr: {
      message: `deux parties du segment WAL {segment} contiennent des octets différents en {lsn}`,
      hint: `Deux serveurs ont écrit sur la même timeline, ou un stockage est endommagé. Restaurez à un instant avant {lsn}, et déterminez quel serveur était en production.`,
    },
  },
  WAL_HISTORY_INVALID: {
    en: {
      message: `the history of timeline {timeline} is malformed: {reason}`,
      hint: `Compare it with the file pg_wal/{timeline}.history of the server, and send this message to the developers.`,
    },
    fr: {
      message: `l'historique de la timeline {timeline} est mal formé : {reason}`,
      hint: `Comparez-le au fichier pg_wal/{timeline}.history du serveur, et transmettez ce message aux développeurs.`,
    },
  },
  WAL_LINEAGE_UNKNOWN: {
    en: {
      message: `the repository does not know how timeline {timeline} began`,
      hint: `Its history file is missing: run pra wal receive against the server that is on it, which stores the file.`,
    },
    fr: {
      message: `le dépôt ne sait pas comment la timeline {timeline} a commencé`,
      hint: `Son fichier d'historique manque : lancez pra wal receive sur le serveur qui s'y trouve, ce qui enregistre le fichier.`,
    },
  },
  WAL_FILE_NAME: {
    en: {
      message: `{name} is neither a WAL segment nor a timeline history`,
      hint: `Use archive_command = 'pra wal push %p' and the restore_command that pra writes; nothing else calls these commands.`,
    },
    fr: {
      message: `{name} n'est ni un segment WAL ni un historique de timeline`,
      hint: `Utilisez archive_command = 'pra wal push %p' et le restore_command que pra écrit ; rien d'autre n'appelle ces commandes.`,
    },
  },
  WAL_FILE_SIZE: {
    en: {
      message: `{name} has {found} bytes, a WAL segment of this cluster has {expected}`,
      hint: `The file is cut or not a WAL segment. It stays on the server, which will offer it again; check the disk of pg_wal.`,
    },
    fr: {
      message: `{name} a {found} octets, un segment WAL de ce cluster en a {expected}`,
      hint: `Le fichier est tronqué ou n'est pas un segment WAL. Il reste sur le serveur, qui le proposera à nouveau ; vérifiez le disque de pg_wal.`,
    },
  },
  WAL_FILE_IO: {
    en: {
      message: `{operation} of {path} failed: {reason}`,
      hint: `Check that the path exists, belongs to this user, and that its disk has space.`,
    },
    fr: {
      message: `{operation} de {path} a échoué : {reason}`,
      hint: `Vérifiez que le chemin existe, appartient à cet utilisateur, et que son disque a de la place.`,
    },
  },
  WAL_RECEIVER_ENDED: {
    en: {
      message: `the process of the receiver ended by itself ({how})`,
      hint: `Read {log}. While it is down, commits that wait for it do not return.`,
    },
    fr: {
      message: `le processus du récepteur s'est terminé de lui-même ({how})`,
      hint: `Lisez {log}. Tant qu'il est arrêté, les validations qui l'attendent ne reviennent pas.`,
    },
  },
  WAL_DEMO_NO_SABOTAGE: {
    en: {
      message: `no WAL after the newest backup holds an acknowledged commit`,
      hint: `Let the load run longer with --commits.`,
    },
    fr: {
      message: `aucun WAL après la dernière sauvegarde ne contient de validation confirmée`,
      hint: `Laissez la charge tourner plus longtemps avec --commits.`,
    },
  },
  WAL_NONE_HERE: {
    en: {
      message: `the repository holds no WAL at all of this cluster, so it cannot say whether {segment} exists`,
      hint: `Check BACKUP_DIR and PRA_CLUSTER in the restore_command; pra list shows what the repository holds.`,
    },
    fr: {
      message: `le dépôt n'a aucun WAL de ce cluster, il ne peut donc pas dire si {segment} existe`,
      hint: `Vérifiez BACKUP_DIR et PRA_CLUSTER dans le restore_command ; pra list montre ce que le dépôt contient.`,
    },
  },
  WAL_HISTORY_UNCLEAR: {
    en: {
      message: `it cannot be told to which history of cluster {cluster} this belongs: {found}`,
      hint: `Run it in the server's data directory, as archive_command and restore_command do; for pra wal fetch, --incarnation names the history.`,
    },
    fr: {
      message: `impossible de dire à quelle histoire du cluster {cluster} ceci appartient : {found}`,
      hint: `Lancez-le dans le répertoire de données du serveur, comme le font archive_command et restore_command ; pour pra wal fetch, --incarnation nomme l'histoire.`,
    },
  },
  WAL_FETCH_TARGET_EXISTS: {
    en: {
      message: `{path} is there already, with other content; nothing was written`,
      hint: `Remove it, or name another file. A server in recovery removes its own before it asks.`,
    },
    fr: {
      message: `{path} existe déjà, avec un autre contenu ; rien n'a été écrit`,
      hint: `Supprimez-le, ou nommez un autre fichier. Un serveur en récupération supprime le sien avant de demander.`,
    },
  },
} as const satisfies ErrorGroup;

/**
 * What each kind of event says, to whoever reads the ledger, in both languages, and who writes it. With the fields of
 * `event-kinds.ts` it makes `docs/ledger.md`; a kind without a meaning does not compile.
 */
import type { Language } from "../core/language.ts";
import type { EventKind } from "./event-kinds.ts";

/** One kind, for people. `by`: the commands, or the part of the program, that write it. */
export type EventMeaning = Readonly<Record<Language, string>> & { readonly by: string };

const LOOK = "pra status, pra daemon";

/** Every kind. */
export const eventMeanings: Readonly<Record<EventKind, EventMeaning>> = {
  writerStarted: {
    en: "a process began to write: where, which program, from where its person came, and the newest events of others that it knew",
    fr: "un processus a commencé à écrire : où, quel programme, d'où venait la personne, et les derniers événements d'autrui qu'il connaissait",
    by: "every process, first",
  },
  backupStarted: {
    en: "a backup began",
    fr: "une sauvegarde a commencé",
    by: "pra backup",
  },
  backupFinished: {
    en: "a backup is complete, durable and listed",
    fr: "une sauvegarde est complète, durable et listée",
    by: "pra backup",
  },
  backupFailed: {
    en: "a backup was not taken, and why",
    fr: "une sauvegarde n'a pas été faite, et pourquoi",
    by: "pra backup",
  },
  walGapOpened: {
    en: "WAL is missing: a stretch that no restore can pass; only a new backup closes it",
    fr: "du WAL manque : un intervalle qu'aucune restauration ne franchit ; seule une nouvelle sauvegarde le ferme",
    by: "pra wal receive",
  },
  walReceiverStarted: {
    en: "the receiver streams WAL from here on",
    fr: "le récepteur reçoit le WAL à partir d'ici",
    by: "pra wal receive",
  },
  walReceiverStopped: {
    en: "the receiver ended: why, and how far the repository goes",
    fr: "le récepteur s'est arrêté : pourquoi, et jusqu'où va le dépôt",
    by: "pra wal receive",
  },
  slotLost: {
    en: "the server no longer keeps WAL for us: the slot is gone or invalid",
    fr: "le serveur ne garde plus de WAL pour nous : le slot a disparu ou n'est plus valable",
    by: "pra wal receive",
  },
  looksSampled: {
    en: "an hour of looks: in twelve slots of five minutes the worst exposure, the ages of the newest backup and proof, what was found at worst; empty where nobody looked",
    fr: "une heure d'observations : en douze cases de cinq minutes, la pire exposition, l'âge de la dernière sauvegarde et de la dernière preuve, le pire constat ; vide où personne n'a regardé",
    by: LOOK,
  },
  anchorMade: {
    en: "a signed head over all writers was given out, to be kept elsewhere",
    fr: "une tête signée de tous les auteurs a été remise, à conserver ailleurs",
    by: "pra ledger anchor",
  },
  restoreFinished: {
    en: "data was restored: which backup, to which instant, where, how long it took",
    fr: "des données ont été restaurées : quelle sauvegarde, à quel instant, où, en combien de temps",
    by: "pra restore, pra peek, pra diff, pra rescue, pra restore-db",
  },
  restoreFailed: {
    en: "a restore failed, in which phase and why",
    fr: "une restauration a échoué, dans quelle phase et pourquoi",
    by: "pra restore, pra peek, pra diff, pra rescue, pra restore-db",
  },
  restoreMeasured: {
    en: "how long each part of a whole restore took; later ones are predicted from it",
    fr: "combien de temps chaque partie d'une restauration entière a pris ; les suivantes sont prédites d'après elle",
    by: "pra restore, pra prove",
  },
  proofFinished: {
    en: "a backup and an instant were restored, started and checked: the verdict, measured loss and time",
    fr: "une sauvegarde et un instant ont été restaurés, démarrés et vérifiés : le verdict, la perte et le temps mesurés",
    by: "pra prove",
  },
  proofChecked: {
    en: "what a proof checked beyond the server: assertions, heartbeat, application",
    fr: "ce qu'une preuve a vérifié au-delà du serveur : affirmations, battement, application",
    by: "pra prove",
  },
  leaseLost: {
    en: "the right to write was lost to somebody else",
    fr: "le droit d'écrire est passé à quelqu'un d'autre",
    by: "pra wal receive",
  },
  verifyFinished: {
    en: "objects of the repository were read and checked; the damaged ones are named",
    fr: "des objets du dépôt ont été lus et vérifiés ; ceux qui sont endommagés sont nommés",
    by: "pra verify",
  },
  expireFinished: {
    en: "what retention no longer keeps was deleted",
    fr: "ce que la rétention ne garde plus a été supprimé",
    by: "pra expire",
  },
  backupsGivenUp: {
    en: "these backups are about to be deleted",
    fr: "ces sauvegardes vont être supprimées",
    by: "pra expire",
  },
  backupHeld: {
    en: "a person keeps a backup whatever retention says",
    fr: "une personne conserve une sauvegarde quoi que dise la rétention",
    by: "pra hold",
  },
  backupReleased: {
    en: "a person no longer keeps it",
    fr: "une personne ne la conserve plus",
    by: "pra release",
  },
  dumpsGivenUp: {
    en: "these dumps are about to be deleted",
    fr: "ces exports vont être supprimés",
    by: "pra expire",
  },
  dumpHeld: {
    en: "a person keeps a dump whatever retention says",
    fr: "une personne conserve un export quoi que dise la rétention",
    by: "pra hold",
  },
  dumpReleased: {
    en: "a person no longer keeps it",
    fr: "une personne ne le conserve plus",
    by: "pra release",
  },
  accessed: {
    en: "somebody reads: what, of which backup; written before the first byte of data leaves. Repeated looks within an hour are counted, not written one by one. What servers fetch with pra wal fetch, a segment at a time, is not recorded: what they restored before is",
    fr: "quelqu'un lit : quoi, de quelle sauvegarde ; écrit avant que le premier octet de données ne sorte. Les consultations répétées dans l'heure sont comptées, et non écrites une à une. Ce que les serveurs cherchent par pra wal fetch, segment par segment, n'est pas consigné : ce qu'ils ont restauré avant l'est",
    by: "pra list, pra window, pra plan, pra restore, pra peek, pra diff, pra rescue, pra restore-db, pra dump export, pra ledger",
  },
  conflictFound: {
    en: "a WAL segment arrived with other content than the one that is kept; both are kept",
    fr: "un segment de WAL est arrivé avec un autre contenu que celui qui est gardé ; les deux sont gardés",
    by: "pra wal receive, pra wal push",
  },
  rollbackAccepted: {
    en: "a person accepted that the repository shows less than this host had seen",
    fr: "une personne a accepté que le dépôt montre moins que ce que cette machine avait vu",
    by: "--accept-rollback",
  },
  dumpFinished: {
    en: "a dump is complete, durable and listed",
    fr: "un export est complet, durable et listé",
    by: "pra dump",
  },
  dumpFailed: {
    en: "a dump was not taken, and why",
    fr: "un export n'a pas été fait, et pourquoi",
    by: "pra dump",
  },
  dumpExported: {
    en: "a database left the repository as a file",
    fr: "une base a quitté le dépôt sous forme de fichier",
    by: "pra dump export",
  },
  tablesRescued: {
    en: "tables of an earlier instant were brought next to the live ones",
    fr: "des tables d'un instant passé ont été placées à côté des tables vivantes",
    by: "pra rescue",
  },
  databaseRestored: {
    en: "a database was made anew and compared with its source",
    fr: "une base a été refaite et comparée à sa source",
    by: "pra restore-db",
  },
  reportArchived: {
    en: "a report was archived in the repository: what it says in a word, and the SHA-256 of each of its files",
    fr: "un rapport a été archivé dans le dépôt : ce qu'il dit en un mot, et le SHA-256 de chacun de ses fichiers",
    by: "pra prove, pra backup, pra restore-db",
  },
  databaseRestoreFailed: {
    en: "a database could not be made anew, and why",
    fr: "une base n'a pas pu être refaite, et pourquoi",
    by: "pra restore-db",
  },
  keyChecked: {
    en: "what a person typed opened a key slot, and with it the newest backup",
    fr: "ce qu'une personne a tapé a ouvert un emplacement de clé, et avec lui la dernière sauvegarde",
    by: "pra key check",
  },
  keySlotAdded: {
    en: "one more way to open the keys",
    fr: "un moyen de plus d'ouvrir les clés",
    by: "pra key add",
  },
  keySlotRemoved: {
    en: "a way to open the keys was removed",
    fr: "un moyen d'ouvrir les clés a été retiré",
    by: "pra key remove",
  },
  keysRotated: {
    en: "a new generation of keys seals from here on",
    fr: "une nouvelle génération de clés scelle à partir d'ici",
    by: "pra key rotate, pra key encrypt",
  },
  alertOpened: {
    en: "a rule was ill for long enough to tell people",
    fr: "une règle est restée en défaut assez longtemps pour le dire",
    by: LOOK,
  },
  alertAcknowledged: {
    en: "a person said by name that they have an alert",
    fr: "une personne a dit nommément qu'elle prend une alerte en charge",
    by: "pra alert ack",
  },
  alertResolved: {
    en: "an alert is over, and what shows it",
    fr: "une alerte est terminée, et ce qui le montre",
    by: LOOK,
  },
  alertsSilenced: {
    en: "alerts are kept quiet until an instant",
    fr: "des alertes sont tues jusqu'à un instant",
    by: "pra alert silence, pra maintenance",
  },
  alertsUnsilenced: {
    en: "they are told again",
    fr: "elles sont de nouveau dites",
    by: `pra alert, pra maintenance, ${LOOK}`,
  },
  messageDelivered: {
    en: "a channel took a message over",
    fr: "un canal a pris un message en charge",
    by: LOOK,
  },
  channelTested: {
    en: "a test message went to a channel",
    fr: "un message d'essai est parti vers un canal",
    by: "pra alert test",
  },
  channelConfirmed: {
    en: "a person typed back the code of a test message",
    fr: "une personne a retapé le code d'un message d'essai",
    by: "pra alert confirm",
  },
  messageRefused: {
    en: "a channel refused a message for good",
    fr: "un canal a refusé un message définitivement",
    by: LOOK,
  },
  wentLive: {
    en: "a person said that the system is in production: the first week begins, with closer checks and a daily digest",
    fr: "une personne a dit que le système est en production : la première semaine commence, avec des contrôles plus serrés et un résumé quotidien",
    by: "pra golive start",
  },
  loadTestFinished: {
    en: "a throw-away server was loaded, backed up, crashed and restored: each test, both objectives, and the hashes of the report's files",
    fr: "un serveur jetable a été chargé, sauvegardé, planté et restauré : chaque test, les deux objectifs, et les empreintes des fichiers du rapport",
    by: "pra loadtest",
  },
  productionLoadStarted: {
    en: "a load test goes onto production, as a person said twice: written before anything is touched, with the database of its own that it makes and drops",
    fr: "un test de charge va sur la production, une personne l'a dit deux fois : écrit avant de toucher à quoi que ce soit, avec la base à lui qu'il crée et supprime",
    by: "pra loadtest",
  },
  routineDone: {
    en: "a person said that a planned routine was done",
    fr: "une personne a dit qu'une routine planifiée a été faite",
    by: "pra schedule done",
  },
  actionOpened: {
    en: "something is to be put right until a day: a control failed and the program says which (by is null), or a person says what",
    fr: "quelque chose est à corriger avant un jour : un contrôle a échoué et le programme dit lequel (by est nul), ou une personne dit quoi",
    by: `${LOOK}, pra action`,
  },
  actionAssigned: {
    en: "a person said who puts it right, and by when",
    fr: "une personne a dit qui s'en charge, et pour quand",
    by: "pra action assign",
  },
  actionClosed: {
    en: "a person said by name that it is put right, and why it will not happen again",
    fr: "une personne a dit nommément que c'est corrigé, et pourquoi cela ne se reproduira pas",
    by: "pra action close",
  },
  hostEnrolled: {
    en: "a host was given a key file: what it holds, and the name that it writes under",
    fr: "une machine a reçu un fichier de clés : ce qu'il contient, et le nom sous lequel elle écrit",
    by: "pra key export, pra key recover",
  },
};

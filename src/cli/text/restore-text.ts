/** What `pra plan`, `pra restore` and `pra stop` say. */
import { counted, countedFr } from "../../core/counted.ts";
import type { Language } from "../../core/language.ts";
import type { LeftOutLibrary } from "../../restore/preload-libraries.ts";
import type { ProofDoubt } from "../../restore/proof-doubt.ts";
import type { CommandText } from "../program.ts";

type Messages = {
  readonly plan: CommandText;
  readonly restore: CommandText;
  readonly stop: CommandText;
  readonly options: Readonly<
    Record<
      | "at"
      | "lsn"
      | "xid"
      | "name"
      | "immediate"
      | "latest"
      | "timeline"
      | "backup"
      | "to"
      | "start"
      | "port"
      | "listen"
      | "tablespace"
      | "owner"
      | "workers"
      | "delta"
      | "confirm"
      | "acceptRollback"
      | "directory"
      | "mode",
      string
    >
  >;
  readonly reachable: string;
  readonly unreachable: (reason: string) => string;
  readonly backup: string;
  readonly passedOver: (id: string) => string;
  readonly damaged: (id: string, time: string) => string;
  readonly doubts: Readonly<Record<ProofDoubt["kind"], (time: string) => string>>;
  readonly timeline: string;
  readonly reaches: string;
  readonly commit: (xid: number, time: string, lsn: string) => string;
  readonly lastCommit: string;
  readonly noCommit: string;
  readonly wal: string;
  readonly files: string;
  readonly nearest: string;
  readonly before: string;
  readonly after: string;
  readonly endsAtHole: (from: string, to: string) => string;
  readonly unread: string;
  readonly nameAgain: (lsn: string) => string;
  readonly proofsUnread: (parts: number) => string;
  readonly historyMissing: (timeline: number) => string;
  readonly nextRestore: string;
  readonly restoring: (backup: string, instant: string) => string;
  readonly phases: Readonly<Record<string, string>>;
  readonly predicted: string;
  readonly prediction: (parts: {
    readonly expected: string;
    readonly low: string;
    readonly high: string;
    readonly measurements: number;
    readonly isSameHost: boolean;
  }) => string;
  readonly unpredicted: string;
  readonly tightRoom: (room: {
    readonly directory: string;
    readonly free: string;
    readonly taken: string;
  }) => string;
  readonly restored: (size: string, duration: string) => string;
  readonly kept: string;
  readonly keptFacts: (size: string) => string;
  readonly directory: string;
  readonly reached: string;
  readonly duration: string;
  readonly isolated: string;
  readonly leftOut: Readonly<Record<LeftOutLibrary["reason"], (library: string) => string>>;
  readonly server: string;
  readonly serverFacts: (pid: number, port: number) => string;
  readonly connect: string;
  readonly url: string;
  readonly stopLater: (directory: string) => string;
  readonly startLater: string;
  readonly stopped: (pid: number, duration: string) => string;
};

const en: Messages = {
  plan: {
    summary: "say what a restore would do, or why it cannot; writes nothing",
    description:
      "Answers from the repository alone which backup and which WAL reach the target and where the server would stand. Exit code 4: it cannot be reached; the nearest instants are named.",
    examples: [
      ["pra plan --at '2026-11-22 14:05:00+01'", "just before a mistake"],
      ["pra plan --latest", "the newest instant that can be reached"],
    ],
  },
  restore: {
    summary: "restore a backup, to any instant of the window, into a directory",
    description:
      "Restores into an empty or new directory; one that was interrupted is taken up by the same command. The copy is isolated: it does not archive, replicate, listen or run jobs until it is adopted. A target that cannot be reached, or that does not fit on the disks, is refused (exit code 3) before anything is written.",
    examples: [
      ["pra restore --to /srv/copy --latest --start", "the newest state, as a running server"],
      ["pra restore --to /srv/copy --at '2026-11-22 14:05:00+01'", "an instant, not started"],
      ["pra restore --to /srv/copy --tablespace /fast=/srv/fast", "a tablespace elsewhere"],
      [
        "pra restore --to /srv/data --delta --confirm data",
        "over a stopped cluster: only what differs is written",
      ],
    ],
  },
  stop: {
    summary: "stop the server that runs on a restored directory",
    examples: [["pra stop /srv/copy", "roll back, checkpoint, stop"]],
  },
  options: {
    at: "an instant, with its zone: '2026-11-22 14:05:00+01', or relative: -15min",
    lsn: "a WAL position",
    xid: "up to and including this transaction",
    name: "a restore point (pg_create_restore_point)",
    immediate: "the end of the backup itself",
    latest: "the newest instant that can be reached (the default)",
    timeline: "latest, backup, or a number",
    backup: "from this backup; the beginning of its id is enough",
    to: "the new data directory: empty, or not there yet",
    start: "start a server on it",
    port: "its port",
    listen: "also listen on this address; by default only on a private socket",
    tablespace: "a tablespace's old place and its new one; may be repeated",
    owner: "the account that shall own the files (as root)",
    workers: "threads that fetch and open",
    delta: "make a stopped cluster in the directory into this one: write only what differs",
    confirm: "the directory's name once more, when the cluster in it is given up",
    acceptRollback: "go on although the repository shows less than this host has seen",
    directory: "the data directory",
    mode: "fast, smart or immediate, as pg_ctl",
  },
  reachable: "The target can be reached.",
  unreachable: (reason) => `The target cannot be reached: ${reason}`,
  backup: "Backup",
  passedOver: (id) => `${id} is newer but cannot be used`,
  damaged: (id, time) =>
    `${id} is newer, but its proof of ${time} found it damaged; --backup takes it all the same`,
  doubts: {
    damaged: (time) =>
      `! The proof of ${time} found this backup damaged, and no other one arrives at the same point. Next: pra verify --deep`,
    objected: (time) =>
      `! In the proof of ${time} an assertion or the application found fault with the data that this backup leads to.`,
    unfit: (time) => `! In the proof of ${time} the host was not able to judge this backup.`,
  },
  timeline: "Timeline",
  reaches: "Reaches",
  commit: (xid, time, lsn) => `transaction ${xid} of ${time} (${lsn})`,
  lastCommit: "Last commit",
  noCommit: "none after the backup",
  wal: "WAL",
  files: "Files",
  nearest: "Nearest instants:",
  before: "before",
  after: "after",
  endsAtHole: (from, to) =>
    `! WAL from ${from} to ${to} is missing: what came after is not reached.`,
  unread: "! Some WAL could not be read beforehand: commits in it are not foretold.",
  nameAgain: (lsn) => `! The name occurs again, at ${lsn}: the server stops at the first.`,
  proofsUnread: (parts) =>
    `! Results of proofs could not be read (${parts === 1 ? "one part" : `${parts} parts`} of the ledger): one that failed may be among them. Next: pra ledger verify`,
  historyMissing: (timeline) => `! The history of timeline ${timeline} is missing.`,
  nextRestore: "Next: pra restore --to DIRECTORY, with the same target",
  restoring: (backup, instant) => `Restoring backup ${backup}, up to ${instant}`,
  phases: {
    plan: "Planning",
    claim: "Claiming directories",
    maps: "Opening maps",
    sync: "Syncing directories",
    files: "Restoring files",
    wal: "Laying WAL",
    configuration: "Configuring",
    configure: "Configuring",
    control: "Writing pg_control",
    start: "Starting and replaying",
  },
  predicted: "Predicted",
  prediction: ({ expected, low, high, measurements, isSameHost }) =>
    `${expected} (${low} to ${high}), from ${counted(measurements, "restore")} measured on ${isSameHost ? "this host" : "other hosts"}`,
  unpredicted: "no restore was measured yet; each proof is one",
  tightRoom: ({ directory, free, taken }) =>
    `! Little room in ${directory}: ${free} free, files and WAL take ${taken}, and replay may take more.`,
  restored: (size, duration) => `Restored: ${size} in ${duration}`,
  kept: "Kept",
  keptFacts: (size) => `${size} that were there and right`,
  directory: "Directory",
  reached: "Reached",
  duration: "Time",
  leftOut: {
    job: (library) =>
      `${library} is not loaded in this copy: it would run production's jobs. pra adopt brings it back.`,
    missing: (library) =>
      `${library} is not installed on this host, so this copy does not load it: what needs it will fail.`,
  },
  isolated: "The copy is isolated from production: no archiving, replication, network or jobs.",
  server: "Server",
  serverFacts: (pid, port) => `running, process ${pid}, port ${port}`,
  connect: "Connect",
  url: "URL",
  stopLater: (directory) => `Stop it with: pra stop ${directory}`,
  startLater: "Not started. Start it with its own pg_ctl, or restore with --start.",
  stopped: (pid, duration) => `Stopped: process ${pid}, in ${duration}`,
};

const fr: Messages = {
  plan: {
    summary: "dire ce que ferait une restauration, ou pourquoi elle est impossible ; n'écrit rien",
    description:
      "Répond d'après le dépôt seul : quelle sauvegarde et quel WAL atteignent la cible, et où en serait le serveur. Code de sortie 4 : elle est hors d'atteinte ; les instants les plus proches sont nommés.",
    examples: [
      ["pra plan --at '2026-11-22 14:05:00+01'", "juste avant une erreur"],
      ["pra plan --latest", "l'instant le plus récent qu'on puisse atteindre"],
    ],
  },
  restore: {
    summary: "restaurer une sauvegarde, à tout instant de la fenêtre, dans un dossier",
    description:
      "Restaure dans un dossier vide ou nouveau ; une restauration interrompue est reprise par la même commande. La copie est isolée : elle n'archive, ne réplique, n'écoute ni ne lance de tâches tant qu'elle n'est pas adoptée. Une cible hors d'atteinte, ou pour laquelle les disques n'ont pas la place, est refusée (code de sortie 3) avant toute écriture.",
    examples: [
      ["pra restore --to /srv/copie --latest --start", "l'état le plus récent, serveur démarré"],
      ["pra restore --to /srv/copie --at '2026-11-22 14:05:00+01'", "un instant, non démarré"],
      ["pra restore --to /srv/copie --tablespace /fast=/srv/fast", "un tablespace ailleurs"],
      [
        "pra restore --to /srv/donnees --delta --confirm donnees",
        "sur une instance arrêtée : seul ce qui diffère est écrit",
      ],
    ],
  },
  stop: {
    summary: "arrêter le serveur qui tourne sur un dossier restauré",
    examples: [["pra stop /srv/copie", "annuler les transactions, checkpoint, arrêt"]],
  },
  options: {
    at: "un instant, avec son fuseau : '2026-11-22 14:05:00+01', ou relatif : -15min",
    lsn: "une position WAL",
    xid: "jusqu'à cette transaction comprise",
    name: "un point de restauration (pg_create_restore_point)",
    immediate: "la fin de la sauvegarde même",
    latest: "l'instant le plus récent qu'on puisse atteindre (par défaut)",
    timeline: "latest, backup, ou un numéro",
    backup: "depuis cette sauvegarde ; le début de son identifiant suffit",
    to: "le nouveau dossier de données : vide, ou pas encore créé",
    start: "y démarrer un serveur",
    port: "son port",
    listen: "écouter aussi sur cette adresse ; par défaut sur un socket privé seulement",
    tablespace: "l'ancien emplacement d'un tablespace et le nouveau ; peut être répété",
    owner: "le compte à qui seront les fichiers (en tant que root)",
    workers: "fils d'exécution qui lisent et ouvrent",
    delta: "transformer en celle-ci une instance arrêtée du dossier : n'écrire que ce qui diffère",
    confirm: "le nom du dossier encore une fois, quand l'instance qu'il contient est abandonnée",
    acceptRollback: "continuer bien que le dépôt montre moins que ce que cette machine a vu",
    directory: "le dossier de données",
    mode: "fast, smart ou immediate, comme pg_ctl",
  },
  reachable: "La cible peut être atteinte.",
  unreachable: (reason) => `La cible est hors d'atteinte : ${reason}`,
  backup: "Sauvegarde",
  passedOver: (id) => `${id} est plus récente mais inutilisable`,
  damaged: (id, time) =>
    `${id} est plus récente, mais sa preuve du ${time} l'a trouvée abîmée ; --backup la prend quand même`,
  doubts: {
    damaged: (time) =>
      `! La preuve du ${time} a trouvé cette sauvegarde abîmée, et aucune autre n'arrive au même point. Ensuite : pra verify --deep`,
    objected: (time) =>
      `! Dans la preuve du ${time}, une affirmation ou l'application a trouvé à redire aux données auxquelles mène cette sauvegarde.`,
    unfit: (time) => `! Dans la preuve du ${time}, la machine n'a pu juger cette sauvegarde.`,
  },
  timeline: "Timeline",
  reaches: "Atteint",
  commit: (xid, time, lsn) => `transaction ${xid} du ${time} (${lsn})`,
  lastCommit: "Dernier commit",
  noCommit: "aucun après la sauvegarde",
  wal: "WAL",
  files: "Fichiers",
  nearest: "Instants les plus proches :",
  before: "avant",
  after: "après",
  endsAtHole: (from, to) =>
    `! Le WAL de ${from} à ${to} manque : ce qui est venu après n'est pas atteint.`,
  unread: "! Du WAL n'a pas pu être lu d'avance : les commits qu'il contient ne sont pas annoncés.",
  nameAgain: (lsn) => `! Le nom revient, à ${lsn} : le serveur s'arrête au premier.`,
  proofsUnread: (parts) =>
    `! Des résultats de preuves n'ont pas pu être lus (${parts === 1 ? "une partie" : `${parts} parties`} du journal) : il peut y avoir un échec parmi eux. Ensuite : pra ledger verify`,
  historyMissing: (timeline) => `! L'historique de la timeline ${timeline} manque.`,
  nextRestore: "Ensuite : pra restore --to DOSSIER, avec la même cible",
  restoring: (backup, instant) => `Restauration de la sauvegarde ${backup}, jusqu'à ${instant}`,
  phases: {
    plan: "Plan",
    claim: "Réservation des dossiers",
    maps: "Ouverture des cartes",
    sync: "Synchronisation des dossiers",
    files: "Restauration des fichiers",
    wal: "Pose du WAL",
    configuration: "Configuration",
    configure: "Configuration",
    control: "Écriture de pg_control",
    start: "Démarrage et rejeu",
  },
  predicted: "Durée prévue",
  prediction: ({ expected, low, high, measurements, isSameHost }) =>
    `${expected} (${low} à ${high}), d'après ${countedFr(measurements, "restauration mesurée", "restaurations mesurées")} sur ${isSameHost ? "cette machine" : "d'autres machines"}`,
  unpredicted: "aucune restauration n'a encore été mesurée ; chaque preuve en est une",
  tightRoom: ({ directory, free, taken }) =>
    `! Peu de place dans ${directory} : ${free} de libres, les fichiers et le WAL prennent ${taken}, et le rejeu peut en prendre davantage.`,
  restored: (size, duration) => `Restauré : ${size} en ${duration}`,
  kept: "Gardé",
  keptFacts: (size) => `${size} déjà présents et justes`,
  directory: "Dossier",
  reached: "Atteint",
  duration: "Durée",
  leftOut: {
    job: (library) =>
      `${library} n'est pas chargé dans cette copie : il lancerait les tâches de la production. pra adopt le remet.`,
    missing: (library) =>
      `${library} n'est pas installé sur cette machine, cette copie ne le charge donc pas : ce qui en dépend échouera.`,
  },
  isolated:
    "La copie est isolée de la production : ni archivage, ni réplication, ni réseau, ni tâches.",
  server: "Serveur",
  serverFacts: (pid, port) => `en marche, processus ${pid}, port ${port}`,
  connect: "Connexion",
  url: "URL",
  stopLater: (directory) => `Pour l'arrêter : pra stop ${directory}`,
  startLater: "Non démarré. Démarrez-le avec son pg_ctl, ou restaurez avec --start.",
  stopped: (pid, duration) => `Arrêté : processus ${pid}, en ${duration}`,
};

/** The texts by language. */
export const restoreText: Readonly<Record<Language, Messages>> = { en, fr };

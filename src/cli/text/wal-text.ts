/** What `pra wal` says. */
import type { Language } from "../../core/language.ts";
import type { ReceiverState } from "../../wal/receiver.ts";
import type { CommandText } from "../program.ts";

type Messages = {
  readonly groupSummary: string;
  readonly receive: CommandText;
  readonly status: CommandText;
  readonly push: CommandText;
  readonly fetch: CommandText;
  readonly argumentPushed: string;
  readonly argumentName: string;
  readonly argumentPath: string;
  readonly optionPrint: string;
  readonly optionIncarnation: string;
  readonly restoreCommandAdvice: string;
  readonly optionAcceptRollback: string;
  readonly optionUntested: string;
  readonly states: Readonly<Record<ReceiverState, string>>;
  readonly progress: (parts: {
    readonly durable: string;
    readonly lag: string;
    readonly exposure: string;
  }) => string;
  readonly unknown: string;
  readonly slotCreated: (slot: string) => string;
  readonly slotMissing: (slot: string) => string;
  readonly streaming: (timeline: number, lsn: string) => string;
  readonly disconnected: (message: string) => string;
  readonly gap: (from: string, to: string, timeline: number) => string;
  readonly switched: (from: number, to: number, lsn: string) => string;
  readonly conflict: (segment: string) => string;
  readonly indexFailed: (segment: string) => string;
  readonly stopped: (lsn: string, timeline: string) => string;
  readonly restartHint: string;
  readonly ledgerFailed: (reason: string) => string;
  readonly watching: (host: string, pid: number, duration: string) => string;
  readonly cluster: string;
  readonly timeline: string;
  readonly server: string;
  readonly repository: string;
  readonly lag: string;
  readonly exposure: string;
  readonly exposureNone: string;
  readonly exposureAtMost: (duration: string) => string;
  readonly slot: string;
  readonly slotRetains: (slot: string, size: string) => string;
  readonly slotAbsent: (slot: string) => string;
  readonly receiver: string;
  readonly receiverNone: string;
  readonly receiverFacts: (host: string, pid: number, since: string) => string;
  readonly receiverDead: (host: string, pid: number) => string;
  readonly noWal: string;
  readonly gapLine: (from: string, to: string) => string;
  readonly gapAdvice: string;
  readonly receiverAdvice: string;
};

const en: Messages = {
  groupSummary: "WAL into the repository and back, and how far it is",
  receive: {
    summary: "receive WAL into the repository until interrupted",
    description:
      "Streams the server's WAL into the repository and confirms to the server only what is durable there. Runs in the foreground; SIGINT or SIGTERM ends it in good order. Only one receiver runs per cluster.",
    examples: [
      ["pra wal receive", "until Ctrl-C; under systemd, as a service"],
      ["pra wal receive --json", "no progress line; one object at the end"],
    ],
  },
  status: {
    summary: "show what the repository holds of the WAL, the lag and the exposure",
    description:
      "Judged from the repository, so it answers with the server dead too. Exit code 4: a gap is open, no receiver runs, or the server does not answer.",
    examples: [["pra wal status", "what would be lost if the server vanished now"]],
  },
  push: {
    summary: "store one finished WAL file: for archive_command",
    description:
      "For servers that cannot be streamed from. Exit code 0: the file is in the repository, durable; 1: it is not, and the server offers it again. Set archive_timeout as well, or a quiet server's last minutes stay on it alone. The server's account must be able to read the key file and write to BACKUP_DIR.",
    examples: [["archive_command = '/path/to/pra wal push %p'", "in postgresql.conf"]],
  },
  fetch: {
    summary: "fetch one WAL file: for restore_command",
    description:
      "Exit code 0: the file lies at PATH; 64: it is proved not to exist; anything else: nobody knows. A server takes 1 for the end of all WAL and starts with what it has, so never call this bare: take the line that --print-restore-command writes.",
    examples: [
      ["pra wal fetch --print-restore-command", "the line for postgresql.conf"],
      ["pra wal fetch 000000010000000000000007 /tmp/7", "one segment, to look at it"],
    ],
  },
  argumentPushed: "the file, as %p gives it",
  argumentName: "the file's name, as %f gives it",
  argumentPath: "where to write it, as %p gives it; must not exist",
  optionPrint: "print the restore_command that calls this safely",
  optionIncarnation: "fetch from this history, where several have the same system identifier",
  restoreCommandAdvice:
    "Put this line into the postgresql.conf of the server that recovers. Its account must be able to read the key file and BACKUP_DIR.",
  optionAcceptRollback: "go on although the repository shows less than this host has seen",
  optionUntested: "take a server whose major version nobody has tried",
  states: {
    connecting: "Connecting",
    streaming: "Receiving WAL",
    switching: "Following a timeline switch",
    stopped: "Stopped",
    failed: "Failed",
  },
  progress: ({ durable, lag, exposure }) =>
    `repository at ${durable}, lag ${lag}, exposure ${exposure}`,
  unknown: "unknown",
  slotCreated: (slot) => `Slot ${slot} created: the server keeps WAL for us from now on.`,
  slotMissing: (slot) => `! Slot ${slot} is gone from the server: WAL may be missing.`,
  streaming: (timeline, lsn) => `Streaming from ${lsn}, timeline ${timeline}.`,
  disconnected: (message) => `! Connection lost, trying again: ${message}`,
  gap: (from, to, timeline) =>
    `! GAP: WAL from ${from} to ${to} on timeline ${timeline} is lost. Only a new backup closes it: pra backup`,
  switched: (from, to, lsn) => `Timeline ${from} ended at ${lsn}; following timeline ${to}.`,
  conflict: (segment) =>
    `! WAL segment ${segment} is in the repository with other content: two servers write under this cluster's name?`,
  indexFailed: (segment) =>
    `! WAL segment ${segment} is stored, but could not be read into the index.`,
  stopped: (lsn, timeline) =>
    `Stopped in good order. The repository holds WAL up to ${lsn}, timeline ${timeline}.`,
  restartHint: "The slot makes the server keep WAL until the receiver runs again: start it soon.",
  ledgerFailed: (reason) => `! The ledger could not be written: ${reason}`,
  watching: (host, pid, duration) =>
    `The lease is held by process ${pid} on ${host}; watching for at most ${duration} whether it lives.`,
  cluster: "Cluster",
  timeline: "Timeline",
  server: "Server",
  repository: "Repository",
  lag: "Lag",
  exposure: "Exposure",
  exposureNone: "none: the repository has all the server wrote",
  exposureAtMost: (duration) => `at most ${duration}`,
  slot: "Slot",
  slotRetains: (slot, size) => `${slot}, retains ${size} on the server`,
  slotAbsent: (slot) => `${slot} is not on the server`,
  receiver: "Receiver",
  receiverNone: "none",
  receiverFacts: (host, pid, since) => `process ${pid} on ${host}, since ${since}`,
  receiverDead: (host, pid) => `dead: it was process ${pid} on ${host}`,
  noWal: "The repository holds no WAL of this cluster yet.",
  gapLine: (from, to) => `✗ gap from ${from} to ${to}`,
  gapAdvice: "→ Only a new backup closes it: pra backup",
  receiverAdvice: "→ pra wal receive",
};

const fr: Messages = {
  groupSummary: "le WAL vers le dépôt et retour, et où il en est",
  receive: {
    summary: "recevoir le WAL dans le dépôt jusqu'à interruption",
    description:
      "Reçoit le WAL du serveur dans le dépôt et ne confirme au serveur que ce qui y est durable. Tourne au premier plan ; SIGINT ou SIGTERM l'arrête proprement. Un seul récepteur par cluster.",
    examples: [
      ["pra wal receive", "jusqu'à Ctrl-C ; comme service sous systemd"],
      ["pra wal receive --json", "sans ligne d'avancement ; un objet à la fin"],
    ],
  },
  status: {
    summary: "montrer ce que le dépôt a du WAL, le retard et l'exposition",
    description:
      "Jugé d'après le dépôt, donc répond aussi serveur mort. Code de sortie 4 : une lacune est ouverte, aucun récepteur ne tourne, ou le serveur ne répond pas.",
    examples: [["pra wal status", "ce qui serait perdu si le serveur disparaissait maintenant"]],
  },
  push: {
    summary: "ranger un fichier WAL terminé : pour archive_command",
    description:
      "Pour les serveurs qui ne peuvent pas envoyer leur flux. Code de sortie 0 : le fichier est dans le dépôt, durable ; 1 : il n'y est pas, et le serveur le proposera de nouveau. Réglez aussi archive_timeout, sinon les dernières minutes d'un serveur calme restent sur lui seul. Le compte du serveur doit pouvoir lire le fichier de clés et écrire dans BACKUP_DIR.",
    examples: [["archive_command = '/chemin/vers/pra wal push %p'", "dans postgresql.conf"]],
  },
  fetch: {
    summary: "chercher un fichier WAL : pour restore_command",
    description:
      "Code de sortie 0 : le fichier est à CHEMIN ; 64 : il est prouvé qu'il n'existe pas ; tout autre : personne ne le sait. Un serveur prend 1 pour la fin de tout WAL et démarre avec ce qu'il a, donc n'appelez jamais ceci nu : prenez la ligne qu'écrit --print-restore-command.",
    examples: [
      ["pra wal fetch --print-restore-command", "la ligne pour postgresql.conf"],
      ["pra wal fetch 000000010000000000000007 /tmp/7", "un segment, pour le regarder"],
    ],
  },
  argumentPushed: "le fichier, tel que %p le donne",
  argumentName: "le nom du fichier, tel que %f le donne",
  argumentPath: "où l'écrire, tel que %p le donne ; ne doit pas exister",
  optionPrint: "écrire le restore_command qui appelle ceci sans danger",
  optionIncarnation:
    "chercher dans cette histoire, quand plusieurs ont le même identifiant système",
  restoreCommandAdvice:
    "Mettez cette ligne dans le postgresql.conf du serveur qui récupère. Son compte doit pouvoir lire le fichier de clés et BACKUP_DIR.",
  optionAcceptRollback: "continuer bien que le dépôt montre moins que ce que cette machine a vu",
  optionUntested: "prendre un serveur dont personne n'a essayé la version majeure",
  states: {
    connecting: "Connexion",
    streaming: "Réception du WAL",
    switching: "Suivi d'un changement de timeline",
    stopped: "Arrêté",
    failed: "Échec",
  },
  progress: ({ durable, lag, exposure }) =>
    `dépôt à ${durable}, retard ${lag}, exposition ${exposure}`,
  unknown: "inconnu",
  slotCreated: (slot) => `Slot ${slot} créé : le serveur garde désormais le WAL pour nous.`,
  slotMissing: (slot) => `! Le slot ${slot} n'est plus sur le serveur : du WAL manque peut-être.`,
  streaming: (timeline, lsn) => `Réception à partir de ${lsn}, timeline ${timeline}.`,
  disconnected: (message) => `! Connexion perdue, nouvel essai : ${message}`,
  gap: (from, to, timeline) =>
    `! LACUNE : le WAL de ${from} à ${to} sur la timeline ${timeline} est perdu. Seule une nouvelle sauvegarde la ferme : pra backup`,
  switched: (from, to, lsn) =>
    `La timeline ${from} s'est terminée à ${lsn} ; suite sur la timeline ${to}.`,
  conflict: (segment) =>
    `! Le segment WAL ${segment} est dans le dépôt avec un autre contenu : deux serveurs écrivent-ils sous le nom de ce cluster ?`,
  indexFailed: (segment) =>
    `! Le segment WAL ${segment} est rangé, mais n'a pas pu être lu pour l'index.`,
  stopped: (lsn, timeline) =>
    `Arrêté proprement. Le dépôt a le WAL jusqu'à ${lsn}, timeline ${timeline}.`,
  restartHint:
    "Le slot fait garder le WAL au serveur jusqu'au retour du récepteur : relancez-le bientôt.",
  ledgerFailed: (reason) => `! Le journal n'a pas pu être écrit : ${reason}`,
  watching: (host, pid, duration) =>
    `Le bail est tenu par le processus ${pid} sur ${host} ; observation pendant au plus ${duration} pour savoir s'il vit.`,
  cluster: "Cluster",
  timeline: "Timeline",
  server: "Serveur",
  repository: "Dépôt",
  lag: "Retard",
  exposure: "Exposition",
  exposureNone: "aucune : le dépôt a tout ce que le serveur a écrit",
  exposureAtMost: (duration) => `au plus ${duration}`,
  slot: "Slot",
  slotRetains: (slot, size) => `${slot}, retient ${size} sur le serveur`,
  slotAbsent: (slot) => `${slot} n'est pas sur le serveur`,
  receiver: "Récepteur",
  receiverNone: "aucun",
  receiverFacts: (host, pid, since) => `processus ${pid} sur ${host}, depuis ${since}`,
  receiverDead: (host, pid) => `mort : c'était le processus ${pid} sur ${host}`,
  noWal: "Le dépôt n'a pas encore de WAL de ce cluster.",
  gapLine: (from, to) => `✗ lacune de ${from} à ${to}`,
  gapAdvice: "→ Seule une nouvelle sauvegarde la ferme : pra backup",
  receiverAdvice: "→ pra wal receive",
};

/** The texts by language. */
export const walText: Readonly<Record<Language, Messages>> = { en, fr };

/** What `pra backup` says. */
import type { BackupStep } from "../../app/backup.ts";
import type { KindReason } from "../../backup/choose-kind.ts";
import type { Language } from "../../core/language.ts";
import type { CommandText } from "../program.ts";

type Messages = CommandText & {
  readonly optionFull: string;
  readonly optionIncremental: string;
  readonly optionNote: string;
  readonly optionWorkers: string;
  readonly optionUntested: string;
  readonly optionAcceptRollback: string;
  readonly steps: Readonly<Record<BackupStep, string>>;
  readonly kinds: Readonly<Record<"full" | "incremental", string>>;
  readonly reasons: Readonly<Record<KindReason, string>>;
  readonly finished: (kind: string, duration: string) => string;
  readonly id: string;
  readonly path: string;
  readonly stored: string;
  readonly storedFacts: (stored: string, cluster: string) => string;
  readonly blocks: string;
  readonly blocksFacts: (fresh: string, total: string) => string;
  readonly wal: string;
  readonly walFrom: Readonly<Record<"capture" | "receiver", string>>;
  readonly note: string;
  readonly instead: string;
  readonly corrupt: (count: number) => string;
  readonly corruptPage: (path: string, block: number) => string;
  readonly corruptMore: (count: number) => string;
  readonly corruptAdvice: string;
  readonly conflict: (segment: string) => string;
  readonly indexFailed: (segment: string) => string;
  readonly settingsFailed: (reason: string) => string;
  readonly beatFailed: (reason: string) => string;
  readonly ledgerFailed: (reason: string) => string;
  readonly watching: (host: string, pid: number, duration: string) => string;
};

const en: Messages = {
  summary: "take a backup; without a flag: full once a week, else incremental",
  description:
    "Takes one backup of the running server and lists it when all it needs, WAL included, is durable. An incremental backup stores only the blocks that changed and restores like a full one. Exit code 5: taken, and damaged pages were found.",
  examples: [
    ["pra backup --full", "everything, referring to no earlier backup"],
    ["pra backup --incremental", "only the blocks that changed"],
    ['pra backup --note "before upgrade"', "what the weekly policy says, with a note"],
  ],
  optionFull: "store every block anew",
  optionIncremental: "store what changed since the newest backup; a full one when there is none",
  optionNote: "a text kept with the backup",
  optionWorkers: "threads that compress and seal",
  optionUntested: "take a server whose major version nobody has tried",
  optionAcceptRollback: "go on although the repository shows less than this host has seen",
  steps: {
    connecting: "Looking at the server",
    lease: "Taking the lease",
    checkpoint: "Waiting for the checkpoint",
    copying: "Copying",
    wal: "Waiting for WAL",
    publishing: "Publishing",
  },
  kinds: { full: "full", incremental: "incremental" },
  reasons: {
    asked: "",
    "no-parent": "there is no backup to build upon",
    "keys-rotated": "the newest backup is sealed with earlier keys",
    "layout-changed": "the server's block or segment size is another one",
    weekly: "the newest full backup is a week old",
    "between-fulls": "the newest full backup is younger than a week",
    "parent-damaged": "the newest backup is damaged; see pra verify",
  },
  finished: (kind, duration) => `Backup finished: ${kind}, in ${duration}`,
  id: "Id",
  path: "Path",
  stored: "Size",
  storedFacts: (stored, cluster) => `${stored} stored for a cluster of ${cluster}`,
  blocks: "Blocks",
  blocksFacts: (fresh, total) => `${fresh} stored of ${total}`,
  wal: "WAL",
  walFrom: { capture: "captured by this backup", receiver: "from the receiver" },
  note: "Note",
  instead: "A full backup was taken instead:",
  corrupt: (count) =>
    count === 1
      ? "1 damaged page was found and kept as it is:"
      : `${count} damaged pages were found and kept as they are:`,
  corruptPage: (path, block) => `${path}, block ${block}`,
  corruptMore: (count) => `… and ${count} more`,
  corruptAdvice:
    "The server's disk or memory damaged them. Earlier backups may hold good copies: keep them.",
  conflict: (segment) =>
    `WAL segment ${segment} is in the repository with other content: another server writes under this cluster's name?`,
  indexFailed: (segment) =>
    `WAL segment ${segment} is stored, but could not be read into the index.`,
  settingsFailed: (reason) => `the .env could not be kept in the repository: ${reason}`,
  beatFailed: (reason) => `The backup is good, but without a heartbeat: ${reason}`,
  ledgerFailed: (reason) => `The backup is good, but the ledger could not be written: ${reason}`,
  watching: (host, pid, duration) =>
    `The lease is held by process ${pid} on ${host}; watching for at most ${duration} whether it lives.`,
};

const fr: Messages = {
  summary: "prendre une sauvegarde ; sans option : complète chaque semaine, sinon incrémentale",
  description:
    "Prend une sauvegarde du serveur en marche et la liste quand tout ce qu'il lui faut, WAL compris, est durable. Une sauvegarde incrémentale ne range que les blocs modifiés et se restaure comme une complète. Code de sortie 5 : prise, et des pages abîmées ont été trouvées.",
  examples: [
    ["pra backup --full", "tout, sans renvoi à une sauvegarde antérieure"],
    ["pra backup --incremental", "seulement les blocs modifiés"],
    ['pra backup --note "avant migration"', "selon la règle hebdomadaire, avec une note"],
  ],
  optionFull: "ranger chaque bloc à nouveau",
  optionIncremental:
    "ranger ce qui a changé depuis la dernière sauvegarde ; une complète s'il n'y en a pas",
  optionNote: "un texte gardé avec la sauvegarde",
  optionWorkers: "fils d'exécution qui compressent et scellent",
  optionUntested: "prendre un serveur dont personne n'a essayé la version majeure",
  optionAcceptRollback: "continuer bien que le dépôt montre moins que ce que cette machine a vu",
  steps: {
    connecting: "Examen du serveur",
    lease: "Prise du bail",
    checkpoint: "Attente du checkpoint",
    copying: "Copie",
    wal: "Attente du WAL",
    publishing: "Publication",
  },
  kinds: { full: "complète", incremental: "incrémentale" },
  reasons: {
    asked: "",
    "no-parent": "il n'y a pas de sauvegarde sur laquelle s'appuyer",
    "keys-rotated": "la dernière sauvegarde est scellée avec des clés antérieures",
    "layout-changed": "la taille de bloc ou de segment du serveur est autre",
    weekly: "la dernière sauvegarde complète date d'une semaine",
    "between-fulls": "la dernière sauvegarde complète a moins d'une semaine",
    "parent-damaged": "la dernière sauvegarde est abîmée ; voyez pra verify",
  },
  finished: (kind, duration) => `Sauvegarde terminée : ${kind}, en ${duration}`,
  id: "Identifiant",
  path: "Chemin",
  stored: "Taille",
  storedFacts: (stored, cluster) => `${stored} rangés pour un cluster de ${cluster}`,
  blocks: "Blocs",
  blocksFacts: (fresh, total) => `${fresh} rangés sur ${total}`,
  wal: "WAL",
  walFrom: { capture: "capturé par cette sauvegarde", receiver: "fourni par le récepteur" },
  note: "Note",
  instead: "Une sauvegarde complète a été prise à la place :",
  corrupt: (count) =>
    count === 1
      ? "1 page abîmée a été trouvée et gardée telle quelle :"
      : `${count} pages abîmées ont été trouvées et gardées telles quelles :`,
  corruptPage: (path, block) => `${path}, bloc ${block}`,
  corruptMore: (count) => `… et ${count} autres`,
  corruptAdvice:
    "Le disque ou la mémoire du serveur les a abîmées. Des sauvegardes antérieures en ont peut-être de bonnes copies : gardez-les.",
  conflict: (segment) =>
    `Le segment WAL ${segment} est dans le dépôt avec un autre contenu : un autre serveur écrit-il sous le nom de ce cluster ?`,
  indexFailed: (segment) =>
    `Le segment WAL ${segment} est rangé, mais n'a pas pu être lu pour l'index.`,
  settingsFailed: (reason) => `le .env n'a pas pu être gardé dans le dépôt : ${reason}`,
  beatFailed: (reason) => `La sauvegarde est bonne, mais sans battement : ${reason}`,
  ledgerFailed: (reason) =>
    `La sauvegarde est bonne, mais le journal n'a pas pu être écrit : ${reason}`,
  watching: (host, pid, duration) =>
    `Le bail est tenu par le processus ${pid} sur ${host} ; observation pendant au plus ${duration} pour savoir s'il vit.`,
};

/** The texts by language. */
export const backupText: Readonly<Record<Language, Messages>> = { en, fr };

/** What `pra demo` says. */
import { counted } from "../../core/counted.ts";
import type { DemoPhase } from "../../app/demo/demo-report.ts";
import type { Language } from "../../core/language.ts";
import type { CommandText } from "../program.ts";

type Messages = CommandText & {
  readonly optionSeed: string;
  readonly optionSabotage: string;
  readonly optionData: string;
  readonly optionCommits: string;
  readonly optionFolder: string;

  readonly phases: Readonly<Record<DemoPhase, string>>;
  readonly commitsSoFar: (commits: string) => string;

  readonly begun: (folder: string) => string;
  readonly seed: (seed: number) => string;
  readonly serverReady: (version: string, account: string) => string;
  readonly dataLoaded: (size: string, duration: string) => string;
  readonly repositoryMade: string;
  readonly receiving: (pid: number, name: string) => string;
  readonly loadStarted: (clients: number) => string;
  readonly backedUp: Readonly<
    Record<"full" | "incremental", (read: string, stored: string, duration: string) => string>
  >;
  readonly killed: (after: string, commits: string) => string;
  readonly survived: (pid: number) => string;
  readonly sabotaged: (object: string, from: string, to: string) => string;
  readonly planned: (kind: "full" | "incremental", lsn: string) => string;
  readonly restored: (size: string, wal: string, duration: string) => string;
  readonly started: (rto: string) => string;
  readonly judged: (found: string, lost: string) => string;
  readonly proved: Readonly<Record<"proved" | "failed" | "unfit", (duration: string) => string>>;
  readonly folderRemoved: (folder: string) => string;
  readonly folderKept: (folder: string) => string;

  readonly columns: {
    readonly what: string;
    readonly measured: string;
    readonly objective: string;
    readonly step: string;
    readonly read: string;
    readonly written: string;
    readonly duration: string;
  };
  readonly rows: {
    readonly acknowledged: string;
    readonly rate: string;
    readonly lost: string;
    readonly rpo: string;
    readonly rto: string;
    readonly chains: string;
    readonly proof: string;
    readonly data: string;
    readonly full: string;
    readonly incremental: string;
    readonly wal: string;
    readonly restore: string;
    readonly start: string;
    readonly judge: string;
    readonly proving: string;
    readonly all: string;
  };
  readonly whole: string;
  readonly broken: string;
  readonly verdicts: Readonly<Record<"proved" | "failed" | "unfit", string>>;
  readonly objectiveRpo: string;
  readonly objectiveRto: string;
  readonly levels: string;
  readonly good: (commits: string) => string;
  readonly bad: (lost: string, commits: string) => string;
  readonly badOtherwise: string;
  readonly sabotageSeen: string;
  readonly keeps: (folder: string, size: string) => string;
  readonly look: string;
  readonly remove: string;
};

const en: Messages = {
  summary: "lose a PostgreSQL server under load and bring it back, in one command",
  description:
    "Starts a PostgreSQL 18 of its own, loads it, backs it up while eight clients commit, kills it at a random moment, deletes its data directory, restores it from the encrypted repository and counts what was lost. Needs nothing that runs already and touches nothing but one new folder, which it names. Exit code 1 when anything acknowledged is lost.",
  examples: [
    ["pra demo", "the whole demonstration, in well under 90 seconds"],
    ["pra demo --sabotage", "one durable piece of WAL is removed: the loss must be seen"],
    ["pra demo --seed 42", "the kill comes at the moment that seed 42 gives"],
    ["pra demo --data 50MB --commits 1000", "a small one"],
  ],
  optionSeed: "number that the moment of the kill is drawn from; printed when not given",
  optionSabotage: "remove a durable piece of WAL before restoring, to see the loss told",
  optionData: "table data to load: 320MB, 2GB",
  optionCommits: "acknowledged commits before the kill, at least",
  optionFolder: "the folder to make; a new one in the current directory by default",

  phases: {
    server: "Making a PostgreSQL server",
    data: "Loading data",
    receiver: "Starting the WAL receiver",
    full: "Full backup, under load",
    between: "Load",
    incremental: "Incremental backup, under load",
    load: "Load, until the kill",
    kill: "SIGKILL, and the data directory deleted",
    sabotage: "Sabotage",
    restore: "Restoring",
    start: "Starting the restored server: it replays the WAL",
    judge: "Comparing with what the clients were told",
    proof: "Proof, in a throw-away server",
  },
  commitsSoFar: (commits) => `${counted(commits, "commit")} acknowledged`,

  begun: (folder) => `Everything is in ${folder}`,
  seed: (seed) => `Seed ${seed} (repeat with --seed ${seed})`,
  serverReady: (version, account) =>
    `PostgreSQL ${version} runs as ${account}, fsync on, page checksums on`,
  dataLoaded: (size, duration) => `${size} of mixed data loaded in ${duration}`,
  repositoryMade: "Encrypted repository made; its key lies apart from it",
  receiving: (pid, name) =>
    `WAL receiver runs (process ${pid}); the server counts "${name}" as synchronous standby: a commit is acknowledged when the repository has it (synchronous_commit = on)`,
  loadStarted: (clients) => `${clients} clients transfer money, each commit a link of a hash chain`,
  backedUp: {
    full: (read, stored, duration) => `Full backup: ${read} read, ${stored} stored, ${duration}`,
    incremental: (read, stored, duration) =>
      `Incremental backup: ${read} read, ${stored} stored, ${duration}`,
  },
  killed: (after, commits) =>
    `KILLED ${after} after the incremental backup, data directory deleted; ${commits} commits were acknowledged`,
  survived: (pid) =>
    `The receiver (process ${pid}) lives on; what it received is in the repository`,
  sabotaged: (object, from, to) => `SABOTAGE: removed ${object}, WAL from ${from} to ${to}`,
  planned: (kind, lsn) =>
    `Plan: the ${kind === "full" ? "full" : "incremental"} backup and WAL to ${lsn}`,
  restored: (size, wal, duration) => `Restored ${size} and ${wal} of WAL in ${duration}`,
  started: (rto) => `The restored server answers and takes writes, ${rto} after the kill`,
  judged: (found, lost) =>
    `Oracle: ${counted(found, "commit")} found, ${lost} acknowledged ones lost`,
  proved: {
    proved: (duration) => `Proved on levels 1 to 3 in ${duration}`,
    failed: (duration) => `The proof failed, after ${duration}`,
    unfit: (duration) => `This host cannot judge the proof (${duration})`,
  },
  folderRemoved: (folder) => `Interrupted: everything is stopped, ${folder} is removed`,
  folderKept: (folder) => `The folder stays for a look at its logs: ${folder}`,

  columns: {
    what: "",
    measured: "Measured",
    objective: "Objective",
    step: "Step",
    read: "Read",
    written: "Written",
    duration: "Duration",
  },
  rows: {
    acknowledged: "Acknowledged commits",
    rate: "Commits a second",
    lost: "Commits lost",
    rpo: "RPO",
    rto: "RTO",
    chains: "Hash chains, balances",
    proof: "Proof",
    data: "Data loaded",
    full: "Full backup",
    incremental: "Incremental backup",
    wal: "WAL received",
    restore: "Plan, restore, WAL",
    start: "Start, replay",
    judge: "Oracle",
    proving: "Proof, levels 1-3",
    all: "All",
  },
  whole: "whole",
  broken: "BROKEN",
  verdicts: { proved: "proved", failed: "FAILED", unfit: "not judged" },
  objectiveRpo: "1 h",
  objectiveRto: "30 min",
  levels: "levels 1-3",
  good: (commits) =>
    `Nothing was lost: all ${commits} acknowledged commits are in the restored server.`,
  bad: (lost, commits) => `LOST: ${lost} of ${commits} acknowledged commits.`,
  badOtherwise: "NOT GOOD: no acknowledged commit is lost, but see what is broken above.",
  sabotageSeen: "That is what --sabotage is for: the loss was seen, counted and told.",
  keeps: (folder, size) =>
    `Nothing runs any more. Left behind: ${folder} (repository ${size}, restored cluster)`,
  look: "Look at it:",
  remove: "Remove it:",
};

const fr: Messages = {
  summary: "perdre un serveur PostgreSQL sous charge et le ramener, en une commande",
  description:
    "Démarre son propre PostgreSQL 18, le remplit, le sauvegarde pendant que huit clients valident, le tue à un moment tiré au hasard, supprime son répertoire de données, le restaure depuis le dépôt chiffré et compte ce qui a été perdu. N'a besoin de rien qui tourne déjà et ne touche qu'à un nouveau dossier, qu'elle nomme. Code de sortie 1 si quoi que ce soit de confirmé est perdu.",
  examples: [
    ["pra demo", "toute la démonstration, en bien moins de 90 secondes"],
    ["pra demo --sabotage", "un morceau durable de WAL est enlevé : la perte doit se voir"],
    ["pra demo --seed 42", "la mort vient au moment que donne la graine 42"],
    ["pra demo --data 50MB --commits 1000", "une petite"],
  ],
  optionSeed: "nombre dont est tiré le moment de la mort ; affiché s'il n'est pas donné",
  optionSabotage: "enlever un morceau durable de WAL avant de restaurer, pour voir la perte dite",
  optionData: "données à charger dans les tables : 320MB, 2GB",
  optionCommits: "validations confirmées avant la mort, au moins",
  optionFolder: "le dossier à créer ; par défaut un nouveau dans le répertoire courant",

  phases: {
    server: "Création d'un serveur PostgreSQL",
    data: "Chargement des données",
    receiver: "Démarrage du récepteur de WAL",
    full: "Sauvegarde complète, sous charge",
    between: "Charge",
    incremental: "Sauvegarde incrémentale, sous charge",
    load: "Charge, jusqu'à la mort",
    kill: "SIGKILL, et répertoire de données supprimé",
    sabotage: "Sabotage",
    restore: "Restauration",
    start: "Démarrage du serveur restauré : il rejoue le WAL",
    judge: "Comparaison avec ce qui a été confirmé aux clients",
    proof: "Preuve, dans un serveur jetable",
  },
  commitsSoFar: (commits) => `${commits} validations confirmées`,

  begun: (folder) => `Tout est dans ${folder}`,
  seed: (seed) => `Graine ${seed} (à répéter avec --seed ${seed})`,
  serverReady: (version, account) =>
    `PostgreSQL ${version} tourne sous le compte ${account}, fsync actif, sommes de contrôle actives`,
  dataLoaded: (size, duration) => `${size} de données mixtes chargées en ${duration}`,
  repositoryMade: "Dépôt chiffré créé ; sa clé est rangée à part",
  receiving: (pid, name) =>
    `Le récepteur de WAL tourne (processus ${pid}) ; le serveur compte « ${name} » comme standby synchrone : une validation est confirmée quand le dépôt la tient (synchronous_commit = on)`,
  loadStarted: (clients) =>
    `${clients} clients virent de l'argent, chaque validation un maillon d'une chaîne de hachage`,
  backedUp: {
    full: (read, stored, duration) =>
      `Sauvegarde complète : ${read} lus, ${stored} stockés, ${duration}`,
    incremental: (read, stored, duration) =>
      `Sauvegarde incrémentale : ${read} lus, ${stored} stockés, ${duration}`,
  },
  killed: (after, commits) =>
    `TUÉ ${after} après la sauvegarde incrémentale, répertoire de données supprimé ; ${commits} validations étaient confirmées`,
  survived: (pid) =>
    `Le récepteur (processus ${pid}) vit toujours ; ce qu'il a reçu est dans le dépôt`,
  sabotaged: (object, from, to) => `SABOTAGE : ${object} enlevé, WAL de ${from} à ${to}`,
  planned: (kind, lsn) =>
    `Plan : la sauvegarde ${kind === "full" ? "complète" : "incrémentale"} et le WAL jusqu'à ${lsn}`,
  restored: (size, wal, duration) => `${size} restaurés et ${wal} de WAL, en ${duration}`,
  started: (rto) => `Le serveur restauré répond et accepte des écritures, ${rto} après la mort`,
  judged: (found, lost) => `Oracle : ${found} validations trouvées, ${lost} confirmées perdues`,
  proved: {
    proved: (duration) => `Prouvé aux niveaux 1 à 3 en ${duration}`,
    failed: (duration) => `La preuve a échoué, après ${duration}`,
    unfit: (duration) => `Cette machine ne peut pas juger la preuve (${duration})`,
  },
  folderRemoved: (folder) => `Interrompu : tout est arrêté, ${folder} est supprimé`,
  folderKept: (folder) => `Le dossier reste, pour lire ses journaux : ${folder}`,

  columns: {
    what: "",
    measured: "Mesuré",
    objective: "Objectif",
    step: "Étape",
    read: "Lu",
    written: "Écrit",
    duration: "Durée",
  },
  rows: {
    acknowledged: "Validations confirmées",
    rate: "Validations par seconde",
    lost: "Validations perdues",
    rpo: "RPO",
    rto: "RTO",
    chains: "Chaînes et soldes",
    proof: "Preuve",
    data: "Données chargées",
    full: "Sauvegarde complète",
    incremental: "Incrémentale",
    wal: "WAL reçu",
    restore: "Plan, restauration",
    start: "Démarrage, rejeu",
    judge: "Oracle",
    proving: "Preuve, niveaux 1-3",
    all: "En tout",
  },
  whole: "entiers",
  broken: "ROMPUS",
  verdicts: { proved: "prouvé", failed: "ÉCHEC", unfit: "non jugé" },
  objectiveRpo: "1 h",
  objectiveRto: "30 min",
  levels: "niveaux 1-3",
  good: (commits) =>
    `Rien n'est perdu : les ${commits} validations confirmées sont toutes dans le serveur restauré.`,
  bad: (lost, commits) => `PERDUES : ${lost} validations confirmées sur ${commits}.`,
  badOtherwise:
    "PAS BON : aucune validation confirmée n'est perdue, mais voyez plus haut ce qui est rompu.",
  sabotageSeen: "C'est à cela que sert --sabotage : la perte a été vue, comptée et dite.",
  keeps: (folder, size) =>
    `Plus rien ne tourne. Il reste : ${folder} (dépôt ${size}, cluster restauré)`,
  look: "Pour y regarder :",
  remove: "Pour le supprimer :",
};

/** The texts by language. */
export const demoText: Readonly<Record<Language, Messages>> = { en, fr };

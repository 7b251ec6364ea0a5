/** What `pra prove` says. */
import type { ProveStep } from "../../app/prove-operation.ts";
import type { Language } from "../../core/language.ts";
import type { ProofVerdict } from "../../proof/proof-result.ts";
import type { CommandText } from "../program.ts";

type Messages = CommandText & {
  readonly optionBackup: string;
  readonly optionAt: string;
  readonly optionLsn: string;
  readonly optionXid: string;
  readonly optionName: string;
  readonly optionImmediate: string;
  readonly optionLatest: string;
  readonly optionTimeline: string;
  readonly optionRandom: string;
  readonly optionSeed: string;
  readonly optionAllUnproved: string;
  readonly steps: Readonly<Record<ProveStep, string>>;
  readonly verdicts: Readonly<Record<ProofVerdict, string>>;
  readonly levelLine: (mark: string, level: number, title: string, duration: string) => string;
  readonly backup: string;
  readonly reached: string;
  readonly server: string;
  readonly looked: string;
  readonly lookedFacts: (counts: Readonly<Record<string, string>>) => string;
  readonly sampled: (leftOut: string) => string;
  readonly rpo: string;
  readonly rto: string;
  readonly report: string;
  readonly archived: string;
  readonly noReport: (why: string) => string;
  readonly named: (name: string, what: string) => string;
  readonly differs: (value: string, wanted: string) => string;
  readonly application: string;
  readonly output: string;
  readonly beat: string;
  readonly beatFacts: (loss: string, against: string, beatAt: string) => string;
  readonly noBeat: (why: string) => string;
  readonly seed: string;
  readonly ofBackups: (number: string, total: string, id: string) => string;
  readonly allProved: string;
  readonly notMade: string;
  readonly unfit: string;
  readonly environment: string;
  readonly more: (count: string) => string;
};

const en: Messages = {
  summary: "restore into a throw-away server, start it, check it: is this backup worth anything?",
  description:
    "Plans the target as a restore would, restores it into a server of its own that nobody can reach, replays to the target and checks heaps, B-trees, counts and every page checksum, then what pra.yaml asserts of the data and of the application. Production is neither needed nor touched. Exit code 4 when the proof fails, or when this host cannot judge.",
  examples: [
    ["pra prove", "the newest point that can be restored"],
    ['pra prove --at "2026-11-22 13:05 UTC"', "an instant"],
    ["pra prove --backup 019a3f --immediate", "one backup, as it was when it ended"],
    ["pra prove --random", "an instant nobody chose, for every night"],
    ["pra prove --all-unproved", "every backup that has no good proof yet"],
  ],
  optionBackup: "from this backup: its id or the beginning of it",
  optionAt: "up to this time, with its time zone",
  optionLsn: "up to this WAL position",
  optionXid: "up to this transaction",
  optionName: "up to this restore point",
  optionImmediate: "only until the backup is consistent",
  optionLatest: "as far as the repository holds WAL (the default)",
  optionTimeline: "a number, latest, or backup",
  optionRandom: "an instant drawn at random from all that can be restored",
  optionSeed: "with --random: draw the instant that this number drew before",
  optionAllUnproved:
    "every backup without a good proof, newest first, each as it was when it ended",
  steps: {
    plan: "planning",
    fitness: "comparing this host with the server",
    restore: "restoring",
    recovery: "replaying WAL",
    checks: "checking what came back",
    assertions: "asserting what the data must be",
    application: "asking the application",
    pages: "checking pages",
  },
  verdicts: {
    proved: "PROVED",
    failed: "FAILED",
    unfit: "UNPROVEN: this host cannot judge",
  },
  levelLine: (mark, level, title, duration) => `${mark} ${level}  ${title} (${duration})`,
  backup: "Backup",
  reached: "Reached",
  server: "Proved on",
  looked: "Looked at",
  lookedFacts: (counts) =>
    `${counts["databases"]} databases, ${counts["heaps"]} heaps, ${counts["indexes"]} B-trees, ${counts["pages"]} pages`,
  sampled: (leftOut) => `a sample: ${leftOut} large relations left out`,
  rpo: "RPO",
  rto: "RTO",
  named: (name, what) => `${name}: ${what}`,
  differs: (value, wanted) => `${value}, wanted ${wanted}`,
  application: "Application",
  output: "The end of what it said:",
  beat: "Heartbeat",
  beatFacts: (loss, against, beatAt) => `${loss} ${against} (${beatAt})`,
  noBeat: (why) => (why === "" ? "none came back" : `none came back: ${why}`),
  seed: "Seed",
  ofBackups: (number, total, id) => `Backup ${number} of ${total}: ${id}`,
  allProved: "Every backup has been proved.",
  notMade: "no proof could be made",
  report: "Report",
  archived: "Archived as",
  noReport: (why) => `could not be written: ${why}`,
  unfit: "What this host lacks:",
  environment: "Different here (no corruption):",
  more: (count) => `... and ${count} more`,
};

const fr: Messages = {
  summary:
    "restaurer dans un serveur jetable, le démarrer, le contrôler : que vaut cette sauvegarde ?",
  description:
    "Planifie la cible comme une restauration, la restaure dans un serveur à part que personne ne peut joindre, rejoue jusqu'à la cible et contrôle tables, index B-tree, décomptes et toutes les sommes de contrôle, puis ce que pra.yaml affirme des données et de l'application. La production n'est ni requise ni touchée. Code de sortie 4 si la preuve échoue, ou si cette machine ne peut juger.",
  examples: [
    ["pra prove", "le point le plus récent qu'on puisse restaurer"],
    ['pra prove --at "2026-11-22 13:05 UTC"', "un instant"],
    ["pra prove --backup 019a3f --immediate", "une sauvegarde, telle qu'à sa fin"],
    ["pra prove --random", "un instant que personne n'a choisi, pour chaque nuit"],
    ["pra prove --all-unproved", "chaque sauvegarde qui n'a pas encore de bonne preuve"],
  ],
  optionBackup: "depuis cette sauvegarde : son identifiant ou le début de celui-ci",
  optionAt: "jusqu'à cette heure, avec son fuseau",
  optionLsn: "jusqu'à cette position du WAL",
  optionXid: "jusqu'à cette transaction",
  optionName: "jusqu'à ce point de restauration",
  optionImmediate: "seulement jusqu'à la cohérence de la sauvegarde",
  optionLatest: "aussi loin que le dépôt a du WAL (par défaut)",
  optionTimeline: "un nombre, latest, ou backup",
  optionRandom: "un instant tiré au hasard parmi tout ce qui peut être restauré",
  optionSeed: "avec --random : retirer l'instant que ce nombre a déjà donné",
  optionAllUnproved:
    "chaque sauvegarde sans bonne preuve, la plus récente d'abord, telle qu'à sa fin",
  steps: {
    plan: "planification",
    fitness: "comparaison de cette machine avec le serveur",
    restore: "restauration",
    recovery: "rejeu du WAL",
    checks: "contrôle de ce qui est revenu",
    assertions: "vérification de ce que les données doivent être",
    application: "interrogation de l'application",
    pages: "contrôle des pages",
  },
  verdicts: {
    proved: "PROUVÉ",
    failed: "ÉCHEC",
    unfit: "NON PROUVÉ : cette machine ne peut juger",
  },
  levelLine: (mark, level, title, duration) => `${mark} ${level}  ${title} (${duration})`,
  backup: "Sauvegarde",
  reached: "Atteint",
  server: "Prouvé sur",
  looked: "Contrôlé",
  lookedFacts: (counts) =>
    `${counts["databases"]} bases, ${counts["heaps"]} tables, ${counts["indexes"]} index, ${counts["pages"]} pages`,
  sampled: (leftOut) => `un échantillon : ${leftOut} grandes relations laissées de côté`,
  rpo: "RPO",
  rto: "RTO",
  named: (name, what) => `${name} : ${what}`,
  differs: (value, wanted) => `${value}, attendu ${wanted}`,
  application: "Application",
  output: "La fin de ce qu'elle a dit :",
  beat: "Battement",
  beatFacts: (loss, against, beatAt) => `${loss} ${against} (${beatAt})`,
  noBeat: (why) => (why === "" ? "aucun n'est revenu" : `aucun n'est revenu : ${why}`),
  seed: "Graine",
  ofBackups: (number, total, id) => `Sauvegarde ${number} sur ${total} : ${id}`,
  allProved: "Toutes les sauvegardes ont été prouvées.",
  notMade: "aucune preuve n'a pu être faite",
  report: "Rapport",
  archived: "Archivé comme",
  noReport: (why) => `n'a pu être écrit : ${why}`,
  unfit: "Ce qui manque à cette machine :",
  environment: "Différent ici (sans corruption) :",
  more: (count) => `... et ${count} autres`,
};

/** The texts by language. */
export const proveText: Readonly<Record<Language, Messages>> = { en, fr };

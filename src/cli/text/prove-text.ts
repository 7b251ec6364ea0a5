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
  readonly steps: Readonly<Record<ProveStep, string>>;
  readonly verdicts: Readonly<Record<ProofVerdict, string>>;
  readonly levels: Readonly<Record<1 | 2 | 3, string>>;
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
  readonly noReport: (why: string) => string;
  readonly unfit: string;
  readonly environment: string;
  readonly more: (count: string) => string;
};

const en: Messages = {
  summary: "restore into a throw-away server, start it, check it: is this backup worth anything?",
  description:
    "Plans the target as a restore would, restores it into a server of its own that nobody can reach, replays to the target and checks heaps, B-trees, counts and every page checksum. Production is neither needed nor touched. Exit code 4 when the proof fails, or when this host cannot judge.",
  examples: [
    ["pra prove", "the newest point that can be restored"],
    ['pra prove --at "2026-11-22 13:05 UTC"', "an instant"],
    ["pra prove --backup 019a3f --immediate", "one backup, as it was when it ended"],
  ],
  optionBackup: "from this backup: its id or the beginning of it",
  optionAt: "up to this time, with its time zone",
  optionLsn: "up to this WAL position",
  optionXid: "up to this transaction",
  optionName: "up to this restore point",
  optionImmediate: "only until the backup is consistent",
  optionLatest: "as far as the repository holds WAL (the default)",
  optionTimeline: "a number, latest, or backup",
  steps: {
    plan: "planning",
    fitness: "comparing this host with the server",
    restore: "restoring",
    recovery: "replaying WAL",
    checks: "checking what came back",
  },
  verdicts: {
    proved: "PROVED",
    failed: "FAILED",
    unfit: "UNPROVEN: this host cannot judge",
  },
  levels: {
    1: "every object that the restore needed is authentic",
    2: "the server reached the target",
    3: "heaps, B-trees, counts and page checksums hold",
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
  report: "Report",
  noReport: (why) => `could not be written: ${why}`,
  unfit: "What this host lacks:",
  environment: "Different here (no corruption):",
  more: (count) => `... and ${count} more`,
};

const fr: Messages = {
  summary:
    "restaurer dans un serveur jetable, le démarrer, le contrôler : que vaut cette sauvegarde ?",
  description:
    "Planifie la cible comme une restauration, la restaure dans un serveur à part que personne ne peut joindre, rejoue jusqu'à la cible et contrôle tables, index B-tree, décomptes et toutes les sommes de contrôle. La production n'est ni requise ni touchée. Code de sortie 4 si la preuve échoue, ou si cette machine ne peut juger.",
  examples: [
    ["pra prove", "le point le plus récent qu'on puisse restaurer"],
    ['pra prove --at "2026-11-22 13:05 UTC"', "un instant"],
    ["pra prove --backup 019a3f --immediate", "une sauvegarde, telle qu'à sa fin"],
  ],
  optionBackup: "depuis cette sauvegarde : son identifiant ou le début de celui-ci",
  optionAt: "jusqu'à cette heure, avec son fuseau",
  optionLsn: "jusqu'à cette position du WAL",
  optionXid: "jusqu'à cette transaction",
  optionName: "jusqu'à ce point de restauration",
  optionImmediate: "seulement jusqu'à la cohérence de la sauvegarde",
  optionLatest: "aussi loin que le dépôt a du WAL (par défaut)",
  optionTimeline: "un nombre, latest, ou backup",
  steps: {
    plan: "planification",
    fitness: "comparaison de cette machine avec le serveur",
    restore: "restauration",
    recovery: "rejeu du WAL",
    checks: "contrôle de ce qui est revenu",
  },
  verdicts: {
    proved: "PROUVÉ",
    failed: "ÉCHEC",
    unfit: "NON PROUVÉ : cette machine ne peut juger",
  },
  levels: {
    1: "chaque objet nécessaire à la restauration est authentique",
    2: "le serveur a atteint la cible",
    3: "tables, index, décomptes et sommes de contrôle tiennent",
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
  report: "Rapport",
  noReport: (why) => `n'a pu être écrit : ${why}`,
  unfit: "Ce qui manque à cette machine :",
  environment: "Différent ici (sans corruption) :",
  more: (count) => `... et ${count} autres`,
};

/** The texts by language. */
export const proveText: Readonly<Record<Language, Messages>> = { en, fr };

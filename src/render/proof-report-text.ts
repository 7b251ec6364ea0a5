/** The words of a proof's report. */
import type { Language } from "../core/language.ts";
import type { ProofFacts } from "../queries/proof-facts.ts";

type Words = {
  readonly title: string;
  readonly verdicts: Readonly<Record<ProofFacts["verdict"], string>>;
  readonly details: Readonly<Record<ProofFacts["verdict"], string>>;
  readonly rpo: string;
  readonly rto: string;
  readonly met: (objective: string) => string;
  readonly missed: (objective: string) => string;
  readonly notMeasured: string;
  readonly rpoNotMeasured: string;
  readonly restored: string;
  readonly cluster: string;
  readonly backup: string;
  readonly kinds: Readonly<Record<"full" | "incremental", string>>;
  readonly backupEnded: string;
  readonly target: string;
  readonly targets: Readonly<Record<string, string>>;
  readonly reached: string;
  readonly notReached: string;
  readonly timeline: string;
  readonly bytes: string;
  readonly source: string;
  readonly checks: string;
  readonly level: string;
  readonly check: string;
  readonly duration: string;
  readonly findings: string;
  readonly levels: Readonly<Record<number, string>>;
  readonly none: string;
  readonly more: (count: string) => string;
  readonly looked: string;
  readonly counts: Readonly<Record<string, string>>;
  readonly phases: string;
  readonly phaseNames: Readonly<Record<string, string>>;
  readonly recovery: string;
  readonly checking: string;
  readonly environment: string;
  readonly host: string;
  readonly provedOn: string;
  readonly lacks: string;
  readonly differs: string;
  readonly at: string;
  readonly footer: (about: { readonly program: string; readonly incarnation: string }) => string;
};

const en: Words = {
  title: "Restore proof",
  verdicts: { proved: "PROVED", failed: "FAILED", unfit: "UNPROVEN" },
  details: {
    proved:
      "The backup was restored into a server of its own, reached its target, and every check holds.",
    failed:
      "The backup was restored, or could not be, and at least one check does not hold. It is told below.",
    unfit:
      "This host cannot judge the backup: what it lacks is named below. That is no verdict on the backup.",
  },
  rpo: "RPO measured",
  rto: "RTO measured",
  met: (objective) => `MET: the objective is ${objective}`,
  missed: (objective) => `MISSED: the objective is ${objective}`,
  notMeasured: "no data: the server did not answer",
  rpoNotMeasured: "no data: an instant in the past measures none",
  restored: "What was restored",
  cluster: "Cluster",
  backup: "Backup",
  kinds: { full: "full", incremental: "incremental" },
  backupEnded: "Taken",
  target: "Target",
  targets: {
    latest: "the newest point that the repository can bring back",
    immediate: "the end of the backup",
    time: "the instant",
    lsn: "the WAL position",
    xid: "the transaction",
    name: "the restore point",
  },
  reached: "Reached",
  notReached: "nothing",
  timeline: "timeline",
  bytes: "Restored",
  source: "Server",
  checks: "Checks",
  level: "Level",
  check: "What must hold",
  duration: "Time",
  findings: "Found",
  levels: {
    1: "every object that the restore needed is authentic",
    2: "the server reached the target",
    3: "heaps, B-trees, counts and page checksums hold",
  },
  none: "nothing wrong",
  more: (count) => `… and ${count} more`,
  looked: "Looked at",
  counts: {
    databases: "databases",
    heaps: "tables",
    indexes: "B-trees",
    files: "files",
    pages: "pages",
    leftOut: "large relations left out of the sample",
  },
  phases: "Where the time went",
  phaseNames: {
    claim: "target directory",
    maps: "file maps",
    files: "files",
    wal: "WAL",
    configuration: "configuration",
    sync: "made durable",
    control: "control file",
  },
  recovery: "start and replay",
  checking: "checks",
  environment: "Environment",
  host: "Host",
  provedOn: "Proved on",
  lacks: "Lacking here",
  differs: "Different here, no corruption",
  at: "Proof begun",
  footer: ({ program, incarnation }) =>
    `${program} · history ${incarnation}. Every figure was measured during this proof.`,
};

const fr: Words = {
  title: "Preuve de restauration",
  verdicts: { proved: "PROUVÉ", failed: "ÉCHEC", unfit: "NON PROUVÉ" },
  details: {
    proved:
      "La sauvegarde a été restaurée dans un serveur à part, a atteint sa cible, et chaque contrôle tient.",
    failed:
      "La sauvegarde a été restaurée, ou n'a pu l'être, et au moins un contrôle ne tient pas. Il est décrit plus bas.",
    unfit:
      "Cette machine ne peut juger la sauvegarde : ce qui lui manque est nommé plus bas. Ce n'est pas un verdict sur la sauvegarde.",
  },
  rpo: "RPO mesuré",
  rto: "RTO mesuré",
  met: (objective) => `TENU : l'objectif est de ${objective}`,
  missed: (objective) => `MANQUÉ : l'objectif est de ${objective}`,
  notMeasured: "pas de donnée : le serveur n'a pas répondu",
  rpoNotMeasured: "pas de donnée : un instant passé n'en mesure pas",
  restored: "Ce qui a été restauré",
  cluster: "Cluster",
  backup: "Sauvegarde",
  kinds: { full: "complète", incremental: "incrémentale" },
  backupEnded: "Prise",
  target: "Cible",
  targets: {
    latest: "le point le plus récent que le dépôt puisse rendre",
    immediate: "la fin de la sauvegarde",
    time: "l'instant",
    lsn: "la position du WAL",
    xid: "la transaction",
    name: "le point de restauration",
  },
  reached: "Atteint",
  notReached: "rien",
  timeline: "timeline",
  bytes: "Restauré",
  source: "Serveur",
  checks: "Contrôles",
  level: "Niveau",
  check: "Ce qui doit tenir",
  duration: "Durée",
  findings: "Constaté",
  levels: {
    1: "chaque objet nécessaire à la restauration est authentique",
    2: "le serveur a atteint la cible",
    3: "tables, index, décomptes et sommes de contrôle tiennent",
  },
  none: "rien d'anormal",
  more: (count) => `… et ${count} autres`,
  looked: "Contrôlé",
  counts: {
    databases: "bases",
    heaps: "tables",
    indexes: "index B-tree",
    files: "fichiers",
    pages: "pages",
    leftOut: "grandes relations hors de l'échantillon",
  },
  phases: "Où le temps est passé",
  phaseNames: {
    files: "fichiers",
    wal: "WAL",
    settings: "réglages",
    control: "fichier de contrôle",
  },
  recovery: "démarrage et rejeu",
  checking: "contrôles",
  environment: "Environnement",
  host: "Machine",
  provedOn: "Prouvé sur",
  lacks: "Ce qui manque ici",
  differs: "Différent ici, sans corruption",
  at: "Début de la preuve",
  footer: ({ program, incarnation }) =>
    `${program} · histoire ${incarnation}. Chaque chiffre a été mesuré pendant cette preuve.`,
};

/** The words by language. */
export const proofReportText: Readonly<Record<Language, Words>> = { en, fr };

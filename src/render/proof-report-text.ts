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
  readonly applicationNotWell: string;
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
  readonly none: string;
  readonly below: string;
  readonly more: (count: string) => string;
  readonly looked: string;
  readonly counts: Readonly<Record<string, string>>;
  readonly asserted: string;
  readonly assertion: string;
  readonly database: string;
  readonly value: string;
  readonly wanted: string;
  readonly application: string;
  readonly command: string;
  readonly outcome: string;
  readonly output: string;
  readonly beat: string;
  readonly beatMet: (objective: string, against: string) => string;
  readonly beatMissed: (objective: string, against: string) => string;
  readonly noBeat: (database: string) => string;
  readonly beatWithout: string;
  readonly limits: string;
  readonly nice: (value: string, idleDisk: boolean) => string;
  readonly minutes: (value: string) => string;
  readonly room: (needed: string, free: string) => string;
  readonly workers: (count: string) => string;
  readonly phases: string;
  readonly phaseNames: Readonly<Record<string, string>>;
  readonly recovery: string;
  readonly checking: string;
  readonly asserting: string;
  readonly asking: string;
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
  applicationNotWell: "no data: the application did not work",
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
  none: "nothing wrong",
  below: "told below",
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
  asserted: "Assertions",
  assertion: "Assertion",
  database: "Database",
  value: "Answer",
  wanted: "Wanted",
  application: "Application",
  command: "Command",
  outcome: "Outcome",
  output: "The end of what it said",
  beat: "Loss by the heartbeat",
  beatMet: (objective, against) => `MET: ${against}; the objective is ${objective}`,
  beatMissed: (objective, against) => `MISSED: ${against}; the objective is ${objective}`,
  noBeat: (database) => `no data: no beat came back in ${database}`,
  beatWithout: "no data: the target has no time",
  limits: "Limits",
  nice: (value, idleDisk) =>
    value === "0"
      ? "none on processor and disk"
      : `nice ${value}${idleDisk ? ", disk only when nobody else wants it" : ""}`,
  minutes: (value) => `${value} minutes at most`,
  room: (needed, free) => `${needed} predicted, ${free} were free`,
  workers: (count) => `${count} workers`,
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
  asserting: "assertions",
  asking: "application",
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
  applicationNotWell: "pas de donnée : l'application n'a pas fonctionné",
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
  none: "rien d'anormal",
  below: "décrit plus bas",
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
  asserted: "Affirmations",
  assertion: "Affirmation",
  database: "Base",
  value: "Réponse",
  wanted: "Attendu",
  application: "Application",
  command: "Commande",
  outcome: "Résultat",
  output: "La fin de ce qu'elle a dit",
  beat: "Perte selon le battement",
  beatMet: (objective, against) => `TENU : ${against} ; l'objectif est de ${objective}`,
  beatMissed: (objective, against) => `MANQUÉ : ${against} ; l'objectif est de ${objective}`,
  noBeat: (database) => `pas de donnée : aucun battement n'est revenu dans ${database}`,
  beatWithout: "pas de donnée : la cible n'a pas d'heure",
  limits: "Limites",
  nice: (value, idleDisk) =>
    value === "0"
      ? "aucune sur le processeur et le disque"
      : `nice ${value}${idleDisk ? ", disque seulement quand personne d'autre n'en veut" : ""}`,
  minutes: (value) => `${value} minutes au plus`,
  room: (needed, free) => `${needed} prévus, ${free} étaient libres`,
  workers: (count) => `${count} processus`,
  phases: "Où le temps est passé",
  phaseNames: {
    claim: "dossier cible",
    maps: "cartes de fichiers",
    files: "fichiers",
    wal: "WAL",
    configuration: "configuration",
    sync: "rendu durable",
    control: "fichier de contrôle",
  },
  recovery: "démarrage et rejeu",
  checking: "contrôles",
  asserting: "affirmations",
  asking: "application",
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

/** The words of a load test's report. */
import type { Language } from "../core/language.ts";
import type {
  LoadStretch,
  LoadTestBackup,
  LoadTestCheck,
  LoadTestEnding,
} from "../queries/load-test-facts.ts";

type Words = {
  readonly title: string;
  readonly verdicts: Readonly<Record<LoadTestEnding | "good", string>>;
  readonly details: Readonly<Record<LoadTestEnding | "good", string>>;
  readonly rpo: string;
  readonly rto: string;
  readonly met: (objective: string) => string;
  readonly missed: (objective: string) => string;
  readonly noData: string;
  readonly lost: string;
  readonly lostNote: (acknowledged: string) => string;
  readonly tests: string;
  readonly test: string;
  readonly verdict: string;
  readonly figures: string;
  readonly outcomes: Readonly<Record<"pass" | "fail" | "notReached", string>>;
  readonly testNames: Readonly<Record<LoadTestCheck["name"], string>>;
  readonly load: (commits: string, clients: string, silence: string) => string;
  readonly backups: (full: string, incremental: string, failed: string) => string;
  readonly slowdown: (share: string, maximum: string) => string;
  readonly holes: (holes: string) => string;
  readonly lostOf: (lost: string, acknowledged: string) => string;
  readonly coherent: (found: string, faults: string) => string;
  readonly restored: (took: string, objective: string) => string;
  readonly damaged: (damaged: string) => string;
  readonly costs: string;
  readonly stretch: string;
  readonly perSecond: string;
  readonly stretches: Readonly<Record<LoadStretch, string>>;
  readonly costNote: (streaming: string, backup: string) => string;
  readonly costUnknown: string;
  readonly noCost: string;
  readonly rateChart: string;
  readonly latencyChart: string;
  readonly chartNote: string;
  readonly rateSpoken: (least: string, most: string) => string;
  readonly latencySpoken: (half: string, worst: string) => string;
  readonly commitsLine: string;
  readonly halfLine: string;
  readonly worstLine: string;
  readonly nothingDrawn: string;
  readonly backupsTitle: string;
  readonly kind: string;
  readonly began: string;
  readonly took: string;
  readonly read: string;
  readonly stored: string;
  readonly outcome: string;
  readonly kinds: Readonly<Record<LoadTestBackup["kind"], string>>;
  readonly states: Readonly<Record<LoadTestBackup["state"], string>>;
  readonly noBackup: string;
  readonly crash: string;
  readonly crashed: string;
  readonly crashedAt: (at: string, duringBackup: boolean) => string;
  readonly lostAt: (at: string) => string;
  readonly restoreFacts: string;
  readonly restoreText: (bytes: string, wal: string, took: string, start: string) => string;
  readonly production: string;
  readonly prediction: string;
  readonly productionSize: string;
  readonly productionSizeText: (bytes: string, at: string) => string;
  readonly fullBackup: string;
  readonly restore: string;
  readonly assumptions: string;
  readonly assumed: string;
  readonly environment: string;
  readonly host: string;
  readonly server: string;
  readonly data: string;
  readonly clients: string;
  readonly loadTime: string;
  readonly seed: string;
  readonly problem: string;
  readonly footer: (program: string) => string;
};

const en: Words = {
  title: "Load test",
  verdicts: {
    good: "PASS: every test, and both objectives",
    finished: "FAIL",
    interrupted: "INTERRUPTED",
    serverLost: "SERVER LOST",
    failed: "NOT COMPLETED",
  },
  details: {
    good: "The server was loaded, backed up, killed at a random moment and brought back; every test passed and both objectives were met.",
    finished: "At least one test failed or an objective was missed. It is told below.",
    interrupted:
      "Somebody ended the load test. What had been measured by then is below; the rest is not demonstrated.",
    serverLost:
      "The server went away before the crash that was planned, and nothing here killed it. What was measured is below.",
    failed: "The load test could not be brought to its end. What was measured is below.",
  },
  rpo: "RPO measured",
  rto: "RTO measured",
  met: (objective) => `MET: the objective is ${objective}`,
  missed: (objective) => `MISSED: the objective is ${objective}`,
  noData: "no data: it was not come to",
  lost: "Acknowledged commits lost",
  lostNote: (acknowledged) => `of ${acknowledged}`,
  tests: "Tests",
  test: "Test",
  verdict: "Verdict",
  figures: "Figures",
  outcomes: { pass: "PASS", fail: "FAIL", notReached: "NOT REACHED" },
  testNames: {
    load: "The server takes the load until the crash",
    backups: "Backups succeed under load",
    slowdown: "A backup slows the server within bounds",
    wal: "WAL is complete",
    nothingLost: "No acknowledged commit is lost",
    coherent: "Restored data is coherent",
    restored: "The restore is within the RTO",
    repository: "The repository verifies clean",
  },
  load: (commits, clients, silence) =>
    `${commits} commits of ${clients} clients; longest time without one ${silence}`,
  backups: (full, incremental, failed) =>
    `${full} full, ${incremental} incremental, ${failed} failed`,
  slowdown: (share, maximum) => `commits a second lost: ${share}; ${maximum} at most`,
  holes: (holes) => `${holes} holes`,
  lostOf: (lost, acknowledged) => `${lost} of ${acknowledged} lost`,
  coherent: (found, faults) => `${found} entries in their chains and balances, ${faults} faults`,
  restored: (took, objective) => `${took} from the crash to the first write; ${objective} at most`,
  damaged: (damaged) => `every object read and opened, ${damaged} damaged`,
  costs: "What protection costs",
  stretch: "The server runs",
  perSecond: "Commits/s",
  stretches: {
    plain: "alone",
    streaming: "with WAL streamed, each commit waiting for the repository",
    backup: "with a backup beside that",
  },
  costNote: (streaming, backup) =>
    `Commits a second lost to streaming with RPO 0: ${streaming}; and of what then remains, to a backup: ${backup}. Clients, server, backups and repository share this host: production with room to spare feels less. A load of more than some minutes is paced, so that each commit can be kept and judged.`,
  costUnknown: "not measured",
  noCost: "nothing that could be measured",
  rateChart: "Commits a second",
  latencyChart: "Time until a commit is acknowledged (ms)",
  chartNote:
    "Shaded: WAL is streamed; shaded darker: a backup runs. The line at the end is the crash.",
  rateSpoken: (least, most) =>
    `Commits a second over time: between ${least} and ${most} in nine tenths of the load.`,
  latencySpoken: (half, worst) =>
    `Time until a commit is acknowledged over time: middle of the medians ${half} ms, middle of the 99th percentiles ${worst} ms.`,
  commitsLine: "commits/s",
  halfLine: "p50",
  worstLine: "p99",
  nothingDrawn: "Nothing was measured.",
  backupsTitle: "Backups under load",
  kind: "Kind",
  began: "Begun after",
  took: "Took",
  read: "Read",
  stored: "Stored",
  outcome: "Outcome",
  kinds: { full: "full", incremental: "incremental" },
  states: {
    finished: "finished",
    failed: "failed",
    cutByCrash: "cut off by the crash, as it must be: not listed",
  },
  noBackup: "None was come to.",
  crash: "Crash and restore",
  crashed: "Crash",
  crashedAt: (at, duringBackup) =>
    `SIGKILL after ${at} of load${duringBackup ? ", in the middle of a backup" : ""}; the server's files removed`,
  lostAt: (at) => `after ${at} of load, not by this test; the files of what was left removed`,
  restoreFacts: "Restore",
  restoreText: (bytes, wal, took, start) =>
    `${bytes} of files and ${wal} of WAL in ${took}, start and replay in ${start}`,
  production: "At production's size: a prediction, not a measurement",
  prediction: "PREDICTION",
  productionSize: "Production",
  productionSizeText: (bytes, at) => `${bytes} in its newest backup, of ${at}`,
  fullBackup: "Full backup",
  restore: "Restore until the server answers",
  assumptions: "Assumes",
  assumed:
    "this host and its disks, times in proportion to bytes, and as much WAL to replay as in this test",
  environment: "Environment",
  host: "Host",
  server: "Throw-away server",
  data: "Databases before the load",
  clients: "Clients",
  loadTime: "Load planned",
  seed: "Seed",
  problem: "Why it ended",
  footer: (program) =>
    `${program}. Every figure but the prediction was measured or counted in this run, on a server that was made for it; production was not touched.`,
};

const fr: Words = {
  title: "Test de charge",
  verdicts: {
    good: "RÉUSSI : chaque test, et les deux objectifs",
    finished: "ÉCHEC",
    interrupted: "INTERROMPU",
    serverLost: "SERVEUR PERDU",
    failed: "INACHEVÉ",
  },
  details: {
    good: "Le serveur a été chargé, sauvegardé, tué à un moment tiré au sort puis ramené ; chaque test est réussi et les deux objectifs sont tenus.",
    finished: "Au moins un test a échoué ou un objectif a été manqué. C'est décrit plus bas.",
    interrupted:
      "Quelqu'un a arrêté le test de charge. Ce qui était mesuré à ce moment est plus bas ; le reste n'est pas démontré.",
    serverLost:
      "Le serveur a disparu avant le plantage prévu, et rien ici ne l'a tué. Ce qui a été mesuré est plus bas.",
    failed: "Le test de charge n'a pu être mené à son terme. Ce qui a été mesuré est plus bas.",
  },
  rpo: "RPO mesuré",
  rto: "RTO mesuré",
  met: (objective) => `TENU : l'objectif est de ${objective}`,
  missed: (objective) => `MANQUÉ : l'objectif est de ${objective}`,
  noData: "pas de donnée : on n'y est pas arrivé",
  lost: "Validations confirmées perdues",
  lostNote: (acknowledged) => `sur ${acknowledged}`,
  tests: "Tests",
  test: "Test",
  verdict: "Verdict",
  figures: "Chiffres",
  outcomes: { pass: "RÉUSSI", fail: "ÉCHEC", notReached: "NON ATTEINT" },
  testNames: {
    load: "Le serveur tient la charge jusqu'au plantage",
    backups: "Les sauvegardes aboutissent sous charge",
    slowdown: "Une sauvegarde ralentit le serveur dans les limites",
    wal: "Le WAL est complet",
    nothingLost: "Aucune validation confirmée n'est perdue",
    coherent: "Les données restaurées sont cohérentes",
    restored: "La restauration tient dans le RTO",
    repository: "Le dépôt est vérifié sans défaut",
  },
  load: (commits, clients, silence) =>
    `${commits} validations de ${clients} clients ; plus longue durée sans aucune ${silence}`,
  backups: (full, incremental, failed) =>
    `complètes : ${full}, incrémentales : ${incremental}, échouées : ${failed}`,
  slowdown: (share, maximum) => `validations par seconde perdues : ${share} ; ${maximum} au plus`,
  holes: (holes) => `trous : ${holes}`,
  lostOf: (lost, acknowledged) => `perdues : ${lost} sur ${acknowledged}`,
  coherent: (found, faults) =>
    `${found} écritures dans leurs chaînes et soldes, fautes : ${faults}`,
  restored: (took, objective) =>
    `${took} du plantage à la première écriture ; ${objective} au plus`,
  damaged: (damaged) => `chaque objet lu et ouvert, abîmés : ${damaged}`,
  costs: "Ce que coûte la protection",
  stretch: "Le serveur tourne",
  perSecond: "Validations/s",
  stretches: {
    plain: "seul",
    streaming: "avec le WAL transmis, chaque validation attendant le dépôt",
    backup: "avec une sauvegarde en plus",
  },
  costNote: (streaming, backup) =>
    `Validations par seconde perdues par la transmission avec un RPO de 0 : ${streaming} ; et de ce qui reste, par une sauvegarde : ${backup}. Clients, serveur, sauvegardes et dépôt se partagent cette machine : une production qui a de la marge le ressent moins. Une charge de plus de quelques minutes est cadencée, pour que chaque validation puisse être gardée et jugée.`,
  costUnknown: "pas mesuré",
  noCost: "rien de mesurable",
  rateChart: "Validations par seconde",
  latencyChart: "Temps jusqu'à la confirmation d'une validation (ms)",
  chartNote:
    "Ombré : le WAL est transmis ; plus sombre : une sauvegarde tourne. Le trait à la fin est le plantage.",
  rateSpoken: (least, most) =>
    `Validations par seconde au fil du temps : entre ${least} et ${most} pendant neuf dixièmes de la charge.`,
  latencySpoken: (half, worst) =>
    `Temps jusqu'à la confirmation au fil du temps : milieu des médianes ${half} ms, milieu des 99es centiles ${worst} ms.`,
  commitsLine: "validations/s",
  halfLine: "p50",
  worstLine: "p99",
  nothingDrawn: "Rien n'a été mesuré.",
  backupsTitle: "Sauvegardes sous charge",
  kind: "Genre",
  began: "Début après",
  took: "Durée",
  read: "Lu",
  stored: "Stocké",
  outcome: "Résultat",
  kinds: { full: "complète", incremental: "incrémentale" },
  states: {
    finished: "terminée",
    failed: "échouée",
    cutByCrash: "coupée par le plantage, comme il se doit : non listée",
  },
  noBackup: "Aucune n'a été atteinte.",
  crash: "Plantage et restauration",
  crashed: "Plantage",
  crashedAt: (at, duringBackup) =>
    `SIGKILL après ${at} de charge${duringBackup ? ", au milieu d'une sauvegarde" : ""} ; fichiers du serveur supprimés`,
  lostAt: (at) =>
    `après ${at} de charge, pas du fait de ce test ; les fichiers de ce qui restait supprimés`,
  restoreFacts: "Restauration",
  restoreText: (bytes, wal, took, start) =>
    `${bytes} de fichiers et ${wal} de WAL en ${took}, démarrage et rejeu en ${start}`,
  production: "À la taille de la production : une prévision, pas une mesure",
  prediction: "PRÉVISION",
  productionSize: "Production",
  productionSizeText: (bytes, at) => `${bytes} dans sa dernière sauvegarde, du ${at}`,
  fullBackup: "Sauvegarde complète",
  restore: "Restauration jusqu'à la réponse du serveur",
  assumptions: "Suppose",
  assumed:
    "cette machine et ses disques, des durées proportionnelles aux octets, et autant de WAL à rejouer que dans ce test",
  environment: "Environnement",
  host: "Machine",
  server: "Serveur jetable",
  data: "Bases avant la charge",
  clients: "Clients",
  loadTime: "Charge prévue",
  seed: "Graine",
  problem: "Pourquoi il s'est arrêté",
  footer: (program) =>
    `${program}. Chaque chiffre, sauf la prévision, a été mesuré ou compté pendant ce test, sur un serveur fait pour lui ; la production n'a pas été touchée.`,
};

/** The words by language. */
export const loadTestText: Readonly<Record<Language, Words>> = { en, fr };

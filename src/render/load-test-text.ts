/** The words of a load test's report. */
import type { Language } from "../core/language.ts";
import type {
  LoadTestBackup,
  LoadTestCheck,
  LoadTestEnding,
  LoadTestFacts,
  LossCause,
  ResumePhase,
} from "../queries/load-test-facts.ts";

/** Everything that a report says. */
export type LoadTestWords = {
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
  readonly load: (of: {
    readonly commits: string;
    readonly clients: string;
    readonly broken: string;
    readonly silence: string;
  }) => string;
  readonly backups: (full: string, incremental: string, failed: string) => string;
  readonly slowdown: (share: string, pairs: string, maximum: string) => string;
  readonly holes: (holes: string) => string;
  readonly lostOf: (lost: string, acknowledged: string) => string;
  readonly coherent: (found: string, faults: string) => string;
  readonly applicationTook: (took: string) => string;
  readonly restored: (untilApplication: boolean, took: string, objective: string) => string;
  readonly damaged: (damaged: string) => string;
  readonly costs: string;
  readonly compared: string;
  readonly comparisons: Readonly<Record<"streaming" | "backup", string>>;
  readonly pairs: string;
  readonly rateLost: string;
  readonly longer: (percentile: string) => string;
  readonly fromTo: (low: string, high: string) => string;
  readonly costNote: string;
  readonly costUnknown: string;
  readonly stretchTitle: string;
  readonly stretch: string;
  readonly perSecond: string;
  readonly stretches: Readonly<Record<keyof LoadTestFacts["stretches"], string>>;
  readonly stretchNote: string;
  readonly pacedNote: (perSecond: string) => string;
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
  readonly lostAt: Readonly<Record<Exclude<LossCause, "planned">, (at: string) => string>>;
  readonly restoreFacts: string;
  readonly restoreText: (bytes: string, wal: string, took: string, start: string) => string;
  readonly application: string;
  readonly applicationCommand: string;
  readonly applicationOutput: string;
  readonly noApplication: string;
  readonly healthAddress: string;
  readonly health: Readonly<Record<NonNullable<LoadTestFacts["health"]>["before"], string>>;
  readonly healthText: (said: string, attempts: string) => string;
  readonly healthElsewhere: string;
  readonly production: string;
  readonly prediction: string;
  readonly oneMeasurement: string;
  readonly measurements: (count: string) => string;
  readonly forecast: Readonly<Record<"met" | "missed" | "open", (objective: string) => string>>;
  readonly productionSize: string;
  readonly productionSizeText: (bytes: string, at: string | null, factor: string) => string;
  readonly fullBackup: string;
  readonly restore: string;
  readonly assumptions: string;
  readonly assumed: string;
  readonly environment: string;
  readonly host: string;
  readonly server: string;
  readonly origins: Readonly<Record<NonNullable<LoadTestFacts["serverOrigin"]>, string>>;
  readonly data: string;
  readonly shape: string;
  readonly shapeText: (of: {
    readonly bytes: string;
    readonly databases: string;
    readonly tables: string;
    readonly share: string;
    readonly asText: string;
  }) => string;
  readonly clients: string;
  readonly loadTime: string;
  readonly seed: string;
  readonly resumed: string;
  readonly resumedAt: Readonly<Record<ResumePhase, string>>;
  readonly resumedText: (phase: string, at: string, pause: string) => string;
  readonly problem: string;
  readonly footer: (program: string) => string;
};

const en: LoadTestWords = {
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
    finished:
      "At least one test failed or was not come to, or an objective was missed. It is told below.",
    interrupted:
      "Somebody ended the load test. What had been measured by then is below; the rest is not demonstrated.",
    serverLost:
      "The server was lost before the crash that was planned, not by this test. What was measured is below.",
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
    application: "The application works on the restored server",
    health: "The application answers at its address",
    restored: "The restore is within the RTO",
    repository: "The repository verifies clean",
  },
  load: ({ commits, clients, broken, silence }) =>
    `${commits} commits of ${clients} clients, ${broken} of them cut off; longest time without a commit ${silence}`,
  backups: (full, incremental, failed) =>
    `${full} full, ${incremental} incremental, ${failed} failed`,
  slowdown: (share, pairs, maximum) =>
    `commits a second lost: ${share}, the mean of ${pairs} pairs; ${maximum} at most`,
  holes: (holes) => `${holes} holes`,
  lostOf: (lost, acknowledged) => `${lost} of ${acknowledged} lost`,
  coherent: (found, faults) => `${found} entries in their chains and balances, ${faults} faults`,
  applicationTook: (took) => `answered after ${took}`,
  restored: (untilApplication, took, objective) =>
    `${took} from the crash until ${untilApplication ? "the application answered" : "the first write"}; ${objective} at most`,
  damaged: (damaged) => `every object read and opened, ${damaged} damaged`,
  costs: "What protection costs",
  compared: "With, against without",
  comparisons: {
    streaming: "WAL streamed, each commit waiting for the repository",
    backup: "a backup beside that",
  },
  pairs: "Pairs",
  rateLost: "Commits/s lost",
  longer: (percentile) => `${percentile} added`,
  fromTo: (low, high) => `${low} to ${high}`,
  costNote:
    "Each stretch with is compared with its neighbour without, at full speed; given are the mean over the pairs and, in brackets, its 95 % interval (Student's t). An interval that contains zero: no cost was shown. Clients, server, backups and repository share this host: production with room to spare feels less.",
  stretchTitle: "Measured at full speed",
  stretch: "The server runs",
  perSecond: "Commits/s",
  stretches: {
    plain: "alone",
    streaming: "with WAL streamed, each commit waiting for the repository",
    backup: "with a backup beside that",
  },
  stretchNote: "Over all stretches of a kind; what is compared is in the table above.",
  pacedNote: (perSecond) =>
    `Between them the load was held to ${perSecond} commits a second on the average, so that each commit could be kept and judged.`,
  costUnknown: "not measured",
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
    cutByCrash: "cut off by the crash: not listed",
  },
  noBackup: "None was come to.",
  crash: "Crash and restore",
  crashed: "Crash",
  crashedAt: (at, duringBackup) =>
    `SIGKILL after ${at} of load${duringBackup ? ", in the middle of a backup" : ""}; the server's files removed`,
  lostAt: {
    gone: (at) => `after ${at} of load, not by this test; the files of what was left removed`,
    silent: (at) =>
      `given up after ${at} of load: it acknowledged nothing any more, though its processes lived; killed, and its files removed`,
  },
  restoreFacts: "Restore",
  restoreText: (bytes, wal, took, start) =>
    `${bytes} of files and ${wal} of WAL in ${took}, start and replay in ${start}`,
  application: "Application",
  applicationCommand: "Its command",
  applicationOutput: "It said",
  noApplication:
    "none was asked (proof.application of pra.yaml, APP_HEALTH_URL): the RTO is measured until the first write",
  healthAddress: "Its address",
  health: {
    well: "answered",
    status: "answered with an error",
    redirect: "sent elsewhere",
    silent: "did not answer in time",
    certificate: "showed a certificate that is not trusted",
    unreachable: "could not be reached",
  },
  healthText: (said, attempts) => `${said}, at attempt ${attempts}`,
  healthElsewhere:
    "answered before anything was restored: it speaks for another server, and nothing was made of it",
  production: "At production's size: a prediction, not a measurement",
  prediction: "PREDICTION",
  oneMeasurement: "(one measurement: no interval)",
  measurements: (count) => `${count} measurements`,
  forecast: {
    met: (objective) => `would meet the objective of ${objective}`,
    missed: (objective) => `would miss the objective of ${objective}`,
    open: (objective) => `may miss the objective of ${objective}`,
  },
  productionSize: "Production",
  productionSizeText: (bytes, at, factor) =>
    `${bytes} ${at === null ? "on its server" : `in its newest backup, of ${at}`}: ${factor} times what was restored here`,
  fullBackup: "Full backup",
  restore: "Restore until the server answers",
  assumptions: "Assumes",
  assumed:
    "this host and its disks, times in proportion to bytes, and as much WAL to replay as in this test",
  environment: "Environment",
  host: "Host",
  server: "Throw-away server",
  origins: {
    embedded: "npm's embedded server",
    distribution: "the distribution's programs",
    pg_config: "the programs that pg_config names",
    PRA_PG_BIN_DIR: "the programs of PRA_PG_BIN_DIR",
  },
  data: "Databases before the load",
  shape: "Made after production's",
  shapeText: ({ bytes, databases, tables, share, asText }) =>
    `${tables} tables in ${databases} databases of ${bytes}; ${share} of their rows, made up, none read; columns of a type unknown here, made as text: ${asText}`,
  clients: "Clients",
  loadTime: "Load planned",
  seed: "Seed",
  resumed: "Gone on with",
  resumedAt: {
    restore:
      "from the restore, which was made anew: its RTO counts from the crash, the pause with it",
    judge: "from the comparison; the RTO had been measured",
    verify: "from the verification of the repository; all else had been measured",
  },
  resumedText: (phase, at, pause) =>
    `its process was killed; another one went on at ${at}, at most ${pause} later, ${phase}`,
  problem: "Why it ended",
  footer: (program) =>
    `${program}. Every figure but the prediction was measured or counted in this run, on a server that was made for it; production was not touched.`,
};

const fr: LoadTestWords = {
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
    finished:
      "Au moins un test a échoué ou n'a pas été atteint, ou un objectif a été manqué. C'est décrit plus bas.",
    interrupted:
      "Quelqu'un a arrêté le test de charge. Ce qui était mesuré à ce moment est plus bas ; le reste n'est pas démontré.",
    serverLost:
      "Le serveur a été perdu avant le plantage prévu, pas du fait de ce test. Ce qui a été mesuré est plus bas.",
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
    application: "L'application fonctionne sur le serveur restauré",
    health: "L'application répond à son adresse",
    restored: "La restauration tient dans le RTO",
    repository: "Le dépôt est vérifié sans défaut",
  },
  load: ({ commits, clients, broken, silence }) =>
    `${commits} validations de ${clients} clients, dont ${broken} coupés ; plus longue durée sans validation ${silence}`,
  backups: (full, incremental, failed) =>
    `complètes : ${full}, incrémentales : ${incremental}, échouées : ${failed}`,
  slowdown: (share, pairs, maximum) =>
    `validations par seconde perdues : ${share}, moyenne de ${pairs} paires ; ${maximum} au plus`,
  holes: (holes) => `trous : ${holes}`,
  lostOf: (lost, acknowledged) => `perdues : ${lost} sur ${acknowledged}`,
  coherent: (found, faults) =>
    `${found} écritures dans leurs chaînes et soldes, fautes : ${faults}`,
  applicationTook: (took) => `a répondu après ${took}`,
  restored: (untilApplication, took, objective) =>
    `${took} du plantage à ${untilApplication ? "la réponse de l'application" : "la première écriture"} ; ${objective} au plus`,
  damaged: (damaged) => `chaque objet lu et ouvert, abîmés : ${damaged}`,
  costs: "Ce que coûte la protection",
  compared: "Avec, face à sans",
  comparisons: {
    streaming: "WAL transmis, chaque validation attendant le dépôt",
    backup: "une sauvegarde en plus",
  },
  pairs: "Paires",
  rateLost: "Débit perdu",
  longer: (percentile) => `${percentile} en plus`,
  fromTo: (low, high) => `${low} à ${high}`,
  costNote:
    "Chaque période avec est comparée à sa voisine sans, à pleine vitesse ; sont donnés la moyenne des paires et, entre parenthèses, son intervalle à 95 % (loi de Student). Un intervalle qui contient zéro : aucun coût n'est démontré. Clients, serveur, sauvegardes et dépôt se partagent cette machine : une production qui a de la marge le ressent moins.",
  stretchTitle: "Mesuré à pleine vitesse",
  stretch: "Le serveur tourne",
  perSecond: "Validations/s",
  stretches: {
    plain: "seul",
    streaming: "avec le WAL transmis, chaque validation attendant le dépôt",
    backup: "avec une sauvegarde en plus",
  },
  stretchNote: "Sur toutes les périodes d'un genre ; la comparaison est dans le tableau ci-dessus.",
  pacedNote: (perSecond) =>
    `Entre elles la charge était tenue à ${perSecond} validations par seconde en moyenne, pour que chaque validation puisse être gardée et jugée.`,
  costUnknown: "pas mesuré",
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
    cutByCrash: "coupée par le plantage : non listée",
  },
  noBackup: "Aucune n'a été atteinte.",
  crash: "Plantage et restauration",
  crashed: "Plantage",
  crashedAt: (at, duringBackup) =>
    `SIGKILL après ${at} de charge${duringBackup ? ", au milieu d'une sauvegarde" : ""} ; fichiers du serveur supprimés`,
  lostAt: {
    gone: (at) =>
      `après ${at} de charge, pas du fait de ce test ; les fichiers de ce qui restait supprimés`,
    silent: (at) =>
      `abandonné après ${at} de charge : il ne confirmait plus rien, bien que ses processus vivaient ; tué, ses fichiers supprimés`,
  },
  restoreFacts: "Restauration",
  restoreText: (bytes, wal, took, start) =>
    `${bytes} de fichiers et ${wal} de WAL en ${took}, démarrage et rejeu en ${start}`,
  application: "Application",
  applicationCommand: "Sa commande",
  applicationOutput: "Elle a dit",
  noApplication:
    "aucune n'a été interrogée (proof.application de pra.yaml, APP_HEALTH_URL) : le RTO est mesuré jusqu'à la première écriture",
  healthAddress: "Son adresse",
  health: {
    well: "a répondu",
    status: "a répondu par une erreur",
    redirect: "a renvoyé ailleurs",
    silent: "n'a pas répondu à temps",
    certificate: "a montré un certificat sans confiance",
    unreachable: "n'a pas pu être jointe",
  },
  healthText: (said, attempts) => `${said}, à la tentative ${attempts}`,
  healthElsewhere:
    "a répondu avant toute restauration : elle parle pour un autre serveur, et rien n'en a été tiré",
  production: "À la taille de la production : une prévision, pas une mesure",
  prediction: "PRÉVISION",
  oneMeasurement: "(une seule mesure : pas d'intervalle)",
  measurements: (count) => `${count} mesures`,
  forecast: {
    met: (objective) => `tiendrait l'objectif de ${objective}`,
    missed: (objective) => `manquerait l'objectif de ${objective}`,
    open: (objective) => `pourrait manquer l'objectif de ${objective}`,
  },
  productionSize: "Production",
  productionSizeText: (bytes, at, factor) =>
    `${bytes} ${at === null ? "sur son serveur" : `dans sa dernière sauvegarde, du ${at}`} : ${factor} fois ce qui a été restauré ici`,
  fullBackup: "Sauvegarde complète",
  restore: "Restauration jusqu'à la réponse du serveur",
  assumptions: "Suppose",
  assumed:
    "cette machine et ses disques, des durées proportionnelles aux octets, et autant de WAL à rejouer que dans ce test",
  environment: "Environnement",
  host: "Machine",
  server: "Serveur jetable",
  origins: {
    embedded: "le serveur embarqué de npm",
    distribution: "les programmes de la distribution",
    pg_config: "les programmes que pg_config désigne",
    PRA_PG_BIN_DIR: "les programmes de PRA_PG_BIN_DIR",
  },
  data: "Bases avant la charge",
  shape: "Faites sur le modèle de la production",
  shapeText: ({ bytes, databases, tables, share, asText }) =>
    `tables : ${tables}, bases : ${databases}, en tout ${bytes} ; ${share} de leurs lignes, inventées, aucune lue ; colonnes d'un type inconnu ici, faites en texte : ${asText}`,
  clients: "Clients",
  loadTime: "Charge prévue",
  seed: "Graine",
  resumed: "Repris",
  resumedAt: {
    restore: "à la restauration, refaite : son RTO compte depuis le plantage, pause comprise",
    judge: "à la comparaison ; le RTO était mesuré",
    verify: "à la vérification du dépôt ; tout le reste était mesuré",
  },
  resumedText: (phase, at, pause) =>
    `son processus a été tué ; un autre a repris à ${at}, au plus ${pause} plus tard, ${phase}`,
  problem: "Pourquoi il s'est arrêté",
  footer: (program) =>
    `${program}. Chaque chiffre, sauf la prévision, a été mesuré ou compté pendant ce test, sur un serveur fait pour lui ; la production n'a pas été touchée.`,
};

/** The words by language. */
export const loadTestText: Readonly<Record<Language, LoadTestWords>> = { en, fr };

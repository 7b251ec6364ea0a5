/** What `pra loadtest` says. What the report says it takes from there. */
import type { LoadTestPhase } from "../../app/loadtest/load-test-notes.ts";
import type { LossCause } from "../../queries/load-test-facts.ts";
import type { Language } from "../../core/language.ts";
import type { CommandText } from "../program.ts";

type Messages = CommandText & {
  readonly optionDuration: string;
  readonly optionClients: string;
  readonly optionSize: string;
  readonly optionLikeProduction: string;
  readonly optionSeed: string;
  readonly optionMajor: string;
  readonly optionPrograms: string;
  readonly optionNoApplication: string;
  readonly optionFolder: string;
  readonly optionResume: string;
  readonly resumed: (folder: string, savedAt: string) => string;
  readonly optionAllow: string;
  readonly optionConfirm: string;
  readonly optionShare: string;
  readonly optionSlowest: string;
  readonly announced: (of: {
    readonly cluster: string;
    readonly where: string;
    readonly database: string;
    readonly took: string;
    readonly clients: string;
    readonly share: string;
    readonly directory: string;
    readonly needed: string;
    readonly free: string;
  }) => string;
  readonly frozen: (commits: string, lsn: string) => string;
  readonly databaseDropped: (database: string) => string;
  readonly databaseStays: (database: string) => string;
  readonly begun: (folder: string, seed: number) => string;
  readonly phases: Readonly<Record<LoadTestPhase, string>>;
  readonly backups: Readonly<
    Record<
      "finished" | "failed" | "cutByCrash",
      (kind: "full" | "incremental", about: string) => string
    >
  >;
  readonly inRound: (
    phase: string,
    round: { readonly at: number; readonly of: number } | null,
  ) => string;
  readonly crashed: Readonly<Record<LossCause, (commits: string) => string>>;
  readonly removed: (folder: string) => string;
  readonly progress: (commits: string, left: string) => string;
  readonly report: string;
  readonly endedBy: string;
  readonly noReport: string;
  readonly noLedger: string;
  readonly ledgerNone: string;
};

const en: Messages = {
  summary: "load a throw-away server, back it up, kill it, bring it back, and judge each step",
  description:
    "Makes a PostgreSQL server and a repository of their own, and never loads production's unless told so twice (--allow-production --confirm NAME --reason WHY: docs/load-test.md). Measures the load in turn alone and with WAL streamed so that each commit waits for the repository, then with and without backups beside that; kills the server at a random moment, restores the newest instant, asks the application (proof.application of pra.yaml, APP_HEALTH_URL) where one is configured, and compares what came back with every commit that was acknowledged. The RTO is measured until the application answers, without one until the server takes writes. Each test says PASS or FAIL with its numbers, both objectives MET or MISSED. Afterwards nothing stays but the report; an event with its hash goes into the ledger of the configured repository. Restoring and judging come on top of --duration. Exit code 4: a test failed or an objective was missed.",
  examples: [
    ["pra loadtest", "45 minutes of load"],
    ["pra loadtest --duration 2m", "a short one"],
    ["pra loadtest --like-production --size 5GB", "on tables like production's, made up"],
    [
      "pra loadtest --duration 5m --clients 32 --size 2GB --seed 7",
      "more of it, and a kill that can be repeated",
    ],
    [
      'pra loadtest --allow-production --confirm main --duration 10m --reason "yearly test"',
      "production itself, whose cluster is called main",
    ],
  ],
  optionDuration: "how long to load: 20s, 5m, 1h",
  optionClients: "how many clients commit at once (16; on production 4)",
  optionSize: "table data before the load (300MB); with --like-production, at most (1GB)",
  optionLikeProduction:
    "make data of the shape that the configured server's has: its tables, row widths and indexes, read from its catalogues alone",
  optionSeed: "draws the moment of the crash; by default another one each time",
  optionMajor:
    "PostgreSQL's major version; by default the newest that is found; with --like-production, its own",
  optionPrograms: "which server: npm's embedded one, or the one of this machine's distribution",
  optionNoApplication: "leave out the configured application",
  optionFolder: "where all lies meanwhile; it must not exist, and is removed in the end",
  optionResume:
    "go on with a load test whose process was killed after its load: the folder that it left",
  resumed: (folder, savedAt) =>
    `Going on with the load test in ${folder}, as it stood at ${savedAt}.`,
  optionAllow:
    "load the configured server itself, in a database of the test's own; with --confirm and --reason",
  optionConfirm: "the cluster's name in the configuration, to say --allow-production twice",
  optionShare: "on production, of its time that each client works (25)",
  optionSlowest: "on production, what the 99th percentile of small commits may rise to (250)",
  announced: (of) =>
    [
      `PRODUCTION of cluster ${of.cluster} at ${of.where} will be loaded for ${of.took}.`,
      "It will:",
      `  - make database ${of.database}, mark it, load it by ${of.clients} clients that each work ${of.share} % of their time, and drop it;`,
      "  - take real backups into the configured repository, which stay there;",
      `  - restore the whole cluster at its full size below ${of.directory}: ${of.needed} are needed there, ${of.free} are free; removed afterwards.`,
      "It will not:",
      "  - touch another database, a role, a setting or a slot, stop a server, or turn protection off;",
      "  - go on when production suffers: slow commits, a late standby, little disk, few connections.",
      "Ctrl-C ends it; the database is dropped then, too.",
    ].join("\n"),
  frozen: (commits, lsn) =>
    `The moment of the loss, after ${commits} acknowledged commits: the repository holds WAL up to ${lsn}. Nothing was crashed.`,
  databaseDropped: (database) => `Dropped database ${database}.`,
  databaseStays: (database) =>
    `Database ${database} could not be dropped; the next load test on this server drops it, or you do`,
  begun: (folder, seed) => `Throw-away server and repository in ${folder}; seed ${seed}.`,
  phases: {
    server: "Making the server",
    data: "Loading table data",
    database: "Making the test's own database",
    probe: "Small commits without a load",
    plain: "Load on the server alone",
    streaming: "Load with WAL streamed",
    backups: "Load with WAL streamed and backups",
    beside: "Load beside production's own work, and backups",
    restore: "Restoring the newest instant",
    start: "Starting what was restored",
    application: "Asking the application",
    health: "Asking the application's address",
    judge: "Comparing with every acknowledged commit",
    verify: "Reading and verifying the repository",
  },
  backups: {
    finished: (kind, took) => `${kind === "full" ? "Full" : "Incremental"} backup in ${took}.`,
    failed: (kind, code) => `The ${kind} backup failed: ${code}.`,
    cutByCrash: (kind) => `The ${kind} backup was cut off at the moment of the loss.`,
  },
  inRound: (phase, round) =>
    round === null ? phase : `${phase} (round ${round.at} of ${round.of})`,
  crashed: {
    planned: (commits) => `Server killed after ${commits} acknowledged commits.`,
    gone: (commits) =>
      `The server went away by itself after ${commits} acknowledged commits: nothing here killed it.`,
    silent: (commits) =>
      `The server acknowledged nothing any more after ${commits} commits: it was given up and killed.`,
  },
  removed: (folder) => `Removed ${folder}.`,
  progress: (commits, left) => `${commits} commits · about ${left} left`,
  report: "Report",
  endedBy: "Ended",
  noReport: "The report could not be written",
  noLedger: "The ledger could not be written",
  ledgerNone: "No repository is configured: the result is in no ledger.",
};

const fr: Messages = {
  summary: "charger un serveur jetable, le sauvegarder, le tuer, le ramener, et juger chaque étape",
  description:
    "Crée un serveur PostgreSQL et un dépôt à part, et ne charge jamais la production, sauf si on le dit deux fois (--allow-production --confirm NOM --reason RAISON : docs/load-test.md). Mesure la charge tour à tour seule et avec le WAL transmis de sorte que chaque validation attende le dépôt, puis avec et sans sauvegarde en plus ; tue le serveur à un moment tiré au sort, restaure l'instant le plus récent, interroge l'application (proof.application de pra.yaml, APP_HEALTH_URL) s'il y en a une, et compare ce qui est revenu à chaque validation confirmée. Le RTO est mesuré jusqu'à la réponse de l'application, sans application jusqu'à la première écriture. Chaque test dit RÉUSSI ou ÉCHEC avec ses chiffres, chaque objectif TENU ou MANQUÉ. Ensuite il ne reste que le rapport ; un événement avec son empreinte va dans le journal du dépôt configuré. Restauration et jugement s'ajoutent à --duration. Code de sortie 4 : un test a échoué ou un objectif a été manqué.",
  examples: [
    ["pra loadtest --lang fr", "45 minutes de charge"],
    ["pra loadtest --duration 2m", "un test court"],
    [
      "pra loadtest --like-production --size 5Go",
      "sur des tables comme celles de la production, inventées",
    ],
    [
      "pra loadtest --duration 5m --clients 32 --size 2Go --seed 7",
      "plus de charge, et un plantage reproductible",
    ],
    [
      'pra loadtest --allow-production --confirm main --duration 10m --reason "test annuel"',
      "la production elle-même, dont le cluster s'appelle main",
    ],
  ],
  optionDuration: "durée de la charge : 20s, 5m, 1h",
  optionClients: "nombre de clients qui valident en même temps (16 ; sur la production 4)",
  optionSize: "données des tables avant la charge (300Mo) ; avec --like-production, au plus (1Go)",
  optionLikeProduction:
    "faire des données sur le modèle du serveur configuré : ses tables, largeurs de lignes et index, lus dans ses seuls catalogues",
  optionSeed: "tire le moment du plantage ; par défaut un autre à chaque fois",
  optionMajor:
    "version majeure de PostgreSQL ; par défaut la plus récente trouvée ; avec --like-production, la sienne",
  optionPrograms:
    "quel serveur : celui embarqué par npm, ou celui de la distribution de cette machine",
  optionNoApplication: "laisser de côté l'application configurée",
  optionFolder: "où tout se trouve pendant ce temps ; ne doit pas exister, supprimé à la fin",
  optionResume:
    "reprendre un test de charge dont le processus a été tué après sa charge : le dossier qu'il a laissé",
  resumed: (folder, savedAt) =>
    `Reprise du test de charge de ${folder}, tel qu'il était à ${savedAt}.`,
  optionAllow:
    "charger le serveur configuré lui-même, dans une base propre au test ; avec --confirm et --reason",
  optionConfirm: "le nom du cluster dans la configuration, pour dire --allow-production deux fois",
  optionShare: "sur la production, part de son temps que chaque client travaille (25)",
  optionSlowest:
    "sur la production, ce que peut atteindre le 99e centile de petites validations (250)",
  announced: (of) =>
    [
      `La PRODUCTION du cluster ${of.cluster} sur ${of.where} va être chargée pendant ${of.took}.`,
      "Le test va :",
      `  - créer la base ${of.database}, la marquer, la charger par ${of.clients} clients qui travaillent chacun ${of.share} % de leur temps, et la supprimer ;`,
      "  - faire de vraies sauvegardes dans le dépôt configuré, où elles restent ;",
      `  - restaurer tout le cluster à sa taille réelle sous ${of.directory} : il y faut ${of.needed}, ${of.free} sont libres ; supprimé ensuite.`,
      "Le test ne va pas :",
      "  - toucher à une autre base, un rôle, un réglage ou un slot, arrêter un serveur, ni couper la protection ;",
      "  - continuer quand la production souffre : validations lentes, secondaire en retard, peu de disque, peu de connexions.",
      "Ctrl-C l'arrête ; la base est alors supprimée aussi.",
    ].join("\n"),
  frozen: (commits, lsn) =>
    `Le moment de la perte, après ${commits} validations confirmées : le dépôt détient le WAL jusqu'à ${lsn}. Rien n'a été planté.`,
  databaseDropped: (database) => `Base ${database} supprimée.`,
  databaseStays: (database) =>
    `La base ${database} n'a pas pu être supprimée ; le prochain test de charge sur ce serveur le fera, ou vous-même`,
  begun: (folder, seed) => `Serveur et dépôt jetables dans ${folder} ; graine ${seed}.`,
  phases: {
    server: "Création du serveur",
    data: "Chargement des données des tables",
    database: "Création de la base du test",
    probe: "Petites validations sans charge",
    plain: "Charge sur le serveur seul",
    streaming: "Charge avec le WAL transmis",
    backups: "Charge, WAL transmis et sauvegardes",
    beside: "Charge à côté du travail de la production, et sauvegardes",
    restore: "Restauration de l'instant le plus récent",
    start: "Démarrage de ce qui est restauré",
    application: "Question à l'application",
    health: "Question à l'adresse de l'application",
    judge: "Comparaison avec chaque validation confirmée",
    verify: "Lecture et vérification du dépôt",
  },
  backups: {
    finished: (kind, took) =>
      `Sauvegarde ${kind === "full" ? "complète" : "incrémentale"} en ${took}.`,
    failed: (kind, code) =>
      `La sauvegarde ${kind === "full" ? "complète" : "incrémentale"} a échoué : ${code}.`,
    cutByCrash: (kind) =>
      `La sauvegarde ${kind === "full" ? "complète" : "incrémentale"} a été coupée au moment de la perte.`,
  },
  inRound: (phase, round) =>
    round === null ? phase : `${phase} (tour ${round.at} sur ${round.of})`,
  crashed: {
    planned: (commits) => `Serveur tué après ${commits} validations confirmées.`,
    gone: (commits) =>
      `Le serveur a disparu de lui-même après ${commits} validations confirmées : rien ici ne l'a tué.`,
    silent: (commits) =>
      `Le serveur ne confirme plus rien après ${commits} validations : abandonné et tué.`,
  },
  removed: (folder) => `${folder} supprimé.`,
  progress: (commits, left) => `${commits} validations · reste environ ${left}`,
  report: "Rapport",
  endedBy: "Arrêté",
  noReport: "Le rapport n'a pas pu être écrit",
  noLedger: "Le journal n'a pas pu être écrit",
  ledgerNone: "Aucun dépôt n'est configuré : le résultat n'est dans aucun journal.",
};

/** The texts by language. */
export const loadtestText: Readonly<Record<Language, Messages>> = { en, fr };

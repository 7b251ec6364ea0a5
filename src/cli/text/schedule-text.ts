/** What `pra schedule` says. */
import { counted, countedFr } from "../../core/counted.ts";
import type { JobId } from "../../app/schedule/job.ts";
import type { RoutineId } from "../../app/schedule/routines.ts";
import type { Language } from "../../core/language.ts";
import type { CommandText } from "../program.ts";

type Messages = {
  readonly groupSummary: string;
  readonly install: CommandText;
  readonly show: CommandText;
  readonly missed: CommandText;
  readonly done: CommandText;
  readonly remove: CommandText;
  readonly run: CommandText;
  readonly runMissed: CommandText;
  readonly optionCron: string;
  readonly optionSystemd: string;
  readonly optionDaemon: string;
  readonly optionUser: string;
  readonly optionDryRun: string;
  readonly optionFull: string;
  readonly optionSecond: string;
  readonly optionLoadTest: string;
  readonly optionNoLoadTest: string;
  readonly optionWhen: string;
  readonly argumentJob: string;
  readonly argumentWords: string;
  readonly argumentRoutine: string;
  readonly optionBy: string;
  readonly optionNote: string;
  readonly jobs: Readonly<Record<JobId, string>>;
  readonly routines: Readonly<Record<RoutineId, string>>;
  readonly afterLive: (days: number) => string;
  readonly lastOfMonth: (weekday: string, time: string) => string;
  readonly routineDue: (what: string, until: string, step: string) => string;
  readonly routineMissed: (what: string, due: string, step: string) => string;
  readonly routineDone: (what: string, by: string) => string;
  readonly routineNext: (at: string) => string;
  readonly routineElsewhere: string;
  readonly places: Readonly<
    Record<"cron" | "systemd" | "systemd-user" | "daemon", (account: string) => string>
  >;
  readonly installed: (place: string) => string;
  readonly unchanged: (place: string) => string;
  readonly wouldChange: (place: string) => string;
  readonly wouldNot: (place: string) => string;
  readonly removed: string;
  readonly nothingToRemove: string;
  readonly none: string;
  readonly logs: string;
  readonly rotation: string;
  readonly zone: string;
  readonly job: string;
  readonly when: string;
  readonly lastRun: string;
  readonly nextRun: string;
  readonly never: string;
  readonly running: (at: string) => string;
  readonly good: string;
  readonly exit: (code: number, error: string | undefined) => string;
  readonly busy: string;
  readonly died: string;
  readonly unstartable: (reason: string) => string;
  readonly caughtUp: string;
  readonly logLost: string;
  readonly missedRun: (
    what: string,
    due: string,
    last: string | undefined,
    count: string,
  ) => string;
  readonly missedNone: string;
  readonly missedHint: string;
  readonly made: (count: number) => string;
  readonly rotationAbsent: string;
  readonly rotationRefused: (reason: string) => string;
  readonly cronAbsent: string;
  readonly daemonAbsent: string;
  readonly cronToo: string;
  readonly unremembered: (directory: string) => string;
  readonly replaced: (directory: string) => string;
  readonly foreign: (line: string) => string;
  readonly fullFills: (day: string, stored: string, free: string) => string;
  readonly fullFits: (kept: string, stored: string, free: string) => string;
  readonly fullUnknown: (reason: string | undefined) => string;
  readonly systemdAbsent: (timers: string) => string;
  readonly linger: (account: string) => string;
  readonly absent: (what: string) => string;
  readonly changed: (what: string) => string;
  readonly rotationGone: (path: string) => string;
  readonly unreadable: (reason: string) => string;
};

const en: Messages = {
  groupSummary:
    "what runs by itself: hourly backups, five-minute checks, daily and weekly routines",
  install: {
    summary:
      "put the jobs into this account's crontab, into systemd timers, or give them to pra daemon",
    description:
      "Hourly backup.sh (a full one each week, else incremental), status.sh every 5 minutes, and each day expire, a proof of a random instant and the 08:00 look; each week verify and the Monday 09:00 restore test; on the last Thursday of the month, at 21:00, loadtest.sh: 45 minutes on a throw-away server, never on production's. Other lines of the crontab stay as they are; installing again changes nothing. What the machine slept through is made up for after the next check. Logs are rotated by logrotate.",
    examples: [
      ["pra schedule install", "into the crontab; crontab -l shows the lines"],
      ["pra schedule install --dry-run", "show the lines, change nothing"],
      ["sudo pra schedule install --systemd", "hardened services and timers of the system"],
      ["pra schedule install --systemd --user", "timers of this account alone"],
      [
        "pra schedule install --no-load-test",
        "without the monthly load: run ./loadtest.sh on another host that shares the repository",
      ],
      [
        "sudo pra schedule install --systemd --daemon",
        "one service, pra daemon: it watches, keeps the receiver alive and starts the jobs",
      ],
      ["pra schedule install --daemon && pra daemon", "the same in a container"],
      [
        "pra schedule install --second-watcher",
        "on another host: tell when the first one falls silent",
      ],
    ],
  },
  show: {
    summary: "show each job: when, its last run, its next, and what is not as it was installed",
    examples: [
      ["pra schedule show", "a line for each job"],
      [
        "pra schedule show --json",
        "for a script: {installed, kind, zone, jobs[]{id, pattern, lastRun, nextRunAt, runsSeen, firstRuns[], missed}, routines[]{id, state, last, dueAt, nextAt}}",
      ],
    ],
  },
  missed: {
    summary: "say which runs should have been and were not; exit code 4 when there are any",
    examples: [["pra schedule missed", "each job that was missed, and since when"]],
  },
  done: {
    summary: "record that a routine was done, by whom",
    description:
      "For what people do: monthly-review (first Monday of the month), failover-exercise (second Tuesday of the quarter), review-14 and review-30 (days after pra golive start). The ledger keeps name and note; one that nobody records in time is missed, and alerted until somebody does.",
    examples: [
      ['pra schedule done monthly-review --by "Awa Diop"', "the review of this month"],
      [
        'pra schedule done failover-exercise --by "Awa Diop" --note "24 min; DNS to be shortened"',
        "with what came of it",
      ],
    ],
  },
  remove: {
    summary: "take the jobs away again; what ran stays known",
    examples: [["pra schedule remove", "from the crontab and from systemd"]],
  },
  run: {
    summary: "run one program as a job, and note when it ran and how it ended",
    description:
      "What the lines of the crontab start. The program's words go through to standard output; the exit code is the program's. When another run of the same job is at work, nothing is done, and that is noted.",
    examples: [
      ["pra schedule run proof -- ./pra prove --random", "a proof that counts as the daily one"],
    ],
  },
  runMissed: {
    summary:
      "make up for what was missed, now; the five-minute check of a crontab does it by itself",
    examples: [
      ["pra schedule run-missed", "the newest missed run of each job, one after the other"],
    ],
  },
  optionCron: "into this account's crontab (the default)",
  optionSystemd: "as services and timers of systemd",
  optionDaemon:
    "pra daemon starts the jobs, where no cron runs (a container); with --systemd a service keeps it at work",
  optionUser: "with --systemd: units of this account, not of the system",
  optionDryRun: "show what would be installed, and change nothing",
  optionSecond: "on another host: pra watch --from-repository every 5 minutes, and nothing else",
  optionLoadTest: "run the monthly load test on this host (the default)",
  optionNoLoadTest: "leave it out; installing again keeps it so",
  optionWhen: "last-of-month: do nothing unless this weekday comes no more this month",
  optionFull: "every hourly backup is a full one; says when the disk will be full",
  argumentJob: "the job's name",
  argumentWords: "the program and its arguments, after --",
  argumentRoutine: "monthly-review, failover-exercise, review-14 or review-30",
  optionBy: "who has done it",
  optionNote: "what came of it, for the ledger",
  routines: {
    "restore-test": "restore test",
    verify: "verify",
    "load-test": "load test",
    "monthly-review": "monthly review",
    "failover-exercise": "failover exercise",
    "review-14": "review of day 14",
    "load-test-30": "load test of day 30",
    "review-30": "review of day 30",
  },
  afterLive: (days) => `${counted(days, "day")} after the go-live`,
  lastOfMonth: (weekday, time) => `At ${time}, on the last ${weekday} of the month`,
  routineDue: (what, until, step) => `! ${what}: to be done by ${until}: ${step}`,
  routineMissed: (what, due, step) =>
    `✗ ${what}: was due ${due}, and the ledger shows nothing of it: ${step}`,
  routineDone: (what, by) => `Recorded: ${what}, done by ${by}.`,
  routineNext: (at) => `The next one is due ${at}.`,
  routineElsewhere:
    "It is not planned on this host; hosts that share the repository see it within the hour.",
  jobs: {
    backup: "backup",
    status: "status",
    expire: "expire",
    proof: "proof",
    verify: "verify",
    daily: "daily look",
    "restore-test": "restore test",
    "load-test": "load test",
    metrics: "metrics",
    "weekly-report": "weekly report",
    "monthly-report": "monthly report",
    anchor: "anchor of the ledger",
    watch: "second watcher",
    logs: "log rotation",
  },
  places: {
    cron: (account) => `in the crontab of ${account}`,
    systemd: () => "in systemd, as timers of the system",
    "systemd-user": (account) => `in systemd, as timers of ${account}`,
    daemon: (account) => `for pra daemon of ${account}, which starts the jobs`,
  },
  installed: (place) => `Installed ${place}.`,
  unchanged: (place) => `Nothing to change ${place}.`,
  wouldChange: (place) => `Would be installed ${place}:`,
  wouldNot: (place) => `Stands already ${place}:`,
  removed: "The schedule was removed. Nothing runs by itself any more.",
  nothingToRemove: "There was no schedule to remove.",
  none: "Nothing is scheduled on this machine for this cluster. Run: pra schedule install",
  logs: "logs",
  rotation: "rotation",
  zone: "time zone",
  job: "JOB",
  when: "WHEN",
  lastRun: "LAST RUN",
  nextRun: "NEXT RUN",
  never: "none yet",
  running: (at) => `running since ${at}`,
  good: "✓",
  exit: (code, error) => `✗ exit ${code}${error === undefined ? "" : `, ${error}`}`,
  busy: "another run was at work",
  died: "✗ died: its process vanished",
  unstartable: (reason) => `✗ could not be started: ${reason}`,
  caughtUp: "caught up",
  logLost: "log lost",
  missedRun: (what, due, last, count) =>
    `✗ ${what}: due ${due}, did not run (${count} in all; last run: ${last ?? "none"})`,
  missedNone: "Nothing was missed.",
  missedHint:
    'Make up for it now with "pra schedule run-missed". If it comes again, look at the log, and whether cron runs: pgrep -x cron',
  made: (count) => `${counted(count, "run was", "runs were")} made up for.`,
  rotationAbsent:
    "! logrotate is not installed, so the logs will grow for ever. Install it (Debian: apt install logrotate), then run this again.",
  rotationRefused: (reason) => `! logrotate refuses the file of the rotation: ${reason}`,
  cronAbsent:
    "! No cron runs on this machine, so nothing starts these lines. Start it (Debian: systemctl enable --now cron; in a container: cron).",
  daemonAbsent:
    "! No pra daemon runs on this machine, so nothing starts these jobs. Start it: pra daemon (as a service: pra schedule install --systemd --daemon).",
  cronToo:
    "! The crontab has lines of pra schedule, too, so cron starts the jobs and pra daemon leaves them alone. Run pra schedule install --daemon to take the lines away.",
  unremembered: (directory) =>
    `! The crontab has lines of ${directory}, of which nothing is known here: PRA_STATE_DIR may have changed, or what was in it is gone. Run: pra schedule install`,
  replaced: (directory) =>
    `! The crontab had lines of ${directory}, which is gone. They were replaced by these.`,
  foreign: (line) =>
    `! This line of the crontab also takes backups; leases keep the two apart, but remove it if you no longer want it:\n  ${line}`,
  fullFills: (day, stored, free) =>
    `! A full backup every hour fills the disk on ${day}: the newest one stored ${stored}, and ${free} are free. Incremental ones restore just like full ones.`,
  fullFits: (kept, stored, free) =>
    `! A full backup every hour: retention lets them grow to about ${kept} (the newest one stored ${stored}, and ${free} are free). Incremental ones restore just like full ones.`,
  fullUnknown: (reason) =>
    `! A full backup every hour: when the disk will be full cannot be told yet${reason === undefined ? ", because there is no full backup" : ` (${reason})`}. "pra schedule install --dry-run" tells it later.`,
  systemdAbsent: (timers) =>
    `! systemd does not run here, so nothing is started yet. Where it does: systemctl daemon-reload && systemctl enable --now ${timers}`,
  linger: (account) =>
    `! What systemd starts for ${account} stops when it logs out. To let them run: loginctl enable-linger ${account}`,
  absent: (what) => `✗ ${what}: the jobs are no longer there. Run: pra schedule install`,
  changed: (what) =>
    `! ${what}: its line was changed by hand, or .env lies elsewhere now. "pra schedule install" writes it anew.`,
  rotationGone: (path) => `! ${path} is gone: the logs are not rotated. Run: pra schedule install`,
  unreadable: (reason) => `! It cannot be seen whether the jobs are still there: ${reason}`,
};

const fr: Messages = {
  groupSummary:
    "ce qui tourne tout seul : sauvegardes horaires, contrôles toutes les 5 minutes, routines quotidiennes et hebdomadaires",
  install: {
    summary:
      "mettre les tâches dans la crontab de ce compte, en timers systemd, ou les confier à pra daemon",
    description:
      "backup.sh chaque heure (une complète par semaine, sinon incrémentale), status.sh toutes les 5 minutes ; chaque jour expire, la preuve d'un instant tiré au sort et le tour de 08:00 ; chaque semaine verify et le test de restauration du lundi 09:00. Les autres lignes de la crontab restent telles quelles ; réinstaller ne change rien. Ce que la machine a manqué en veille est rattrapé après le contrôle suivant. Les journaux sont tournés par logrotate.",
    examples: [
      ["pra schedule install", "dans la crontab ; crontab -l montre les lignes"],
      ["pra schedule install --dry-run", "montrer les lignes, ne rien changer"],
      ["sudo pra schedule install --systemd", "services et timers durcis du système"],
      ["pra schedule install --systemd --user", "timers de ce seul compte"],
      [
        "sudo pra schedule install --systemd --daemon",
        "un seul service, pra daemon : il surveille, garde le récepteur en vie et lance les tâches",
      ],
      ["pra schedule install --daemon && pra daemon", "de même dans un conteneur"],
      [
        "pra schedule install --second-watcher",
        "sur une autre machine : dire quand la première se tait",
      ],
    ],
  },
  show: {
    summary:
      "montrer chaque tâche : quand, sa dernière exécution, la prochaine, et ce qui n'est plus comme installé",
    examples: [
      ["pra schedule show", "une ligne par tâche"],
      [
        "pra schedule show --json",
        "pour un script : {installed, kind, zone, jobs[]{id, pattern, lastRun, nextRunAt, runsSeen, firstRuns[], missed}, routines[]{id, state, last, dueAt, nextAt}}",
      ],
    ],
  },
  missed: {
    summary: "dire ce qui aurait dû tourner et n'a pas tourné ; code de sortie 4 s'il y en a",
    examples: [["pra schedule missed", "chaque tâche manquée, et depuis quand"]],
  },
  done: {
    summary: "consigner qu'une routine a été faite, et par qui",
    description:
      "Pour ce que font les personnes : monthly-review (premier lundi du mois), failover-exercise (deuxième mardi du trimestre), review-14 et review-30 (jours après pra golive start). Le journal garde le nom et la note ; une routine que personne ne consigne à temps est manquée, et une alerte le dit jusqu'à ce que ce soit fait.",
    examples: [
      ['pra schedule done monthly-review --by "Awa Diop"', "la revue de ce mois"],
      [
        'pra schedule done failover-exercise --by "Awa Diop" --note "24 min ; DNS à raccourcir"',
        "avec ce qui en est sorti",
      ],
    ],
  },
  remove: {
    summary: "retirer les tâches ; ce qui a tourné reste connu",
    examples: [["pra schedule remove", "de la crontab et de systemd"]],
  },
  run: {
    summary: "lancer un programme comme tâche, et noter quand il a tourné et comment il a fini",
    description:
      "Ce que lancent les lignes de la crontab. Ce que dit le programme passe sur la sortie standard ; le code de sortie est le sien. Si la même tâche est déjà en cours, rien n'est fait, et c'est noté.",
    examples: [
      [
        "pra schedule run proof -- ./pra prove --random",
        "une preuve qui compte comme celle du jour",
      ],
    ],
  },
  runMissed: {
    summary:
      "rattraper maintenant ce qui a été manqué ; le contrôle toutes les 5 minutes d'une crontab le fait tout seul",
    examples: [
      [
        "pra schedule run-missed",
        "la dernière exécution manquée de chaque tâche, l'une après l'autre",
      ],
    ],
  },
  optionCron: "dans la crontab de ce compte (par défaut)",
  optionSystemd: "en services et timers systemd",
  optionDaemon:
    "pra daemon lance les tâches, là où aucun cron ne tourne (un conteneur) ; avec --systemd un service le garde en vie",
  optionUser: "avec --systemd : unités de ce compte, pas du système",
  optionDryRun: "montrer ce qui serait installé, sans rien changer",
  optionSecond:
    "sur une autre machine : pra watch --from-repository toutes les 5 minutes, et rien d'autre",
  optionLoadTest: "lancer le test de charge mensuel sur cette machine (par défaut)",
  optionNoLoadTest: "s'en passer ; une nouvelle installation s'en souvient",
  optionWhen: "last-of-month : ne rien faire si ce jour de semaine revient encore ce mois-ci",
  optionFull: "chaque sauvegarde horaire est complète ; dit quand le disque sera plein",
  argumentJob: "le nom de la tâche",
  argumentWords: "le programme et ses arguments, après --",
  argumentRoutine: "monthly-review, failover-exercise, review-14 ou review-30",
  optionBy: "qui l'a faite",
  optionNote: "ce qui en est sorti, pour le journal",
  routines: {
    "restore-test": "test de restauration",
    verify: "vérification",
    "load-test": "test de charge",
    "monthly-review": "revue du mois",
    "failover-exercise": "exercice de bascule",
    "review-14": "revue du jour 14",
    "load-test-30": "test de charge du jour 30",
    "review-30": "revue du jour 30",
  },
  afterLive: (days) => `${countedFr(days, "jour")} après la mise en production`,
  lastOfMonth: (weekday, time) => `À ${time}, le dernier ${weekday} du mois`,
  routineDue: (what, until, step) => `! ${what} : à faire d'ici ${until} : ${step}`,
  routineMissed: (what, due, step) =>
    `✗ ${what} : était à faire ${due}, et le journal n'en montre rien : ${step}`,
  routineDone: (what, by) => `Consigné : ${what}, par ${by}.`,
  routineNext: (at) => `La prochaine échéance : ${at}.`,
  routineElsewhere:
    "Elle n'est pas planifiée sur cette machine ; celles qui partagent le dépôt le voient dans l'heure.",
  jobs: {
    backup: "sauvegarde",
    status: "contrôle",
    expire: "expiration",
    proof: "preuve",
    verify: "vérification",
    daily: "tour du matin",
    "restore-test": "test de restauration",
    "load-test": "test de charge",
    metrics: "indicateurs",
    "weekly-report": "rapport hebdomadaire",
    "monthly-report": "rapport mensuel",
    anchor: "ancrage du journal",
    watch: "second surveillant",
    logs: "rotation des journaux",
  },
  places: {
    cron: (account) => `dans la crontab de ${account}`,
    systemd: () => "dans systemd, en timers du système",
    "systemd-user": (account) => `dans systemd, en timers de ${account}`,
    daemon: (account) => `pour pra daemon de ${account}, qui lance les tâches`,
  },
  installed: (place) => `Installé ${place}.`,
  unchanged: (place) => `Rien à changer ${place}.`,
  wouldChange: (place) => `Serait installé ${place} :`,
  wouldNot: (place) => `Est déjà ${place} :`,
  removed: "La planification est retirée. Plus rien ne tourne tout seul.",
  nothingToRemove: "Il n'y avait pas de planification à retirer.",
  none: "Rien n'est planifié sur cette machine pour ce cluster. Lancez : pra schedule install",
  logs: "journaux",
  rotation: "rotation",
  zone: "fuseau horaire",
  job: "TÂCHE",
  when: "QUAND",
  lastRun: "DERNIÈRE EXÉCUTION",
  nextRun: "PROCHAINE",
  never: "aucune encore",
  running: (at) => `en cours depuis ${at}`,
  good: "✓",
  exit: (code, error) => `✗ code ${code}${error === undefined ? "" : `, ${error}`}`,
  busy: "une autre était en cours",
  died: "✗ morte : son processus a disparu",
  unstartable: (reason) => `✗ n'a pas pu être lancée : ${reason}`,
  caughtUp: "rattrapée",
  logLost: "journal perdu",
  missedRun: (what, due, last, count) =>
    `✗ ${what} : prévue ${due}, n'a pas tourné (${count} en tout ; dernière exécution : ${last ?? "aucune"})`,
  missedNone: "Rien n'a été manqué.",
  missedHint:
    "Rattrapez-le maintenant avec « pra schedule run-missed ». Si cela revient, regardez le journal, et si cron tourne : pgrep -x cron",
  made: (count) =>
    `${countedFr(count, "exécution a été rattrapée", "exécutions ont été rattrapées")}.`,
  rotationAbsent:
    "! logrotate n'est pas installé : les journaux grossiront sans fin. Installez-le (Debian : apt install logrotate), puis relancez.",
  rotationRefused: (reason) => `! logrotate refuse le fichier de la rotation : ${reason}`,
  cronAbsent:
    "! Aucun cron ne tourne sur cette machine : rien ne lance ces lignes. Démarrez-le (Debian : systemctl enable --now cron ; dans un conteneur : cron).",
  daemonAbsent:
    "! Aucun pra daemon ne tourne sur cette machine : rien ne lance ces tâches. Démarrez-le : pra daemon (en service : pra schedule install --systemd --daemon).",
  cronToo:
    "! La crontab a aussi des lignes de pra schedule : cron lance les tâches et pra daemon les lui laisse. Lancez pra schedule install --daemon pour retirer ces lignes.",
  unremembered: (directory) =>
    `! La crontab a des lignes de ${directory} dont rien n'est connu ici : PRA_STATE_DIR a pu changer, ou son contenu a disparu. Lancez : pra schedule install`,
  replaced: (directory) =>
    `! La crontab avait des lignes de ${directory}, qui n'existe plus. Celles-ci les ont remplacées.`,
  foreign: (line) =>
    `! Cette ligne de la crontab fait aussi des sauvegardes ; les bails les séparent, mais retirez-la si vous n'en voulez plus :\n  ${line}`,
  fullFills: (day, stored, free) =>
    `! Une sauvegarde complète par heure remplit le disque le ${day} : la dernière a pris ${stored}, et ${free} sont libres. Les incrémentales se restaurent tout comme les complètes.`,
  fullFits: (kept, stored, free) =>
    `! Une sauvegarde complète par heure : la rétention les laisse croître jusqu'à environ ${kept} (la dernière a pris ${stored}, et ${free} sont libres). Les incrémentales se restaurent tout comme les complètes.`,
  fullUnknown: (reason) =>
    `! Une sauvegarde complète par heure : on ne peut pas encore dire quand le disque sera plein${reason === undefined ? ", faute de sauvegarde complète" : ` (${reason})`}. « pra schedule install --dry-run » le dira plus tard.`,
  systemdAbsent: (timers) =>
    `! systemd ne tourne pas ici, rien n'est donc lancé. Là où il tourne : systemctl daemon-reload && systemctl enable --now ${timers}`,
  linger: (account) =>
    `! Ce que systemd lance pour ${account} s'arrête à sa déconnexion. Pour continuer : loginctl enable-linger ${account}`,
  absent: (what) => `✗ ${what} : les tâches n'y sont plus. Lancez : pra schedule install`,
  changed: (what) =>
    `! ${what} : sa ligne a été modifiée à la main, ou .env est ailleurs. « pra schedule install » la réécrit.`,
  rotationGone: (path) =>
    `! ${path} a disparu : les journaux ne sont pas tournés. Lancez : pra schedule install`,
  unreadable: (reason) => `! Impossible de voir si les tâches sont toujours là : ${reason}`,
};

/** The texts by language. */
export const scheduleText: Readonly<Record<Language, Messages>> = { en, fr };

/** What `pra expire` says about retention, and what `pra hold` and `pra release` say. */
import type { Language } from "../../core/language.ts";
import type { PeriodRule } from "../../repository/retention-calendar.ts";
import type { CommandText } from "../program.ts";

type Messages = {
  readonly hold: CommandText;
  readonly release: CommandText;
  readonly argumentBackup: string;
  readonly optionReason: string;
  readonly optionUntil: string;
  readonly optionAcceptRollback: string;
  readonly held: (id: string, until: string | undefined) => string;
  readonly released: (id: string) => string;
  readonly policy: (days: number, minimum: number) => string;
  readonly periods: Readonly<Record<PeriodRule, (count: number) => string>>;
  readonly windowFrom: (instant: string) => string;
  readonly noBackupSince: (instant: string) => string;
  readonly pause: (before: string, after: string) => string;
  readonly keep: string;
  readonly giveUp: string;
  readonly several: (count: number) => string;
  readonly to: string;
  readonly window: string;
  readonly base: (timeline: number) => string;
  readonly minimum: (rank: number, of: number) => string;
  readonly newestOf: Readonly<Record<PeriodRule, (period: string) => string>>;
  readonly heldFor: (reason: string, until: string | undefined) => string;
  readonly used: string;
  readonly unreadableRoot: (id: string) => string;
  readonly beforeWindow: string;
  readonly newerBase: (id: string) => string;
  readonly noInstants: string;
  readonly beyondMinimum: (of: number) => string;
  readonly noPeriod: string;
  readonly holdOver: (until: string) => string;
  readonly windowsNow: string;
  readonly windowsAfter: string;
  readonly windowsSame: string;
  readonly historyGone: string;
  readonly free: (bytes: string) => string;
  readonly freed: (bytes: string) => string;
  readonly givenUp: (count: number) => string;
  readonly noBackups: string;
};

const en: Messages = {
  hold: {
    summary: "keep a backup whatever retention says",
    description:
      "Orders that a backup stays, with all it needs to be restored, until it is released or until a day that you give. pra list shows it. Who said it, and why, goes to the ledger.",
    examples: [
      ['pra hold 0192a4b7c5d0 --reason "audit 2026"', "keep it until it is released"],
      ['pra hold 0192a4b7c5d0 --reason "before 2.0" --until 2027-01-31', "until the end of a day"],
    ],
  },
  release: {
    summary: "end a hold: retention decides again",
    description: "Ends the hold of a backup. Nothing is deleted by this; the next expire decides.",
    examples: [['pra release 0192a4b7c5d0 --reason "audit closed"', "let retention decide"]],
  },
  argumentBackup: "a backup's id as pra list shows it, or its beginning",
  optionReason: "why, in a few words; it goes to the ledger",
  optionUntil: "the hold ends by itself with this day, or at this instant (UTC)",
  optionAcceptRollback: "go on although the repository shows less than this host has seen",
  held: (id, until) =>
    until === undefined
      ? `Backup ${id} is held until it is released.`
      : `Backup ${id} is held until ${until}.`,
  released: (id) => `Backup ${id} is no longer held: the next expire decides.`,
  policy: (days, minimum) =>
    `Kept: every instant of the last ${days} days, and the ${minimum} newest backups.`,
  periods: {
    daily: (count) => `Also the newest of each of ${count} days.`,
    weekly: (count) => `Also the newest of each of ${count} weeks.`,
    monthly: (count) => `Also the newest of each of ${count} months.`,
    yearly: (count) => `Also the newest of each of ${count} years.`,
  },
  windowFrom: (instant) => `The window begins at ${instant}.`,
  noBackupSince: (instant) =>
    `! No backup since ${instant}: nothing more is given up until backups come again. Next: pra backup`,
  pause: (before, after) =>
    `! Between ${before} and ${after} no backup was taken, or a clock was set forward: what is older is given up only when the backups after it span a whole window.`,
  keep: "keep: ",
  giveUp: "give up: ",
  several: (count) => `${count} backups`,
  to: "to",
  window: "in the window",
  base: (timeline) => `base of the window on timeline ${timeline}`,
  minimum: (rank, of) =>
    of === 1 ? "the newest, which stays in any case" : `number ${rank} of the ${of} newest`,
  newestOf: {
    daily: (period) => `newest of ${period}`,
    weekly: (period) => `newest of week ${period}`,
    monthly: (period) => `newest of month ${period}`,
    yearly: (period) => `newest of year ${period}`,
  },
  heldFor: (reason, until) =>
    until === undefined ? `held: ${reason}` : `held until ${until}: ${reason}`,
  used: "in use now",
  unreadableRoot: (id) => `backup ${id} of the same history cannot be read`,
  beforeWindow: "ended before the window",
  newerBase: (id) => `${id} is the window's base`,
  noInstants: "nothing of the window lies behind it",
  beyondMinimum: (of) => (of === 1 ? "not the newest" : `not among the ${of} newest`),
  noPeriod: "no day, week, month or year asks for it",
  holdOver: (until) => `its hold ended ${until}`,
  windowsNow: "Can be restored now:",
  windowsAfter: "Can be restored then:",
  windowsSame: "Nothing of that is lost.",
  historyGone: "nothing: this history of the cluster is given up whole",
  free: (bytes) => `${bytes} come free.`,
  freed: (bytes) => `${bytes} came free.`,
  givenUp: (count) => (count === 1 ? "1 backup was given up." : `${count} backups were given up.`),
  noBackups: "There is no backup yet.",
};

const fr: Messages = {
  hold: {
    summary: "conserver une sauvegarde quoi que dise la rétention",
    description:
      "Ordonne qu'une sauvegarde reste, avec tout ce qu'il faut pour la restaurer, jusqu'à ce qu'elle soit libérée ou jusqu'au jour que vous donnez. pra list le montre. Qui l'a dit, et pourquoi, va au journal.",
    examples: [
      ['pra hold 0192a4b7c5d0 --reason "audit 2026"', "la garder jusqu'à sa libération"],
      ['pra hold 0192a4b7c5d0 --reason "avant 2.0" --until 2027-01-31', "jusqu'à la fin d'un jour"],
    ],
  },
  release: {
    summary: "lever un ordre de conservation : la rétention décide à nouveau",
    description:
      "Met fin à la conservation d'une sauvegarde. Cela ne supprime rien ; la prochaine expiration décide.",
    examples: [['pra release 0192a4b7c5d0 --reason "audit clos"', "laisser décider la rétention"]],
  },
  argumentBackup: "l'identifiant d'une sauvegarde, comme le montre pra list, ou son début",
  optionReason: "pourquoi, en quelques mots ; cela va au journal",
  optionUntil: "la conservation finit d'elle-même avec ce jour, ou à cet instant (UTC)",
  optionAcceptRollback: "continuer bien que le dépôt montre moins que ce que cette machine a vu",
  held: (id, until) =>
    until === undefined
      ? `La sauvegarde ${id} est conservée jusqu'à sa libération.`
      : `La sauvegarde ${id} est conservée jusqu'au ${until}.`,
  released: (id) =>
    `La sauvegarde ${id} n'est plus conservée par un ordre : la prochaine expiration décide.`,
  policy: (days, minimum) =>
    `Gardés : tout instant des ${days} derniers jours, et les ${minimum} sauvegardes les plus récentes.`,
  periods: {
    daily: (count) => `Aussi la dernière de chacun de ${count} jours.`,
    weekly: (count) => `Aussi la dernière de chacune de ${count} semaines.`,
    monthly: (count) => `Aussi la dernière de chacun de ${count} mois.`,
    yearly: (count) => `Aussi la dernière de chacune de ${count} années.`,
  },
  windowFrom: (instant) => `La fenêtre commence au ${instant}.`,
  noBackupSince: (instant) =>
    `! Aucune sauvegarde depuis le ${instant} : plus rien n'est abandonné avant qu'il en vienne d'autres. Ensuite : pra backup`,
  pause: (before, after) =>
    `! Entre le ${before} et le ${after} aucune sauvegarde n'a été prise, ou une horloge a été avancée : ce qui est plus ancien n'est abandonné que quand celles d'après couvrent une fenêtre entière.`,
  keep: "garder : ",
  giveUp: "abandonner : ",
  several: (count) => `${count} sauvegardes`,
  to: "à",
  window: "dans la fenêtre",
  base: (timeline) => `base de la fenêtre sur la timeline ${timeline}`,
  minimum: (rank, of) =>
    of === 1 ? "la plus récente, qui reste en tout cas" : `numéro ${rank} des ${of} plus récentes`,
  newestOf: {
    daily: (period) => `dernière du ${period}`,
    weekly: (period) => `dernière de la semaine ${period}`,
    monthly: (period) => `dernière du mois ${period}`,
    yearly: (period) => `dernière de l'année ${period}`,
  },
  heldFor: (reason, until) =>
    until === undefined ? `conservée : ${reason}` : `conservée jusqu'au ${until} : ${reason}`,
  used: "en usage maintenant",
  unreadableRoot: (id) => `la sauvegarde ${id} de la même histoire est illisible`,
  beforeWindow: "finie avant la fenêtre",
  newerBase: (id) => `${id} est la base de la fenêtre`,
  noInstants: "rien de la fenêtre ne se trouve derrière elle",
  beyondMinimum: (of) =>
    of === 1 ? "n'est pas la plus récente" : `n'est pas parmi les ${of} plus récentes`,
  noPeriod: "aucun jour, semaine, mois ni année ne la demande",
  holdOver: (until) => `sa conservation a fini le ${until}`,
  windowsNow: "Peut être restauré maintenant :",
  windowsAfter: "Pourra être restauré ensuite :",
  windowsSame: "Rien de cela n'est perdu.",
  historyGone: "rien : cette histoire du cluster est abandonnée en entier",
  free: (bytes) => `${bytes} seront libérés.`,
  freed: (bytes) => `${bytes} ont été libérés.`,
  givenUp: (count) =>
    count === 1 ? "1 sauvegarde a été abandonnée." : `${count} sauvegardes ont été abandonnées.`,
  noBackups: "Il n'y a pas encore de sauvegarde.",
};

/** The texts by language. */
export const retentionText: Readonly<Record<Language, Messages>> = { en, fr };

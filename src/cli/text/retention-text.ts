/** What `pra expire` says about retention, and what `pra hold` and `pra release` say. */
import { counted, countedFr } from "../../core/counted.ts";
import type { Language } from "../../core/language.ts";
import type { PeriodRule } from "../../repository/retention-calendar.ts";
import type { CommandText } from "../program.ts";

type HeldThing = { readonly kind: "backup" | "dump"; readonly id: string };

/** What a reason is called, of a backup or of a dump. */
type Reasons = {
  readonly periods: Readonly<Record<PeriodRule, (count: number) => string>>;
  readonly window: string;
  readonly minimum: (rank: number, of: number) => string;
  readonly newestOf: Readonly<Record<PeriodRule, (period: string) => string>>;
  readonly heldFor: (reason: string, until: string | undefined) => string;
  readonly used: string;
  readonly unreadableRoot: (id: string) => string;
  readonly beforeWindow: string;
  readonly beyondMinimum: (of: number) => string;
  readonly noPeriod: string;
  readonly holdOver: (until: string) => string;
};

type Messages = {
  readonly backups: Reasons;
  readonly dumps: Reasons;
  readonly hold: CommandText;
  readonly release: CommandText;
  readonly argumentBackup: string;
  readonly optionReason: string;
  readonly optionUntil: string;
  readonly optionAcceptRollback: string;
  readonly held: (of: HeldThing, until: string | undefined) => string;
  readonly released: (of: HeldThing) => string;
  readonly policy: (days: number, minimum: number) => string;
  readonly windowFrom: (instant: string) => string;
  readonly noBackupSince: (instant: string) => string;
  readonly pause: (before: string, after: string) => string;
  readonly keep: string;
  readonly giveUp: string;
  readonly several: (count: number) => string;
  readonly to: string;
  readonly base: (timeline: number) => string;
  readonly proofsUnread: (parts: number) => string;
  readonly newerBase: (id: string) => string;
  readonly noInstants: string;
  readonly proofFailed: string;
  readonly windowsNow: string;
  readonly windowsAfter: string;
  readonly windowsSame: string;
  readonly historyGone: string;
  readonly free: (bytes: string) => string;
  readonly freed: (bytes: string) => string;
  readonly givenUp: (count: number) => string;
  readonly noBackups: string;
  readonly roles: string;
  readonly dumpsPolicy: (days: number, minimum: number) => string;
  readonly dumpsFrom: (instant: string) => string;
  readonly noDumpSince: (instant: string) => string;
  readonly dumpsPause: (before: string, after: string) => string;
  readonly severalDumps: (count: number) => string;
  readonly dumpsGivenUp: (count: number) => string;
};

const enReasons: Omit<Reasons, "beyondMinimum"> = {
  periods: {
    daily: (count) => `Also the newest of each of ${counted(count, "day")}.`,
    weekly: (count) => `Also the newest of each of ${counted(count, "week")}.`,
    monthly: (count) => `Also the newest of each of ${counted(count, "month")}.`,
    yearly: (count) => `Also the newest of each of ${count} years.`,
  },
  window: "in the window",
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
  unreadableRoot: (id) => `${id} of the same history cannot be read`,
  beforeWindow: "ended before the window",
  noPeriod: "no day, week, month or year asks for it",
  holdOver: (until) => `its hold ended ${until}`,
};

const en: Messages = {
  backups: {
    ...enReasons,
    beyondMinimum: (of) => (of === 1 ? "not the newest" : `not among the ${of} newest`),
  },
  dumps: {
    ...enReasons,
    beyondMinimum: (of) =>
      of === 1
        ? "of all that it holds there is a newer dump"
        : `of all that it holds there are ${of} newer dumps`,
  },
  hold: {
    summary: "keep a backup or a dump whatever retention says",
    description:
      "Orders that a backup or a dump stays, with all it needs to be restored, until it is released or until a day that you give. pra list shows it. Who said it, and why, goes to the ledger.",
    examples: [
      ['pra hold 0192a4b7c5d0 --reason "audit 2026"', "keep it until it is released"],
      ['pra hold 0192a4b7c5d0 --reason "before 2.0" --until 2027-01-31', "until the end of a day"],
    ],
  },
  release: {
    summary: "end a hold: retention decides again",
    description:
      "Ends the hold of a backup or a dump. Nothing is deleted by this; the next expire decides.",
    examples: [['pra release 0192a4b7c5d0 --reason "audit closed"', "let retention decide"]],
  },
  argumentBackup: "id of a backup or a dump as pra list shows it, or its beginning",
  optionReason: "why, in a few words; it goes to the ledger",
  optionUntil: "the hold ends by itself with this day, or at this instant (UTC)",
  optionAcceptRollback: "go on although the repository shows less than this host has seen",
  held: ({ kind, id }, until) =>
    `${kind === "dump" ? "Dump" : "Backup"} ${id} is held until ${until ?? "it is released"}.`,
  released: ({ kind, id }) =>
    `${kind === "dump" ? "Dump" : "Backup"} ${id} is no longer held: the next expire decides.`,
  policy: (days, minimum) =>
    `Kept: every instant of the last ${counted(days, "day")}, and ${minimum === 1 ? "the newest backup" : `the ${minimum} newest backups`}.`,
  windowFrom: (instant) => `The window begins at ${instant}.`,
  noBackupSince: (instant) =>
    `! No backup since ${instant}: nothing more is given up until backups come again. Next: pra backup`,
  pause: (before, after) =>
    `! Between ${before} and ${after} no backup was taken, or a clock was set forward: what is older is given up only when the backups after it span a whole window.`,
  keep: "keep: ",
  giveUp: "give up: ",
  several: (count) => counted(count, "backup"),
  to: "to",
  proofsUnread: (parts) =>
    `results of proofs cannot be read: ${parts === 1 ? "one part" : `${parts} parts`} of the ledger`,
  base: (timeline) => `base of the window on timeline ${timeline}`,
  newerBase: (id) => `${id} is the window's base`,
  noInstants: "nothing of the window lies behind it",
  proofFailed: "its newest proof found it damaged",
  windowsNow: "Can be restored now:",
  windowsAfter: "Can be restored then:",
  windowsSame: "Nothing of that is lost.",
  historyGone: "nothing: this history of the cluster is given up whole",
  free: (bytes) => `${bytes} come free.`,
  freed: (bytes) => `${bytes} came free.`,
  givenUp: (count) => `${counted(count, "backup was", "backups were")} given up.`,
  noBackups: "There is no backup yet.",
  roles: "roles",
  dumpsPolicy: (days, minimum) =>
    `Dumps kept: those of the last ${days} days, and of each database and of the roles ${minimum === 1 ? "the newest dump" : `the ${minimum} newest dumps`}.`,
  dumpsFrom: (instant) => `Their days are counted back to ${instant}.`,
  noDumpSince: (instant) =>
    `! No dump since ${instant}: no more dumps are given up until others come. Next: pra dump`,
  dumpsPause: (before, after) =>
    `! Between ${before} and ${after} no dump was taken, or a clock was set forward: older dumps are given up only when those after it span the days above.`,
  severalDumps: (count) => `${count} dumps`,
  dumpsGivenUp: (count) => `${counted(count, "dump was", "dumps were")} given up.`,
};

/** Backups are feminine, dumps masculine. */
function frReasons(e: "e" | ""): Omit<Reasons, "beyondMinimum"> {
  const [last, the] = e === "e" ? ["dernière", "la"] : ["dernier", "le"];
  return {
    periods: {
      daily: (count) => `Aussi ${the} ${last} de chacun de ${countedFr(count, "jour")}.`,
      weekly: (count) => `Aussi ${the} ${last} de chacune de ${countedFr(count, "semaine")}.`,
      monthly: (count) => `Aussi ${the} ${last} de chacun de ${count} mois.`,
      yearly: (count) => `Aussi ${the} ${last} de chacune de ${count} années.`,
    },
    window: "dans la fenêtre",
    minimum: (rank, of) =>
      of === 1
        ? `${the} plus récent${e}, qui reste en tout cas`
        : `numéro ${rank} des ${of} plus récent${e}s`,
    newestOf: {
      daily: (period) => `${last} du ${period}`,
      weekly: (period) => `${last} de la semaine ${period}`,
      monthly: (period) => `${last} du mois ${period}`,
      yearly: (period) => `${last} de l'année ${period}`,
    },
    heldFor: (reason, until) =>
      until === undefined
        ? `conservé${e} : ${reason}`
        : `conservé${e} jusqu'au ${until} : ${reason}`,
    used: "en usage maintenant",
    unreadableRoot: (id) => `la sauvegarde ou l'export ${id} de la même histoire est illisible`,
    beforeWindow: `fini${e} avant la fenêtre`,
    noPeriod: `aucun jour, semaine, mois ni année ne ${the} demande`,
    holdOver: (until) => `sa conservation a fini le ${until}`,
  };
}

const fr: Messages = {
  backups: {
    ...frReasons("e"),
    beyondMinimum: (of) =>
      of === 1 ? "n'est pas la plus récente" : `n'est pas parmi les ${of} plus récentes`,
  },
  dumps: {
    ...frReasons(""),
    beyondMinimum: (of) =>
      of === 1
        ? "de tout ce qu'il contient il y a un export plus récent"
        : `de tout ce qu'il contient il y a ${of} exports plus récents`,
  },
  hold: {
    summary: "conserver une sauvegarde ou un export quoi que dise la rétention",
    description:
      "Ordonne qu'une sauvegarde ou un export reste, avec tout ce qu'il faut pour le restaurer, jusqu'à sa libération ou jusqu'au jour que vous donnez. pra list le montre. Qui l'a dit, et pourquoi, va au journal.",
    examples: [
      ['pra hold 0192a4b7c5d0 --reason "audit 2026"', "la garder jusqu'à sa libération"],
      ['pra hold 0192a4b7c5d0 --reason "avant 2.0" --until 2027-01-31', "jusqu'à la fin d'un jour"],
    ],
  },
  release: {
    summary: "lever un ordre de conservation : la rétention décide à nouveau",
    description:
      "Met fin à la conservation d'une sauvegarde ou d'un export. Cela ne supprime rien ; la prochaine expiration décide.",
    examples: [['pra release 0192a4b7c5d0 --reason "audit clos"', "laisser décider la rétention"]],
  },
  argumentBackup:
    "l'identifiant d'une sauvegarde ou d'un export, comme le montre pra list, ou son début",
  optionReason: "pourquoi, en quelques mots ; cela va au journal",
  optionUntil: "la conservation finit d'elle-même avec ce jour, ou à cet instant (UTC)",
  optionAcceptRollback: "continuer bien que le dépôt montre moins que ce que cette machine a vu",
  held: ({ kind, id }, until) => {
    const word =
      kind === "dump" ? `L'export ${id} est conservé` : `La sauvegarde ${id} est conservée`;
    return until === undefined ? `${word} jusqu'à sa libération.` : `${word} jusqu'au ${until}.`;
  },
  released: ({ kind, id }) =>
    `Aucun ordre ne conserve plus ${kind === "dump" ? "l'export" : "la sauvegarde"} ${id} : la prochaine expiration décide.`,
  policy: (days, minimum) =>
    `Gardés : tout instant des ${days} derniers jours, et ${minimum === 1 ? "la sauvegarde la plus récente" : `les ${minimum} sauvegardes les plus récentes`}.`,
  windowFrom: (instant) => `La fenêtre commence au ${instant}.`,
  noBackupSince: (instant) =>
    `! Aucune sauvegarde depuis le ${instant} : plus rien n'est abandonné avant qu'il en vienne d'autres. Ensuite : pra backup`,
  pause: (before, after) =>
    `! Entre le ${before} et le ${after} aucune sauvegarde n'a été prise, ou une horloge a été avancée : ce qui est plus ancien n'est abandonné que quand celles d'après couvrent une fenêtre entière.`,
  keep: "garder : ",
  giveUp: "abandonner : ",
  several: (count) => countedFr(count, "sauvegarde"),
  to: "à",
  proofsUnread: (parts) =>
    `des résultats de preuves sont illisibles : ${parts === 1 ? "une partie" : `${parts} parties`} du journal`,
  base: (timeline) => `base de la fenêtre sur la timeline ${timeline}`,
  newerBase: (id) => `${id} est la base de la fenêtre`,
  noInstants: "rien de la fenêtre ne se trouve derrière elle",
  proofFailed: "sa dernière preuve l'a trouvée abîmée",
  windowsNow: "Peut être restauré maintenant :",
  windowsAfter: "Pourra être restauré ensuite :",
  windowsSame: "Rien de cela n'est perdu.",
  historyGone: "rien : cette histoire du cluster est abandonnée en entier",
  free: (bytes) => `${bytes} seront libérés.`,
  freed: (bytes) => `${bytes} ont été libérés.`,
  givenUp: (count) =>
    `${countedFr(count, "sauvegarde a été abandonnée", "sauvegardes ont été abandonnées")}.`,
  noBackups: "Il n'y a pas encore de sauvegarde.",
  roles: "rôles",
  dumpsPolicy: (days, minimum) =>
    `Exports gardés : ceux des ${days} derniers jours, et de chaque base et des rôles ${minimum === 1 ? "l'export le plus récent" : `les ${minimum} exports les plus récents`}.`,
  dumpsFrom: (instant) => `Leurs jours sont comptés en arrière jusqu'au ${instant}.`,
  noDumpSince: (instant) =>
    `! Aucun export depuis le ${instant} : plus aucun n'est abandonné avant qu'il en vienne d'autres. Ensuite : pra dump`,
  dumpsPause: (before, after) =>
    `! Entre le ${before} et le ${after} aucun export n'a été fait, ou une horloge a été avancée : les exports plus anciens ne sont abandonnés que quand ceux d'après couvrent les jours ci-dessus.`,
  severalDumps: (count) => `${count} exports`,
  dumpsGivenUp: (count) =>
    `${countedFr(count, "export a été abandonné", "exports ont été abandonnés")}.`,
};

/** The texts by language. */
export const retentionText: Readonly<Record<Language, Messages>> = { en, fr };

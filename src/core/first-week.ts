/**
 * The first week after a go-live: what counts as ill then, and does not later. One table, each row with its reason, which `pra golive show`
 * prints. A new installation fails in its first days, when nobody has yet seen it fail: a job that was planned and never runs, a disk that fills
 * faster than was thought. So whatever has a margin is told when half of it is used up. The second watcher keeps to the usual thresholds: it tells
 * what the first one cannot.
 */
import type { Language } from "./language.ts";
import {
  spaceFillBadMs,
  spaceFillNoteMs,
  statusBackupAgeBadMs,
  statusBackupAgeNoteMs,
  statusProofAgeNoteMs,
  walFillBadMs,
} from "./look-limits.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** How long it lasts. */
export const firstWeekDays = 7;

/** One threshold. `share`: a part of something, 1 is the whole; the others are durations in milliseconds. */
export type ThresholdRow = {
  readonly unit: "ms" | "share";
  readonly usual: number;
  readonly firstWeek: number;
  readonly what: Readonly<Record<Language, string>>;
  readonly why: Readonly<Record<Language, string>>;
};

/** What is tighter. */
export const firstWeekTable = {
  backupAgeNoteMs: {
    unit: "ms",
    usual: statusBackupAgeNoteMs,
    firstWeek: 2 * HOUR_MS,
    what: {
      en: "age of the newest backup, worth a word",
      fr: "âge de la dernière sauvegarde, à signaler",
    },
    why: {
      en: "backups are planned every hour: one was left out",
      fr: "les sauvegardes sont planifiées toutes les heures : une a manqué",
    },
  },
  backupAgeBadMs: {
    unit: "ms",
    usual: statusBackupAgeBadMs,
    firstWeek: 26 * HOUR_MS,
    what: { en: "age of the newest backup, red", fr: "âge de la dernière sauvegarde, en échec" },
    why: {
      en: "even a daily plan has failed by then",
      fr: "même une planification quotidienne a alors échoué",
    },
  },
  exposureShare: {
    unit: "share",
    usual: 1,
    firstWeek: 0.5,
    what: { en: "exposure, of the RPO", fr: "exposition, en part du RPO" },
    why: {
      en: "what uses up half of the objective in a week that is watched closely exceeds it in one that is not",
      fr: "ce qui consomme la moitié de l'objectif dans une semaine suivie de près le dépasse dans une autre",
    },
  },
  proofAgeNoteMs: {
    unit: "ms",
    usual: statusProofAgeNoteMs,
    firstWeek: 26 * HOUR_MS,
    what: {
      en: "age of the newest proof, worth a word",
      fr: "âge de la dernière preuve, à signaler",
    },
    why: {
      en: "a proof is planned every day: one was left out",
      fr: "une preuve est planifiée chaque jour : une a manqué",
    },
  },
  spaceFillNoteMs: {
    unit: "ms",
    usual: spaceFillNoteMs,
    firstWeek: 2 * spaceFillNoteMs,
    what: {
      en: "time until the repository is full, worth a word",
      fr: "temps avant que le dépôt soit plein, à signaler",
    },
    why: {
      en: "retention has deleted nothing yet: what a day adds is known, what the whole takes is not",
      fr: "la rétention n'a encore rien supprimé : on sait ce qu'un jour ajoute, pas ce que prend l'ensemble",
    },
  },
  spaceFillBadMs: {
    unit: "ms",
    usual: spaceFillBadMs,
    firstWeek: 7 * DAY_MS,
    what: {
      en: "time until the repository is full, red",
      fr: "temps avant que le dépôt soit plein, en échec",
    },
    why: {
      en: "it would be full before retention removes anything",
      fr: "il serait plein avant que la rétention ne supprime quoi que ce soit",
    },
  },
  walFillBadMs: {
    unit: "ms",
    usual: walFillBadMs,
    firstWeek: 2 * walFillBadMs,
    what: {
      en: "time until pg_wal is full, red",
      fr: "temps avant que pg_wal soit plein, en échec",
    },
    why: {
      en: "who has never seen it happen needs a day, not a night",
      fr: "qui ne l'a jamais vu arriver a besoin d'un jour, pas d'une nuit",
    },
  },
} as const satisfies Readonly<Record<string, ThresholdRow>>;

/** Every threshold that the first week changes, as it is now. */
export type Thresholds = Readonly<Record<keyof typeof firstWeekTable, number>>;

function column(name: "usual" | "firstWeek"): Thresholds {
  const { backupAgeNoteMs, backupAgeBadMs, exposureShare, proofAgeNoteMs } = firstWeekTable;
  const { spaceFillNoteMs: fillNote, spaceFillBadMs: fillBad, walFillBadMs: wal } = firstWeekTable;
  return {
    backupAgeNoteMs: backupAgeNoteMs[name],
    backupAgeBadMs: backupAgeBadMs[name],
    exposureShare: exposureShare[name],
    proofAgeNoteMs: proofAgeNoteMs[name],
    spaceFillNoteMs: fillNote[name],
    spaceFillBadMs: fillBad[name],
    walFillBadMs: wal[name],
  };
}

/** After the first week, and where nobody has said that the system is live. */
export const usualThresholds: Thresholds = column("usual");

const firstWeekThresholds: Thresholds = column("firstWeek");

/** The day of the first week, from 1 on; undefined before a go-live and after the week. A clock that was set back makes it the first day. */
export function firstWeekDay(liveAtMs: number | undefined, nowMs: number): number | undefined {
  if (liveAtMs === undefined) {
    return undefined;
  }
  const day = Math.floor(Math.max(0, nowMs - liveAtMs) / DAY_MS) + 1;
  return day <= firstWeekDays ? day : undefined;
}

/** When it ends. */
export function firstWeekEndMs(liveAtMs: number): number {
  return liveAtMs + firstWeekDays * DAY_MS;
}

/** Those that hold now. */
export function thresholdsAt(liveAtMs: number | undefined, nowMs: number): Thresholds {
  return firstWeekDay(liveAtMs, nowMs) === undefined ? usualThresholds : firstWeekThresholds;
}

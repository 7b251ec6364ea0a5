/**
 * What a look found is taken into account: alerts open, end, are told again. Deciding and queueing is one durable step; handing over is another
 * process's work (`deliver.ts`), so that a look never waits for a mail relay. `pra status` and the daemon call this.
 */
import { type DrError, errorText } from "../../core/errors.ts";
import type { Language } from "../../core/language.ts";
import { watchSaveEveryMs } from "../../core/watch-limits.ts";
import { openTracks } from "../../watch/alert-state.ts";
import type { Track } from "../../watch/alert-track.ts";
import { type Moment, elapsedMs, passTime } from "../../watch/moment.ts";
import type { Observation } from "../../watch/observation.ts";
import { dueAt } from "../../watch/outbox.ts";
import { takeLook } from "../../watch/take-look.ts";
import type { WatchDocument } from "../../watch/watch-document.ts";
import type { Place } from "../../watch/watch-memory.ts";
import type { Adapters } from "../compose.ts";
import type { Environment } from "../environment.ts";
import { type OpenWatch, type WatchOptions, openWatch } from "./watch-setup.ts";

/** What came of a look. */
export type LookRecord = {
  /** Alerts that are open now, worst first. */
  readonly open: readonly Track[];
  /** Messages that wait to be handed over. */
  readonly waiting: number;
  /** Something can be handed over, or recorded, now: call `startDelivery` or `deliverDue`. */
  readonly due: boolean;
  /** Ways to people; 0: nobody can be told. */
  readonly routes: number;
  /** What of the configuration could not be used. */
  readonly problems: readonly DrError[];
  /** The copy of a memory that could not be read: the watch began anew at this look. */
  readonly damaged: string | undefined;
};

/** Whether anything but the time has changed, or the time is old enough to be worth a write. */
function isWorthSaving(before: WatchDocument, after: WatchDocument): boolean {
  const [from, to] = [before.alerts.time, after.alerts.time];
  if (from === null || to === null || elapsedMs(from, to) >= watchSaveEveryMs) {
    return true;
  }
  const without = (document: WatchDocument): string =>
    JSON.stringify({
      ...document,
      alerts: {
        ...document.alerts,
        time: null,
        healths: Object.entries(document.alerts.healths).map(([key, { health }]) => [key, health]),
        tracks: document.alerts.tracks.map((track) => ({ ...track, seenMs: 0 })),
      },
      outbox: { ...document.outbox, routes: Object.values(document.outbox.routes) },
    });
  return without(before) !== without(after);
}

/** Whether what is remembered outlives this machine's boot, as an observation; nothing where it always did. */
function memoryObservations(document: WatchDocument, place: Place): readonly Observation[] {
  const about = { rule: "memory", subject: "" } as const;
  if (place === "reserve") {
    const words = {
      en: {
        summary: "the state directory takes nothing; alerts are remembered until the next boot",
        hint: "Make room on its disk, or mend its rights: pra config show",
      },
      fr: {
        summary:
          "le dossier d'état ne prend plus rien ; les alertes sont retenues jusqu'au prochain démarrage",
        hint: "Faites de la place sur son disque, ou corrigez ses droits : pra config show",
      },
    };
    return [{ ...about, health: "ill", words }];
  }
  const words = {
    en: { summary: "the state directory takes what is to be remembered", hint: "" },
    fr: { summary: "le dossier d'état prend ce qu'il faut retenir", hint: "" },
  };
  const wasIll = document.alerts.tracks.some(({ rule }) => rule === about.rule);
  return wasIll ? [{ ...about, health: "well", words }] : [];
}

/** What of the configuration could not be used, as an observation; nothing where it always could. */
function configurationObservations(
  document: WatchDocument,
  faults: readonly DrError[],
): readonly Observation[] {
  const about = { rule: "configuration", subject: "" } as const;
  const [first, ...others] = faults;
  if (first === undefined) {
    const words = {
      en: { summary: "all of the configuration is used", hint: "" },
      fr: { summary: "toute la configuration est utilisée", hint: "" },
    };
    const wasIll = document.alerts.tracks.some(({ rule }) => rule === about.rule);
    return wasIll ? [{ ...about, health: "well", words }] : [];
  }
  const said = (language: Language, more: string): Observation["words"]["en"] => {
    const { message, hint } = errorText(first, language);
    return { summary: `${message}${others.length === 0 ? "" : more}`, hint };
  };
  const words = {
    en: said("en", `, and ${others.length} more`),
    fr: said("fr", `, et ${others.length} de plus`),
  };
  return [{ ...about, health: "ill", words }];
}

/**
 * Takes one look into account; durable when it returns, or in the machine's memory where the state directory takes nothing. `begun`: the moment at which the look began, so that of two looks the later one counts.
 * @throws DrError `STORE_IO`, `STORE_DISK_FULL` when neither takes it, `WATCH_MEMORY_BUSY`.
 */
export async function recordLook(
  adapters: Adapters,
  environment: Environment,
  observations: readonly Observation[],
  options: WatchOptions & {
    readonly begun?: Moment;
    readonly watch?: OpenWatch;
    /** A configuration that was refused, while an earlier one, or a part of it, is in use. */
    readonly refused?: DrError | undefined;
  },
): Promise<LookRecord> {
  const { signal, begun } = options;
  const watch = options.watch ?? (await openWatch(adapters, environment, options));
  const { memory, setup, moment, problems } = watch;
  const { refused } = options;
  const faults = [
    ...(refused === undefined ? [] : [refused]),
    ...environment.passedOver,
    ...problems,
  ];
  const record = await memory.update(
    (document, place) => {
      const now = moment();
      const lookAgeMs = begun === undefined ? 0 : elapsedMs(begun, now);
      const all = [
        ...observations,
        ...memoryObservations(document, place),
        ...configurationObservations(document, faults),
      ];
      const next = takeLook(document, all, { setup, now, lookAgeMs });
      const { watchMs } = passTime(document.alerts.time, now);
      const result: LookRecord = {
        open: openTracks(next.alerts),
        waiting: next.outbox.waiting.length,
        due: dueAt(next.outbox, watchMs).length > 0 || next.events.length > 0,
        routes: setup.routes.length,
        problems,
        damaged: memory.damaged,
      };
      return { document: isWorthSaving(document, next) ? next : undefined, result };
    },
    { signal },
  );
  const { fault } = memory;
  return fault === undefined ? record : { ...record, problems: [...record.problems, fault] };
}

/**
 * Alerts in words: what a lock screen shows in 100 characters, and what each alert says below it: what is wrong, what it means for the
 * data, what to do. Words are fixed when a message is decided, so that every attempt sends the same.
 */
import { cutText } from "../core/cut-text.ts";
import { formatDuration } from "../core/format.ts";
import type { Language } from "../core/language.ts";
import { watchTextMax } from "../core/watch-limits.ts";
import { alertRuleOf } from "./alert-rules.ts";
import type { Notice } from "./alert-state.ts";
import type { Track } from "./alert-track.ts";
import type { MessageAlert, MessageKind } from "./notifier.ts";
import { lastStepOf, meaningOf } from "./rule-meanings.ts";
import { verdictOf } from "./rule-verdicts.ts";

/** In which words and whose hours. */
export type Wording = {
  readonly language: Language;
  readonly cluster: string;
  readonly zone: string;
};

const HEADLINE_MAX = 100;
const MINUTE_MS = 60_000;

/** "40 s", "12 min", "2 h 05 min", "3 d 4 h": as exact as a headline needs. */
export function roughDuration(durationMs: number, language: Language): string {
  if (durationMs < MINUTE_MS) {
    return `${Math.round(durationMs / 1000)} s`;
  }
  const minutes = Math.round(durationMs / MINUTE_MS);
  return minutes < 60 ? `${minutes} min` : formatDuration(minutes * MINUTE_MS, language);
}

/** "14:02", with the zone where it is UTC, because a person there reads another clock. */
export function clockText(wallMs: number, { language, zone }: Omit<Wording, "cluster">): string {
  const time = new Intl.DateTimeFormat(language === "fr" ? "fr-FR" : "en-GB", {
    timeZone: zone,
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).format(wallMs);
  return /^(?:UTC|Etc\/UTC|GMT)$/.test(zone) ? `${time} UTC` : time;
}

/** Cut on a word. */
function cut(text: string, max: number): string {
  if (text.length <= max) {
    return text;
  }
  const part = cutText(text, max - 1);
  const space = part.lastIndexOf(" ");
  return `${space > max / 2 ? part.slice(0, space) : part}…`;
}

function verdict(track: Track, language: Language): string {
  const { rule, subject, about } = track;
  return verdictOf({ rule, subject, blind: about === "blind" }, language);
}

/** The same instant people and machines mean; a clock that stood before 1970 or beyond all dates must not stop an alert. */
function isoOf(wallMs: number): string {
  return new Date(Math.min(Math.max(wallMs, 0), 8.64e15)).toISOString();
}

const phrases = {
  en: {
    begin: (cluster: string) => `PRA ${cluster}: `,
    since: (what: string, time: string) => `${what} since ${time}`,
    still: (what: string, long: string) => `${what} for ${long}, nobody has it`,
    raised: (what: string, long: string) => `nobody has taken it for ${long}: ${what}`,
    taken: (what: string, by: string) => `${by} has taken it: ${what}`,
    over: (what: string, long: string) => `resolved after ${long}: ${what}`,
    overWhole: (what: string, long: string) => `resolved after ${long}, nothing lost: ${what}`,
    forgotten: (what: string) => `no longer watched: ${what}`,
    more: (count: number) => `, and ${count} more`,
    digest: (alerts: number) =>
      `${alerts} alert${alerts === 1 ? "" : "s"} held back: there were too many to tell one by one`,
    exposedNow: (long: string, growing: boolean) =>
      `${long} of work would be lost with the server${growing ? ", and growing" : ""}`,
    exposedWorst: (long: string) => `at worst ${long} of work were exposed`,
    exposedNone: "no work was ever exposed",
    exposedBefore: (long: string, ago: string) =>
      `${long} of work would have been lost with the server when that was last seen, ${ago} before`,
    noneBefore: (ago: string) =>
      `nothing would have been lost with the server when that was last seen, ${ago} before`,
    flapping: "it comes and goes; it stays open until it was well for a while",
    lost: "nothing was lost: the repository has all of the server's WAL",
    hole: "the instants in the hole stay out of reach; what comes after the newest backup can be restored",
    unlooked: "nobody looks at it any more; how it ended is not known",
  },
  fr: {
    begin: (cluster: string) => `PRA ${cluster} : `,
    since: (what: string, time: string) => `${what} depuis ${time}`,
    still: (what: string, long: string) => `${what} depuis ${long}, personne ne s'en occupe`,
    raised: (what: string, long: string) => `personne ne s'en occupe depuis ${long} : ${what}`,
    taken: (what: string, by: string) => `${by} s'en occupe : ${what}`,
    over: (what: string, long: string) => `résolu après ${long} : ${what}`,
    overWhole: (what: string, long: string) => `résolu après ${long}, rien n'est perdu : ${what}`,
    forgotten: (what: string) => `n'est plus surveillé : ${what}`,
    more: (count: number) => `, et ${count} de plus`,
    digest: (alerts: number) =>
      `${alerts} alerte${alerts === 1 ? " retenue" : "s retenues"} : il y en avait trop pour les dire une à une`,
    exposedNow: (long: string, growing: boolean) =>
      `${long} de travail seraient perdues avec le serveur${growing ? ", et cela augmente" : ""}`,
    exposedWorst: (long: string) => `au pire ${long} de travail ont été exposées`,
    exposedNone: "aucun travail n'a été exposé",
    exposedBefore: (long: string, ago: string) =>
      `${long} de travail auraient été perdues avec le serveur au dernier relevé, ${ago} plus tôt`,
    noneBefore: (ago: string) =>
      `rien n'aurait été perdu avec le serveur au dernier relevé, ${ago} plus tôt`,
    flapping: "cela va et vient ; l'alerte reste ouverte jusqu'à un retour durable",
    lost: "rien n'est perdu : le dépôt a tout le WAL du serveur",
    hole: "les instants du trou restent hors d'atteinte ; ce qui suit la dernière sauvegarde peut être restauré",
    unlooked: "plus rien ne le regarde ; on ne sait pas comment cela a fini",
  },
} as const;

/** WAL was missing while it lasted. */
function leftHole({ rule, holed }: Track): boolean {
  return rule === "gaps" || holed;
}

/** What is, was or had been exposed, as far as it is known and bears on it. */
function exposureText(
  { track, resolution, exposedBefore }: Notice,
  language: Language,
): string | undefined {
  const say = phrases[language];
  const long = (seconds: number): string => roughDuration(seconds * 1000, language);
  if (track.about !== "ill" || !alertRuleOf(track.rule).endangersWork) {
    return undefined;
  }
  if (track.exposure === null) {
    const ago = roughDuration(exposedBefore?.agoMs ?? 0, language);
    return exposedBefore === undefined
      ? undefined
      : exposedBefore.seconds > 0
        ? say.exposedBefore(long(exposedBefore.seconds), ago)
        : say.noneBefore(ago);
  }
  const { last, worst, growing } = track.exposure;
  if (resolution === undefined) {
    return last > 0 ? say.exposedNow(long(last), growing) : undefined;
  }
  if (worst > 0) {
    return say.exposedWorst(long(worst));
  }
  // Of a hole that nothing was exposed would be no comfort: what is in it is lost.
  return leftHole(track) ? undefined : say.exposedNone;
}

function consequence(notice: Notice, language: Language): string {
  const { track, resolution } = notice;
  const say = phrases[language];
  const meaning =
    resolution === undefined && track.about === "ill" ? meaningOf(track.rule) : undefined;
  const parts = [meaning?.[language], exposureText(notice, language)];
  if (resolution?.nothingLost === true) {
    parts.push(say.lost);
  }
  if (resolution?.how === "well" && leftHole(track)) {
    parts.push(say.hole);
  }
  if (track.flapping && resolution === undefined) {
    parts.push(say.flapping);
  }
  return parts.filter((part) => part !== undefined).join(language === "fr" ? " ; " : "; ");
}

function nextStepOf({ rule, about }: Track, hint: string, language: Language): string {
  const last = about === "ill" ? lastStepOf(rule) : undefined;
  const whole = last === undefined ? hint : `${hint} ${last[language]}`;
  return whole.length <= watchTextMax ? whole : hint;
}

/** One alert as a message tells it. */
export function alertOf(notice: Notice, language: Language): MessageAlert {
  const { track, resolution } = notice;
  const say = phrases[language];
  const words = (resolution?.words ?? track.words)[language];
  const oneLine = (text: string): string => text.replaceAll(/\s+/g, " ").trim();
  return {
    alertId: track.alertId,
    rule: track.rule,
    subject: track.subject,
    severity: track.severity,
    summary: oneLine(resolution?.how === "forgotten" ? say.unlooked : words.summary),
    consequence: consequence(notice, language),
    nextStep: resolution === undefined ? oneLine(nextStepOf(track, words.hint, language)) : "",
    openedAt: isoOf(track.since.wallMs),
    resolved:
      resolution === undefined
        ? undefined
        : {
            at: isoOf(resolution.atMs),
            lastedSeconds: Math.round(resolution.lastedMs / 1000),
          },
  };
}

/** What one notice says on a lock screen, without the beginning. */
function shortText(notice: Notice, wording: Wording, nowMs: number): string {
  const { track, kind, resolution } = notice;
  const { language } = wording;
  const say = phrases[language];
  const what = verdict(track, language);
  const long = roughDuration(nowMs - track.since.watchMs, language);
  switch (kind) {
    case "opened":
      return say.since(what, clockText(track.since.wallMs, wording));
    case "raised":
      return say.raised(what, long);
    case "reminder":
      return say.still(what, long);
    case "acknowledged":
      return say.taken(what, track.acknowledged?.by ?? "?");
    case "resolved": {
      const lasted = roughDuration(resolution?.lastedMs ?? 0, language);
      return resolution?.how === "forgotten"
        ? say.forgotten(what)
        : resolution?.nothingLost === true
          ? say.overWhole(what, lasted)
          : say.over(what, lasted);
    }
  }
}

const KIND_ORDER: readonly MessageKind[] = [
  "opened",
  "raised",
  "reminder",
  "acknowledged",
  "resolved",
];

/** Worst first: what opened before what is over, critical before the rest. */
export function inOrder(notices: readonly Notice[]): readonly Notice[] {
  const rank = ({ kind, track }: Notice): number =>
    KIND_ORDER.indexOf(kind) * 2 + (track.severity === "critical" ? 0 : 1);
  return notices.toSorted((a, b) => rank(a) - rank(b));
}

/** The line for a lock screen. `notices` in order, not empty; `nowMs` on the watch's time. */
export function headlineOf(notices: readonly Notice[], wording: Wording, nowMs: number): string {
  const say = phrases[wording.language];
  const [first, ...others] = notices;
  const begin = say.begin(wording.cluster);
  const end = others.length === 0 ? "" : say.more(others.length);
  const room = HEADLINE_MAX - begin.length - end.length;
  return `${begin}${first === undefined ? "" : cut(shortText(first, wording, nowMs), room)}${end}`;
}

/** The line of a summary. */
export function digestHeadline(alerts: number, wording: Wording): string {
  const say = phrases[wording.language];
  return cut(`${say.begin(wording.cluster)}${say.digest(alerts)}`, HEADLINE_MAX);
}

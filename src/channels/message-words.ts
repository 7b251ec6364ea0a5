/** The words around an alert that mail, chat and pagers share, in both languages. */
import { checkNames } from "../core/finding/finding-words.ts";
import { formatDuration, formatMinute } from "../core/format.ts";
import type { Language } from "../core/language.ts";
import type { MessageAlert, MessageSeverity, OutgoingMessage } from "../watch/notifier.ts";

type Words = {
  readonly severities: Readonly<Record<MessageSeverity | "resolved", string>>;
  readonly means: string;
  readonly next: string;
  readonly since: (instant: string) => string;
  readonly lasted: (from: string, to: string, duration: string) => string;
  readonly leftOut: (count: number) => string;
  readonly testExplained: string;
  readonly typeBack: string;
  readonly name: string;
  readonly sentBy: (cluster: string, host: string, instant: string) => string;
  readonly automatic: string;
  readonly takeCharge: string;
  readonly lookingAtIt: string;
  readonly colon: string;
};

/** The words by language. */
export const messageWords: Readonly<Record<Language, Words>> = {
  en: {
    severities: { critical: "Critical", warning: "Warning", info: "Note", resolved: "Resolved" },
    means: "What it means:",
    next: "Next:",
    since: (instant) => `Since ${instant}`,
    lasted: (from, to, duration) => `From ${from} to ${to}: ${duration}`,
    leftOut: (count) => `and ${count} more: pra alert list`,
    testExplained: "This is a test. Nothing is wrong.",
    typeBack: "To show that it has arrived, type on the machine that sent it:",
    name: "NAME",
    sentBy: (cluster, host, instant) => `PRA, cluster ${cluster}, from ${host}, ${instant}`,
    automatic: "Sent by itself; nobody reads answers.",
    takeCharge: "To take charge and stop reminders:",
    lookingAtIt: "looking at it",
    colon: ":",
  },
  fr: {
    severities: {
      critical: "Critique",
      warning: "Avertissement",
      info: "Information",
      resolved: "Résolu",
    },
    means: "Ce que cela signifie :",
    next: "À faire :",
    since: (instant) => `Depuis ${instant}`,
    lasted: (from, to, duration) => `De ${from} à ${to} : ${duration}`,
    leftOut: (count) => `et ${count} de plus : pra alert list`,
    testExplained: "Ceci est un essai. Tout va bien.",
    typeBack: "Pour montrer qu'il est arrivé, tapez sur la machine qui l'a envoyé :",
    name: "NOM",
    sentBy: (cluster, host, instant) => `PRA, cluster ${cluster}, depuis ${host}, ${instant}`,
    automatic: "Envoyé automatiquement ; personne ne lit les réponses.",
    takeCharge: "Pour vous en charger et arrêter les rappels :",
    lookingAtIt: "je regarde",
    colon: " :",
  },
};

/** Of what only the watch itself looks at. */
const ownNames: Readonly<Record<Language, Readonly<Record<string, string>>>> = {
  en: { daemon: "daemon", channel: "alert channel", memory: "state directory" },
  fr: { daemon: "démon", channel: "canal d'alerte", memory: "dossier d'état" },
};

/** What an alert is about, in the reader's words: the check's name, and which of several. */
export function alertName({ rule, subject }: MessageAlert, language: Language): string {
  const names: Readonly<Record<string, string>> = {
    ...checkNames[language],
    ...ownNames[language],
  };
  const name = names[rule] ?? rule;
  const which = rule === "daemon" ? (names[subject] ?? subject) : subject;
  return which === "" ? name : `${name}, ${which}`;
}

/** Words with which something begins that is to be typed: programs, and statements for the server. */
const COMMAND =
  /^(?:(?:pra|sudo|git|cp|kill|chmod|psql|systemctl) |\.\/|(?:SELECT|ALTER|GRANT|REVOKE|DROP|CREATE) )/;

/** A comma, a semicolon, a bracket or a full stop behind which words go on, or which ends them. */
const PROSE = /[,;] \p{L}| ; | \((?:or|ou) |\. |\.$/u;

/** True when a next step begins with a command, whatever is said behind it. */
export function beginsWithCommand(nextStep: string): boolean {
  return COMMAND.test(nextStep);
}

/** True when a next step is to be typed as it is; false for a sentence, also one that begins with a command. */
export function isCommand(nextStep: string): boolean {
  return beginsWithCommand(nextStep) && !PROSE.test(nextStep);
}

/** `2026-11-23 15:02 Europe/Paris`, of an instant in ISO 8601: the reader's own time, which the headline has, with its zone. */
export function instantText(iso: string, zone: string): string {
  const name = /^(?:Etc\/)?(?:UTC|GMT)$/.test(zone) ? "UTC" : zone;
  return `${formatMinute(Date.parse(iso), zone)} ${name}`;
}

/** From when to when, and how long. */
export function lastedText(
  alert: MessageAlert,
  resolved: { readonly at: string; readonly lastedSeconds: number },
  { language, zone }: Pick<OutgoingMessage, "language" | "zone">,
): string {
  const duration = formatDuration(resolved.lastedSeconds * 1000, language);
  return messageWords[language].lasted(
    instantText(alert.openedAt, zone),
    instantText(resolved.at, zone),
    duration,
  );
}

/** What an adapter says of an attempt in its own words, where the other side said nothing of use. In the message's language. */
import { formatDuration } from "../core/format.ts";
import type { Language } from "../core/language.ts";
import { channelSaidMax } from "../core/channel-limits.ts";

/** `settings`: the names of those that a person would change. */
export type ChannelWords = {
  readonly unconnected: (waitedMs: number) => string;
  readonly silent: (waitedMs: number) => string;
  readonly unreachable: (reason: string) => string;
  readonly certificate: (reason: string, settings: string) => string;
  readonly redirect: (status: number, location: string, settings: string) => string;
  readonly settings: (said: string, settings: string) => string;
  readonly dropped: (reason: string) => string;
  readonly noTls: (settings: string) => string;
  readonly unstartable: (reason: string, settings: string) => string;
  readonly ended: (code: number, output: string) => string;
  readonly killed: (signal: string) => string;
  readonly timeLimit: (waitedMs: number) => string;
  readonly done: string;
  readonly events: (accepted: number, of: number, said: string) => string;
};

const en: ChannelWords = {
  unconnected: (ms) => `no connection within ${formatDuration(ms, "en")}`,
  silent: (ms) => `no answer within ${formatDuration(ms, "en")}; whether it was taken is unknown`,
  unreachable: (reason) => `cannot be reached: ${reason}`,
  certificate: (reason, settings) => `its certificate is not trusted: ${reason} (see ${settings})`,
  redirect: (status, location, settings) =>
    `${status}: it leads on to ${location}, which is not followed; set the address that takes messages itself (${settings})`,
  settings: (said, settings) => `${said} (see ${settings})`,
  dropped: (reason) =>
    `the connection broke before it was acknowledged: ${reason}; whether it was taken is unknown`,
  noTls: (settings) =>
    `the relay offers no encryption (STARTTLS), so nothing was sent (see ${settings})`,
  unstartable: (reason, settings) => `the program cannot be started: ${reason} (see ${settings})`,
  ended: (code, output) => `exit code ${code}${output === "" ? "" : `: ${output}`}`,
  killed: (signal) => `ended by ${signal}`,
  timeLimit: (ms) => `not done within ${formatDuration(ms, "en")}, ended`,
  done: "exit code 0",
  events: (accepted, of, said) => `${accepted} of ${of} events taken; ${said}`,
};

const fr: ChannelWords = {
  unconnected: (ms) => `pas de connexion en ${formatDuration(ms, "fr")}`,
  silent: (ms) =>
    `pas de réponse en ${formatDuration(ms, "fr")} ; on ignore si le message a été pris`,
  unreachable: (reason) => `injoignable : ${reason}`,
  certificate: (reason, settings) =>
    `son certificat n'est pas reconnu : ${reason} (voir ${settings})`,
  redirect: (status, location, settings) =>
    `${status} : elle renvoie à ${location}, ce qui n'est pas suivi ; mettez l'adresse qui prend elle-même les messages (${settings})`,
  settings: (said, settings) => `${said} (voir ${settings})`,
  dropped: (reason) =>
    `la connexion s'est rompue avant l'accusé de réception : ${reason} ; on ignore si le message a été pris`,
  noTls: (settings) =>
    `le relais ne propose pas de chiffrement (STARTTLS), rien n'a donc été envoyé (voir ${settings})`,
  unstartable: (reason, settings) =>
    `le programme ne peut pas être lancé : ${reason} (voir ${settings})`,
  ended: (code, output) => `code de sortie ${code}${output === "" ? "" : ` : ${output}`}`,
  killed: (signal) => `arrêté par ${signal}`,
  timeLimit: (ms) => `pas fini en ${formatDuration(ms, "fr")}, arrêté`,
  done: "code de sortie 0",
  events: (accepted, of, said) => `${accepted} événement(s) pris sur ${of} ; ${said}`,
};

/** The words by language. */
export const channelWords: Readonly<Record<Language, ChannelWords>> = { en, fr };

/** One line of bounded length, without control characters. */
export function oneLine(text: string): string {
  const line = text.replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, " ").trim();
  return line.length > channelSaidMax ? `${line.slice(0, channelSaidMax - 1)}…` : line;
}

/**
 * Hides what this configuration keeps secret in text of others: what the restored server or the application said may quote it, and goes into
 * reports. A password in any address is hidden, known or not.
 */
import { guard } from "../core/failpoint.ts";
import type { Environment } from "./environment.ts";
import type { SettingEntry } from "./setting-entry.ts";
import { settingsRegistry } from "./settings.ts";

/** Shorter ones would blacken half the text, and are no secrets. */
const LENGTH_MIN = 4;

const MASK = "***";

type SecretKind = NonNullable<SettingEntry["secret"]>;

/** A word of an address or a header that is as long is a token; shorter ones are names: "services", "Bearer". */
const TOKEN_LENGTH_MIN = 12;

/**
 * What a secret setting's value hides: all of it, of an address its password, and of what is no plain password the long words, because the
 * other side may quote one alone.
 */
function secretsIn(value: string, kind: SecretKind): readonly string[] {
  if (kind === "token" && /^https?:\/\/[^/?#@]*\/?$/i.test(value)) {
    // A host alone: nothing of it is a secret.
    return [];
  }
  const words = kind === "token" || /[:;=]/.test(value) ? value.split(/[^A-Za-z0-9_+~.-]+/) : [];
  const tokens = words.filter(({ length }) => length >= TOKEN_LENGTH_MIN);
  const alone = kind !== "address" && guard("L54-token-words");
  return [...passwordsIn(value), ...(alone ? tokens.filter(isToken(value)) : [])];
}

/** A host's name is no token. */
function isToken(value: string): (word: string) => boolean {
  const host = URL.parse(value)?.host ?? "";
  return (word) => !host.includes(word);
}

function passwordsIn(value: string): readonly string[] {
  const password = /^[a-z]+:\/\/[^/?#]*?:([^/?#]*)@/i.exec(value)?.[1];
  if (password === undefined) {
    return [value];
  }
  try {
    return [password, decodeURIComponent(password)];
  } catch (error) {
    if (error instanceof URIError) {
      return [password];
    }
    throw error;
  }
}

/** Makes the function that hides them. */
export function maskerOf(environment: Environment): (text: string) => string {
  const { settings, connection } = environment;
  const secrets = new Set<string>();
  for (const [name, { value }] of settings) {
    const { secret: kind } = settingsRegistry[name];
    if (kind !== undefined) {
      secretsIn(value, kind).forEach((secret) => secrets.add(secret));
    }
  }
  if (connection.password !== undefined) {
    secrets.add(connection.password.reveal());
  }
  // Longest first: one may be a part of another.
  const hidden = [...secrets]
    .filter(({ length }) => length >= LENGTH_MIN)
    .toSorted((a, b) => b.length - a.length);
  return (text) => {
    const masked = hidden.reduce((rest, secret) => rest.replaceAll(secret, MASK), text);
    return masked.replaceAll(/(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@]*):[^\s/@]+@/gi, `$1:${MASK}@`);
  };
}

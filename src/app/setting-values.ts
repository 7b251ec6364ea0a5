/**
 * What a setting's value must look like, and how it may be shown. Pure. A value that does not fit is refused with its place, the value
 * (secrets masked) and what would fit: a misspelt number must not become a default in silence.
 */
import { isIP } from "node:net";
import { unreachable } from "../core/assert.ts";
import { DrError } from "../core/errors.ts";
import { httpHeaders } from "./channels/http-headers.ts";
import { relayOf } from "./channels/smtp-address.ts";
import type { SettingKind } from "./setting-entry.ts";
import { type SettingName, settingsRegistry } from "./settings.ts";

/** Where a value comes from. `variable` is named where it is not the setting itself: PGHOST, say. */
export type Origin =
  | { readonly kind: "flag" }
  | { readonly kind: "environment"; readonly variable: string }
  | { readonly kind: "file"; readonly path: string; readonly line: number }
  | { readonly kind: "default" };

/** A value as given, not yet checked. */
export type Setting = { readonly value: string; readonly origin: Origin };

/** How an origin is shown: `--…`, `$NAME`, `/path/.env:3`. */
export function formatOrigin(origin: Origin): string {
  switch (origin.kind) {
    case "flag":
      return "--";
    case "environment":
      return `$${origin.variable}`;
    case "file":
      return `${origin.path}:${origin.line}`;
    case "default":
      return "default";
  }
}

/** A setting's value as it may be shown: passwords become `***`. */
export function maskSetting(name: SettingName, value: string): string {
  const { secret } = settingsRegistry[name];
  switch (secret) {
    case undefined:
      return value;
    case "whole":
      return "***";
    case "address":
      return maskAddress(value);
    case "token":
      return /^https?:\/\/[^/?#@]*(?=[/?#]|$)/i.exec(value)?.[0].concat("/***") ?? "***";
    default:
      return unreachable(secret);
  }
}

/** The address without its password. What cannot be read as an address is shown up to its scheme only. */
function maskAddress(value: string): string {
  const match = /^([a-z]+:\/\/)(?:([^:@/?]*)(:[^/?]*)?@)?([^@?]*)(\?.*)?$/i.exec(value);
  if (match === null) {
    return `${/^[a-z]+:\/\//i.exec(value)?.[0] ?? ""}***`;
  }
  const [, scheme = "", user = "", password, rest = "", query] = match;
  const account = value.includes("@") ? `${user}${password === undefined ? "" : ":***"}@` : "";
  return `${scheme}${account}${rest}${query === undefined ? "" : "?***"}`;
}

const MAIL = /^[^\s@,<>"]+@[^\s@,<>"]+\.[^\s@,<>".]+$/;
/** E.164: a plus sign and at most 15 digits. */
const PHONE = /^\+[1-9]\d{6,14}$/;

/** A port of a host, as `host:port` or `[address]:port`; undefined for anything else. */
export function networkTargetOf(
  text: string,
): { readonly host: string; readonly port: number } | undefined {
  const [, six, four, digits] = /^(?:\[([\da-fA-F:.]+)\]|([^\s:[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = six ?? four;
  const port = Number(digits);
  return host === undefined || port < 1 || port > 65_535 ? undefined : { host, port };
}

function isWebAddress(value: string): boolean {
  const url = URL.parse(value);
  return url !== null && /^https?:$/.test(url.protocol) && url.hostname !== "";
}

function isTimeZone(value: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: value }).resolvedOptions().timeZone !== "";
  } catch {
    // It throws for a zone that it does not know.
    return false;
  }
}

function listOf(value: string): string[] {
  return value.split(",").map((part) => part.trim());
}

type PlainKind = Exclude<SettingKind["type"], "checked elsewhere" | "text" | "number" | "choice">;

/** What a setting of network targets names; nothing when it is not set. */
export function targetsOf(
  setting: Setting | undefined,
): readonly { readonly host: string; readonly port: number }[] {
  return listOf(setting?.value ?? "").flatMap((part) => networkTargetOf(part) ?? []);
}

/** What each kind of value must be, and the error for what is not. */
const plainKinds: Readonly<
  Record<PlainKind, { readonly fits: (value: string) => boolean; readonly code: PlainCode }>
> = {
  path: {
    fits: (value) => value.trim() !== "" && !/[\0\r\n]/.test(value),
    code: "CONFIG_PATH",
  },
  host: {
    fits: (value) => /^(?:\/[^\0\r\n]*|[\p{L}\p{N}._:-]+)$/u.test(value),
    code: "CONFIG_HOST",
  },
  "web address": { fits: isWebAddress, code: "CONFIG_WEB_ADDRESS" },
  "mail relay": {
    fits: (value) => relayOf(value, undefined) !== undefined,
    code: "CONFIG_MAIL_RELAY",
  },
  "http headers": {
    fits: (value) => httpHeaders(value) !== undefined,
    code: "CONFIG_HTTP_HEADERS",
  },
  "mail addresses": {
    fits: (value) => listOf(value).every((part) => MAIL.test(part)),
    code: "CONFIG_MAIL_ADDRESS",
  },
  "phone numbers": {
    fits: (value) => listOf(value).every((part) => PHONE.test(part)),
    code: "CONFIG_PHONE_NUMBER",
  },
  "network targets": {
    fits: (value) => listOf(value).every((part) => networkTargetOf(part) !== undefined),
    code: "CONFIG_NETWORK_TARGET",
  },
  "listen address": {
    fits: (value) => {
      const host = networkTargetOf(value)?.host ?? "";
      return host === "localhost" || isIP(host) !== 0;
    },
    code: "CONFIG_LISTEN_ADDRESS",
  },
  "time of day": {
    fits: (value) => /^(?:[01]?\d|2[0-3]):[0-5]\d$/.test(value),
    code: "CONFIG_TIME_OF_DAY",
  },
  "time zone": { fits: isTimeZone, code: "CONFIG_TIME_ZONE" },
  "database name": {
    // NAMEDATALEN of the server is 64 with its final NUL.
    fits: (value) => value !== "" && Buffer.byteLength(value) <= 63 && !/[\0\r\n]/.test(value),
    code: "CONFIG_DATABASE_NAME",
  },
};

type PlainCode =
  | "CONFIG_PATH"
  | "CONFIG_HOST"
  | "CONFIG_WEB_ADDRESS"
  | "CONFIG_MAIL_RELAY"
  | "CONFIG_HTTP_HEADERS"
  | "CONFIG_MAIL_ADDRESS"
  | "CONFIG_PHONE_NUMBER"
  | "CONFIG_NETWORK_TARGET"
  | "CONFIG_LISTEN_ADDRESS"
  | "CONFIG_TIME_OF_DAY"
  | "CONFIG_TIME_ZONE"
  | "CONFIG_DATABASE_NAME";

/** Refuses a value that does not fit its setting. @throws DrError `CONFIG_…` with place, value and what would fit. */
export function checkSetting(name: SettingName, setting: Setting): void {
  const { kind } = settingsRegistry[name];
  const { value } = setting;
  const about = { name, value: maskSetting(name, value), origin: formatOrigin(setting.origin) };
  if (kind.type === "number") {
    const { min, max } = kind;
    if (!/^\d{1,9}$/.test(value) || Number(value) < min || Number(value) > max) {
      throw new DrError("CONFIG_NUMBER", { ...about, min, max });
    }
  } else if (kind.type === "choice") {
    if (!kind.choices.includes(value)) {
      throw new DrError("CONFIG_CHOICE", { ...about, choices: kind.choices.join(", ") });
    }
  } else if (kind.type !== "text" && kind.type !== "checked elsewhere") {
    const { fits, code } = plainKinds[kind.type];
    if (!fits(value)) {
      throw new DrError(code, about);
    }
  }
}

/** Changes, insertions, deletions and swaps of neighbours that turn one name into the other. */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_one, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      let least = Math.min(
        (row[j] ?? 0) + 1,
        (next[j - 1] ?? 0) + 1,
        (row[j - 1] ?? 0) + (same ? 0 : 1),
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, (before[j - 2] ?? 0) + 1);
      }
      next.push(least);
    }
    before = row;
    row = next;
  }
  return row[b.length] ?? 0;
}

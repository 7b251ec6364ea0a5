/** What the registry of settings says of each one. No value is ever read here. */
import type { Language } from "../core/language.ts";

/** What a value must be. `checked elsewhere`: by the part that reads it, with an error of its own. */
export type SettingKind =
  | { readonly type: "checked elsewhere" }
  | { readonly type: "text" }
  | { readonly type: "path" }
  | { readonly type: "number"; readonly min: number; readonly max: number }
  | { readonly type: "choice"; readonly choices: readonly string[] }
  | { readonly type: "host" }
  | { readonly type: "web address" }
  | { readonly type: "mail relay" }
  | { readonly type: "http headers" }
  | { readonly type: "mail addresses" }
  | { readonly type: "phone numbers" }
  | { readonly type: "network targets" }
  | { readonly type: "listen address" }
  | { readonly type: "time of day" }
  | { readonly type: "time zone" }
  | { readonly type: "database name" };

/** Where a setting stands in `.env.example`. */
export type SettingGroup =
  "server" | "storage" | "application" | "alerts" | "restore" | "program" | "expert";

/** One setting. */
export type SettingEntry = {
  readonly group: SettingGroup;
  readonly kind: SettingKind;
  /** `whole`: never shown. `address`: shown without password and query. `token`: shown up to the host. */
  readonly secret?: "whole" | "address" | "token";
  /** What holds when it is not set, as text; a value if it looks like one. */
  readonly fallback?: Readonly<Record<Language, string>> | string;
  readonly example: string;
  /** Stands uncommented in `.env.example`: without it little works. */
  readonly essential?: true;
  readonly help: Readonly<Record<Language, string>>;
};

/** Checked by the part that reads it. */
export const elsewhere = { type: "checked elsewhere" } as const;
/** A file or a folder. */
export const path = { type: "path" } as const;
/** The name or address of a machine. */
export const host = { type: "host" } as const;
/** A whole number within bounds, both included. */
export const number = (min: number, max: number): SettingKind => ({ type: "number", min, max });

/**
 * The one error class of the project, and the register of its codes. Callers branch on `code`, never on
 * text. People read `message` and `hint` in their language through `errorText`; `docs/errors.md` is
 * generated from this register and a test fails when it drifts.
 */
import { backupErrors } from "./error-register/backup.ts";
import { configErrors } from "./error-register/config.ts";
import { dumpErrors } from "./error-register/dump.ts";
import type { ErrorEntry, ErrorText } from "./error-register/entry.ts";
import { keyErrors } from "./error-register/key.ts";
import { ledgerErrors } from "./error-register/ledger.ts";
import { loadTestErrors } from "./error-register/load-test-pg.ts";
import { pgErrors } from "./error-register/pg.ts";
import { planErrors } from "./error-register/plan.ts";
import { proofErrors } from "./error-register/proof.ts";
import { repoErrors } from "./error-register/repo.ts";
import { restoreErrors } from "./error-register/restore.ts";
import { srcErrors } from "./error-register/src.ts";
import { storeErrors } from "./error-register/store.ts";
import { usageErrors } from "./error-register/usage.ts";
import { walErrors } from "./error-register/wal.ts";
import { configWatchErrors } from "./error-register/watch-config.ts";
import { watchErrors } from "./error-register/watch.ts";
import type { Language } from "./language.ts";

/** Every registered error by code. */
export const errorRegister = {
  ...backupErrors,
  ...configErrors,
  ...configWatchErrors,
  ...dumpErrors,
  ...keyErrors,
  ...ledgerErrors,
  ...loadTestErrors,
  ...pgErrors,
  ...planErrors,
  ...proofErrors,
  ...repoErrors,
  ...restoreErrors,
  ...srcErrors,
  ...storeErrors,
  ...usageErrors,
  ...walErrors,
  ...watchErrors,
} as const;

/** A registered code. */
export type ErrorCode = keyof typeof errorRegister;

type PlaceholderOf<T extends string> = T extends `${string}{${infer Name}}${infer Rest}`
  ? Name | PlaceholderOf<Rest>
  : never;

/** A value that a message may show. */
export type DetailValue = string | number | bigint;

type TextOf<C extends ErrorCode> = (typeof errorRegister)[C]["en"];

/** What must be given with a code: at least the names in its English message and hint. */
export type ErrorDetails<C extends ErrorCode> = Readonly<
  Record<PlaceholderOf<TextOf<C>["message"]> | PlaceholderOf<TextOf<C>["hint"]>, DetailValue>
>;

function shown(value: DetailValue, language: Language): string {
  const isFraction = typeof value === "number" && !Number.isInteger(value);
  return isFraction && language === "fr" ? String(value).replace(".", ",") : String(value);
}

function fill(
  template: string,
  details: Readonly<Record<string, DetailValue>>,
  language: Language,
): string {
  return template.replace(/\{([A-Za-z]+)\}/g, (whole, name: string) => {
    const value = details[name];
    return value === undefined ? whole : shown(value, language);
  });
}

/**
 * A failure with a registered code. `message` is English, for logs; `hint` says what to do; `details` are
 * the values in the message; `cause` what lies beneath; `retryable` that the same call may succeed later.
 */
export class DrError<C extends ErrorCode = ErrorCode> extends Error {
  readonly code: C;
  readonly hint: string;
  readonly details: Readonly<Record<string, DetailValue>>;
  readonly retryable: boolean;

  constructor(
    code: C,
    details: ErrorDetails<C> & Readonly<Record<string, DetailValue>>,
    options: { readonly cause?: unknown } = {},
  ) {
    const entry: ErrorEntry = errorRegister[code];
    super(fill(entry.en.message, details, "en"), options);
    this.name = "DrError";
    this.code = code;
    this.hint = fill(entry.en.hint, details, "en");
    this.details = details;
    this.retryable = entry.retryable === true;
  }
}

/** True for a `DrError`, with this code when one is named. */
export function isDrError<C extends ErrorCode>(error: unknown, code?: C): error is DrError<C> {
  return error instanceof DrError && (code === undefined || error.code === code);
}

/** An error's message and hint in a person's language. */
export function errorText(error: DrError, language: Language): ErrorText {
  const entry: ErrorEntry = errorRegister[error.code];
  const text = entry[language];
  return {
    message: fill(text.message, error.details, language),
    hint: fill(text.hint, error.details, language),
  };
}

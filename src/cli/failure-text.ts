/**
 * How a failure is told: to people as message, hint and where to read more; with `--json` as one object on
 * standard output. An error without a code is a defect of the program, and told as one with its stack.
 */
import { isDrError, errorText } from "../core/errors.ts";
import type { Language } from "../core/language.ts";
import type { JsonValue } from "./frame.ts";
import { frameText } from "./text/frame-text.ts";

/** The code of what was not foreseen. */
const UNEXPECTED = "UNEXPECTED";

/** The object that `--json` prints for a failure. */
export function failureObject(error: unknown, language: Language): JsonValue {
  if (isDrError(error)) {
    const { message, hint } = errorText(error, language);
    const details = Object.entries(error.details).map(([name, value]) => [
      name,
      typeof value === "bigint" ? value.toString() : value,
    ]);
    return {
      error: { code: error.code, message, hint, details: Object.fromEntries(details) as JsonValue },
    };
  }
  const text = frameText[language];
  return {
    error: {
      code: UNEXPECTED,
      message: text.unexpectedMessage(error instanceof Error ? error.message : String(error)),
      hint: text.unexpectedHint,
      details: {},
    },
  };
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** The lines for people, without colours. */
export function failureLines(error: unknown, language: Language): string {
  const text = frameText[language];
  if (!isDrError(error)) {
    return [
      stackOf(error),
      `pra: ${text.error}${text.unexpectedMessage(error instanceof Error ? error.message : String(error))}`,
      `  ${text.unexpectedHint}`,
    ].join("\n");
  }
  const { message, hint } = errorText(error, language);
  return [
    `pra: ${text.error}${message}`,
    `  ${hint}`,
    ...(error.code === "USAGE_INTERRUPTED" ? [] : [`  ${text.moreAbout(error.code)}`]),
  ].join("\n");
}

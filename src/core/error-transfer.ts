/**
 * Errors between threads. Structured cloning keeps an error's message and loses its class, so a `DrError`
 * travels as code and details and is made again on the other side.
 */
import { DrError, type DetailValue, type ErrorCode, isDrError } from "./errors.ts";

/** An error in a form that `postMessage` keeps. */
export type TransferredError =
  | {
      readonly kind: "dr";
      readonly code: ErrorCode;
      readonly details: Readonly<Record<string, DetailValue>>;
      readonly cause: string;
    }
  | { readonly kind: "other"; readonly message: string; readonly stack: string };

/** Makes an error fit for `postMessage`. */
export function transferError(error: unknown): TransferredError {
  if (isDrError(error)) {
    const { code, details, cause } = error;
    return { kind: "dr", code, details, cause: cause instanceof Error ? cause.message : "" };
  }
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  return { kind: "other", message: String(error), stack };
}

/** The error again, with its code when it had one. */
export function receiveError(sent: TransferredError): Error {
  if (sent.kind === "dr") {
    const cause = sent.cause === "" ? undefined : new Error(sent.cause);
    // The details were checked where the error was made; their names are not known here.
    return new DrError(sent.code, sent.details as never, { cause });
  }
  return new Error(sent.message, { cause: sent.stack });
}

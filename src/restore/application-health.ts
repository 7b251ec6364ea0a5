/**
 * Whether the application on the database answers at its health address. The ways in which it does not are told apart, because each is
 * mended elsewhere: silence, a redirect, an answer that is not 2xx, a certificate, no connection. A redirect is never followed: a health
 * address that sends people to a login page is not one. Nothing of the body is kept.
 */
import { type IncomingMessage, request as requestPlain } from "node:http";
import { request as requestSealed } from "node:https";
import type { Clock } from "../core/clock.ts";
import { healthBodyBytesMax } from "../core/limits.ts";

/** One answer, or why there is none. */
export type HealthAnswer =
  | { readonly kind: "well"; readonly status: number; readonly durationMs: number }
  | { readonly kind: "status"; readonly status: number }
  | { readonly kind: "redirect"; readonly status: number; readonly location: string }
  | { readonly kind: "silent"; readonly waitedMs: number }
  | { readonly kind: "certificate"; readonly reason: string }
  | { readonly kind: "unreachable"; readonly reason: string };

/** The last of several answers. */
export type HealthCheck = { readonly answer: HealthAnswer; readonly attempts: number };

/** What node's TLS says of certificates that it does not trust. */
const CERTIFICATE =
  /^(?:CERT_|ERR_TLS_CERT|(?:DEPTH_ZERO_)?SELF_SIGNED|UNABLE_TO_(?:GET_ISSUER|VERIFY)|HOSTNAME_MISMATCH)/;

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : error instanceof Error
      ? error.message
      : "?";
}

function received(url: URL, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = url.protocol === "https:" ? requestSealed : requestPlain;
    const asked = request(url, {
      signal,
      agent: false,
      headers: { "user-agent": "pra", accept: "*/*", connection: "close" },
    });
    asked.once("response", resolve).once("error", reject).end();
  });
}

/** Reads the body to its end, or to a bound: an answer that never ends is silence, too. */
async function drain(message: IncomingMessage): Promise<void> {
  let bytes = 0;
  for await (const piece of message) {
    bytes += (piece as Buffer).length;
    if (bytes > healthBodyBytesMax) {
      break;
    }
  }
  message.destroy();
}

function judged(status: number, location: string | undefined, durationMs: number): HealthAnswer {
  if (status >= 200 && status < 300) {
    return { kind: "well", status, durationMs };
  }
  return status >= 300 && status < 400
    ? { kind: "redirect", status, location: location ?? "" }
    : { kind: "status", status };
}

/** Asks once. `timeoutMs` bounds everything from the name's resolution to the answer's last byte. Rejects only when aborted. */
export async function askHealth(
  url: string,
  options: { readonly clock: Clock; readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<HealthAnswer> {
  const { clock, timeoutMs, signal } = options;
  signal.throwIfAborted();
  const timeout = AbortSignal.timeout(timeoutMs);
  const began = clock.monotonic();
  try {
    const message = await received(new URL(url), AbortSignal.any([signal, timeout]));
    await drain(message);
    const { statusCode = 0, headers } = message;
    return judged(statusCode, headers.location, clock.monotonic() - began);
  } catch (error) {
    signal.throwIfAborted();
    if (timeout.aborted) {
      return { kind: "silent", waitedMs: timeoutMs };
    }
    const reason = codeOf(error);
    return CERTIFICATE.test(reason)
      ? { kind: "certificate", reason }
      : { kind: "unreachable", reason };
  }
}

/** Asks until the application is well, at most `retries` times, `intervalMs` apart; one answer is waited for as long, too. */
export async function awaitHealth(
  url: string,
  options: {
    readonly clock: Clock;
    readonly retries: number;
    readonly intervalMs: number;
    readonly signal: AbortSignal;
    readonly onAnswer?: (check: HealthCheck) => void;
  },
): Promise<HealthCheck> {
  const { clock, retries, intervalMs, signal, onAnswer } = options;
  for (let attempts = 1; ; attempts += 1) {
    const answer = await askHealth(url, { clock, timeoutMs: intervalMs, signal });
    onAnswer?.({ answer, attempts });
    if (answer.kind === "well" || attempts >= retries) {
      return { answer, attempts };
    }
    await clock.sleep(intervalMs, { signal });
  }
}

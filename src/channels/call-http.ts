/**
 * One call over HTTP, for every channel that speaks it. Bounded in time from the name's resolution to the answer's last byte, and in what is
 * read; certificates are always verified, and a redirect is never followed: a message with its secrets must not go where an answer points.
 * It tries once and never throws for what the network does.
 */
import { once } from "node:events";
import { type ClientRequest, type IncomingMessage, request as requestPlain } from "node:http";
import { request as requestSealed } from "node:https";
import { getCACertificates } from "node:tls";
import { failpointAsync } from "../core/failpoint.ts";
import { channelAnswerBytesMax, channelRetryAfterMsMax } from "../core/channel-limits.ts";
import type { ChannelTools } from "./channel-tools.ts";

/** What is sent. `body` undefined: none. */
export type HttpCall = {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
};

/** What came back, or why nothing did. `text` is as the other side wrote it, secrets not masked. */
export type HttpAnswer =
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly retryAfterMs: number | undefined;
      readonly location: string;
      readonly text: string;
    }
  | { readonly kind: "unconnected"; readonly waitedMs: number }
  | { readonly kind: "silent"; readonly waitedMs: number }
  | { readonly kind: "certificate"; readonly reason: string }
  | { readonly kind: "unreachable"; readonly reason: string };

/** What node's TLS says of certificates that it does not trust. */
const CERTIFICATE =
  /CERT_|CERTIFICATE|ERR_TLS_CERT|SELF_SIGNED|UNABLE_TO_(?:GET_ISSUER|VERIFY)|HOSTNAME_MISMATCH/;

/** The code of a failed connection, where the system gave one, else its words. Of several attempts, the first. */
export function failureReason(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) {
    return failureReason(error.errors[0]);
  }
  if (!(error instanceof Error)) {
    return String(error);
  }
  return "code" in error && typeof error.code === "string" ? error.code : error.message;
}

/** True when the reason is a certificate that is not trusted. */
export function isAboutCertificates(reason: string): boolean {
  return CERTIFICATE.test(reason);
}

/** The authorities to trust: the usual ones, and the one that was named. */
export function authorities(named: string | undefined): { readonly ca?: string[] } {
  return named === undefined ? {} : { ca: [...getCACertificates("default"), named] };
}

/** RFC 9110 section 10.2.3: seconds, or a date. */
function retryAfter(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) {
    return undefined;
  }
  const text = header.trim();
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), channelRetryAfterMsMax);
}

async function readBody(message: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const piece of message) {
      pieces.push(piece as Buffer);
      bytes += (piece as Buffer).length;
      if (bytes > channelAnswerBytesMax) {
        break;
      }
    }
  } catch {
    // The status has come, and it alone decides; what is missing are words.
  }
  message.destroy();
  return Buffer.concat(pieces).subarray(0, channelAnswerBytesMax).toString("utf8");
}

/** Resolves once bytes can be sent: connected, and with TLS the other side verified. */
function connected(request: ClientRequest, sealed: boolean): Promise<unknown> {
  return once(request, "socket").then(([socket]: unknown[]) =>
    once(socket as NodeJS.EventEmitter, sealed ? "secureConnect" : "connect"),
  );
}

function open(call: HttpCall, tools: ChannelTools, signal: AbortSignal): ClientRequest {
  const sealed = call.url.protocol === "https:";
  const length = call.body === undefined ? {} : { "content-length": Buffer.byteLength(call.body) };
  const headers = { "user-agent": "pra", accept: "*/*", connection: "close", ...call.headers };
  const request = (sealed ? requestSealed : requestPlain)(call.url, {
    method: call.method,
    headers: { ...headers, ...length },
    agent: false,
    signal,
    ...(sealed ? { rejectUnauthorized: true, ...authorities(tools.authority) } : {}),
  });
  // Told by whoever waits; a second one, after the end, by nobody.
  request.on("error", () => undefined);
  return request;
}

async function exchange(
  call: HttpCall,
  tools: ChannelTools,
  options: { readonly signal: AbortSignal; readonly onConnected: () => void },
): Promise<HttpAnswer> {
  await failpointAsync("channels.http-call", options);
  const request = open(call, tools, options.signal);
  const answered = once(request, "response");
  connected(request, call.url.protocol === "https:").then(options.onConnected, () => undefined);
  request.end(call.body);
  const [message] = (await answered) as [IncomingMessage];
  const { statusCode: status = 0, headers } = message;
  const text = await readBody(message);
  await failpointAsync("channels.http-answered", options);
  const retryAfterMs = retryAfter(headers["retry-after"], tools.clock.now());
  return { kind: "answered", status, retryAfterMs, location: headers.location ?? "", text };
}

/** Calls once. Rejects only when aborted, with the signal's reason; the connection is closed then. */
export async function callHttp(
  call: HttpCall,
  tools: ChannelTools,
  options: { readonly signal: AbortSignal },
): Promise<HttpAnswer> {
  const { signal } = options;
  signal.throwIfAborted();
  const { connectMs, callMs } = tools.limits;
  const unconnected = new AbortController();
  const timer = setTimeout(() => {
    unconnected.abort();
  }, connectMs);
  const late = AbortSignal.timeout(callMs);
  try {
    return await exchange(call, tools, {
      signal: AbortSignal.any([signal, late, unconnected.signal]),
      onConnected: () => {
        clearTimeout(timer);
      },
    });
  } catch (error) {
    signal.throwIfAborted();
    if (unconnected.signal.aborted) {
      return { kind: "unconnected", waitedMs: connectMs };
    }
    if (late.aborted) {
      return { kind: "silent", waitedMs: callMs };
    }
    const reason = failureReason(error);
    return { kind: isAboutCertificates(reason) ? "certificate" : "unreachable", reason };
  } finally {
    clearTimeout(timer);
  }
}

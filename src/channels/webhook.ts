/**
 * Alerts as JSON to any address, signed. The signature is that of the Standard Webhooks specification (HMAC-SHA256 over id, time and body), for
 * which receivers find ready-made checks; `Idempotency-Key` says that a message which arrives twice is one. The time in the signature is
 * that of the attempt, so that a receiver may refuse what somebody recorded and sends again.
 */
import { createHmac } from "node:crypto";
import type { DeliveryOutcome, Notifier, OutgoingMessage } from "../watch/notifier.ts";
import { type HttpCall, callHttp } from "./call-http.ts";
import type { ChannelTools } from "./channel-tools.ts";
import { judgeAnswer } from "./judge-answer.ts";

/** The body: the message as it is, with the version of this shape. */
export function messageJson(message: OutgoingMessage): string {
  const { inReplyTo, code, alerts, ...rest } = message;
  return JSON.stringify({
    version: 1,
    ...rest,
    inReplyTo: inReplyTo ?? null,
    code: code ?? null,
    alerts: alerts.map(({ resolved, ...alert }) => ({ ...alert, resolved: resolved ?? null })),
  });
}

/** `v1,` and the signature in base64. A secret that begins with `whsec_` is base64, as the specification writes it. */
export function signature(
  secret: string,
  signed: { readonly id: string; readonly seconds: number; readonly body: string },
): string {
  const key = secret.startsWith("whsec_")
    ? Buffer.from(secret.slice("whsec_".length), "base64")
    : Buffer.from(secret, "utf8");
  const { id, seconds, body } = signed;
  return `v1,${createHmac("sha256", key).update(`${id}.${seconds}.${body}`).digest("base64")}`;
}

/** One address. */
export class WebhookNotifier implements Notifier {
  readonly channel = "webhook";
  readonly recipient: string;
  readonly #url: URL;
  readonly #secret: string | undefined;
  readonly #tools: ChannelTools;

  constructor(
    place: { readonly url: URL; readonly secret: string | undefined },
    tools: ChannelTools,
  ) {
    this.#url = place.url;
    this.#secret = place.secret;
    this.#tools = tools;
    this.recipient = place.url.host;
  }

  #call(message: OutgoingMessage): HttpCall {
    const body = messageJson(message);
    const { id } = message;
    const seconds = Math.floor(this.#tools.clock.now() / 1000);
    const signed =
      this.#secret === undefined
        ? {}
        : {
            "webhook-timestamp": String(seconds),
            "webhook-signature": signature(this.#secret, { id, seconds, body }),
          };
    return {
      method: "POST",
      url: this.#url,
      headers: {
        "content-type": "application/json",
        "idempotency-key": id,
        "webhook-id": id,
        ...signed,
      },
      body,
    };
  }

  preview(message: OutgoingMessage): string {
    const { headers } = this.#call(message);
    const shown = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    const body = JSON.stringify(JSON.parse(messageJson(message)), null, 2);
    return this.#tools.mask([`POST ${this.#url.origin}/***`, ...shown, "", body].join("\n"));
  }

  async deliver(
    message: OutgoingMessage,
    options: { readonly signal: AbortSignal },
  ): Promise<DeliveryOutcome> {
    const answer = await callHttp(this.#call(message), this.#tools, options);
    const { language } = message;
    const settings = "PRA_WEBHOOK_URL, PRA_WEBHOOK_SECRET";
    return judgeAnswer(answer, this.#tools, { language, settings });
  }
}

/**
 * Alerts by SMS, through a Twilio-compatible API (form, Basic authentication) or any gateway that takes a call over HTTP, described by a
 * template. One notifier a number, so that each has its own outcome and a number that is refused keeps no other from it. The text is one
 * segment of the GSM alphabet.
 */
import type { DeliveryOutcome, Notifier, OutgoingMessage } from "../watch/notifier.ts";
import { type HttpCall, callHttp } from "./call-http.ts";
import type { ChannelTools } from "./channel-tools.ts";
import { type JudgeOptions, judgeAnswer } from "./judge-answer.ts";
import { smsText } from "./sms-text.ts";

/** Who opens the door of an API: Basic authentication. */
export type BasicCredentials = { readonly user: string; readonly password: string };

/**
 * How a message gets to the gateway. `http`: the address, headers and body hold `{to}`, `{text}`, `{from}`; without `body` there is none.
 */
export type SmsGateway =
  | {
      readonly kind: "twilio";
      readonly base: string;
      readonly credentials: BasicCredentials;
      readonly from: string;
    }
  | {
      readonly kind: "http";
      readonly method: string;
      readonly url: string;
      readonly headers: ReadonlyMap<string, string>;
      readonly body: string | undefined;
      readonly credentials: BasicCredentials | undefined;
      readonly from: string;
    };

type SmsValues = { readonly to: string; readonly text: string; readonly from: string };

type Encoder = (value: string) => string;

const asForm: Encoder = (value) => new URLSearchParams({ v: value }).toString().slice(2);
const asJson: Encoder = (value) => JSON.stringify(value).slice(1, -1);
const asXml: Encoder = (value) =>
  value
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&apos;");
/** A line break in a value would begin another header. */
const asHeader: Encoder = (value) => value.replaceAll(/[^\x20-\x7e]/g, "?");

function fill(template: string, values: SmsValues, encode: Encoder): string {
  return template.replaceAll(/\{(to|text|from)\}/g, (_whole, name: keyof SmsValues) =>
    encode(values[name]),
  );
}

function basic({ user, password }: BasicCredentials): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}

/** What the body's type wants: as the header says, else as it looks. */
function bodyType(body: string, declared: string | undefined): readonly [string, Encoder] {
  const looks = /^\s*[[{]/.test(body)
    ? "application/json"
    : /^\s*</.test(body)
      ? "application/xml"
      : "application/x-www-form-urlencoded";
  const type = declared ?? looks;
  const encode = /json/i.test(type)
    ? asJson
    : /xml/i.test(type)
      ? asXml
      : /urlencoded/i.test(type)
        ? asForm
        : (value: string): string => value;
  return [type, encode];
}

function twilioCall(gateway: SmsGateway & { readonly kind: "twilio" }, values: SmsValues) {
  const { base, credentials, from } = gateway;
  const account = encodeURIComponent(credentials.user);
  // A messaging service is named by its SID in place of a sender.
  const sender = /^MG[0-9a-f]{32}$/i.test(from) ? "MessagingServiceSid" : "From";
  const fields = new URLSearchParams({ To: values.to, [sender]: from, Body: values.text });
  return {
    method: "POST",
    url: new URL(`${base.replace(/\/+$/, "")}/2010-04-01/Accounts/${account}/Messages.json`),
    headers: {
      authorization: basic(credentials),
      "content-type": "application/x-www-form-urlencoded",
      accept: "application/json",
    },
    body: fields.toString(),
  } satisfies HttpCall;
}

function templateCall(gateway: SmsGateway & { readonly kind: "http" }, values: SmsValues) {
  const headers = new Map<string, string>();
  for (const [name, value] of gateway.headers) {
    headers.set(name.toLowerCase(), fill(value, values, asHeader));
  }
  if (gateway.credentials !== undefined && !headers.has("authorization")) {
    headers.set("authorization", basic(gateway.credentials));
  }
  let body: string | undefined;
  if (gateway.body !== undefined) {
    const [type, encode] = bodyType(gateway.body, headers.get("content-type"));
    headers.set("content-type", type);
    body = fill(gateway.body, values, encode);
  }
  return {
    method: gateway.method,
    url: new URL(fill(gateway.url, values, encodeURIComponent)),
    headers: Object.fromEntries(headers),
    body,
  } satisfies HttpCall;
}

/** The call that sends a text to a number. */
export function smsCall(gateway: SmsGateway, values: Pick<SmsValues, "to" | "text">): HttpCall {
  const all = { ...values, from: gateway.from };
  return gateway.kind === "twilio" ? twilioCall(gateway, all) : templateCall(gateway, all);
}

/** Twilio's own words: the message's id and state, or the error's number and sentence. */
function twilioWords(text: string): string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return text;
  }
  if (typeof parsed !== "object" || parsed === null) {
    return text;
  }
  const fields = parsed as Readonly<Record<string, unknown>>;
  const shown = ["code", "message", "status", "sid"]
    .map((name) => fields[name])
    .filter((value) => typeof value === "string" || typeof value === "number");
  return shown.length === 0 ? text : shown.join(" ");
}

/** A number as it is shown: enough to tell whose it is. */
export function maskedNumber(number: string): string {
  return `${number.slice(0, 3)}…${number.slice(-4)}`;
}

/** One number. */
export class SmsNotifier implements Notifier {
  readonly channel = "sms";
  readonly recipient: string;
  readonly #number: string;
  readonly #gateway: SmsGateway;
  readonly #tools: ChannelTools;

  constructor(
    to: { readonly number: string; readonly recipient: string },
    gateway: SmsGateway,
    tools: ChannelTools,
  ) {
    this.#number = to.number;
    this.#gateway = gateway;
    this.#tools = tools;
    this.recipient = to.recipient;
  }

  preview(message: OutgoingMessage): string {
    const text = smsText(message);
    const { method, url, headers, body } = smsCall(this.#gateway, { to: this.#number, text });
    const shown = Object.entries(headers).map(([name, value]) =>
      // Only what says how the rest is written is no secret.
      /^(?:content-type|accept)$/.test(name) ? `${name}: ${value}` : `${name}: ***`,
    );
    const place = this.#gateway.kind === "twilio" ? url.href : `${url.origin}/***`;
    const isTelling = this.#gateway.kind === "twilio" && body !== undefined;
    return this.#tools.mask(
      [`${method} ${place}`, ...shown, ...(isTelling ? ["", body] : []), "", text].join("\n"),
    );
  }

  async deliver(
    message: OutgoingMessage,
    options: { readonly signal: AbortSignal },
  ): Promise<DeliveryOutcome> {
    const call = smsCall(this.#gateway, { to: this.#number, text: smsText(message) });
    const answer = await callHttp(call, this.#tools, options);
    const judged: JudgeOptions = {
      language: message.language,
      settings: "PRA_SMS_URL, PRA_SMS_USER, PRA_SMS_PASSWORD, PRA_SMS_FROM",
      words: this.#gateway.kind === "twilio" ? twilioWords : (text) => text,
    };
    return judgeAnswer(answer, this.#tools, judged);
  }
}

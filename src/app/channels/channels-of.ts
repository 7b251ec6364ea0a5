/**
 * The channels that the configuration names, ready to deliver: one notifier for each mail address and each number, one for each of the others. With
 * `compose.ts` the only place that names adapters. Settings are read here, when a message is about to go, and nothing is opened before it does.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { homedir, hostname } from "node:os";
import {
  type ChannelLimits,
  type ChannelTools,
  channelLimits,
} from "../../channels/channel-tools.ts";
import { CommandNotifier } from "../../channels/command.ts";
import { EmailNotifier } from "../../channels/email.ts";
import { PagerDutyNotifier } from "../../channels/pagerduty.ts";
import { SlackNotifier } from "../../channels/slack.ts";
import { type SmsGateway, SmsNotifier, maskedNumber } from "../../channels/sms.ts";
import type { SmtpRelay } from "../../channels/smtp.ts";
import { WebhookNotifier } from "../../channels/webhook.ts";
import { type Clock, systemClock } from "../../core/clock.ts";
import { DrError } from "../../core/errors.ts";
import type { ChannelName, Notifier } from "../../watch/notifier.ts";
import type { Environment } from "../environment.ts";
import { maskerOf } from "../mask-secrets.ts";
import { fallbackOf, type SettingName } from "../settings.ts";
import { httpHeaders } from "./http-headers.ts";
import { localRelay, relayOf } from "./smtp-address.ts";

/** Who is to be reached by mail and SMS, where it is not whom ALERT_EMAIL and ALERT_SMS name. */
export type ChannelRecipients = {
  readonly mailTo: readonly string[];
  readonly smsTo: readonly string[];
};

/** What tests set. */
export type ChannelOptions = { readonly clock?: Clock; readonly limits?: ChannelLimits };

/** A channel, and what tells it from another to the same recipient: another webhook is another channel. */
export type ConfiguredChannel = {
  readonly notifier: Notifier;
  readonly fingerprint: string;
  /** Of mail and SMS: the address, or the number. */
  readonly address?: string;
};

function textOf({ settings }: Environment, name: SettingName): string | undefined {
  return settings.get(name)?.value;
}

/** What every adapter is given. @throws DrError `CONFIG_ALERT_CA` when the authority's file cannot be read. */
export function channelTools(environment: Environment, options: ChannelOptions = {}): ChannelTools {
  const { authorityFile } = environment.alerts;
  let authority: string | undefined;
  if (authorityFile !== undefined) {
    try {
      authority = readFileSync(authorityFile, "utf8");
    } catch (error) {
      const reason = error instanceof Error && "code" in error ? String(error.code) : "?";
      throw new DrError("CONFIG_ALERT_CA", { path: authorityFile, reason }, { cause: error });
    }
    if (!authority.includes("-----BEGIN CERTIFICATE-----")) {
      throw new DrError("CONFIG_ALERT_CA", { path: authorityFile, reason: "PEM" });
    }
  }
  const { clock = systemClock, limits = channelLimits } = options;
  return { clock, limits, authority, mask: maskerOf(environment) };
}

/** The relay that takes mail: the one that is named, else this machine's own. */
export function mailRelay(environment: Environment): SmtpRelay {
  const address = textOf(environment, "PRA_SMTP_URL");
  const password = textOf(environment, "PRA_SMTP_PASSWORD");
  return (address === undefined ? undefined : relayOf(address, password)) ?? localRelay;
}

/** The gateway for SMS; undefined when settings are missing, which `missing` names. */
export function smsGateway(environment: Environment): {
  readonly gateway: SmsGateway | undefined;
  readonly missing: readonly SettingName[];
} {
  const of = (name: SettingName): string | undefined => textOf(environment, name);
  const url = of("PRA_SMS_URL");
  const user = of("PRA_SMS_USER");
  const password = of("PRA_SMS_PASSWORD");
  const from = of("PRA_SMS_FROM");
  if (of("PRA_SMS_GATEWAY") === "http") {
    const body = of("PRA_SMS_BODY");
    const headers = httpHeaders(of("PRA_SMS_HEADERS") ?? "") ?? new Map<string, string>();
    const method = of("PRA_SMS_METHOD") ?? (body === undefined ? "GET" : "POST");
    const credentials =
      user === undefined || password === undefined ? undefined : { user, password };
    return url === undefined
      ? { gateway: undefined, missing: ["PRA_SMS_URL"] }
      : {
          gateway: { kind: "http", method, url, headers, body, credentials, from: from ?? "" },
          missing: [],
        };
  }
  if (user === undefined || password === undefined || from === undefined) {
    const wanted = ["PRA_SMS_USER", "PRA_SMS_PASSWORD", "PRA_SMS_FROM"] as const;
    return { gateway: undefined, missing: wanted.filter((name) => of(name) === undefined) };
  }
  const base = url ?? "https://api.twilio.com";
  return { gateway: { kind: "twilio", base, credentials: { user, password }, from }, missing: [] };
}

function fingerprintOf(parts: readonly string[]): string {
  return createHash("sha256").update(parts.join("\n")).digest("hex").slice(0, 16);
}

function mailChannels(
  environment: Environment,
  mailTo: readonly string[],
  tools: ChannelTools,
): readonly ConfiguredChannel[] {
  const relay = mailRelay(environment);
  const from = textOf(environment, "PRA_MAIL_FROM") ?? `pra@${hostname()}`;
  return mailTo.map((to) => ({
    notifier: new EmailNotifier({ relay, from, to }, tools),
    fingerprint: fingerprintOf(["email", to, relay.host, String(relay.port)]),
    address: to,
  }));
}

function smsChannels(
  environment: Environment,
  smsTo: readonly string[],
  tools: ChannelTools,
): readonly ConfiguredChannel[] {
  const { gateway } = smsGateway(environment);
  if (gateway === undefined) {
    return [];
  }
  const place = gateway.kind === "twilio" ? gateway.base : gateway.url;
  const masked = smsTo.map(maskedNumber);
  // Two that look alike are shown whole: each is a way of its own.
  const shown = smsTo.map((number) => {
    const mask = maskedNumber(number);
    return masked.filter((other) => other === mask).length > 1 ? number : mask;
  });
  return smsTo.map((number, index) => ({
    notifier: new SmsNotifier({ number, recipient: shown[index] ?? number }, gateway, tools),
    fingerprint: fingerprintOf(["sms", number, place]),
    address: number,
  }));
}

function otherChannels(
  environment: Environment,
  tools: ChannelTools,
): readonly ConfiguredChannel[] {
  const { slackWebhook, command } = environment.alerts;
  const channels: ConfiguredChannel[] = [];
  const add = (notifier: Notifier, address: string): void => {
    channels.push({ notifier, fingerprint: fingerprintOf([notifier.channel, address]) });
  };
  if (slackWebhook !== undefined) {
    add(new SlackNotifier(new URL(slackWebhook), tools), slackWebhook);
  }
  const key = textOf(environment, "PRA_PAGERDUTY_KEY");
  if (key !== undefined) {
    const fallback = fallbackOf("PRA_PAGERDUTY_URL", "en") ?? "";
    const url = new URL(textOf(environment, "PRA_PAGERDUTY_URL") ?? fallback);
    add(new PagerDutyNotifier({ url, key }, tools), `${url.href} ${key}`);
  }
  const webhook = textOf(environment, "PRA_WEBHOOK_URL");
  if (webhook !== undefined) {
    const secret = textOf(environment, "PRA_WEBHOOK_SECRET");
    add(new WebhookNotifier({ url: new URL(webhook), secret }, tools), webhook);
  }
  if (command !== undefined) {
    add(new CommandNotifier({ program: command, home: homedir() }, tools), command);
  }
  return channels;
}

/** Every channel with its fingerprint, in the order in which people are reached. @throws DrError `CONFIG_ALERT_CA`. */
export function configuredChannels(
  environment: Environment,
  to: ChannelRecipients = environment.alerts,
  options: ChannelOptions = {},
): readonly ConfiguredChannel[] {
  const tools = channelTools(environment, options);
  return [
    ...mailChannels(environment, to.mailTo, tools),
    ...smsChannels(environment, to.smsTo, tools),
    ...otherChannels(environment, tools),
  ];
}

/** Every channel; `to`: other people for mail and SMS, a contact's say. @throws DrError `CONFIG_ALERT_CA`. */
export function channelsOf(
  environment: Environment,
  to: ChannelRecipients = environment.alerts,
  options: ChannelOptions = {},
): readonly Notifier[] {
  return configuredChannels(environment, to, options).map(({ notifier }) => notifier);
}

/** Channels that somebody is to be reached by and that lack settings. */
export function unreadyChannels(
  environment: Environment,
  to: ChannelRecipients = environment.alerts,
): readonly { readonly channel: ChannelName; readonly missing: readonly SettingName[] }[] {
  const { missing } = smsGateway(environment);
  return to.smsTo.length === 0 || missing.length === 0 ? [] : [{ channel: "sms", missing }];
}

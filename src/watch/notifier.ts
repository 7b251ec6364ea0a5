/**
 * The port to people: a message that is fit for any channel, and what came of handing it over. The outbox calls it, an adapter of
 * `channels/` carries it out. An adapter keeps nothing and tries once; waiting, trying again, order and once-ness are the outbox's.
 */
import type { Language } from "../core/language.ts";

/** The ways to people, by the name under which `pra alert test` and the outbox know them. */
export const channelNames = ["email", "slack", "sms", "pagerduty", "webhook", "command"] as const;

/** One of them. */
export type ChannelName = (typeof channelNames)[number];

/** How much it matters. `info`: nothing is wrong. */
export type MessageSeverity = "critical" | "warning" | "info";

/** What happened to an alert; `digest` sums up what would be too many messages, `daily` is the day's digest, `report` a report that was made, `anchor` a signed mark of the ledger, `test` is somebody trying the channel. */
export type MessageKind =
  | "opened"
  | "raised"
  | "reminder"
  | "acknowledged"
  | "resolved"
  | "digest"
  | "daily"
  | "report"
  | "anchor"
  | "test";

/** One alert as a message tells it, in the message's language; plain text without line breaks. */
export type MessageAlert = {
  /** The same from the first message to the resolution: a pager's deduplication key. At most 64 characters of [a-z0-9.-]. */
  readonly alertId: string;
  readonly rule: string;
  readonly subject: string;
  readonly severity: MessageSeverity;
  /** What is wrong; of a resolution: what was found to be well. */
  readonly summary: string;
  /** What it means for the data ("exposure 12 min and growing"); empty when nothing is known. */
  readonly consequence: string;
  /** The next command or step; empty when there is none. */
  readonly nextStep: string;
  /** ISO 8601 UTC. */
  readonly openedAt: string;
  /** Set when it is over, with how long it lasted. */
  readonly resolved: { readonly at: string; readonly lastedSeconds: number } | undefined;
};

/** A part of the day's digest, in the message's language: plain text, a line each. `verbatim`: to be kept as it is, line by line. */
export type MessageSection = {
  readonly title: string;
  readonly lines: readonly string[];
  readonly verbatim?: boolean | undefined;
};

/** A file that goes with a message, where the channel takes files. */
export type MessageAttachment = {
  readonly name: string;
  readonly type: string;
  readonly bytes: Uint8Array;
};

/** What is handed to a channel. It was put into words when it was decided, and is the same at every attempt. */
export type OutgoingMessage = {
  /** Names this message for ever: the Message-ID of a mail, the idempotency key of a webhook. 26 characters of [0-9a-z]. */
  readonly id: string;
  /** The first message about the same alert: a mail of the resolution is filed under it. Undefined for that first one itself. */
  readonly inReplyTo: string | undefined;
  readonly kind: MessageKind;
  readonly severity: MessageSeverity;
  readonly language: Language;
  /** The reader's time zone, for instants in the text. */
  readonly zone: string;
  readonly cluster: string;
  /** The host that saw it. */
  readonly host: string;
  /** When it was decided, ISO 8601 UTC. */
  readonly at: string;
  /** One line for a lock screen, at most 100 characters, the verdict first. */
  readonly headline: string;
  /** Worst first; empty for a test. */
  readonly alerts: readonly MessageAlert[];
  /** Of the day's digest, of a report, and of an anchor. */
  readonly sections?: readonly MessageSection[] | undefined;
  /** Of a report, and of an anchor. */
  readonly attachments?: readonly MessageAttachment[] | undefined;
  /** How many more were left out of `alerts`. */
  readonly alertsLeftOut: number;
  /** What a person types back to show that the message was read (`pra alert confirm CODE`); undefined unless it is a test. */
  readonly code: string | undefined;
};

/**
 * What came of one attempt. `accepted`: the other side has taken it over, which is not yet that somebody read it. `later`: try again,
 * not before `afterMs` when it said so. `refused`: trying the same again is useless until a person changes something.
 * `said` is what the other side answered, without secrets.
 */
export type DeliveryOutcome =
  | { readonly state: "accepted"; readonly said: string }
  | { readonly state: "later"; readonly said: string; readonly afterMs: number | undefined }
  | { readonly state: "refused"; readonly said: string };

/** One way to one recipient, or to several that are reached at once. */
export interface Notifier {
  readonly channel: ChannelName;
  /** Who, as people read it: mail addresses, the last digits of a number, a host. Never a secret. */
  readonly recipient: string;
  /** Shows what `deliver` would send: headers and body, secrets masked. Pure. */
  preview(message: OutgoingMessage): string;
  /**
   * One attempt. Never throws for what the other side or the network does. Aborted: rejects with the signal's reason, and whether
   * the message was taken is unknown: the next attempt carries the same id.
   */
  deliver(
    message: OutgoingMessage,
    options: { readonly signal: AbortSignal },
  ): Promise<DeliveryOutcome>;
}

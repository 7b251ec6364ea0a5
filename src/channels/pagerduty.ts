/**
 * Alerts to a pager that speaks PagerDuty's Events API v2: one event an alert, under the alert's id, so that what opens, is acknowledged and
 * ends is one incident there, and an event that is sent twice is one. Follows PagerDuty's schema of events-v2: 202 taken, 429 and 5xx again
 * later, 400 never.
 */
import { pagerSummaryMax } from "../core/channel-limits.ts";
import type {
  DeliveryOutcome,
  MessageAlert,
  Notifier,
  OutgoingMessage,
} from "../watch/notifier.ts";
import { callHttp } from "./call-http.ts";
import type { ChannelTools } from "./channel-tools.ts";
import { channelWords, oneLine } from "./channel-words.ts";
import { judgeAnswer } from "./judge-answer.ts";
import { alertName, messageWords } from "./message-words.ts";

type PagerEvent = Readonly<Record<string, unknown>>;

function cut(text: string): string {
  return text.length <= pagerSummaryMax ? text : `${text.slice(0, pagerSummaryMax - 1)}…`;
}

function eventOf(alert: MessageAlert, message: OutgoingMessage): PagerEvent {
  const { cluster, host, kind, language } = message;
  const { colon } = messageWords[language];
  const { alertId, rule, severity, summary, consequence, nextStep, openedAt } = alert;
  const action =
    alert.resolved !== undefined ? "resolve" : kind === "acknowledged" ? "acknowledge" : "trigger";
  const what = alertName(alert, language);
  return {
    event_action: action,
    dedup_key: alertId,
    client: "PRA",
    payload: {
      summary: cut(`PRA ${cluster}${colon} ${what}${colon} ${summary}`),
      severity,
      source: host,
      component: "postgresql",
      group: cluster,
      class: rule,
      timestamp: openedAt,
      custom_details: { consequence, nextStep, message: message.id },
    },
  };
}

/** One event an alert; a message without alerts, such as a test, is an event of its own. */
export function pagerEvents(message: OutgoingMessage): readonly PagerEvent[] {
  const { alerts, id, headline, severity, host, cluster, at, code, language } = message;
  if (alerts.length > 0) {
    return alerts.map((alert) => eventOf(alert, message));
  }
  const text = messageWords[language];
  const details =
    code === undefined
      ? {}
      : { custom_details: { explanation: `${text.testExplained} ${text.typeBack}`, code } };
  return [
    {
      event_action: "trigger",
      dedup_key: id,
      client: "PRA",
      payload: {
        summary: cut(headline),
        severity,
        source: host,
        component: "postgresql",
        group: cluster,
        timestamp: at,
        ...details,
      },
    },
  ];
}

/** The service behind one routing key. */
export class PagerDutyNotifier implements Notifier {
  readonly channel = "pagerduty";
  readonly recipient: string;
  readonly #url: URL;
  readonly #key: string;
  readonly #tools: ChannelTools;

  constructor(place: { readonly url: URL; readonly key: string }, tools: ChannelTools) {
    this.#url = place.url;
    this.#key = place.key;
    this.#tools = tools;
    this.recipient = place.url.host;
  }

  preview(message: OutgoingMessage): string {
    const events = pagerEvents(message).map((event) =>
      JSON.stringify({ routing_key: "***", ...event }, null, 2),
    );
    return this.#tools.mask(
      [`POST ${this.#url.origin}${this.#url.pathname}`, "Content-Type: application/json"]
        .concat(events.map((event) => `\n${event}`))
        .join("\n"),
    );
  }

  /** Sends events in order until one is to be sent later: then all are sent again, and those taken before change nothing there. */
  async deliver(
    message: OutgoingMessage,
    options: { readonly signal: AbortSignal },
  ): Promise<DeliveryOutcome> {
    const events = pagerEvents(message);
    const { language } = message;
    let refused: DeliveryOutcome | undefined;
    let accepted = 0;
    let last = "";
    for (const event of events) {
      const call = {
        method: "POST",
        url: this.#url,
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ routing_key: this.#key, ...event }),
      };
      const answer = await callHttp(call, this.#tools, options);
      const settings = "PRA_PAGERDUTY_KEY, PRA_PAGERDUTY_URL";
      const outcome = judgeAnswer(answer, this.#tools, { language, settings });
      if (outcome.state === "later") {
        return outcome;
      }
      if (outcome.state === "refused") {
        refused ??= outcome;
      } else {
        accepted += 1;
        last = outcome.said;
      }
    }
    const said = refused?.said ?? last;
    const told =
      events.length === 1
        ? said
        : oneLine(channelWords[language].events(accepted, events.length, said));
    return { state: refused === undefined ? "accepted" : "refused", said: told };
  }
}

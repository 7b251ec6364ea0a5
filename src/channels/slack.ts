/**
 * Alerts into a Slack channel by its incoming webhook, as Block Kit: a header, a section an alert, a line below. What came with the address is
 * a secret: whoever has it can write there. Follows Slack's reference of blocks and of incoming webhooks: 50 blocks, 150 characters in a
 * header, 3,000 in a text; `&`, `<` and `>` are escaped, so that no text can call everybody or hide a link.
 */
import { slackBlocksMax, slackHeaderMax, slackTextMax } from "../core/channel-limits.ts";
import type {
  DeliveryOutcome,
  MessageAlert,
  MessageSeverity,
  Notifier,
  OutgoingMessage,
} from "../watch/notifier.ts";
import { callHttp } from "./call-http.ts";
import type { ChannelTools } from "./channel-tools.ts";
import { judgeAnswer } from "./judge-answer.ts";
import { alertName, instantText, isCommand, lastedText, messageWords } from "./message-words.ts";

type Block = Readonly<Record<string, unknown>>;

/** Header, left-out line and context stand around the alerts. */
const ALERT_BLOCKS_MAX = slackBlocksMax - 3;

const MARKS: Readonly<Record<MessageSeverity | "resolved", string>> = {
  critical: "🔴",
  warning: "🟠",
  info: "🔵",
  resolved: "🟢",
};

/** A text as Slack wants it. */
export function escapeSlack(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Cut between characters, and never inside an escape. */
function cut(text: string, max: number): string {
  if (text.length <= max) {
    return text;
  }
  const kept = text.slice(0, max - 1).replace(/&[a-z]*$/, "");
  return `${kept.replace(/[\uD800-\uDBFF]$/, "")}…`;
}

function markOf({ severity, resolved }: MessageAlert): string {
  return MARKS[resolved === undefined ? severity : "resolved"];
}

function stepText(nextStep: string): string {
  const text = cut(escapeSlack(nextStep.replaceAll("`", "'")), 700);
  return isCommand(nextStep) ? `\`${text}\`` : text;
}

function alertBlock(alert: MessageAlert, message: OutgoingMessage): Block {
  const { language, zone } = message;
  const text = messageWords[language];
  const { summary, consequence, nextStep, resolved, openedAt } = alert;
  const what = alertName(alert, language);
  // Each piece is bounded, so that what is cut is never the command.
  const lines = [
    `${markOf(alert)} *${cut(escapeSlack(what), 200)}*${text.colon} ${cut(escapeSlack(summary), 1000)}`,
    ...(consequence === "" ? [] : [`${text.means} ${cut(escapeSlack(consequence), 700)}`]),
    ...(nextStep === "" ? [] : [`${text.next} ${stepText(nextStep)}`]),
    resolved === undefined
      ? text.since(instantText(openedAt, zone))
      : lastedText(alert, resolved, message),
  ];
  return { type: "section", text: { type: "mrkdwn", text: cut(lines.join("\n"), slackTextMax) } };
}

/** The body of a message. */
export function slackPayload(message: OutgoingMessage): Readonly<Record<string, unknown>> {
  const { language, zone, headline, alerts, code, cluster, host, at, sections = [] } = message;
  const text = messageWords[language];
  const shown = alerts.slice(0, ALERT_BLOCKS_MAX);
  const leftOut = alerts.length - shown.length + message.alertsLeftOut;
  const section = (markdown: string): Block => ({
    type: "section",
    text: { type: "mrkdwn", text: cut(markdown, slackTextMax) },
  });
  return {
    // Shown on lock screens, and where blocks are not.
    text: cut(escapeSlack(headline), slackTextMax),
    blocks: [
      {
        type: "header",
        text: { type: "plain_text", text: cut(headline, slackHeaderMax), emoji: false },
      },
      ...(code === undefined
        ? []
        : [
            section(
              `${text.testExplained}\n${text.typeBack}\n\`pra alert confirm ${code} --by ${text.name}\``,
            ),
          ]),
      ...sections.map(({ title, lines, verbatim = false }) => {
        const shownLines = lines.map((line) => `${verbatim ? "" : "• "}${escapeSlack(line)}`);
        const fence = verbatim ? ["```"] : [];
        return section([`*${escapeSlack(title)}*`, ...fence, ...shownLines, ...fence].join("\n"));
      }),
      ...shown.map((alert) => alertBlock(alert, message)),
      ...(leftOut === 0 ? [] : [section(text.leftOut(leftOut))]),
      {
        type: "context",
        elements: [
          {
            type: "mrkdwn",
            text: cut(escapeSlack(text.sentBy(cluster, host, instantText(at, zone))), slackTextMax),
          },
        ],
      },
    ],
    unfurl_links: false,
    unfurl_media: false,
  };
}

/** The channel behind one webhook. */
export class SlackNotifier implements Notifier {
  readonly channel = "slack";
  readonly recipient: string;
  readonly #webhook: URL;
  readonly #tools: ChannelTools;

  constructor(webhook: URL, tools: ChannelTools) {
    this.#webhook = webhook;
    this.#tools = tools;
    this.recipient = webhook.host;
  }

  preview(message: OutgoingMessage): string {
    const body = JSON.stringify(slackPayload(message), null, 2);
    return this.#tools.mask(
      `POST ${this.#webhook.origin}/***\nContent-Type: application/json\n\n${body}`,
    );
  }

  async deliver(
    message: OutgoingMessage,
    options: { readonly signal: AbortSignal },
  ): Promise<DeliveryOutcome> {
    const answer = await callHttp(
      {
        method: "POST",
        url: this.#webhook,
        headers: { "content-type": "application/json; charset=utf-8" },
        body: JSON.stringify(slackPayload(message)),
      },
      this.#tools,
      options,
    );
    const { language } = message;
    return judgeAnswer(answer, this.#tools, { language, settings: "SLACK_WEBHOOK" });
  }
}

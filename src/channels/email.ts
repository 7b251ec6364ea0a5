/**
 * Alerts by mail. One notifier an address: each has its own outcome, and one that is refused keeps no other from its mail, nor makes it arrive
 * twice. The `Message-ID` is made of the message's id, so that an attempt whose answer was lost shows as the same mail, and what ends an alert is
 * filed under the mail that opened it. `Auto-Submitted` (RFC 3834) and its kin keep holiday notices away.
 */
import type { DeliveryOutcome, Notifier, OutgoingMessage } from "../watch/notifier.ts";
import type { ChannelTools } from "./channel-tools.ts";
import { mailHtml, mailText } from "./mail-page.ts";
import { type SmtpRelay, sendMail } from "./smtp.ts";

/** A header cannot be broken by what stands in it. */
function headerText(text: string): string {
  return text.replaceAll(/[\p{Cc}\s]+/gu, " ").trim();
}

type Header = readonly [name: string, value: string];

/** The headers that say what the mail is, before encoding. */
export function mailHeaders(
  message: OutgoingMessage,
  place: { readonly from: string; readonly to: string },
): readonly Header[] {
  const { id, inReplyTo, headline, severity, cluster, kind, language } = message;
  const domain = place.from.slice(place.from.lastIndexOf("@") + 1);
  const parent = inReplyTo === undefined ? undefined : `<${inReplyTo}@${domain}>`;
  const isUrgent = severity === "critical" && (kind === "opened" || kind === "raised");
  return [
    ["From", `PRA ${headerText(cluster)} <${place.from}>`],
    ["To", place.to],
    ["Subject", headerText(headline)],
    ["Message-ID", `<${id}@${domain}>`],
    ...(parent === undefined
      ? []
      : ([
          ["In-Reply-To", parent],
          ["References", parent],
        ] as const)),
    ["Auto-Submitted", "auto-generated"],
    ["X-Auto-Response-Suppress", "All"],
    ["Content-Language", language],
    ...(isUrgent
      ? ([
          ["Importance", "high"],
          ["X-Priority", "1 (Highest)"],
        ] as const)
      : []),
  ];
}

/** Headers that the composer has fields of its own for. */
const OWN_FIELDS: ReadonlySet<string> = new Set([
  "From",
  "To",
  "Subject",
  "Message-ID",
  "In-Reply-To",
  "References",
]);

async function compose(message: OutgoingMessage, headers: readonly Header[]): Promise<Buffer> {
  const { default: MailComposer } = await import("nodemailer/lib/mail-composer");
  const of = (name: string): string => headers.find(([own]) => own === name)?.[1] ?? "";
  const optional = (key: string, value: string): Readonly<Record<string, string>> =>
    value === "" ? {} : { [key]: value };
  const composer = new MailComposer({
    from: of("From"),
    to: of("To"),
    subject: of("Subject"),
    messageId: of("Message-ID"),
    ...optional("inReplyTo", of("In-Reply-To")),
    ...optional("references", of("References")),
    headers: Object.fromEntries(headers.filter(([name]) => !OWN_FIELDS.has(name))),
    text: mailText(message),
    html: mailHtml(message),
    attachments: (message.attachments ?? []).map(({ name, type, bytes }) => ({
      filename: name,
      contentType: type,
      content: Buffer.from(bytes),
    })),
    textEncoding: "quoted-printable",
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return await composer.compile().build();
}

/** One address behind one relay. */
export class EmailNotifier implements Notifier {
  readonly channel = "email";
  readonly recipient: string;
  readonly #relay: SmtpRelay;
  readonly #from: string;
  readonly #tools: ChannelTools;

  constructor(
    place: { readonly relay: SmtpRelay; readonly from: string; readonly to: string },
    tools: ChannelTools,
  ) {
    this.recipient = place.to;
    this.#relay = place.relay;
    this.#from = place.from;
    this.#tools = tools;
  }

  #headers(message: OutgoingMessage): readonly Header[] {
    return mailHeaders(message, { from: this.#from, to: this.recipient });
  }

  preview(message: OutgoingMessage): string {
    const { host, port, tls, credentials } = this.#relay;
    const how = { implicit: "TLS", required: "STARTTLS", none: "no TLS" }[tls];
    const login = credentials === undefined ? "" : `, AUTH ${credentials.user} ***`;
    return this.#tools.mask(
      [
        `SMTP ${host}:${port} (${how}${login})`,
        `MAIL FROM:<${this.#from}>`,
        `RCPT TO:<${this.recipient}>`,
        "",
        ...this.#headers(message).map(([name, value]) => `${name}: ${value}`),
        "",
        "--- text/plain",
        mailText(message),
        "--- text/html",
        // Rules of style say nothing to a person.
        mailHtml(message).replace(/<style>[^]*<\/style>/, "<style>…</style>"),
        ...(message.attachments ?? []).map(
          ({ name, type, bytes }) => `--- ${type} ${name} (${bytes.length} bytes)`,
        ),
      ].join("\n"),
    );
  }

  async deliver(
    message: OutgoingMessage,
    options: { readonly signal: AbortSignal },
  ): Promise<DeliveryOutcome> {
    const { signal } = options;
    signal.throwIfAborted();
    const raw = await compose(message, this.#headers(message));
    const mail = { from: this.#from, to: this.recipient, raw };
    const { language } = message;
    return await sendMail(this.#relay, mail, { tools: this.#tools, language, signal });
  }
}

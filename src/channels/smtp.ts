/**
 * One mail to one address over SMTP, once, on nodemailer's connection. What went wrong is told apart by who can mend it: the relay may want us
 * later (4xx, a broken line, a hang), may refuse for good (5xx), or a setting is wrong (password, certificate, no encryption). The password
 * goes over an encrypted line only, or to this machine.
 */
import type SMTPConnection from "nodemailer/lib/smtp-connection";
import type { SMTPConnectionOptions } from "nodemailer/lib/smtp-connection";
import { failpointAsync } from "../core/failpoint.ts";
import type { Language } from "../core/language.ts";
import type { DeliveryOutcome } from "../watch/notifier.ts";
import { authorities, isAboutCertificates } from "./call-http.ts";
import type { ChannelTools } from "./channel-tools.ts";
import { channelWords, oneLine } from "./channel-words.ts";

/**
 * Where mail is handed over. `implicit`: TLS from the first byte. `required`: STARTTLS, or nothing is sent. `none`: in the clear, for a relay on
 * this machine.
 */
export type SmtpRelay = {
  readonly host: string;
  readonly port: number;
  readonly tls: "implicit" | "required" | "none";
  readonly credentials: { readonly user: string; readonly password: string } | undefined;
};

/** What goes on the envelope, and the mail itself. */
export type SmtpMail = { readonly from: string; readonly to: string; readonly raw: Buffer };

/** An error of nodemailer's connection; each field may be absent. */
type SmtpError = Error & {
  readonly code?: unknown;
  readonly originalCode?: unknown;
  readonly response?: unknown;
  readonly responseCode?: unknown;
  readonly command?: unknown;
};

type Stage = "connecting" | "opening" | "sending";

const RELAY_SETTINGS = "PRA_SMTP_URL";
const LOGIN_SETTINGS = "PRA_SMTP_URL, PRA_SMTP_PASSWORD";
const CERTIFICATE_SETTINGS = "PRA_SMTP_URL, PRA_ALERT_CA";

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** What a relay's own answer means. */
function judgeResponse(error: SmtpError, language: Language): DeliveryOutcome {
  const words = channelWords[language];
  const response = textOf(error.response);
  const status = Number(error.responseCode ?? response.slice(0, 3));
  if (status >= 400 && status < 500) {
    return { state: "later", said: response, afterMs: undefined };
  }
  const command = textOf(error.command);
  const settings =
    textOf(error.code) === "EAUTH" || status === 530 || status === 535
      ? LOGIN_SETTINGS
      : command === "MAIL FROM"
        ? "PRA_MAIL_FROM"
        : undefined;
  const said = settings === undefined ? response : words.settings(response, settings);
  return { state: "refused", said };
}

/** What a failed attempt means. */
function judgeFailure(error: SmtpError, stage: Stage, language: Language): DeliveryOutcome {
  const words = channelWords[language];
  const code = textOf(error.code);
  const original = textOf(error.originalCode);
  const reason = original === "" ? error.message : original;
  if (isAboutCertificates(original) || /certificate|altname/i.test(error.message)) {
    return { state: "refused", said: words.certificate(reason, CERTIFICATE_SETTINGS) };
  }
  const status = textOf(error.response);
  if (code === "ETLS" && textOf(error.command) === "STARTTLS" && status.startsWith("5")) {
    return { state: "refused", said: words.noTls(RELAY_SETTINGS) };
  }
  if (/^[45]\d\d/.test(status)) {
    return judgeResponse(error, language);
  }
  if (code === "EAUTH") {
    return { state: "refused", said: words.settings(error.message, LOGIN_SETTINGS) };
  }
  if (code === "EENVELOPE") {
    return { state: "refused", said: error.message };
  }
  const said = stage === "sending" ? words.dropped(reason) : words.unreachable(reason);
  return { state: "later", said, afterMs: undefined };
}

/** A callback of nodemailer's. */
type Done<T> = (error: Error | null | undefined, value?: T) => void;

/** A connection, and the promise that rejects when it breaks while a step waits. */
class Conversation {
  readonly #connection: SMTPConnection;
  readonly #broken: Promise<never>;

  constructor(connection: SMTPConnection, signal: AbortSignal) {
    this.#connection = connection;
    this.#broken = new Promise<never>((_resolve, reject) => {
      connection.on("error", reject);
      connection.once("end", () => {
        reject(Object.assign(new Error("closed by the relay"), { code: "ECONNECTION" }));
      });
      signal.addEventListener("abort", () => {
        reject(signal.reason as Error);
      });
    });
    // It counts only while a step waits.
    this.#broken.catch(() => undefined);
  }

  async #step<T>(run: (done: Done<T>) => void): Promise<T | undefined> {
    const done = new Promise<T | undefined>((resolve, reject) => {
      run((error, value) => {
        if (error === null || error === undefined) {
          resolve(value);
        } else {
          reject(error);
        }
      });
    });
    return await Promise.race([this.#broken, done]);
  }

  async connect(): Promise<void> {
    await this.#step<never>((done) => {
      this.#connection.connect((error) => {
        done(error);
      });
    });
  }

  async login(user: string, pass: string): Promise<void> {
    await this.#step<never>((done) => {
      this.#connection.login({ user, pass, credentials: { user, pass } }, (error) => {
        done(error);
      });
    });
  }

  async send({ from, to, raw }: SmtpMail): Promise<string> {
    const sent = await this.#step<{ readonly response?: string | undefined }>((done) => {
      this.#connection.send({ from, to: [to] }, raw, (error, info) => {
        done(error, info);
      });
    });
    return sent?.response ?? "250";
  }
}

function connectionOptions(relay: SmtpRelay, tools: ChannelTools): SMTPConnectionOptions {
  const { connectMs, mailMs } = tools.limits;
  return {
    host: relay.host,
    port: relay.port,
    secure: relay.tls === "implicit",
    requireTLS: relay.tls === "required",
    ignoreTLS: relay.tls === "none",
    connectionTimeout: connectMs,
    dnsTimeout: connectMs,
    greetingTimeout: mailMs,
    socketTimeout: mailMs,
    tls: { rejectUnauthorized: true, minVersion: "TLSv1.2", ...authorities(tools.authority) },
  };
}

/** Sends; the relay's last answer. Rejects with nodemailer's error, or the signal's reason. */
async function converse(
  relay: SmtpRelay,
  mail: SmtpMail,
  tools: ChannelTools,
  options: { readonly signal: AbortSignal; readonly onStage: (stage: Stage) => void },
): Promise<string> {
  const { signal, onStage } = options;
  const { default: Connection } = await import("nodemailer/lib/smtp-connection");
  await failpointAsync("channels.smtp-connect", { signal });
  const connection = new Connection(connectionOptions(relay, tools));
  const conversation = new Conversation(connection, signal);
  try {
    await conversation.connect();
    onStage("opening");
    if (relay.credentials !== undefined) {
      await conversation.login(relay.credentials.user, relay.credentials.password);
    }
    onStage("sending");
    const said = await conversation.send(mail);
    await failpointAsync("channels.smtp-accepted", { signal });
    connection.quit();
    return said;
  } finally {
    connection.close();
  }
}

/** One attempt. Rejects only when aborted, with the signal's reason; the connection is closed then. */
export async function sendMail(
  relay: SmtpRelay,
  mail: SmtpMail,
  options: {
    readonly tools: ChannelTools;
    readonly language: Language;
    readonly signal: AbortSignal;
  },
): Promise<DeliveryOutcome> {
  const { tools, language, signal } = options;
  signal.throwIfAborted();
  const late = AbortSignal.timeout(tools.limits.mailMs);
  let stage: Stage = "connecting";
  const masked = (outcome: DeliveryOutcome): DeliveryOutcome => ({
    ...outcome,
    said: oneLine(tools.mask(outcome.said)),
  });
  try {
    const said = await converse(relay, mail, tools, {
      signal: AbortSignal.any([signal, late]),
      onStage: (reached) => (stage = reached),
    });
    return masked({ state: "accepted", said });
  } catch (error) {
    signal.throwIfAborted();
    const words = channelWords[language];
    if (late.aborted) {
      return masked({
        state: "later",
        said: words.silent(tools.limits.mailMs),
        afterMs: undefined,
      });
    }
    const failure = error instanceof Error ? error : new Error(String(error));
    return masked(judgeFailure(failure, stage, language));
  }
}

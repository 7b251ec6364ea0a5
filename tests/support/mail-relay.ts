/** A mail relay on loopback: takes mail and parses it, or refuses, hangs, greylists, drops as a test says. */
import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { type ParsedMail, simpleParser } from "mailparser";
import { SMTPServer, type SMTPServerOptions, type SMTPServerSession } from "smtp-server";
import { testCertificate, testKey } from "./test-certificate.ts";

/** What came, and how. */
export type ReceivedMail = {
  readonly from: string;
  readonly to: readonly string[];
  readonly secure: boolean;
  readonly user: string | undefined;
  readonly raw: string;
  readonly mail: ParsedMail;
};

/** A refusal with the relay's number and words. */
export function smtpError(responseCode: number, text: string): Error {
  return Object.assign(new Error(text), { responseCode });
}

/** How it behaves; everything is taken unless told otherwise. */
export type RelayBehaviour = {
  /** TLS from the first byte. */
  readonly implicitTls?: boolean;
  /** STARTTLS is not offered. */
  readonly noStartTls?: boolean;
  /** The account that is wanted; none: nobody needs to log in. */
  readonly account?: { readonly user: string; readonly password: string };
  /** Asked at RCPT TO. */
  readonly onRecipient?: (address: string, before: number) => Error | undefined;
  /** Asked at MAIL FROM. */
  readonly onSender?: (address: string) => Error | undefined;
  /** `hang`: never acknowledges; `drop`: cuts the line in the middle of it (not after STARTTLS). */
  readonly onData?: "hang" | "drop" | Error;
};

/** The relay, until it is disposed of. */
export class MailRelay implements AsyncDisposable {
  readonly received: ReceivedMail[] = [];
  readonly port: number;
  readonly #server: SMTPServer;

  private constructor(server: SMTPServer, port: number) {
    this.#server = server;
    this.port = port;
  }

  static async start(behaviour: RelayBehaviour = {}): Promise<MailRelay> {
    const {
      implicitTls = false,
      noStartTls = false,
      account,
      onRecipient,
      onSender,
      onData,
    } = behaviour;
    let recipients = 0;
    const options: SMTPServerOptions = {
      key: testKey,
      cert: testCertificate,
      secure: implicitTls,
      authOptional: account === undefined,
      authMethods: ["PLAIN", "LOGIN"],
      disabledCommands: noStartTls ? ["STARTTLS"] : [],
      allowInsecureAuth: true,
      closeTimeout: 100,
      logger: false,
      onAuth: (auth, _session, done) => {
        if (
          account !== undefined &&
          auth.username === account.user &&
          auth.password === account.password
        ) {
          done(null, { user: auth.username });
        } else {
          done(smtpError(535, "5.7.8 authentication failed"));
        }
      },
      onMailFrom: ({ address }, _session, done) => {
        done(onSender?.(address));
      },
      onRcptTo: ({ address }, _session, done) => {
        const refusal = onRecipient?.(address, recipients);
        recipients += 1;
        done(refusal);
      },
      onData: (stream, session, done) => {
        const pieces: Buffer[] = [];
        stream.on("data", (piece: Buffer) => {
          pieces.push(piece);
          if (onData === "drop") {
            sockets.forEach((socket) => socket.destroy());
          }
        });
        stream.on("end", () => {
          if (onData instanceof Error) {
            done(onData);
          } else if (onData !== "hang" && onData !== "drop") {
            relay.#keep(Buffer.concat(pieces), session).then(() => {
              done(null);
            }, done);
          }
        });
      },
    };
    const sockets = new Set<Socket>();
    const server = new SMTPServer(options);
    server.on("error", () => undefined);
    // Of a sealed connection the outer socket: to destroy the one beneath it crashes Node 24.
    server.server.on(implicitTls ? "secureConnection" : "connection", (socket: Socket) => {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
    });
    server.listen(0, "127.0.0.1");
    await once(server.server, "listening");
    const { port } = server.server.address() as AddressInfo;
    const relay = new MailRelay(server, port);
    return relay;
  }

  async #keep(raw: Buffer, session: SMTPServerSession): Promise<void> {
    const { mailFrom, rcptTo } = session.envelope;
    this.received.push({
      from: mailFrom === false ? "" : mailFrom.address,
      to: rcptTo.map(({ address }) => address),
      secure: session.secure,
      user: session.user === undefined ? undefined : String(session.user),
      raw: raw.toString("utf8"),
      mail: await simpleParser(raw),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(resolve);
    });
  }
}

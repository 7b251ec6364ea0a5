/**
 * Certificates before they end: the server's, the application's, our own. Looked at without judging them otherwise; whoever connects
 * does that. One that is shown to nobody until it has ended takes down at night what worked for a year.
 */
import { once } from "node:events";
import { type Socket, connect as connectPlain, isIP } from "node:net";
import { connect, type PeerCertificate, type TLSSocket } from "node:tls";
import { type Finding, found } from "../../core/finding/finding.ts";
import { certificateBadMs, certificateNoteMs, relayWordsBytesMax } from "../../core/look-limits.ts";

/** A certificate's end. */
export type CertificateEnd = { readonly where: string; readonly endsMs: number };

/** Judges one. */
export function judgeCertificate({ where, endsMs }: CertificateEnd, nowMs: number): Finding {
  const leftMs = endsMs - nowMs;
  const figure = { value: Math.floor(leftMs / 86_400_000), unit: "days" };
  if (leftMs <= 0) {
    return found("certificate", "bad", "certificate-ended", { where, agoMs: -leftMs }, figure);
  }
  return leftMs < certificateNoteMs
    ? found(
        "certificate",
        leftMs < certificateBadMs ? "bad" : "note",
        "certificate-ending",
        { where, leftMs },
        figure,
      )
    : found("certificate", "good", "certificate-valid", { where, leftMs }, figure);
}

/** The end of a certificate as a TLS socket shows it; undefined where none was shown. */
export function endOf(certificate: Partial<PeerCertificate>): number | undefined {
  const endsMs = Date.parse(certificate.valid_to ?? "");
  return Number.isNaN(endsMs) ? undefined : endsMs;
}

/**
 * The end of the certificate that an HTTPS server shows; undefined when it does not answer: that is another check's to tell.
 * Rejects only when aborted.
 */
export async function httpsCertificateEnd(
  url: URL,
  options: { readonly signal: AbortSignal },
): Promise<number | undefined> {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = url.port === "" ? 443 : Number(url.port);
  const socket = connect({ host, port, ...shownBy(host) });
  return await endShownOn(socket, options);
}

/** Whoever connects judges it; here it is only looked at. An address is no name that TLS may ask for. */
function shownBy(host: string): {
  readonly servername?: string;
  readonly rejectUnauthorized: false;
} {
  return isIP(host) === 0
    ? { servername: host, rejectUnauthorized: false }
    : { rejectUnauthorized: false };
}

async function endShownOn(
  socket: TLSSocket,
  { signal }: { readonly signal: AbortSignal },
): Promise<number | undefined> {
  signal.throwIfAborted();
  const done = Promise.withResolvers<number | undefined>();
  const abort = (): void => {
    done.reject(signal.reason);
  };
  signal.addEventListener("abort", abort, { once: true });
  socket.once("error", () => {
    done.resolve(undefined);
  });
  socket.once("secureConnect", () => {
    done.resolve(endOf(socket.getPeerCertificate()));
  });
  try {
    return await done.promise;
  } finally {
    signal.removeEventListener("abort", abort);
    socket.destroy();
  }
}

/** One answer of a relay, all its lines; undefined when it ends, or says too much. */
async function answerOf(socket: Socket, signal: AbortSignal): Promise<string | undefined> {
  let said = "";
  while (!/^\d{3}(?: .*)?\r?\n/m.test(said)) {
    if (said.length > relayWordsBytesMax || socket.readableEnded || socket.destroyed) {
      return undefined;
    }
    const [piece] = (await once(socket, "data", { signal })) as [Buffer];
    said += piece.toString("latin1");
  }
  return said;
}

/** As far as STARTTLS; false where that is not offered. RFC 3207. */
async function greeted(socket: Socket, signal: AbortSignal): Promise<boolean> {
  for (const [word, wanted] of [
    ["", "220"],
    ["EHLO pra\r\n", "250"],
    ["STARTTLS\r\n", "220"],
  ] as const) {
    socket.write(word);
    const said = await answerOf(socket, signal);
    if (said === undefined || !said.startsWith(wanted)) {
      return false;
    }
  }
  return true;
}

/**
 * The end of the certificate that a mail relay shows; undefined when it does not answer, or has none: that is the channel's to tell. No mail is
 * sent and nobody logs in. Rejects only when aborted.
 */
export async function smtpCertificateEnd(
  relay: { readonly host: string; readonly port: number; readonly tls: "implicit" | "required" },
  options: { readonly signal: AbortSignal },
): Promise<number | undefined> {
  const { host, port, tls } = relay;
  const { signal } = options;
  if (tls === "implicit") {
    return await endShownOn(connect({ host, port, ...shownBy(host) }), options);
  }
  signal.throwIfAborted();
  const socket = connectPlain({ host, port });
  // What breaks it is told by whoever waits for an answer.
  socket.on("error", () => undefined);
  socket.once("end", () => socket.destroy(new Error("ended")));
  let sealed = false;
  try {
    sealed = await greeted(socket, signal);
    return sealed ? await endShownOn(connect({ socket, ...shownBy(host) }), options) : undefined;
  } catch {
    signal.throwIfAborted();
    return undefined;
  } finally {
    // A sealed connection ends with what is around it; to destroy what lies beneath crashes Node 24.
    if (!sealed) {
      socket.destroy();
    }
  }
}

/**
 * Certificates before they end: the server's, the application's, our own. Looked at without judging them otherwise; whoever connects
 * does that. One that is shown to nobody until it has ended takes down at night what worked for a year.
 */
import { connect, type PeerCertificate } from "node:tls";
import { type Finding, found } from "../../core/finding/finding.ts";
import { certificateBadMs, certificateNoteMs } from "../../core/look-limits.ts";

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
  const { signal } = options;
  signal.throwIfAborted();
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = url.port === "" ? 443 : Number(url.port);
  const socket = connect({ host, port, servername: host, rejectUnauthorized: false });
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

/** When the mail relay's certificate ends. It is asked seldom, and what it showed is noted on this host between two questions. */
import * as z from "zod/mini";
import { relayCertificateEveryMs, relayCertificateRetryMs } from "../../core/look-limits.ts";
import { type CertificateEnd, smtpCertificateEnd } from "../../watch/probes/certificates.ts";
import { relayOf } from "../channels/smtp-address.ts";
import type { Environment } from "../environment.ts";
import { LocalNote } from "./local-note.ts";

const schema = z.object({
  version: z.literal(1),
  where: z.string(),
  askedAtMs: z.number(),
  /** Null: it did not answer, or showed none. */
  endsMs: z.nullable(z.number()),
});

type Noted = z.infer<typeof schema>;

/** The one that is named, where it speaks TLS. */
function sealedRelay({ settings }: Environment):
  | {
      readonly host: string;
      readonly port: number;
      readonly tls: "implicit" | "required";
    }
  | undefined {
  const address = settings.get("PRA_SMTP_URL")?.value;
  const relay = address === undefined ? undefined : relayOf(address, undefined);
  if (relay === undefined || relay.tls === "none") {
    return undefined;
  }
  const { host, port, tls } = relay;
  return { host, port, tls };
}

/** Also after a clock was set back. */
function isOld({ askedAtMs, endsMs }: Noted, nowMs: number): boolean {
  const ageMs = nowMs - askedAtMs;
  return (
    ageMs < 0 || ageMs >= (endsMs === null ? relayCertificateRetryMs : relayCertificateEveryMs)
  );
}

/** Undefined: no relay with TLS is configured, or none was ever seen. @throws DrError `STORE_*` of the note; the signal's reason when aborted. */
export async function relayCertificate(
  environment: Environment,
  options: { readonly nowMs: number; readonly signal: AbortSignal },
): Promise<CertificateEnd | undefined> {
  const { nowMs: askedAtMs, signal } = options;
  const relay = sealedRelay(environment);
  if (relay === undefined) {
    return undefined;
  }
  const where = `${relay.host}:${relay.port}`;
  const note = new LocalNote(environment, "relay", schema);
  const noted = await note.read({ signal });
  const known = noted?.where === where ? noted : undefined;
  let endsMs = known?.endsMs ?? null;
  if (known === undefined || isOld(known, askedAtMs)) {
    // Noted before it is asked: one that hangs is not asked again at each look.
    await note.write({ version: 1, where, askedAtMs, endsMs }, { signal });
    endsMs = (await smtpCertificateEnd(relay, { signal })) ?? endsMs;
    await note.write({ version: 1, where, askedAtMs, endsMs }, { signal });
  }
  return endsMs === null ? undefined : { where, endsMs };
}

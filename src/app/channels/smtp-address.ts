/** `PRA_SMTP_URL` in parts. Pure. */
import type { SmtpRelay } from "../../channels/smtp.ts";
import { isLocalHost } from "../../postgres/connection-settings.ts";

/** The relay when none is named: what machines that send their own mail have. */
export const localRelay: SmtpRelay = {
  host: "localhost",
  port: 25,
  tls: "none",
  credentials: undefined,
};

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) {
      return undefined;
    }
    throw error;
  }
}

type Account = { readonly user: string; readonly password: string };

/** Undefined: not an account at all; with an empty name: none was given. */
function accountOf(url: URL): Account | undefined {
  const user = decoded(url.username);
  const password = decoded(url.password);
  return user === undefined || password === undefined ? undefined : { user, password };
}

function isRelay(url: URL | null): url is URL {
  return (
    url !== null &&
    /^smtps?:$/.test(url.protocol) &&
    url.hostname !== "" &&
    /^\/?$/.test(url.pathname) &&
    /^(?:\?tls=(?:none|required))?$/.test(url.search) &&
    url.hash === ""
  );
}

/** Without a word about it: STARTTLS, but for this machine, whose relays often have a certificate that nobody signed. */
function tlsOf(url: URL, local: boolean): SmtpRelay["tls"] {
  if (url.protocol === "smtps:") {
    return "implicit";
  }
  const wanted = url.searchParams.get("tls") ?? (local ? "none" : "required");
  return wanted === "none" ? "none" : "required";
}

/**
 * The relay of an address; undefined when it is none: another scheme, a path, an unknown parameter, or a password that would go in the
 * clear over a network.
 */
export function relayOf(address: string, password: string | undefined): SmtpRelay | undefined {
  const url = URL.parse(address);
  const account = isRelay(url) ? accountOf(url) : undefined;
  if (!isRelay(url) || account === undefined) {
    return undefined;
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const local = isLocalHost(host);
  const tls = tlsOf(url, local);
  const { user } = account;
  if (tls === "none" && !local && user !== "") {
    return undefined;
  }
  const usual = tls === "implicit" ? 465 : local ? 25 : 587;
  return {
    host,
    port: url.port === "" ? usual : Number(url.port),
    tls,
    credentials: user === "" ? undefined : { user, password: password ?? account.password },
  };
}

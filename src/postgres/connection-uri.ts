/**
 * Reads a connection URL such as `DATABASE_URL`. Only the parts that name a server are taken; parameters
 * of application frameworks (`schema`, `connection_limit`...) are passed over. The URL may hold a
 * password, so no error shows any part of it.
 *
 * Follows section 32.1.1.2 "Connection URIs" of PostgreSQL's documentation.
 */
import { DrError } from "../core/errors.ts";
import { guard } from "../core/failpoint.ts";

/** What a URL can name; absent parts were not written. All still text. */
export type ConnectionUriParts = {
  readonly host?: string;
  readonly port?: string;
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
  readonly sslMode?: string;
  readonly sslRootCert?: string;
  readonly sslCert?: string;
  readonly sslKey?: string;
  readonly connectTimeout?: string;
};

type MutableParts = { -readonly [K in keyof ConnectionUriParts]: ConnectionUriParts[K] };

const parameters: Readonly<Record<string, keyof ConnectionUriParts>> = {
  host: "host",
  port: "port",
  user: "user",
  password: "password",
  dbname: "database",
  sslmode: "sslMode",
  sslrootcert: "sslRootCert",
  sslcert: "sslCert",
  sslkey: "sslKey",
  connect_timeout: "connectTimeout",
};

function decode(text: string, origin: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // The cause would quote the URL.
    throw new DrError("CONFIG_DATABASE_URL", { origin });
  }
}

function set(parts: MutableParts, key: keyof ConnectionUriParts, text: string | undefined): void {
  if (text !== undefined && text !== "") {
    parts[key] = text;
  }
}

function readParameters(parts: MutableParts, query: string, origin: string): void {
  for (const pair of query.split("&")) {
    const equals = pair.indexOf("=");
    if (equals > 0) {
      const key = parameters[decode(pair.slice(0, equals), origin)];
      if (key !== undefined) {
        set(parts, key, decode(pair.slice(equals + 1), origin));
      }
    }
  }
}

/** A password with a character that should be percent-encoded reads as a port or a database, which errors show. */
function isMisread(
  uri: string,
  parts: { readonly account: string | undefined; readonly port: string | undefined },
): boolean {
  return (parts.account === undefined && uri.includes("@")) || /\D/.test(parts.port ?? "");
}

/**
 * Parses `postgresql://[user[:password]@][host][:port][/database][?name=value...]`. A host of percent-encoded
 * slashes, or a `host` parameter, names a socket directory. @throws DrError `CONFIG_DATABASE_URL`,
 * `CONFIG_SEVERAL_HOSTS`; both name `origin` only.
 */
export function parseConnectionUri(uri: string, origin: string): ConnectionUriParts {
  const match =
    /^postgres(?:ql)?:\/\/(?:([^@/?#]*)@)?(\[[0-9A-Fa-f:.%]+\]|[^:/?#[\]]*)(?::([^/?#]*))?(?:\/([^?#]*))?(?:\?([^#]*))?$/.exec(
      uri,
    );
  if (match === null) {
    throw new DrError("CONFIG_DATABASE_URL", { origin });
  }
  const [, account, host = "", port, database, query] = match;
  if (host.includes(",") || (port ?? "").includes(",")) {
    throw new DrError("CONFIG_SEVERAL_HOSTS", { origin });
  }
  if (guard("L54-misread-url") && isMisread(uri, { account, port })) {
    throw new DrError("CONFIG_DATABASE_URL", { origin });
  }
  const parts: MutableParts = {};
  if (account !== undefined) {
    const colon = account.indexOf(":");
    set(parts, "user", decode(colon < 0 ? account : account.slice(0, colon), origin));
    set(parts, "password", colon < 0 ? undefined : decode(account.slice(colon + 1), origin));
  }
  set(parts, "host", decode(host.startsWith("[") ? host.slice(1, -1) : host, origin));
  set(parts, "port", port);
  set(parts, "database", database === undefined ? undefined : decode(database, origin));
  readParameters(parts, query ?? "", origin);
  return parts;
}

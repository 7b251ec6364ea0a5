/**
 * Where the server is and how to get in, with the origin of every value, so that a person can see why a
 * value won. A pure function of an environment: it reads no file and no process state.
 *
 * Precedence: explicit (a flag or configuration file) > PG_HOST and its like (this product's `.env`) >
 * DATABASE_URL (the application's) > libpq's PGHOST and its like > defaults. Off the machine the default
 * is `verify-full`: a backup carries every secret of the cluster. Follows section 32.15 "Environment
 * Variables" and 32.19 "SSL Support" of PostgreSQL's documentation; `PGSERVICE` is not supported.
 */
import { DrError } from "../core/errors.ts";
import { type ConnectionUriParts, parseConnectionUri } from "./connection-uri.ts";
import { SecretText } from "./secret-text.ts";

/** libpq's `sslmode`. On a Unix socket TLS is never used, whatever the mode. */
export const sslModes = [
  "disable",
  "allow",
  "prefer",
  "require",
  "verify-ca",
  "verify-full",
] as const;

/** One of libpq's modes. */
export type SslMode = (typeof sslModes)[number];

/** Which values have an origin of their own. */
export type ConnectionKey =
  | "host"
  | "port"
  | "user"
  | "password"
  | "database"
  | "sslMode"
  | "sslRootCert"
  | "sslCert"
  | "sslKey"
  | "passwordFile"
  | "connectTimeout";

/** Everything needed to open a connection. Safe to print: the password masks itself. */
export type ConnectionSettings = {
  /** A name, an address, or a socket directory when it starts with "/". */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: SecretText | undefined;
  readonly database: string;
  readonly sslMode: SslMode;
  readonly sslRootCert: string | undefined;
  readonly sslCert: string | undefined;
  readonly sslKey: string | undefined;
  /** Where to look for a password when there is none; read by `withPasswordFile`. */
  readonly passwordFile: string | undefined;
  readonly connectTimeoutMs: number;
  /** Where each value came from: a variable's name, `explicit`, `default`; absent values have none. */
  readonly origins: Readonly<Partial<Record<ConnectionKey, string>>>;
};

/** An environment, such as `process.env` merged over a `.env` file. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Values given by flags or a configuration file, as text. */
export type ExplicitConnection = Readonly<Partial<Record<ConnectionKey, string>>>;

/** What the operating system knows of the person running us. */
export type Account = { readonly user: string; readonly home: string | undefined };

type Found = { readonly value: string; readonly origin: string };
type Layer = Partial<Record<ConnectionKey, Found>>;

const ownVariables: Readonly<Record<ConnectionKey, string>> = {
  host: "PG_HOST",
  port: "PG_PORT",
  user: "PG_USER",
  password: "PG_PASSWORD",
  database: "PG_DATABASE",
  sslMode: "PG_SSLMODE",
  sslRootCert: "PG_SSLROOTCERT",
  sslCert: "PG_SSLCERT",
  sslKey: "PG_SSLKEY",
  passwordFile: "PG_PASSFILE",
  connectTimeout: "PG_CONNECT_TIMEOUT",
};

const libpqVariables: Readonly<Record<ConnectionKey, string>> = {
  host: "PGHOST",
  port: "PGPORT",
  user: "PGUSER",
  password: "PGPASSWORD",
  database: "PGDATABASE",
  sslMode: "PGSSLMODE",
  sslRootCert: "PGSSLROOTCERT",
  sslCert: "PGSSLCERT",
  sslKey: "PGSSLKEY",
  passwordFile: "PGPASSFILE",
  connectTimeout: "PGCONNECT_TIMEOUT",
};

const keys = Object.keys(ownVariables) as readonly ConnectionKey[];

function layerOf(
  valueOf: (key: ConnectionKey) => string | undefined,
  originOf: (key: ConnectionKey) => string,
): Layer {
  const layer: Layer = {};
  for (const key of keys) {
    const value = valueOf(key);
    if (value !== undefined && value !== "") {
      layer[key] = { value, origin: originOf(key) };
    }
  }
  return layer;
}

function urlLayer(environment: Environment): Layer {
  const uri = environment["DATABASE_URL"];
  if (uri === undefined || uri === "") {
    return {};
  }
  const parts: ConnectionUriParts = parseConnectionUri(uri, "DATABASE_URL");
  return layerOf(
    (key) => (key === "passwordFile" ? undefined : parts[key]),
    () => "DATABASE_URL",
  );
}

/** True for a socket directory and for names and addresses of this machine itself. */
export function isLocalHost(host: string): boolean {
  return (
    host.startsWith("/") ||
    host === "localhost" ||
    host === "::1" ||
    /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host)
  );
}

function portOf(found: Found): number {
  const port = Number(found.value);
  if (!/^\d{1,5}$/.test(found.value) || port < 1 || port > 65_535) {
    throw new DrError("CONFIG_PORT", { origin: found.origin, value: found.value });
  }
  return port;
}

function sslModeOf(found: Found): SslMode {
  const mode = sslModes.find((known) => known === found.value);
  if (mode === undefined) {
    throw new DrError("CONFIG_SSLMODE", { origin: found.origin, value: found.value });
  }
  return mode;
}

function timeoutMsOf(found: Found): number {
  const seconds = Number(found.value);
  if (!/^\d{1,4}$/.test(found.value) || seconds < 1 || seconds > 3600) {
    throw new DrError("CONFIG_CONNECT_TIMEOUT", { origin: found.origin, value: found.value });
  }
  return seconds * 1000;
}

function hostOf(found: Found): string {
  if (found.value.includes(",")) {
    throw new DrError("CONFIG_SEVERAL_HOSTS", { origin: found.origin });
  }
  return found.value;
}

function withDefaults(given: Layer, account: Account): Layer & Record<RequiredKey, Found> {
  const standard = (value: string): Found => ({ value, origin: "default" });
  const host = given.host ?? standard("localhost");
  const password = given.password;
  const home = account.home;
  const passwordFile =
    given.passwordFile ??
    (password === undefined && home !== undefined ? standard(`${home}/.pgpass`) : undefined);
  return {
    ...given,
    ...(passwordFile === undefined ? {} : { passwordFile }),
    host,
    port: given.port ?? standard("5432"),
    user: given.user ?? standard(account.user),
    database: given.database ?? standard("postgres"),
    sslMode: given.sslMode ?? standard(isLocalHost(host.value) ? "prefer" : "verify-full"),
    connectTimeout: given.connectTimeout ?? standard("10"),
  };
}

type RequiredKey = "host" | "port" | "user" | "database" | "sslMode" | "connectTimeout";

/**
 * The settings an environment amounts to. Empty values count as unset. @throws DrError `CONFIG_PORT`,
 * `CONFIG_SSLMODE`, `CONFIG_CONNECT_TIMEOUT`, `CONFIG_SEVERAL_HOSTS`, `CONFIG_DATABASE_URL`; none shows a
 * password.
 */
export function connectionSettings(
  environment: Environment,
  options: { readonly explicit?: ExplicitConnection; readonly account: Account },
): ConnectionSettings {
  const { explicit = {}, account } = options;
  const given: Layer = {
    ...layerOf(
      (key) => environment[libpqVariables[key]],
      (key) => libpqVariables[key],
    ),
    ...urlLayer(environment),
    ...layerOf(
      (key) => environment[ownVariables[key]],
      (key) => ownVariables[key],
    ),
    ...layerOf(
      (key) => explicit[key],
      () => "explicit",
    ),
  };
  const found = withDefaults(given, account);
  const origins: Partial<Record<ConnectionKey, string>> = {};
  for (const key of keys) {
    const origin = found[key]?.origin;
    if (origin !== undefined) {
      origins[key] = origin;
    }
  }
  return {
    host: hostOf(found.host),
    port: portOf(found.port),
    user: found.user.value,
    password: found.password === undefined ? undefined : new SecretText(found.password.value),
    database: found.database.value,
    sslMode: sslModeOf(found.sslMode),
    sslRootCert: found.sslRootCert?.value,
    sslCert: found.sslCert?.value,
    sslKey: found.sslKey?.value,
    passwordFile: found.passwordFile?.value,
    connectTimeoutMs: timeoutMsOf(found.connectTimeout),
    origins,
  };
}

/** How people are told where a server is: "db1:5432" or "/run/postgresql:5432". */
export function placeOf(settings: { readonly host: string; readonly port: number }): string {
  const host = settings.host.includes(":") ? `[${settings.host}]` : settings.host;
  return `${host}:${settings.port}`;
}

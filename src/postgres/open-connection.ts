/**
 * Opens one connection through the `pg` package, which authenticates (SCRAM, MD5, clear text) and does
 * TLS. libpq's six TLS modes are kept, with one difference on purpose: verification without a named
 * authority uses the public ones instead of failing. Nothing is taken from the process environment.
 *
 * Follows section 32.19 "SSL Support" of PostgreSQL's documentation.
 */
import { readFile } from "node:fs/promises";
import { Socket } from "node:net";
import type { ConnectionOptions } from "node:tls";
import type pg from "pg";
import { present } from "../core/assert.ts";
import { DrError, isDrError } from "../core/errors.ts";
import { connectionKeepAliveDelayMs } from "../core/limits.ts";
import { errorOfConnecting, serverFaultOf } from "./connection-errors.ts";
import { type ConnectionSettings, placeOf, type SslMode } from "./connection-settings.ts";
import { type PgClientConfig, pgClient } from "./pg-client.ts";

/** What a connection is for. */
export type OpenOptions = {
  /** The database; for physical replication the server ignores it. */
  readonly database: string;
  readonly applicationName: string;
  readonly replication: boolean;
  /** Makes the socket of an attempt without TLS; an ordinary one by default. */
  readonly plainSocket?: () => Socket;
  readonly signal: AbortSignal;
};

type TlsChoice = ConnectionOptions | false;

export async function readTlsFile(path: string, signal: AbortSignal): Promise<Buffer> {
  try {
    return await readFile(path, { signal });
  } catch (cause) {
    signal.throwIfAborted();
    const reason = cause instanceof Error && "code" in cause ? String(cause.code) : "unreadable";
    throw new DrError("PG_TLS_FILE", { path, reason }, { cause });
  }
}

/** The attempts a mode allows, in order. */
function attemptsOf(mode: SslMode, tls: ConnectionOptions): readonly TlsChoice[] {
  const blind: ConnectionOptions = { ...tls, rejectUnauthorized: false };
  const anyName: ConnectionOptions = {
    ...tls,
    rejectUnauthorized: true,
    checkServerIdentity: () => undefined,
  };
  switch (mode) {
    case "disable":
      return [false];
    case "allow":
      return [false, blind];
    case "prefer":
      return [blind, false];
    case "require":
      return [tls.ca === undefined ? blind : anyName];
    case "verify-ca":
      return [anyName];
    case "verify-full":
      return [{ ...tls, rejectUnauthorized: true }];
  }
}

async function tlsAttempts(
  settings: ConnectionSettings,
  signal: AbortSignal,
): Promise<readonly TlsChoice[]> {
  const { host, sslMode, sslRootCert, sslCert, sslKey } = settings;
  if (host.startsWith("/") || sslMode === "disable") {
    return [false];
  }
  const tls: ConnectionOptions = {
    ...(sslRootCert === undefined || sslRootCert === "system"
      ? {}
      : { ca: await readTlsFile(sslRootCert, signal) }),
    ...(sslCert === undefined ? {} : { cert: await readTlsFile(sslCert, signal) }),
    ...(sslKey === undefined ? {} : { key: await readTlsFile(sslKey, signal) }),
  };
  return attemptsOf(sslMode, tls);
}

/** `pg` hands every value over as the server wrote it: nothing is rounded or re-interpreted. */
const textOnly = { getTypeParser: () => (value: unknown) => value };

function clientFor(settings: ConnectionSettings, options: OpenOptions, ssl: TlsChoice): pg.Client {
  const { host, port, user, password } = settings;
  const config: PgClientConfig = {
    host,
    port,
    user,
    database: options.database,
    password: () => {
      if (password === undefined) {
        throw new DrError("PG_PASSWORD_NEEDED", { where: placeOf(settings), user });
      }
      return password.reveal();
    },
    ssl,
    application_name: options.applicationName,
    client_encoding: "UTF8",
    keepAlive: true,
    keepAliveInitialDelayMillis: connectionKeepAliveDelayMs,
    types: textOnly,
    ...(options.replication ? { replication: "true" } : {}),
    ...(ssl === false && options.plainSocket !== undefined ? { stream: options.plainSocket } : {}),
  };
  return pgClient(config);
}

/** A server without TLS answers the request for it with one byte, "N". */
function answeredNoTls(client: pg.Client, ssl: TlsChoice): boolean {
  const { stream } = client.connection;
  return ssl !== false && stream instanceof Socket && stream.bytesRead === 1;
}

async function attempt(
  settings: ConnectionSettings,
  options: OpenOptions,
  ssl: TlsChoice,
): Promise<pg.Client> {
  const client = clientFor(settings, options, ssl);
  const { connectTimeoutMs } = settings;
  let timedOut = false;
  const giveUp = (): void => {
    client.connection.stream.destroy();
  };
  const timer = setTimeout(() => {
    timedOut = true;
    giveUp();
  }, connectTimeoutMs);
  options.signal.addEventListener("abort", giveUp, { once: true });
  // `pg` reports a failure both here and by the promise; the promise is the one that counts.
  client.on("error", giveUp);
  try {
    await client.connect();
    return client;
  } catch (error) {
    giveUp();
    options.signal.throwIfAborted();
    const where = placeOf(settings);
    if (timedOut) {
      const seconds = connectTimeoutMs / 1000;
      throw new DrError("PG_CONNECT_TIMEOUT", { where, seconds }, { cause: error });
    }
    if (answeredNoTls(client, ssl)) {
      const { sslMode: sslmode } = settings;
      throw new DrError("PG_TLS_REFUSED", { where, sslmode }, { cause: error });
    }
    throw error;
  } finally {
    clearTimeout(timer);
    options.signal.removeEventListener("abort", giveUp);
  }
}

/** After this failure the other way (with or without TLS) may still succeed. */
function otherWayMayWork(error: unknown): boolean {
  const fault = serverFaultOf(error);
  if (fault !== undefined) {
    return fault.sqlstate === "28000";
  }
  return isDrError(error) ? error.code === "PG_TLS_REFUSED" : true;
}

type Opened = { readonly client: pg.Client; readonly ssl: TlsChoice };

async function openFirst(settings: ConnectionSettings, options: OpenOptions): Promise<Opened> {
  options.signal.throwIfAborted();
  const { database, replication } = options;
  const attempts = await tlsAttempts(settings, options.signal);
  for (const [index, ssl] of attempts.entries()) {
    try {
      return { client: await attempt(settings, options, ssl), ssl };
    } catch (error) {
      options.signal.throwIfAborted();
      if (index === attempts.length - 1 || !otherWayMayWork(error)) {
        const usedTls = ssl !== false;
        throw errorOfConnecting(error, { settings, database, replication }, { usedTls });
      }
    }
  }
  return present<Opened>(undefined, "a TLS mode has at least one attempt");
}

/**
 * How `pg` itself gets in, for whoever opens many connections and wants values as it parses them: tried once, by the way (with or without
 * TLS) that worked. @throws as `openConnection`.
 */
export async function provenConfig(
  settings: ConnectionSettings,
  options: Omit<OpenOptions, "replication" | "plainSocket">,
): Promise<pg.ClientConfig> {
  const { client, ssl } = await openFirst(settings, { ...options, replication: false });
  client.connection.end();
  const { host, port, user, password } = settings;
  const { database } = options;
  // Without one it would read the password file of whoever runs this.
  return { host, port, user, database, password: password?.reveal() ?? "", ssl };
}

/**
 * Opens a connection. Aborting closes the socket and rejects with the signal's reason; nothing stays
 * behind. @throws DrError `PG_UNREACHABLE`, `PG_CONNECT_TIMEOUT`, `PG_PASSWORD_REFUSED`,
 * `PG_PASSWORD_NEEDED`, `PG_HBA_REFUSED`, `PG_ROLE_REFUSED`, `PG_NO_REPLICATION_RIGHT`,
 * `PG_TOO_MANY_CONNECTIONS`, `PG_NO_FREE_WALSENDER`, `PG_DATABASE_MISSING`, `PG_STARTING`, `PG_TLS_*`,
 * `PG_CONNECTION_LOST`.
 */
export async function openConnection(
  settings: ConnectionSettings,
  options: OpenOptions,
): Promise<pg.Client> {
  return (await openFirst(settings, options)).client;
}

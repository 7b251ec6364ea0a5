/**
 * How a program of PostgreSQL is told where to connect. Everything goes by its environment, which only its own account and root can
 * read; nothing secret ever stands on a command line. A database's name is quoted as a connection string, for a name with `=` in it
 * would be taken for one.
 *
 * Follows sections "Environment Variables" and "Connection Strings" of libpq in PostgreSQL's documentation.
 */
import { existsSync } from "node:fs";
import type { ConnectionSettings } from "../postgres/connection-settings.ts";
import { serverEnvironment } from "../postgres/run-program.ts";

/** Authorities that the system trusts. libpq older than 16 knows no word for them. */
const SYSTEM_AUTHORITIES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/cert.pem",
];

/** What libpq reads. `HOME` is nowhere, so that nobody's service or password file plays a part. */
export function libpqEnvironment(
  settings: ConnectionSettings,
  applicationName: string,
): Readonly<Record<string, string>> {
  const { host, port, user, password, sslMode, sslRootCert, sslCert, sslKey } = settings;
  const verifies = sslMode === "verify-ca" || sslMode === "verify-full";
  const authorities =
    sslRootCert ?? (verifies ? SYSTEM_AUTHORITIES.find((path) => existsSync(path)) : undefined);
  return serverEnvironment({
    HOME: "/nonexistent",
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGSSLMODE: sslMode,
    PGCONNECT_TIMEOUT: String(Math.ceil(settings.connectTimeoutMs / 1000)),
    PGAPPNAME: applicationName,
    ...(password === undefined ? {} : { PGPASSWORD: password.reveal() }),
    ...(authorities === undefined ? {} : { PGSSLROOTCERT: authorities }),
    ...(sslCert === undefined ? {} : { PGSSLCERT: sslCert }),
    ...(sslKey === undefined ? {} : { PGSSLKEY: sslKey }),
  });
}

/** The words that name a database. */
export function databaseWord(name: string): string {
  return `--dbname=dbname='${name.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

/** A table as the patterns of `pg_dump` name exactly it: between quotes nothing but a quote has a meaning. */
export function tablePattern(table: { readonly schema: string; readonly name: string }): string {
  const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
  return `${quoted(table.schema)}.${quoted(table.name)}`;
}

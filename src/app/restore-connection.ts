/** Where test restores go: RESTORE_HOST with the role of the backups, else the production server. */
import { type ConnectionSettings, isLocalHost } from "../postgres/connection-settings.ts";
import type { Environment } from "./environment.ts";

/** The connection; TLS is judged anew for the other host, where nobody chose a mode. */
export function restoreConnection({ connection, restore }: Environment): ConnectionSettings {
  const { host } = restore;
  if (host === undefined || host === connection.host) {
    return connection;
  }
  return connection.origins.sslMode === "default"
    ? { ...connection, host, sslMode: isLocalHost(host) ? "prefer" : "verify-full" }
    : { ...connection, host };
}

/**
 * What a failed connection or command means for the person at the keyboard. Decisions rest on SQLSTATE,
 * on the reporting routine and on Node's error codes, none of which is ever translated; a server's own
 * text is only quoted. Passwords appear nowhere: no text of ours or of the server holds one.
 *
 * Follows appendix A "PostgreSQL Error Codes"; src/backend/libpq/auth.c (ClientAuthentication,
 * auth_failed), src/backend/utils/init/postinit.c and miscinit.c, src/backend/storage/lmgr/proc.c.
 */
import { DrError, isDrError } from "../core/errors.ts";
import { type ConnectionSettings, placeOf } from "./connection-settings.ts";

/** What an error of the server has in common, however it came. */
export type ServerFault = {
  readonly sqlstate: string;
  readonly text: string;
  readonly routine: string | undefined;
};

/** The connection that failed. */
export type ConnectionPurpose = {
  readonly settings: ConnectionSettings;
  readonly database: string;
  readonly replication: boolean;
};

/** Reads a thrown value as an error of the server; undefined when it is something else. */
export function serverFaultOf(error: unknown): ServerFault | undefined {
  if (!(error instanceof Error) || !("code" in error) || !("severity" in error)) {
    return undefined;
  }
  const code = String(error.code);
  const routine =
    "routine" in error && typeof error.routine === "string" ? error.routine : undefined;
  return /^[0-9A-Z]{5}$/.test(code) ? { sqlstate: code, text: error.message, routine } : undefined;
}

function systemCodeOf(error: unknown): string | undefined {
  if (error instanceof AggregateError && error.errors.length > 0) {
    return systemCodeOf(error.errors[0]);
  }
  if (error instanceof Error && "code" in error && typeof error.code === "string") {
    return error.code;
  }
  return undefined;
}

const unreachableCodes: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EHOSTDOWN",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ENOENT",
  "EACCES",
  "EADDRNOTAVAIL",
]);

const lostCodes: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE", "ECONNABORTED"]);

/** 28000 covers four different refusals; the routine tells them apart. */
function refusedAuthorization(fault: ServerFault, purpose: ConnectionPurpose): DrError {
  const { settings, database, replication } = purpose;
  const where = placeOf(settings);
  if (fault.routine === "ClientAuthentication") {
    const hbaDatabase = replication ? "replication" : database;
    return new DrError("PG_HBA_REFUSED", {
      where,
      user: settings.user,
      text: fault.text,
      hbaDatabase,
    });
  }
  return new DrError("PG_ROLE_REFUSED", { where, user: settings.user, text: fault.text });
}

/** An error the server sent on a connection or in answer to a command. */
export function errorOfFault(
  fault: ServerFault,
  purpose: ConnectionPurpose,
  options: { readonly connecting: boolean },
): DrError {
  const { settings, database, replication } = purpose;
  const where = placeOf(settings);
  const { user } = settings;
  const { text, sqlstate } = fault;
  switch (sqlstate) {
    case "28P01":
      return new DrError("PG_PASSWORD_REFUSED", { where, user });
    case "28000":
      return refusedAuthorization(fault, purpose);
    case "3D000":
      return new DrError("PG_DATABASE_MISSING", { where, database });
    case "42501":
      return options.connecting && replication
        ? new DrError("PG_NO_REPLICATION_RIGHT", { where, user })
        : new DrError("PG_RIGHTS", { where, user, text });
    case "53300":
      return replication
        ? new DrError("PG_NO_FREE_WALSENDER", { where, text })
        : new DrError("PG_TOO_MANY_CONNECTIONS", { where, text });
    case "57P03":
      return new DrError("PG_STARTING", { where, text });
    case "57P01":
    case "57P02":
    case "57P05":
      return new DrError("PG_SHUTTING_DOWN", { where, text });
    default:
      return new DrError("PG_COMMAND_FAILED", { where, sqlstate, text });
  }
}

/** What a failed attempt to connect means. `usedTls`: whether the attempt asked for TLS. */
export function errorOfConnecting(
  error: unknown,
  purpose: ConnectionPurpose,
  options: { readonly usedTls: boolean },
): DrError {
  if (isDrError(error)) {
    return error;
  }
  const { settings } = purpose;
  const where = placeOf(settings);
  const fault = serverFaultOf(error);
  if (fault !== undefined) {
    return errorOfFault(fault, purpose, { connecting: true });
  }
  const code = systemCodeOf(error);
  if (code !== undefined && unreachableCodes.has(code)) {
    return new DrError("PG_UNREACHABLE", { where, reason: code }, { cause: error });
  }
  if (code !== undefined && lostCodes.has(code)) {
    return new DrError("PG_CONNECTION_LOST", { where, reason: code }, { cause: error });
  }
  const { sslMode: sslmode } = settings;
  if (options.usedTls && code !== undefined) {
    return new DrError("PG_TLS_UNVERIFIED", { where, sslmode, reason: code }, { cause: error });
  }
  const reason = error instanceof Error ? error.message : "unknown";
  return new DrError("PG_CONNECTION_LOST", { where, reason }, { cause: error });
}

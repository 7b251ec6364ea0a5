/**
 * Writes the heartbeat: one row on the primary with the server's own time, by which a proof later measures what would be lost. A beat is
 * never worth waiting for: it has a time limit, and does not wait for a standby.
 */
import { DrError, isDrError } from "../core/errors.ts";
import { heartbeatTimeoutMs } from "../core/limits.ts";
import { WRITE_BEAT, heartbeatStatements } from "../postgres/heartbeat.ts";
import { withPasswordFile } from "../postgres/password-file.ts";
import { SqlSession } from "../postgres/sql-session.ts";
import type { Environment } from "./environment.ts";

/** A beat that was written. */
export type Beat = {
  readonly database: string;
  readonly cluster: string;
  /** By the server's clock, ISO 8601. */
  readonly beatAt: string;
  /** How many there have been. */
  readonly beats: number;
};

/** What makes the table, for the owner of its database to run. */
export function heartbeatSql(environment: Environment): readonly string[] {
  return heartbeatStatements(environment.connection.user);
}

/** The database that was configured. @throws DrError `PROOF_HEARTBEAT_OFF`. */
export function heartbeatDatabase(environment: Environment): string {
  const { heartbeatDatabase: database } = environment.proof;
  if (database === undefined) {
    throw new DrError("PROOF_HEARTBEAT_OFF", {});
  }
  return database;
}

/** @throws DrError `PROOF_HEARTBEAT_OFF`, `PROOF_HEARTBEAT_TABLE`, `PG_*`. Aborted or late: the row may or may not be written. */
export async function writeHeartbeat(
  environment: Environment,
  options: { readonly signal: AbortSignal },
): Promise<Beat> {
  const database = heartbeatDatabase(environment);
  const { cluster, slotName: applicationName } = environment;
  const { signal } = options;
  const connection = await withPasswordFile(environment.connection, { signal });
  await using session = await SqlSession.open(connection, { database, applicationName, signal });
  try {
    await session.query(
      `SET statement_timeout = ${heartbeatTimeoutMs}; SET lock_timeout = ${heartbeatTimeoutMs}; SET synchronous_commit = local`,
      { signal },
    );
    const [row] = await session.query(WRITE_BEAT, { values: [cluster], signal });
    const beatAt = new Date(Number(row?.["seconds"]) * 1000).toISOString();
    return { database, cluster, beatAt, beats: Number(row?.["beats"]) };
  } catch (error) {
    if (isDrError(error, "PG_COMMAND_FAILED") || isDrError(error, "PG_RIGHTS")) {
      const reason = String(error.details["reason"] ?? error.message);
      throw new DrError("PROOF_HEARTBEAT_TABLE", { database, reason }, { cause: error });
    }
    throw error;
  }
}

/** For a command that has more to do: why the configured beat could not be written, if it could not. Rejects only when aborted. */
export async function beatInPassing(
  environment: Environment,
  options: { readonly signal: AbortSignal },
): Promise<DrError | undefined> {
  if (environment.proof.heartbeatDatabase === undefined) {
    return undefined;
  }
  try {
    await writeHeartbeat(environment, options);
    return undefined;
  } catch (error) {
    options.signal.throwIfAborted();
    if (isDrError(error)) {
      return error;
    }
    throw error;
  }
}

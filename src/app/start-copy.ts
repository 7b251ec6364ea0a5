/** The server of `pra restore --start`: started on the copy, held against what the plan promised, and left to its users. */
import { isDrError, DrError } from "../core/errors.ts";
import { guard } from "../core/failpoint.ts";
import { restoreReplayMsMax } from "../core/limits.ts";
import { type Lsn, formatLsn, parseLsn } from "../core/lsn.ts";
import type { TimelineId } from "../core/wal-name.ts";
import { placeOf } from "../postgres/connection-settings.ts";
import type { ServerBinaries } from "../postgres/server-binaries.ts";
import type { ServerAccount } from "../postgres/server-account.ts";
import { SqlSession } from "../postgres/sql-session.ts";
import { type ThrowawayServer, startServer } from "../postgres/throwaway-server.ts";
import { reachedPoint } from "../proof/prove.ts";
import type { Environment } from "./environment.ts";

/** How the restored server is started. */
export type StartWish = {
  readonly port: number;
  /** Undefined: the socket only. */
  readonly listen: string | undefined;
};

/** Where the server ended up. */
export type Reached = {
  readonly lsn: Lsn;
  readonly time: string | null;
  readonly timeline: TimelineId;
};

/** A server that runs on the copy. */
export type StartedCopy = {
  readonly pid: number;
  readonly port: number;
  readonly socketDirectory: string;
  readonly listen: string | undefined;
  readonly database: string;
  readonly user: string;
};

/** What is started, as whom and by which programs. */
export type RestoredDirectory = {
  readonly dataDirectory: string;
  readonly binaries: ServerBinaries;
  readonly account: ServerAccount | undefined;
};

/** What the server itself says it reached; the plan's word where it does not let us in. */
async function askReached(
  server: ThrowawayServer,
  environment: Environment,
  planned: Reached,
  signal: AbortSignal,
): Promise<Reached> {
  const { user, password } = environment.connection;
  const { socketDirectory: host, port } = server;
  const settings = {
    ...environment.connection,
    host,
    port,
    user,
    password,
    sslMode: "disable",
  } as const;
  try {
    const options = { applicationName: "pra_restore", database: "postgres", signal };
    await using session = await SqlSession.open(settings, options);
    const [row] = await session.query(
      `SELECT pg_catalog.pg_last_wal_replay_lsn()::text AS lsn,
        to_char(pg_catalog.pg_last_xact_replay_timestamp() AT TIME ZONE 'UTC',
          'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS time`,
      { signal },
    );
    const lsn = row?.["lsn"];
    const time = row?.["time"] ?? planned.time;
    return typeof lsn === "string" ? { ...planned, lsn: parseLsn(lsn), time } : planned;
  } catch (error) {
    signal.throwIfAborted();
    if (isDrError(error) && error.code.startsWith("PG_")) {
      return planned;
    }
    throw error;
  }
}

/** Holds where recovery ended against the plan. @throws DrError `RESTORE_ENDED_SHORT`. */
async function requireReached(directory: string, wanted: Lsn): Promise<void> {
  const point = await reachedPoint(directory);
  const short = point === undefined || point.lsn < wanted;
  if (short && guard("L44-outcome-compared")) {
    const reached = point === undefined ? "–" : formatLsn(point.lsn);
    throw new DrError("RESTORE_ENDED_SHORT", { directory, reached, wanted: formatLsn(wanted) });
  }
}

/**
 * Starts a server on a restored directory, which goes on when this process ends; resolves when it has recovered.
 * @throws DrError `RESTORE_ENDED_SHORT`, `PG_*` of the start: then it is stopped.
 */
export async function startCopy(
  environment: Environment,
  wish: StartWish,
  copy: RestoredDirectory,
  call: { readonly planned: Reached; readonly signal: AbortSignal },
): Promise<{ readonly started: StartedCopy; readonly reached: Reached }> {
  const { dataDirectory, binaries, account } = copy;
  const { port, listen } = wish;
  const server = await startServer({
    dataDirectory,
    binaries,
    port,
    ...(account === undefined ? {} : { account }),
    ...(listen === undefined ? {} : { listenAddresses: listen }),
    // A replaying server answers with what it has so far: a person would take that for the target.
    goal: "recovered",
    startTimeoutMs: restoreReplayMsMax,
    signal: call.signal,
  });
  try {
    await requireReached(dataDirectory, call.planned.lsn);
    const reached = await askReached(server, environment, call.planned, call.signal);
    await server.detach();
    const { socketDirectory } = server;
    const { pid } = server.identity;
    const { user } = environment.connection;
    return { started: { pid, port, socketDirectory, listen, database: "postgres", user }, reached };
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

/** Where people connect to. */
export function connectionOf(started: StartedCopy): {
  readonly psql: string;
  readonly url: string;
} {
  const { socketDirectory, port, database, user } = started;
  const host =
    started.listen === undefined ? socketDirectory : (started.listen.split(",")[0] ?? "");
  const place = placeOf({ host, port });
  const account = encodeURIComponent(user);
  const url = host.startsWith("/")
    ? `postgresql://${account}@/${database}?host=${encodeURIComponent(host)}&port=${port}`
    : `postgresql://${account}@${place}/${database}`;
  return { psql: `psql -h ${host} -p ${port} -U ${user} ${database}`, url };
}

/**
 * The server that the demonstration loses: a fresh cluster, durable as a production server is (fsync, full page writes,
 * checksums), reachable over a private socket only.
 */
import type { Client, ClientConfig } from "pg";
import type { Clock } from "../../core/clock.ts";
import { addBulkData } from "../../loadtest/bulk-data.ts";
import { initCluster } from "../../postgres/init-cluster.ts";
import { pgClient } from "../../postgres/pg-client.ts";
import type { ServerAccount } from "../../postgres/server-account.ts";
import type { ServerBinaries } from "../../postgres/server-binaries.ts";
import { type ThrowawayServer, startServer } from "../../postgres/throwaway-server.ts";
import type { DemoSocket } from "./demo-environment.ts";
import { makeFor } from "./demo-folder.ts";

/** Sockets lie in private directories, so every server of ours may have the usual port. */
export const demoPort = 5432;

/** Durable, and with room for the load between two checkpoints. */
const PRODUCTION_SETTINGS = {
  fsync: "on",
  full_page_writes: "on",
  synchronous_commit: "on",
  wal_level: "replica",
  max_wal_senders: "10",
  shared_buffers: "128MB",
  max_wal_size: "2GB",
  log_checkpoints: "off",
} as const;

/** A piece of the loading takes a second at most. */
const QUIET_WITHIN_MS = 5000;
/** How often a state is looked at. */
const LOOK_EVERY_MS = 20;

/** How `pg` reaches a server of the demonstration. */
export function clientConfig(server: DemoSocket): ClientConfig {
  return {
    host: server.socketDirectory,
    port: server.port,
    user: "postgres",
    database: "postgres",
    // Else it would read the password file of whoever runs this.
    password: "",
  };
}

/** Runs `work` with a connection of its own. Aborting cuts it off, so that a server that hangs holds up nobody; rejects with the signal's reason. */
export async function withClient<T>(
  server: DemoSocket,
  work: (client: Client) => Promise<T>,
  options: { readonly signal: AbortSignal },
): Promise<T> {
  return withClientOf(clientConfig(server), work, options);
}

/** As `withClient`, on any server. */
export async function withClientOf<T>(
  config: ClientConfig,
  work: (client: Client) => Promise<T>,
  { signal }: { readonly signal: AbortSignal },
): Promise<T> {
  signal.throwIfAborted();
  const client = pgClient(config);
  // A server that dies breaks the statement under way, which tells it.
  client.on("error", () => undefined);
  const cut = (): void => {
    client.connection.stream.destroy();
  };
  signal.addEventListener("abort", cut, { once: true });
  try {
    await client.connect();
    return await work(client);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", cut);
    await client.end().catch(() => undefined);
  }
}

/** Makes a cluster and starts it. @throws DrError `PG_*`. */
export async function startProduction(options: {
  readonly dataDirectory: string;
  readonly logFile: string;
  readonly binaries: ServerBinaries;
  readonly account: ServerAccount;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}): Promise<ThrowawayServer> {
  await makeFor(options.account, options.dataDirectory);
  await initCluster({ ...options, initdbArguments: ["--data-checksums"] });
  return startServer({ ...options, port: demoPort, settings: PRODUCTION_SETTINGS });
}

/** Waits until no client but this one is connected: what was begun has ended, and nothing will miss the server. */
export async function untilQuiet(server: DemoSocket, clock: Clock): Promise<void> {
  const signal = AbortSignal.timeout(QUIET_WITHIN_MS);
  const look = async (client: Client): Promise<void> => {
    for (;;) {
      const { rows } = await client.query<{ others: string }>(
        "SELECT count(*) AS others FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
      );
      if (rows[0]?.others === "0") {
        return;
      }
      await clock.sleep(LOOK_EVERY_MS, { signal });
    }
  };
  await withClient(server, look, { signal });
}

/** Loads bulk data; answers its bytes. No WAL of it is needed afterwards: a new slot keeps WAL from the last checkpoint on. */
export async function fillServer(
  server: DemoSocket,
  options: { readonly bytes: number; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<number> {
  const { bytes, clock, signal } = options;
  const loaded = await addBulkData(clientConfig(server), { bytes, signal }).catch(
    async (error: unknown) => {
      // One connection failed or saw the interrupt; the other is still at its piece.
      await untilQuiet(server, clock);
      throw error;
    },
  );
  await withClient(server, (client) => client.query("CHECKPOINT"), { signal });
  return loaded;
}

/**
 * Makes every commit wait for the standby of this name, and returns when the server itself says that it counts as
 * synchronous. Aborting leaves the setting.
 */
export async function makeSynchronous(
  server: DemoSocket,
  options: {
    readonly standbyName: string;
    readonly clock: Clock;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { standbyName, clock, signal } = options;
  const settle = async (client: Client): Promise<void> => {
    await client.query(`ALTER SYSTEM SET synchronous_standby_names = '"${standbyName}"'`);
    await client.query("SELECT pg_reload_conf()");
    for (;;) {
      const { rows } = await client.query<{ sync_state: string }>(
        "SELECT sync_state FROM pg_stat_replication WHERE application_name = $1 AND state = 'streaming'",
        [standbyName],
      );
      if (rows.some((row) => row.sync_state === "sync")) {
        return;
      }
      await clock.sleep(LOOK_EVERY_MS, { signal });
    }
  };
  await withClient(server, settle, { signal });
}

/** Lets commits wait for nobody any more; those that waited go on. */
export async function makeAsynchronous(
  server: DemoSocket,
  options: { readonly signal: AbortSignal },
): Promise<void> {
  const settle = async (client: Client): Promise<void> => {
    await client.query("ALTER SYSTEM RESET synchronous_standby_names");
    await client.query("SELECT pg_reload_conf()");
  };
  await withClient(server, settle, options);
}

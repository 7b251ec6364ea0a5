/**
 * Bringing the lost server back, from the repository and the key alone, with the code of `pra restore` and `pra prove`: what can be reached, the
 * restore, the start, what the load's oracle says about it, and the proof. Nothing here knows what production held.
 */
import { chmod, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Client } from "pg";
import { present } from "../../core/assert.ts";
import { lsnDistanceBytes } from "../../core/lsn.ts";
import type { Acknowledged } from "../../loadtest/acknowledged.ts";
import { type OracleVerdict, verifyOracle } from "../../loadtest/oracle.ts";
import type { ServerAccount } from "../../postgres/server-account.ts";
import type { ServerBinaries } from "../../postgres/server-binaries.ts";
import { type ThrowawayServer, startServer } from "../../postgres/throwaway-server.ts";
import type { Proof } from "../../proof/proof-result.ts";
import { listIncarnations } from "../../repository/incarnation.ts";
import { type IncarnationPlace, clusterNameOf } from "../../repository/object-names.ts";
import type { SealedStore } from "../../repository/sealed-store.ts";
import type { RestorePlan } from "../../restore/plan-result.ts";
import { WalCatalogue } from "../../wal/wal-catalogue.ts";
import type { Adapters } from "../compose.ts";
import { runProve } from "../prove-operation.ts";
import { type RestoreResult, runRestore } from "../restore.ts";
import { demoCluster, demoEnvironment } from "./demo-environment.ts";
import type { DemoFolder } from "./demo-folder.ts";
import { demoWorkers } from "./demo-production.ts";
import { demoPort, withClient } from "./demo-server.ts";

const LOOK_EVERY_MS = 20;

/** Everything a recovery works with. */
export type DemoRecovery = {
  readonly adapters: Adapters;
  readonly sealed: SealedStore;
  readonly place: IncarnationPlace;
  readonly folder: DemoFolder;
  readonly binaries: ServerBinaries;
  readonly account: ServerAccount;
  readonly signal: AbortSignal;
};

/** The demonstration's only place in its repository. */
export async function placeOf(
  sealed: SealedStore,
  call: { readonly signal: AbortSignal },
): Promise<IncarnationPlace> {
  const [place] = await listIncarnations(sealed, clusterNameOf(demoCluster), call);
  return present(place, "the repository holds the demonstration's cluster");
}

/** Bytes of WAL that the repository holds. */
export async function heldWalBytes(recovery: DemoRecovery): Promise<number> {
  const { sealed, place, signal } = recovery;
  const { timelines } = await WalCatalogue.load(sealed, place, { signal });
  return timelines
    .flatMap(({ spans }) => spans)
    .reduce((sum, { fromLsn, toLsn }) => sum + lsnDistanceBytes(fromLsn, toLsn), 0);
}

/** Plans and restores the latest point, isolated and not started. @throws DrError as `pra restore` does. */
export async function restoreLatest(
  recovery: DemoRecovery,
  told: {
    readonly onPlan: (plan: RestorePlan) => void;
    readonly onProgress: (writtenBytes: number) => void;
  },
): Promise<RestoreResult> {
  const { adapters, folder, account, signal } = recovery;
  return runRestore(adapters, demoEnvironment(folder), {
    flags: { latest: true },
    backup: undefined,
    command: "pra demo",
    to: folder.restored,
    // Started apart: a server that `pra restore --start` starts would outlive the demonstration.
    start: undefined,
    tablespaces: new Map(),
    owner: account.switched ? account.name : undefined,
    workers: demoWorkers,
    acceptRollback: false,
    reason: "pra demo: pra restore --latest",
    onPlan: told.onPlan,
    onProgress: ({ writtenBytes }) => {
      told.onProgress(writtenBytes);
    },
    signal,
  });
}

/** Starts the restored server; it has replayed, answered and taken a write when this resolves. */
export async function startRestored(recovery: DemoRecovery): Promise<ThrowawayServer> {
  const { adapters, folder, binaries, account, signal } = recovery;
  const server = await startServer({
    dataDirectory: folder.restored,
    logFile: join(folder.serverLogs, "restored.log"),
    binaries,
    account,
    port: demoPort,
    signal,
  });
  try {
    const untilWritten = async (client: Client): Promise<void> => {
      // A server answers reads before its recovery has ended.
      const stillRecovering = async (): Promise<boolean> => {
        const { rows } = await client.query<{ recovering: boolean }>(
          "SELECT pg_is_in_recovery() AS recovering",
        );
        return rows[0]?.recovering !== false;
      };
      while (await stillRecovering()) {
        await adapters.clock.sleep(LOOK_EVERY_MS, { signal });
      }
      await client.query("CREATE TEMPORARY TABLE pra_demo_answers AS SELECT 1");
    };
    await withClient(server, untilWritten, { signal });
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

/** Compares what the restored server holds with what clients were told. */
export async function judgeRestored(
  server: ThrowawayServer,
  acknowledged: Acknowledged,
  options: { readonly signal: AbortSignal },
): Promise<OracleVerdict> {
  return withClient(server, (client) => verifyOracle(client, acknowledged), options);
}

/** Proves the same point once more, in a throw-away server of its own. @throws DrError as `pra prove` does. */
export async function proveLatest(recovery: DemoRecovery, onStep: () => void): Promise<Proof> {
  const { adapters, folder, signal } = recovery;
  // Made here, because the server's account must pass through, whatever the umask is.
  await mkdir(folder.spool);
  await chmod(folder.spool, 0o711);
  const { proof } = await runProve(adapters, demoEnvironment(folder), {
    target: { latest: true },
    workers: demoWorkers,
    localZone: "UTC",
    reason: "pra demo",
    onStep,
    signal,
  });
  await rm(folder.spool, { recursive: true, force: true });
  return proof;
}

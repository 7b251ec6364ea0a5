/**
 * Bringing the lost server back, from the repository and the key alone: what can be reached, the restore, the start, and what
 * the load's oracle says about it. Nothing here knows what production held.
 */
import { present } from "../../core/assert.ts";
import { DrError } from "../../core/errors.ts";
import type { Lsn } from "../../core/lsn.ts";
import { timelineOf, type TimelineId } from "../../core/wal-name.ts";
import type { Acknowledged } from "../../loadtest/acknowledged.ts";
import { type OracleVerdict, verifyOracle } from "../../loadtest/oracle.ts";
import type { ServerAccount } from "../../postgres/server-account.ts";
import type { ServerBinaries } from "../../postgres/server-binaries.ts";
import { type ThrowawayServer, startServer } from "../../postgres/throwaway-server.ts";
import type { Proof } from "../../proof/proof-result.ts";
import { prove } from "../../proof/prove.ts";
import { listIncarnations } from "../../repository/incarnation.ts";
import { type IncarnationPlace, clusterNameOf } from "../../repository/object-names.ts";
import type { BackupRoot } from "../../repository/root.ts";
import type { SealedStore } from "../../repository/sealed-store.ts";
import { recoverySettings } from "../../restore/recovery-settings.ts";
import { type RestoredBackup, restoreBackup } from "../../restore/restore-backup.ts";
import { materialiseWal } from "../../wal/materialise-wal.ts";
import type { LineageStep } from "../../wal/timeline-history.ts";
import { WalCatalogue } from "../../wal/wal-catalogue.ts";
import { WalReader } from "../../wal/wal-reader.ts";
import { listRoots } from "../backup-roots.ts";
import type { Adapters } from "../compose.ts";
import { demoCluster } from "./demo-environment.ts";
import type { DemoFolder } from "./demo-folder.ts";
import { demoPort, withClient } from "./demo-server.ts";

const WORKERS = 2;

/** What can be reached, and from which backup. */
export type DemoPlan = {
  readonly root: BackupRoot;
  readonly timeline: TimelineId;
  readonly lineage: readonly LineageStep[];
  readonly reachLsn: Lsn;
  readonly reader: WalReader;
};

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

/** The newest backup whose WAL is whole, and how far its WAL reaches. @throws DrError `RESTORE_…`. */
export async function planLatest(recovery: DemoRecovery): Promise<DemoPlan> {
  const { sealed, place, signal } = recovery;
  const catalogue = await WalCatalogue.load(sealed, place, { signal });
  for await (const listed of listRoots(sealed, place, { signal })) {
    if (listed.state === "readable") {
      const { root } = listed;
      const timeline = timelineOf(root.timeline);
      const lineage = catalogue.lineage(timeline);
      const reachLsn = catalogue.reachableEnd(lineage, root.startLsn);
      if (reachLsn !== undefined && reachLsn >= root.stopLsn) {
        return { root, timeline, lineage, reachLsn, reader: new WalReader(sealed, catalogue) };
      }
    }
  }
  throw new DrError("REPO_NONE_HERE", { location: sealed.store.location });
}

function layWalOf(recovery: DemoRecovery, plan: DemoPlan): (directory: string) => Promise<number> {
  const { account, signal } = recovery;
  const owner = account.switched ? account : undefined;
  return async (directory) => {
    const range = { lineage: plan.lineage, fromLsn: plan.root.startLsn, toLsn: plan.reachLsn };
    const laid = await materialiseWal(plan.reader, range, { directory, owner }, { signal });
    return laid.bytes;
  };
}

/** Restores what the plan says, isolated and not started. */
export async function restoreLatest(
  recovery: DemoRecovery,
  plan: DemoPlan,
  onProgress: (writtenBytes: number) => void,
): Promise<RestoredBackup> {
  const { adapters, sealed, place, folder, account, signal } = recovery;
  const { clock, random } = adapters;
  return restoreBackup({
    sealed,
    place,
    root: plan.root,
    dataDirectory: folder.restored,
    tablespaces: new Map(),
    owner: account.switched ? account : undefined,
    layWal: layWalOf(recovery, plan),
    settings: recoverySettings({
      stop: { kind: "end" },
      timeline: plan.timeline,
      action: "promote",
    }),
    workers: WORKERS,
    clock,
    random,
    onProgress: ({ writtenBytes }) => {
      onProgress(writtenBytes);
    },
    signal,
  });
}

/** Starts the restored server; it has answered and takes writes when this resolves. */
export async function startRestored(recovery: DemoRecovery): Promise<ThrowawayServer> {
  const { folder, binaries, account, signal } = recovery;
  const server = await startServer({
    dataDirectory: folder.restored,
    binaries,
    account,
    port: demoPort,
    signal,
  });
  try {
    await withClient(server, async (client) => {
      await client.query("CREATE TEMPORARY TABLE pra_demo_answers AS SELECT 1");
    });
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
): Promise<OracleVerdict> {
  return withClient(server, (client) => verifyOracle(client, acknowledged));
}

/** Proves the same point once more, in a throw-away server of its own. */
export async function proveLatest(
  recovery: DemoRecovery,
  plan: DemoPlan,
  onPhase: () => void,
): Promise<Proof> {
  const { adapters, sealed, place, folder, binaries, account, signal } = recovery;
  const { clock, random } = adapters;
  return prove({
    sealed,
    place,
    root: plan.root,
    stop: { kind: "end" },
    timeline: plan.timeline,
    // Recovery ends at the last whole record, which the end of the WAL may cut.
    reachLsn: plan.root.stopLsn,
    layWal: layWalOf(recovery, plan),
    workDirectory: folder.proof,
    binaries,
    account,
    port: demoPort,
    workers: WORKERS,
    clock,
    random,
    onPhase,
    signal,
  });
}

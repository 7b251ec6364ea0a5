/**
 * Bringing the lost server back, from the repository and the key alone: what can be reached, the restore, the start, and what
 * the load's oracle says about it. Nothing here knows what production held.
 */
import { present } from "../../core/assert.ts";
import { lsnDistanceBytes } from "../../core/lsn.ts";
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
import { summaryOf } from "../../restore/plan-backup.ts";
import type { RestorePlan } from "../../restore/plan-result.ts";
import { planRestore } from "../../restore/plan.ts";
import { recoverySettings } from "../../restore/recovery-settings.ts";
import { type RestoredBackup, restoreBackup } from "../../restore/restore-backup.ts";
import { walKnowledgeOf } from "../../restore/wal-knowledge-of-catalogue.ts";
import { materialiseWal } from "../../wal/materialise-wal.ts";
import { WalCatalogue } from "../../wal/wal-catalogue.ts";
import { WalReader } from "../../wal/wal-reader.ts";
import { listRoots } from "../backup-roots.ts";
import type { Adapters } from "../compose.ts";
import { demoCluster } from "./demo-environment.ts";
import type { DemoFolder } from "./demo-folder.ts";
import { demoWorkers } from "./demo-production.ts";
import { demoPort, withClient } from "./demo-server.ts";

const LOOK_EVERY_MS = 20;

/** What can be reached, and from which backup. */
export type DemoPlan = {
  readonly plan: RestorePlan;
  readonly root: BackupRoot;
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

/** Bytes of WAL that the repository holds. */
export async function heldWalBytes(recovery: DemoRecovery): Promise<number> {
  const { sealed, place, signal } = recovery;
  const { timelines } = await WalCatalogue.load(sealed, place, { signal });
  return timelines
    .flatMap(({ spans }) => spans)
    .reduce((sum, { fromLsn, toLsn }) => sum + lsnDistanceBytes(fromLsn, toLsn), 0);
}

/** The plan for the latest point that the repository holds. @throws DrError `PLAN_*`, as `pra restore` would. */
export async function planLatest(recovery: DemoRecovery): Promise<DemoPlan> {
  const { sealed, place, signal } = recovery;
  const roots: BackupRoot[] = [];
  for await (const listed of listRoots(sealed, place, { signal })) {
    if (listed.state === "readable") {
      roots.push(listed.root);
    }
  }
  const catalogue = await WalCatalogue.load(sealed, place, { signal });
  const plan = await planRestore(
    { backups: roots.map(summaryOf), wal: walKnowledgeOf(sealed, catalogue) },
    { kind: "latest", timeline: "latest" },
    { signal },
  );
  if (!plan.reachable) {
    throw plan.error;
  }
  const root = roots.find(({ id }) => id === plan.backup.id);
  const reader = new WalReader(sealed, catalogue);
  return { plan, root: present(root, "a planned backup was listed"), reader };
}

function layWalOf(
  recovery: DemoRecovery,
  planned: DemoPlan,
): (directory: string) => Promise<number> {
  const { account, signal } = recovery;
  const owner = account.switched ? account : undefined;
  return async (directory) => {
    const { reader, plan } = planned;
    const laid = await materialiseWal(reader, plan.wal, { directory, owner }, { signal });
    return laid.bytes;
  };
}

/** Restores what the plan says, isolated and not started. */
export async function restoreLatest(
  recovery: DemoRecovery,
  planned: DemoPlan,
  onProgress: (writtenBytes: number) => void,
): Promise<RestoredBackup> {
  const { adapters, sealed, place, folder, account, signal } = recovery;
  const { clock, random } = adapters;
  return restoreBackup({
    sealed,
    place,
    root: planned.root,
    dataDirectory: folder.restored,
    tablespaces: new Map(),
    owner: account.switched ? account : undefined,
    layWal: layWalOf(recovery, planned),
    settings: recoverySettings({
      stop: planned.plan.stop,
      timeline: planned.plan.timeline,
      action: "promote",
    }),
    workers: demoWorkers,
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
  const { adapters, folder, binaries, account, signal } = recovery;
  const server = await startServer({
    dataDirectory: folder.restored,
    binaries,
    account,
    port: demoPort,
    signal,
  });
  try {
    await withClient(server, async (client) => {
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
  planned: DemoPlan,
  onPhase: () => void,
): Promise<Proof> {
  const { adapters, sealed, place, folder, binaries, account, signal } = recovery;
  const { clock, random } = adapters;
  return prove({
    sealed,
    place,
    root: planned.root,
    stop: planned.plan.stop,
    timeline: planned.plan.timeline,
    reachLsn: planned.plan.reached.lsn,
    layWal: layWalOf(recovery, planned),
    workDirectory: folder.proof,
    binaries,
    account,
    port: demoPort,
    workers: demoWorkers,
    clock,
    random,
    onPhase,
    signal,
  });
}

/**
 * The demonstration: a server under load is lost for good, brought back from the repository, judged and proved. It ends with
 * nothing running and nothing left but its folder, however it ends. It must never show a zero that was not counted.
 */
import { rm } from "node:fs/promises";
import { SeededRandom } from "../../core/random.ts";
import { type OracleVerdict, lostTimeMs } from "../../loadtest/oracle.ts";
import { serverAccount } from "../../postgres/server-account.ts";
import { findServerBinaries } from "../../postgres/server-binaries.ts";
import type { Proof } from "../../proof/proof-result.ts";
import type { SealedStore } from "../../repository/sealed-store.ts";
import type { RestorePlan } from "../../restore/plan-result.ts";
import type { RestoredBackup } from "../../restore/restore-backup.ts";
import type { Adapters } from "../compose.ts";
import { createRepository } from "../create-repository.ts";
import { openRepository } from "../repository-access.ts";
import { demoEnvironment, writeDemoEnvironment } from "./demo-environment.ts";
import { type DemoFolder, makeDemoFolder, roomFor } from "./demo-folder.ts";
import { type Loss, demoClients, runProduction } from "./demo-production.ts";
import {
  type DemoRecovery,
  judgeRestored,
  heldWalBytes,
  placeOf,
  proveLatest,
  restoreLatest,
  startRestored,
} from "./demo-recovery.ts";
import type { DemoEvent, DemoReport, Sabotage } from "./demo-report.ts";
import { DemoSteps } from "./demo-steps.ts";
import { sabotageWal } from "./sabotage.ts";

/** The major that is shown. */
const MAJOR = 18;

/** How to run it. */
export type DemoOptions = {
  readonly adapters: Adapters;
  readonly seed: number;
  readonly sabotage: boolean;
  /** Size of the table data to load. */
  readonly dataBytes: number;
  /** Acknowledged commits before the kill, at least. */
  readonly commits: number;
  /** Must not exist; a new one in the current directory by default. */
  readonly folder: string | undefined;
  readonly onEvent: (event: DemoEvent) => void;
  readonly signal: AbortSignal;
};

/** What a recovery came to. */
type Recovered = {
  readonly sabotage: Sabotage | undefined;
  /** All WAL that the repository held when production was lost. */
  readonly walReceivedBytes: number;
  readonly plan: RestorePlan;
  readonly restored: RestoredBackup;
  readonly rtoMs: number;
  readonly verdict: OracleVerdict;
  readonly proof: Proof;
};

async function makeRepository(
  options: DemoOptions,
  folder: DemoFolder,
  steps: DemoSteps,
): Promise<SealedStore> {
  const { adapters, signal } = options;
  const { sealed } = await createRepository(adapters, demoEnvironment(folder), {
    encryption: "on",
    recoveryKey: "write",
    signal,
  });
  await writeDemoEnvironment(folder);
  steps.tell({ kind: "repository-made", keyFile: folder.keyFile });
  return sealed;
}

async function restoreAndStart(
  recovery: DemoRecovery,
  context: { readonly loss: Loss; readonly steps: DemoSteps },
): Promise<Pick<Recovered, "plan" | "restored" | "rtoMs" | "verdict">> {
  const { steps, loss } = context;
  let totalBytes = 0;
  const { value, durationMs } = await steps.run("restore", () =>
    restoreLatest(recovery, {
      onPlan: ({ backup, reached, restoreBytes }) => {
        totalBytes = restoreBytes;
        const { id, kind: backupKind } = backup;
        steps.tell({ kind: "planned", backup: id, backupKind, reachLsn: reached.lsn });
      },
      onProgress: (doneBytes) => {
        steps.tell({ kind: "progress", phase: "restore", doneBytes, totalBytes });
      },
    }),
  );
  const { plan, restored } = value;
  const { restoredBytes, walBytes } = restored;
  const directory = recovery.folder.restored;
  steps.tell({ kind: "restored", directory, restoredBytes, walBytes, durationMs });
  const { value: server } = await steps.run("start", () => startRestored(recovery));
  await using running = server;
  const rtoMs = Math.round(recovery.adapters.clock.monotonic() - loss.killedAtMs);
  steps.tell({ kind: "started", rtoMs });
  const { value: verdict } = await steps.run("judge", () =>
    judgeRestored(running, loss.acknowledged, { signal: recovery.signal }),
  );
  const { found, lost, ok } = verdict;
  steps.tell({ kind: "judged", found, lost: lost.length, ok });
  await running.stop("fast", { signal: recovery.signal });
  return { plan, restored, rtoMs, verdict };
}

async function recover(
  options: DemoOptions,
  parts: Omit<DemoRecovery, "sealed" | "place" | "adapters" | "signal">,
  context: { readonly loss: Loss; readonly steps: DemoSteps },
): Promise<Recovered> {
  const { adapters, signal } = options;
  const { steps, loss } = context;
  // As on another host: from the folder of the repository and the key file, and nothing remembered.
  const { sealed } = await openRepository(adapters, demoEnvironment(parts.folder), { signal });
  const place = await placeOf(sealed, { signal });
  const recovery: DemoRecovery = { ...parts, adapters, sealed, place, signal };
  const walReceivedBytes = await heldWalBytes(recovery);
  let sabotage: Sabotage | undefined;
  if (options.sabotage) {
    const [, incremental] = loss.roots;
    ({ value: sabotage } = await steps.run("sabotage", () =>
      sabotageWal({
        sealed,
        place,
        acknowledged: loss.acknowledged,
        backupStopLsn: incremental.stopLsn,
        walSegmentBytes: incremental.server.walSegmentBytes,
        signal,
      }),
    ));
    steps.tell({ kind: "sabotaged", sabotage });
  }
  const started = await restoreAndStart(recovery, context);
  const { value: proof, durationMs } = await steps.run("proof", () =>
    proveLatest(recovery, () => {
      steps.tell({ kind: "progress", phase: "proof" });
    }),
  );
  steps.tell({ kind: "proved", verdict: proof.verdict, durationMs });
  return { sabotage, walReceivedBytes, ...started, proof };
}

async function storedSizes(
  sealed: SealedStore,
  signal: AbortSignal,
): Promise<Pick<DemoReport, "walStoredBytes" | "repositoryBytes">> {
  let [walStoredBytes, repositoryBytes] = [0, 0];
  for await (const { name, sizeBytes } of sealed.listNames("", { signal })) {
    repositoryBytes += sizeBytes;
    walStoredBytes += name?.type === "walSegment" || name?.type === "walPart" ? sizeBytes : 0;
  }
  return { walStoredBytes, repositoryBytes };
}

/** Runs it in its folder. */
async function runIn(
  options: DemoOptions,
  parts: Omit<DemoRecovery, "sealed" | "place" | "adapters" | "signal">,
): Promise<DemoReport> {
  const { adapters, seed, signal, dataBytes, commits } = options;
  const { clock } = adapters;
  const beganMs = clock.monotonic();
  const steps = new DemoSteps(clock, options.onEvent);
  steps.tell({ kind: "begun", folder: parts.folder.root, seed });
  const sealed = await makeRepository(options, parts.folder, steps);
  const random = new SeededRandom(seed);
  const production = { ...parts, adapters, steps, random, dataBytes, commits, signal };
  const loss = await runProduction(production);
  const recovered = await recover(options, parts, { loss, steps });
  const sizes = await storedSizes(sealed, signal);
  const { plan, restored, verdict, proof, sabotage, rtoMs } = recovered;
  const { acknowledged, backups, killAfterIncrementalMs, commitsPerSecond } = loss;
  const { major, minor } = parts.binaries.version;
  return {
    folder: parts.folder.root,
    seed,
    sabotage,
    serverVersion: `${major}.${minor}`,
    clients: demoClients,
    dataBytes: loss.dataBytes,
    acknowledged: acknowledged.count,
    commitsPerSecond,
    lost: verdict.lost.length,
    found: verdict.found,
    chainBroken: verdict.chainBroken,
    balancesOk: verdict.sumOk && verdict.wrongAccounts.length === 0,
    killAfterIncrementalMs,
    backups,
    walReceivedBytes: recovered.walReceivedBytes,
    ...sizes,
    restoreReadBytes: restored.readBytes,
    restoredBytes: restored.restoredBytes,
    restoredWalBytes: restored.walBytes,
    reachLsn: plan.reached.lsn,
    rpoMs: lostTimeMs(acknowledged, verdict, loss.killedEpochMs),
    rtoMs,
    proof: {
      verdict: proof.verdict,
      durationMs: proof.durationMs,
      levels: proof.levels.map(({ level, ok, durationMs, findings }) => ({
        level,
        ok,
        durationMs,
        findings,
      })),
    },
    timings: steps.timings,
    durationMs: Math.round(clock.monotonic() - beganMs),
    ok: verdict.ok && proof.verdict === "proved",
  };
}

/**
 * Runs the demonstration. Interrupted, its folder is removed; failed otherwise, it stays, for a look at the logs.
 * @throws DrError `CONFIG_DEMO_*`, and whatever the steps throw; the signal's reason.
 */
export async function runDemo(options: DemoOptions): Promise<DemoReport> {
  const { adapters, signal, dataBytes } = options;
  const account = await serverAccount();
  const nowMs = adapters.clock.now();
  const made = await makeDemoFolder({
    purpose: "demo",
    wished: options.folder,
    account,
    neededBytes: roomFor(dataBytes),
    nowMs,
    signal,
  });
  try {
    const binaries = await findServerBinaries(MAJOR, {
      account,
      signal,
      origins: ["embedded", "distribution", "pg_config"],
      // Where the server's account cannot reach the installed ones, copies go away with the folder.
      cacheDirectories: [made.programs],
    });
    const folder = { ...made, binDirectory: binaries.binDirectory };
    return await runIn(options, { folder, binaries, account });
  } catch (error) {
    if (signal.aborted) {
      // A program that was killed may have had a child that still writes.
      await rm(made.root, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
      options.onEvent({ kind: "folder-removed", folder: made.root });
    } else {
      options.onEvent({ kind: "folder-kept", folder: made.root });
    }
    throw error;
  }
}

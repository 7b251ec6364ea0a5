/**
 * The first act: production lives, is backed up under load, and is lost. The kill comes at a random moment drawn from the seed;
 * what the load has done by then is never repeated exactly, since it runs as fast as this machine lets it.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { assert } from "../../core/assert.ts";
import { DrError } from "../../core/errors.ts";
import type { Random } from "../../core/random.ts";
import type { Acknowledged } from "../../loadtest/acknowledged.ts";
import { type Workload, startWorkload } from "../../loadtest/workload.ts";
import type { ServerAccount } from "../../postgres/server-account.ts";
import type { ServerBinaries } from "../../postgres/server-binaries.ts";
import type { ThrowawayServer } from "../../postgres/throwaway-server.ts";
import type { BackupRoot } from "../../repository/root.ts";
import type { Adapters } from "../compose.ts";
import { runBackup } from "../backup.ts";
import type { Environment } from "../environment.ts";
import { demoEnvironment } from "./demo-environment.ts";
import type { DemoFolder } from "./demo-folder.ts";
import type { DemoBackup, DemoPhase } from "./demo-report.ts";
import { clientConfig, fillServer, makeSynchronous, startProduction } from "./demo-server.ts";
import type { DemoSteps } from "./demo-steps.ts";
import { ReceiverProcess } from "./receiver-process.ts";

/** Clients of the load. */
export const demoClients = 8;
/** Worker threads of backups and restores. */
export const demoWorkers = 2;
/** The earliest kill after the incremental backup, and how much later it may come. */
const KILL_AFTER_MS = 2000;
const KILL_SPREAD_MS = 4000;
/** When the wanted commits came late, the kill comes this much later at most, so that no round number shows it. */
const LATE_SPREAD_MS = 500;
/** The load runs this long between the two backups. */
const BETWEEN_MS = 1500;
const LOOK_EVERY_MS = 100;

/** What production is made with. */
export type ProductionOptions = {
  readonly adapters: Adapters;
  readonly steps: DemoSteps;
  readonly random: Random;
  readonly folder: DemoFolder;
  readonly binaries: ServerBinaries;
  readonly account: ServerAccount;
  readonly dataBytes: number;
  readonly commits: number;
  readonly signal: AbortSignal;
};

/** What is known when production is gone. */
export type Loss = {
  readonly dataBytes: number;
  readonly acknowledged: Acknowledged;
  readonly roots: readonly [full: BackupRoot, incremental: BackupRoot];
  readonly backups: readonly DemoBackup[];
  /** By the monotonic clock, and by the wall clock. */
  readonly killedAtMs: number;
  readonly killedEpochMs: number;
  readonly killAfterIncrementalMs: number;
  readonly commitsPerSecond: number;
};

/** Production while it lives. */
type Production = {
  readonly server: ThrowawayServer;
  readonly receiver: ReceiverProcess;
  readonly workload: Workload;
  readonly environment: Environment;
  /** Also aborted when the receiver ends by itself. */
  readonly signal: AbortSignal;
};

async function makeServer(
  options: ProductionOptions,
  stack: AsyncDisposableStack,
): Promise<{ readonly server: ThrowawayServer; readonly dataBytes: number }> {
  const { adapters, steps, folder, binaries, account, dataBytes, signal } = options;
  const { clock } = adapters;
  const dataDirectory = folder.production;
  const logFile = join(folder.serverLogs, "production.log");
  const { value: server } = await steps.run("server", async () =>
    stack.use(await startProduction({ dataDirectory, logFile, binaries, account, clock, signal })),
  );
  const { major, minor } = binaries.version;
  steps.tell({
    kind: "server-ready",
    version: `${major}.${minor}`,
    binDirectory: binaries.binDirectory,
    account: account.name,
    directory: dataDirectory,
  });
  const loaded = await steps.run("data", () =>
    fillServer(server, { bytes: dataBytes, clock, signal }),
  );
  steps.tell({ kind: "data-loaded", bytes: loaded.value, durationMs: loaded.durationMs });
  return { server, dataBytes: loaded.value };
}

/** Starts the receiver in a process of its own and makes every commit wait for it. */
async function startReceiving(
  options: ProductionOptions,
  server: ThrowawayServer,
  stack: AsyncDisposableStack,
): Promise<{ readonly receiver: ReceiverProcess; readonly environment: Environment }> {
  const { adapters, steps, folder } = options;
  const { clock } = adapters;
  const environment = demoEnvironment(folder, server);
  const standbyName = environment.slotName;
  const { value: receiver } = await steps.run("receiver", async () => {
    const started = stack.use(await ReceiverProcess.start({ folder, server, clock }));
    const signal = AbortSignal.any([options.signal, started.failed]);
    await started.untilStreaming({ signal });
    await makeSynchronous(server, { standbyName, clock, signal });
    return started;
  });
  steps.tell({ kind: "receiving", pid: receiver.pid, standbyName });
  return { receiver, environment };
}

async function backUp(
  options: ProductionOptions,
  production: Production,
  kind: "full" | "incremental",
): Promise<{ readonly root: BackupRoot; readonly backup: DemoBackup }> {
  const { adapters, steps } = options;
  const { environment, workload, signal } = production;
  const { value, durationMs } = await steps.run(kind, () =>
    runBackup(adapters, environment, {
      wanted: kind,
      note: "pra demo",
      workers: demoWorkers,
      allowUntestedMajor: false,
      acceptRollback: false,
      reason: `pra demo: pra backup --${kind}`,
      onStep: () => undefined,
      onProgress: ({ readBytes, expectedBytes }) => {
        steps.tell({
          kind: "progress",
          phase: kind,
          doneBytes: readBytes,
          ...(expectedBytes > 0 ? { totalBytes: expectedBytes } : {}),
          commits: workload.acknowledged.count,
        });
      },
      onWatch: undefined,
      signal,
    }),
  );
  const { root } = value.taken;
  assert(
    root.kind === kind,
    `a backup is of the kind asked for (${kind}), and not ${root.kind}: ${value.chosen.reason}`,
  );
  const { id, totals } = root;
  const { readBytes, storedBytes, newBlocks, totalBlocks } = totals;
  const backup = { id, kind, readBytes, storedBytes, newBlocks, totalBlocks, durationMs };
  steps.tell({ kind: "backed-up", backup });
  return { root, backup };
}

/** Lets the load run until `done`; it must not end by itself. @throws DrError `PG_LOAD_ENDED`. */
async function loadUntil(
  options: ProductionOptions,
  production: Production,
  step: { readonly phase: DemoPhase; readonly done: () => boolean },
): Promise<void> {
  const { adapters, steps } = options;
  const { workload, signal } = production;
  let ended: string | undefined;
  void workload.ended.then(
    ({ endings }) => {
      const broken = endings.find((ending) => ending.kind === "broken");
      ended = broken?.reason ?? "all clients ended";
    },
    (error: unknown) => {
      ended = String(error);
    },
  );
  while (!step.done()) {
    signal.throwIfAborted();
    if (ended !== undefined) {
      throw new DrError("PG_LOAD_ENDED", { reason: ended });
    }
    steps.tell({ kind: "progress", phase: step.phase, commits: workload.acknowledged.count });
    await adapters.clock.sleep(LOOK_EVERY_MS, { signal });
  }
}

/** Waits for the moment of the kill; answers how long after the incremental backup it is. */
async function awaitKill(options: ProductionOptions, production: Production): Promise<number> {
  const { adapters, steps, random, commits } = options;
  const { clock } = adapters;
  const { workload, signal } = production;
  const afterMs = KILL_AFTER_MS + random.fraction() * KILL_SPREAD_MS;
  const lateMs = random.fraction() * LATE_SPREAD_MS;
  const beganMs = clock.monotonic();
  await steps.run("load", async () => {
    const phase = "load";
    const passed = (): boolean => clock.monotonic() - beganMs >= afterMs;
    await loadUntil(options, production, { phase, done: passed });
    if (workload.acknowledged.count < commits) {
      const enough = (): boolean => workload.acknowledged.count >= commits;
      await loadUntil(options, production, { phase, done: enough });
      await clock.sleep(lateMs, { signal });
    }
  });
  return clock.monotonic() - beganMs;
}

/** SIGKILL to the server and all its children, and its data directory removed. */
async function lose(options: ProductionOptions, production: Production): Promise<void> {
  const { steps, folder } = options;
  const { server, workload } = production;
  await steps.run("kill", async () => {
    await server.kill();
    await rm(folder.production, { recursive: true, force: true });
    await workload.ended;
  });
}

/** The receiver lives on; then it is ended in good order. */
async function endReceiver(options: ProductionOptions, receiver: ReceiverProcess): Promise<void> {
  const { steps, signal } = options;
  await receiver.untilDisconnected({ signal });
  assert(receiver.running, "the receiver outlives the server");
  steps.tell({ kind: "receiver-survived", pid: receiver.pid });
  await receiver.stop({ signal });
}

/**
 * Production from its first breath to its loss. Nothing of it runs when this ends, however it ends: the server is killed first,
 * because clients may wait for a receiver that is gone.
 */
export async function runProduction(options: ProductionOptions): Promise<Loss> {
  const { adapters, steps, folder } = options;
  const { clock } = adapters;
  await using stack = new AsyncDisposableStack();
  const { server, dataBytes } = await makeServer(options, stack);
  const { receiver, environment } = await startReceiving(options, server, stack);
  const signal = AbortSignal.any([options.signal, receiver.failed]);
  const workload = stack.use(
    await startWorkload({
      connection: clientConfig(server),
      clients: demoClients,
      acknowledgedFile: folder.acknowledged,
      signal,
    }),
  );
  stack.defer(() => server.kill());
  steps.tell({ kind: "load-started", clients: demoClients });
  const loadBeganMs = clock.monotonic();
  const production = { server, receiver, workload, environment, signal };
  const full = await backUp(options, production, "full");
  const untilMs = clock.monotonic() + BETWEEN_MS;
  await steps.run("between", () =>
    loadUntil(options, production, { phase: "between", done: () => clock.monotonic() >= untilMs }),
  );
  const incremental = await backUp(options, production, "incremental");
  const killAfterIncrementalMs = await awaitKill(options, production);
  const [killedAtMs, killedEpochMs] = [clock.monotonic(), clock.now()];
  await lose(options, production);
  const { acknowledged } = workload;
  steps.tell({
    kind: "killed",
    directory: folder.production,
    commits: acknowledged.count,
    afterIncrementalMs: killAfterIncrementalMs,
  });
  await endReceiver(options, receiver);
  return {
    dataBytes,
    acknowledged,
    roots: [full.root, incremental.root],
    backups: [full.backup, incremental.backup],
    killedAtMs,
    killedEpochMs,
    killAfterIncrementalMs,
    commitsPerSecond: acknowledged.count / ((killedAtMs - loadBeganMs) / 1000),
  };
}

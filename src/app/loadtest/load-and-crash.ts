/**
 * The first act of a load test: a server is loaded, first alone, then with its WAL streamed and each commit waiting for the repository, then with
 * backups beside that, until it is killed at a moment that the seed draws, in the middle of a backup as likely as not. A server that goes
 * away before that is the same loss, only earlier, and is told as such. Nothing of it runs when this ends, however it ends.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { loadAcknowledgedMax } from "../../core/limits.ts";
import type { Random } from "../../core/random.ts";
import { LatencyRecord } from "../../loadtest/latency-record.ts";
import { type Workload, startWorkload } from "../../loadtest/workload.ts";
import type { ServerAccount } from "../../postgres/server-account.ts";
import type { ServerBinaries } from "../../postgres/server-binaries.ts";
import type { ThrowawayServer } from "../../postgres/throwaway-server.ts";
import type { Adapters } from "../compose.ts";
import { demoEnvironment } from "../demo/demo-environment.ts";
import type { DemoFolder } from "../demo/demo-folder.ts";
import {
  clientConfig,
  fillServer,
  makeSynchronous,
  startProduction,
  withClient,
} from "../demo/demo-server.ts";
import { ReceiverProcess } from "../demo/receiver-process.ts";
import { takeBackupApart } from "./backup-process.ts";
import type { LoadTestEvent, LoadTestNotes, LoadTestPhase } from "./load-test-notes.ts";

/** How the load's time is divided: alone, then without a backup; the crash comes in its last part. */
const PLAIN_SHARE = 0.2;
const STREAMING_SHARE = 0.15;
const CRASH_FROM_SHARE = 0.85;
/** Between two backups, the load runs on without one for this share of its time. */
const GAP_SHARE = 0.06;
/** When the first incremental backup came late, the crash comes at most so much later. */
const LATE_SPREAD_MS = 1000;
/** Of what can be kept of one load, this much is used; a host that commits faster than that in all its time is paced. */
const KEPT_SHARE = 0.8;
const PER_SECOND_UNPACED = 12_000;
const SLOTS = 1000;
const SLOT_LEAST_MS = 100;
const LOOK_EVERY_MS = 50;
/** What comes after the load, as a guess for the time left: the more was loaded, the longer it takes. */
const AFTER_LEAST_MS = 10_000;
const AFTER_SHARE = 0.1;

/** What it works with. */
export type LoadAct = {
  readonly adapters: Adapters;
  readonly random: Random;
  readonly folder: DemoFolder;
  readonly binaries: ServerBinaries;
  readonly account: ServerAccount;
  readonly dataBytes: number;
  readonly loadMs: number;
  readonly clients: number;
  readonly notes: LoadTestNotes;
  readonly tell: (event: LoadTestEvent) => void;
  readonly signal: AbortSignal;
};

/** The server while it lives. */
type Running = {
  readonly server: ThrowawayServer;
  readonly workload: Workload;
  readonly beganMs: number;
  /** Aborted when the load ended although nobody killed the server. */
  readonly lost: AbortSignal;
  readonly signal: AbortSignal;
};

/** The backups beside the load. */
type Backups = { readonly done: Promise<void>; readonly state: BackupState };
type BackupState = { running: boolean; incrementals: number; failed: boolean };

async function makeServer(act: LoadAct, stack: AsyncDisposableStack): Promise<ThrowawayServer> {
  const { adapters, folder, binaries, account, notes, signal } = act;
  const { clock } = adapters;
  act.tell({ kind: "phase", phase: "server" });
  const dataDirectory = folder.production;
  const logFile = join(folder.serverLogs, "production.log");
  const server = stack.use(
    await startProduction({ dataDirectory, logFile, binaries, account, clock, signal }),
  );
  notes.serverVersion = `${binaries.version.major}.${binaries.version.minor}`;
  act.tell({ kind: "phase", phase: "data" });
  await fillServer(server, { bytes: act.dataBytes, clock, signal });
  await withClient(server, async (client) => {
    const { rows } = await client.query<{ size: string }>(
      "SELECT sum(pg_database_size(oid)) AS size FROM pg_database",
    );
    notes.databaseBytes = Number(rows[0]?.size ?? 0);
  });
  return server;
}

/** Each client's pause after a commit: what is acknowledged in all that time must be kept in memory until it is judged. */
function pauseOf({ clients, loadMs }: LoadAct): number {
  const perSecondMax = (loadAcknowledgedMax * KEPT_SHARE * 1000) / loadMs;
  return perSecondMax > PER_SECOND_UNPACED ? 0 : (clients * 1000) / perSecondMax;
}

async function startLoad(act: LoadAct, server: ThrowawayServer): Promise<Running> {
  const { adapters, notes, clients, loadMs, signal } = act;
  const { clock } = adapters;
  const record = new LatencyRecord({ slotMs: Math.max(SLOT_LEAST_MS, loadMs / SLOTS) });
  const lost = new AbortController();
  const beganMs = clock.monotonic();
  const workload = await startWorkload({
    connection: clientConfig(server),
    clients,
    signal,
    pauseMs: pauseOf(act),
    onCommit: (latencyMs) => record.note({ atMs: clock.monotonic() - beganMs, latencyMs }),
  });
  notes.load = { beganMs, record, acknowledged: workload.acknowledged };
  void workload.ended.then(() => {
    if (notes.crash === undefined) {
      lost.abort(new Error("the server went away under the load"));
    }
  });
  const both = AbortSignal.any([signal, lost.signal]);
  return { server, workload, beganMs, lost: lost.signal, signal: both };
}

/** Until so much of the load's time has passed, and `also`. Rejects when the server is lost. */
async function loadUntil(
  act: LoadAct,
  running: Running,
  step: {
    readonly phase: LoadTestPhase;
    readonly atMs: number;
    readonly also?: () => boolean;
  },
): Promise<void> {
  const { adapters, loadMs } = act;
  const { clock } = adapters;
  const afterMs = Math.max(AFTER_LEAST_MS, loadMs * AFTER_SHARE);
  for (;;) {
    const passedMs = clock.monotonic() - running.beganMs;
    if (passedMs >= step.atMs && step.also?.() !== false) {
      return;
    }
    act.tell({
      kind: "progress",
      phase: step.phase,
      commits: running.workload.acknowledged.count,
      fraction: passedMs / loadMs,
      leftMs: Math.max(0, loadMs - passedMs) + afterMs,
    });
    await clock.sleep(LOOK_EVERY_MS, { signal: running.signal });
  }
}

async function startReceiving(
  act: LoadAct,
  running: Running,
  stack: AsyncDisposableStack,
): Promise<ReceiverProcess> {
  const { folder, adapters, notes } = act;
  const { clock } = adapters;
  const { server } = running;
  notes.plainUntilMs = clock.monotonic() - running.beganMs;
  const receiver = stack.use(await ReceiverProcess.start({ folder, server, clock }));
  const signal = AbortSignal.any([running.signal, receiver.failed]);
  await receiver.untilStreaming({ signal });
  const standbyName = demoEnvironment(folder, server).slotName;
  await makeSynchronous(server, { standbyName, clock, signal });
  notes.streamingFromMs = clock.monotonic() - running.beganMs;
  return receiver;
}

async function takeOne(
  act: LoadAct,
  running: Running,
  about: { readonly kind: "full" | "incremental"; readonly state: BackupState },
): Promise<void> {
  const { adapters, folder, notes, signal } = act;
  const { kind, state } = about;
  const since = (): number => Math.round(adapters.clock.monotonic() - running.beganMs);
  const fromMs = since();
  state.running = true;
  const { server } = running;
  const outcome = await takeBackupApart({ folder: folder.root, server, kind, signal });
  state.running = false;
  if (signal.aborted) {
    return;
  }
  const finished = outcome.state === "finished";
  const backup = {
    kind,
    state: finished ? "finished" : notes.crash === undefined ? "failed" : "cutByCrash",
    fromMs,
    toMs: Math.min(since(), notes.crash?.atMs ?? Infinity),
    code: finished ? null : outcome.code,
    readBytes: finished ? outcome.readBytes : 0,
    storedBytes: finished ? outcome.storedBytes : 0,
  } as const;
  notes.backups.push(backup);
  state.failed ||= backup.state === "failed";
  state.incrementals += finished && kind === "incremental" ? 1 : 0;
  act.tell({ kind: "backup", backup });
}

/** One after the other, with a pause between, until the crash; after one that failed no other is begun. */
function takeBackups(act: LoadAct, running: Running): Backups {
  const { adapters, notes, loadMs, signal } = act;
  const state: BackupState = { running: false, incrementals: 0, failed: false };
  const goesOn = (): boolean =>
    notes.crash === undefined && !state.failed && !signal.aborted && !running.lost.aborted;
  const work = async (): Promise<void> => {
    await takeOne(act, running, { kind: "full", state });
    while (goesOn()) {
      const untilMs = adapters.clock.monotonic() + loadMs * GAP_SHARE;
      while (goesOn() && adapters.clock.monotonic() < untilMs) {
        await adapters.clock.sleep(LOOK_EVERY_MS, { signal });
      }
      if (goesOn()) {
        await takeOne(act, running, { kind: "incremental", state });
      }
    }
  };
  const done = work();
  // Interrupted: whoever waits for it is told.
  done.catch(() => undefined);
  return { done, state };
}

/** SIGKILL to the server and all its children, and its data directory removed. */
async function lose(
  act: LoadAct,
  running: Running,
  state: { readonly planned: boolean; readonly duringBackup: boolean },
): Promise<void> {
  const { adapters, notes, folder } = act;
  const { clock } = adapters;
  const monotonicMs = clock.monotonic();
  const atMs = Math.round(monotonicMs - running.beganMs);
  notes.crash = { atMs, monotonicMs, epochMs: clock.now(), ...state };
  await running.server.kill();
  await rm(folder.production, { recursive: true, force: true });
  const { commits } = await running.workload.ended;
  act.tell({ kind: "crashed", planned: state.planned, commits });
}

async function untilCrash(act: LoadAct, running: Running, backups: Backups): Promise<void> {
  const { random, loadMs, adapters } = act;
  const { state } = backups;
  const crashMs = loadMs * (CRASH_FROM_SHARE + (1 - CRASH_FROM_SHARE) * random.fraction());
  const lateMs = random.fraction() * LATE_SPREAD_MS;
  const phase = "backups";
  await loadUntil(act, running, { phase, atMs: crashMs });
  if (state.incrementals === 0) {
    const also = (): boolean => state.incrementals > 0 || state.failed;
    await loadUntil(act, running, { phase, atMs: crashMs, also });
    await adapters.clock.sleep(lateMs, { signal: running.signal });
  }
}

/** Resolves when the server is gone and the repository holds all that was received. @throws what its steps throw; the signal's reason. */
export async function loadAndCrash(act: LoadAct): Promise<void> {
  const { loadMs, signal, tell } = act;
  await using stack = new AsyncDisposableStack();
  const server = await makeServer(act, stack);
  const running = await startLoad(act, server);
  stack.use(running.workload);
  stack.defer(() => server.kill());
  let receiver: ReceiverProcess | undefined;
  let backups: Backups | undefined;
  try {
    tell({ kind: "phase", phase: "plain" });
    await loadUntil(act, running, { phase: "plain", atMs: loadMs * PLAIN_SHARE });
    tell({ kind: "phase", phase: "streaming" });
    receiver = await startReceiving(act, running, stack);
    const streamingMs = (act.notes.streamingFromMs ?? 0) + loadMs * STREAMING_SHARE;
    await loadUntil(act, running, { phase: "streaming", atMs: streamingMs });
    tell({ kind: "phase", phase: "backups" });
    backups = takeBackups(act, running);
    await untilCrash(act, running, backups);
    await lose(act, running, { planned: true, duringBackup: backups.state.running });
  } catch (error) {
    if (signal.aborted || !running.lost.aborted) {
      await backups?.done.catch(() => undefined);
      throw error;
    }
    const duringBackup = backups?.state.running === true;
    await lose(act, running, { planned: false, duringBackup });
  }
  if (receiver !== undefined) {
    await receiver.untilDisconnected({ signal });
    await receiver.stop({ signal });
  }
  // One that was under way sees that the server is gone.
  await backups?.done;
  signal.throwIfAborted();
}

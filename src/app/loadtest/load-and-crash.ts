/**
 * The first act of a load test: a server is loaded, in rounds with its WAL streamed, each commit waiting for the repository, and without, then
 * with backups beside that, until it is killed at a moment that the seed draws, in the middle of a backup as likely as not. A server that
 * goes away before that, or acknowledges nothing any more, is the same loss, only earlier, and is told as such. Nothing of it runs when this
 * ends, however it ends.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileError } from "../../files/file-error.ts";
import { type LoadSchedule, scheduleOf } from "../../loadtest/load-schedule.ts";
import type { ThrowawayServer } from "../../postgres/throwaway-server.ts";
import type { LossCause } from "../../queries/load-test-facts.ts";
import { clientConfig, fillServer, startProduction, withClient } from "../demo/demo-server.ts";
import { makeApplicationDatabase } from "./application-step.ts";
import { takeBackupApart } from "./backup-process.ts";
import { fillShape } from "./fill-shape.ts";
import type { LoadAct } from "./load-act.ts";
import { type LoadBackups, takeBackups } from "./load-backups.ts";
import { type RunningLoad, ServerLost, startLoad } from "./running-load.ts";
import { Streaming } from "./streaming.ts";

/** When the first incremental backup came late, the crash comes at most so much later. */
const LATE_SPREAD_MS = 1000;

/** The load with all beside it. */
type Scene = {
  readonly act: LoadAct;
  readonly running: RunningLoad;
  readonly server: ThrowawayServer;
  readonly streaming: Streaming;
  readonly schedule: LoadSchedule;
  /** Aborted when the test is ended, the server lost, or the streaming broken. */
  readonly signal: AbortSignal;
};

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
  notes.serverOrigin = binaries.origin;
  act.tell({ kind: "phase", phase: "data" });
  if (act.shaped === undefined) {
    await fillServer(server, { bytes: act.dataBytes, clock, signal });
  } else {
    const onRows = (done: number, all: number): void => act.tell({ kind: "filling", done, all });
    await fillShape(server, act.shaped, { onRows, signal });
  }
  await makeApplicationDatabase(server, act.application, { signal });
  notes.databaseBytes = await withClient(
    server,
    async (client) => {
      const { rows } = await client.query<{ size: string }>(
        "SELECT sum(pg_database_size(oid)) AS size FROM pg_database",
      );
      return Number(rows[0]?.size ?? 0);
    },
    { signal },
  );
  return server;
}

/** Turns streaming on or off; what is committed meanwhile belongs to neither. */
async function setStreaming(scene: Scene, wanted: boolean): Promise<void> {
  const { act, running, streaming, schedule, signal } = scene;
  if (streaming.isOn !== wanted) {
    running.unmeasured();
    if (wanted) {
      await streaming.turnOn({ signal });
      act.notes.streamed.push({ fromMs: Math.round(running.passedMs), toMs: undefined });
    } else {
      const stretch = act.notes.streamed.at(-1);
      if (stretch !== undefined) {
        stretch.toMs = Math.round(running.passedMs);
      }
      await streaming.turnOff({ signal });
    }
    await act.adapters.clock.sleep(schedule.settleMs, { signal });
  }
}

/** The rounds; streaming is on when this resolves. */
async function measureStreaming(scene: Scene): Promise<void> {
  const { act, running, schedule, signal } = scene;
  act.tell({ kind: "phase", phase: "plain" });
  await running.until({ phase: "plain", atMs: schedule.warmMs, signal });
  for (const [index, kinds] of schedule.rounds.entries()) {
    const round = { at: index + 1, of: schedule.rounds.length };
    for (const kind of kinds) {
      await setStreaming(scene, kind === "streaming");
      running.measure(kind, index);
      const atMs = running.passedMs + schedule.windowMs;
      await running.until({ phase: kind, atMs, round, signal });
    }
  }
  running.unmeasured();
  await setStreaming(scene, true);
}

/** SIGKILL to the server and all its children, and its data directory removed. */
async function lose(
  { act, running, server }: Pick<Scene, "act" | "running" | "server">,
  state: { readonly cause: LossCause; readonly duringBackup: boolean },
): Promise<void> {
  const { adapters, notes, folder } = act;
  const { clock } = adapters;
  const atMs = Math.round(running.passedMs);
  running.unmeasured();
  const crash = { atMs, monotonicMs: clock.monotonic(), epochMs: clock.now(), ...state };
  notes.crash = crash;
  await server.kill();
  // Until here it could acknowledge.
  crash.epochMs = clock.now();
  await rm(folder.production, { recursive: true, force: true });
  const { commits } = await running.workload.ended.catch((cause: unknown) => {
    const path = folder.acknowledged;
    throw fileError(cause, { group: "RESTORE", operation: "write", path });
  });
  act.tell({ kind: "crashed", cause: state.cause, commits });
}

async function untilCrash(scene: Scene, backups: LoadBackups): Promise<void> {
  const { act, running, schedule, signal } = scene;
  const { random, adapters } = act;
  const { state } = backups;
  const { crashFromMs, crashToMs } = schedule;
  const atMs = crashFromMs + (crashToMs - crashFromMs) * random.fraction();
  const lateMs = random.fraction() * LATE_SPREAD_MS;
  const phase = "backups";
  await running.until({ phase, atMs, signal });
  if (state.incrementals === 0) {
    const also = (): boolean => state.incrementals > 0 || state.failed;
    await running.until({ phase, atMs, also, signal });
    await adapters.clock.sleep(lateMs, { signal });
  }
}

/** Resolves when the server is gone and the repository holds all that was received. @throws what its steps throw; the signal's reason. */
export async function loadAndCrash(act: LoadAct): Promise<void> {
  const { signal, tell, folder, adapters } = act;
  const { clock } = adapters;
  await using stack = new AsyncDisposableStack();
  const server = await makeServer(act, stack);
  const running = await startLoad(act, {
    connection: clientConfig(server),
    acknowledgedFile: folder.acknowledged,
  });
  stack.use(running.workload);
  const streaming = stack.use(new Streaming({ folder, server, clock }));
  stack.defer(() => server.kill());
  const scene: Scene = {
    act,
    running,
    server,
    streaming,
    schedule: scheduleOf(act.loadMs),
    signal: AbortSignal.any([signal, running.lost, streaming.failed]),
  };
  let backups: LoadBackups | undefined;
  try {
    await measureStreaming(scene);
    tell({ kind: "phase", phase: "backups" });
    backups = takeBackups(act, running, {
      schedule: scene.schedule,
      first: "full",
      take: (kind) => takeBackupApart({ folder: folder.root, server, kind, signal }),
    });
    await untilCrash(scene, backups);
    await lose(scene, { cause: "planned", duringBackup: backups.state.running });
  } catch (error) {
    // A backup under way takes its time to end, and clients that have stopped are no slowdown.
    running.forget();
    const reason: unknown = running.lost.reason;
    act.notes.overMs = running.passedMs;
    if (signal.aborted || !(reason instanceof ServerLost)) {
      await server.kill();
      await backups?.done.catch(() => undefined);
      throw error;
    }
    const duringBackup = backups?.state.running === true;
    await lose(scene, { cause: reason.how, duringBackup });
  }
  await streaming.endAfterLoss({ signal });
  // One that was under way sees that the server is gone.
  await backups?.done;
  signal.throwIfAborted();
}

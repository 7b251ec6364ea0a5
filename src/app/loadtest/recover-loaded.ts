/**
 * The second act of a load test: the newest point is restored from the repository alone, started, answered for by the application where one is
 * configured, judged by the load's oracle, and the repository verified.
 */
import { rm } from "node:fs/promises";
import { present } from "../../core/assert.ts";
import { failpointAsync } from "../../core/failpoint.ts";
import type { ServerAccount } from "../../postgres/server-account.ts";
import type { ServerBinaries } from "../../postgres/server-binaries.ts";
import type { ThrowawayServer } from "../../postgres/throwaway-server.ts";
import type { ResumePhase } from "../../queries/load-test-facts.ts";
import { demoEnvironment } from "../demo/demo-environment.ts";
import type { DemoFolder } from "../demo/demo-folder.ts";
import { demoWorkers } from "../demo/demo-production.ts";
import {
  type DemoRecovery,
  judgeRestored,
  placeOf,
  restoreLatest,
  startRestored,
} from "../demo/demo-recovery.ts";
import { openRepository } from "../repository-access.ts";
import { runVerify } from "../verify-operation.ts";
import { type ApplicationAct, askApplications } from "./ask-applications.ts";
import { askBefore } from "./health-step.ts";

/** What it works with. */
export type RecoveryAct = ApplicationAct & {
  readonly folder: DemoFolder;
  readonly binaries: ServerBinaries;
  readonly account: ServerAccount;
  readonly sinceCrashMs: () => number;
  /** Called as a phase ends. */
  readonly save: (phase: "restored" | "judged") => Promise<void>;
};

async function restore(act: RecoveryAct, recovery: DemoRecovery): ReturnType<typeof restoreLatest> {
  act.tell({ kind: "phase", phase: "restore" });
  let totalBytes = 0;
  return restoreLatest(recovery, {
    onPlan: (plan) => {
      totalBytes = plan.restoreBytes;
    },
    onProgress: (doneBytes) => {
      act.tell({ kind: "restoring", doneBytes, totalBytes });
    },
  });
}

/** A server that runs on what was restored, with the RTO measured. */
async function restoreAndAsk(act: RecoveryAct, recovery: DemoRecovery): Promise<ThrowawayServer> {
  const { adapters, folder, notes, account, health, sinceCrashMs, signal } = act;
  const { clock } = adapters;
  // What a killed process may have begun.
  await rm(folder.restored, { recursive: true, force: true });
  const beganMs = clock.monotonic();
  const before = askBefore(health, { clock, signal });
  const { plan, restored } = await restore(act, recovery);
  const restoredMs = clock.monotonic();
  act.tell({ kind: "phase", phase: "start" });
  await failpointAsync("loadtest.start", { signal });
  const server = await startRestored(recovery);
  try {
    const endedMs = clock.monotonic();
    const walMs = restored.phases.find(({ name }) => name === "wal")?.durationMs ?? 0;
    const durationMs = Math.round(restoredMs - beganMs);
    notes.restore = {
      restoredBytes: restored.restoredBytes,
      walBytes: plan.walBytes,
      filesMs: Math.max(0, durationMs - walMs),
      walMs,
      startMs: Math.round(endedMs - restoredMs),
      durationMs,
      writtenMs: Math.round(sinceCrashMs()),
    };
    await askApplications(act, server, { account, before, passedMs: sinceCrashMs });
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

async function judge(
  act: RecoveryAct,
  recovery: DemoRecovery,
  from: "restore" | "judge",
): Promise<void> {
  const { notes, signal } = act;
  const load = present(notes.load, "a restore follows a load");
  await using server =
    from === "restore" ? await restoreAndAsk(act, recovery) : await startRestored(recovery);
  if (from === "restore") {
    await act.save("restored");
  }
  act.tell({ kind: "phase", phase: "judge" });
  await failpointAsync("loadtest.judge", { signal });
  notes.verdict = await judgeRestored(server, load.acknowledged, { signal });
  await server.stop("fast", { signal });
  await act.save("judged");
}

/** Fills the notes, from the phase that is next. @throws DrError as `pra restore` and `pra verify` do; the signal's reason. */
export async function recoverLoaded(act: RecoveryAct, from: ResumePhase): Promise<void> {
  const { adapters, folder, binaries, account, notes, signal } = act;
  const environment = demoEnvironment(folder);
  const { sealed } = await openRepository(adapters, environment, { signal });
  const place = await placeOf(sealed, { signal });
  if (from !== "verify") {
    await judge(act, { adapters, sealed, place, folder, binaries, account, signal }, from);
  }
  act.tell({ kind: "phase", phase: "verify" });
  await failpointAsync("loadtest.verify", { signal });
  const verified = await runVerify(adapters, environment, {
    deep: true,
    workers: demoWorkers,
    onProgress: (_step, done, all) => {
      act.tell({ kind: "verifying", done, all });
    },
    signal,
  });
  const holes = verified.incarnations.reduce((sum, { wal }) => sum + wal.holes.length, 0);
  notes.repository = { damaged: verified.damagedObjects, holes };
}

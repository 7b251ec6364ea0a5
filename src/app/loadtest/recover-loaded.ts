/**
 * The second act of a load test: the newest point is restored from the repository alone, started, answered for by the application where one is
 * configured, judged by the load's oracle, and the repository verified.
 */
import { present } from "../../core/assert.ts";
import type { ServerAccount } from "../../postgres/server-account.ts";
import type { ServerBinaries } from "../../postgres/server-binaries.ts";
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

async function restoreAndJudge(act: RecoveryAct, recovery: DemoRecovery): Promise<void> {
  const { adapters, notes, account, health, signal } = act;
  const { clock } = adapters;
  const crash = present(notes.crash, "a restore follows a crash");
  const load = present(notes.load, "a crash follows a load");
  const passedMs = (): number => clock.monotonic() - crash.monotonicMs;
  const beganMs = clock.monotonic();
  const before = askBefore(health, { clock, signal });
  const { plan, restored } = await restore(act, recovery);
  const restoredMs = clock.monotonic();
  act.tell({ kind: "phase", phase: "start" });
  await using server = await startRestored(recovery);
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
    writtenMs: Math.round(endedMs - crash.monotonicMs),
  };
  await askApplications(act, server, { account, before, passedMs });
  act.tell({ kind: "phase", phase: "judge" });
  notes.verdict = await judgeRestored(server, load.acknowledged, { signal });
  await server.stop("fast", { signal });
}

/** Fills the notes. @throws DrError as `pra restore` and `pra verify` do; the signal's reason. */
export async function recoverLoaded(act: RecoveryAct): Promise<void> {
  const { adapters, folder, binaries, account, notes, signal } = act;
  const environment = demoEnvironment(folder);
  const { sealed } = await openRepository(adapters, environment, { signal });
  const place = await placeOf(sealed, { signal });
  await restoreAndJudge(act, { adapters, sealed, place, folder, binaries, account, signal });
  act.tell({ kind: "phase", phase: "verify" });
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

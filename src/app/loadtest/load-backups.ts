/** Backups beside the load, one after the other until the crash, each with a measured stretch without one right before and after it. */
import type { LoadSchedule } from "../../loadtest/load-schedule.ts";
import { takeBackupApart } from "./backup-process.ts";
import type { LoadAct } from "./load-act.ts";
import type { RunningLoad } from "./running-load.ts";

const LOOK_EVERY_MS = 50;

/** The backups beside the load. `done` rejects when the test is ended. */
export type LoadBackups = { readonly done: Promise<void>; readonly state: BackupState };
type BackupState = { running: boolean; incrementals: number; failed: boolean };

async function takeOne(
  act: LoadAct,
  running: RunningLoad,
  about: { readonly kind: "full" | "incremental"; readonly state: BackupState },
): Promise<void> {
  const { folder, notes, signal } = act;
  const { kind, state } = about;
  const fromMs = Math.round(running.passedMs);
  state.running = true;
  running.measure("backup");
  const { server } = running;
  const outcome = await takeBackupApart({ folder: folder.root, server, kind, signal });
  state.running = false;
  running.unmeasured();
  if (signal.aborted) {
    return;
  }
  const finished = outcome.state === "finished";
  const backup = {
    kind,
    state: finished ? "finished" : notes.crash === undefined ? "failed" : "cutByCrash",
    fromMs,
    toMs: Math.min(Math.round(running.passedMs), notes.crash?.atMs ?? Infinity),
    code: finished ? null : outcome.code,
    readBytes: finished ? outcome.readBytes : 0,
    storedBytes: finished ? outcome.storedBytes : 0,
  } as const;
  notes.backups.push(backup);
  state.failed ||= backup.state === "failed";
  state.incrementals += finished && kind === "incremental" ? 1 : 0;
  act.tell({ kind: "backup", backup });
}

/** After one that failed no other is begun. */
export function takeBackups(
  act: LoadAct,
  running: RunningLoad,
  schedule: LoadSchedule,
): LoadBackups {
  const { adapters, notes, signal } = act;
  const { clock } = adapters;
  const state: BackupState = { running: false, incrementals: 0, failed: false };
  const goesOn = (): boolean =>
    notes.crash === undefined && !state.failed && !signal.aborted && !running.lost.aborted;
  const runFor = async (durationMs: number): Promise<void> => {
    const untilMs = clock.monotonic() + durationMs;
    while (goesOn() && clock.monotonic() < untilMs) {
      await clock.sleep(LOOK_EVERY_MS, { signal });
    }
  };
  const besideFor = async (durationMs: number): Promise<void> => {
    if (goesOn()) {
      running.measure("streaming");
      await runFor(durationMs);
    }
  };
  const { gapMs, besideMs } = schedule;
  const restMs = gapMs - 2 * besideMs;
  const work = async (): Promise<void> => {
    await besideFor(besideMs);
    for (let kind: "full" | "incremental" = "full"; goesOn(); kind = "incremental") {
      await takeOne(act, running, { kind, state });
      await besideFor(besideMs);
      if (goesOn() && restMs > LOOK_EVERY_MS) {
        running.unmeasured();
        await runFor(restMs);
      }
      await besideFor(besideMs);
    }
  };
  const done = work();
  // Interrupted: whoever waits for it is told.
  done.catch(() => undefined);
  return { done, state };
}

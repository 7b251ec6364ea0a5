/** Backups beside the load, one after the other until the crash, each with a measured stretch without one right before and after it. */
import type { LoadSchedule } from "../../loadtest/load-schedule.ts";
import type { BackupOutcome } from "./backup-process.ts";
import type { LoadRun } from "./load-act.ts";
import type { RunningLoad } from "./running-load.ts";

const LOOK_EVERY_MS = 50;

/** The backups beside the load. `done` rejects when the test is ended. */
export type LoadBackups = { readonly done: Promise<void>; readonly state: BackupState };
type BackupState = { running: boolean; fulls: number; incrementals: number; failed: boolean };

/** How they are taken. */
export type BackupWay = {
  /** Takes one; ends it when the test ends. */
  readonly take: (kind: "full" | "incremental") => Promise<BackupOutcome>;
  readonly first: "full" | "incremental";
};

async function takeOne(
  act: LoadRun,
  running: RunningLoad,
  about: BackupWay & { readonly kind: "full" | "incremental"; readonly state: BackupState },
): Promise<void> {
  const { notes, signal } = act;
  const { state, take } = about;
  const fromMs = Math.round(running.passedMs);
  state.running = true;
  running.measure("backup");
  const outcome = await take(about.kind);
  state.running = false;
  running.unmeasured();
  if (signal.aborted) {
    return;
  }
  const finished = outcome.state === "finished";
  // Where there is nothing yet to add to, a full one is taken.
  const kind = finished ? outcome.kind : about.kind;
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
  state.fulls += finished && kind === "full" ? 1 : 0;
  state.incrementals += finished && kind === "incremental" ? 1 : 0;
  act.tell({ kind: "backup", backup });
}

/** After one that failed no other is begun. */
export function takeBackups(
  act: LoadRun,
  running: RunningLoad,
  plan: BackupWay & { readonly schedule: LoadSchedule },
): LoadBackups {
  const { adapters, notes, signal } = act;
  const { clock } = adapters;
  const state: BackupState = { running: false, fulls: 0, incrementals: 0, failed: false };
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
  const { gapMs, besideMs } = plan.schedule;
  const restMs = gapMs - 2 * besideMs;
  const work = async (): Promise<void> => {
    await besideFor(besideMs);
    for (let kind = plan.first; goesOn(); kind = "incremental") {
      await takeOne(act, running, { ...plan, kind, state });
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

/** Saves what a load test has come to, as its phases end. */
import { present } from "../../core/assert.ts";
import { keepMeasurement } from "../../loadtest/latency-record.ts";
import type { Adapters } from "../compose.ts";
import type { DemoFolder } from "../demo/demo-folder.ts";
import type { LoadTestNotes } from "./load-test-notes.ts";
import { type SavedPhase, type SavedTest, saveTest, syncFile } from "./saved-test.ts";

type Saving = {
  readonly adapters: Adapters;
  readonly folder: DemoFolder;
  readonly notes: LoadTestNotes;
  readonly program: string;
  /** What does not change. */
  readonly test: Pick<
    SavedTest,
    "cluster" | "startedAt" | "loadMs" | "seed" | "clients" | "binaries" | "crashEpochMs"
  >;
  readonly signal: AbortSignal;
};

/** Saves a phase; with the load, what was acknowledged becomes durable first. */
export function savingIn(saving: Saving): (phase: SavedPhase) => Promise<void> {
  const { adapters, folder, notes, program, signal } = saving;
  const { cluster, startedAt, loadMs, seed, clients, binaries, crashEpochMs } = saving.test;
  return async (phase) => {
    const { load, production: _, ...rest } = notes;
    const { record, acknowledged } = present(load, "what is saved was loaded");
    if (phase === "loaded") {
      await syncFile(folder.acknowledged);
    }
    const untilMs = notes.crash?.atMs ?? notes.overMs ?? 0;
    const test = {
      cluster,
      startedAt,
      savedAt: new Date(adapters.clock.now()).toISOString(),
      loadMs,
      seed,
      clients,
      binaries,
      crashEpochMs,
      acknowledged: acknowledged.count,
      measurement: keepMeasurement(record, untilMs),
      notes: rest,
    };
    await saveTest(folder.root, phase, test, { program, signal });
  };
}

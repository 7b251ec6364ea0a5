/**
 * The first act on production: clients that work for a share of their time load the test's own database, with WAL streamed as it is configured and
 * real backups beside it, until the moment of the loss, which the seed draws. Nothing is crashed: what the repository holds at that moment is
 * noted. It ends by itself when production suffers. None of its connections is left when it ends, however it ends.
 */
import type { ClientConfig } from "pg";
import { formatLsn } from "../../core/lsn.ts";
import { scheduleOf } from "../../loadtest/load-schedule.ts";
import type { Environment } from "../environment.ts";
import { takeConfiguredBackup } from "./backup-process.ts";
import { heldPosition } from "./frozen-position.ts";
import type { LoadRun } from "./load-act.ts";
import { type LoadBackups, takeBackups } from "./load-backups.ts";
import type { ProductionNote } from "./load-test-notes.ts";
import { type RunningLoad, startLoad } from "./running-load.ts";

/** A commit under way may take so long to end; then its connection is cut. */
const END_WITHIN_MS = 5000;

/** What it works with. */
export type ProductionAct = LoadRun & {
  readonly environment: Environment;
  /** Of the test's own database. */
  readonly connection: ClientConfig;
  readonly note: ProductionNote;
  /** For the ledger, of each backup. */
  readonly reason: string;
  /** Aborted when production suffers. */
  readonly suffered: AbortSignal;
};

async function untilLoss(
  act: ProductionAct,
  running: RunningLoad,
  { state }: LoadBackups,
): Promise<void> {
  const { crashFromMs, crashToMs } = scheduleOf(act.loadMs);
  const atMs = crashFromMs + (crashToMs - crashFromMs) * act.random.fraction();
  const taken = (): boolean => state.incrementals > 0 || state.fulls > 0 || state.failed;
  const signal = AbortSignal.any([act.signal, running.lost]);
  await running.until({ phase: "beside", atMs, also: taken, signal });
}

/** The moment: what is held now comes back, what was acknowledged until now and is not held is the loss. */
async function freeze(
  act: ProductionAct,
  running: RunningLoad,
  duringBackup: boolean,
): Promise<void> {
  const { adapters, environment, notes, note, signal } = act;
  const { clock } = adapters;
  const lsn = await heldPosition({ adapters, environment }, { signal });
  // After it was read, so that nothing counts as held which was not.
  const [atMs, monotonicMs, epochMs] = [running.passedMs, clock.monotonic(), clock.now()];
  running.unmeasured();
  notes.crash = { atMs: Math.round(atMs), monotonicMs, epochMs, cause: "planned", duringBackup };
  note.frozen = { lsn, at: new Date(epochMs).toISOString() };
  const commits = running.workload.acknowledged.count;
  act.tell({ kind: "frozen", lsn: formatLsn(lsn), commits });
}

/** Resolves when the moment of the loss has passed and the load has ended. @throws what ended it: `PG_LOADTEST_*`, `ServerLost`, the signal's reason. */
export async function loadProduction(given: ProductionAct): Promise<void> {
  const act = { ...given, signal: AbortSignal.any([given.signal, given.suffered]) };
  const { environment, notes, reason } = act;
  const running = await startLoad(act, { connection: act.connection, share: act.note.share });
  const over = new AbortController();
  const backupSignal = AbortSignal.any([act.signal, running.lost, over.signal]);
  let backups: LoadBackups | undefined;
  try {
    const schedule = scheduleOf(act.loadMs);
    act.tell({ kind: "phase", phase: "beside" });
    const signal = AbortSignal.any([act.signal, running.lost]);
    await running.until({ phase: "beside", atMs: schedule.warmMs, signal });
    backups = takeBackups(act, running, {
      schedule,
      first: "incremental",
      take: (kind) => takeConfiguredBackup(environment, { kind, reason, signal: backupSignal }),
    });
    await untilLoss(act, running, backups);
    await freeze(act, running, backups.state.running);
  } catch (error) {
    // A backup under way takes its time to end, and clients that have stopped are no slowdown.
    running.forget();
    notes.overMs = running.passedMs;
    throw error;
  } finally {
    // One that the moment came in the middle of would not have been there: it is ended, and not waited for by a restore.
    over.abort(new Error("the moment of the loss has passed"));
    await running.workload.stopWithin(END_WITHIN_MS);
    await backups?.done.catch(() => undefined);
  }
}

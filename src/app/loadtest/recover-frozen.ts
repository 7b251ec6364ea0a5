/**
 * The second act on production: the whole cluster, at its full size, is restored from the configured repository up to the frozen position, into a
 * directory of the test's own, started apart from everything, asked by the application where one is configured, and held against what was
 * acknowledged: what the repository held has to be there, and what came later is the measured loss.
 */
import type { Client, ClientConfig } from "pg";
import { present } from "../../core/assert.ts";
import { availableParallelism } from "node:os";
import type { Acknowledged } from "../../loadtest/acknowledged.ts";
import {
  type OracleTarget,
  type OracleVerdict,
  lostTimeMs,
  verdictOfAbsence,
  verifyOracle,
} from "../../loadtest/oracle.ts";
import { serverAccount } from "../../postgres/server-account.ts";
import { withClientOf } from "../demo/demo-server.ts";
import { openRepository } from "../repository-access.ts";
import { type ThrowawayCopy, openThrowawayCopy } from "../throwaway-copy.ts";
import { type ApplicationAct, askApplications } from "./ask-applications.ts";
import { flagsFor } from "./frozen-position.ts";
import { askBefore } from "./health-step.ts";
import type { ProductionAct } from "./load-production.ts";

type Act = Omit<ProductionAct, "connection"> & ApplicationAct & { readonly database: string };

function configOf({ settings }: ThrowawayCopy): ClientConfig {
  const { host, port, user, database } = settings;
  return { host, port, user, database, password: "" };
}

async function judge(
  act: Act,
  copy: ThrowawayCopy,
  acknowledged: Acknowledged,
  upTo: OracleTarget,
): Promise<OracleVerdict> {
  const { database, signal } = act;
  const config = configOf(copy);
  const isThere = async (client: Client): Promise<boolean> => {
    const sql = "SELECT FROM pg_database WHERE datname = $1";
    return (await client.query(sql, [database])).rowCount === 1;
  };
  // A position from before the load: its database had not been heard of.
  return (await withClientOf(config, isThere, { signal }))
    ? withClientOf(
        { ...config, database },
        (client) => verifyOracle(client, acknowledged, { upTo }),
        { signal },
      )
    : verdictOfAbsence(acknowledged, { upTo });
}

/** Commits that were acknowledged by the moment of the loss and did not come back. */
function unheldOf(
  acknowledged: Acknowledged,
  verdict: OracleVerdict,
  atEpochMs: number,
): { readonly commits: number; readonly ms: number } {
  const lost = new Set(verdict.lost.map(({ client, sequence }) => `${client} ${sequence}`));
  const commits = acknowledged
    .all()
    .filter(
      ({ client, sequence, ackedEpochMs }) =>
        ackedEpochMs <= atEpochMs && lost.has(`${client} ${sequence}`),
    ).length;
  return { commits, ms: lostTimeMs(acknowledged, verdict, atEpochMs) };
}

async function restore(act: Act): Promise<ThrowawayCopy> {
  const { adapters, environment, notes, note, reason, signal } = act;
  const { clock } = adapters;
  const frozen = present(note.frozen, "a restore follows the moment of the loss");
  act.tell({ kind: "phase", phase: "restore" });
  const flags = await flagsFor({ adapters, environment }, frozen.lsn, { signal });
  const repository = await openRepository(adapters, environment, { signal });
  let totalBytes = 0;
  const beganMs = clock.monotonic();
  const copy = await openThrowawayCopy(adapters, environment, repository, {
    backup: undefined,
    flags,
    workers: Math.max(1, availableParallelism()),
    reason,
    command: "pra loadtest",
    durable: true,
    onPlan: ({ restoreBytes }) => {
      totalBytes = restoreBytes;
    },
    onProgress: ({ writtenBytes: doneBytes }) => {
      act.tell({ kind: "restoring", doneBytes, totalBytes });
    },
    signal,
  });
  try {
    const write = "CREATE TEMPORARY TABLE pra_answers AS SELECT 1";
    await withClientOf(configOf(copy), (client) => client.query(write), { signal });
  } catch (error) {
    await copy[Symbol.asyncDispose]();
    throw error;
  }
  const tookMs = Math.round(clock.monotonic() - beganMs);
  const { plan, restored, phases, durationMs } = copy.restored;
  const walMs = phases.find(({ name }) => name === "wal")?.durationMs ?? 0;
  notes.restore = {
    restoredBytes: restored.restoredBytes,
    walBytes: plan.walBytes,
    filesMs: Math.max(0, durationMs - walMs),
    walMs,
    startMs: Math.max(0, tookMs - durationMs),
    durationMs: Math.round(durationMs),
    writtenMs: tookMs,
  };
  return copy;
}

/** Fills the notes. @throws DrError as `pra restore` does; the signal's reason. */
export async function recoverFrozen(given: Act): Promise<void> {
  const act = { ...given, signal: AbortSignal.any([given.signal, given.suffered]) };
  const { adapters, notes, note, health, signal } = act;
  const { clock } = adapters;
  const { acknowledged } = present(notes.load, "the loss came in the middle of a load");
  const crash = present(notes.crash, "a restore follows the moment of the loss");
  const { lsn } = present(note.frozen, "a restore follows the moment of the loss");
  const before = askBefore(health, { clock, signal });
  await using copy = await restore(act);
  const { writtenMs } = present(notes.restore, "it was restored");
  const restoredMs = clock.monotonic();
  const passedMs = (): number => writtenMs + clock.monotonic() - restoredMs;
  const { host: socketDirectory, port, user: superuser } = copy.settings;
  const account = await serverAccount();
  await askApplications(act, { socketDirectory, port, superuser }, { account, before, passedMs });
  act.tell({ kind: "phase", phase: "judge" });
  notes.verdict = await judge(act, copy, acknowledged, { kind: "lsn", lsn });
  const whole = await judge(act, copy, acknowledged, { kind: "all" });
  note.unheld = unheldOf(acknowledged, whole, crash.epochMs);
}

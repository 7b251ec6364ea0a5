/**
 * Opens a corrective action for each control that failed and has none (R30): whoever reads the ledger every hour does it, and `pra action`. Two hosts that
 * find the same failure open the same one. What cannot be recorded now is found again the next time.
 */
import { isDrError } from "../../core/errors.ts";
import { actionDueMs } from "../../core/ledger-limits.ts";
import { agendaLedgerMs } from "../../core/watch-limits.ts";
import type { EventData } from "../../ledger/event-kinds.ts";
import {
  type FailedControl,
  type MissedDuty,
  actionIdOf,
  actionsDue,
  failedControls,
} from "../../sla/failed-controls.ts";
import type { SlaFacts } from "../../sla/sla-facts.ts";
import type { Adapters } from "../compose.ts";
import type { Environment } from "../environment.ts";
import { LedgerRecorder } from "../ledger-recorder.ts";
import { noteFromLedger, readClusterFacts } from "../look/agenda.ts";
import { inTime, timeLimit } from "../look/time-limit.ts";
import { reportZone } from "../report-zone.ts";
import { openRepository } from "../repository-access.ts";
import { readRoutines } from "../schedule/read-routines.ts";

type Call = { readonly signal: AbortSignal };

async function missedDuties(
  environment: Environment,
  call: Call & { readonly nowMs: number },
): Promise<readonly MissedDuty[]> {
  const routines = await readRoutines(environment, call);
  return routines.flatMap(({ id, state, dueAtMs }) =>
    state === "missed" && dueAtMs !== undefined ? [{ id, dueAtMs }] : [],
  );
}

function openingOf(
  cluster: string,
  failed: FailedControl,
  nowMs: number,
): EventData<"actionOpened"> {
  const { control, subject, failedAtMs, detail } = failed;
  return {
    cluster,
    action: actionIdOf(cluster, failed),
    control,
    subject,
    failedAt: new Date(failedAtMs).toISOString(),
    detail,
    title: "",
    owner: "",
    dueAt: new Date(nowMs + actionDueMs).toISOString(),
    by: null,
    why: "",
  };
}

async function record(
  adapters: Adapters,
  environment: Environment,
  options: Call & { readonly due: readonly FailedControl[]; readonly nowMs: number },
): Promise<void> {
  const { due, nowMs, signal } = options;
  const { sealed } = await openRepository(adapters, environment, { signal });
  const reason = "a control failed";
  const ledger = new LedgerRecorder(adapters, sealed, { environment, reason });
  for (const failed of due) {
    const data = openingOf(environment.cluster, failed, nowMs);
    await ledger.record({ kind: "actionOpened", data });
  }
  if (ledger.failure !== undefined) {
    throw ledger.failure;
  }
}

/**
 * Opens what is due; answers what the ledger then says of this cluster, undefined: nothing. @throws DrError what the store and the ledger throw; the signal's
 * reason when aborted.
 */
export async function openDueActions(
  adapters: Adapters,
  environment: Environment,
  { signal }: Call,
): Promise<SlaFacts | undefined> {
  const nowMs = adapters.clock.now();
  const facts = await readClusterFacts(adapters, environment, { signal });
  if (facts === undefined) {
    return undefined;
  }
  const { share } = environment.objectives;
  const zone = reportZone(environment);
  const missed = await missedDuties(environment, { nowMs, signal });
  const due = actionsDue(failedControls(facts, { nowMs, share, zone, missed }), facts.actions);
  if (due.length === 0) {
    return facts;
  }
  await record(adapters, environment, { due, nowMs, signal });
  await noteFromLedger(adapters, environment, { signal });
  return await readClusterFacts(adapters, environment, { signal });
}

/** The same beside other work, within a time limit: a ledger that does not answer stops nobody. @throws the signal's reason when aborted. */
export async function openActionsBeside(
  adapters: Adapters,
  environment: Environment,
  { signal }: Call,
): Promise<void> {
  using limit = timeLimit(signal, agendaLedgerMs);
  try {
    await inTime(openDueActions(adapters, environment, limit), limit);
  } catch (error) {
    signal.throwIfAborted();
    if (!isDrError(error)) {
      throw error;
    }
  }
}

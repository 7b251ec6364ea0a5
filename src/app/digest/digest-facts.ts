/**
 * What the day's digest tells, gathered once for all who get it: a look made for it, what the ledger says of the time since the last one, what this
 * host's schedule ran. What cannot be read is told as that; it keeps no digest back.
 */
import { type DrError, isDrError } from "../../core/errors.ts";
import { firstWeekDay } from "../../core/first-week.ts";
import { lookPatientTimeoutMs } from "../../core/look-limits.ts";
import { agendaLedgerMs } from "../../core/watch-limits.ts";
import type { AlertFact } from "../../sla/sla-facts.ts";
import { type SlaJudgement, judgeSla } from "../../sla/judge-sla.ts";
import type { DueDigest } from "../../watch/daily-digest.ts";
import { type Agenda, readAgenda, readClusterFacts } from "../look/agenda.ts";
import { reportZone } from "../report-zone.ts";
import { inTime, timeLimit } from "../look/time-limit.ts";
import { type Look, runLook } from "../look/run-look.ts";
import type { Adapters } from "../compose.ts";
import type { Environment } from "../environment.ts";
import { readJobs } from "../schedule/read-jobs.ts";
import { type AlertList, listAlerts } from "../watch/alert-commands.ts";
import type { WatchOptions } from "../watch/watch-setup.ts";

/** One job of this host in the time that is told. */
export type JobFact = {
  readonly id: string;
  readonly runs: number;
  readonly failed: number;
  readonly missed: boolean;
};

/** What the ledger says of it. */
export type LedgerFacts = {
  readonly judgement: SlaJudgement;
  readonly opened: readonly AlertFact[];
  readonly ended: readonly AlertFact[];
};

/** All of it. */
export type DigestFacts = DueDigest & {
  readonly nowMs: number;
  readonly cluster: string;
  /** Of the first week; undefined: it is over, or nobody has gone live. */
  readonly day: number | undefined;
  readonly look: Look;
  readonly rpoSeconds: number;
  readonly rtoSeconds: number;
  /** Undefined: the ledger says nothing of this cluster. */
  readonly ledger: LedgerFacts | DrError | undefined;
  readonly jobs: readonly JobFact[];
  readonly alerts: Pick<AlertList, "open">;
};

type Call = { readonly signal: AbortSignal };

/** Done, and done with a word about it. */
const GOOD_CODES: ReadonlySet<number> = new Set([0, 5]);

async function ledgerFacts(
  adapters: Adapters,
  environment: Environment,
  options: Call & { readonly fromMs: number; readonly nowMs: number },
): Promise<LedgerFacts | DrError | undefined> {
  const { fromMs, nowMs, signal } = options;
  try {
    using limit = timeLimit(signal, agendaLedgerMs);
    const facts = await inTime(readClusterFacts(adapters, environment, limit), limit);
    if (facts === undefined) {
      return undefined;
    }
    const { share } = environment.objectives;
    const within = facts.alerts.filter(({ atMs }) => atMs >= fromMs && atMs <= nowMs);
    return {
      judgement: judgeSla(
        facts,
        { fromMs, toMs: nowMs, nowMs },
        { share, zone: reportZone(environment) },
      ),
      opened: within.filter(({ severity }) => severity !== null),
      ended: within.filter(({ severity }) => severity === null),
    };
  } catch (error) {
    signal.throwIfAborted();
    if (isDrError(error)) {
      return error;
    }
    throw error;
  }
}

async function jobFacts(
  environment: Environment,
  options: Call & { readonly fromMs: number; readonly nowMs: number },
): Promise<readonly JobFact[]> {
  const { fromMs } = options;
  const jobs = await readJobs(environment, options);
  // A check that finds something ill is no run that failed, and of a day of checks few are remembered: how long was looked is told instead.
  return jobs
    .filter(({ id, missed }) => id !== "status" || missed !== undefined)
    .map(({ id, runs, missed }) => {
      const within = runs.filter(({ startedAt }) => Date.parse(startedAt) >= fromMs);
      const failed = within.filter(
        ({ outcome, exitCode }) => outcome !== "busy" && !GOOD_CODES.has(exitCode ?? -1),
      );
      return { id, runs: within.length, failed: failed.length, missed: missed !== undefined };
    });
}

/** Gathers it. @throws DrError `STORE_IO` of the state directory; the signal's reason when aborted. */
export async function gatherDigest(
  adapters: Adapters,
  environment: Environment,
  options: WatchOptions & { readonly digest: DueDigest; readonly nowMs: number },
): Promise<DigestFacts> {
  const { digest, nowMs, signal } = options;
  const period = { fromMs: digest.fromMs, nowMs, signal };
  const look = await runLook(adapters, environment, { signal, limitMs: lookPatientTimeoutMs });
  const agenda: Agenda | undefined = await readAgenda(environment, { signal });
  const { rpoSeconds, rtoSeconds } = environment.objectives;
  return {
    ...digest,
    nowMs,
    cluster: environment.cluster,
    day: firstWeekDay(agenda?.live?.atMs, nowMs),
    look,
    rpoSeconds,
    rtoSeconds,
    ledger: await ledgerFacts(adapters, environment, period),
    jobs: await jobFacts(environment, period),
    alerts: await listAlerts(adapters, environment, options),
  };
}

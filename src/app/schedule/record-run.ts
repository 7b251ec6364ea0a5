/**
 * One run of a job, from its beginning to its end in the job's records. A job runs even when it cannot be noted (a full disk, a state
 * directory of somebody else): records serve backups, not the other way round. Only a run that catches up is left out then, because
 * nothing would keep it from being caught up again and again.
 *
 * Of two runs of one job on one host the second finds the first by its note and does nothing. Runs on other hosts, and those typed by
 * hand, are kept apart by the leases of the product itself.
 */
import { DrError, isDrError } from "../../core/errors.ts";
import { scheduleUnknownRunMs } from "../../core/limits.ts";
import { errnoOf } from "../../files/file-error.ts";
import {
  livenessOf,
  ownIdentity,
  parseProcessText,
  processText,
} from "../../files/process-identity.ts";
import { type Run, type RunningRun, begin, finish, foundBusy } from "./run-history.ts";
import { changeHistory } from "./schedule-files.ts";
import type { Environment } from "../environment.ts";
import type { ProgramEnd } from "./run-program-logged.ts";

/** Why a run is made. */
export type RunCause =
  { readonly kind: "schedule" } | { readonly kind: "catch-up"; readonly dueAt: string };

/** A run that was let in: `noted` says whether it stands in the records. */
export type Claim =
  | {
      readonly kind: "begun";
      readonly run: RunningRun;
      readonly noted: boolean;
      readonly failure: Error | undefined;
    }
  | { readonly kind: "busy"; readonly since: string };

type Place = Pick<Environment, "stateDirectory" | "cluster">;
type Call = { readonly signal: AbortSignal };

/** Whether the run still goes on, as far as can be told. */
function goesOn(running: RunningRun, nowMs: number): boolean {
  const identity = parseProcessText(running.process);
  const liveness = identity === undefined ? "unknown" : livenessOf(identity);
  const ageMs = Math.abs(nowMs - Date.parse(running.startedAt));
  return liveness === "alive" || (liveness === "unknown" && ageMs < scheduleUnknownRunMs);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** Begins a run, or finds another at work. Nothing is thrown for records that cannot be written. */
export async function claimRun(
  place: Place | undefined,
  job: string,
  options: Call & { readonly cause: RunCause; readonly nowMs: number },
): Promise<Claim> {
  const { cause, nowMs, signal } = options;
  const run: RunningRun = {
    startedAt: iso(nowMs),
    process: processText(ownIdentity()),
    cause: cause.kind,
    dueAt: cause.kind === "catch-up" ? cause.dueAt : null,
  };
  if (place === undefined) {
    return { kind: "begun", run, noted: false, failure: undefined };
  }
  try {
    return await changeHistory<Claim>(
      place,
      job,
      (history) => {
        const { running } = history;
        if (running !== null && goesOn(running, nowMs)) {
          const answer = { kind: "busy", since: running.startedAt } as const;
          // Two that catch up meet often, and neither was asked for by a clock.
          const next = cause.kind === "schedule" ? foundBusy(history, run.startedAt) : undefined;
          return { next, answer };
        }
        const answer = { kind: "begun", run, noted: true, failure: undefined } as const;
        return { next: begin(history, run), answer };
      },
      { signal },
    );
  } catch (error) {
    signal.throwIfAborted();
    if (!isDrError(error) && errnoOf(error) === undefined) {
      throw error;
    }
    return { kind: "begun", run, noted: false, failure: error as Error };
  }
}

/** Notes the end of a run that was noted at its beginning. The failure, when that could not be written. */
export async function noteEnd(
  place: Place,
  job: string,
  claimed: RunningRun,
  end: {
    readonly nowMs: number;
    readonly durationMs: number;
    readonly program: ProgramEnd;
    readonly logFailed: boolean;
  },
  { signal }: Call,
): Promise<Error | undefined> {
  const { program, durationMs, nowMs, logFailed } = end;
  const { startedAt, cause, dueAt, process } = claimed;
  const run: Run = {
    startedAt,
    finishedAt: iso(nowMs),
    durationMs,
    outcome: program.state === "exited" ? "ended" : "unstartable",
    exitCode: program.state === "exited" ? program.exitCode : null,
    code: program.state === "exited" ? (program.errorCode ?? null) : program.reason,
    cause,
    dueAt,
    logFailed,
  };
  try {
    await changeHistory(
      place,
      job,
      (history) => ({ next: finish(history, run, process), answer: undefined }),
      { signal },
    );
    return undefined;
  } catch (error) {
    if (!isDrError(error) && errnoOf(error) === undefined) {
      throw error;
    }
    return error instanceof Error ? error : new DrError("CONFIG_SCHEDULE_BUSY", {});
  }
}

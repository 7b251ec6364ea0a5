/**
 * `pra schedule run`: what a line of the crontab starts. It runs the job's program, notes when and how, and, after a five-minute check,
 * makes up for what the machine slept through. Catching up is done here, by the job that comes first after waking and every five
 * minutes after, because it needs no further line, no daemon and no state beyond the records: the newest missed run of each job,
 * one job after the other, each at most once. systemd catches up by itself (`Persistent=`).
 */
import { openSync, closeSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../../core/clock.ts";
import { DrError, isDrError } from "../../core/errors.ts";
import { scheduleProgramMs } from "../../core/limits.ts";
import { createDirectories } from "../../files/directories.ts";
import { errnoOf } from "../../files/file-error.ts";
import type { Environment } from "../environment.ts";
import { programPath } from "./cron-lines.ts";
import type { MissedRun } from "./find-missed.ts";
import { missedRuns } from "./read-missed.ts";
import { giveWay } from "../proof-limits.ts";
import { isCheck, isLastOfMonth, jobIds, keepsItsHour } from "./job.ts";
import { systemZone } from "./occurrences.ts";
import { type RunCause, claimRun, noteEnd } from "./record-run.ts";
import { LogSink, type ProgramEnd, runProgramLogged } from "./run-program-logged.ts";
import { type Installed, readInstalled } from "./schedule-files.ts";

/** Lines that the recorder itself writes into a log, in the person's language. */
export type RunWords = {
  readonly begins: (job: string, at: string) => string;
  readonly busy: (job: string, at: string, since: string) => string;
  readonly ended: (job: string, at: string, exitCode: number, durationMs: number) => string;
  readonly unstartable: (program: string, reason: string) => string;
  readonly unnoted: (failure: Error) => string;
  readonly catchesUp: (job: string, dueAt: string) => string;
  readonly notLast: (job: string, at: string) => string;
};

/** One run. */
export type RunRequest = {
  readonly job: string;
  readonly program: string;
  readonly words: readonly string[];
  readonly cause: RunCause;
  /** Only when this weekday does not come again this month: what cron cannot be told. */
  readonly lastOfMonth?: boolean;
};

/** Who runs it. `environment` undefined: the configuration cannot be read, and the program will say so itself. */
export type RunContext = {
  readonly environment: Environment | undefined;
  readonly clock: Clock;
  readonly said: RunWords;
  readonly signal: AbortSignal;
};

/** What came of a run. */
export type RunOutcome = {
  readonly kind: "ended" | "busy" | "left-out" | "not-due";
  readonly exitCode: number;
};

function exitCodeFor(end: ProgramEnd): number {
  // As a shell answers for a program that is not there.
  return end.state === "exited" ? end.exitCode : 127;
}

/** Allows a command onto production: for whoever is there, never for a line that runs by itself. */
const PRODUCTION_OPTION = "--allow-production";

/** Runs one job with its words going to `log`. @throws DrError `USAGE_SCHEDULED_PRODUCTION`. */
export async function runRecorded(
  request: RunRequest,
  context: RunContext,
  log: LogSink,
): Promise<RunOutcome> {
  const { job, program, words, cause } = request;
  const { environment, clock, said, signal } = context;
  if (words.includes(PRODUCTION_OPTION)) {
    throw new DrError("USAGE_SCHEDULED_PRODUCTION", { option: PRODUCTION_OPTION });
  }
  const stamp = (): string => new Date(clock.now()).toISOString();
  if (request.lastOfMonth === true && !isLastOfMonth(clock.now(), systemZone())) {
    log.line(said.notLast(job, stamp()));
    return { kind: "not-due", exitCode: 0 };
  }
  const claim = await claimRun(environment, job, { cause, nowMs: clock.now(), signal });
  if (claim.kind === "busy") {
    if (cause.kind === "schedule") {
      log.line(said.busy(job, stamp(), claim.since));
    }
    return { kind: "busy", exitCode: 0 };
  }
  if (claim.failure !== undefined) {
    log.line(said.unnoted(claim.failure));
    if (cause.kind === "catch-up") {
      return { kind: "left-out", exitCode: 1 };
    }
  }
  if (jobIds.some((id) => id === job && keepsItsHour(id))) {
    // Its load is not production's: whatever else this host does comes first.
    await giveWay(environment?.proof.nice ?? LOAD_NICE, { signal });
  }
  const startMs = clock.monotonic();
  log.line(said.begins(job, stamp()));
  const end = await runProgramLogged(program, words, { log, signal });
  const durationMs = Math.round(clock.monotonic() - startMs);
  if (end.state === "unstartable") {
    log.line(said.unstartable(program, end.reason));
  }
  log.line(said.ended(job, stamp(), exitCodeFor(end), durationMs));
  if (claim.noted && environment !== undefined) {
    const facts = {
      nowMs: clock.now(),
      durationMs,
      program: end,
      logFailed: log.failure !== undefined,
    };
    // That it was interrupted is to be noted too.
    const call = { signal: AbortSignal.timeout(scheduleProgramMs) };
    const failure = await noteEnd(environment, job, claim.run, facts, call);
    if (failure !== undefined) {
      log.line(said.unnoted(failure));
    }
  }
  return { kind: "ended", exitCode: exitCodeFor(end) };
}

async function catchUpOne(
  missed: MissedRun,
  installed: Installed,
  context: RunContext,
): Promise<void> {
  const job = installed.jobs.find(({ id }) => id === missed.job);
  if (job === undefined) {
    return;
  }
  const { programDirectory, logDirectory } = installed;
  await createDirectories(logDirectory, { group: "STORE", signal: context.signal });
  const descriptor = openSync(join(logDirectory, `${job.id}.log`), "a", 0o600);
  try {
    const log = new LogSink(descriptor);
    log.line(context.said.catchesUp(job.id, missed.dueAt));
    const request = {
      job: job.id,
      program: programPath(programDirectory, job.program),
      words: job.words,
      cause: { kind: "catch-up", dueAt: missed.dueAt },
    } as const;
    await runRecorded(request, context, log);
  } finally {
    closeSync(descriptor);
  }
}

/** What is followed by catching up. */
const checkNames: ReadonlySet<string> = new Set(jobIds.filter(isCheck));

/** How much a load test gives way where the configuration cannot be read. */
const LOAD_NICE = 10;

/** The name under which catching up itself is noted: one at a time. */
const CATCH_UP = "catch-up";

/** Makes up for what was missed; the jobs that were due. A check is never made up for: it just ran, or is about to. */
export async function catchUp(context: RunContext): Promise<readonly MissedRun[]> {
  const { environment, clock, signal } = context;
  if (environment === undefined) {
    return [];
  }
  const look = async (): Promise<readonly MissedRun[]> => {
    const missed = await missedRuns(environment, { nowMs: clock.now(), signal });
    return missed.filter(({ job }) => !isCheck(job) && !keepsItsHour(job));
  };
  const installed = await readInstalled(environment, { signal });
  const [first] = await look();
  if (installed === undefined || first === undefined) {
    return [];
  }
  const cause = { kind: "catch-up", dueAt: first.dueAt } as const;
  const claim = await claimRun(environment, CATCH_UP, { cause, nowMs: clock.now(), signal });
  if (claim.kind === "busy" || !claim.noted) {
    return [];
  }
  const startMs = clock.monotonic();
  try {
    // Once more, now that nobody else does: what another has just made up for is no longer missed.
    const missed = await look();
    for (const one of missed) {
      signal.throwIfAborted();
      await catchUpOne(one, installed, context);
    }
    return missed;
  } finally {
    const durationMs = Math.round(clock.monotonic() - startMs);
    const program = { state: "exited", exitCode: 0, errorCode: undefined } as const;
    const facts = { nowMs: clock.now(), durationMs, program, logFailed: false };
    await noteEnd(environment, CATCH_UP, claim.run, facts, {
      signal: AbortSignal.timeout(scheduleProgramMs),
    });
  }
}

/** After a check of a schedule in cron: what was slept through. Failing is told and harms nothing. */
export async function catchUpAfterCheck(
  request: RunRequest,
  context: RunContext,
  log: LogSink,
): Promise<void> {
  const { environment, signal } = context;
  if (!checkNames.has(request.job) || environment === undefined || signal.aborted) {
    return;
  }
  try {
    const installed = await readInstalled(environment, { signal });
    if (installed?.kind === "cron") {
      await catchUp(context);
    }
  } catch (error) {
    if (!(error instanceof Error) || (!isDrError(error) && errnoOf(error) === undefined)) {
      throw error;
    }
    log.line(context.said.unnoted(error));
  }
}

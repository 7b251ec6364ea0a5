/**
 * `pra schedule show`: what was installed, whether it still stands where it was put, and what came of each job. From this host's own files and
 * the crontab; no repository and no server is asked.
 */
import { join } from "node:path";
import { type DrError, isDrError } from "../../core/errors.ts";
import { runningDaemon } from "../daemon/lock-daemon.ts";
import type { Environment } from "../environment.ts";
import { jobAccount } from "./cron-environment.ts";
import { findBlock, jobLine } from "./cron-lines.ts";
import { cronMayRun, cronStartsOurJobs } from "./cron-daemon.ts";
import { readCrontab } from "./crontab-program.ts";
import { systemZone } from "./occurrences.ts";
import { ourFileText } from "./our-files.ts";
import { managerOf, unitDirectoryFor } from "./plan-schedule.ts";
import { type ShownJob, readJobs } from "./read-jobs.ts";
import { readRoutines } from "./read-routines.ts";
import type { JudgedRoutine } from "./routines.ts";
import { type Installed, readInstalled } from "./schedule-files.ts";
import { placedUnits } from "./systemd-units.ts";

/** What is not as it was installed. */
export type ScheduleProblem =
  /** The crontab has none of our lines, or the unit's file is gone. */
  | { readonly id: "absent"; readonly what: string }
  /** A line or a unit was changed by hand. */
  | { readonly id: "changed"; readonly what: string }
  | { readonly id: "rotation-absent"; readonly path: string }
  /** No cron runs that would start the lines. */
  | { readonly id: "cron-absent" }
  /** No daemon runs that would start the jobs. */
  | { readonly id: "daemon-absent" }
  /** The crontab has lines of ours although the daemon is to start the jobs: it leaves them to cron. */
  | { readonly id: "cron-too" }
  /** The crontab has lines of ours that nothing here knows of: the state directory is another, or gone. */
  | { readonly id: "unremembered"; readonly directory: string }
  | { readonly id: "unreadable"; readonly error: DrError };

/** The whole page; `installed` undefined: nothing is. */
export type ShownSchedule = {
  readonly installed: Installed | undefined;
  readonly zone: string;
  readonly jobs: readonly ShownJob[];
  readonly routines: readonly JudgedRoutine[];
  readonly problems: readonly ScheduleProblem[];
};

type Call = { readonly signal: AbortSignal };

async function problemsOfCron(
  environment: Environment,
  installed: Installed,
  call: Call,
): Promise<readonly ScheduleProblem[]> {
  const { cluster } = environment;
  const { programDirectory, logDirectory, commonWords, jobs } = installed;
  const block = findBlock((await readCrontab(call)) ?? "", cluster);
  if (block === undefined) {
    return [{ id: "absent", what: "crontab" }];
  }
  const place = { cluster, programDirectory, logDirectory, commonWords };
  const lines = new Set(block.lines);
  return [
    ...((await cronMayRun()) ? [] : [{ id: "cron-absent" } as const]),
    ...jobs
      .filter((job) => !lines.has(jobLine(job, place)))
      .map(({ id }) => ({ id: "changed", what: id }) as const),
  ];
}

/** Where nothing is installed as far as is known. A crontab that cannot be read is no concern then. */
async function problemsOfNothing(
  environment: Environment,
  call: Call,
): Promise<readonly ScheduleProblem[]> {
  try {
    const block = findBlock((await readCrontab(call)) ?? "", environment.cluster);
    return block === undefined
      ? []
      : [{ id: "unremembered", directory: block.directory ?? environment.programDirectory }];
  } catch (error) {
    call.signal.throwIfAborted();
    if (isDrError(error)) {
      return [];
    }
    throw error;
  }
}

async function problemsOfUnits(
  environment: Environment,
  installed: Installed,
): Promise<readonly ScheduleProblem[]> {
  const manager = managerOf(installed);
  if (manager === undefined) {
    return [];
  }
  const folder = unitDirectoryFor(manager, jobAccount());
  const problems: ScheduleProblem[] = [];
  for (const file of placedUnits(environment.cluster, installed).flatMap(({ files }) => files)) {
    const path = join(folder, file);
    if ((await ourFileText(path)) === undefined) {
      problems.push({ id: "absent", what: path });
    }
  }
  return problems;
}

/** The daemon must be there, and nobody else may start the jobs. */
async function problemsOfDaemon(
  environment: Environment,
  installed: Installed,
  call: Call,
): Promise<readonly ScheduleProblem[]> {
  return [
    ...(await problemsOfUnits(environment, installed)),
    ...((await cronStartsOurJobs(environment.cluster, call))
      ? [{ id: "cron-too" } as const]
      : (await runningDaemon(environment)) === undefined
        ? [{ id: "daemon-absent" } as const]
        : []),
  ];
}

async function problemsOf(
  environment: Environment,
  installed: Installed,
  call: Call,
): Promise<readonly ScheduleProblem[]> {
  const { kind, rotationFile } = installed;
  try {
    return [
      ...(kind === "cron"
        ? await problemsOfCron(environment, installed, call)
        : kind === "daemon"
          ? await problemsOfDaemon(environment, installed, call)
          : await problemsOfUnits(environment, installed)),
      ...(rotationFile !== null && (await ourFileText(rotationFile)) === undefined
        ? [{ id: "rotation-absent", path: rotationFile } as const]
        : []),
    ];
  } catch (error) {
    call.signal.throwIfAborted();
    if (isDrError(error)) {
      return [{ id: "unreadable", error }];
    }
    throw error;
  }
}

/** Looks. @throws DrError `STORE_IO` when this host's own files cannot be read. */
export async function readSchedule(
  environment: Environment,
  context: Call & { readonly nowMs: number; readonly zone?: string },
): Promise<ShownSchedule> {
  const { nowMs, signal, zone = systemZone() } = context;
  const installed = await readInstalled(environment, { signal });
  if (installed === undefined || installed.kind === "none") {
    const problems = await problemsOfNothing(environment, { signal });
    return { installed: undefined, zone, jobs: [], routines: [], problems };
  }
  const jobs = await readJobs(environment, { nowMs, signal, zone });
  const problems = await problemsOf(environment, installed, { signal });
  const routines = await readRoutines(environment, { nowMs, signal, zone });
  return { installed, zone, jobs, routines, problems };
}

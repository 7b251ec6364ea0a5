/**
 * The planned jobs, started by the daemon where the schedule was installed for it: one in a container has no cron, and needs none. Who starts them
 * stands in the schedule's own note, so that cron, systemd and the daemon never do it twice; lines of ours that stand in the crontab all the same
 * are left the jobs, and that is told.
 *
 * The rule is that of `pra schedule missed` with no grace: what came due since its last run began is started, the newest time only, a moment later
 * by chance, each as a process of its own that takes down neither the watch nor another job, under the same recorder as cron's. So a clock that is
 * set, a daylight-saving night or a daemon that was away need no rule of their own; what is late by more than the grace is made up for one after the
 * other. A job that is at work is not started again. When the daemon is to end, so are its jobs: asked first, and killed before its own time is over.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { isDrError } from "../../core/errors.ts";
import { failpoint } from "../../core/failpoint.ts";
import { scheduleGraceMs } from "../../core/limits.ts";
import { daemonCatchUpMs, daemonScheduleLookMs, daemonStopMs } from "../../core/look-limits.ts";
import { createDirectories } from "../../files/directories.ts";
import { errnoOf } from "../../files/file-error.ts";
import { isGroupAlive, killTree } from "../../files/process-group.ts";
import { signalGroup } from "../../postgres/run-program.ts";
import type { Adapters } from "../compose.ts";
import type { Environment } from "../environment.ts";
import { cronStartsOurJobs } from "../schedule/cron-daemon.ts";
import { jobAccount } from "../schedule/cron-environment.ts";
import { keepsItsHour, startDelaySeconds } from "../schedule/job.ts";
import { type JobStart, jobStart } from "../schedule/job-start.ts";
import { readJobs } from "../schedule/read-jobs.ts";
import { type Installed, readInstalled } from "../schedule/schedule-files.ts";
import type { Log } from "./log.ts";
import { Nap, abortionOf } from "./nap.ts";

type Call = { readonly signal: AbortSignal };

/** What the daemon gives it. `environment` is asked at each look: it may have been read anew. */
export type ScheduleTools = {
  readonly environment: () => Environment;
  readonly log: Log;
};

/** The command that makes up for what was missed; it writes into the logs of the jobs. */
const CATCH_UP = "run-missed";

/** How often the end of a group is looked for. */
const END_LOOK_MS = 50;

/** The jobs of one daemon. */
export class ScheduleKeeper {
  readonly #adapters: Adapters;
  readonly #tools: ScheduleTools;
  readonly #nap: Nap;
  /** By job: the run that goes on. */
  readonly #runs = new Map<string, Promise<void>>();
  /** By job: what was started last, so that a run that could not be noted is not started again and again. */
  readonly #started = new Map<string, string>();
  #caughtUpMs = -Infinity;
  #isLeft = false;

  constructor(adapters: Adapters, tools: ScheduleTools) {
    this.#adapters = adapters;
    this.#tools = tools;
    this.#nap = new Nap(adapters.clock);
  }

  /** Looks at once: the schedule or the configuration may be another. */
  ring(): void {
    this.#nap.ring();
  }

  /** Starts what is due until aborted. @throws DrError `STORE_IO` of the state directory; what runs goes on, and it may be called again. */
  async run(call: Call): Promise<void> {
    while (!call.signal.aborted) {
      await this.#nap.sleep(await this.#startDue(call), call);
    }
  }

  /** When aborted, until everything has ended that was started. */
  async ended({ signal }: Call): Promise<void> {
    using abortion = abortionOf(signal);
    await abortion.happens;
    await Promise.all(this.#runs.values());
  }

  /** How long nothing is to be done, when nobody rings. */
  async #startDue(call: Call): Promise<number> {
    const environment = this.#tools.environment();
    const installed = await readInstalled(environment, call);
    if (installed?.kind !== "daemon") {
      return daemonScheduleLookMs;
    }
    const nowMs = this.#adapters.clock.now();
    const jobs = await readJobs(environment, { nowMs, graceMs: 0, ...call });
    const due = jobs.flatMap(({ missed }) => missed ?? []);
    if (due.length > 0 && !(await this.#isLeftToCron(environment, call))) {
      const isLate = ({ dueAt }: { readonly dueAt: string }): boolean =>
        nowMs - Date.parse(dueAt) > scheduleGraceMs;
      for (const { job, dueAt } of due.filter((one) => !isLate(one))) {
        this.#startJob(installed, { job, dueAt }, call);
      }
      if (due.some((one) => isLate(one) && !keepsItsHour(one.job))) {
        this.#catchUp(installed, call);
      }
    }
    const nextMs = Math.min(...jobs.map(({ nextRunAt }) => Date.parse(nextRunAt ?? "") - nowMs));
    return nextMs > 0 ? Math.min(nextMs, daemonScheduleLookMs) : daemonScheduleLookMs;
  }

  /** Lines that somebody put back into the crontab run the jobs; twice is worse than by whom. */
  async #isLeftToCron({ cluster }: Environment, call: Call): Promise<boolean> {
    const isLeft = await cronStartsOurJobs(cluster, call);
    if (isLeft && !this.#isLeft) {
      const text = "the crontab has lines of pra schedule: cron starts the jobs, not this daemon";
      this.#tools.log("warn", "schedule-left-to-cron", { text });
    }
    this.#isLeft = isLeft;
    return isLeft;
  }

  #startJob(installed: Installed, due: { job: string; dueAt: string }, call: Call): void {
    const job = installed.jobs.find(({ id }) => id === due.job);
    if (job === undefined || this.#runs.has(job.id) || this.#started.get(job.id) === due.dueAt) {
      return;
    }
    this.#started.set(job.id, due.dueAt);
    const delayMs = this.#adapters.random.fraction() * startDelaySeconds(job.id) * 1000;
    this.#begin(job.id, { ...jobStart(job, installed), installed, delayMs }, call);
  }

  #catchUp(installed: Installed, call: Call): void {
    const nowMs = this.#adapters.clock.monotonic();
    if (!this.#runs.has(CATCH_UP) && nowMs - this.#caughtUpMs >= daemonCatchUpMs) {
      this.#caughtUpMs = nowMs;
      const { programDirectory, commonWords } = installed;
      const program = join(programDirectory, "pra");
      const words = [program, "schedule", CATCH_UP, ...commonWords] as const;
      this.#begin(CATCH_UP, { words, variables: {}, installed, delayMs: 0 }, call);
    }
  }

  #begin(name: string, start: Beginning, call: Call): void {
    const run = this.#live(name, start, call)
      .catch((error: unknown) => {
        const text = error instanceof Error ? error.message : "?";
        this.#tools.log("error", "job-lost", { job: name, text });
      })
      .finally(() => {
        this.#runs.delete(name);
      });
    this.#runs.set(name, run);
  }

  /** One run of a job, from its delay to its end. */
  async #live(name: string, start: Beginning, { signal }: Call): Promise<void> {
    const { clock } = this.#adapters;
    await new Nap(clock).sleep(start.delayMs, { signal });
    if (signal.aborted) {
      return;
    }
    const beganMs = clock.monotonic();
    const child = await this.#spawn(name, start, { signal });
    if (child === undefined) {
      return;
    }
    const ended = once(child, "close");
    this.#tools.log("info", "job-started", { job: name, jobPid: child.pid ?? -1 });
    using abortion = abortionOf(signal);
    await Promise.race([ended, abortion.happens]);
    if (signal.aborted) {
      await this.#end(name, child.pid ?? -1);
    }
    await ended;
    const durationMs = Math.round(clock.monotonic() - beganMs);
    this.#tools.log("info", "job-ended", { job: name, code: child.exitCode ?? -1, durationMs });
  }

  /** In the job's own log; where that cannot be written, without one. */
  async #spawn(name: string, start: Beginning, call: Call): Promise<ChildProcess | undefined> {
    const { words, variables, installed } = start;
    const [program, ...rest] = words;
    const { name: user, home } = jobAccount();
    const environment = { HOME: home, LOGNAME: user, USER: user, SHELL: "/bin/sh" };
    const log =
      name === CATCH_UP ? undefined : await this.#openLog(installed.logDirectory, name, call);
    try {
      failpoint("daemon.job-start");
      const child = spawn(program, rest, {
        cwd: home,
        detached: true,
        env: { ...environment, PATH: "/usr/bin:/bin", ...variables },
        stdio: ["ignore", log ?? "ignore", log ?? "ignore"],
      });
      await once(child, "spawn");
      return child;
    } catch (error) {
      const text = error instanceof Error ? error.message : "?";
      this.#tools.log("error", "job-unstartable", { job: name, text });
      return undefined;
    } finally {
      if (log !== undefined) {
        closeSync(log);
      }
    }
  }

  async #openLog(directory: string, name: string, { signal }: Call): Promise<number | undefined> {
    try {
      await createDirectories(directory, { group: "STORE", signal });
      return openSync(join(directory, `${name}.log`), "a", 0o600);
    } catch (error) {
      if (!isDrError(error) && errnoOf(error) === undefined) {
        throw error;
      }
      const text = error instanceof Error ? error.message : "?";
      this.#tools.log("warn", "job-log", { job: name, text });
      return undefined;
    }
  }

  /** Asked first. The leader may end before those who do its work, and in a group of their own: all of them are waited for, and not for ever. */
  async #end(name: string, leader: number): Promise<void> {
    const { clock } = this.#adapters;
    const untilMs = clock.monotonic() + daemonStopMs;
    signalGroup(leader, "SIGTERM");
    while (isGroupAlive(leader)) {
      if (clock.monotonic() >= untilMs) {
        this.#tools.log("warn", "job-killed", { job: name, afterMs: daemonStopMs });
        killTree(leader);
        return;
      }
      await pause(END_LOOK_MS);
    }
  }
}

type Beginning = JobStart & { readonly installed: Installed; readonly delayMs: number };

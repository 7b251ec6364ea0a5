/**
 * `pra daemon`: what `pra status` does under cron every five minutes, done every few seconds, and the WAL receiver kept alive beside it. The
 * server is asked every few seconds, everything once a minute; what is seen goes the same way as under cron (`record-look.ts`), into the
 * same memory, so both may run at once. A part that fails is begun again, later each time; only an abort ends the daemon, within ten
 * seconds.
 */
import { join } from "node:path";
import { DrError, isDrError } from "../../core/errors.ts";
import {
  daemonDeliverEveryMs,
  daemonFastLookMs,
  daemonFullLookMs,
  lookPatientTimeoutMs,
} from "../../core/look-limits.ts";
import { createDirectories } from "../../files/directories.ts";
import { type LocalLock, acquireLocalLock } from "../../files/local-lock.ts";
import { readMoment } from "../../watch/moment.ts";
import { pingDeadMan } from "../channels/ping-dead-man.ts";
import type { Adapters } from "../compose.ts";
import type { Environment } from "../environment.ts";
import { watchDirectory } from "../look/memory.ts";
import { observationsOf } from "../look/observations.ts";
import { isLate, runLook } from "../look/run-look.ts";
import { deliverDue } from "../watch/deliver.ts";
import { recordLook } from "../watch/record-look.ts";
import type { Log } from "./log.ts";
import { type Deaths, restartDelayMs, withDeath } from "./restarts.ts";
import { signsOfLife, tellServiceManager } from "./service-manager.ts";
import { type ReceiverCommand, ReceiverSupervisor } from "./supervise-receiver.ts";

type Call = { readonly signal: AbortSignal };

/** What a daemon is given. */
export type DaemonOptions = Call & {
  /** Read again at every full look, so that a change of `.env` holds within a minute. @throws DrError `CONFIG_*`. */
  readonly environment: () => Environment;
  /** How to start the receiver; undefined: it is somebody else's. */
  readonly receiver: ReceiverCommand | undefined;
  readonly log: Log;
};

async function lockDaemon(
  adapters: Adapters,
  environment: Environment,
  { signal }: Call,
): Promise<LocalLock> {
  const { clock, random } = adapters;
  const directory = join(watchDirectory(environment), "daemon");
  await createDirectories(directory, { group: "STORE", signal });
  try {
    return await acquireLocalLock(directory, { clock, random, signal });
  } catch (error) {
    if (isDrError(error, "RESTORE_LOCKED")) {
      const { pid } = error.details;
      throw new DrError("WATCH_DAEMON_RUNNING", { pid: pid ?? "?" }, { cause: error });
    }
    throw error;
  }
}

/** The daemon at work. */
class Daemon {
  readonly #adapters: Adapters;
  readonly #options: DaemonOptions;
  readonly #supervisor: ReceiverSupervisor | undefined;
  #environment: Environment;
  #due = Promise.withResolvers<void>();

  constructor(adapters: Adapters, environment: Environment, options: DaemonOptions) {
    this.#adapters = adapters;
    this.#options = options;
    this.#environment = environment;
    const { receiver, log } = options;
    const { clock } = adapters;
    this.#supervisor = receiver && new ReceiverSupervisor(receiver, { clock, log });
  }

  async run(): Promise<void> {
    const { signal, log } = this.#options;
    const { serviceManager } = this.#environment;
    using _life = signsOfLife(serviceManager);
    tellServiceManager(serviceManager, "READY=1");
    log("info", "started", { cluster: this.#environment.cluster });
    await Promise.all([
      this.#supervisor?.run({ signal }),
      this.#keep("watch", () => this.#watch()),
      this.#keep("delivery", () => this.#deliver()),
    ]);
    tellServiceManager(serviceManager, "STOPPING=1");
    log("info", "stopped");
  }

  /** Begins a part again when it fails. */
  async #keep(name: string, part: () => Promise<void>): Promise<void> {
    const { signal, log } = this.#options;
    const { clock } = this.#adapters;
    let deaths: Deaths = [];
    while (!signal.aborted) {
      try {
        await part();
      } catch (error) {
        if (signal.aborted) {
          return;
        }
        deaths = withDeath(deaths, clock.monotonic());
        const delayMs = restartDelayMs(deaths, clock.monotonic());
        const code = isDrError(error) ? error.code : "defect";
        const text = error instanceof Error ? error.message : "?";
        log("error", "part-failed", { part: name, code, text, delayMs });
        await this.#pause(delayMs);
      }
    }
  }

  async #pause(durationMs: number): Promise<void> {
    const { signal } = this.#options;
    try {
      await this.#adapters.clock.sleep(durationMs, { signal });
    } catch (error) {
      if (!signal.aborted) {
        throw error;
      }
    }
  }

  /** A configuration that cannot be read is told, and the one before goes on. */
  #reload(): void {
    try {
      this.#environment = this.#options.environment();
    } catch (error) {
      if (!isDrError(error)) {
        throw error;
      }
      this.#options.log("error", "configuration", { code: error.code, text: error.message });
    }
  }

  async #watch(): Promise<void> {
    const { signal } = this.#options;
    const { clock } = this.#adapters;
    let fullAtMs = -Infinity;
    while (!signal.aborted) {
      const beganMs = clock.monotonic();
      const full = beganMs >= fullAtMs;
      if (full) {
        this.#reload();
        fullAtMs = beganMs + daemonFullLookMs;
      }
      await this.#look(full);
      await this.#pause(Math.max(0, daemonFastLookMs - (clock.monotonic() - beganMs)));
    }
  }

  async #look(full: boolean): Promise<void> {
    const { signal, log } = this.#options;
    const [adapters, environment] = [this.#adapters, this.#environment];
    const begun = readMoment(adapters.clock);
    const only = full ? undefined : (["server"] as const);
    let report = await runLook(adapters, environment, { signal, only });
    if (isLate(report)) {
      const limitMs = lookPatientTimeoutMs;
      report = await runLook(adapters, environment, { signal, only, limitMs });
    }
    const own = this.#supervisor === undefined ? [] : [this.#supervisor.observe()];
    const observations = [...observationsOf(report.findings), ...own];
    const record = await recordLook(adapters, environment, observations, { signal, begun });
    for (const problem of full ? record.problems : []) {
      log("warn", "configuration", { code: problem.code, text: problem.message });
    }
    if (record.due) {
      this.#due.resolve();
    }
    if (full) {
      log(report.ok ? "info" : "warn", "looked", { ok: report.ok, open: record.open.length });
      const ok = record.open.every(({ severity }) => severity !== "critical");
      const text = ok ? "no critical alert is open" : "a critical alert is open";
      await pingDeadMan(adapters, environment, { ok, text, signal });
    }
  }

  /** At once when something is due, and every so often for what waits for its next attempt. */
  async #deliver(): Promise<void> {
    const { signal, log } = this.#options;
    while (!signal.aborted) {
      await Promise.race([this.#due.promise, this.#pause(daemonDeliverEveryMs)]);
      if (signal.aborted) {
        return;
      }
      this.#due = Promise.withResolvers<void>();
      const report = await deliverDue(this.#adapters, this.#environment, { signal, lifeMs: 0 });
      const { settled, waiting } = report;
      if (settled.length > 0) {
        const accepted = settled.filter(({ state }) => state === "accepted").length;
        log("info", "delivered", { accepted, refused: settled.length - accepted, waiting });
      }
    }
  }
}

/**
 * Watches until aborted, then ends in good order. One daemon a host and cluster.
 * @throws DrError `WATCH_DAEMON_RUNNING`, `CONFIG_*` at the start, `STORE_*` of the state directory.
 */
export async function runDaemon(adapters: Adapters, options: DaemonOptions): Promise<void> {
  const environment = options.environment();
  await using held = await lockDaemon(adapters, environment, options);
  options.log("info", "locked", { path: held.path });
  await new Daemon(adapters, environment, options).run();
}

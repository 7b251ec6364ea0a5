/**
 * `pra daemon`: what `pra status` does under cron every five minutes, done every few seconds, the WAL receiver kept alive beside it, and the
 * planned jobs started where the schedule was installed for it. The server is asked every few seconds, everything once a minute; what is seen
 * goes the same way as under cron (`record-look.ts`), into the same memory, so both may run at once. A part that fails is begun again, later
 * each time; only an abort ends the daemon, within ten seconds. The configuration is read again once a minute, and at once when asked.
 */
import { counted } from "../../core/counted.ts";
import { type DrError, isDrError } from "../../core/errors.ts";
import {
  daemonDeliverEveryMs,
  daemonFastLookMs,
  daemonFullLookMs,
  daemonTurnMsMax,
  lookPatientTimeoutMs,
} from "../../core/look-limits.ts";
import type { LocalLock } from "../../files/local-lock.ts";
import { signEveryMs } from "../../core/watch-limits.ts";
import { type Moment, readMoment } from "../../watch/moment.ts";
import type { Observation } from "../../watch/observation.ts";
import { pingDeadMan } from "../channels/ping-dead-man.ts";
import type { Adapters } from "../compose.ts";
import type { Environment } from "../environment.ts";
import { queueDigest } from "../digest/send-digest.ts";
import { observationsOf } from "../look/observations.ts";
import { type Look, isLate, runLook } from "../look/run-look.ts";
import { MetricsBoard } from "../metrics/metrics-board.ts";
import { deliverDue } from "../watch/deliver.ts";
import { leaveSign } from "../watch/leave-sign.ts";
import { recordLook } from "../watch/record-look.ts";
import { settingsRegistry } from "../settings.ts";
import { lockDaemon, touchLock } from "./lock-daemon.ts";
import { type Log, failureFields } from "./log.ts";
import { Nap, abortionOf } from "./nap.ts";
import { PartHealth, type PartName } from "./part-health.ts";
import { ScheduleKeeper } from "./run-schedule.ts";
import { ServiceVoice } from "./service-manager.ts";
import { type ReceiverCommand, ReceiverSupervisor } from "./supervise-receiver.ts";

type Call = { readonly signal: AbortSignal };

/** What a daemon is given. */
export type DaemonOptions = Call & {
  /** Read again at every full look, so that a change of `.env` holds within a minute. @throws DrError `CONFIG_*`. */
  readonly environment: () => Environment;
  /** How to start the receiver; undefined: it is somebody else's. */
  readonly receiver: ReceiverCommand | undefined;
  /** Given: it is the second watcher, which sees the repository alone and looks so often. */
  readonly secondEveryMs?: number | undefined;
  readonly log: Log;
  /** Replaced by tests. */
  readonly moment?: (() => Moment) | undefined;
  /** Calls its argument whenever a person asks for the configuration to be read at once. */
  readonly onReload?: ((reload: () => void) => void) | undefined;
};

/** What a look comes to. */
type Seen = {
  readonly ok: boolean;
  readonly observations: readonly Observation[];
  /** What metrics are read from; a look from elsewhere has none. */
  readonly look?: Look;
};

/** What the receiver has read at its start: when it is another, so must the receiver be. Holds secrets. */
function receiverSettings({ settings, slotName, spoolDirectory }: Environment): string {
  const read = [...settings].flatMap(([name, { value }]) =>
    ["server", "storage"].includes(settingsRegistry[name].group) ? [[name, value]] : [],
  );
  return JSON.stringify([slotName, spoolDirectory, read]);
}

/** The daemon at work. */
class Daemon {
  readonly #adapters: Adapters;
  readonly #options: DaemonOptions & { readonly held: LocalLock };
  readonly #supervisor: ReceiverSupervisor | undefined;
  readonly #schedule: ScheduleKeeper;
  readonly #voice: ServiceVoice;
  readonly #metrics: MetricsBoard;
  readonly #parts = new PartHealth();
  /** Between two looks, and between two deliveries. */
  readonly #watchNap: Nap;
  readonly #deliveryNap: Nap;
  #environment: Environment;
  /** Why the newest configuration is not in use. */
  #refused: DrError | undefined;

  constructor(
    adapters: Adapters,
    environment: Environment,
    options: DaemonOptions & { readonly held: LocalLock },
  ) {
    this.#adapters = adapters;
    this.#options = options;
    this.#environment = environment;
    const { receiver, log } = options;
    const { clock } = adapters;
    this.#supervisor = receiver && new ReceiverSupervisor(receiver, { clock, log });
    this.#schedule = new ScheduleKeeper(adapters, { environment: () => this.#environment, log });
    this.#voice = new ServiceVoice(environment.serviceManager, { clock });
    this.#metrics = new MetricsBoard(environment, { clock, log });
    this.#watchNap = new Nap(clock);
    this.#deliveryNap = new Nap(clock);
  }

  async run(): Promise<void> {
    const { signal, log, onReload } = this.#options;
    this.#voice.ready();
    log("info", "started", { cluster: this.#environment.cluster });
    onReload?.(() => {
      this.#watchNap.ring();
    });
    await Promise.all([
      this.#supervisor?.run({ signal }),
      this.#keep("watch", () => this.#watch()),
      this.#keep("delivery", () => this.#deliver()),
      ...(this.#options.secondEveryMs === undefined
        ? [
            this.#keep("schedule", () => this.#schedule.run({ signal })),
            this.#schedule.ended({ signal }),
            this.#keep("metrics", () => this.#metrics.serve({ signal })),
            this.#keep("signs", () => this.#leaveSigns()),
            this.#keep("digest", () => this.#queueDigests()),
          ]
        : []),
      this.#tellStop(),
    ]);
    log("info", "stopped");
  }

  async #tellStop(): Promise<void> {
    using abortion = abortionOf(this.#options.signal);
    await abortion.happens;
    await this.#voice.stopping();
  }

  /** Begins a part again when it fails. */
  async #keep(name: PartName, part: () => Promise<void>): Promise<void> {
    const { signal, log } = this.#options;
    const { clock } = this.#adapters;
    while (!signal.aborted) {
      try {
        await part();
      } catch (error) {
        if (signal.aborted) {
          return;
        }
        const delayMs = this.#parts.died(name, error, clock.monotonic());
        log("error", "part-failed", { part: name, ...failureFields(error), delayMs });
        if (name === "watch") {
          await this.#tellOfWatch();
        }
        await this.#pause(delayMs);
      }
    }
  }

  /** Who looks takes into account how the parts do; that looking itself fails again and again must be told by somebody else. */
  async #tellOfWatch(): Promise<void> {
    const { signal, log, moment } = this.#options;
    const parts = this.#parts.observe(this.#adapters.clock.monotonic());
    try {
      const record = await recordLook(this.#adapters, this.#environment, parts, { signal, moment });
      if (record.due) {
        this.#deliveryNap.ring();
      }
    } catch (error) {
      if (!signal.aborted) {
        log("error", "part-untold", failureFields(error));
      }
    }
  }

  async #pause(durationMs: number): Promise<void> {
    await new Nap(this.#adapters.clock).sleep(durationMs, this.#options);
  }

  /** A configuration that cannot be read is told, in the log and to people, and the one before goes on. */
  #reload(): void {
    const before = receiverSettings(this.#environment);
    try {
      this.#environment = this.#options.environment();
      this.#refused = undefined;
    } catch (error) {
      if (!isDrError(error)) {
        throw error;
      }
      this.#refused = error;
      this.#options.log("error", "configuration", { code: error.code, text: error.message });
    }
    if (receiverSettings(this.#environment) !== before) {
      this.#supervisor?.restart();
    }
  }

  #reloadAtOnce(): void {
    this.#voice.reloading();
    this.#reload();
    this.#schedule.ring();
    this.#deliveryNap.ring();
    this.#options.log("info", "reloaded");
    this.#voice.ready();
  }

  async #watch(): Promise<void> {
    const { signal, secondEveryMs, held } = this.#options;
    const { clock } = this.#adapters;
    const fast = secondEveryMs === undefined;
    // One that looks seldom turns all the same: systemd and others of its kind want to see that it lives.
    const turnMs = fast ? daemonFastLookMs : Math.min(secondEveryMs, daemonTurnMsMax);
    let fullAtMs = -Infinity;
    let touchedMs = -Infinity;
    while (!signal.aborted) {
      this.#voice.turn();
      const beganMs = clock.monotonic();
      if (beganMs - touchedMs >= daemonTurnMsMax) {
        await touchLock(held, clock);
        touchedMs = beganMs;
      }
      const full = beganMs >= fullAtMs;
      if (full) {
        this.#reload();
        fullAtMs = beganMs + (secondEveryMs ?? daemonFullLookMs);
      }
      if (full || fast) {
        await this.#look(full);
      }
      const restMs = Math.max(0, turnMs - (clock.monotonic() - beganMs));
      if (await this.#watchNap.sleep(restMs, { signal })) {
        this.#reloadAtOnce();
        fullAtMs = -Infinity;
      }
    }
  }

  /** What is seen from the server's side. */
  async #lookBeside(full: boolean): Promise<Seen> {
    const { signal } = this.#options;
    const [adapters, environment] = [this.#adapters, this.#environment];
    const only = full ? undefined : (["server"] as const);
    let report = await runLook(adapters, environment, { signal, only });
    if (isLate(report)) {
      const limitMs = lookPatientTimeoutMs;
      report = await runLook(adapters, environment, { signal, only, limitMs });
    }
    if (full) {
      this.#supervisor?.heed(report.findings);
    }
    const own = this.#supervisor === undefined ? [] : [this.#supervisor.observe()];
    const parts = this.#parts.observe(this.#adapters.clock.monotonic());
    const observations = [...observationsOf(report.findings), ...own, ...parts];
    return { ok: report.ok, observations, look: report };
  }

  /** What is seen of the repository alone. */
  async #lookFromElsewhere(): Promise<Seen> {
    const { lookFromElsewhere } = await import("../second-watch/watch-from-repository.ts");
    return await lookFromElsewhere(this.#adapters, this.#environment, this.#options);
  }

  async #look(full: boolean): Promise<void> {
    const { signal, log, secondEveryMs } = this.#options;
    const [adapters, environment] = [this.#adapters, this.#environment];
    const moment = this.#options.moment ?? ((): Moment => readMoment(adapters.clock));
    const begun = moment();
    const seen = await (secondEveryMs === undefined
      ? this.#lookBeside(full)
      : this.#lookFromElsewhere());
    const { ok, observations, look } = seen;
    const record = await recordLook(adapters, environment, observations, {
      signal,
      begun,
      moment,
      refused: this.#refused,
    });
    if (look !== undefined) {
      const scope = full ? "everything" : "server";
      this.#metrics.publish(environment, scope, { ...look, alerts: record });
    }
    for (const problem of full ? record.problems : []) {
      log("warn", "configuration", { code: problem.code, text: problem.message });
    }
    if (record.due) {
      this.#deliveryNap.ring();
    }
    if (full) {
      const { length: open } = record.open;
      log(ok ? "info" : "warn", "looked", { ok, open });
      this.#voice.tell(`watching ${environment.cluster}: ${counted(open, "alert")} open`);
      await this.#tellDeadMan(record.open.every(({ severity }) => severity !== "critical"));
    }
  }

  /** That it cannot be told must not keep the next look waiting: it raises the alarm by itself then. */
  async #tellDeadMan(ok: boolean): Promise<void> {
    const { signal, log } = this.#options;
    const text = ok ? "no critical alert is open" : "a critical alert is open";
    try {
      await pingDeadMan(this.#adapters, this.#environment, { ok, text, signal });
    } catch (error) {
      if (!isDrError(error)) {
        throw error;
      }
      log("error", "dead-man", { code: error.code, text: error.message });
    }
  }

  /** For a watcher elsewhere. A part of its own: a store that hangs keeps nobody from looking. */
  async #leaveSigns(): Promise<void> {
    const { signal, log, moment } = this.#options;
    let told: string | undefined;
    while (!signal.aborted) {
      const options = { signal, moment, everyMs: signEveryMs };
      const failure = await leaveSign(this.#adapters, this.#environment, options);
      if (failure !== undefined && failure.code !== told) {
        log("warn", "sign", { code: failure.code, text: failure.message });
      }
      told = failure?.code;
      await this.#pause(signEveryMs);
    }
  }

  /** The day's digest, when its hour has come. A part of its own: it reads the ledger. */
  async #queueDigests(): Promise<void> {
    const { signal, log, moment } = this.#options;
    while (!signal.aborted) {
      await this.#pause(daemonFullLookMs);
      if (signal.aborted) {
        return;
      }
      if (await queueDigest(this.#adapters, this.#environment, { signal, moment })) {
        log("info", "digest-queued");
        this.#deliveryNap.ring();
      }
    }
  }

  /** At once when something is due, and every so often for what waits for its next attempt. */
  async #deliver(): Promise<void> {
    const { signal, log, moment } = this.#options;
    while (!signal.aborted) {
      await this.#deliveryNap.sleep(daemonDeliverEveryMs, { signal });
      if (signal.aborted) {
        return;
      }
      const options = { signal, moment, lifeMs: 0 };
      const report = await deliverDue(this.#adapters, this.#environment, options);
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
  await new Daemon(adapters, environment, { ...options, held }).run();
}

/**
 * What a daemon shows of its looks: the newest one at everything, and the newest one at the server alone. It takes looks as they come, and
 * serves them where the configuration of the newest one says; a change of the address holds from the next look on.
 */
import { readdirSync } from "node:fs";
import type { Clock } from "../../core/clock.ts";
import { formatDuration } from "../../core/format.ts";
import { metricsStuckMs } from "../../core/look-limits.ts";
import type { LookScope, ProcessReading, Scrape } from "../../watch/metrics/metric.ts";
import type { Log } from "../daemon/log.ts";
import { abortionOf } from "../daemon/nap.ts";
import type { Environment } from "../environment.ts";
import { programVersion } from "../program-version.ts";
import { type ListenAddress, formatAddress, listenAddressOf } from "./listen-address.ts";
import { type SeenLook, scrapeOf } from "./scrape.ts";
import { type MetricsSource, serveMetrics } from "./serve-metrics.ts";

type Call = { readonly signal: AbortSignal };

function openFiles(): number | undefined {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    // No /proc: a figure less.
    return undefined;
  }
}

/** The daemon's board. */
export class MetricsBoard implements MetricsSource {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #beganMs: number;
  #environment: Environment;
  #version = "?";
  #everything: { readonly look: SeenLook; readonly endedMs: number } | undefined;
  #server: SeenLook | undefined;
  #looks: Record<LookScope, number> = { server: 0, everything: 0 };
  #changed = Promise.withResolvers<void>();

  constructor(environment: Environment, tools: { readonly clock: Clock; readonly log: Log }) {
    this.#environment = environment;
    this.#clock = tools.clock;
    this.#log = tools.log;
    this.#beganMs = tools.clock.monotonic();
  }

  /** Takes a look, with the configuration that it was made with. */
  publish(environment: Environment, scope: LookScope, look: SeenLook): void {
    this.#looks[scope] += 1;
    this.#environment = environment;
    if (scope === "everything") {
      this.#everything = { look, endedMs: this.#clock.monotonic() };
      this.#server = undefined;
    } else {
      this.#server = look;
    }
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }

  scrape(): Scrape | undefined {
    const about = { environment: this.#environment, version: this.#version };
    const everything = this.#everything?.look;
    return everything && scrapeOf(about, { everything, server: this.#server }, this.#process());
  }

  health(): { readonly ok: boolean; readonly text: string } {
    const nowMs = this.#clock.monotonic();
    const ageMs = nowMs - (this.#everything?.endedMs ?? this.#beganMs);
    const age = formatDuration(ageMs, "en");
    return this.#everything === undefined
      ? { ok: false, text: `no look is over yet, ${age} after the start` }
      : { ok: ageMs <= metricsStuckMs, text: `the last look ended ${age} ago` };
  }

  #process(): ProcessReading {
    const { user, system } = process.cpuUsage();
    return {
      cpuSeconds: (user + system) / 1e6,
      residentBytes: process.memoryUsage.rss(),
      startedAtMs: this.#clock.now() - Math.round(process.uptime() * 1000),
      openFiles: openFiles(),
      looks: { ...this.#looks },
    };
  }

  /** Serves where it is wanted, until aborted. @throws DrError `CONFIG_METRICS_NOT_LOCAL`, `WATCH_METRICS_LISTEN`. */
  async serve({ signal }: Call): Promise<void> {
    this.#version = await programVersion(this.#environment.programDirectory);
    while (!signal.aborted) {
      const wanted = listenAddressOf(this.#environment);
      if (wanted === undefined) {
        await this.#next(signal);
      } else {
        await this.#serveAt(wanted, signal);
      }
    }
  }

  /** Until the next look, or the end. */
  async #next(signal: AbortSignal): Promise<void> {
    using abortion = abortionOf(signal);
    await Promise.race([this.#changed.promise, abortion.happens]);
  }

  /** Until another address is wanted, or the end. */
  async #serveAt(address: ListenAddress, signal: AbortSignal): Promise<void> {
    const moved = new AbortController();
    const text = formatAddress(address);
    const serving = serveMetrics(this, address, {
      signal: AbortSignal.any([signal, moved.signal]),
      listening: () => {
        this.#log("info", "metrics-served", { address: text });
      },
    });
    const watching = this.#untilMoved(text, AbortSignal.any([signal, moved.signal]));
    try {
      await Promise.race([serving, watching]);
    } finally {
      moved.abort();
    }
    await serving;
  }

  async #untilMoved(text: string, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#next(signal);
      const wanted = signal.aborted ? undefined : listenAddressOf(this.#environment);
      if (wanted === undefined || formatAddress(wanted) !== text) {
        return;
      }
    }
  }
}

/**
 * The load on its server: what is committed is recorded, windows are begun and ended, the pace is kept, and a server that is lost, by its end or
 * by its silence, is noticed.
 */
import type { ClientConfig } from "pg";
import {
  acknowledgedWrittenTogether,
  loadAcknowledgedMax,
  loadSilenceMaxMs,
} from "../../core/load-limits.ts";
import { LatencyRecord, type LoadStretch } from "../../loadtest/latency-record.ts";
import { Pace } from "../../loadtest/pace.ts";
import { untilSilent } from "../../loadtest/silence.ts";
import { type Workload, startWorkload } from "../../loadtest/workload.ts";
import type { LossCause } from "../../queries/load-test-facts.ts";
import type { LoadRun } from "./load-act.ts";
import type { LoadTestPhase } from "./load-test-notes.ts";

const SLOTS = 1000;
const SLOT_LEAST_MS = 100;
const LOOK_EVERY_MS = 50;
/** What comes after the load, as a guess for the time left: the more was loaded, the longer it takes. */
const AFTER_LEAST_MS = 10_000;
const AFTER_SHARE = 0.1;

/** Why the server was lost although nobody killed it. */
export class ServerLost extends Error {
  readonly how: Exclude<LossCause, "planned">;

  constructor(how: Exclude<LossCause, "planned">) {
    super(`the server was lost under the load: ${how}`);
    this.how = how;
  }
}

/** A load under way. */
export class RunningLoad {
  readonly workload: Workload;
  readonly #act: LoadRun;
  readonly #beganMs: number;
  readonly #record: LatencyRecord;
  readonly #pace: Pace;
  readonly #lost: AbortController;

  constructor(parts: {
    readonly act: LoadRun;
    readonly workload: Workload;
    readonly beganMs: number;
    readonly record: LatencyRecord;
    readonly pace: Pace;
    readonly lost: AbortController;
  }) {
    this.#act = parts.act;
    this.workload = parts.workload;
    this.#beganMs = parts.beganMs;
    this.#record = parts.record;
    this.#pace = parts.pace;
    this.#lost = parts.lost;
  }

  /** Aborted, with a `ServerLost`, when the server is lost although nobody killed it. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Milliseconds since it began. */
  get passedMs(): number {
    return this.#act.adapters.clock.monotonic() - this.#beganMs;
  }

  /** From now on commits are measured as this, at full speed; not when so many were that more could not be kept. */
  measure(kind: LoadStretch, round: number | null = null): void {
    this.unmeasured();
    if (this.#pace.mayMeasure) {
      this.#pace.measure(true);
      this.#record.begin(kind, { atMs: this.passedMs, round });
    }
  }

  /** From now on they are not. A window whose end had to be paced is none. */
  unmeasured(): void {
    if (this.#pace.mayMeasure) {
      this.#record.end(this.passedMs);
    }
    this.forget();
  }

  /** As `unmeasured`, but the window that is open is none: what it measures was cut off before its end. */
  forget(): void {
    this.#record.drop();
    this.#pace.measure(false);
    this.#act.notes.pacedPerSecond = this.#pace.paused ? this.#pace.perSecond : null;
  }

  /** Until then, and `also`, telling of it. Rejects when the signal is aborted. */
  async until(step: {
    readonly phase: LoadTestPhase;
    readonly atMs: number;
    readonly also?: () => boolean;
    readonly round?: { readonly at: number; readonly of: number };
    readonly signal: AbortSignal;
  }): Promise<void> {
    const { adapters, loadMs, tell } = this.#act;
    const afterMs = Math.max(AFTER_LEAST_MS, loadMs * AFTER_SHARE);
    for (;;) {
      step.signal.throwIfAborted();
      const { passedMs } = this;
      if (passedMs >= step.atMs && step.also?.() !== false) {
        return;
      }
      tell({
        kind: "progress",
        phase: step.phase,
        commits: this.workload.acknowledged.count,
        round: step.round ?? null,
        fraction: passedMs / loadMs,
        leftMs: Math.max(0, loadMs - passedMs) + afterMs,
      });
      await adapters.clock.sleep(LOOK_EVERY_MS, { signal: step.signal });
    }
  }
}

/** Aborts `lost` when all clients have ended, or none has committed for long, and nobody killed the server. */
function watch(act: LoadRun, workload: Workload, lost: AbortController): void {
  const { notes, adapters, signal } = act;
  const over = new AbortController();
  const give = (cause: Exclude<LossCause, "planned">): void => {
    if (notes.crash === undefined && !signal.aborted) {
      lost.abort(new ServerLost(cause));
    }
  };
  const onEnd = (): void => {
    over.abort();
    give("gone");
  };
  // What could not be written of it is told to whoever waits for its end.
  void workload.ended.then(onEnd, onEnd);
  untilSilent({
    count: () => workload.acknowledged.count,
    silenceMaxMs: loadSilenceMaxMs,
    clock: adapters.clock,
    signal: AbortSignal.any([signal, over.signal]),
  }).then(
    () => {
      give("silent");
    },
    // The load has ended.
    () => undefined,
  );
}

/** Starts it. `share`: of its time that each client works. */
export async function startLoad(
  act: LoadRun,
  server: {
    readonly connection: ClientConfig;
    readonly share?: number;
    /** Where what was acknowledged is kept for another process. */
    readonly acknowledgedFile?: string;
  },
): Promise<RunningLoad> {
  const { adapters, notes, clients, loadMs, signal } = act;
  const { clock } = adapters;
  const record = new LatencyRecord({ slotMs: Math.max(SLOT_LEAST_MS, loadMs / SLOTS) });
  const { connection, share = 1 } = server;
  const pace = new Pace({ clients, loadMs, commitsMax: loadAcknowledgedMax, share });
  const lost = new AbortController();
  const beganMs = clock.monotonic();
  const workload = await startWorkload({
    connection,
    ...(server.acknowledgedFile === undefined
      ? {}
      : {
          acknowledgedFile: server.acknowledgedFile,
          acknowledgedTogether: acknowledgedWrittenTogether,
        }),
    clients,
    signal,
    pauseMs: (latencyMs) => pace.afterCommit(clock.monotonic() - beganMs, latencyMs),
    onCommit: (latencyMs) => {
      record.note({ atMs: clock.monotonic() - beganMs, latencyMs });
    },
    onBroken: () => {
      if (notes.crash === undefined) {
        notes.brokenClients += 1;
      }
    },
  });
  notes.load = { beganMs, record, acknowledged: workload.acknowledged };
  watch(act, workload, lost);
  return new RunningLoad({ act, workload, beganMs, record, pace, lost });
}

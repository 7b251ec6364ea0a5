/**
 * The worker pool of verify: one object a worker at a time. Memory: a window and a frame a worker, and the claims of the
 * objects that are being checked. Aborting ends the workers at once; nothing is written, so nothing stays behind.
 */
import { Worker } from "node:worker_threads";
import { unreachable } from "../../core/assert.ts";
import { type DrError, isDrError } from "../../core/errors.ts";
import { receiveError } from "../../core/error-transfer.ts";
import { endWorkers } from "../../core/worker-end.ts";
import { workerUrl } from "../../core/worker-url.ts";
import type { CheckedFrames, FramesToCheck } from "./check-frames.ts";
import type { VerifyAnswer, VerifyRequest, VerifyWorkerData } from "./verify-messages.ts";

type Waiting = PromiseWithResolvers<CheckedFrames>;
type Lane = { readonly worker: Worker; waiting: Waiting | undefined };

function drError(error: Error): DrError {
  if (isDrError(error)) {
    return error;
  }
  throw error;
}

/** Use with `await using`. */
export class VerifyPool implements AsyncDisposable {
  readonly #lanes: readonly Lane[];
  readonly #signal: AbortSignal;
  readonly #running = new Set<Promise<void>>();
  #number = 0;
  #failure: unknown;

  constructor(
    data: VerifyWorkerData,
    options: { readonly workers: number; readonly signal: AbortSignal },
  ) {
    this.#signal = options.signal;
    this.#lanes = Array.from({ length: options.workers }, () => this.#startLane(data));
  }

  /**
   * Hands an object to the next idle worker and returns when one took it; `done` is called with what was seen. Rejects with the
   * first failure that is no fault of an object.
   */
  async submit(
    object: FramesToCheck,
    done: (checked: CheckedFrames) => Promise<void>,
  ): Promise<void> {
    let lane = this.#idle();
    while (lane === undefined) {
      await Promise.race(this.#running);
      this.#throwFailure();
      lane = this.#idle();
    }
    const waiting = Promise.withResolvers<CheckedFrames>();
    lane.waiting = waiting;
    const request: VerifyRequest = { number: this.#number++, object };
    lane.worker.postMessage(request);
    const run = this.#follow(waiting.promise, done);
    this.#running.add(run);
    void run.then(() => this.#running.delete(run));
  }

  /** Waits for all objects handed over. */
  async drain(): Promise<void> {
    await Promise.all(this.#running);
    this.#throwFailure();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await endWorkers(this.#lanes.map(({ worker }) => worker));
  }

  /** Never rejects: the first failure is kept for whoever waits. */
  async #follow(
    result: Promise<CheckedFrames>,
    done: (checked: CheckedFrames) => Promise<void>,
  ): Promise<void> {
    try {
      await done(await result);
    } catch (error) {
      this.#failure ??= error;
    }
  }

  #throwFailure(): void {
    this.#signal.throwIfAborted();
    if (this.#failure !== undefined) {
      // oxlint-disable-next-line only-throw-error -- it is what a worker or the caller threw
      throw this.#failure;
    }
  }

  #idle(): Lane | undefined {
    this.#throwFailure();
    return this.#lanes.find((lane) => lane.waiting === undefined);
  }

  #startLane(workerData: VerifyWorkerData): Lane {
    const worker = new Worker(workerUrl("verify-frames", import.meta.url), { workerData });
    const lane: Lane = { worker, waiting: undefined };
    const settle = (act: (waiting: Waiting) => void): void => {
      const { waiting } = lane;
      lane.waiting = undefined;
      if (waiting !== undefined) {
        act(waiting);
      }
    };
    worker.on("message", (answer: VerifyAnswer) =>
      settle((waiting) => {
        switch (answer.kind) {
          case "checked": {
            const faults = answer.faults.map((sent) => drError(receiveError(sent)));
            waiting.resolve({ ...answer.checked, faults });
            break;
          }
          case "failed":
            waiting.reject(receiveError(answer.error));
            break;
          default:
            unreachable(answer);
        }
      }),
    );
    const fail = (reason: unknown): void => settle((waiting) => waiting.reject(reason));
    worker.on("error", fail);
    const abort = (): void => fail(this.#signal.reason);
    this.#signal.addEventListener("abort", abort, { once: true });
    worker.on("exit", () => this.#signal.removeEventListener("abort", abort));
    return lane;
  }
}

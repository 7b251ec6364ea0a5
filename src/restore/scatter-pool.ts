/**
 * The worker pool of a restore: hands units and finishing requests to idle workers, a bounded number ahead, and
 * reports the first failure. Aborting ends the workers at once; half-written files stay, and a directory without
 * `pg_control` cannot start.
 */
import { Worker } from "node:worker_threads";
import { assert, unreachable } from "../core/assert.ts";
import { receiveError } from "../core/error-transfer.ts";
import { workerUrl } from "../core/worker-url.ts";
import type { ScatterAnswer, ScatterRequest, ScatterWorkerData } from "./scatter-messages.ts";

type Lane = { readonly worker: Worker; queued: number };

/** Requests a worker may have waiting: one in work and one behind it. */
const QUEUED_MAX = 2;

/** Use with `await using`: disposal ends the workers. */
export class ScatterPool implements AsyncDisposable {
  readonly #lanes: readonly Lane[];
  readonly #done = new Map<number, () => void>();
  readonly #failure = Promise.withResolvers<never>();
  #wake = Promise.withResolvers<void>();
  #nextNumber = 0;
  writtenBytes = 0;
  readBytes = 0;

  constructor(
    data: ScatterWorkerData,
    options: { readonly workers: number; readonly signal: AbortSignal },
  ) {
    options.signal.throwIfAborted();
    this.#failure.promise.catch(() => undefined);
    const abort = (): void => this.#failure.reject(options.signal.reason);
    options.signal.addEventListener("abort", abort, { once: true });
    this.#lanes = Array.from({ length: options.workers }, () => this.#startLane(data));
  }

  /** A number for a request. */
  nextNumber(): number {
    return this.#nextNumber++;
  }

  /** Waits for a worker with room, hands the request over and calls `onDone` when it is done. */
  async submit(request: ScatterRequest, onDone: () => void = () => undefined): Promise<void> {
    let lane = this.#idlest();
    while (lane.queued >= QUEUED_MAX) {
      await this.#change();
      lane = this.#idlest();
    }
    lane.queued += 1;
    this.#done.set(request.number, onDone);
    lane.worker.postMessage(request);
  }

  /** Waits until everything is done. */
  async drain(): Promise<void> {
    while (this.#done.size > 0) {
      await this.#change();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#lanes.map(({ worker }) => worker.terminate()));
  }

  #startLane(workerData: ScatterWorkerData): Lane {
    const worker = new Worker(workerUrl("scatter", import.meta.url), { workerData });
    const lane: Lane = { worker, queued: 0 };
    worker.on("message", (answer: ScatterAnswer) => this.#onAnswer(lane, answer));
    worker.on("error", (error: Error) => this.#failure.reject(error));
    return lane;
  }

  #idlest(): Lane {
    const [first, ...rest] = this.#lanes;
    assert(first !== undefined, "a pool has a worker");
    return rest.reduce((best, lane) => (lane.queued < best.queued ? lane : best), first);
  }

  async #change(): Promise<void> {
    await Promise.race([this.#wake.promise, this.#failure.promise]);
  }

  #onAnswer(lane: Lane, answer: ScatterAnswer): void {
    switch (answer.kind) {
      case "done": {
        lane.queued -= 1;
        this.writtenBytes += answer.writtenBytes;
        this.readBytes += answer.readBytes;
        const onDone = this.#done.get(answer.number);
        this.#done.delete(answer.number);
        onDone?.();
        break;
      }
      case "failed":
        this.#failure.reject(receiveError(answer.error));
        break;
      default:
        unreachable(answer);
    }
    const wake = this.#wake;
    this.#wake = Promise.withResolvers<void>();
    wake.resolve();
  }
}

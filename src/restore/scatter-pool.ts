/**
 * The worker pool of a restore: hands units and finishing requests to idle workers, a bounded number ahead, and
 * reports the first failure. Aborting ends the workers at once; half-written files stay, and a directory without
 * `pg_control` cannot start.
 */
import { Worker } from "node:worker_threads";
import { assert, unreachable } from "../core/assert.ts";
import { receiveError } from "../core/error-transfer.ts";
import { workerUrl } from "../core/worker-url.ts";
import { WorkerGroup } from "../pipeline/worker-group.ts";
import type {
  ScatterAnswer,
  ScatterBeginning,
  ScatterRequest,
  ScatterWorkerData,
} from "./scatter-messages.ts";

/** That a request is done. */
type ScatterDone = Extract<ScatterAnswer, { readonly kind: "done" }>;

type Lane = { readonly worker: Worker; queued: number };

/** Requests a worker may have: one in work, one behind it, and one whose last writes or syncs have not ended. */
const QUEUED_MAX = 3;

/**
 * Use with `await using`: disposal ends the workers, and may be repeated. Threads take a tenth of a second to begin: they are started
 * before it is known what they need for their work, and told in `begin`.
 */
export class ScatterPool implements AsyncDisposable {
  readonly #group: WorkerGroup;
  readonly #lanes: Lane[] = [];
  readonly #done = new Map<number, (answer: ScatterDone) => void>();
  #forget: () => void = () => undefined;
  #nextNumber = 0;
  writtenBytes = 0;
  readBytes = 0;

  constructor(options: { readonly workers: number; readonly signal: AbortSignal }) {
    this.#group = new WorkerGroup(options);
    for (let n = 0; n < options.workers; n++) {
      this.#startLane();
    }
  }

  get workers(): number {
    return this.#lanes.length;
  }

  /** To be called once, before the first request. Aborting `signal` ends the workers as the pool's own signal does. */
  begin(data: ScatterWorkerData, { signal }: { readonly signal: AbortSignal }): void {
    signal.throwIfAborted();
    const onAbort = (): void => this.#group.fail(signal.reason as Error);
    signal.addEventListener("abort", onAbort, { once: true });
    this.#forget = () => signal.removeEventListener("abort", onAbort);
    const beginning: ScatterBeginning = { kind: "begin", data };
    this.#lanes.forEach(({ worker }) => worker.postMessage(beginning));
  }

  /** A number for a request. */
  nextNumber(): number {
    return this.#nextNumber++;
  }

  /** Waits for a worker with room, hands the request over and calls `onDone` when it is done. @throws the pool's failure. */
  async submit(
    request: ScatterRequest,
    onDone: (answer: ScatterDone) => void = () => undefined,
  ): Promise<void> {
    this.#group.check();
    let lane = this.#idlest();
    while (lane.queued >= QUEUED_MAX) {
      await this.#group.change();
      lane = this.#idlest();
    }
    lane.queued += 1;
    this.#done.set(request.number, onDone);
    lane.worker.postMessage(request);
  }

  /** Waits until everything is done. @throws the pool's failure. */
  async drain(): Promise<void> {
    while (this.#done.size > 0) {
      await this.#group.change();
    }
    this.#group.check();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#forget();
    await this.#group[Symbol.asyncDispose]();
  }

  #startLane(): void {
    const worker = new Worker(workerUrl("scatter", import.meta.url));
    const lane: Lane = { worker, queued: 0 };
    this.#lanes.push(lane);
    this.#group.add(worker, (answer) => this.#onAnswer(lane, answer as ScatterAnswer));
  }

  #idlest(): Lane {
    const [first, ...rest] = this.#lanes;
    assert(first !== undefined, "a pool has a worker");
    return rest.reduce((best, lane) => (lane.queued < best.queued ? lane : best), first);
  }

  #onAnswer(lane: Lane, answer: ScatterAnswer): void {
    switch (answer.kind) {
      case "done": {
        lane.queued -= 1;
        this.writtenBytes += answer.writtenBytes;
        this.readBytes += answer.readBytes;
        const onDone = this.#done.get(answer.number);
        this.#done.delete(answer.number);
        onDone?.(answer);
        break;
      }
      case "failed":
        this.#group.fail(receiveError(answer.error));
        break;
      default:
        unreachable(answer);
    }
  }
}

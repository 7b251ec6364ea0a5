/**
 * Threads that each run one program at a time and turn its output into packs: see `serve-streams.ts`. Packs are published while the
 * next are written; a stream is done when all its packs are durable.
 *
 * Aborted: every program gets SIGTERM and is waited for, so that none goes on reading the server; what was staged goes with the
 * stage, what was published is named by nothing and left to expire.
 */
import { Worker } from "node:worker_threads";
import { receiveError } from "../core/error-transfer.ts";
import { dumpProgramEndMs } from "../core/limits.ts";
import { endWorkers } from "../core/worker-end.ts";
import { workerUrl } from "../core/worker-url.ts";
import type { FinishedObject } from "../pipeline/framed-file-writer.ts";
import type { PackPlace } from "../pipeline/pack-pool.ts";
import type {
  DumpWorkerAnswer,
  DumpWorkerData,
  DumpWorkerRequest,
  ProgramEnd,
  StreamFacts,
  StreamProgram,
} from "./stream-messages.ts";

/** What the pool needs from its owner. */
export type StreamPoolOptions = {
  readonly workers: number;
  readonly zstdLevel: number;
  /** Prepares the next pack. */
  readonly place: () => Promise<PackPlace>;
  /** Publishes a finished pack; durable when it resolves. */
  readonly publish: (pack: FinishedObject, call: { readonly signal: AbortSignal }) => Promise<void>;
  /** Bytes of all streams so far. */
  readonly onProgress: (bytes: number) => void;
  readonly signal: AbortSignal;
};

/** What became of a program. */
export type RanStream = {
  readonly end: ProgramEnd;
  readonly facts: StreamFacts;
  readonly packs: readonly FinishedObject[];
};

type Job = {
  readonly program: StreamProgram;
  readonly packs: FinishedObject[];
  readonly publishing: Promise<void>[];
  readonly result: PromiseWithResolvers<RanStream>;
  bytes: number;
};

type Lane = { readonly worker: Worker; job: Job | undefined };

/** Use with `await using`. */
export class StreamPool implements AsyncDisposable {
  readonly #options: StreamPoolOptions;
  readonly #lanes: readonly Lane[];
  readonly #waiting: Job[] = [];
  readonly #supplies = new Set<Promise<void>>();
  readonly #publications = new Set<Promise<void>>();
  readonly #cancel: () => void;
  #doneBytes = 0;

  constructor(options: StreamPoolOptions) {
    options.signal.throwIfAborted();
    this.#options = options;
    this.#cancel = () => {
      this.#fail(options.signal.reason as Error);
    };
    this.#lanes = Array.from({ length: options.workers }, () => this.#startLane());
    options.signal.addEventListener("abort", this.#cancel, { once: true });
  }

  /** Runs a program when a thread is free. Rejects with what failed on our side; how the program ended is the caller's to judge. */
  async run(program: StreamProgram): Promise<RanStream> {
    this.#options.signal.throwIfAborted();
    const result = Promise.withResolvers<RanStream>();
    this.#waiting.push({ program, packs: [], publishing: [], result, bytes: 0 });
    this.#next();
    return await result.promise;
  }

  /** Ends the programs, then the threads. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#options.signal.removeEventListener("abort", this.#cancel);
    const running = this.#lanes.flatMap(({ job }) => (job === undefined ? [] : [job]));
    this.#fail(new Error("the dump has ended"));
    const settled = Promise.allSettled(running.map(({ result }) => result.promise));
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, 2 * dumpProgramEndMs);
    await Promise.race([settled, late.promise]);
    clearTimeout(timer);
    await endWorkers(this.#lanes.map(({ worker }) => worker));
    await Promise.allSettled([...this.#supplies, ...this.#publications]);
  }

  #startLane(): Lane {
    const workerData: DumpWorkerData = { zstdLevel: this.#options.zstdLevel };
    const worker = new Worker(workerUrl("dump", import.meta.url), { workerData });
    const lane: Lane = { worker, job: undefined };
    worker.on("message", (answer: DumpWorkerAnswer) => {
      this.#onAnswer(lane, answer);
    });
    worker.on("error", (error: Error) => {
      this.#settle(lane, (job) => job.result.reject(error));
    });
    this.#supply(lane);
    this.#supply(lane);
    return lane;
  }

  #post(lane: Lane, request: DumpWorkerRequest): void {
    lane.worker.postMessage(request);
  }

  /** A ticket for one more pack. */
  #supply(lane: Lane): void {
    const supplied = this.#options.place().then(
      (place) => {
        this.#post(lane, { kind: "ticket", ...place });
      },
      (error: Error) => {
        this.#fail(error);
      },
    );
    this.#supplies.add(supplied);
    void supplied.then(() => this.#supplies.delete(supplied));
  }

  #next(): void {
    for (const lane of this.#lanes) {
      if (lane.job === undefined) {
        lane.job = this.#waiting.shift();
        if (lane.job !== undefined) {
          this.#post(lane, { kind: "run", program: lane.job.program });
        }
      }
    }
  }

  /** What waits is refused; what runs is ended, and settles when it has. */
  #fail(error: Error): void {
    for (const job of this.#waiting.splice(0)) {
      job.result.reject(error);
    }
    for (const lane of this.#lanes) {
      if (lane.job !== undefined) {
        this.#post(lane, { kind: "cancel" });
      }
    }
  }

  #settle(lane: Lane, act: (job: Job) => void): void {
    const { job } = lane;
    lane.job = undefined;
    if (job !== undefined) {
      this.#doneBytes += job.bytes;
      act(job);
      this.#next();
    }
  }

  #onAnswer(lane: Lane, answer: DumpWorkerAnswer): void {
    const { job } = lane;
    if (job === undefined) {
      return;
    }
    switch (answer.kind) {
      case "pack":
        job.packs.push(answer.pack);
        this.#follow(job, this.#publish(lane, answer.pack));
        return;
      case "progress":
        job.bytes = answer.bytes;
        this.#options.onProgress(
          this.#lanes.reduce((sum, each) => sum + (each.job?.bytes ?? 0), this.#doneBytes),
        );
        return;
      case "ended": {
        const { end, facts } = answer;
        job.bytes = facts.bytes;
        this.#settle(lane, ({ result, packs, publishing }) => {
          Promise.all(publishing).then(
            () => {
              result.resolve({ end, facts, packs });
            },
            (error: Error) => {
              result.reject(error);
            },
          );
        });
        return;
      }
      case "failed":
        this.#settle(lane, ({ result }) => {
          result.reject(receiveError(answer.error));
        });
        return;
    }
  }

  /** Kept for the stream's end, which waits for it, and for the pool's. */
  #follow(job: Job, published: Promise<void>): void {
    job.publishing.push(published);
    const settled = published.then(
      () => undefined,
      () => undefined,
    );
    this.#publications.add(settled);
    void settled.then(() => this.#publications.delete(settled));
  }

  /** A next ticket only when this pack is durable: at most two of a stream are staged. */
  async #publish(lane: Lane, pack: FinishedObject): Promise<void> {
    try {
      await this.#options.publish(pack, { signal: this.#options.signal });
    } catch (error) {
      this.#post(lane, { kind: "cancel" });
      // The program waits for a ticket, perhaps: with one it notices that it was ended.
      this.#supply(lane);
      throw error;
    }
    this.#supply(lane);
  }
}

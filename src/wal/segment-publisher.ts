/**
 * Publishes finished segments beside the receiving: bytes are worked on by a thread, one segment after the other, so
 * that a sync commit never waits for a compressor. Until a segment is published and read back its WAL is
 * durable in parts; nothing here moves the position that the server is told.
 *
 * States of the queue: idle → publishing (examine, put index, seal, put, read back) → idle; → failed, for good.
 * Bounded by the caller: it holds the socket while `backlog` is full. Disposing ends the thread at once.
 */
import { Worker } from "node:worker_threads";
import { assert, present } from "../core/assert.ts";
import { receiveError } from "../core/error-transfer.ts";
import { isDrError } from "../core/errors.ts";
import { endWorkers } from "../core/worker-end.ts";
import { workerUrl } from "../core/worker-url.ts";
import { storeRetryDelayMs, storeRetryDelayMsMax, walStoreOutageMsMax } from "../core/limits.ts";
import { namingSide } from "../pipeline/sealing/key-ring.ts";
import { systemIdentifierOf } from "../repository/object-names.ts";
import { ZSTD_LEVEL_DEFAULT } from "../pipeline/zstd-codec.ts";
import type {
  PublishAnswer,
  PublishRequest,
  PublishWorkerData,
  SegmentBytes,
} from "./publish-messages.ts";
import type { ReceiverEventSink } from "./receiver-events.ts";
import type { SegmentMemory, SegmentPlace } from "./segment-memory.ts";
import { storeSegment, type SegmentTarget, type SegmentWork } from "./store-segment.ts";

type AnswerOf<Kind extends PublishAnswer["kind"]> = Extract<PublishAnswer, { readonly kind: Kind }>;

/** The publishing thread as `SegmentWork`. One request at a time. */
export class SegmentThread implements SegmentWork, AsyncDisposable {
  readonly #worker: Worker;
  #waiting: PromiseWithResolvers<PublishAnswer> | undefined;
  #failed: Error | undefined;

  constructor(data: PublishWorkerData) {
    this.#worker = new Worker(workerUrl("publish", import.meta.url), {
      workerData: data,
    });
    this.#worker.on("message", (answer: PublishAnswer) => {
      const waiting = present(this.#waiting, "the thread answers what it was asked");
      this.#waiting = undefined;
      waiting.resolve(answer);
    });
    this.#worker.on("error", (error: Error) => {
      this.#fail(error);
    });
    // A receiver that stops must not be kept alive by an idle thread.
    this.#worker.unref();
  }

  #fail(error: Error): void {
    this.#failed ??= error;
    this.#waiting?.reject(this.#failed);
    this.#waiting = undefined;
  }

  async #ask<Kind extends PublishAnswer["kind"]>(
    request: PublishRequest,
    kind: Kind,
  ): Promise<AnswerOf<Kind>> {
    assert(this.#waiting === undefined, "the thread is asked one thing at a time");
    if (this.#failed !== undefined) {
      throw this.#failed;
    }
    this.#waiting = Promise.withResolvers();
    this.#worker.ref();
    this.#worker.postMessage(request);
    try {
      const answer = await this.#waiting.promise;
      if (answer.kind === "failed") {
        throw receiveError(answer.error);
      }
      assert(answer.kind === kind, "the thread answers in kind");
      return answer as AnswerOf<Kind>;
    } finally {
      this.#worker.unref();
    }
  }

  /** WAL before the first segment. */
  readAhead(place: SegmentPlace, bytes: Uint8Array): void {
    const request: PublishRequest = { kind: "read-ahead", place, bytes };
    this.#worker.postMessage(request);
  }

  async examine(memory: SegmentMemory): ReturnType<SegmentWork["examine"]> {
    const request = { kind: "examine", ...bytesOf(memory) } as const;
    const { contentDigest, index, indexError } = await this.#ask(request, "examined");
    const error = indexError === undefined ? undefined : receiveError(indexError);
    return { contentDigest, index, indexError: error };
  }

  async seal(
    memory: SegmentMemory,
    target: Parameters<SegmentWork["seal"]>[1],
  ): ReturnType<SegmentWork["seal"]> {
    const { compressed } = memory;
    const request = { kind: "seal", ...bytesOf(memory), ...target, compressed } as const;
    const answer = await this.#ask(request, "sealed");
    return answer.object;
  }

  async verify(
    memory: SegmentMemory,
    { ticket, stored: object }: Parameters<SegmentWork["verify"]>[1],
  ): ReturnType<SegmentWork["verify"]> {
    const request = { kind: "verify", ...bytesOf(memory), ticket, object } as const;
    const answer = await this.#ask(request, "verified");
    return answer.difference;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // First the thread, then who waits for it: nothing writes a staged file any more when that one is removed.
    await endWorkers([this.#worker]);
    this.#fail(new Error("the publishing thread is closed"));
  }
}

function bytesOf(memory: SegmentMemory): SegmentBytes {
  return { place: memory.place, shared: memory.shared };
}

/** A segment that is whole, and durable in parts. */
export type FinishedSegment = {
  readonly memory: SegmentMemory;
  readonly knownAt: bigint;
  readonly parts: readonly string[];
};

/** What the publisher needs. */
export type SegmentPublisherOptions = Omit<SegmentTarget, "work"> & {
  readonly events: ReceiverEventSink;
  /** The segment's memory is not needed any more. */
  readonly onDone: (segment: FinishedSegment) => void;
  /** Nothing more is published: the receiver must stop. */
  readonly onFailed: (error: Error) => void;
};

/** See the file's comment. */
export class SegmentPublisher implements AsyncDisposable {
  readonly #options: SegmentPublisherOptions;
  readonly #thread: SegmentThread;
  readonly #queue: FinishedSegment[] = [];
  #running: Promise<void> | undefined;
  #failed: Error | undefined;

  constructor(options: SegmentPublisherOptions) {
    this.#options = options;
    this.#thread = new SegmentThread({
      ...namingSide(options.sealed.ring),
      systemId: systemIdentifierOf(options.place.incarnation),
      zstdLevel: ZSTD_LEVEL_DEFAULT,
    });
  }

  /** Segments not published yet. */
  get backlog(): number {
    return this.#queue.length;
  }

  /** WAL before the first segment, for the record that reaches into it; it ends where that segment begins. */
  readAhead(place: SegmentPlace, bytes: Uint8Array): void {
    this.#thread.readAhead(place, bytes);
  }

  /** Takes the next segment; never throws: see `onFailed`. */
  publish(segment: FinishedSegment): void {
    if (this.#failed === undefined) {
      this.#queue.push(segment);
      this.#running ??= this.#run();
    }
  }

  /** Waits until all is published. @throws what `onFailed` was given. */
  async drain(): Promise<void> {
    await this.#running;
    if (this.#failed !== undefined) {
      throw this.#failed;
    }
  }

  async #run(): Promise<void> {
    try {
      for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
        await this.#publishOne(next);
        this.#queue.shift();
        this.#options.onDone(next);
      }
    } catch (error) {
      this.#failed = error instanceof Error ? error : new Error(String(error));
      this.#options.onFailed(this.#failed);
    } finally {
      this.#running = undefined;
    }
  }

  async #publishOne(segment: FinishedSegment): Promise<void> {
    const { events } = this.#options;
    const { memory, parts } = segment;
    const { result, verified, indexError } = await this.#untilTaken(segment);
    if (indexError !== undefined) {
      await events({ kind: "index-failed", segment: memory.name, cause: indexError });
    }
    await events({ kind: "segment-published", segment: memory.name, result, verified, parts });
  }

  /** Publishing may be late, never lost: the WAL is durable in parts. So a store's failures are waited out for a while. */
  async #untilTaken(segment: FinishedSegment): ReturnType<typeof storeSegment> {
    const { clock, signal, events } = this.#options;
    const giveUpAt = clock.monotonic() + walStoreOutageMsMax;
    const target: SegmentTarget = { ...this.#options, work: this.#workOnce() };
    for (let delayMs = storeRetryDelayMs; ; delayMs = Math.min(delayMs * 2, storeRetryDelayMsMax)) {
      try {
        return await storeSegment(target, segment.memory, segment.knownAt);
      } catch (error) {
        signal.throwIfAborted();
        if (isDrError(error, "WAL_SEGMENT_CONFLICT")) {
          const conflict = String(error.details["conflict"]);
          await events({ kind: "segment-conflict", segment: segment.memory.name, conflict });
          throw error;
        }
        if (!isDrError(error) || !error.retryable || clock.monotonic() > giveUpAt) {
          throw error;
        }
        await clock.sleep(delayMs, { signal });
      }
    }
  }

  /** A segment is examined once, however often it is put: the index reader goes on with the next one. */
  #workOnce(): SegmentWork {
    const thread = this.#thread;
    let examined: ReturnType<SegmentWork["examine"]> | undefined;
    return {
      examine: (memory) => (examined ??= thread.examine(memory)),
      seal: (memory, target) => thread.seal(memory, target),
      verify: (memory, object) => thread.verify(memory, object),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#thread[Symbol.asyncDispose]();
    await this.#running;
  }
}

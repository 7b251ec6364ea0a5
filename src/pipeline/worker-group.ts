/**
 * A group of worker threads that fail together: the first error of any thread, of what runs beside them, or the
 * caller's abort, fails the whole group, and whoever waits for a change learns it. Both pools (backup and
 * restore) stand on it. It must never leave a rejection unhandled, a listener on the caller's signal, or,
 * after disposal, a thread.
 *
 * States: working -> failed (first error wins) -> ended. Disposal leads from either to ended.
 */
import type { Worker } from "node:worker_threads";
import { endWorkers } from "../core/worker-end.ts";

/** Use with `await using`: disposal ends the threads. */
export class WorkerGroup implements AsyncDisposable {
  readonly #workers: Worker[] = [];
  readonly #outer: AbortSignal;
  readonly #inner = new AbortController();
  readonly #onAbort: () => void;
  #failed: Error | undefined;
  #ended = false;
  #wake = Promise.withResolvers<void>();

  constructor(options: { readonly signal: AbortSignal }) {
    options.signal.throwIfAborted();
    this.#outer = options.signal;
    this.#onAbort = () => this.fail(options.signal.reason as Error);
    options.signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** Aborted when the group fails or ends: for what runs beside the threads. */
  get signal(): AbortSignal {
    return this.#inner.signal;
  }

  /** Takes a thread in. `onMessage` may throw: that fails the group. It is not called once the group failed or ended. */
  add(worker: Worker, onMessage: (message: unknown) => void): void {
    this.#workers.push(worker);
    worker.on("message", (message: unknown) => {
      if (this.#failed === undefined && !this.#ended) {
        this.#attempt(() => onMessage(message));
        this.changed();
      }
    });
    worker.on("messageerror", (error: Error) => this.fail(error));
    worker.on("error", (error: Error) => this.fail(error));
    worker.on("exit", (code) => this.fail(new Error(`a worker thread ended with code ${code}`)));
  }

  /** Fails the group; the first error stands. Without effect once it ended. */
  fail(error: Error): void {
    if (this.#failed === undefined && !this.#ended) {
      this.#failed = error;
      this.#inner.abort(error);
      this.changed();
    }
  }

  /** @throws the group's error, when it failed. */
  check(): void {
    if (this.#failed !== undefined) {
      throw this.#failed;
    }
  }

  /** Wakes those who wait for a change. */
  changed(): void {
    const wake = this.#wake;
    this.#wake = Promise.withResolvers<void>();
    wake.resolve();
  }

  /** Waits until something changed. @throws the group's error, when it failed. */
  async change(): Promise<void> {
    this.check();
    await this.#wake.promise;
    this.check();
  }

  /** Ends the threads, as `endWorkers` does. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    this.#outer.removeEventListener("abort", this.#onAbort);
    this.#inner.abort(this.#failed ?? new Error("the workers have ended"));
    this.changed();
    await endWorkers(this.#workers);
  }

  #attempt(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.fail(error as Error);
    }
  }
}

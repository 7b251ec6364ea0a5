/**
 * Runs the receiver in a process of its own, in its own process group, and hears from it. The child lives exactly as long as
 * this object or this process: its channel ends with us, whatever ends us.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { open } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Clock } from "../../core/clock.ts";
import { receiveError } from "../../core/error-transfer.ts";
import { DrError } from "../../core/errors.ts";
import { workerUrl } from "../../core/worker-url.ts";
import type { DemoSocket } from "./demo-environment.ts";
import type { DemoFolder } from "./demo-folder.ts";
import type { FromReceiver, ToReceiver } from "./receiver-message.ts";

/** A receiver that does not end by itself in this time is killed. */
const END_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 10;

/** The receiver's process. Disposing of it ends it. */
export class ReceiverProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #clock: Clock;
  readonly #failure = new AbortController();
  readonly #ended: Promise<unknown>;
  #streaming = false;
  #stopping = false;
  #stopped = false;

  private constructor(child: ChildProcess, clock: Clock, log: string) {
    this.#child = child;
    this.#clock = clock;
    this.#ended = once(child, "exit");
    child.on("message", (message: FromReceiver) => {
      this.#hear(message);
    });
    child.on("error", (error) => {
      this.#failure.abort(error);
    });
    child.on("exit", (code, signal) => {
      if (!this.#stopped && !this.#stopping) {
        const how = signal ?? `code ${code ?? "?"}`;
        this.#failure.abort(new DrError("WAL_RECEIVER_ENDED", { how, log }));
      }
    });
  }

  /** Starts it; it is not connected yet. */
  static async start(options: {
    readonly folder: DemoFolder;
    readonly server: DemoSocket;
    readonly clock: Clock;
  }): Promise<ReceiverProcess> {
    const { folder, server, clock } = options;
    await using log = await open(folder.receiverLog, "a", 0o600);
    const child = fork(fileURLToPath(workerUrl("demo-receiver", import.meta.url)), [], {
      detached: true,
      stdio: ["ignore", log.fd, log.fd, "ipc"],
    });
    const started = new ReceiverProcess(child, clock, folder.receiverLog);
    const { socketDirectory, port } = server;
    started.#tell({ kind: "receive", folder, server: { socketDirectory, port } });
    return started;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Aborted when it ended although nobody asked; the reason says why. */
  get failed(): AbortSignal {
    return this.#failure.signal;
  }

  /** Whether it still runs. */
  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resolves when it receives. */
  async untilStreaming(options: { readonly signal: AbortSignal }): Promise<void> {
    const signal = AbortSignal.any([options.signal, this.failed]);
    while (!this.#streaming) {
      await this.#clock.sleep(LOOK_EVERY_MS, { signal });
    }
  }

  /** Resolves when it has noticed that the server is gone. */
  async untilDisconnected(options: { readonly signal: AbortSignal }): Promise<void> {
    const signal = AbortSignal.any([options.signal, this.failed]);
    while (this.#streaming) {
      await this.#clock.sleep(LOOK_EVERY_MS, { signal });
    }
  }

  /** Ends it in good order. */
  async stop(options: { readonly signal: AbortSignal }): Promise<void> {
    const signal = AbortSignal.any([options.signal, this.failed]);
    this.#tell({ kind: "stop" });
    while (!this.#stopped) {
      await this.#clock.sleep(LOOK_EVERY_MS, { signal });
    }
    await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true;
    if (!this.running) {
      return;
    }
    const kill = setTimeout(() => this.#child.kill("SIGKILL"), END_WITHIN_MS);
    if (this.#child.connected) {
      this.#child.disconnect();
    }
    await this.#ended;
    clearTimeout(kill);
  }

  #tell(message: ToReceiver): void {
    // A child that is gone is told of by its exit.
    this.#child.send(message, () => undefined);
  }

  #hear(message: FromReceiver): void {
    switch (message.kind) {
      case "streaming":
        this.#streaming = true;
        break;
      case "disconnected":
        this.#streaming = false;
        break;
      case "stopped":
        this.#stopped = true;
        break;
      case "failed":
        this.#failure.abort(receiveError(message.error));
    }
  }
}

/**
 * WAL streamed out of the loaded server, or not: each turn-on is a receiver of its own, as in real life a program that restarts. While it is on,
 * every commit waits for the repository. The slot stays in between, so that no WAL is missed. Its end by itself is a failure of the test's.
 */
import type { Clock } from "../../core/clock.ts";
import { present } from "../../core/assert.ts";
import { demoEnvironment } from "../demo/demo-environment.ts";
import type { DemoSocket } from "../demo/demo-environment.ts";
import type { DemoFolder } from "../demo/demo-folder.ts";
import { makeAsynchronous, makeSynchronous } from "../demo/demo-server.ts";
import { ReceiverProcess } from "../demo/receiver-process.ts";

/** Disposing of it ends its receiver. */
export class Streaming implements AsyncDisposable {
  readonly #about: {
    readonly folder: DemoFolder;
    readonly server: DemoSocket;
    readonly clock: Clock;
  };
  readonly #failure = new AbortController();
  #receiver: ReceiverProcess | undefined;

  constructor(about: {
    readonly folder: DemoFolder;
    readonly server: DemoSocket;
    readonly clock: Clock;
  }) {
    this.#about = about;
  }

  /** Aborted when a receiver ended although nobody asked; the reason says why. */
  get failed(): AbortSignal {
    return this.#failure.signal;
  }

  get isOn(): boolean {
    return this.#receiver !== undefined;
  }

  /** Resolves when every commit waits for the repository. */
  async turnOn(options: { readonly signal: AbortSignal }): Promise<void> {
    const { server, folder, clock } = this.#about;
    const receiver = await ReceiverProcess.start(this.#about);
    this.#receiver = receiver;
    receiver.failed.addEventListener("abort", () => {
      this.#failure.abort(receiver.failed.reason);
    });
    const signal = AbortSignal.any([options.signal, this.failed]);
    await receiver.untilStreaming({ signal });
    const standbyName = demoEnvironment(folder, server).slotName;
    await makeSynchronous(server, { standbyName, clock, signal });
  }

  /** Resolves when no commit waits any more and the receiver has ended in good order. */
  async turnOff(options: { readonly signal: AbortSignal }): Promise<void> {
    const receiver = present(this.#receiver, "what is turned off was on");
    await makeAsynchronous(this.#about.server, options);
    await receiver.stop(options);
    this.#receiver = undefined;
  }

  /** After the server's loss: what was received is durable when this resolves. */
  async endAfterLoss(options: { readonly signal: AbortSignal }): Promise<void> {
    if (this.#receiver !== undefined) {
      await this.#receiver.untilDisconnected(options);
      await this.#receiver.stop(options);
      this.#receiver = undefined;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#receiver?.[Symbol.asyncDispose]();
  }
}

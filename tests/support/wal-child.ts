/** Starts and ends receivers in processes of their own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { TestServer } from "./test-server.ts";
import type { ChildOrders } from "./receiver-child.ts";
import type { WalLab } from "./wal-lab.ts";

const hex = (value: Uint8Array): string => Buffer.from(value).toString("hex");

/** A receiver in its own process. */
export class ReceiverChild implements AsyncDisposable {
  readonly process: ChildProcess;
  readonly #exited: Promise<unknown>;
  output = "";

  constructor(lab: WalLab, server: TestServer, environment: Record<string, string> = {}) {
    const { ring } = lab;
    const orders: ChildOrders = {
      root: lab.store.location,
      incarnation: lab.place.incarnation,
      socketDirectory: server.socketDirectory,
      port: server.port,
      epoch: lab.nextEpoch(),
      applicationName: "pra_main",
      secrets: {
        repositoryId: hex(ring.repositoryId),
        metadataKey: hex(ring.metadataKey),
        dataPrivateKey: hex(ring.private.dataPrivateKey),
        rootPrivateKey: hex(ring.private.rootPrivateKey),
        writerPrivateKey: hex(ring.writer.privateKey),
      },
    };
    const program = fileURLToPath(new URL("./receiver-child.ts", import.meta.url));
    this.process = spawn(process.execPath, [program, JSON.stringify(orders)], {
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.process.stdout?.on("data", (chunk: Buffer) => {
      this.output += chunk.toString();
    });
    this.process.stderr?.on("data", (chunk: Buffer) => {
      this.output += chunk.toString();
    });
    this.#exited = once(this.process, "exit");
  }

  get running(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  /** Waits until it is gone. */
  async exited(): Promise<void> {
    await this.#exited;
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    this.process.kill("SIGKILL");
    await this.#exited;
  }

  /** In good order. */
  async stop(): Promise<void> {
    this.process.kill("SIGTERM");
    await this.#exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.running) {
      await this.kill();
    }
  }
}

/** A server over HTTP on loopback that keeps what it gets, and answers, hangs, drips or drops as a test says. */
import { once } from "node:events";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import { createServer as createSealedServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { testCertificate, testKey } from "./test-certificate.ts";

/** A call as it came in. */
export type ReceivedCall = {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
};

/** What is done about it. `drip`: a status, then a byte now and then, for ever. `drop`: the connection is cut. */
export type ReceiverAnswer =
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  | "hang"
  | "drip"
  | "drop";

/** The server, until it is disposed of. */
export class HttpReceiver implements AsyncDisposable {
  readonly received: ReceivedCall[] = [];
  readonly origin: string;
  readonly #server: Server & { closeAllConnections: () => void };
  readonly #timers = new Set<NodeJS.Timeout>();

  private constructor(server: Server & { closeAllConnections: () => void }, origin: string) {
    this.#server = server;
    this.origin = origin;
  }

  /** `answer` is asked for every call, with how many came before it. */
  static async start(
    answer: (call: ReceivedCall, before: number) => ReceiverAnswer = () => ({ status: 200 }),
    options: { readonly sealed?: boolean } = {},
  ): Promise<HttpReceiver> {
    const handle = (request: IncomingMessage, response: ServerResponse): void => {
      const pieces: Buffer[] = [];
      request.on("data", (piece: Buffer) => pieces.push(piece));
      request.on("end", () => {
        const call = {
          method: request.method ?? "",
          path: request.url ?? "",
          headers: request.headers,
          body: Buffer.concat(pieces).toString("utf8"),
        };
        const before = receiver.received.length;
        receiver.received.push(call);
        receiver.#reply(answer(call, before), response);
      });
    };
    const sealed = options.sealed === true;
    const server = sealed
      ? createSealedServer({ key: testKey, cert: testCertificate }, handle)
      : createServer(handle);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const receiver = new HttpReceiver(
      server,
      `${sealed ? "https" : "http"}://${sealed ? "localhost" : "127.0.0.1"}:${port}`,
    );
    return receiver;
  }

  #reply(answer: ReceiverAnswer, response: ServerResponse): void {
    if (answer === "hang") {
      return;
    }
    if (answer === "drop") {
      response.socket?.destroy();
      return;
    }
    if (answer === "drip") {
      response.writeHead(200);
      const timer = setInterval(() => response.write("."), 20);
      this.#timers.add(timer);
      response.once("close", () => {
        clearInterval(timer);
      });
      return;
    }
    response.writeHead(answer.status, answer.headers).end(answer.body ?? "");
  }

  url(path = "/"): string {
    return this.origin + path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#timers.forEach((timer) => {
      clearInterval(timer);
    });
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}

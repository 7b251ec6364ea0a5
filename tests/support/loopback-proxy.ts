/**
 * A TCP proxy on 127.0.0.1 before a test server, to do to a connection what networks do: hold it, cut it, let it drip. Only connections
 * that carried more than `afterBytes` from the server are touched: the bulk of a backup, not the questions before it.
 */
import { type AddressInfo, type Socket, connect, createServer, type Server } from "node:net";
import assert from "node:assert/strict";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

/** Settings, answers to questions, and how a bulk begins. */
const REWRITTEN_BYTES_MAX = 64 * 1024;

/** What happens to a connection once it carried `afterBytes`. */
export type Trouble =
  | { readonly kind: "none" }
  /** Nothing more until `resume`. */
  | { readonly kind: "hold"; readonly afterBytes: number }
  /** Ended, by a reset. */
  | { readonly kind: "cut"; readonly afterBytes: number }
  /** Ended in good order, in the middle of a message. */
  | { readonly kind: "close"; readonly afterBytes: number }
  /** At most `chunkBytes` at a time, with a pause after each of the first `chunks`. */
  | {
      readonly kind: "drip";
      readonly afterBytes: number;
      readonly chunkBytes: number;
      readonly chunks: number;
      readonly pauseMs: number;
    };

/** See the file's comment. */
export class LoopbackProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  trouble: Trouble = { kind: "none" };
  /** Trouble for connections alone whose client said this: "BASE_BACKUP". */
  onlyFor: string | undefined;
  /** What the server says on a connection's way in, before the bulk, as the client shall hear it; of the same length. */
  rewrite: ((text: string) => string) | undefined;
  readonly #held = Promise.withResolvers<undefined>();
  readonly #resumed = Promise.withResolvers<undefined>();
  /** How often the trouble struck. */
  struck = 0;

  private constructor(targetPort: number) {
    this.#server = createServer((client) => {
      const server = connect(targetPort, "127.0.0.1");
      for (const socket of [client, server]) {
        this.#sockets.add(socket);
        socket.on("error", () => {
          client.destroy();
          server.destroy();
        });
        socket.on("close", () => {
          this.#sockets.delete(socket);
          client.destroy();
          server.destroy();
        });
      }
      const said = { wanted: false };
      client.on("data", (chunk: Buffer) => {
        said.wanted ||= this.onlyFor === undefined || chunk.includes(this.onlyFor);
      });
      client.pipe(server);
      void this.#forward(server, client, said);
    });
  }

  static async before(targetPort: number): Promise<LoopbackProxy> {
    const proxy = new LoopbackProxy(targetPort);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  /** Stands before a server and holds its base backup after so many bytes, until `resume`; other connections pass. */
  static async holdingBackup(port: number, afterBytes: number): Promise<LoopbackProxy> {
    const proxy = await LoopbackProxy.before(port);
    proxy.onlyFor = "BASE_BACKUP";
    proxy.trouble = { kind: "hold", afterBytes };
    return proxy;
  }

  /** For `pra`. */
  get environment(): Readonly<Record<string, string>> {
    const { port } = this.#server.address() as AddressInfo;
    return { PG_HOST: "127.0.0.1", PG_PORT: String(port) };
  }

  /** Resolves when a connection is held. */
  get held(): Promise<undefined> {
    return this.#held.promise;
  }

  resume(): void {
    this.trouble = { kind: "none" };
    this.#resumed.resolve(undefined);
  }

  #heard(said: Buffer, bytesBefore: number): Buffer {
    if (this.rewrite === undefined || bytesBefore > REWRITTEN_BYTES_MAX) {
      return said;
    }
    const heard = Buffer.from(this.rewrite(said.toString("latin1")), "latin1");
    assert.equal(heard.length, said.length, "a rewritten message keeps its length");
    return heard;
  }

  async #forward(
    server: Socket,
    client: Socket,
    said: { readonly wanted: boolean },
  ): Promise<void> {
    let bytes = 0;
    let dripped = 0;
    try {
      for await (const answer of server as AsyncIterable<Buffer>) {
        const chunk = this.#heard(answer, bytes);
        bytes += answer.length;
        const { trouble } = this;
        if (trouble.kind === "none" || bytes <= trouble.afterBytes || !said.wanted) {
          await send(client, chunk);
          continue;
        }
        this.struck += 1;
        switch (trouble.kind) {
          case "hold":
            this.#held.resolve(undefined);
            await this.#resumed.promise;
            await send(client, chunk);
            break;
          case "cut":
            client.resetAndDestroy();
            server.resetAndDestroy();
            return;
          case "close":
            await send(client, chunk.subarray(0, Math.ceil(chunk.length / 2)));
            client.end();
            server.destroy();
            return;
          case "drip":
            for (let at = 0; at < chunk.length;) {
              const all = dripped >= trouble.chunks;
              const size = all ? chunk.length : trouble.chunkBytes;
              await send(client, chunk.subarray(at, at + size));
              at += size;
              dripped += 1;
              await sleep(all ? 0 : trouble.pauseMs);
            }
            break;
        }
      }
      client.end();
    } catch {
      // The other side has gone; both are destroyed by their handlers.
      client.destroy();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#resumed.resolve(undefined);
    for (const socket of this.#sockets) {
      socket.destroy();
    }
    this.#server.close();
    await once(this.#server, "close");
  }
}

async function send(socket: Socket, chunk: Buffer): Promise<void> {
  if (!socket.write(chunk)) {
    await once(socket, "drain");
  }
}

/**
 * The address under which clients reach whichever server is production now, as a virtual address or a proxy would be: a socket whose
 * connections go to one server, and to another after a failover.
 */
import { once } from "node:events";
import { type Server, type Socket, connect, createServer } from "node:net";
import { join } from "node:path";
import { rm } from "node:fs/promises";
import type { TestServer } from "./test-server.ts";

type Place = Pick<TestServer, "socketDirectory" | "port">;

const socketOf = ({ socketDirectory, port }: Place): string =>
  join(socketDirectory, `.s.PGSQL.${port}`);

/** Use as a server's place. */
export class ServiceAddress implements AsyncDisposable {
  readonly socketDirectory: string;
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #target: Place;

  private constructor(socketDirectory: string, target: Place) {
    this.socketDirectory = socketDirectory;
    this.port = target.port;
    this.#target = target;
    this.#server = createServer((client) => {
      const server = connect(socketOf(this.#target));
      for (const [socket, other] of [
        [client, server],
        [server, client],
      ] as const) {
        this.#sockets.add(socket);
        socket.pipe(other);
        socket.on("error", () => other.destroy());
        socket.on("close", () => {
          this.#sockets.delete(socket);
          other.destroy();
        });
      }
    });
  }

  /** In a directory of its own. */
  static async in(directory: string, target: Place): Promise<ServiceAddress> {
    const address = new ServiceAddress(directory, target);
    address.#server.listen(socketOf(address));
    await once(address.#server, "listening");
    return address;
  }

  /** Leads to another server from now on; what is open breaks. */
  lead(target: Place): void {
    this.#target = target;
    this.#sockets.forEach((socket) => socket.destroy());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#sockets.forEach((socket) => socket.destroy());
    await rm(socketOf(this), { force: true });
  }
}

/**
 * Asks a server whether it takes connections, without a password or even a database: it sends the first
 * message of a connection and looks at the first answer. Any answer but "starting up", "shutting down",
 * "in recovery, no connections yet" (all SQLSTATE 57P03) means that it does.
 *
 * Follows PQping of libpq and "Start-up" in the documentation's chapter on the message flow.
 */
import { createConnection } from "node:net";

/** What the server answered. `absent`: nobody listens at the socket. */
export type ProbeAnswer = "accepting" | "refusing" | "absent";

/** Where a server is reached: its socket, by directory and port. */
export type SocketAddress = { readonly socketDirectory: string; readonly port: number };

/** The path PostgreSQL gives its socket. */
export function socketPath(address: SocketAddress): string {
  return `${address.socketDirectory}/.s.PGSQL.${address.port}`;
}

function startupMessage(): Buffer {
  const body = Buffer.from("user\0pra_probe\0database\0postgres\0\0", "latin1");
  const head = Buffer.alloc(8);
  head.writeInt32BE(body.length + 8, 0);
  head.writeInt32BE(3 << 16, 4);
  return Buffer.concat([head, body]);
}

/** Reads the first answer. An error's field "C" is its SQLSTATE. */
export function answerOf(message: Buffer): ProbeAnswer {
  const isError = message[0] === 0x45;
  return isError && message.includes("\0C57P03\0", 5, "latin1") ? "refusing" : "accepting";
}

/** One attempt. Aborting closes the connection and rejects. */
export async function probeServer(
  address: SocketAddress,
  options: { readonly signal: AbortSignal },
): Promise<ProbeAnswer> {
  options.signal.throwIfAborted();
  return await new Promise<ProbeAnswer>((resolve, reject) => {
    const socket = createConnection({ path: socketPath(address), signal: options.signal });
    socket.once("connect", () => socket.write(startupMessage()));
    socket.once("data", (data: Buffer) => {
      socket.destroy();
      resolve(answerOf(data));
    });
    socket.once("error", (error: NodeJS.ErrnoException) => {
      if (options.signal.aborted) {
        reject(options.signal.reason as Error);
        return;
      }
      resolve(error.code === "ENOENT" || error.code === "ECONNREFUSED" ? "absent" : "refusing");
    });
    socket.once("close", () => resolve("refusing"));
  });
}

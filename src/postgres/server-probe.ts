/**
 * Where a server's socket is, and whether somebody listens there. The probe connects and hangs up: the
 * state in `postmaster.pid` says whether queries are taken, and a complete start-up message with a made-up
 * role would leave an alarming line in the log of every server we start.
 *
 * Follows src/backend/tcop/backend_startup.c: a connection closed before its first byte is not logged.
 */
import { createConnection } from "node:net";

/** Where a server is reached: its socket, by directory and port. */
export type SocketAddress = { readonly socketDirectory: string; readonly port: number };

/** The path PostgreSQL gives its socket. */
export function socketPath(address: SocketAddress): string {
  return `${address.socketDirectory}/.s.PGSQL.${address.port}`;
}

/** True when a connection is taken. Aborting hangs up and rejects with the signal's reason. */
export async function isListening(
  address: SocketAddress,
  options: { readonly signal: AbortSignal },
): Promise<boolean> {
  options.signal.throwIfAborted();
  return await new Promise<boolean>((resolve, reject) => {
    const socket = createConnection({ path: socketPath(address), signal: options.signal });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => {
      if (options.signal.aborted) {
        reject(options.signal.reason as Error);
        return;
      }
      resolve(false);
    });
  });
}

/**
 * The private directory of a throw-away server: its socket and its log. Clients are trusted on that
 * socket, so nobody but the server's account may enter. Directly under /tmp, because the path of a socket
 * is short by nature.
 */
import { chmod, chown, mkdtemp } from "node:fs/promises";
import type { ServerAccount } from "./server-account.ts";

const PREFIX = "/tmp/pra-server-";

/** What the names made here look like; only such a directory may be removed with a server. */
export const privateDirectoryPattern = /^\/tmp\/pra-server-[A-Za-z0-9]{6}$/;

/** What lies there beside the socket. */
export const privateFiles = { log: "server.log", pid: "server.pid" } as const;

/** A new directory that `account` owns and others cannot enter. */
export async function makePrivateDirectory(account: ServerAccount): Promise<string> {
  const directory = await mkdtemp(PREFIX);
  await chmod(directory, 0o700);
  if (account.switched) {
    await chown(directory, account.uid, account.gid);
  }
  return directory;
}

/** Where a daemon of this host says that it is at work, and whether one does. */
import { join } from "node:path";
import { liveHolder } from "../../files/local-lock.ts";
import type { Environment } from "../environment.ts";
import { watchDirectory } from "../look/memory.ts";

/** The directory of its lock. */
export function daemonLockDirectory(environment: Environment): string {
  return join(watchDirectory(environment), "daemon");
}

/** The process of the daemon that watches this cluster; undefined: none does. @throws DrError `STORE_IO`. */
export async function runningDaemon(environment: Environment): Promise<number | undefined> {
  return (await liveHolder(daemonLockDirectory(environment)))?.pid;
}

/** `pra stop`: ends the server on a restored directory, whoever started it, and waits until it is gone. */
import { resolve } from "node:path";
import { type StoppedServer, stopServerOf } from "../postgres/stop-server.ts";
import type { StopMode } from "../postgres/throwaway-server.ts";

/** @throws DrError `PG_NOT_RUNNING`, `PG_PID_FILE_FOREIGN`, `PG_STOP_TIMEOUT`. */
export async function stopCopy(
  directory: string,
  options: { readonly mode: StopMode; readonly signal: AbortSignal },
): Promise<StoppedServer> {
  return await stopServerOf(resolve(directory), options);
}

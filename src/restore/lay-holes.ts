/** Files of a partial restore whose content nobody wants: as long as they were, and empty. They take no room on the disk. */
import { open } from "node:fs/promises";
import { failpointAsync } from "../core/failpoint.ts";
import { systemPath } from "../core/file-name-bytes.ts";
import type { Owner } from "./scatter-messages.ts";

/** A file to be. */
export type Hole = { readonly path: string; readonly sizeBytes: number; readonly mode: number };

/** Makes them; they are not synced, for the copy is thrown away. @throws errors of the operating system. */
export async function layHoles(
  holes: readonly Hole[],
  options: { readonly owner: Owner | undefined; readonly signal: AbortSignal },
): Promise<void> {
  const { owner, signal } = options;
  for (const { path, sizeBytes, mode } of holes) {
    signal.throwIfAborted();
    await failpointAsync("restore.hole", { signal });
    await using file = await open(systemPath(path), "wx", mode);
    await file.truncate(sizeBytes);
    if (owner !== undefined) {
      await file.chown(owner.uid, owner.gid);
    }
  }
}

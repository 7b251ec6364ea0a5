/**
 * Room written ahead in a file that will grow. Where a sync must also make a new length durable it waits for the file system's
 * journal; into room that is there already it only waits for the data. Measured on ext4 under load: 0.4 ms against
 * 0.1 ms a commit.
 *
 * It is done once, before the first append into it: zeros on their way beside appends could meet them. Behind what was appended
 * lie zeros then, which stay after a crash: to a reader a tail that nobody sealed, as a torn frame is.
 */
import type { FileHandle } from "node:fs/promises";
import { failpointAsync } from "../../core/failpoint.ts";
import { errnoOf } from "../../files/file-error.ts";

const ZEROS = Buffer.alloc(1 << 20);

/**
 * Writes zeros from `from` up to `end`, and syncs them; answers whether the room is there. A full disk is no failure: the file grows
 * instead, and appending tells when there is really no room. Aborted: rejects. After any failure the file ends at `from`.
 */
export async function reserveRoom(
  handle: FileHandle,
  room: { readonly from: number; readonly end: number },
  options: { readonly signal: AbortSignal },
): Promise<boolean> {
  const { from, end } = room;
  try {
    await failpointAsync("wal.reserve", options);
    for (let at = from; at < end;) {
      const { bytesWritten } = await handle.write(ZEROS, 0, Math.min(ZEROS.length, end - at), at);
      at += bytesWritten;
      options.signal.throwIfAborted();
    }
    await handle.datasync();
    return true;
  } catch (error) {
    await handle.truncate(from);
    options.signal.throwIfAborted();
    if (errnoOf(error) !== "ENOSPC") {
      throw error;
    }
    return false;
  }
}

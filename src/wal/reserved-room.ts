/**
 * Room written ahead in a file that will grow. Where a sync must also make a new length durable it waits for the file system's
 * journal; into room that is there already it only waits for the data. Measured on ext4 under load: 0.4 ms against
 * 0.1 ms a commit.
 *
 * It is done once, before the first append: zeros on their way beside appends could meet them. Behind what was appended lie
 * zeros then, which stay after a crash: to a reader a tail that nobody sealed, as a torn frame is.
 */
import { fdatasync, ftruncate, write } from "node:fs";
import { promisify } from "node:util";
import { failpointAsync } from "../core/failpoint.ts";
import type { AppendHandle } from "../repository/object-store.ts";

const ZEROS = Buffer.alloc(1 << 20);
const syncData = promisify(fdatasync);
const truncateFile = promisify(ftruncate);

function writeZeros(fd: number, length: number, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    write(fd, ZEROS, 0, length, position, (error, written) => {
      if (error === null) {
        resolve(written);
      } else {
        reject(error);
      }
    });
  });
}

/**
 * Writes zeros behind what was appended; nothing may be appended meanwhile. A full disk is no failure: the file
 * grows instead, and appending tells when there is really no room.
 */
export async function reserveRoom(
  handle: AppendHandle,
  bytes: number,
  options: { readonly signal: AbortSignal },
): Promise<void> {
  const end = handle.sizeBytes + bytes;
  try {
    await failpointAsync("wal.reserve", options);
    for (let at = handle.sizeBytes; at < end;) {
      at += await writeZeros(handle.fd, Math.min(ZEROS.length, end - at), at);
    }
    await syncData(handle.fd);
  } catch (error) {
    options.signal.throwIfAborted();
    await giveBackRoom(handle);
    if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) {
      throw error;
    }
  }
}

/** Cuts what was reserved and not used; nothing may be appended afterwards. */
export async function giveBackRoom(handle: AppendHandle): Promise<void> {
  await truncateFile(handle.fd, handle.sizeBytes);
}

/**
 * The one way in which a file appears: temporary name → all bytes → fsync → `link` to the final name → unlink the
 * temporary one → fsync the directory. It must never rename over anything, never show a final name
 * before its bytes are on stable storage, and never try an fsync again on the same descriptor: after a
 * failure the kernel may have dropped the dirty pages and answers success the second time.
 *
 * Follows link(2), fsync(2) and PostgreSQL's src/common/file_utils.c (durable_rename) without its rename.
 */
import { constants } from "node:fs";
import { type FileHandle, link, open, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { failpoint, failpointTear, guard } from "../core/failpoint.ts";
import { fileCopyBufferBytes, fileWriteBuffersMax } from "../core/limits.ts";
import { syncDirectory } from "./directories.ts";
import { errnoOf, type FileErrorGroup, withFileErrors } from "./file-error.ts";

/**
 * `created`: this call made the file. `identical`: it was there with the same bytes, which are durable now too.
 * `conflict`: it was there with other bytes, and was not touched.
 */
export type DurableWriteResult = "created" | "identical" | "conflict";

/** Where a finished temporary file goes. */
export type Publication = {
  readonly temporaryPath: string;
  readonly finalPath: string;
  readonly group: FileErrorGroup;
  readonly signal: AbortSignal;
};

/** What to write, and where. `temporaryDirectory` is on the same file system; by default the final one. */
export type DurableWrite = {
  readonly finalPath: string;
  readonly parts: readonly Uint8Array[];
  readonly temporaryDirectory?: string;
  readonly mode?: number;
  readonly group: FileErrorGroup;
  readonly signal: AbortSignal;
};

/** Writes every byte of the parts at the descriptor's position, however short the single writes are. */
export async function writeAll(
  handle: FileHandle,
  parts: readonly Uint8Array[],
  signal: AbortSignal,
): Promise<void> {
  let waiting = parts.filter((part) => part.length > 0);
  while (waiting.length > 0) {
    signal.throwIfAborted();
    const batch = waiting.slice(0, fileWriteBuffersMax);
    const { bytesWritten } = await handle.writev(batch);
    let done = bytesWritten;
    let whole = 0;
    for (const part of batch) {
      if (done < part.length) {
        break;
      }
      done -= part.length;
      whole += 1;
    }
    waiting = waiting.slice(whole);
    const [first, ...others] = waiting;
    if (done > 0 && first !== undefined) {
      waiting = [first.subarray(done), ...others];
    }
  }
}

async function writeTorn(
  handle: FileHandle,
  parts: readonly Uint8Array[],
  keepBytes: number,
): Promise<void> {
  await handle.write(Buffer.concat(parts).subarray(0, keepBytes));
}

/** A name that nobody else uses, beside the final one or in a directory of its own. */
function temporaryPathFor(write: DurableWrite): string {
  const random = Buffer.from(crypto.getRandomValues(new Uint8Array(10))).toString("hex");
  const directory = write.temporaryDirectory ?? dirname(write.finalPath);
  return join(directory, `.tmp-${process.pid}-${random}-${basename(write.finalPath).slice(0, 64)}`);
}

/** Removes a file that may be absent already. */
export async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") {
      throw error;
    }
  }
}

/** Fills `buffer` from a position of the file; answers how many bytes there were. */
export async function readFully(
  handle: FileHandle,
  buffer: Uint8Array,
  position: number,
): Promise<number> {
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await handle.read(
      buffer,
      filled,
      buffer.length - filled,
      position + filled,
    );
    if (bytesRead === 0) {
      break;
    }
    filled += bytesRead;
  }
  return filled;
}

/** `same-file`: two names of one file. Peak memory: two `fileCopyBufferBytes`. */
async function compareFiles(
  a: string,
  b: string,
  signal: AbortSignal,
): Promise<"same-file" | "same-bytes" | "different"> {
  await using left = await open(a, "r");
  await using right = await open(b, "r");
  const leftStat = await left.stat({ bigint: true });
  const rightStat = await right.stat({ bigint: true });
  if (leftStat.ino === rightStat.ino && leftStat.dev === rightStat.dev) {
    return "same-file";
  }
  if (leftStat.size !== rightStat.size) {
    return "different";
  }
  const leftBuffer = Buffer.allocUnsafe(fileCopyBufferBytes);
  const rightBuffer = Buffer.allocUnsafe(fileCopyBufferBytes);
  for (let position = 0; ; position += fileCopyBufferBytes) {
    signal.throwIfAborted();
    const leftLength = await readFully(left, leftBuffer, position);
    const rightLength = await readFully(right, rightBuffer, position);
    if (!leftBuffer.subarray(0, leftLength).equals(rightBuffer.subarray(0, rightLength))) {
      return "different";
    }
    if (leftLength < fileCopyBufferBytes) {
      return "same-bytes";
    }
  }
}

/**
 * Gives a finished, synced file its final name, if nobody has it, and removes the temporary name. A name that exists is
 * made durable all the same before `identical` is answered: its maker may have died before syncing it. On NFS a
 * repeated `link` can report EEXIST for its own success; the same inode counts as `created`.
 * On `conflict` and on errors the temporary file stays, and the caller decides.
 */
export async function linkDurably(publication: Publication): Promise<DurableWriteResult> {
  const { temporaryPath, finalPath, group, signal } = publication;
  const result = await withFileErrors(
    { group, operation: "link", path: finalPath, signal },
    async (): Promise<DurableWriteResult> => {
      signal.throwIfAborted();
      try {
        failpoint("files.link");
        await link(temporaryPath, finalPath);
        failpoint("files.linked");
        return "created";
      } catch (error) {
        if (errnoOf(error) !== "EEXIST") {
          throw error;
        }
        const comparison = await compareFiles(temporaryPath, finalPath, signal);
        if (comparison === "different") {
          return "conflict";
        }
        return comparison === "same-file" ? "created" : "identical";
      }
    },
  );
  if (result === "conflict") {
    return result;
  }
  await withFileErrors({ group, operation: "unlink", path: temporaryPath, signal }, async () => {
    failpoint("files.unlink-temporary");
    await removeFile(temporaryPath);
  });
  await syncDirectory(dirname(finalPath), group);
  failpoint("files.published");
  return result;
}

async function writeTemporary(temporaryPath: string, write: DurableWrite): Promise<void> {
  failpoint("files.open-temporary");
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
  await using handle = await open(temporaryPath, flags, write.mode ?? 0o600);
  const totalBytes = write.parts.reduce((sum, part) => sum + part.length, 0);
  const tear = failpointTear("files.write", totalBytes);
  if (tear !== undefined) {
    await writeTorn(handle, write.parts, tear.keepBytes);
    tear.kill();
  }
  await writeAll(handle, write.parts, write.signal);
  if (guard("L6-fsync-before-link")) {
    failpoint("files.fsync");
    await handle.sync();
  }
}

/** Removes what a failed write left; when even that fails, both failures are told. */
async function removeAfter(error: unknown, path: string): Promise<never> {
  try {
    await removeFile(path);
  } catch (second) {
    throw new AggregateError([error, second], `${path} could not be removed after a failure`);
  }
  throw error;
}

/**
 * Writes a whole file under a name that must be new, mode 0600 unless told otherwise. The directory must exist and be
 * durable (`createDirectories`). Peak memory: the parts. Aborted or failed: the final name is
 * absent or whole, and no temporary file is left unless the process dies.
 * @throws DrError `STORE_DISK_FULL`, `STORE_IO`, or their `RESTORE_` sisters by `group`.
 */
export async function writeDurably(write: DurableWrite): Promise<DurableWriteResult> {
  const { finalPath, group, signal } = write;
  const temporaryPath = temporaryPathFor(write);
  try {
    await withFileErrors({ group, operation: "write", path: finalPath, signal }, () =>
      writeTemporary(temporaryPath, write),
    );
    const result = await linkDurably({ temporaryPath, finalPath, group, signal });
    if (result === "conflict") {
      await removeFile(temporaryPath);
    }
    return result;
  } catch (error) {
    return await removeAfter(error, temporaryPath);
  }
}

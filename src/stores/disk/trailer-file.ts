/**
 * Objects on a file system without hard links, where a finished file cannot be given its final name without risking to
 * overwrite another. The file is created under its final name (O_EXCL), filled, synced, and only then ended by a trailer
 * that says how long it is, and synced again: a file without a valid trailer is no object. Such a leftover
 * blocks its key until its writer is proved dead (`writer-marks.ts`) or it is old enough to be called abandoned; then the
 * next writer removes it.
 */
import { constants, type Stats } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { DrError } from "../../core/errors.ts";
import { failpoint, failpointTear, guard } from "../../core/failpoint.ts";
import { fileCopyBufferBytes, storeUnfinishedAbandonedMs } from "../../core/limits.ts";
import { syncDirectory } from "../../files/directories.ts";
import { errnoOf } from "../../files/file-error.ts";
import { readFully, removeFile, writeAll } from "../../files/write-durably.ts";
import type { PutResult } from "../../repository/object-store.ts";
import { claimFromDead, markWriter } from "./writer-marks.ts";

const MAGIC = Buffer.from("PRA-OBJECT-END\r\n", "latin1");

/** Sixteen bytes of magic, then the object's size, little-endian. */
export const TRAILER_BYTES = MAGIC.length + 8;

/** The bytes of an object, from the beginning on each call. A part lasts until the next one is asked for. */
export type ByteSource = () => AsyncIterable<Uint8Array>;

/**
 * A file's bytes through one buffer of `fileCopyBufferBytes`. Not a stream: that makes a buffer for each read, and of a
 * large file tens of MiB of them lie about until the next garbage collection.
 */
export async function* blocksOfFile(path: string, signal: AbortSignal): AsyncIterable<Uint8Array> {
  await using handle = await open(path, "r");
  const buffer = Buffer.allocUnsafe(fileCopyBufferBytes);
  for (let position = 0; ; position += fileCopyBufferBytes) {
    signal.throwIfAborted();
    const length = await readFully(handle, buffer, position);
    if (length > 0) {
      yield buffer.subarray(0, length);
    }
    if (length < fileCopyBufferBytes) {
      return;
    }
  }
}

/** What to create. `nowMs` is the wall clock, to judge the age of an unfinished file. */
export type TrailerWrite = {
  readonly key: string;
  readonly path: string;
  readonly location: string;
  /** Where marks of writers lie. */
  readonly staging: string;
  readonly source: ByteSource;
  readonly nowMs: number;
  readonly signal: AbortSignal;
};

function trailerFor(sizeBytes: number): Buffer {
  const trailer = Buffer.alloc(TRAILER_BYTES);
  MAGIC.copy(trailer);
  trailer.writeBigUInt64LE(BigInt(sizeBytes), MAGIC.length);
  return trailer;
}

/** The object's size, or undefined when the file has no valid trailer. */
export async function objectBytesIn(
  handle: FileHandle,
  fileBytes: number,
): Promise<number | undefined> {
  const sizeBytes = fileBytes - TRAILER_BYTES;
  if (!guard("L6-validity-trailer")) {
    return Math.max(sizeBytes, 0);
  }
  if (sizeBytes < 0) {
    return undefined;
  }
  const found = Buffer.alloc(TRAILER_BYTES);
  const length = await readFully(handle, found, sizeBytes);
  return length === TRAILER_BYTES && found.equals(trailerFor(sizeBytes)) ? sizeBytes : undefined;
}

async function sameBytes(
  handle: FileHandle,
  sizeBytes: number,
  write: TrailerWrite,
): Promise<boolean> {
  const buffer = Buffer.allocUnsafe(fileCopyBufferBytes);
  let position = 0;
  for await (const part of write.source()) {
    write.signal.throwIfAborted();
    for (let done = 0; done < part.length; done += fileCopyBufferBytes) {
      const wanted = part.subarray(done, done + fileCopyBufferBytes);
      const found = buffer.subarray(0, wanted.length);
      const length = await readFully(handle, found, position);
      if (length !== wanted.length || !found.equals(wanted)) {
        return false;
      }
      position += length;
    }
    if (position > sizeBytes) {
      return false;
    }
  }
  return position === sizeBytes;
}

/** What lies under the name: a whole object that has been compared, or the beginning of one. */
async function judgeExisting(
  write: TrailerWrite,
): Promise<PutResult | { readonly ageMs: number } | "gone"> {
  const { key, location, path } = write;
  let opened: FileHandle;
  try {
    opened = await open(path, "r");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") {
      return "gone";
    }
    throw error;
  }
  await using handle = opened;
  const { size, mtimeMs } = await handle.stat();
  const sizeBytes = await objectBytesIn(handle, size);
  if (sizeBytes === undefined) {
    return { ageMs: write.nowMs - mtimeMs };
  }
  if (!(await sameBytes(handle, sizeBytes, write))) {
    throw new DrError("STORE_CONFLICT", { key, location });
  }
  await handle.sync();
  await syncDirectory(dirname(path), "STORE");
  return "identical";
}

function sameFile(a: Stats, b: Stats): boolean {
  return a.ino === b.ino && a.dev === b.dev;
}

async function fill(handle: FileHandle, write: TrailerWrite): Promise<void> {
  let sizeBytes = 0;
  for await (const part of write.source()) {
    const tear = failpointTear("disk.trailer-write", part.length);
    await writeAll(handle, [part.subarray(0, tear?.keepBytes)], write.signal);
    tear?.kill();
    sizeBytes += part.length;
  }
  failpoint("disk.trailer-fsync");
  await handle.sync();
  const trailer = trailerFor(sizeBytes);
  const tear = failpointTear("disk.trailer-end", trailer.length);
  await writeAll(handle, [trailer.subarray(0, tear?.keepBytes)], write.signal);
  tear?.kill();
  failpoint("disk.trailer-fsync-end");
  await handle.sync();
}

/** Creates and fills the file, `undefined` when its name is taken. What fails is removed. */
async function createFile(write: TrailerWrite): Promise<PutResult | undefined> {
  const { key, location, path } = write;
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
  let handle: FileHandle;
  try {
    failpoint("disk.trailer-create");
    handle = await open(path, flags, 0o600);
  } catch (error) {
    if (errnoOf(error) === "EEXIST") {
      return undefined;
    }
    throw error;
  }
  await using created = handle;
  try {
    await fill(created, write);
  } catch (error) {
    await removeFile(path);
    throw error;
  }
  // A writer that stood still for very long may have been called abandoned: then the name is another's now.
  if (!sameFile(await created.stat(), await stat(path))) {
    throw new DrError("STORE_CONFLICT", { key, location });
  }
  await syncDirectory(dirname(path), "STORE");
  return "created";
}

/** The name is taken, by a whole object or by a beginning that nobody goes on with. */
async function takeOver(write: TrailerWrite): Promise<PutResult> {
  const { key, path, staging } = write;
  let found = await judgeExisting(write);
  const isOld = typeof found === "object" && found.ageMs >= storeUnfinishedAbandonedMs;
  let mark = typeof found === "object" ? await claimFromDead(staging, key) : undefined;
  mark ??= isOld ? await markWriter(staging, key) : undefined;
  try {
    // The writer may have ended the object before it died, or before it left its mark.
    found = mark === undefined ? found : await judgeExisting(write);
    if (typeof found === "object" && mark !== undefined) {
      await removeFile(path);
      found = (await createFile(write)) ?? found;
    }
  } finally {
    if (mark !== undefined) {
      await removeFile(mark);
    }
  }
  if (typeof found === "object" || found === "gone") {
    throw new DrError("STORE_BUSY", { key });
  }
  return found;
}

/**
 * Creates the object unless its key is taken. Failed or aborted: what this call began is removed, unless the process dies.
 * Peak memory: one part of the source and `fileCopyBufferBytes`. @throws DrError `STORE_CONFLICT`, `STORE_BUSY`.
 */
export async function createWithTrailer(write: TrailerWrite): Promise<PutResult> {
  const mark = await markWriter(write.staging, write.key);
  let result: PutResult | undefined;
  try {
    result = await createFile(write);
  } finally {
    await removeFile(mark);
  }
  return result ?? (await takeOver(write));
}

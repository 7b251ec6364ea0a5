/**
 * An object that grows: WAL in the making. Its name is made durable before anything is acknowledged, each append is on
 * stable storage when it returns (loss class 7), and after one failure no later append is believed: an fsync that
 * failed may have thrown the data away and would answer success the next time. Into room that was reserved it is
 * written past the page cache, where that is safe.
 */
import { constants, fdatasyncSync, writeSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { DrError } from "../../core/errors.ts";
import { assert } from "../../core/assert.ts";
import { failpoint, failpointTear, guard } from "../../core/failpoint.ts";
import { DirectAppend } from "../../files/direct-append.ts";
import { DIRECT_ALIGN_BYTES } from "../../files/direct-writes.ts";
import { syncDirectory } from "../../files/directories.ts";
import { errnoOf, fileError, withFileErrors } from "../../files/file-error.ts";
import type { AppendHandle, StoreCall } from "../../repository/object-store.ts";
import { reserveRoom } from "./reserved-room.ts";

class AppendFile implements AppendHandle {
  readonly key: string;
  readonly #handle: FileHandle;
  readonly #path: string;
  #sizeBytes = 0;
  #roomEnd = 0;
  #direct: DirectAppend | undefined;
  #failure: DrError | undefined;
  #closed = false;

  constructor(file: { readonly key: string; readonly path: string; readonly handle: FileHandle }) {
    this.key = file.key;
    this.#handle = file.handle;
    this.#path = file.path;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  async reserve(bytes: number, { signal }: StoreCall): Promise<void> {
    assert(this.#roomEnd === 0 && this.#failure === undefined, "room is reserved once");
    // Whole pages, so that none is shared with what grows behind.
    const wanted = this.#sizeBytes + bytes;
    const end = Math.ceil(wanted / DIRECT_ALIGN_BYTES) * DIRECT_ALIGN_BYTES;
    const context = { group: "STORE", operation: "reserve", path: this.#path, signal } as const;
    await withFileErrors(context, async () => {
      if (await reserveRoom(this.#handle, { from: this.#sizeBytes, end }, { signal })) {
        this.#roomEnd = end;
        this.#direct = DirectAppend.open(this.#path, this.#sizeBytes);
      }
    });
  }

  appendSync(bytes: Uint8Array): void {
    if (this.#failure !== undefined) {
      throw this.#failure;
    }
    try {
      const tear = failpointTear("disk.append-write", bytes.length);
      if (tear !== undefined) {
        this.#write(bytes.subarray(0, tear.keepBytes));
        tear.kill();
      } else if (!this.#writeDirectly(bytes)) {
        this.#write(bytes);
      }
      if (guard("L7-append-datasync")) {
        failpoint("disk.append-datasync");
        fdatasyncSync(this.#handle.fd);
      }
      failpoint("disk.appended");
    } catch (error) {
      this.#failure = fileError(error, { group: "STORE", operation: "append", path: this.#path });
      throw this.#failure;
    }
    this.#sizeBytes += bytes.length;
  }

  async close(): Promise<void> {
    if (this.#closed) {
      return;
    }
    this.#closed = true;
    this.#endDirect();
    try {
      if (this.#roomEnd > this.#sizeBytes) {
        await this.#handle.truncate(this.#sizeBytes);
      }
    } catch (error) {
      throw fileError(error, { group: "STORE", operation: "truncate", path: this.#path });
    } finally {
      await this.#handle.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** At its own position: room may lie behind it. */
  #write(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) {
      const at = this.#sizeBytes + done;
      done += writeSync(this.#handle.fd, bytes, done, bytes.length - done, at);
    }
  }

  /** Within the room; beyond it, and for good after a refusal, the ordinary way is taken. */
  #writeDirectly(bytes: Uint8Array): boolean {
    const fits = this.#sizeBytes + bytes.length <= this.#roomEnd;
    if (fits && this.#direct?.append(bytes) === true) {
      return true;
    }
    this.#endDirect();
    return false;
  }

  #endDirect(): void {
    const direct = this.#direct;
    this.#direct = undefined;
    direct?.[Symbol.dispose]();
  }
}

/**
 * Creates the file, in a directory that exists. On a failure an empty file may stay: an object nobody acknowledged.
 * @throws DrError `STORE_CONFLICT`, `STORE_DISK_FULL`, `STORE_IO`; ENOENT as it is when the directory is gone.
 */
export async function createAppendFile(file: {
  readonly key: string;
  readonly path: string;
  readonly location: string;
}): Promise<AppendHandle> {
  const { key, path, location } = file;
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
  let handle: FileHandle;
  try {
    failpoint("disk.append-create");
    handle = await open(path, flags, 0o600);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENOENT") {
      throw error;
    }
    throw errno === "EEXIST"
      ? new DrError("STORE_CONFLICT", { key, location }, { cause: error })
      : fileError(error, { group: "STORE", operation: "create", path });
  }
  try {
    failpoint("disk.append-created");
    await handle.sync();
    await syncDirectory(dirname(path), "STORE");
    return new AppendFile({ key, path, handle });
  } catch (error) {
    await handle.close();
    throw fileError(error, { group: "STORE", operation: "create", path });
  }
}

/**
 * An object that grows: WAL in the making. Its name is made durable before anything is acknowledged, each append is on
 * stable storage when it returns (loss class 7), and after one failure no later append is believed: an fsync that
 * failed may have thrown the data away and would answer success the next time.
 */
import { constants, fdatasyncSync, writeSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { DrError } from "../../core/errors.ts";
import { failpoint, failpointTear, guard } from "../../core/failpoint.ts";
import { syncDirectory } from "../../files/directories.ts";
import { errnoOf, fileError } from "../../files/file-error.ts";
import type { AppendHandle } from "../../repository/object-store.ts";

class AppendFile implements AppendHandle {
  readonly key: string;
  readonly fd: number;
  readonly #handle: FileHandle;
  readonly #path: string;
  #sizeBytes = 0;
  #failure: DrError | undefined;
  #closed = false;

  constructor(file: { readonly key: string; readonly path: string; readonly handle: FileHandle }) {
    this.key = file.key;
    this.fd = file.handle.fd;
    this.#handle = file.handle;
    this.#path = file.path;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  appendSync(bytes: Uint8Array): void {
    if (this.#failure !== undefined) {
      throw this.#failure;
    }
    try {
      const tear = failpointTear("disk.append-write", bytes.length);
      const end = tear === undefined ? bytes.length : tear.keepBytes;
      for (let done = 0; done < end;) {
        // At its own position: whoever holds the descriptor may have reserved room behind it.
        done += writeSync(this.fd, bytes, done, end - done, this.#sizeBytes + done);
      }
      tear?.kill();
      if (guard("L7-append-datasync")) {
        failpoint("disk.append-datasync");
        fdatasyncSync(this.fd);
      }
      failpoint("disk.appended");
    } catch (error) {
      this.#failure = fileError(error, { group: "STORE", operation: "append", path: this.#path });
      throw this.#failure;
    }
    this.#sizeBytes += bytes.length;
  }

  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      await this.#handle.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
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

/** Target files that a restore worker has open for writing; the least recently used is closed first. */
import {
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsync,
  ftruncateSync,
  openSync,
} from "node:fs";
import { promisify } from "node:util";
import { failpoint } from "../core/failpoint.ts";
import { systemPath } from "../core/file-name-bytes.ts";
import { DirectWrites, DirectlyWrittenFile } from "../files/direct-writes.ts";
import type { Clock } from "../core/clock.ts";
import type { DrError } from "../core/errors.ts";
import { fileError } from "../files/file-error.ts";
import type { Owner, TargetFile } from "./scatter-messages.ts";

const syncFile = promisify(fsync);

function targetError(operation: string, path: string, error: unknown): DrError {
  return fileError(error, { group: "RESTORE", operation, path });
}

/** Runs `work` on a target file; an error of the operating system becomes `RESTORE_DISK_FULL` or `RESTORE_FILE_IO`. */
export function onTarget<T>(operation: string, path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw targetError(operation, path, error);
  }
}

/** Waits for work on a target file; errors as `onTarget`. */
export async function awaitTarget(
  operation: string,
  path: string,
  work: Promise<void>,
): Promise<void> {
  try {
    await work;
  } catch (error) {
    throw targetError(operation, path, error);
  }
}

/** See the file's comment. */
export class OpenTargets implements Disposable {
  readonly #max: number;
  readonly #clock: Clock;
  readonly #open = new Map<number, DirectlyWrittenFile>();
  /** By file system. */
  readonly #writes = new Map<number, DirectWrites>();

  constructor(max: number, clock: Clock) {
    this.#max = max;
    this.#clock = clock;
  }

  /** The file for writing; it is created when missing. @throws DrError `RESTORE_FILE_IO`, `RESTORE_DISK_FULL`. */
  async open(file: TargetFile): Promise<DirectlyWrittenFile> {
    const { number } = file;
    const known = this.#open.get(number);
    if (known !== undefined) {
      this.#open.delete(number);
      this.#open.set(number, known);
      return known;
    }
    if (this.#open.size >= this.#max) {
      await this.#closeOldest();
    }
    const opened = this.#openNow(file);
    this.#open.set(number, opened);
    return opened;
  }

  /** Gives a complete file its size, mode and owner, and makes it durable. @throws as `open`. */
  async finish(file: TargetFile, owner: Owner | undefined): Promise<void> {
    const { number, path, sizeBytes, mode } = file;
    // Out of the list at once: while it waits for the disk it must not be the one that is closed for another.
    const target = this.#open.get(number) ?? this.#openNow(file);
    this.#open.delete(number);
    try {
      onTarget("finish", path, () => {
        const { fd } = target;
        if (fstatSync(fd).size !== sizeBytes) {
          ftruncateSync(fd, sizeBytes);
        }
        if (owner !== undefined) {
          fchownSync(fd, owner.uid, owner.gid);
        }
        fchmodSync(fd, mode);
        failpoint("restore.fsync");
      });
      await awaitTarget("finish", path, syncFile(target.fd));
    } finally {
      target[Symbol.dispose]();
    }
  }

  /** Closes all. */
  [Symbol.dispose](): void {
    for (const file of this.#open.values()) {
      file[Symbol.dispose]();
    }
    this.#open.clear();
  }

  #writesTo(path: string, fd: number): DirectWrites {
    const { dev } = fstatSync(fd);
    const writes = this.#writes.get(dev) ?? new DirectWrites(path, this.#clock);
    this.#writes.set(dev, writes);
    return writes;
  }

  #openNow({ path }: TargetFile): DirectlyWrittenFile {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW;
    const fd = onTarget("open", path, () => {
      failpoint("restore.open");
      return openSync(systemPath(path), flags, 0o600);
    });
    return new DirectlyWrittenFile(path, fd, this.#writesTo(path, fd));
  }

  async #closeOldest(): Promise<void> {
    const [oldest] = this.#open;
    if (oldest !== undefined) {
      const [number, file] = oldest;
      // First out of the list, so that nobody begins to use what is about to be closed.
      this.#open.delete(number);
      await file.settled();
      file[Symbol.dispose]();
    }
  }
}

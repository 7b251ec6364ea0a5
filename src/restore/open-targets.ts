/** Target files that a restore worker has open for writing; the least recently used is closed first. */
import {
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
} from "node:fs";
import { failpoint } from "../core/failpoint.ts";
import { systemPath } from "../core/file-name-bytes.ts";
import { DirectWrites, DirectlyWrittenFile } from "../files/direct-writes.ts";
import type { Clock } from "../core/clock.ts";
import type { DrError } from "../core/errors.ts";
import { fileError } from "../files/file-error.ts";
import type { Owner, TargetFile } from "./scatter-messages.ts";

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
    const { number, path } = file;
    const known = this.#open.get(number);
    if (known !== undefined) {
      this.#open.delete(number);
      this.#open.set(number, known);
      return known;
    }
    if (this.#open.size >= this.#max) {
      const [oldest] = this.#open.entries();
      await oldest?.[1].settled();
      this.#close(oldest?.[0] ?? -1);
    }
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW;
    const fd = onTarget("open", path, () => {
      failpoint("restore.open");
      return openSync(systemPath(path), flags, 0o600);
    });
    const opened = new DirectlyWrittenFile(path, fd, this.#writesTo(path, fd));
    this.#open.set(number, opened);
    return opened;
  }

  /** Gives a complete file its size, mode and owner, and makes it durable. @throws as `open`. */
  async finish(file: TargetFile, owner: Owner | undefined): Promise<void> {
    const { number, path, sizeBytes, mode } = file;
    const { fd } = await this.open(file);
    onTarget("finish", path, () => {
      if (fstatSync(fd).size !== sizeBytes) {
        ftruncateSync(fd, sizeBytes);
      }
      if (owner !== undefined) {
        fchownSync(fd, owner.uid, owner.gid);
      }
      fchmodSync(fd, mode);
      failpoint("restore.fsync");
      fsyncSync(fd);
    });
    this.#close(number);
  }

  /** Closes all. */
  [Symbol.dispose](): void {
    [...this.#open.keys()].forEach((number) => this.#close(number));
  }

  #writesTo(path: string, fd: number): DirectWrites {
    const { dev } = fstatSync(fd);
    const writes = this.#writes.get(dev) ?? new DirectWrites(path, this.#clock);
    this.#writes.set(dev, writes);
    return writes;
  }

  #close(number: number): void {
    const file = this.#open.get(number);
    this.#open.delete(number);
    file?.[Symbol.dispose]();
  }
}

/** Target files that a restore worker has open for writing; the least recently used is closed first. */
import {
  closeSync,
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
import { fileError } from "../files/file-error.ts";
import type { Owner, TargetFile } from "./scatter-messages.ts";

/** Runs `work` on a target file; an error of the operating system becomes `RESTORE_DISK_FULL` or `RESTORE_FILE_IO`. */
export function onTarget<T>(operation: string, path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw fileError(error, { group: "RESTORE", operation, path });
  }
}

/** See the file's comment. */
export class OpenTargets implements Disposable {
  readonly #max: number;
  readonly #open = new Map<number, number>();

  constructor(max: number) {
    this.#max = max;
  }

  /** A descriptor for writing; the file is created when missing. @throws DrError `RESTORE_FILE_IO`, `RESTORE_DISK_FULL`. */
  descriptor(file: TargetFile): number {
    const { number, path } = file;
    const known = this.#open.get(number);
    if (known !== undefined) {
      this.#open.delete(number);
      this.#open.set(number, known);
      return known;
    }
    if (this.#open.size >= this.#max) {
      const [oldest] = this.#open.keys();
      this.#close(oldest ?? -1);
    }
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW;
    const fd = onTarget("open", path, () => {
      failpoint("restore.open");
      return openSync(systemPath(path), flags, 0o600);
    });
    this.#open.set(number, fd);
    return fd;
  }

  /** Gives a complete file its size, mode and owner, and makes it durable. @throws as `descriptor`. */
  finish(file: TargetFile, owner: Owner | undefined): void {
    const { number, path, sizeBytes, mode } = file;
    const fd = this.descriptor(file);
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

  #close(number: number): void {
    const fd = this.#open.get(number);
    if (fd !== undefined) {
      this.#open.delete(number);
      closeSync(fd);
    }
  }
}

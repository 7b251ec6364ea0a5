/**
 * A log in a file: for its owner's eyes alone, never larger than it may be, and at most so many of them: `daemon.log`, then `daemon.log.1`, the
 * newest of the older ones. Another program may move it away (logrotate): each line looks whether the file is still the one that lies
 * there.
 */
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { DrError } from "../../core/errors.ts";
import { failpoint } from "../../core/failpoint.ts";
import { errnoOf } from "../../files/file-error.ts";

/** What it may come to. */
export type LogLimits = { readonly bytesMax: number; readonly filesMax: number };

/** Neither a link to somewhere else nor a pipe that nobody reads is followed. */
const FLAGS =
  constants.O_WRONLY |
  constants.O_APPEND |
  constants.O_CREAT |
  constants.O_NOFOLLOW |
  constants.O_NONBLOCK;

/** Node's own way of making parents as well never ends in a place like /proc. */
function makeFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) {
    makeFolder(dirname(path));
    mkdirSync(path, { mode: 0o700 });
  }
}

/** The file and those that it was. */
export class LogFile implements Disposable {
  readonly path: string;
  #limits: LogLimits = { bytesMax: Infinity, filesMax: 1 };
  #descriptor: number | undefined;
  #sizeBytes = 0;

  private constructor(path: string) {
    this.path = path;
  }

  /** Opens it, and makes its folder. @throws DrError `CONFIG_LOG_FILE`. */
  static open(path: string): LogFile {
    const file = new LogFile(path);
    try {
      makeFolder(dirname(path));
      file.#open();
      return file;
    } catch (error) {
      const reason = errnoOf(error);
      if (reason === undefined) {
        throw error;
      }
      throw new DrError("CONFIG_LOG_FILE", { path, reason }, { cause: error });
    }
  }

  limit(limits: LogLimits): void {
    this.#limits = limits;
  }

  /** The next line opens it anew. */
  reopen(): void {
    if (this.#descriptor !== undefined) {
      closeSync(this.#descriptor);
      this.#descriptor = undefined;
    }
  }

  #open(): number {
    failpoint("daemon.log-open");
    const descriptor = openSync(this.path, FLAGS, 0o600);
    const { size, mode } = fstatSync(descriptor);
    if ((mode & 0o077) !== 0) {
      fchmodSync(descriptor, 0o600);
    }
    this.#descriptor = descriptor;
    this.#sizeBytes = size;
    return descriptor;
  }

  #isMoved(descriptor: number): boolean {
    const own = fstatSync(descriptor);
    const there = statSync(this.path, { throwIfNoEntry: false });
    return there?.ino !== own.ino || there.dev !== own.dev;
  }

  /** The oldest goes; each of the others gets the next number. */
  #rotate(): void {
    const { filesMax } = this.#limits;
    const nameOf = (number: number): string =>
      number === 0 ? this.path : `${this.path}.${number}`;
    this.reopen();
    failpoint("daemon.log-rotate");
    rmSync(nameOf(filesMax - 1), { force: true });
    for (let number = filesMax - 2; number >= 0; number -= 1) {
      try {
        renameSync(nameOf(number), nameOf(number + 1));
      } catch (error) {
        // There are not so many yet.
        if (errnoOf(error) !== "ENOENT") {
          throw error;
        }
      }
    }
  }

  #put(text: string): void {
    if (this.#descriptor !== undefined && this.#isMoved(this.#descriptor)) {
      this.reopen();
    }
    let descriptor = this.#descriptor ?? this.#open();
    const bytes = Buffer.from(text);
    if (this.#sizeBytes > 0 && this.#sizeBytes + bytes.length > this.#limits.bytesMax) {
      this.#rotate();
      descriptor = this.#open();
    }
    failpoint("daemon.log-write");
    for (let rest = bytes; rest.length > 0;) {
      const written = writeSync(descriptor, rest);
      this.#sizeBytes += written;
      rest = rest.subarray(written);
    }
  }

  /** Writes a line; why it could not be written. */
  write(line: string): string | undefined {
    try {
      this.#put(line);
      return undefined;
    } catch (error) {
      const reason = errnoOf(error);
      if (reason === undefined) {
        throw error;
      }
      return reason;
    }
  }

  [Symbol.dispose](): void {
    this.reopen();
  }
}

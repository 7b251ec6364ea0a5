/**
 * Appending to a file whose room is there already, past the page cache and in whole pages: the page in which the last append
 * ended is written again with what follows it. A crash between two sectors of it harms nothing that was there, because
 * those bytes are written as they are. Measured under load: 0.12 ms a synced append of 450 bytes in place of 0.24.
 *
 * Makes nothing durable: that is `fdatasync`, on this descriptor or another of the file.
 */
import { closeSync, constants, openSync, readSync, writeSync } from "node:fs";
import { assert } from "../core/assert.ts";
import { directAppendBytes } from "../core/limits.ts";
import { pageAlignedBytes } from "../core/web-assembly.ts";
import { DIRECT_ALIGN_BYTES, isUnsuitedForDirect, suitsDirectWrites } from "./direct-writes.ts";

/** One for all files of a thread. Begins with the page in which the last append of `owner` ended. */
const work: { bytes: Uint8Array | undefined; owner: DirectAppend | undefined } = {
  bytes: undefined,
  owner: undefined,
};

function pageStart(position: number): number {
  return position - (position % DIRECT_ALIGN_BYTES);
}

/** Of the file's writers the only one from then on, until it is disposed of, which closes its descriptor. */
export class DirectAppend implements Disposable {
  readonly #fd: number;
  readonly #work: Uint8Array;
  /** What lies in the page of `#position`, before it, while another file owns the memory. */
  readonly #tail = new Uint8Array(DIRECT_ALIGN_BYTES);
  #position = 0;

  private constructor(fd: number, memory: Uint8Array) {
    this.#fd = fd;
    this.#work = memory;
  }

  /** Opens a file to be appended to at `position`; undefined where files cannot be written so. Throws what the operating system throws. */
  static open(path: string, position: number): DirectAppend | undefined {
    work.bytes ??= pageAlignedBytes(directAppendBytes);
    if (work.bytes === undefined || !suitsDirectWrites(path)) {
      return undefined;
    }
    const flags = constants.O_WRONLY | constants.O_NOFOLLOW | constants.O_DIRECT;
    let fd: number;
    try {
      fd = openSync(path, flags);
    } catch (error) {
      if (isUnsuitedForDirect(error)) {
        return undefined;
      }
      throw error;
    }
    const append = new DirectAppend(fd, work.bytes);
    try {
      append.#load(path, position);
      return append;
    } catch (error) {
      append[Symbol.dispose]();
      throw error;
    }
  }

  get fd(): number {
    return this.#fd;
  }

  /**
   * Writes `bytes` behind what was appended, and zeros up to the end of their page, which must be the file's own. False: the
   * file system does not take it this way, and it is to be written again in the ordinary one. Throws what the operating system throws; what lies there is unknown then.
   */
  append(bytes: Uint8Array): boolean {
    let at = pageStart(this.#position);
    let held = this.#position - at;
    this.#own(held);
    for (let done = 0; done < bytes.length;) {
      const length = Math.min(bytes.length - done, this.#work.length - held);
      const piece = length === bytes.length ? bytes : bytes.subarray(done, done + length);
      this.#work.set(piece, held);
      const filled = held + length;
      const end = pageStart(filled + DIRECT_ALIGN_BYTES - 1);
      this.#work.fill(0, filled, end);
      if (!this.#write(end, at)) {
        return false;
      }
      done += length;
      const written = pageStart(filled);
      if (written > 0) {
        this.#work.copyWithin(0, written, filled);
      }
      held = filled - written;
      at += written;
    }
    this.#position += bytes.length;
    return true;
  }

  [Symbol.dispose](): void {
    if (work.owner === this) {
      work.owner = undefined;
    }
    closeSync(this.#fd);
  }

  /** Takes the memory over, which then begins with the `held` bytes of this file's last page. */
  #own(held: number): void {
    if (work.owner !== this) {
      if (work.owner !== undefined) {
        work.owner.#leave();
      }
      this.#work.set(this.#tail.subarray(0, held));
      work.owner = this;
    }
  }

  #leave(): void {
    this.#tail.set(this.#work.subarray(0, this.#position - pageStart(this.#position)));
  }

  #write(length: number, position: number): boolean {
    try {
      for (let done = 0; done < length;) {
        done += writeSync(this.#fd, this.#work, done, length - done, position + done);
      }
      return true;
    } catch (error) {
      if (isUnsuitedForDirect(error)) {
        return false;
      }
      throw error;
    }
  }

  #load(path: string, position: number): void {
    const from = pageStart(position);
    const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      let held = 0;
      while (held < position - from) {
        const got = readSync(fd, this.#tail, held, position - from - held, from + held);
        assert(got > 0, "a file is as long as what was appended to it");
        held += got;
      }
    } finally {
      closeSync(fd);
    }
    this.#position = position;
  }
}

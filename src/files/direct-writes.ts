/**
 * Writing past the page cache (O_DIRECT): large pieces go from this process's memory to the disk, which spares the copy into
 * the cache, lets a thread go on while the disk works, and leaves what others have in the cache where it is. A restore of
 * 1.7 GB took 3.4 s of time and 2.1 s of CPU in place of 5.3 and 2.6.
 *
 * Only where that is safe and worth it: a piece lies on aligned addresses and positions, so that no page is
 * written both ways; pages and the file system's blocks are of 4 KiB; and the disk is fast. To a slow one the kernel sends
 * much at once, this waits for each piece, and CPU is not what it lacks. It makes nothing durable: fsync is as necessary as ever.
 *
 * Follows open(2) "O_DIRECT" and, for coherence with the cache, `generic_file_direct_write` in mm/filemap.c of Linux.
 */
import {
  closeSync,
  constants,
  openSync,
  readFileSync,
  statfsSync,
  write,
  writeSync,
} from "node:fs";
import { platform } from "node:process";
import { assert } from "../core/assert.ts";
import type { Clock } from "../core/clock.ts";
import { directWriteBytesMin, directWriteRateMin, directWriteTrialBytes } from "../core/limits.ts";
import { systemPath } from "../core/file-name-bytes.ts";
import { errnoOf } from "./file-error.ts";

/** What addresses, positions and lengths must be multiples of. */
export const DIRECT_ALIGN_BYTES = 4096;

const AT_PAGESZ = 6n;

/** Bytes of a page of memory by /proc/self/auxv; undefined where that does not tell. */
function pageBytes(): number | undefined {
  if (platform !== "linux") {
    return undefined;
  }
  try {
    const bytes = readFileSync("/proc/self/auxv");
    const words = new BigUint64Array(new Uint8Array(bytes).buffer, 0, bytes.length >> 3);
    const at = words.findIndex((word, place) => place % 2 === 0 && word === AT_PAGESZ);
    return at < 0 ? undefined : Number(words[at + 1]);
  } catch (error) {
    if (errnoOf(error) === undefined) {
      throw error;
    }
    return undefined;
  }
}

function blocksFit(path: string): boolean {
  try {
    return statfsSync(systemPath(path)).bsize <= DIRECT_ALIGN_BYTES;
  } catch (error) {
    if (errnoOf(error) === undefined) {
      throw error;
    }
    return false;
  }
}

/** Errors by which a file system says that it does not write this way. */
const UNSUITED = new Set(["EINVAL", "EOPNOTSUPP", "ENOTSUP"]);

/** True when the file system said so: then the ordinary way is to be taken. */
export function isUnsuitedForDirect(error: unknown): boolean {
  return UNSUITED.has(errnoOf(error) ?? "");
}

/** True where it is safe to write a file both ways, page by page. `path`: a file or directory of the file system. */
export function suitsDirectWrites(path: string): boolean {
  return pageBytes() === DIRECT_ALIGN_BYTES && blocksFit(path);
}

/** The rule of one thread for one file system: whether to write past the cache, learnt from how fast it goes. */
export class DirectWrites {
  readonly #clock: Clock;
  #isUsed: boolean;
  #underWay = 0;
  #sinceMs = 0;
  #bytes = 0;
  #busyMs = 0;

  /** `path`: a file or directory of the file system. */
  constructor(path: string, clock: Clock) {
    this.#clock = clock;
    this.#isUsed = suitsDirectWrites(path);
  }

  get isUsed(): boolean {
    return this.#isUsed;
  }

  /** To be called when a file system refuses. */
  giveUp(): void {
    this.#isUsed = false;
  }

  /** A piece is on its way. */
  begin(): void {
    if (this.#underWay === 0) {
      this.#sinceMs = this.#clock.monotonic();
    }
    this.#underWay += 1;
  }

  /** It has ended. Too slow, all in all: the cache is the better way from then on. */
  end(bytes: number): void {
    const nowMs = this.#clock.monotonic();
    this.#underWay -= 1;
    this.#busyMs += nowMs - this.#sinceMs;
    this.#sinceMs = nowMs;
    this.#bytes += bytes;
    if (this.#bytes >= directWriteTrialBytes) {
      this.#isUsed &&= this.#bytes >= (directWriteRateMin * this.#busyMs) / 1000;
      this.#bytes = 0;
      this.#busyMs = 0;
    }
  }
}

function writeOnce(
  fd: number,
  bytes: Uint8Array,
  length: number,
  position: number,
): Promise<number> {
  return new Promise((resolve, reject) => {
    write(fd, bytes, 0, length, position, (error, written) => {
      if (error === null) {
        resolve(written);
      } else {
        reject(error);
      }
    });
  });
}

/** An open file that is written past the cache where that suits. Disposing closes it; nothing may be under way then. */
export class DirectlyWrittenFile implements Disposable {
  readonly #path: string;
  readonly #writes: DirectWrites;
  readonly #underWay = new Set<Promise<void>>();
  /** Undefined: not opened yet. */
  #direct: number | undefined;

  /** For everything else: the ordinary descriptor. */
  readonly fd: number;

  /** Takes the ordinary descriptor of the file over. */
  constructor(path: string, fd: number, writes: DirectWrites) {
    this.#path = path;
    this.fd = fd;
    this.#writes = writes;
  }

  /**
   * Writes all of `bytes` at `position`. Undefined: done, through the cache. Else `bytes` must stay as they are until the promise
   * is settled, and it must be awaited. Throws or rejects what the operating system says.
   */
  write(bytes: Uint8Array, position: number): Promise<void> | undefined {
    const length = bytes.length - (bytes.length % DIRECT_ALIGN_BYTES);
    const isAligned =
      bytes.byteOffset % DIRECT_ALIGN_BYTES === 0 && position % DIRECT_ALIGN_BYTES === 0;
    if (length < directWriteBytesMin || !isAligned || !this.#writes.isUsed) {
      this.#writeCached(bytes, 0, position);
      return undefined;
    }
    const writing = this.#writeDirectly(bytes, length, position).finally(() =>
      this.#underWay.delete(writing),
    );
    this.#underWay.add(writing);
    return writing;
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#underWay);
  }

  [Symbol.dispose](): void {
    assert(this.#underWay.size === 0, "a file is closed when its writes have ended");
    const direct = this.#direct;
    this.#direct = undefined;
    try {
      if (direct !== undefined) {
        closeSync(direct);
      }
    } finally {
      closeSync(this.fd);
    }
  }

  #writeCached(bytes: Uint8Array, from: number, position: number): void {
    for (let done = from; done < bytes.length;) {
      done += writeSync(this.fd, bytes, done, bytes.length - done, position + done);
    }
  }

  /** The aligned beginning; what remains, or was not taken, goes through the cache: no page is written both ways. */
  async #writeDirectly(bytes: Uint8Array, length: number, position: number): Promise<void> {
    let done = 0;
    this.#writes.begin();
    try {
      const flags = constants.O_WRONLY | constants.O_NOFOLLOW | constants.O_DIRECT;
      this.#direct ??= openSync(systemPath(this.#path), flags);
      const written = await writeOnce(this.#direct, bytes, length, position);
      done = written - (written % DIRECT_ALIGN_BYTES);
    } catch (error) {
      if (!isUnsuitedForDirect(error)) {
        throw error;
      }
      this.#writes.giveUp();
    } finally {
      this.#writes.end(done);
    }
    this.#writeCached(bytes, done, position);
  }
}

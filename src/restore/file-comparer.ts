/**
 * Holds files that are in a restore's directory already against what they shall be, so that only blocks that differ are fetched and
 * written: for a restore that was interrupted, and for `--delta`. A block counts as right by its keyed fingerprint, the same
 * that says in a backup that a block did not change; nothing is inferred from sizes or times.
 *
 * For worker threads. Memory: places of the worker's 16 MiB.
 */
import { closeSync, constants, openSync, readSync } from "node:fs";
import { systemPath } from "../core/file-name-bytes.ts";
import { restoreCompareBytes } from "../core/limits.ts";
import { ZEROS_FINGERPRINT } from "../repository/map/stretch.ts";
import { onTarget } from "./open-targets.ts";
import type { ComparisonUnit } from "./scatter-messages.ts";
import type { VerifiedWrites } from "./verified-writes.ts";

/** Blocks of a unit from `from` up to `to`. */
type Blocks = { readonly from: number; readonly to: number };

/** Pairs of first and behind-last of ascending blocks. */
class Ranges {
  readonly #pairs: number[] = [];

  add(block: number): void {
    if (this.#pairs.at(-1) === block) {
      this.#pairs[this.#pairs.length - 1] = block + 1;
    } else {
      this.#pairs.push(block, block + 1);
    }
  }

  pairs(): Uint32Array {
    return Uint32Array.from(this.#pairs);
  }
}

/** One a worker. */
export class FileComparer {
  readonly #writes: VerifiedWrites;

  constructor(writes: VerifiedWrites) {
    this.#writes = writes;
  }

  /**
   * Answers which blocks must be fetched. Blocks that shall be of zeros and are not are zeroed here: there is nothing to fetch for them; behind
   * the file's end they come to be when it gets its size. @throws DrError `RESTORE_FILE_IO`, `RESTORE_DISK_FULL`.
   */
  async compare(unit: ComparisonUnit): Promise<Uint32Array> {
    const { path } = unit.file;
    const fd = onTarget("open", path, () =>
      openSync(systemPath(path), constants.O_RDONLY | constants.O_NOFOLLOW),
    );
    const ranges = new Ranges();
    try {
      const { blockBytes } = this.#writes;
      const step = Math.max(1, Math.floor(restoreCompareBytes / blockBytes));
      const total = unit.fingerprints.length;
      for (let from = 0; from < total; from += step) {
        await this.#compareBlocks(unit, fd, { from, to: Math.min(from + step, total) }, ranges);
      }
    } finally {
      closeSync(fd);
    }
    return ranges.pairs();
  }

  async #compareBlocks(
    unit: ComparisonUnit,
    fd: number,
    blocks: Blocks,
    ranges: Ranges,
  ): Promise<void> {
    const { blockBytes, memory, places } = this.#writes;
    const isLast = blocks.to === unit.fingerprints.length && unit.tailBytes > 0;
    const lengthBytes =
      (blocks.to - blocks.from) * blockBytes - (isLast ? blockBytes - unit.tailBytes : 0);
    const offsetBytes = await places.take(lengthBytes);
    const position = unit.fileOffset + blocks.from * blockBytes;
    const room = memory.subarray(offsetBytes, offsetBytes + lengthBytes);
    const got = onTarget("read", unit.file.path, () => fill(fd, room, position));
    // A block that the file has in part only is compared as if zeros followed: with zeros it would be right.
    room.fill(0, got);
    const expected = unit.fingerprints.subarray(blocks.from, blocks.to);
    const differing = this.#writes.differing({ offsetBytes, lengthBytes }, expected);
    for (const [at, differs] of differing.entries()) {
      if (differs && expected[at] !== ZEROS_FINGERPRINT) {
        ranges.add(blocks.from + at);
      } else if (differs) {
        const piece = {
          offsetBytes: offsetBytes + at * blockBytes,
          lengthBytes: Math.min(blockBytes, lengthBytes - at * blockBytes),
        };
        memory.fill(0, piece.offsetBytes, piece.offsetBytes + piece.lengthBytes);
        await this.#writes.write(unit.file, piece, position + at * blockBytes);
      }
    }
  }
}

/** Reads until the room is full or the file ends; answers the bytes. */
function fill(fd: number, room: Uint8Array, position: number): number {
  for (let done = 0; ;) {
    const got =
      done === room.length ? 0 : readSync(fd, room, done, room.length - done, position + done);
    if (got === 0) {
      return done;
    }
    done += got;
  }
}

/**
 * The last step of every restored byte: blocks in a worker's memory are held against their fingerprints, and only then
 * written to their file. Nothing reaches a file that is not the very block that the map names (promise 3).
 */
import { failpointTear } from "../core/failpoint.ts";
import { framePlainBytesMax } from "../core/limits.ts";
import type { Clock } from "../core/clock.ts";
import { BLOCK_ZERO, type BlockPass, allocateBlockMemory } from "../pipeline/block-pass.ts";
import { selectBlockPass } from "../pipeline/select-block-pass.ts";
import { ZEROS_FINGERPRINT } from "../repository/map/stretch.ts";
import { OpenTargets, awaitTarget, onTarget } from "./open-targets.ts";
import type { ScatterWorkerData, TargetFile } from "./scatter-messages.ts";
import { WritePlaces } from "./write-places.ts";

function halvesOf(column: BigUint64Array): Uint32Array {
  return new Uint32Array(column.buffer, column.byteOffset, column.length * 2);
}

/** Bytes in a worker's memory. */
export type Piece = { readonly offsetBytes: number; readonly lengthBytes: number };

/** One a worker. Memory: 16 MiB for content on its way. */
export class VerifiedWrites implements Disposable {
  readonly #pass: BlockPass;
  readonly targets: OpenTargets;
  readonly places = new WritePlaces(framePlainBytesMax);
  /** Since the worker began. */
  writtenBytes = 0;

  constructor(data: ScatterWorkerData, clock: Clock) {
    this.targets = new OpenTargets(data.openFilesMax, clock);
    const { blockBytes, fingerprintKey } = data;
    const size = { blockBytes, inputBytes: framePlainBytesMax, shared: false };
    this.#pass = selectBlockPass(allocateBlockMemory(size), fingerprintKey);
  }

  get blockBytes(): number {
    return this.#pass.blockBytes;
  }

  /** Where content is put before it is looked at. */
  get memory(): Uint8Array {
    return this.#pass.input;
  }

  /** The first block of a piece, counted from its beginning, that has another fingerprint; undefined: none has. */
  firstMismatch({ offsetBytes, lengthBytes }: Piece, expected: BigUint64Array): number | undefined {
    const { blockBytes } = this.#pass;
    const blockCount = Math.floor(lengthBytes / blockBytes);
    const run = { offsetBytes, blockCount, firstBlockNumber: 0, checkPages: false };
    const found = halvesOf(this.#pass.run(run).fingerprints);
    const wanted = halvesOf(expected);
    for (let half = 0; half < blockCount * 2; half++) {
      if (found[half] !== wanted[half]) {
        return half >> 1;
      }
    }
    const tailBytes = lengthBytes - blockCount * blockBytes;
    const tail = { offsetBytes: offsetBytes + blockCount * blockBytes, lengthBytes: tailBytes };
    return tailBytes === 0 || this.#pass.tail(tail) === expected[blockCount]
      ? undefined
      : blockCount;
  }

  /**
   * True for each block of a piece that is not what it shall be. As maps say it: a block of zeros has `ZEROS_FINGERPRINT`.
   */
  differing({ offsetBytes, lengthBytes }: Piece, expected: BigUint64Array): readonly boolean[] {
    const { blockBytes } = this.#pass;
    const blockCount = Math.floor(lengthBytes / blockBytes);
    const run = { offsetBytes, blockCount, firstBlockNumber: 0, checkPages: false };
    const { fingerprints, statuses } = this.#pass.run(run);
    const differs = Array.from({ length: blockCount }, (_, block) =>
      expected[block] === ZEROS_FINGERPRINT
        ? statuses[block] !== BLOCK_ZERO
        : fingerprints[block] !== expected[block],
    );
    const tail = {
      offsetBytes: offsetBytes + blockCount * blockBytes,
      lengthBytes: lengthBytes - blockCount * blockBytes,
    };
    if (tail.lengthBytes > 0) {
      const bytes = this.#pass.input.subarray(tail.offsetBytes, offsetBytes + lengthBytes);
      const isZeros = expected[blockCount] === ZEROS_FINGERPRINT;
      differs.push(
        isZeros ? bytes.some((byte) => byte !== 0) : this.#pass.tail(tail) !== expected[blockCount],
      );
    }
    return differs;
  }

  /** Begins to write a piece of the place that was taken last. @throws DrError `RESTORE_FILE_IO`, `RESTORE_DISK_FULL`. */
  async write(file: TargetFile, piece: Piece, fileOffset: number): Promise<void> {
    const target = await this.targets.open(file);
    const { offsetBytes, lengthBytes } = piece;
    const bytes = this.#pass.input.subarray(offsetBytes, offsetBytes + lengthBytes);
    const tear = onTarget("write", file.path, () => failpointTear("restore.write", lengthBytes));
    const writing = onTarget("write", file.path, () =>
      target.write(bytes.subarray(0, tear?.keepBytes), fileOffset),
    );
    if (writing !== undefined) {
      this.places.hold(awaitTarget("write", file.path, writing));
    }
    if (tear !== undefined) {
      await this.places.settle();
      tear.kill();
    }
    this.writtenBytes += lengthBytes;
  }

  /** Closes what is open; nothing may be at work. */
  [Symbol.dispose](): void {
    this.targets[Symbol.dispose]();
  }
}

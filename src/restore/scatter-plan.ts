/**
 * The plan of a restore's bulk work: which bytes of which frame go where, grouped by pack and in frame order,
 * so that each frame is fetched and opened once however many files it feeds. Pure.
 *
 * Memory: 32 bytes a run and 8 bytes a stored block; a full backup has a run a MiB, so a terabyte needs
 * one gibibyte of fingerprints.
 */
import { assert, present } from "../core/assert.ts";
import type { ObjectId } from "../core/object-id.ts";
import { type Stretch, ZEROS } from "../repository/map/stretch.ts";
import type { BlockRange } from "./assembly-plan.ts";

/** Columns of runs, each `runs` long; fingerprints of their blocks follow one another in run order. */
export type RunColumns = {
  readonly runs: number;
  readonly frame: Uint32Array;
  readonly file: Uint32Array;
  readonly fileOffset: Float64Array;
  readonly frameOffset: Uint32Array;
  readonly length: Uint32Array;
  readonly fingerprints: BigUint64Array;
};

class GrowingRuns {
  #capacity = 64;
  runs = 0;
  blocks = 0;
  frame = new Uint32Array(64);
  file = new Uint32Array(64);
  fileOffset = new Float64Array(64);
  frameOffset = new Uint32Array(64);
  length = new Uint32Array(64);
  blockCount = new Uint32Array(64);
  fingerprints = new BigUint64Array(256);

  add(run: OpenRun, lengthBytes: number): void {
    if (this.runs === this.#capacity) {
      this.#grow();
    }
    const at = this.runs++;
    this.frame[at] = run.frame;
    this.file[at] = run.file;
    this.fileOffset[at] = run.fileOffset;
    this.frameOffset[at] = run.frameOffset;
    this.length[at] = lengthBytes;
    this.blockCount[at] = run.fingerprints.length;
    if (this.blocks + run.fingerprints.length > this.fingerprints.length) {
      const size = Math.max(
        this.blocks + run.fingerprints.length,
        Math.ceil(this.fingerprints.length * 1.5),
      );
      const larger = new BigUint64Array(size);
      larger.set(this.fingerprints.subarray(0, this.blocks));
      this.fingerprints = larger;
    }
    this.fingerprints.set(run.fingerprints, this.blocks);
    this.blocks += run.fingerprints.length;
  }

  #grow(): void {
    this.#capacity = Math.ceil(this.#capacity * 1.5);
    const wider = (column: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> => {
      const larger = new Uint32Array(this.#capacity);
      larger.set(column);
      return larger;
    };
    this.frame = wider(this.frame);
    this.file = wider(this.file);
    this.frameOffset = wider(this.frameOffset);
    this.length = wider(this.length);
    this.blockCount = wider(this.blockCount);
    const offsets = new Float64Array(this.#capacity);
    offsets.set(this.fileOffset);
    this.fileOffset = offsets;
  }

  /** The runs in frame order, fingerprints in the order of the runs. */
  sorted(): RunColumns {
    const order = Uint32Array.from({ length: this.runs }, (_, run) => run);
    const { frame, frameOffset } = this;
    order.sort((a, b) =>
      frame[a] === frame[b]
        ? (frameOffset[a] ?? 0) - (frameOffset[b] ?? 0)
        : (frame[a] ?? 0) - (frame[b] ?? 0),
    );
    const firstBlock = new Float64Array(this.runs);
    let block = 0;
    for (let run = 0; run < this.runs; run++) {
      firstBlock[run] = block;
      block += this.blockCount[run] ?? 0;
    }
    const fingerprints = new BigUint64Array(this.blocks);
    let at = 0;
    for (const run of order) {
      const from = firstBlock[run] ?? 0;
      const count = this.blockCount[run] ?? 0;
      fingerprints.set(this.fingerprints.subarray(from, from + count), at);
      at += count;
    }
    const pick = (column: Uint32Array): Uint32Array =>
      Uint32Array.from(order, (run) => column[run] ?? 0);
    return {
      runs: this.runs,
      frame: pick(frame),
      file: pick(this.file),
      fileOffset: Float64Array.from(order, (run) => this.fileOffset[run] ?? 0),
      frameOffset: pick(frameOffset),
      length: pick(this.length),
      fingerprints,
    };
  }
}

type OpenRun = {
  readonly file: number;
  readonly frame: number;
  readonly fileOffset: number;
  readonly frameOffset: number;
  readonly fingerprints: BigUint64Array;
};

/** Gathers stretches and answers what to do, pack by pack. */
export class ScatterPlan {
  readonly #blockBytes: number;
  readonly #packs = new Map<ObjectId, GrowingRuns>();

  constructor(blockBytes: number) {
    this.#blockBytes = blockBytes;
  }

  /**
   * Adds a stretch, or blocks of it, of the file numbered `file`; the stretch's first block is the file's block `firstBlock`.
   * Answers its runs.
   */
  add(
    file: number,
    firstBlock: number,
    stretch: Stretch,
    { from, to }: BlockRange = { from: 0, to: stretch.blockCount },
  ): number {
    let added = 0;
    let block = from;
    while (block < to) {
      const end = this.#endOfRun(stretch, block, to);
      const pack = stretch.packOf[block] ?? ZEROS;
      if (pack !== ZEROS) {
        const id = present(stretch.packs[pack], "a block's pack is in its stretch's table");
        added += 1;
        let runs = this.#packs.get(id);
        if (runs === undefined) {
          runs = new GrowingRuns();
          this.#packs.set(id, runs);
        }
        const last = stretch.bytesOfBlock(end - 1, this.#blockBytes);
        const lengthBytes = (end - 1 - block) * this.#blockBytes + last;
        runs.add(
          {
            file,
            frame: stretch.frameOf[block] ?? 0,
            fileOffset: (firstBlock + block) * this.#blockBytes,
            frameOffset: stretch.offsetOf[block] ?? 0,
            fingerprints: stretch.fingerprints.subarray(block, end),
          },
          lengthBytes,
        );
      }
      block = end;
    }
    return added;
  }

  /** Packs that are needed. */
  packs(): readonly ObjectId[] {
    return [...this.#packs.keys()].sort();
  }

  /** True until its runs were taken. */
  needs(pack: ObjectId): boolean {
    return this.#packs.has(pack);
  }

  /** A pack's runs; they are forgotten here, so that memory shrinks while the restore goes on. */
  take(pack: ObjectId): RunColumns {
    const runs = this.#packs.get(pack);
    assert(runs !== undefined, "the pack is in the plan");
    this.#packs.delete(pack);
    return runs.sorted();
  }

  #endOfRun(stretch: Stretch, first: number, to: number): number {
    const pack = stretch.packOf[first];
    const frame = stretch.frameOf[first];
    let offset = stretch.offsetOf[first] ?? 0;
    let end = first + 1;
    while (end < to && stretch.packOf[end] === pack) {
      offset += this.#blockBytes;
      const follows = stretch.frameOf[end] === frame && stretch.offsetOf[end] === offset;
      if (pack !== ZEROS && !follows) {
        break;
      }
      end += 1;
    }
    return end;
  }
}

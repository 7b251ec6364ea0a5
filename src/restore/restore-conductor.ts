/**
 * Conducts the bulk of a restore: cuts each pack's runs into units for the workers, notes which files are complete, and has
 * those made durable while others are still being written.
 */
import { assert, present } from "../core/assert.ts";
import { restoreFinishFilesMax, restoreUnitBytes } from "../core/limits.ts";
import type { ObjectId } from "../core/object-id.ts";
import type { RestoreFilesOptions, RestoreLayout } from "./restore-layout.ts";
import type { ScatterUnit, TargetFile } from "./scatter-messages.ts";
import type { RunColumns } from "./scatter-plan.ts";
import type { ScatterPool } from "./scatter-pool.ts";

/** Cuts a pack's runs where a frame begins, so that no unit holds more than `restoreUnitBytes` of content. */
function* cut(runs: RunColumns): Generator<{ readonly from: number; readonly to: number }> {
  let from = 0;
  let bytes = 0;
  for (let run = 0; run < runs.runs; run++) {
    const newFrame = runs.frame[run] !== runs.frame[run - 1];
    if (newFrame && bytes >= restoreUnitBytes) {
      yield { from, to: run };
      from = run;
      bytes = 0;
    }
    bytes += runs.length[run] ?? 0;
  }
  yield { from, to: runs.runs };
}

function blocksIn(
  runs: RunColumns,
  range: { from: number; to: number },
  blockBytes: number,
): number {
  let blocks = 0;
  for (let run = range.from; run < range.to; run++) {
    blocks += Math.ceil((runs.length[run] ?? 0) / blockBytes);
  }
  return blocks;
}

function part(runs: RunColumns, range: { from: number; to: number }, blocks: Range): RunColumns {
  const { from, to } = range;
  return {
    runs: to - from,
    frame: runs.frame.slice(from, to),
    file: runs.file.slice(from, to),
    fileOffset: runs.fileOffset.slice(from, to),
    frameOffset: runs.frameOffset.slice(from, to),
    length: runs.length.slice(from, to),
    fingerprints: runs.fingerprints.slice(blocks.from, blocks.to),
  };
}

type Range = { readonly from: number; readonly to: number };

/** See the file's comment. */
export class RestoreConductor {
  readonly #options: RestoreFilesOptions;
  readonly #layout: RestoreLayout;
  readonly #pool: ScatterPool;
  /** Numbers of files whose last run was written. */
  #complete: number[] = [];
  readonly #unitsLeft = new Map<ObjectId, number>();
  #packsDone: ObjectId[] = [];

  constructor(options: RestoreFilesOptions, layout: RestoreLayout, pool: ScatterPool) {
    this.#options = options;
    this.#layout = layout;
    this.#pool = pool;
  }

  async run(): Promise<void> {
    this.#layout.pendingRuns.forEach((runs, file) => {
      if (runs === 0) {
        this.#complete.push(file);
      }
    });
    for (const pack of this.#layout.plan.packs()) {
      await this.#scatterPack(pack);
      await this.#finishFiles(restoreFinishFilesMax);
      await this.#releasePacks();
    }
    await this.#pool.drain();
    await this.#finishFiles(1);
    await this.#pool.drain();
    assert(
      this.#layout.pendingRuns.every((runs) => runs === 0),
      "every run was written",
    );
  }

  async #releasePacks(): Promise<void> {
    for (const pack of this.#packsDone.splice(0)) {
      await this.#options.packs.release(pack);
    }
  }

  async #scatterPack(pack: ObjectId): Promise<void> {
    const { blockBytes } = this.#options.root.server;
    const opened = await this.#options.packs.open(pack);
    const runs = this.#layout.plan.take(pack);
    const ranges = [...cut(runs)];
    this.#unitsLeft.set(pack, ranges.length);
    let block = 0;
    for (const range of ranges) {
      const blocks = { from: block, to: block + blocksIn(runs, range, blockBytes) };
      block = blocks.to;
      const unitRuns = part(runs, range, blocks);
      const index = Uint32Array.from(new Set(unitRuns.frame));
      const unit: ScatterUnit = {
        kind: "unit",
        number: this.#pool.nextNumber(),
        packPath: opened.path,
        ticket: opened.ticket,
        frames: {
          index,
          offset: Float64Array.from(index, (frame) => opened.frameRange(frame).offset),
          bytes: Uint32Array.from(index, (frame) => opened.frameRange(frame).length),
        },
        runs: unitRuns,
        files: this.#filesOf(new Set(unitRuns.file)),
      };
      await this.#pool.submit(unit, () => this.#onUnit(pack, unitRuns));
    }
  }

  #filesOf(numbers: Iterable<number>): readonly TargetFile[] {
    return Array.from(numbers, (number) => present(this.#layout.files[number], "a target file"));
  }

  #onUnit(pack: ObjectId, runs: RunColumns): void {
    const unitsLeft = present(this.#unitsLeft.get(pack), "a pack's units are counted") - 1;
    this.#unitsLeft.set(pack, unitsLeft);
    if (unitsLeft === 0) {
      this.#unitsLeft.delete(pack);
      this.#packsDone.push(pack);
    }
    for (const file of runs.file) {
      const left = present(this.#layout.pendingRuns[file], "a file's runs are counted") - 1;
      this.#layout.pendingRuns[file] = left;
      if (left === 0) {
        this.#complete.push(file);
      }
    }
    this.#options.onProgress?.(this.#pool.writtenBytes);
  }

  /** Makes complete files durable, in requests of `restoreFinishFilesMax`, while at least `enough` wait. */
  async #finishFiles(enough: number): Promise<void> {
    while (this.#complete.length >= enough && this.#complete.length > 0) {
      const files = this.#filesOf(this.#complete.splice(0, restoreFinishFilesMax));
      await this.#pool.submit({ kind: "finish", number: this.#pool.nextNumber(), files });
    }
  }
}

/**
 * Conducts the bulk of a restore: cuts each pack's runs into units for the workers, notes which files are complete, and has
 * those made durable while others are still being written.
 */
import { assert, present } from "../core/assert.ts";
import { restoreFinishFilesMax, restoreUnitBytes, restoreUnitRuns } from "../core/limits.ts";
import type { ObjectId } from "../core/object-id.ts";
import type { RestoreFilesOptions, RestoreLayout } from "./restore-layout.ts";
import type { Assembly } from "./assembly-plan.ts";
import type { OpenedPack } from "./pack-reader.ts";
import type { AssemblyUnit, ScatterUnit, TargetFile } from "./scatter-messages.ts";
import type { RunColumns } from "./scatter-plan.ts";
import type { ScatterPool } from "./scatter-pool.ts";

/** Cuts a pack's runs where a frame begins, so that no unit holds more than `restoreUnitBytes` of content, or `restoreUnitRuns`, and a frame. */
function* cut(runs: RunColumns): Generator<{ readonly from: number; readonly to: number }> {
  let from = 0;
  let bytes = 0;
  for (let run = 0; run < runs.runs; run++) {
    const newFrame = runs.frame[run] !== runs.frame[run - 1];
    if (newFrame && (bytes >= restoreUnitBytes || run - from >= restoreUnitRuns)) {
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

/** What a pack is needed for, and the pack when it is open. */
type PackUse = {
  readonly assemblies: Assembly[];
  left: number;
  opened: Promise<OpenedPack> | undefined;
};

/** See the file's comment. */
export class RestoreConductor {
  readonly #options: RestoreFilesOptions;
  readonly #layout: RestoreLayout;
  readonly #pool: ScatterPool;
  /** Numbers of files whose last run was written. */
  #complete: number[] = [];
  readonly #uses = new Map<ObjectId, PackUse>();
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
    for (const pack of this.#countUses()) {
      await this.#assemble(pack);
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

  /** Notes what each pack is needed for; answers the packs in the order in which they are gone through. */
  #countUses(): readonly ObjectId[] {
    const { plan, assemblies } = this.#layout;
    plan.packs().forEach((pack) => (this.#use(pack).left += 1));
    for (const assembly of assemblies) {
      assembly.packs.forEach((pack) => (this.#use(pack).left += 1));
      this.#use(assembly.home.pack).assemblies.push(assembly);
    }
    assemblies.length = 0;
    return [...this.#uses.keys()].sort();
  }

  #use(pack: ObjectId): PackUse {
    const known = this.#uses.get(pack);
    if (known !== undefined) {
      return known;
    }
    const use: PackUse = { assemblies: [], left: 0, opened: undefined };
    this.#uses.set(pack, use);
    return use;
  }

  async #releasePacks(): Promise<void> {
    for (const pack of this.#packsDone.splice(0)) {
      await this.#options.packs.release(pack);
    }
  }

  async #open(pack: ObjectId): Promise<OpenedPack> {
    return await (this.#use(pack).opened ??= this.#options.packs.open(pack));
  }

  /** One of a pack's uses is over. */
  #onUsed(pack: ObjectId): void {
    const use = this.#use(pack);
    use.left -= 1;
    if (use.left === 0) {
      use.opened = undefined;
      this.#packsDone.push(pack);
    }
  }

  /** What mostly comes from this pack, in its order, so that the packs beside it are gone through in theirs. */
  async #assemble(pack: ObjectId): Promise<void> {
    const assemblies = this.#use(pack).assemblies.splice(0);
    for (const assembly of assemblies.sort((a, b) => a.home.frame - b.home.frame)) {
      const packs: OpenedPack[] = [];
      for (const id of assembly.packs) {
        packs.push(await this.#open(id));
      }
      const packOf = (place: number): OpenedPack =>
        present(
          packs[assembly.frames.pack[place] ?? 0],
          "an assembly names the packs of its frames",
        );
      const { index } = assembly.frames;
      const range = Array.from(index, (frame, place) => packOf(place).frameRange(frame));
      const unit: AssemblyUnit = {
        kind: "assembly",
        number: this.#pool.nextNumber(),
        file: present(this.#layout.files[assembly.file], "a target file"),
        fileOffset: assembly.fileOffset,
        packs: packs.map(({ path, ticket }) => ({ path, ticket })),
        frames: {
          ...assembly.frames,
          offset: Float64Array.from(range, ({ offset }) => offset),
          bytes: Uint32Array.from(range, ({ length }) => length),
          plainBytes: Uint32Array.from(index, (frame, place) => packOf(place).plainBytes(frame)),
        },
        runs: assembly.runs,
      };
      await this.#pool.submit(unit, () => {
        this.#options.onProgress?.(this.#pool.writtenBytes + this.#layout.kept.bytes);
        assembly.packs.forEach((id) => this.#onUsed(id));
        this.#onWritten(assembly.file);
      });
    }
  }

  async #scatterPack(pack: ObjectId): Promise<void> {
    if (!this.#layout.plan.needs(pack)) {
      return;
    }
    const { blockBytes } = this.#options.root.server;
    const opened = await this.#open(pack);
    const runs = this.#layout.plan.take(pack);
    const ranges = [...cut(runs)];
    let unitsLeft = ranges.length;
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
      await this.#pool.submit(unit, () => {
        unitsLeft -= 1;
        if (unitsLeft === 0) {
          this.#onUsed(pack);
        }
        this.#options.onProgress?.(this.#pool.writtenBytes + this.#layout.kept.bytes);
        unitRuns.file.forEach((file) => this.#onWritten(file));
      });
    }
  }

  #filesOf(numbers: Iterable<number>): readonly TargetFile[] {
    return Array.from(numbers, (number) => present(this.#layout.files[number], "a target file"));
  }

  /** A run, or an assembly, of a file was written. */
  #onWritten(file: number): void {
    const left = present(this.#layout.pendingRuns[file], "a file's runs are counted") - 1;
    this.#layout.pendingRuns[file] = left;
    if (left === 0) {
      this.#complete.push(file);
    }
  }

  /** Makes complete files durable, in requests of `restoreFinishFilesMax`, while at least `enough` wait. */
  async #finishFiles(enough: number): Promise<void> {
    while (this.#complete.length >= enough && this.#complete.length > 0) {
      const files = this.#filesOf(this.#complete.splice(0, restoreFinishFilesMax));
      await this.#pool.submit({ kind: "finish", number: this.#pool.nextNumber(), files });
    }
  }
}

/**
 * What a restore worker does: frames of a pack are read, authenticated, decompressed, each block is held against
 * its fingerprint, and written to its file. Nothing reaches a file that was not authenticated and is not the
 * very block that the map names (promise 3).
 *
 * For worker threads: all but large writes happens in the thread, and these go on while the next frames are opened. Memory: the
 * read window (4 MiB), one frame, and 16 MiB for decompressed content.
 */
import { closeSync, constants, openSync, readSync } from "node:fs";
import { assert, present } from "../core/assert.ts";
import type { Clock } from "../core/clock.ts";
import { DrError } from "../core/errors.ts";
import { failpointTear, guard } from "../core/failpoint.ts";
import { framePlainBytesMax, restoreReadBytes, restoreSyncsMax } from "../core/limits.ts";
import { DIRECT_ALIGN_BYTES } from "../files/direct-writes.ts";
import { fileError } from "../files/file-error.ts";
import { type BlockPass, allocateBlockMemory } from "../pipeline/block-pass.ts";
import { FrameOpener } from "../pipeline/sealing/frame-sealer.ts";
import { selectBlockPass } from "../pipeline/select-block-pass.ts";
import { ZstdCodec } from "../pipeline/zstd-codec.ts";
import { OpenTargets, awaitTarget, onTarget } from "./open-targets.ts";
import type { ScatterUnit, ScatterWorkerData, TargetFile } from "./scatter-messages.ts";

/** Reads frames of one local file, a window at a time. */
class FrameWindow {
  readonly #fd: number;
  readonly #path: string;
  #window = Buffer.alloc(restoreReadBytes);
  #start = 0;
  #length = 0;
  readBytes = 0;

  constructor(path: string) {
    this.#path = path;
    this.#fd = this.#reading("open", () => openSync(path, constants.O_RDONLY));
  }

  /** A view of a frame's bytes, valid until the next call. */
  frame(offset: number, bytes: number): Buffer {
    const inside = offset >= this.#start && offset + bytes <= this.#start + this.#length;
    if (!inside) {
      if (bytes > this.#window.length) {
        this.#window = Buffer.alloc(bytes);
      }
      this.#start = offset;
      this.#length = this.#fill(offset);
      if (bytes > this.#length) {
        throw new DrError("REPO_OBJECT_SHORT", { object: this.#path, offset, bytes });
      }
    }
    const at = offset - this.#start;
    return this.#window.subarray(at, at + bytes);
  }

  #fill(offset: number): number {
    let length = 0;
    for (;;) {
      const room = this.#window.length - length;
      const got =
        room === 0
          ? 0
          : this.#reading("read", () =>
              readSync(this.#fd, this.#window, length, room, offset + length),
            );
      if (got === 0) {
        this.readBytes += length;
        return length;
      }
      length += got;
    }
  }

  close(): void {
    closeSync(this.#fd);
  }

  #reading<T>(operation: string, work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw fileError(error, { group: "STORE", operation, path: this.#path });
    }
  }
}

function halvesOf(column: BigUint64Array): Uint32Array {
  return new Uint32Array(column.buffer, column.byteOffset, column.length * 2);
}

/** What a unit moved. */
export type ScatterCounts = { readonly writtenBytes: number; readonly readBytes: number };

/** Frames whose content may wait for its writes. */
const PLACES = 4;

/** Where the content of frames lies until it is written. */
class Places {
  readonly #bytes: number;
  readonly #writing: Promise<void>[][] = Array.from({ length: PLACES }, () => []);
  #next = 0;
  #isWide = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(inputBytes: number) {
    this.#bytes = Math.floor(inputBytes / PLACES / DIRECT_ALIGN_BYTES) * DIRECT_ALIGN_BYTES;
  }

  /** A free place for so many bytes: where it begins. @throws what an earlier write was rejected with. */
  async take(lengthBytes: number): Promise<number> {
    const isWide = lengthBytes > this.#bytes;
    if (isWide || this.#isWide) {
      await this.settle();
      this.#next = 0;
    }
    this.#isWide = isWide;
    const place = this.#next;
    this.#next = (place + 1) % PLACES;
    await Promise.all(this.#writing[place] ?? []);
    this.#writing[place] = [];
    this.#check();
    return place * this.#bytes;
  }

  /** What lies in the place that was taken last is being written. */
  hold(writing: Promise<void>): void {
    const place = (this.#next + PLACES - 1) % PLACES;
    const ended = writing.catch((error: unknown) => {
      this.#failure ??= { error };
    });
    this.#writing[place]?.push(ended);
  }

  /** Waits for every write, successful or not. */
  async settle(): Promise<void> {
    await Promise.all(this.#writing.flat());
    this.#writing.forEach((writing) => writing.splice(0));
  }

  /** As `settle`. @throws what a write was rejected with. */
  async finish(): Promise<void> {
    await this.settle();
    this.#check();
  }

  #check(): void {
    if (this.#failure !== undefined) {
      throw this.#failure.error;
    }
  }
}

/** Where the content of a frame lies. */
type FrameContent = { readonly startBytes: number; readonly lengthBytes: number };

/** A unit in work: its files by number. */
type Work = { readonly unit: ScatterUnit; readonly files: ReadonlyMap<number, TargetFile> };

/** One instance a worker. */
export class Scatterer implements Disposable {
  readonly #targets: OpenTargets;
  readonly #pass: BlockPass;
  readonly #places = new Places(framePlainBytesMax);
  readonly #codec = new ZstdCodec();
  readonly #owner: ScatterWorkerData["owner"];
  #opened = Buffer.alloc(0);
  #writtenBytes = 0;

  constructor(data: ScatterWorkerData, clock: Clock) {
    this.#targets = new OpenTargets(data.openFilesMax, clock);
    this.#owner = data.owner;
    const { blockBytes, fingerprintKey } = data;
    const size = { blockBytes, inputBytes: framePlainBytesMax, shared: false };
    this.#pass = selectBlockPass(allocateBlockMemory(size), fingerprintKey);
  }

  /** Scatters the frames of a unit. @throws DrError `REPO_*`, `STORE_IO`, `RESTORE_FILE_IO`, `RESTORE_DISK_FULL`. */
  async scatter(unit: ScatterUnit): Promise<ScatterCounts> {
    const work: Work = { unit, files: new Map(unit.files.map((file) => [file.number, file])) };
    const opener = new FrameOpener(unit.ticket);
    const window = new FrameWindow(unit.packPath);
    this.#writtenBytes = 0;
    try {
      let run = 0;
      let block = 0;
      for (const [place, index] of unit.frames.index.entries()) {
        const offset = unit.frames.offset[place] ?? 0;
        const sealed = window.frame(offset, unit.frames.bytes[place] ?? 0);
        const content = await this.#openFrame(opener, sealed, index);
        while (run < unit.runs.runs && unit.runs.frame[run] === index) {
          block += await this.#scatterRun(work, { run, block, content });
          run += 1;
        }
      }
      assert(run === unit.runs.runs, "every run belongs to a frame of its unit");
      await this.#places.finish();
      return { writtenBytes: this.#writtenBytes, readBytes: window.readBytes };
    } finally {
      window.close();
      await this.#places.settle();
    }
  }

  /** Gives complete files their size, mode and owner, and makes them durable. @throws as `scatter`. */
  async finish(files: readonly TargetFile[]): Promise<void> {
    const left = files.values();
    const lane = async (): Promise<void> => {
      for (const file of left) {
        await this.#targets.finish(file, this.#owner);
      }
    };
    // Several at once: the syncs of small files share a commit of the file system's journal.
    const lanes = await Promise.allSettled(Array.from({ length: restoreSyncsMax }, lane));
    const failed = lanes.find((ended) => ended.status === "rejected");
    if (failed !== undefined) {
      throw failed.reason;
    }
  }

  /** Closes what is open; nothing may be at work. */
  [Symbol.dispose](): void {
    this.#targets[Symbol.dispose]();
    this.#codec.close();
  }

  async #openFrame(opener: FrameOpener, sealed: Buffer, index: number): Promise<FrameContent> {
    if (this.#opened.length < sealed.length) {
      this.#opened = Buffer.allocUnsafeSlow(sealed.length);
    }
    const frame = opener.open(sealed, index, this.#opened);
    const startBytes = await this.#places.take(frame.plainLength);
    const target = this.#pass.input.subarray(startBytes, startBytes + frame.plainLength);
    if (frame.codec === "stored") {
      target.set(frame.content);
    } else {
      this.#codec.decompressInto(frame.content, target);
    }
    return { startBytes, lengthBytes: frame.plainLength };
  }

  async #scatterRun(
    work: Work,
    at: { readonly run: number; readonly block: number; readonly content: FrameContent },
  ): Promise<number> {
    const { runs } = work.unit;
    const offsetBytes = runs.frameOffset[at.run] ?? 0;
    const lengthBytes = runs.length[at.run] ?? 0;
    if (offsetBytes + lengthBytes > at.content.lengthBytes || offsetBytes % 8 !== 0) {
      throw this.#mismatch(work, at.run);
    }
    const count = Math.ceil(lengthBytes / this.#pass.blockBytes);
    const expected = runs.fingerprints.subarray(at.block, at.block + count);
    if (
      guard("L40-fingerprint-at-restore") &&
      !this.#holds({ offsetBytes: at.content.startBytes + offsetBytes, lengthBytes }, expected)
    ) {
      throw this.#mismatch(work, at.run);
    }
    await this.#write(work, at.run, at.content.startBytes + offsetBytes);
    return count;
  }

  /** True when the blocks in the pass's input have these fingerprints. */
  #holds(
    piece: { readonly offsetBytes: number; readonly lengthBytes: number },
    expected: BigUint64Array,
  ): boolean {
    const { blockBytes } = this.#pass;
    const { offsetBytes, lengthBytes } = piece;
    const blockCount = Math.floor(lengthBytes / blockBytes);
    const run = { offsetBytes, blockCount, firstBlockNumber: 0, checkPages: false };
    const found = halvesOf(this.#pass.run(run).fingerprints);
    const wanted = halvesOf(expected);
    for (let half = 0; half < blockCount * 2; half++) {
      if (found[half] !== wanted[half]) {
        return false;
      }
    }
    const tailBytes = lengthBytes - blockCount * blockBytes;
    const tail = { offsetBytes: offsetBytes + blockCount * blockBytes, lengthBytes: tailBytes };
    return tailBytes === 0 || this.#pass.tail(tail) === expected[blockCount];
  }

  #fileOf({ unit, files }: Work, run: number): TargetFile {
    return present(files.get(unit.runs.file[run] ?? -1), "a unit brings the files of its runs");
  }

  #mismatch(work: Work, run: number): DrError {
    const { unit } = work;
    return new DrError("REPO_BLOCK_MISMATCH", {
      pack: unit.ticket.objectId,
      frame: unit.runs.frame[run] ?? 0,
      path: this.#fileOf(work, run).path,
      offset: unit.runs.fileOffset[run] ?? 0,
    });
  }

  async #write(work: Work, run: number, from: number): Promise<void> {
    const { runs } = work.unit;
    const file = this.#fileOf(work, run);
    const target = await this.#targets.open(file);
    const length = runs.length[run] ?? 0;
    const fileOffset = runs.fileOffset[run] ?? 0;
    const bytes = this.#pass.input.subarray(from, from + length);
    const tear = onTarget("write", file.path, () => failpointTear("restore.write", length));
    const writing = onTarget("write", file.path, () =>
      target.write(bytes.subarray(0, tear?.keepBytes), fileOffset),
    );
    if (writing !== undefined) {
      this.#places.hold(awaitTarget("write", file.path, writing));
    }
    if (tear !== undefined) {
      await this.#places.settle();
      tear.kill();
    }
    this.#writtenBytes += length;
  }
}

/**
 * What a restore worker does: frames of a pack are read, authenticated, decompressed, each block is held against
 * its fingerprint, and written to its file. Nothing reaches a file that was not authenticated and is not the
 * very block that the map names (promise 3).
 *
 * Synchronous: for worker threads. Memory: the read window (4 MiB), one frame, and its decompressed
 * content.
 */
import { closeSync, constants, openSync, readSync, writeSync } from "node:fs";
import { assert, present } from "../core/assert.ts";
import { DrError } from "../core/errors.ts";
import { failpointTear, guard } from "../core/failpoint.ts";
import { framePlainBytesMax, restoreReadBytes } from "../core/limits.ts";
import { fileError } from "../files/file-error.ts";
import { type BlockPass, allocateBlockMemory } from "../pipeline/block-pass.ts";
import { FrameOpener } from "../pipeline/sealing/frame-sealer.ts";
import { selectBlockPass } from "../pipeline/select-block-pass.ts";
import { ZstdCodec } from "../pipeline/zstd-codec.ts";
import { OpenTargets, onTarget } from "./open-targets.ts";
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

/** A unit in work: its files by number. */
type Work = { readonly unit: ScatterUnit; readonly files: ReadonlyMap<number, TargetFile> };

/** One instance a worker. */
export class Scatterer implements Disposable {
  readonly #targets: OpenTargets;
  readonly #pass: BlockPass;
  readonly #codec = new ZstdCodec();
  readonly #owner: ScatterWorkerData["owner"];
  #opened = Buffer.alloc(0);
  #writtenBytes = 0;

  constructor(data: ScatterWorkerData) {
    this.#targets = new OpenTargets(data.openFilesMax);
    this.#owner = data.owner;
    const { blockBytes, fingerprintKey } = data;
    const size = { blockBytes, inputBytes: framePlainBytesMax, shared: false };
    this.#pass = selectBlockPass(allocateBlockMemory(size), fingerprintKey);
  }

  /** Scatters the frames of a unit. @throws DrError `REPO_*`, `STORE_IO`, `RESTORE_FILE_IO`, `RESTORE_DISK_FULL`. */
  scatter(unit: ScatterUnit): ScatterCounts {
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
        const plainBytes = this.#openFrame(opener, sealed, index);
        while (run < unit.runs.runs && unit.runs.frame[run] === index) {
          block += this.#scatterRun(work, { run, block, plainBytes });
          run += 1;
        }
      }
      assert(run === unit.runs.runs, "every run belongs to a frame of its unit");
      return { writtenBytes: this.#writtenBytes, readBytes: window.readBytes };
    } finally {
      window.close();
    }
  }

  /** Gives complete files their size, mode and owner, and makes them durable. @throws as `scatter`. */
  finish(files: readonly TargetFile[]): void {
    files.forEach((file) => this.#targets.finish(file, this.#owner));
  }

  /** Closes what is open. */
  [Symbol.dispose](): void {
    this.#targets[Symbol.dispose]();
    this.#codec.close();
  }

  #openFrame(opener: FrameOpener, sealed: Buffer, index: number): number {
    if (this.#opened.length < sealed.length) {
      this.#opened = Buffer.allocUnsafeSlow(sealed.length);
    }
    const frame = opener.open(sealed, index, this.#opened);
    const target = this.#pass.input.subarray(0, frame.plainLength);
    if (frame.codec === "stored") {
      target.set(frame.content);
    } else {
      this.#codec.decompressInto(frame.content, target);
    }
    return frame.plainLength;
  }

  #scatterRun(
    work: Work,
    at: { readonly run: number; readonly block: number; readonly plainBytes: number },
  ): number {
    const { runs } = work.unit;
    const offsetBytes = runs.frameOffset[at.run] ?? 0;
    const lengthBytes = runs.length[at.run] ?? 0;
    if (offsetBytes + lengthBytes > at.plainBytes || offsetBytes % 8 !== 0) {
      throw this.#mismatch(work, at.run);
    }
    const count = Math.ceil(lengthBytes / this.#pass.blockBytes);
    const expected = runs.fingerprints.subarray(at.block, at.block + count);
    if (
      guard("L40-fingerprint-at-restore") &&
      !this.#holds({ offsetBytes, lengthBytes }, expected)
    ) {
      throw this.#mismatch(work, at.run);
    }
    this.#write(work, at.run);
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

  #write(work: Work, run: number): void {
    const { runs } = work.unit;
    const file = this.#fileOf(work, run);
    const fd = this.#targets.descriptor(file);
    const from = runs.frameOffset[run] ?? 0;
    const length = runs.length[run] ?? 0;
    const fileOffset = runs.fileOffset[run] ?? 0;
    onTarget("write", file.path, () => {
      const tear = failpointTear("restore.write", length);
      const wanted = tear?.keepBytes ?? length;
      let done = 0;
      while (done < wanted) {
        done += writeSync(fd, this.#pass.input, from + done, wanted - done, fileOffset + done);
      }
      tear?.kill();
    });
    this.#writtenBytes += length;
  }
}

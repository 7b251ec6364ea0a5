/**
 * What a restore worker does: frames of a pack are read, authenticated, decompressed, each block is held against
 * its fingerprint, and written to its file. Nothing reaches a file that was not authenticated and is not the
 * very block that the map names (promise 3).
 *
 * Synchronous: for worker threads. Memory: the read window (4 MiB), one frame, and its decompressed
 * content.
 */
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from "node:fs";
import { assert, present } from "../core/assert.ts";
import { DrError } from "../core/errors.ts";
import { failpoint, failpointTear, guard } from "../core/failpoint.ts";
import { framePlainBytesMax, restoreOpenFilesMax, restoreReadBytes } from "../core/limits.ts";
import { type BlockPass, allocateBlockMemory } from "../pipeline/block-pass.ts";
import { FrameOpener } from "../pipeline/sealing/frame-sealer.ts";
import { selectBlockPass } from "../pipeline/select-block-pass.ts";
import { ZstdCodec } from "../pipeline/zstd-codec.ts";
import type { ScatterUnit, ScatterWorkerData, TargetFile } from "./scatter-messages.ts";
import type { RunColumns } from "./scatter-plan.ts";

/** Files open for writing, the least recently used closed first. */
class OpenTargets {
  readonly #files: readonly TargetFile[];
  readonly #open = new Map<number, number>();

  constructor(files: readonly TargetFile[]) {
    this.#files = files;
  }

  file(number: number): TargetFile {
    return present(this.#files[number], "a target file");
  }

  descriptor(number: number): number {
    const known = this.#open.get(number);
    if (known !== undefined) {
      this.#open.delete(number);
      this.#open.set(number, known);
      return known;
    }
    if (this.#open.size >= restoreOpenFilesMax) {
      const [oldest] = this.#open.keys();
      this.close(oldest ?? -1);
    }
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW;
    failpoint("restore.open");
    const fd = openSync(this.file(number).path, flags, 0o600);
    this.#open.set(number, fd);
    return fd;
  }

  close(number: number): void {
    const fd = this.#open.get(number);
    if (fd !== undefined) {
      this.#open.delete(number);
      closeSync(fd);
    }
  }
}

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
    this.#fd = openSync(path, constants.O_RDONLY);
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
      const got = room === 0 ? 0 : readSync(this.#fd, this.#window, length, room, offset + length);
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
}

/** What a unit moved. */
export type ScatterCounts = { readonly writtenBytes: number; readonly readBytes: number };

/** One instance a worker. */
export class Scatterer {
  readonly #targets: OpenTargets;
  readonly #pass: BlockPass;
  readonly #codec = new ZstdCodec();
  readonly #owner: ScatterWorkerData["owner"];
  #writtenBytes = 0;

  constructor(data: ScatterWorkerData) {
    this.#targets = new OpenTargets(data.files);
    this.#owner = data.owner;
    const { blockBytes, fingerprintKey } = data;
    const size = { blockBytes, inputBytes: framePlainBytesMax, shared: false };
    this.#pass = selectBlockPass(allocateBlockMemory(size), fingerprintKey);
  }

  /** Scatters the frames of a unit. */
  scatter(unit: ScatterUnit): ScatterCounts {
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
          block += this.#scatterRun(unit, { run, block, plainBytes });
          run += 1;
        }
      }
      assert(run === unit.runs.runs, "every run belongs to a frame of its unit");
      return { writtenBytes: this.#writtenBytes, readBytes: window.readBytes };
    } finally {
      window.close();
    }
  }

  /** Gives complete files their size, mode and owner, and makes them durable. */
  finish(files: Uint32Array): void {
    for (const number of files) {
      const { sizeBytes, mode } = this.#targets.file(number);
      const fd = this.#targets.descriptor(number);
      if (fstatSync(fd).size !== sizeBytes) {
        ftruncateSync(fd, sizeBytes);
      }
      if (this.#owner !== undefined) {
        fchownSync(fd, this.#owner.uid, this.#owner.gid);
      }
      fchmodSync(fd, mode);
      failpoint("restore.fsync");
      fsyncSync(fd);
      this.#targets.close(number);
    }
  }

  #openFrame(opener: FrameOpener, sealed: Buffer, index: number): number {
    const frame = opener.open(sealed, index);
    const target = this.#pass.input.subarray(0, frame.plainLength);
    if (frame.codec === "stored") {
      target.set(frame.content);
    } else {
      this.#codec.decompressInto(frame.content, target);
    }
    return frame.plainLength;
  }

  #scatterRun(
    unit: ScatterUnit,
    at: { readonly run: number; readonly block: number; readonly plainBytes: number },
  ): number {
    const { runs } = unit;
    const offsetBytes = runs.frameOffset[at.run] ?? 0;
    const lengthBytes = runs.length[at.run] ?? 0;
    if (offsetBytes + lengthBytes > at.plainBytes || offsetBytes % 8 !== 0) {
      throw this.#mismatch(unit, at.run);
    }
    const { blockBytes } = this.#pass;
    const whole = Math.floor(lengthBytes / blockBytes);
    const expected = runs.fingerprints.subarray(at.block, at.block + whole + 1);
    if (guard("L40-fingerprint-at-restore")) {
      const run = { offsetBytes, blockCount: whole, firstBlockNumber: 0, checkPages: false };
      const found = this.#pass.run(run).fingerprints;
      for (let n = 0; n < whole; n++) {
        if (found[n] !== expected[n]) {
          throw this.#mismatch(unit, at.run);
        }
      }
      const tail = { offsetBytes: offsetBytes + whole * blockBytes, lengthBytes: 0 };
      tail.lengthBytes = lengthBytes - whole * blockBytes;
      if (tail.lengthBytes > 0 && this.#pass.tail(tail) !== expected[whole]) {
        throw this.#mismatch(unit, at.run);
      }
    }
    this.#write(runs, at.run);
    return Math.ceil(lengthBytes / blockBytes);
  }

  #mismatch(unit: ScatterUnit, run: number): DrError {
    const { path } = this.#targets.file(unit.runs.file[run] ?? 0);
    return new DrError("REPO_BLOCK_MISMATCH", {
      pack: unit.ticket.objectId,
      frame: unit.runs.frame[run] ?? 0,
      path,
      offset: unit.runs.fileOffset[run] ?? 0,
    });
  }

  #write(runs: RunColumns, run: number): void {
    const fd = this.#targets.descriptor(runs.file[run] ?? 0);
    const from = runs.frameOffset[run] ?? 0;
    const length = runs.length[run] ?? 0;
    const fileOffset = runs.fileOffset[run] ?? 0;
    const tear = failpointTear("restore.write", length);
    const wanted = tear?.keepBytes ?? length;
    let done = 0;
    while (done < wanted) {
      done += writeSync(fd, this.#pass.input, from + done, wanted - done, fileOffset + done);
    }
    tear?.kill();
    this.#writtenBytes += length;
  }
}

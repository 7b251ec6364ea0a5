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
import { guard } from "../core/failpoint.ts";
import { restoreReadBytes, restoreReadGapBytesMax, restoreSyncsMax } from "../core/limits.ts";
import { fileError } from "../files/file-error.ts";
import { FrameOpener } from "../pipeline/sealing/frame-sealer.ts";
import { ZstdCodec } from "../pipeline/zstd-codec.ts";
import { Assembler } from "./assembler.ts";
import { FrameSources } from "./frame-sources.ts";
import { FileComparer } from "./file-comparer.ts";
import type {
  AssemblyUnit,
  ComparisonUnit,
  ScatterUnit,
  ScatterWorkerData,
  TargetFile,
} from "./scatter-messages.ts";
import { VerifiedWrites } from "./verified-writes.ts";

/** Reads frames of one local file, a window at a time. */
class FrameWindow {
  readonly #fd: number;
  readonly #path: string;
  #window: Buffer;
  #start = 0;
  #length = 0;
  readBytes = 0;

  /** `room`: what to read into, for one at a time. */
  constructor(path: string, room: Buffer) {
    this.#path = path;
    this.#window = room;
    this.#fd = this.#reading("open", () => openSync(path, constants.O_RDONLY));
  }

  /** A view of a frame's bytes, valid until the next call. `until`: where what is needed as well ends. */
  frame(offset: number, bytes: number, until: number): Buffer {
    const inside = offset >= this.#start && offset + bytes <= this.#start + this.#length;
    if (!inside) {
      if (bytes > this.#window.length) {
        this.#window = Buffer.alloc(bytes);
      }
      this.#start = offset;
      this.#length = this.#fill(offset, Math.min(until - offset, this.#window.length));
      if (bytes > this.#length) {
        throw new DrError("REPO_OBJECT_SHORT", { object: this.#path, offset, bytes });
      }
    }
    const at = offset - this.#start;
    return this.#window.subarray(at, at + bytes);
  }

  #fill(offset: number, wanted: number): number {
    let length = 0;
    for (;;) {
      const room = wanted - length;
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

/** For each frame, up to where the needed frames behind it follow one another: a partial restore leaves out what lies between. */
function reaches({ offset, bytes }: ScatterUnit["frames"]): Float64Array {
  const reach = Float64Array.from(offset, (from, place) => from + (bytes[place] ?? 0));
  for (let place = reach.length - 2; place >= 0; place--) {
    const gap = (offset[place + 1] ?? 0) - (reach[place] ?? 0);
    if (gap >= 0 && gap <= restoreReadGapBytesMax) {
      reach[place] = reach[place + 1] ?? 0;
    }
  }
  return reach;
}

/** What a unit moved; `readBytes` of the repository. */
export type ScatterCounts = {
  readonly writtenBytes: number;
  readonly readBytes: number;
  /** Of a comparison. */
  readonly differing?: Uint32Array;
};

/** Where the content of a frame lies. */
type FrameContent = { readonly startBytes: number; readonly lengthBytes: number };

/** A unit in work: its files by number. */
type Work = { readonly unit: ScatterUnit; readonly files: ReadonlyMap<number, TargetFile> };

/** What a unit moved so far, and the end of its writes, which must be awaited. */
export type ScatterStart = { readonly counts: ScatterCounts; readonly written: Promise<void> };

/** One instance a worker. */
export class Scatterer implements Disposable {
  readonly #writes: VerifiedWrites;
  readonly #codec = new ZstdCodec();
  readonly #sources = new FrameSources(this.#codec);
  readonly #assembler: Assembler;
  readonly #comparer: FileComparer;
  readonly #owner: ScatterWorkerData["owner"];
  readonly #room = Buffer.allocUnsafeSlow(restoreReadBytes);
  #opened = Buffer.alloc(0);

  constructor(data: ScatterWorkerData, clock: Clock) {
    this.#writes = new VerifiedWrites(data, clock);
    this.#assembler = new Assembler(this.#writes, this.#sources);
    this.#comparer = new FileComparer(this.#writes);
    this.#owner = data.owner;
  }

  /** Brings a unit's blocks to their files. @throws DrError `REPO_*`, `STORE_IO`, `RESTORE_FILE_IO`, `RESTORE_DISK_FULL`. */
  async scatter(unit: ScatterUnit | AssemblyUnit): Promise<ScatterCounts> {
    const { counts, written } = await this.begin(unit);
    await written;
    return counts;
  }

  /** As `scatter`, but resolves when the last writes have begun: the next unit may be begun then. */
  async begin(unit: ScatterUnit | AssemblyUnit): Promise<ScatterStart> {
    const before = this.#writes.writtenBytes;
    try {
      const readBytes = await (unit.kind === "unit" ? this.#scatter(unit) : this.#assemble(unit));
      const counts = { writtenBytes: this.#writes.writtenBytes - before, readBytes };
      return { counts, written: this.#writes.places.written() };
    } catch (error) {
      await this.#writes.places.settle();
      throw error;
    }
  }

  /**
   * Holds blocks of a file that is there against what they shall be; those that shall be of zeros and are not become so. Resolves when
   * the last writes have begun. @throws DrError `RESTORE_FILE_IO`, `RESTORE_DISK_FULL`.
   */
  async compare(unit: ComparisonUnit): Promise<ScatterStart> {
    const before = this.#writes.writtenBytes;
    try {
      const differing = await this.#comparer.compare(unit);
      const writtenBytes = this.#writes.writtenBytes - before;
      const counts = { writtenBytes, readBytes: 0, differing };
      return { counts, written: this.#writes.places.written() };
    } catch (error) {
      await this.#writes.places.settle();
      throw error;
    }
  }

  /** Gives complete files their size, mode and owner, and makes them durable. @throws as `scatter`. */
  async finish(files: readonly TargetFile[]): Promise<void> {
    const left = files.values();
    const lane = async (): Promise<void> => {
      for (const file of left) {
        await this.#writes.targets.finish(file, this.#owner);
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
    this.#writes[Symbol.dispose]();
    this.#sources[Symbol.dispose]();
    this.#codec.close();
  }

  async #assemble(unit: AssemblyUnit): Promise<number> {
    const before = this.#sources.readBytes;
    try {
      await this.#assembler.assemble(unit);
      return this.#sources.readBytes - before;
    } finally {
      this.#sources.closePacks();
    }
  }

  async #scatter(unit: ScatterUnit): Promise<number> {
    const work: Work = { unit, files: new Map(unit.files.map((file) => [file.number, file])) };
    const opener = new FrameOpener(unit.ticket);
    const window = new FrameWindow(unit.packPath, this.#room);
    try {
      let run = 0;
      let block = 0;
      const reach = reaches(unit.frames);
      for (const [place, index] of unit.frames.index.entries()) {
        const offset = unit.frames.offset[place] ?? 0;
        const sealed = window.frame(offset, unit.frames.bytes[place] ?? 0, reach[place] ?? 0);
        const content = await this.#openFrame(opener, sealed, index);
        while (run < unit.runs.runs && unit.runs.frame[run] === index) {
          block += await this.#scatterRun(work, { run, block, content });
          run += 1;
        }
      }
      assert(run === unit.runs.runs, "every run belongs to a frame of its unit");
      return window.readBytes;
    } finally {
      window.close();
    }
  }

  async #openFrame(opener: FrameOpener, sealed: Buffer, index: number): Promise<FrameContent> {
    if (this.#opened.length < sealed.length) {
      this.#opened = Buffer.allocUnsafeSlow(sealed.length);
    }
    const frame = opener.open(sealed, index, this.#opened);
    const startBytes = await this.#writes.places.take(frame.plainLength);
    const target = this.#writes.memory.subarray(startBytes, startBytes + frame.plainLength);
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
    const count = Math.ceil(lengthBytes / this.#writes.blockBytes);
    const expected = runs.fingerprints.subarray(at.block, at.block + count);
    const piece = { offsetBytes: at.content.startBytes + offsetBytes, lengthBytes };
    if (
      guard("L40-fingerprint-at-restore") &&
      this.#writes.firstMismatch(piece, expected) !== undefined
    ) {
      throw this.#mismatch(work, at.run);
    }
    await this.#writes.write(this.#fileOf(work, at.run), piece, runs.fileOffset[at.run] ?? 0);
    return count;
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
}

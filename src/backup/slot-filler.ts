/**
 * Copies the entries of a source into slots, block by block, and hands full slots to the workers. It is
 * the one place where the main thread touches file content: one copy, nothing else.
 */
import { assert } from "../core/assert.ts";
import { slotBytes, slotExtentsMax } from "../core/limits.ts";
import type { PackPool } from "../pipeline/pack-pool.ts";
import type { Slot } from "../pipeline/slot.ts";
import type { SourceEntry } from "../source/backup-source.ts";
import type { BlockRange, FileMapper, OpenFile } from "./file-mapper.ts";

const EXTENT_ALIGNMENT = 64;

type Part = { readonly file: OpenFile; readonly range: BlockRange };

/** The part of a `BackupSink` that takes content. Memory: the pool's slots. */
export class SlotFiller {
  readonly #pool: PackPool;
  readonly #mapper: FileMapper;
  readonly #blockBytes: number;
  #current: Slot | undefined;
  #spare: Slot | undefined;
  #parts: Part[] = [];
  #fillAt = 0;
  #file: OpenFile | undefined;
  #takenBytes = 0;
  #extentLeft = 0;
  /** All of the memory that the last chunk was a view of. */
  #memory: Buffer = Buffer.alloc(0);
  /** Bytes of file content taken so far. */
  readBytes = 0;

  constructor(options: {
    readonly pool: PackPool;
    readonly mapper: FileMapper;
    readonly blockBytes: number;
  }) {
    this.#pool = options.pool;
    this.#mapper = options.mapper;
    this.#blockBytes = options.blockBytes;
    this.#current = this.#pool.takeSlot();
    this.#spare = this.#pool.takeSlot();
  }

  entry(entry: SourceEntry): void {
    this.#file = this.#mapper.begin(entry);
    this.#takenBytes = 0;
  }

  data(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#extentLeft === 0) {
        this.#openExtent();
      }
      const length = Math.min(chunk.length - at, this.#extentLeft);
      this.#copy(chunk, at, length);
      at += length;
      this.#fillAt += length;
      this.#extentLeft -= length;
      if (this.#extentLeft === 0 && slotBytes - this.#fillAt < this.#blockBytes) {
        this.#submit();
      }
    }
    this.readBytes += chunk.length;
  }

  /**
   * Copies a part of a chunk to where the slot is filled up to. By `Buffer.copy` from the memory that it is a view of: `set`
   * into shared memory goes byte by byte where source and target are not equally aligned, for twenty times the CPU.
   */
  #copy(chunk: Uint8Array, at: number, length: number): void {
    if (chunk.buffer !== this.#memory.buffer) {
      this.#memory = Buffer.from(chunk.buffer);
    }
    const from = chunk.byteOffset + at;
    assert(this.#current !== undefined, "an extent lies in a slot");
    const copied = this.#memory.copy(this.#current.data, this.#fillAt, from, from + length);
    assert(copied === length, "a slot has room for its extents");
  }

  endEntry(): void {
    const announced = this.#file?.entry.kind === "file" ? this.#file.entry.sizeBytes : 0;
    assert(
      this.#extentLeft === 0 && this.#takenBytes === announced,
      "a file's content is as long as announced",
    );
    this.#file = undefined;
  }

  /** Undefined while two slots are in hand, else a promise that resolves when they are again. */
  pressure(): Promise<void> | undefined {
    return this.#current !== undefined && this.#spare !== undefined ? undefined : this.#refill();
  }

  /** Hands over what is filled, and waits until the workers are through. */
  async finish(): Promise<void> {
    if (this.#parts.length > 0) {
      this.#submit();
    }
    await this.#pool.drain();
  }

  async #refill(): Promise<void> {
    for (;;) {
      this.#current ??= this.#pool.takeSlot();
      this.#spare ??= this.#current === undefined ? undefined : this.#pool.takeSlot();
      if (this.#spare !== undefined) {
        return;
      }
      await this.#pool.change();
    }
  }

  #openExtent(): void {
    const file = this.#file;
    assert(file !== undefined, "content belongs to a file");
    const fileLeft = file.entry.sizeBytes - this.#takenBytes;
    assert(fileLeft > 0, "a file's content is as long as announced");
    let lengthBytes = this.#fitting(fileLeft);
    if (lengthBytes === 0) {
      this.#submit();
      lengthBytes = this.#fitting(fileLeft);
    }
    const slot = this.#current;
    assert(slot !== undefined && lengthBytes > 0, "a slot is in hand: the source heeds pressure");
    const first = this.#takenBytes / this.#blockBytes;
    const count = Math.ceil(lengthBytes / this.#blockBytes);
    const range: BlockRange = { first, count, slotBlock: slot.blockCount };
    this.#mapper.previousFingerprints(file, range, slot.previous);
    slot.addExtent({
      offsetBytes: this.#fillAt,
      lengthBytes,
      firstBlockNumber: this.#mapper.firstBlockNumber(file) + first,
      checkPages: this.#mapper.checksPages(file),
    });
    this.#parts.push({ file, range });
    this.#takenBytes += lengthBytes;
    this.#extentLeft = lengthBytes;
  }

  /** Bytes of the file that go into the slot in hand: all of them, or whole blocks, or none. */
  #fitting(fileLeft: number): number {
    this.#fillAt = Math.ceil(this.#fillAt / EXTENT_ALIGNMENT) * EXTENT_ALIGNMENT;
    if (this.#current === undefined || this.#parts.length === slotExtentsMax) {
      return 0;
    }
    const room = slotBytes - this.#fillAt;
    return fileLeft <= room ? fileLeft : room - (room % this.#blockBytes);
  }

  #submit(): void {
    const slot = this.#current;
    if (slot !== undefined && this.#parts.length > 0) {
      const parts = this.#parts;
      this.#pool.submit(slot, (worked, placement) => {
        parts.forEach(({ file, range }) => this.#mapper.apply(file, range, worked, placement));
      });
    }
    this.#parts = [];
    this.#fillAt = 0;
    this.#current = this.#spare;
    this.#spare = this.#pool.takeSlot();
  }
}

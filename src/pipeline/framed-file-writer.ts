/**
 * Writes an object of many frames to a staged file: header, frames, directory. Packs, maps and WAL segments
 * are made by it. The file is not synced here: `ObjectStore.putFile` does that before it publishes.
 *
 * Synchronous: for worker threads, and for the main thread where little is written. Memory: the write
 * buffer (a MiB and a bit, or the largest frame) and one compressed frame.
 */
import { createHash, type Hash } from "node:crypto";
import { closeSync, constants, openSync, writeSync } from "node:fs";
import { assert } from "../core/assert.ts";
import { failpointTear } from "../core/failpoint.ts";
import { framedWriteBytes } from "../core/limits.ts";
import type { ObjectId } from "../core/object-id.ts";
import { type DirectoryEntry, sealDirectory } from "./sealing/directory.ts";
import type { FramePosition } from "./sealing/frame-layout.ts";
import { FrameSealer, frameOverheadBytes } from "./sealing/frame-sealer.ts";
import type { ObjectTicket } from "./sealing/object-header.ts";
import { type ZstdCodec, zstdBoundBytes } from "./zstd-codec.ts";

/** What others need to know of a finished object of frames. */
export type FinishedObject = {
  readonly id: ObjectId;
  /** The staged file. */
  readonly path: string;
  readonly bytes: number;
  /** Content frames; the directory is not counted. */
  readonly frames: number;
  /** Bytes of content before compression. */
  readonly plainBytes: number;
  /** SHA-256 of the header, hexadecimal. */
  readonly headerSha256: string;
  /** SHA-256 of the whole object, hexadecimal, when it was asked for. */
  readonly sha256: string | undefined;
};

/**
 * One object in the making. After an error it is worthless: dispose of it, which closes the staged file, and
 * leave that to its owner. Disposing after `finish` does nothing.
 */
export class FramedFileWriter implements Disposable {
  readonly #ticket: ObjectTicket;
  readonly #path: string;
  readonly #codec: ZstdCodec;
  readonly #sealer: FrameSealer;
  #fd: number | undefined;
  readonly #entries: DirectoryEntry[] = [];
  readonly #hash: Hash | undefined;
  #pending = Buffer.allocUnsafeSlow(framedWriteBytes);
  #pendingLength = 0;
  #compressed = Buffer.alloc(0);
  #writtenBytes = 0;
  #plainBytes = 0;

  /** Creates the staged file; it must not exist. `digest`: also hash the whole object. */
  constructor(options: {
    readonly ticket: ObjectTicket;
    readonly path: string;
    readonly codec: ZstdCodec;
    readonly digest?: boolean;
  }) {
    this.#ticket = options.ticket;
    this.#path = options.path;
    this.#codec = options.codec;
    this.#hash = options.digest === true ? createHash("sha256") : undefined;
    this.#sealer = new FrameSealer(options.ticket);
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
    this.#fd = openSync(options.path, flags, 0o600);
    this.#append(options.ticket.header);
  }

  get id(): ObjectId {
    return this.#ticket.objectId;
  }

  /** Content frames so far: the index of the next one. */
  get frames(): number {
    return this.#entries.length;
  }

  /** Bytes of the object so far. */
  get sealedBytes(): number {
    return this.#writtenBytes + this.#pendingLength;
  }

  /**
   * Compresses (unless that does not shrink it), seals and appends a frame; answers its index. `ready`: what `plain` was
   * compressed to before, and smaller than it.
   */
  addFrame(plain: Uint8Array, position?: FramePosition, ready?: Uint8Array): number {
    const content = ready ?? this.#compress(plain);
    const codec = content === plain ? "stored" : "zstd";
    const bytes = content.length + frameOverheadBytes(position !== undefined);
    this.#reserve(bytes);
    const frame = { plainLength: plain.length, codec, last: false, position } as const;
    const sealed = this.#sealer.seal(content, frame, this.#pending, this.#pendingLength);
    assert(sealed === bytes, "a sealed frame has the length that was reserved");
    this.#pendingLength += bytes;
    this.#plainBytes += plain.length;
    const overhead = frameOverheadBytes(position !== undefined) - 16;
    this.#entries.push({ sealedBytes: bytes - overhead, plainBytes: plain.length, codec });
    return this.#entries.length - 1;
  }

  /** Appends the directory and closes the file, which is not synced yet. */
  finish(): FinishedObject {
    this.#append(sealDirectory(this.#sealer, this.#entries));
    this.#flush();
    this[Symbol.dispose]();
    return {
      id: this.#ticket.objectId,
      path: this.#path,
      bytes: this.#writtenBytes,
      frames: this.#entries.length,
      plainBytes: this.#plainBytes,
      headerSha256: createHash("sha256").update(this.#ticket.header).digest("hex"),
      sha256: this.#hash?.digest("hex"),
    };
  }

  /** Closes the staged file. */
  [Symbol.dispose](): void {
    const fd = this.#fd;
    this.#fd = undefined;
    if (fd !== undefined) {
      closeSync(fd);
    }
  }

  #compress(plain: Uint8Array): Uint8Array {
    const bound = zstdBoundBytes(plain.length);
    if (this.#compressed.length < bound) {
      this.#compressed = Buffer.allocUnsafeSlow(bound);
    }
    const length = this.#codec.compressInto(plain, this.#compressed);
    return length === "larger" ? plain : this.#compressed.subarray(0, length);
  }

  #append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#pending.set(bytes, this.#pendingLength);
    this.#pendingLength += bytes.length;
  }

  #reserve(bytes: number): void {
    if (this.#pendingLength + bytes > this.#pending.length) {
      this.#flush();
    }
    if (bytes > this.#pending.length) {
      this.#pending = Buffer.allocUnsafeSlow(bytes);
    }
  }

  #flush(): void {
    const fd = this.#fd;
    assert(fd !== undefined, "a finished object is not written to");
    try {
      this.#write(fd);
    } catch (error) {
      // A failed write says nothing of its file; who reads the error needs it.
      throw Object.assign(error as Error, { path: this.#path });
    }
    this.#hash?.update(this.#pending.subarray(0, this.#pendingLength));
    this.#writtenBytes += this.#pendingLength;
    this.#pendingLength = 0;
  }

  #write(fd: number): void {
    const tear = failpointTear("framed-file.write", this.#pendingLength);
    const end = tear?.keepBytes ?? this.#pendingLength;
    let at = 0;
    while (at < end) {
      at += writeSync(fd, this.#pending, at, end - at);
    }
    tear?.kill();
  }
}

/**
 * Frames from plain bytes and back: compression and sealing composed, for objects whose frames are made on one thread. It
 * keeps the entries of the directory, so that what the directory says is what was sealed.
 */
import { zstdBoundBytes, type ZstdCodec } from "../zstd-codec.ts";
import { sealDirectory, type DirectoryEntry } from "./directory.ts";
import { compressed, plainOf } from "./frame-content.ts";
import { TAG_BYTES, type FramePosition } from "./frame-layout.ts";
import { FrameOpener, frameOverheadBytes, FrameSealer } from "./frame-sealer.ts";
import type { ObjectTicket } from "./object-header.ts";

/** A frame's plain bytes, authentic. */
export type PlainFrame = {
  readonly plain: Buffer;
  readonly last: boolean;
  readonly position?: FramePosition;
};

/** What goes with a frame's bytes. */
export type FrameOptions = {
  readonly last?: boolean;
  readonly position?: FramePosition;
};

/** Compresses and seals. Memory: twice the largest frame. */
export class FrameWriter {
  readonly #sealer: FrameSealer;
  readonly #codec: ZstdCodec;
  readonly #entries: DirectoryEntry[] = [];
  #roomFor = -1;
  #room = Buffer.alloc(0);
  #frame = Buffer.alloc(0);

  constructor(ticket: ObjectTicket, codec: ZstdCodec) {
    this.#sealer = new FrameSealer(ticket);
    this.#codec = codec;
  }

  /** What was written so far. */
  get entries(): readonly DirectoryEntry[] {
    return this.#entries;
  }

  /** The sealed frame, in a buffer that the next call overwrites. */
  write(plain: Uint8Array, options: FrameOptions = {}): Buffer {
    const overhead = frameOverheadBytes(options.position !== undefined);
    this.#reserve(plain.length);
    const { content, codec } = compressed(plain, this.#codec, this.#room);
    const frame = {
      plainLength: plain.length,
      codec,
      last: options.last ?? false,
      position: options.position,
    };
    this.#sealer.seal(content, frame, this.#frame, 0);
    const sealedBytes = content.length + TAG_BYTES;
    this.#entries.push({ sealedBytes, plainBytes: plain.length, codec });
    return this.#frame.subarray(0, content.length + overhead);
  }

  /** The directory and the trailer, for kinds that end with them. Nothing can be written afterwards. */
  finish(): Buffer {
    return sealDirectory(this.#sealer, this.#entries);
  }

  #reserve(plainBytes: number): void {
    if (plainBytes > this.#roomFor) {
      this.#roomFor = plainBytes;
      this.#room = Buffer.allocUnsafe(zstdBoundBytes(plainBytes));
      this.#frame = Buffer.allocUnsafe(plainBytes + frameOverheadBytes(true));
    }
  }
}

/** Opens and decompresses, in any order. Memory: one frame sealed, compressed and plain. */
export class FrameReader {
  readonly #opener: FrameOpener;
  readonly #codec: ZstdCodec;

  constructor(ticket: ObjectTicket, codec: ZstdCodec) {
    this.#opener = new FrameOpener(ticket);
    this.#codec = codec;
  }

  /** One frame, exactly. @throws DrError `REPO_FRAME_CORRUPT`, `REPO_FRAME_CODEC`. */
  read(frameBytes: Uint8Array, index: number): PlainFrame {
    const frame = this.#opener.open(frameBytes, index);
    const plain = plainOf(frame, this.#codec);
    const { last, position } = frame;
    return position === undefined ? { plain, last } : { plain, last, position };
  }
}

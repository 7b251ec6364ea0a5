/**
 * A published segment, written and read back. Synchronous, for the publishing thread and for pushes.
 *
 * Follows docs/format.md, sections 5 and 10.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { isDrError } from "../core/errors.ts";
import { walFrameBytes } from "../core/limits.ts";
import { type Lsn, addToLsn } from "../core/lsn.ts";
import { inStoreWords } from "../files/staged-error.ts";
import { FramedFileWriter, type FinishedObject } from "../pipeline/framed-file-writer.ts";
import { TRAILER_BYTES } from "../pipeline/sealing/directory.ts";
import { plainOf } from "../pipeline/sealing/frame-content.ts";
import { FRAME_HEADER_BYTES, readFrameHeader } from "../pipeline/sealing/frame-layout.ts";
import { FrameOpener } from "../pipeline/sealing/frame-sealer.ts";
import type { ObjectTicket } from "../pipeline/sealing/object-header.ts";
import { type ZstdCodec, zstdBoundBytes } from "../pipeline/zstd-codec.ts";
import type { CompressedFrames } from "./publish-messages.ts";

/** A segment's bytes and what is known of them. */
export type SegmentContent = {
  readonly startLsn: Lsn;
  readonly bytes: Uint8Array;
  /** For its end; 0n when nothing is known. */
  readonly knownAt: bigint;
  /** Frames that were compressed already. What is published is read back and compared, so a wrong one is found. */
  readonly compressed?: CompressedFrames;
};

type SegmentObject = {
  readonly ticket: ObjectTicket;
  readonly path: string;
  readonly codec: ZstdCodec;
};

/** Writes the staged file of a segment's object. @throws DrError `STORE_DISK_FULL`, `STORE_IO`. */
export function writeSegmentObject(content: SegmentContent, target: SegmentObject): FinishedObject {
  try {
    return writeFrames(content, target);
  } catch (error) {
    throw inStoreWords(error, target.path);
  }
}

function writeFrames(content: SegmentContent, target: SegmentObject): FinishedObject {
  using writer = new FramedFileWriter(target);
  const { bytes } = content;
  for (let at = 0; at < bytes.length; at += walFrameBytes) {
    const end = Math.min(at + walFrameBytes, bytes.length);
    const ready = content.compressed?.get(at / walFrameBytes);
    const position = {
      startLsn: addToLsn(content.startLsn, at),
      endLsn: addToLsn(content.startLsn, end),
      knownAt: end === bytes.length ? content.knownAt : 0n,
    };
    writer.addFrame(bytes.subarray(at, end), position, ready && new Uint8Array(ready));
  }
  return writer.finish();
}

/** An object's bytes, a piece at a time; fewer than asked for where it ends. What is answered holds until the next call. */
interface ObjectPieces {
  readonly length: number;
  piece(at: number, length: number): Buffer;
}

class PiecesInMemory implements ObjectPieces {
  readonly #bytes: Buffer;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get length(): number {
    return this.#bytes.length;
  }

  piece(at: number, length: number): Buffer {
    return this.#bytes.subarray(at, at + length);
  }
}

class PiecesOfFile implements ObjectPieces, Disposable {
  readonly #fd: number;
  readonly length: number;
  #room = Buffer.alloc(0);

  constructor(path: string) {
    this.#fd = openSync(path, "r");
    this.length = fstatSync(this.#fd).size;
  }

  piece(at: number, length: number): Buffer {
    if (this.#room.length < length) {
      this.#room = Buffer.allocUnsafeSlow(length);
    }
    let filled = 0;
    while (filled < length) {
      const read = readSync(this.#fd, this.#room, filled, length - filled, at + filled);
      if (read === 0) {
        break;
      }
      filled += read;
    }
    return this.#room.subarray(0, filled);
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}

/** What an object should be, and with what it can be opened. */
export type Comparison = {
  readonly ticket: ObjectTicket;
  readonly segment: Uint8Array;
  readonly codec: ZstdCodec;
};

function differenceIn(object: ObjectPieces, comparison: Comparison): string | undefined {
  const { ticket, segment, codec } = comparison;
  const header = Buffer.from(ticket.header);
  if (!object.piece(0, header.length).equals(header)) {
    return "its header differs";
  }
  const opener = new FrameOpener(ticket);
  const opened = Buffer.allocUnsafeSlow(zstdBoundBytes(walFrameBytes));
  const unpacked = Buffer.allocUnsafeSlow(walFrameBytes);
  let at = header.length;
  let plainAt = 0;
  for (let index = 0; ; index++) {
    const frame = readFrameHeader(object.piece(at, FRAME_HEADER_BYTES), 0);
    if (typeof frame === "string" || at + frame.frameBytes > object.length) {
      return `frame ${index} is cut`;
    }
    if (frame.sealedBytes > opened.length || frame.plainBytes > unpacked.length) {
      return `frame ${index} differs`;
    }
    const content = opener.open(object.piece(at, frame.frameBytes), index, opened);
    at += frame.frameBytes;
    if (content.last) {
      const whole = plainAt === segment.length && at + TRAILER_BYTES === object.length;
      return whole ? undefined : "its length differs";
    }
    const plain = plainOf(content, codec, unpacked);
    if (Buffer.compare(plain, segment.subarray(plainAt, plainAt + plain.length)) !== 0) {
      return `frame ${index} differs`;
    }
    plainAt += plain.length;
  }
}

function differenceInFile(path: string, comparison: Comparison): string | undefined {
  using pieces = new PiecesOfFile(path);
  return differenceIn(pieces, comparison);
}

/**
 * What distinguishes a published object from the segment that it should hold; undefined when nothing does. `ticket` is the
 * one it was sealed with: no private key is needed. Peak memory: a frame of a file, sealed, opened and unpacked. @throws DrError `STORE_IO`.
 */
export function differenceOf(
  object: string | Uint8Array,
  comparison: Comparison,
): string | undefined {
  try {
    return typeof object === "string"
      ? differenceInFile(object, comparison)
      : differenceIn(new PiecesInMemory(object), comparison);
  } catch (error) {
    if (isDrError(error)) {
      return error.message;
    }
    throw typeof object === "string" ? inStoreWords(error, object) : error;
  }
}

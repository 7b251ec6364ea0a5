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
import { FrameReader } from "../pipeline/sealing/frame-codec.ts";
import { readFrameHeader } from "../pipeline/sealing/frame-layout.ts";
import type { ObjectTicket } from "../pipeline/sealing/object-header.ts";
import type { ZstdCodec } from "../pipeline/zstd-codec.ts";

/** A segment's bytes and what is known of them. */
export type SegmentContent = {
  readonly startLsn: Lsn;
  readonly bytes: Uint8Array;
  /** For its end; 0n when nothing is known. */
  readonly knownAt: bigint;
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
    writer.addFrame(bytes.subarray(at, end), {
      startLsn: addToLsn(content.startLsn, at),
      endLsn: addToLsn(content.startLsn, end),
      knownAt: end === bytes.length ? content.knownAt : 0n,
    });
  }
  return writer.finish();
}

function readWholeFile(path: string): Buffer {
  try {
    return readOpened(openSync(path, "r"));
  } catch (error) {
    throw inStoreWords(error, path);
  }
}

function readOpened(fd: number): Buffer {
  try {
    const bytes = Buffer.allocUnsafeSlow(fstatSync(fd).size);
    let at = 0;
    while (at < bytes.length) {
      const read = readSync(fd, bytes, at, bytes.length - at, at);
      if (read === 0) {
        break;
      }
      at += read;
    }
    return bytes.subarray(0, at);
  } finally {
    closeSync(fd);
  }
}

/** What an object should be, and with what it can be opened. */
export type Comparison = {
  readonly ticket: ObjectTicket;
  readonly segment: Uint8Array;
  readonly codec: ZstdCodec;
};

function differenceIn(object: Buffer, comparison: Comparison): string | undefined {
  const { ticket, segment, codec } = comparison;
  const header = Buffer.from(ticket.header);
  if (!object.subarray(0, header.length).equals(header)) {
    return "its header differs";
  }
  // The content is compared frame by frame: a second copy of a segment is not needed.
  const reader = new FrameReader(ticket, codec);
  let at = header.length;
  let plainAt = 0;
  for (let index = 0; ; index++) {
    const frame = readFrameHeader(object, at);
    if (typeof frame === "string" || at + frame.frameBytes > object.length) {
      return `frame ${index} is cut`;
    }
    const { plain, last } = reader.read(object.subarray(at, at + frame.frameBytes), index);
    at += frame.frameBytes;
    if (last) {
      const whole = plainAt === segment.length && at + TRAILER_BYTES === object.length;
      return whole ? undefined : "its length differs";
    }
    if (Buffer.compare(plain, segment.subarray(plainAt, plainAt + plain.length)) !== 0) {
      return `frame ${index} differs`;
    }
    plainAt += plain.length;
  }
}

/**
 * What distinguishes a published object from the segment that it should hold; undefined when nothing does. `ticket` is the
 * one it was sealed with: no private key is needed. @throws DrError `STORE_IO`.
 */
export function differenceOf(
  object: string | Uint8Array,
  comparison: Comparison,
): string | undefined {
  const bytes = typeof object === "string" ? readWholeFile(object) : Buffer.from(object);
  try {
    return differenceIn(bytes, comparison);
  } catch (error) {
    if (isDrError(error)) {
      return error.message;
    }
    throw error;
  }
}

/**
 * The directory of an object of many frames, and the trailer by which a reader finds it from the object's end. The
 * directory is a frame like any other, sealed, flagged last; the trailer is not sealed and need not be: it is
 * believed only when the frame it points to opens under the index it names, says that many frames, and all
 * lengths together make the object's size.
 *
 * Follows docs/format.md, section 5.
 */
import { assert } from "../../core/assert.ts";
import { ByteReader } from "../../core/byte-reader.ts";
import { ByteWriter } from "../../core/byte-writer.ts";
import { directoryFramesMax, framePlainBytesMax } from "../../core/limits.ts";
import { FRAME_HEADER_BYTES, POSITION_BYTES, TAG_BYTES, type FrameCodec } from "./frame-layout.ts";
import { compressed, oneTimeCodec, plainOf } from "./frame-content.ts";
import { frameOverheadBytes, type FrameSealer, type OpenedFrame } from "./frame-sealer.ts";

/** One content frame, as its own header says it. */
export type DirectoryEntry = {
  /** Ciphertext and tag. */
  readonly sealedBytes: number;
  /** Bytes after decompression. */
  readonly plainBytes: number;
  readonly codec: FrameCodec;
};

/** The trailer of objects that end with a directory. */
export type DirectoryTrailer = { readonly frames: number; readonly directoryBytes: number };

/** Length of the trailer. */
export const TRAILER_BYTES = 12;
/** "PRAD". */
const TRAILER_MAGIC = 0x44415250;

/** The directory's plain content. To finish an object use `sealDirectory`, which seals it and adds the trailer. */
export function encodeDirectory(entries: readonly DirectoryEntry[]): Buffer {
  assert(entries.length <= directoryFramesMax, "an object has at most directoryFramesMax frames");
  const writer = new ByteWriter(entries.length * 7 + 16);
  writer.varint(entries.length);
  for (const { sealedBytes } of entries) {
    writer.varint(sealedBytes);
  }
  for (const { plainBytes } of entries) {
    writer.varint(plainBytes);
  }
  for (const { codec } of entries) {
    writer.u8(codec === "stored" ? 0 : 1);
  }
  return writer.toBuffer();
}

/** @throws DrError `REPO_ENCODING`. */
export function decodeDirectory(bytes: Uint8Array): readonly DirectoryEntry[] {
  const reader = new ByteReader(bytes, "the directory of an object");
  const count = reader.varintUpTo(directoryFramesMax, "the number of frames");
  if (reader.remaining < count * 3) {
    throw reader.fault(`${count} frames do not fit into what is left`);
  }
  const sealed = Array.from({ length: count }, () =>
    reader.varintUpTo(framePlainBytesMax + TAG_BYTES, "a sealed length"),
  );
  const plain = Array.from({ length: count }, () =>
    reader.varintUpTo(framePlainBytesMax, "a plain length"),
  );
  const entries = sealed.map((sealedBytes, index): DirectoryEntry => {
    const codec = reader.u8();
    if (codec > 1) {
      throw reader.fault(`codec ${codec}`);
    }
    const plainBytes = plain[index] ?? 0;
    return { sealedBytes, plainBytes, codec: codec === 0 ? "stored" : "zstd" };
  });
  reader.end();
  return entries;
}

/** The whole frame of an entry, header and position included. */
export function entryFrameBytes(entry: DirectoryEntry, positions: boolean): number {
  return FRAME_HEADER_BYTES + (positions ? POSITION_BYTES : 0) + entry.sealedBytes;
}

/**
 * The bytes that finish an object: its directory, sealed as the last frame, and the trailer. `entries` are all
 * frames that `sealer` sealed, in order.
 */
export function sealDirectory(sealer: FrameSealer, entries: readonly DirectoryEntry[]): Buffer {
  assert(sealer.nextIndex === entries.length, "the directory has an entry for every frame");
  const plain = encodeDirectory(entries);
  const { content, codec } = compressed(plain, oneTimeCodec());
  const frameBytes = content.length + frameOverheadBytes(false);
  const bytes = Buffer.alloc(frameBytes + TRAILER_BYTES);
  const frame = { plainLength: plain.length, codec, last: true };
  assert(sealer.seal(content, frame, bytes, 0) === frameBytes, "the directory is one frame");
  bytes.writeUInt32LE(TRAILER_MAGIC, frameBytes);
  bytes.writeUInt32LE(entries.length, frameBytes + 4);
  bytes.writeUInt32LE(frameBytes, frameBytes + 8);
  return bytes;
}

/** The entries in an opened directory frame. @throws DrError `REPO_ENCODING`. */
export function openDirectory(frame: OpenedFrame): readonly DirectoryEntry[] {
  const plain = plainOf(frame, oneTimeCodec());
  return decodeDirectory(plain);
}

/** The trailer in an object's last `TRAILER_BYTES`, not yet believed; undefined when there is none. */
export function readTrailer(end: Buffer): DirectoryTrailer | undefined {
  const at = end.length - TRAILER_BYTES;
  if (at < 0 || end.readUInt32LE(at) !== TRAILER_MAGIC) {
    return undefined;
  }
  return { frames: end.readUInt32LE(at + 4), directoryBytes: end.readUInt32LE(at + 8) };
}

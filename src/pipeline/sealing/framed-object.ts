/**
 * Reads objects of many frames (packs, maps, WAL segments) where they lie: header and directory first, then any
 * frame by its range. Nothing is taken from the directory before its own tag was verified and all lengths
 * together make the size that the store reports.
 *
 * Follows docs/format.md, section 5.
 */
import { assert } from "../../core/assert.ts";
import { DrError } from "../../core/errors.ts";
import {
  directoryFramesMax,
  directoryGuessBytes,
  framePlainBytesMax,
  headerBytesMax,
} from "../../core/limits.ts";
import {
  entryFrameBytes,
  openDirectory,
  readTrailer,
  TRAILER_BYTES,
  type DirectoryEntry,
} from "./directory.ts";
import { FrameOpener, frameOverheadBytes } from "./frame-sealer.ts";
import type { KeyRing } from "./key-ring.ts";
import { objectKinds } from "./object-kind.ts";
import {
  objectLabel,
  openTicket,
  type ExpectedObject,
  type OpenedTicket,
} from "./object-header.ts";

/** Reads exactly `length` bytes of one object. Bound to its signal by who made it. */
export type RangeReader = (offset: number, length: number) => Promise<Uint8Array>;

/** Where something lies in an object. */
export type ByteRange = { readonly offset: number; readonly length: number };

/** An object whose header and directory are authentic. */
export type FramedObject = {
  readonly ticket: OpenedTicket;
  readonly directory: readonly DirectoryEntry[];
  /** Where a frame lies, header and position included; what to give to `FrameOpener.open`. */
  readonly frameRange: (index: number) => ByteRange;
};

type Ends = { readonly start: Buffer; readonly end: Buffer };

function bufferOver(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

async function readEnds(read: RangeReader, sizeBytes: number): Promise<Ends> {
  if (sizeBytes <= headerBytesMax + directoryGuessBytes) {
    const all = bufferOver(await read(0, sizeBytes));
    return { start: all, end: all };
  }
  const [start, end] = await Promise.all([
    read(0, headerBytesMax),
    read(sizeBytes - directoryGuessBytes, directoryGuessBytes),
  ]);
  return { start: bufferOver(start), end: bufferOver(end) };
}

function offsetsOf(
  directory: readonly DirectoryEntry[],
  layout: { readonly start: number; readonly positions: boolean },
): Float64Array {
  const offsets = new Float64Array(directory.length + 1);
  let at = layout.start;
  directory.forEach((entry, index) => {
    offsets[index] = at;
    at += entryFrameBytes(entry, layout.positions);
  });
  offsets[directory.length] = at;
  return offsets;
}

/**
 * Opens an object of kind `pack`, `map` or `walSegment`. Two reads, three when the directory is larger than
 * 64 KiB; one for small objects. Peak memory: the directory, sealed and decoded.
 * @throws DrError what `openTicket` throws; `REPO_OBJECT_DAMAGED` when the end is missing or lengths do not add up;
 * `REPO_FRAME_CORRUPT` when the directory is not authentic; what `read` throws.
 */
export async function openFramed(
  ring: KeyRing,
  read: RangeReader,
  sizeBytes: number,
  expected: ExpectedObject,
): Promise<FramedObject> {
  const { layout, positions } = objectKinds[expected.kind];
  assert(layout === "directory", `an object of kind ${expected.kind} has a directory`);
  const damaged = (reason: string): DrError =>
    new DrError("REPO_OBJECT_DAMAGED", { object: objectLabel(expected), reason });
  const { start, end } = await readEnds(read, sizeBytes);
  const ticket = await openTicket(ring, start, expected);
  const trailer = readTrailer(end);
  if (trailer === undefined) {
    throw damaged("its end is missing");
  }
  const { frames, directoryBytes } = trailer;
  const directoryAt = sizeBytes - TRAILER_BYTES - directoryBytes;
  const directoryBytesMax = framePlainBytesMax + frameOverheadBytes(false);
  if (
    frames > directoryFramesMax ||
    directoryBytes > directoryBytesMax ||
    directoryAt < ticket.headerBytes.length
  ) {
    throw damaged("its end is malformed");
  }
  const missing = directoryBytes + TRAILER_BYTES - end.length;
  const frameBytes =
    missing <= 0
      ? end.subarray(-missing, end.length - TRAILER_BYTES)
      : await read(directoryAt, directoryBytes);
  const opened = new FrameOpener(ticket).open(frameBytes, frames);
  if (!opened.last) {
    throw damaged("its end points to a frame that is not the directory");
  }
  const directory = openDirectory(opened);
  const offsets = offsetsOf(directory, { start: ticket.headerBytes.length, positions });
  if (directory.length !== frames || offsets[frames] !== directoryAt) {
    throw damaged("its frames do not fill it");
  }
  const frameRange = (index: number): ByteRange => {
    const offset = offsets[index];
    const next = offsets[index + 1];
    assert(offset !== undefined && next !== undefined, "the frame is in the directory");
    return { offset, length: next - offset };
  };
  return { ticket, directory, frameRange };
}

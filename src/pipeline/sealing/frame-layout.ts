/**
 * The 16 bytes before every frame, the position behind them, and what is bound to each: shared by the
 * sealer and the opener, so that they cannot disagree about nonce or associated data.
 *
 * Follows docs/format.md, section 5.
 */
import { framePlainBytesMax } from "../../core/limits.ts";
import { lsnOf, type Lsn } from "../../core/lsn.ts";
import { objectIdBytes } from "../../core/object-id.ts";
import { objectKinds } from "./object-kind.ts";
import type { ObjectTicket } from "./object-header.ts";

/** Bytes before a frame's position or content. */
export const FRAME_HEADER_BYTES = 16;
/** AES-GCM's tag. */
export const TAG_BYTES = 16;
/** A sealed position: three u64 and a tag. */
export const POSITION_BYTES = 40;
/** The plain part of a position. */
export const POSITION_PLAIN_BYTES = 24;
/** AES-GCM's nonce. */
export const NONCE_BYTES = 12;
/** AES-256-GCM, as node:crypto names it. */
export const CIPHER = "aes-256-gcm";

/** How a frame's content was made smaller. */
export type FrameCodec = "stored" | "zstd";

/** The WAL that a frame holds. */
export type FramePosition = {
  readonly startLsn: Lsn;
  readonly endLsn: Lsn;
  /** Server clock, microseconds since 2000, when it had written nothing beyond `endLsn`; 0n = not known. */
  readonly knownAt: bigint;
};

/** Which stream of nonces. */
export const NONCE_DOMAIN = { content: 0, position: 1 } as const;

const FLAG_LAST = 1;
const FLAG_POSITION = 2;
const CODEC_NUMBER: Readonly<Record<FrameCodec, number>> = { stored: 0, zstd: 1 };

const AAD_LABEL = Buffer.from("PRA v1 frame");
const INDEX_AT = AAD_LABEL.length + 16 + 2 + 16;
const HEADER_AT = INDEX_AT + 8;
const POSITION_AT = HEADER_AT + FRAME_HEADER_BYTES;

/** A frame's header, decoded. */
export type FrameHeader = {
  readonly sealedBytes: number;
  readonly plainBytes: number;
  readonly codec: FrameCodec;
  readonly last: boolean;
  readonly hasPosition: boolean;
  /** The whole frame, header and position included. */
  readonly frameBytes: number;
};

/** For numbers of 64 bits: `Buffer` writes them from four BigInts each, and a synchronous commit waits for a dozen of them. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function writeIndex(target: DataView, at: number, index: number): void {
  target.setUint32(at, index, true);
  target.setUint32(at + 4, Math.floor(index / 2 ** 32), true);
}

/** For a few bytes, without the view that `set` wants. */
function copyFew(source: Buffer, from: number, target: Buffer, at: number, length: number): void {
  for (let done = 0; done < length; done++) {
    target[at + done] = source[from + done] ?? 0;
  }
}

/** Writes a frame's header. */
export function writeFrameHeader(
  target: Buffer,
  at: number,
  header: Omit<FrameHeader, "frameBytes">,
): void {
  target.writeUInt32LE(header.sealedBytes, at);
  target.writeUInt32LE(header.plainBytes, at + 4);
  target[at + 8] = CODEC_NUMBER[header.codec];
  target[at + 9] = (header.last ? FLAG_LAST : 0) | (header.hasPosition ? FLAG_POSITION : 0);
  for (let reserved = at + 10; reserved < at + FRAME_HEADER_BYTES; reserved++) {
    target[reserved] = 0;
  }
}

/** Reads a frame's header, or says as text what is wrong with it. Nothing in it is authentic yet. */
export function readFrameHeader(frame: Buffer, at: number): FrameHeader | string {
  if (frame.length - at < FRAME_HEADER_BYTES) {
    return "its header is cut";
  }
  const sealedBytes = frame.readUInt32LE(at);
  const plainBytes = frame.readUInt32LE(at + 4);
  const codec = frame.readUInt8(at + 8);
  const flags = frame.readUInt8(at + 9);
  if (codec > 1 || flags > (FLAG_LAST | FLAG_POSITION) || frame.readUIntLE(at + 10, 6) !== 0) {
    return "its header is malformed";
  }
  const contentBytes = sealedBytes - TAG_BYTES;
  const lengthsHold =
    plainBytes <= framePlainBytesMax &&
    (codec === CODEC_NUMBER.stored
      ? contentBytes === plainBytes
      : contentBytes > 0 && contentBytes < plainBytes);
  if (!lengthsHold) {
    return `lengths ${sealedBytes} and ${plainBytes} cannot be`;
  }
  const hasPosition = (flags & FLAG_POSITION) !== 0;
  return {
    sealedBytes,
    plainBytes,
    codec: codec === CODEC_NUMBER.stored ? "stored" : "zstd",
    last: (flags & FLAG_LAST) !== 0,
    hasPosition,
    frameBytes: FRAME_HEADER_BYTES + (hasPosition ? POSITION_BYTES : 0) + sealedBytes,
  };
}

/** Writes the plain bytes of a position. */
export function writePosition(target: DataView, position: FramePosition): void {
  target.setBigUint64(0, position.startLsn, true);
  target.setBigUint64(8, position.endLsn, true);
  target.setBigUint64(16, position.knownAt, true);
}

/** Reads the plain bytes of a position. */
export function readPosition(plain: Buffer): FramePosition {
  return {
    startLsn: lsnOf(plain.readBigUInt64LE(0)),
    endLsn: lsnOf(plain.readBigUInt64LE(8)),
    knownAt: plain.readBigUInt64LE(16),
  };
}

/** What of a ticket is bound to every frame; enough for positions, which need no object key. */
export type FramePlace = Pick<ObjectTicket, "repositoryId" | "kind" | "objectId">;

/**
 * Nonce and associated data of the frames of one object, in buffers that are reused: what a method returns is
 * valid until the next call.
 */
export class FrameBinding {
  readonly #aad: Buffer;
  readonly #aadOfPosition: Buffer;
  readonly #aadView: DataView;
  readonly #nonce = Buffer.alloc(NONCE_BYTES);
  readonly #nonceView = viewOf(this.#nonce);

  constructor(place: FramePlace) {
    const aad = Buffer.alloc(POSITION_AT + POSITION_PLAIN_BYTES);
    aad.set(AAD_LABEL, 0);
    aad.set(place.repositoryId, AAD_LABEL.length);
    aad.writeUInt16LE(objectKinds[place.kind].number, AAD_LABEL.length + 16);
    aad.set(objectIdBytes(place.objectId), AAD_LABEL.length + 18);
    this.#aad = aad;
    this.#aadOfPosition = aad.subarray(0, POSITION_AT);
    this.#aadView = viewOf(aad);
  }

  /** The nonce of a frame. */
  nonce(domain: number, index: number): Buffer {
    this.#nonceView.setUint32(0, domain, true);
    writeIndex(this.#nonceView, 4, index);
    return this.#nonce;
  }

  /** The associated data of a frame's position. */
  ofPosition(index: number, frame: Buffer, at: number): Buffer {
    writeIndex(this.#aadView, INDEX_AT, index);
    copyFew(frame, at, this.#aad, HEADER_AT, FRAME_HEADER_BYTES);
    return this.#aadOfPosition;
  }

  /** The associated data of a frame's content, after `ofPosition` of the same frame when it has one. */
  ofContent(index: number, frame: Buffer, at: number, plainPosition: Buffer | undefined): Buffer {
    const without = this.ofPosition(index, frame, at);
    if (plainPosition === undefined) {
      return without;
    }
    copyFew(plainPosition, 0, this.#aad, POSITION_AT, POSITION_PLAIN_BYTES);
    return this.#aad;
  }
}

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
  target.fill(0, at + 10, at + FRAME_HEADER_BYTES);
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
export function writePosition(target: Buffer, at: number, position: FramePosition): void {
  target.writeBigUInt64LE(position.startLsn, at);
  target.writeBigUInt64LE(position.endLsn, at + 8);
  target.writeBigUInt64LE(position.knownAt, at + 16);
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
  readonly #nonce = Buffer.alloc(NONCE_BYTES);

  constructor(place: FramePlace) {
    const aad = Buffer.alloc(POSITION_AT + POSITION_PLAIN_BYTES);
    aad.set(AAD_LABEL, 0);
    aad.set(place.repositoryId, AAD_LABEL.length);
    aad.writeUInt16LE(objectKinds[place.kind].number, AAD_LABEL.length + 16);
    aad.set(objectIdBytes(place.objectId), AAD_LABEL.length + 18);
    this.#aad = aad;
  }

  /** The nonce of a frame. */
  nonce(domain: number, index: number): Buffer {
    this.#nonce.writeUInt32LE(domain, 0);
    this.#nonce.writeBigUInt64LE(BigInt(index), 4);
    return this.#nonce;
  }

  /** The associated data of a frame's position. */
  ofPosition(index: number, frame: Buffer, at: number): Buffer {
    this.#aad.writeBigUInt64LE(BigInt(index), INDEX_AT);
    frame.copy(this.#aad, HEADER_AT, at, at + FRAME_HEADER_BYTES);
    return this.#aad.subarray(0, POSITION_AT);
  }

  /** The associated data of a frame's content, after `ofPosition` of the same frame when it has one. */
  ofContent(index: number, frame: Buffer, at: number, plainPosition: Buffer | undefined): Buffer {
    const without = this.ofPosition(index, frame, at);
    if (plainPosition === undefined) {
      return without;
    }
    plainPosition.copy(this.#aad, POSITION_AT);
    return this.#aad;
  }
}

/**
 * Frames sealed and opened, synchronously, for worker threads: AES-256-GCM under the object's own key. The
 * index of a frame is its nonce, so a sealer counts by itself and never goes back, and a frame can only be opened at
 * the place where it was sealed. No byte of a frame leaves the opener before its tag was verified.
 *
 * Compression is not done here: content comes compressed and leaves compressed (`frame-codec.ts`).
 * Follows docs/format.md, section 5.
 */
import {
  type CipherGCM,
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  type KeyObject,
} from "node:crypto";
import { assert } from "../../core/assert.ts";
import { DrError } from "../../core/errors.ts";
import { guard } from "../../core/failpoint.ts";
import { framePlainBytesMax, sealedFramesMax } from "../../core/limits.ts";
import {
  CIPHER,
  FRAME_HEADER_BYTES,
  FrameBinding,
  NONCE_DOMAIN,
  POSITION_BYTES,
  POSITION_PLAIN_BYTES,
  readFrameHeader,
  readPosition,
  TAG_BYTES,
  viewOf,
  writeFrameHeader,
  writePosition,
  type FrameCodec,
  type FramePlace,
  type FramePosition,
} from "./frame-layout.ts";
import { objectKinds } from "./object-kind.ts";
import type { ObjectTicket } from "./object-header.ts";

/** What the sealed bytes of a frame take beyond its content. */
export function frameOverheadBytes(position: boolean): number {
  return FRAME_HEADER_BYTES + (position ? POSITION_BYTES : 0) + TAG_BYTES;
}

/** What is sealed with a frame's content. */
export type FrameToSeal = {
  /** Bytes of the content after decompression. */
  readonly plainLength: number;
  readonly codec: FrameCodec;
  /** Nothing follows in this object. */
  readonly last: boolean;
  /** For content frames of WAL segments and parts, and only there. */
  readonly position?: FramePosition | undefined;
};

/** A frame that has been authenticated. */
export type OpenedFrame = {
  readonly codec: FrameCodec;
  readonly last: boolean;
  readonly plainLength: number;
  /** Decrypted, still compressed when `codec` says so. In the room that was given, else a buffer of its own. */
  readonly content: Buffer;
  readonly position?: FramePosition;
};

/** Keys as `node:crypto` keeps them: given as bytes, each cipher would spend 10 µs on its key, as long as 10 KiB take. */
function secretKey(bytes: Uint8Array | undefined): KeyObject | undefined {
  return bytes === undefined ? undefined : createSecretKey(bytes);
}

/**
 * What a cipher is given at once. It answers with a new buffer of that length: of 64 KiB it stays in the processor's
 * cache and in the allocator's hands; of a MiB it is mapped and cleared anew each time, for three times the CPU.
 */
const CIPHER_PIECE_BYTES = 65_536;

/** Below it freeing the cipher's answer at once costs more than leaving it to the next collection. */
const CIPHER_SMALL_BYTES = 4096;

/** Ciphers made in one go: one by one each costs 7 µs of a cold processor, together 2. 16 take 40 KB. */
const CIPHERS_AHEAD = 16;

type CipherStep = { update(piece: Uint8Array): Buffer };

/** Runs `source` through a cipher into `target`. Each piece's buffer is freed at once, not when memory is collected. */
function cipherInto(cipher: CipherStep, source: Uint8Array, target: Buffer, at: number): void {
  if (source.length < CIPHER_SMALL_BYTES) {
    target.set(cipher.update(source), at);
    return;
  }
  for (let from = 0; from < source.length; from += CIPHER_PIECE_BYTES) {
    const made = cipher.update(source.subarray(from, from + CIPHER_PIECE_BYTES));
    target.set(made, at + from);
    const { buffer } = made;
    if (buffer instanceof ArrayBuffer && buffer.byteLength === made.length) {
      buffer.transfer(0);
    }
  }
}

function encryptInto(
  cipher: { readonly gcm: CipherGCM; readonly aad: Buffer },
  plain: Uint8Array,
  target: Buffer,
  at: number,
): number {
  const { gcm, aad } = cipher;
  gcm.setAAD(aad);
  cipherInto(gcm, plain, target, at);
  gcm.final();
  target.set(gcm.getAuthTag(), at + plain.length);
  return plain.length + TAG_BYTES;
}

function decrypt(
  cipher: { readonly key: KeyObject; readonly nonce: Buffer; readonly aad: Buffer },
  sealed: Buffer,
  room: Buffer | undefined,
): Buffer | undefined {
  const tagAt = sealed.length - TAG_BYTES;
  const gcm = createDecipheriv(CIPHER, cipher.key, cipher.nonce, { authTagLength: TAG_BYTES });
  gcm.setAAD(cipher.aad);
  gcm.setAuthTag(sealed.subarray(tagAt));
  const plain = room?.subarray(0, tagAt) ?? Buffer.allocUnsafeSlow(tagAt);
  assert(plain.length === tagAt, "there is room for what is opened");
  cipherInto(gcm, sealed.subarray(0, tagAt), plain, 0);
  try {
    if (guard("L40-frame-tag")) {
      gcm.final();
    }
  } catch {
    // Node's text for a tag that does not match says nothing; the caller names frame and object.
    return undefined;
  }
  return plain;
}

/** Each serves one frame: its nonce is in it. */
type FrameCiphers = { readonly content: CipherGCM; readonly position: CipherGCM | undefined };

/**
 * Seals the frames of one object, in order. One sealer for one ticket: a second one would repeat nonces.
 * States: open, until a frame flagged last was sealed; then closed.
 */
export class FrameSealer {
  readonly #ticket: ObjectTicket;
  readonly #binding: FrameBinding;
  readonly #key: KeyObject;
  readonly #positionKey: KeyObject | undefined;
  readonly #position = Buffer.alloc(POSITION_PLAIN_BYTES);
  readonly #positionView = viewOf(this.#position);
  #nextIndex = 0;
  #closed = false;
  /** Of the frames from `#nextIndex` on, the last one first, as far as they were made ahead. */
  #ready: FrameCiphers[] = [];

  constructor(ticket: ObjectTicket) {
    this.#ticket = ticket;
    this.#binding = new FrameBinding(ticket);
    this.#key = createSecretKey(ticket.key);
    this.#positionKey = secretKey(ticket.positionKey);
  }

  /** The index that the next frame gets; how many frames were sealed. */
  get nextIndex(): number {
    return this.#nextIndex;
  }

  /** Makes the next frames' ciphers now, so that whoever waits for those frames does not wait for them. */
  prepare(): void {
    if (this.#closed || this.#ready.length > 0) {
      return;
    }
    const end = Math.min(this.#nextIndex + CIPHERS_AHEAD, sealedFramesMax);
    for (let index = end - 1; index >= this.#nextIndex; index--) {
      this.#ready.push(this.#ciphersOf(index, { position: true }));
    }
  }

  #ciphersOf(index: number, options: { readonly position: boolean }): FrameCiphers {
    const settings = { authTagLength: TAG_BYTES };
    const { content, position } = NONCE_DOMAIN;
    const cipher = (key: KeyObject, domain: number): CipherGCM =>
      createCipheriv(CIPHER, key, this.#binding.nonce(domain, index), settings);
    const positionKey = options.position ? this.#positionKey : undefined;
    return {
      content: cipher(this.#key, content),
      position: positionKey === undefined ? undefined : cipher(positionKey, position),
    };
  }

  #check(content: Uint8Array, frame: FrameToSeal): void {
    const { layout, positions } = objectKinds[this.#ticket.kind];
    assert(!this.#closed, "no frame follows the last one");
    assert(this.#nextIndex < sealedFramesMax, "an object has at most 2^32 frames");
    assert(frame.plainLength <= framePlainBytesMax, "a frame has at most 16 MiB plain");
    assert(
      frame.codec === "stored"
        ? content.length === frame.plainLength
        : content.length > 0 && content.length < frame.plainLength,
      "stored content has its plain length, compressed content is shorter and not empty",
    );
    assert(!(frame.last && layout === "part"), "a WAL part has no last frame");
    assert(
      (frame.position !== undefined) === (positions && !frame.last),
      "exactly the content frames of WAL segments and parts have a position",
    );
  }

  /**
   * Writes a frame to `target` at `targetOffset` and returns its length: `frameOverheadBytes` more than the content.
   * Allocates nothing that lasts.
   */
  seal(content: Uint8Array, frame: FrameToSeal, target: Buffer, targetOffset: number): number {
    this.#check(content, frame);
    const { position } = frame;
    const frameBytes = content.length + frameOverheadBytes(position !== undefined);
    assert(target.length - targetOffset >= frameBytes, "the target has room for the frame");
    const index = this.#nextIndex;
    const ciphers =
      this.#ready.pop() ?? this.#ciphersOf(index, { position: position !== undefined });
    this.#nextIndex += 1;
    this.#closed = frame.last;
    writeFrameHeader(target, targetOffset, {
      sealedBytes: content.length + TAG_BYTES,
      plainBytes: frame.plainLength,
      codec: frame.codec,
      last: frame.last,
      hasPosition: position !== undefined,
    });
    let at = targetOffset + FRAME_HEADER_BYTES;
    if (position !== undefined) {
      const gcm = ciphers.position;
      assert(gcm !== undefined, "the ticket of a kind with positions has a position key");
      writePosition(this.#positionView, position);
      const cipher = { gcm, aad: this.#binding.ofPosition(index, target, targetOffset) };
      at += encryptInto(cipher, this.#position, target, at);
    }
    const plainPosition = position === undefined ? undefined : this.#position;
    const aad = this.#binding.ofContent(index, target, targetOffset, plainPosition);
    encryptInto({ gcm: ciphers.content, aad }, content, target, at);
    return frameBytes;
  }
}

/** Opens frames of one object, in any order. */
export class FrameOpener {
  readonly #ticket: ObjectTicket;
  readonly #binding: FrameBinding;
  readonly #key: KeyObject;
  readonly #positions: PositionOpener | undefined;

  constructor(ticket: ObjectTicket) {
    this.#ticket = ticket;
    this.#binding = new FrameBinding(ticket);
    this.#key = createSecretKey(ticket.key);
    this.#positions =
      ticket.positionKey === undefined
        ? undefined
        : new PositionOpener({ ...ticket, positionKey: ticket.positionKey });
  }

  /**
   * Authenticates and decrypts exactly one frame, which was sealed as the `index`-th of this object. `room`, at least as
   * long as the frame: holds the content, until it is used again; nothing in it counts when this throws.
   * @throws DrError `REPO_FRAME_CORRUPT` for anything else.
   */
  open(frameBytes: Uint8Array, index: number, room?: Buffer): OpenedFrame {
    const frame = bufferOver(frameBytes);
    const header = readFrameHeader(frame, 0);
    if (typeof header === "string") {
      throw corrupt(this.#ticket, index, header);
    }
    if (header.frameBytes !== frame.length) {
      throw corrupt(this.#ticket, index, `${frame.length} of ${header.frameBytes} bytes are there`);
    }
    const { positions } = objectKinds[this.#ticket.kind];
    if (header.hasPosition !== (positions && !header.last)) {
      throw corrupt(this.#ticket, index, "its flags are not those of this kind");
    }
    const position = header.hasPosition ? this.#positions?.openPlain(frame, index) : undefined;
    const cipher = {
      key: this.#key,
      nonce: this.#binding.nonce(NONCE_DOMAIN.content, index),
      aad: this.#binding.ofContent(index, frame, 0, position),
    };
    const sealed = frame.subarray(frame.length - header.sealedBytes);
    const content = decrypt(cipher, sealed, room);
    if (content === undefined) {
      throw corrupt(this.#ticket, index, "its tag does not match");
    }
    const { codec, last, plainBytes: plainLength } = header;
    const opened = { codec, last, plainLength, content };
    return position === undefined ? opened : { ...opened, position: readPosition(position) };
  }
}

/** Opens the positions of frames and nothing else: needs the metadata key, not the object's. */
export class PositionOpener {
  readonly #place: FramePlace;
  readonly #key: KeyObject;
  readonly #binding: FrameBinding;

  constructor(place: FramePlace & { readonly positionKey: Uint8Array }) {
    this.#place = place;
    this.#key = createSecretKey(place.positionKey);
    this.#binding = new FrameBinding(place);
  }

  /**
   * The position of a frame; `frame` holds at least its header and position.
   * @throws DrError `REPO_FRAME_CORRUPT`.
   */
  open(frame: Uint8Array, index: number): FramePosition {
    return readPosition(this.openPlain(bufferOver(frame), index));
  }

  /** The same as 24 plain bytes. @throws DrError `REPO_FRAME_CORRUPT`. */
  openPlain(frame: Buffer, index: number): Buffer {
    if (frame.length < FRAME_HEADER_BYTES + POSITION_BYTES) {
      throw corrupt(this.#place, index, "its position is cut");
    }
    const cipher = {
      key: this.#key,
      nonce: this.#binding.nonce(NONCE_DOMAIN.position, index),
      aad: this.#binding.ofPosition(index, frame, 0),
    };
    const sealed = frame.subarray(FRAME_HEADER_BYTES, FRAME_HEADER_BYTES + POSITION_BYTES);
    const plain = decrypt(cipher, sealed, undefined);
    if (plain === undefined) {
      throw corrupt(this.#place, index, "the tag of its position does not match");
    }
    return plain;
  }
}

function bufferOver(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** The error of a frame that is not what its writer sealed. */
export function corrupt(
  place: FramePlace,
  index: number,
  reason: string,
): DrError<"REPO_FRAME_CORRUPT"> {
  const object = `${place.kind} ${place.objectId}`;
  return new DrError("REPO_FRAME_CORRUPT", { object, index, reason });
}

/**
 * WAL in the making: a part is a header and frames with positions, appended by one process life and never opened again.
 * It has no last frame, because its writer may die at any byte: what counts is the row of authentic frames
 * from the beginning whose positions follow each other.
 *
 * A reader cannot tell a part that a hostile store cut at a frame's end from one whose writer stopped there, and
 * cannot tell a cut inside a frame from a torn write. What a part should hold at least is known elsewhere
 * (the next part, the published segment, the ledger); nothing here may claim that a part is complete.
 *
 * Follows docs/format.md, sections 5 and 10.
 */
import { assert } from "../../core/assert.ts";
import { isDrError } from "../../core/errors.ts";
import { addToLsn, type Lsn } from "../../core/lsn.ts";
import { zstdBoundBytes, type ZstdCodec } from "../zstd-codec.ts";
import { decodeWalFacts, encodeWalFacts, type WalFacts } from "./facts.ts";
import { FrameReader } from "./frame-codec.ts";
import { compressed, oneTimeCodec } from "./frame-content.ts";
import { readFrameHeader, type FrameHeader, type FramePosition } from "./frame-layout.ts";
import { frameOverheadBytes, FrameSealer, PositionOpener } from "./frame-sealer.ts";
import { positionKey } from "./key-derivation.ts";
import type { KeyRing } from "./key-ring.ts";
import {
  checkHeader,
  openTicket,
  sealTicket,
  type ExpectedObject,
  type NewObject,
  type ObjectTicket,
  type OpenedTicket,
} from "./object-header.ts";

/** A new part. */
export type NewPart = Omit<NewObject, "kind" | "facts"> & { readonly facts: WalFacts };

/** Where a part was found. */
export type ExpectedPart = Omit<ExpectedObject, "kind">;

/** Authentic WAL. */
export type PartFrame = FramePosition & { readonly wal: Buffer };

/**
 * Why reading stopped. `end`: after a whole frame. `torn`: the bytes end inside a frame. `corrupt`: what follows is
 * not a frame that this writer sealed here. Only `end` leaves no bytes behind `offset`.
 */
export type PartStop = {
  readonly reason: "end" | "torn" | "corrupt";
  readonly offset: number;
  readonly detail: string;
};

/** What a part holds. */
export type PartContent<Frame extends FramePosition> = {
  readonly facts: WalFacts;
  readonly epoch: number;
  readonly frames: readonly Frame[];
  /** End of the last authentic frame; the part's start when there is none. */
  readonly endLsn: Lsn;
  readonly stop: PartStop;
};

/**
 * Seals what is appended to one part. The caller writes `header` first, then every returned buffer once, in order. After
 * a write that failed or may have failed, it throws the appender away and begins another part:
 * what the failed write left behind is a torn tail. It remembers nothing of a frame: a part under load has tens
 * of thousands and no directory. Memory: twice the largest frame.
 */
export class PartAppender {
  readonly header: Uint8Array;
  readonly #sealer: FrameSealer;
  readonly #codec: ZstdCodec;
  #roomFor = 0;
  #room = Buffer.alloc(0);
  #frame = Buffer.alloc(frameOverheadBytes(true));
  #endLsn: Lsn;

  constructor(
    ticket: ObjectTicket,
    options: { readonly startLsn: Lsn; readonly codec: ZstdCodec },
  ) {
    this.header = ticket.header;
    this.#sealer = new FrameSealer(ticket);
    this.#codec = options.codec;
    this.#endLsn = options.startLsn;
  }

  /** Begins a part; its WAL starts at `part.facts.startLsn`. The id must be new. */
  static async begin(ring: KeyRing, part: NewPart, codec: ZstdCodec): Promise<PartAppender> {
    const facts = encodeWalFacts(part.facts);
    const ticket = await sealTicket(ring, { ...part, kind: "walPart", facts });
    return new PartAppender(ticket, { startLsn: part.facts.startLsn, codec });
  }

  /** End of what was appended. */
  get endLsn(): Lsn {
    return this.#endLsn;
  }

  /**
   * A frame with the WAL that follows, at most 16 MiB; empty WAL records only `knownAt`. The buffer is
   * overwritten by the next call. `onCompressed` sees the compressed bytes, if there are any, for as long.
   */
  append(wal: Uint8Array, knownAt = 0n, onCompressed?: (content: Uint8Array) => void): Buffer {
    const startLsn = this.#endLsn;
    const endLsn = addToLsn(startLsn, wal.length);
    this.#reserve(wal.length);
    const { content, codec } = compressed(wal, this.#codec, this.#room);
    if (codec === "zstd") {
      onCompressed?.(content);
    }
    const position = { startLsn, endLsn, knownAt };
    const frame = { plainLength: wal.length, codec, last: false, position };
    const frameBytes = this.#sealer.seal(content, frame, this.#frame, 0);
    this.#endLsn = endLsn;
    return this.#frame.subarray(0, frameBytes);
  }

  /** Makes ready what does not depend on the WAL that comes next. */
  prepare(): void {
    this.#sealer.prepare();
  }

  #reserve(walBytes: number): void {
    if (walBytes > this.#roomFor) {
      this.#roomFor = walBytes;
      this.#room = Buffer.allocUnsafe(zstdBoundBytes(walBytes));
      this.#frame = Buffer.allocUnsafe(walBytes + frameOverheadBytes(true));
    }
  }
}

function bufferOver(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function follows(position: FramePosition, endLsn: Lsn, plainBytes: number): boolean {
  return position.startLsn === endLsn && position.endLsn - position.startLsn === BigInt(plainBytes);
}

/** Walks the frames of a part's bytes from `from`, while `open` finds them authentic; `frames` and `endLsn` are those of the bytes before. */
function walk<Frame extends FramePosition>(
  part: {
    readonly bytes: Buffer;
    readonly from: number;
    readonly endLsn: Lsn;
    readonly frames?: Frame[];
    /** Where in the part the bytes begin. */
    readonly base?: number;
  },
  open: (frame: Buffer, index: number, header: FrameHeader) => Frame,
): Pick<PartContent<Frame>, "frames" | "endLsn" | "stop"> {
  const { bytes, frames = [], base = 0 } = part;
  let { endLsn, from: at } = part;
  const stopped = (reason: PartStop["reason"], detail: string): PartContent<Frame>["stop"] => ({
    reason,
    offset: base + at,
    detail,
  });
  while (at < bytes.length) {
    const header = readFrameHeader(bytes, at);
    if (typeof header === "string") {
      const torn = header === "its header is cut";
      return { frames, endLsn, stop: stopped(torn ? "torn" : "corrupt", header) };
    }
    if (at + header.frameBytes > bytes.length) {
      const detail = `${bytes.length - at} of ${header.frameBytes} bytes are there`;
      return { frames, endLsn, stop: stopped("torn", detail) };
    }
    try {
      const frame = open(bytes.subarray(at, at + header.frameBytes), frames.length, header);
      if (!follows(frame, endLsn, header.plainBytes)) {
        const stop = stopped("corrupt", "its position does not follow the frame before");
        return { frames, endLsn, stop };
      }
      frames.push(frame);
      endLsn = frame.endLsn;
      at += header.frameBytes;
    } catch (error) {
      if (isDrError(error, "REPO_FRAME_CORRUPT")) {
        return { frames, endLsn, stop: stopped("corrupt", error.message) };
      }
      throw error;
    }
  }
  return { frames, endLsn, stop: stopped("end", "") };
}

/**
 * The authentic WAL of a part. Never throws for a tail: see `stop`. Peak memory: the part and its plain WAL.
 * @throws DrError what `openTicket` throws when the header is not authentic or not of this place.
 */
export async function readPart(
  ring: KeyRing,
  source: Uint8Array,
  expected: ExpectedPart,
): Promise<PartContent<PartFrame> & { readonly ticket: OpenedTicket }> {
  const bytes = bufferOver(source);
  const ticket = await openTicket(ring, bytes, { ...expected, kind: "walPart" });
  const facts = decodeWalFacts("walPart", ticket.facts);
  const reader = new FrameReader(ticket, oneTimeCodec());
  const place = { bytes, from: ticket.headerBytes.length, endLsn: facts.startLsn };
  const found = walk(place, (frame, index) => {
    const { plain, position } = reader.read(frame, index);
    assert(position !== undefined, "frames of WAL parts have positions");
    return { ...position, wal: plain };
  });
  return { ticket, facts, epoch: ticket.epoch, ...found };
}

/**
 * The positions of a part, on a host that cannot decrypt WAL: enough to know how far the repository has it. That the WAL
 * itself is intact is not proved by it. Takes the part in pieces, so that a look at one that grows needs little memory.
 * Errors and tails as `readPart`.
 */
export class PartPositions {
  readonly #opener: PositionOpener;
  readonly #header: {
    readonly facts: WalFacts;
    readonly epoch: number;
    readonly generation: number;
  };
  readonly #frames: FramePosition[] = [];
  #found: Pick<PartContent<FramePosition>, "frames" | "endLsn" | "stop">;

  /** `beginning` holds the header at least. @throws DrError as `readPart`. */
  constructor(ring: KeyRing, beginning: Uint8Array, expected: ExpectedPart) {
    const bytes = bufferOver(beginning);
    const header = checkHeader(ring, bytes, { ...expected, kind: "walPart" });
    const facts = decodeWalFacts("walPart", header.facts);
    const { epoch, generation } = header;
    this.#header = { facts, epoch, generation };
    this.#opener = new PositionOpener({
      ...header,
      positionKey: positionKey(header.keys.metadataKey, header),
    });
    this.#found = this.#walk(bytes, {
      from: header.headerBytes.length,
      base: 0,
      endLsn: facts.startLsn,
    });
  }

  /** What was found so far; `stop.offset` is where the next piece has to begin. */
  get content(): PartContent<FramePosition> & { readonly generation: number } {
    return { ...this.#header, ...this.#found };
  }

  /** The bytes that begin at `content.stop.offset`. */
  add(piece: Uint8Array): void {
    const { endLsn, stop } = this.#found;
    this.#found = this.#walk(bufferOver(piece), { from: 0, base: stop.offset, endLsn });
  }

  #walk(
    bytes: Buffer,
    place: { readonly from: number; readonly base: number; readonly endLsn: Lsn },
  ): Pick<PartContent<FramePosition>, "frames" | "endLsn" | "stop"> {
    const frames = this.#frames;
    return walk({ bytes, frames, ...place }, (frame, index) => this.#opener.open(frame, index));
  }
}

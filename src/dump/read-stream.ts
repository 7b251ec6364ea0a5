/**
 * A dump's stream, back as the bytes that the program wrote: pack by pack, frame by frame, each authentic before it is given on, each
 * pack held against what the dump's document says of it. That alone makes them the right ones; the digest over the whole, which costs
 * half as much again, is for whoever wants it shown.
 *
 * What is given on is overwritten when the third chunk after it is asked for: whoever keeps one for longer copies it. Buffers of a
 * megabyte that are used once cost a third of the time in collecting them.
 *
 * Memory: twice `dumpReadBytes` of sealed frames, and three open. Aborted: rejects with the signal's reason.
 */
import { createHash } from "node:crypto";
import { present } from "../core/assert.ts";
import { DrError } from "../core/errors.ts";
import { dumpReadBytes, slotBytes } from "../core/limits.ts";
import { plainOf } from "../pipeline/sealing/frame-content.ts";
import { FrameOpener } from "../pipeline/sealing/frame-sealer.ts";
import type { FramedObject } from "../pipeline/sealing/framed-object.ts";
import { ZstdCodec } from "../pipeline/zstd-codec.ts";
import type { DumpPack, DumpStream } from "../repository/dump-document.ts";
import { type IncarnationPlace, objectKey } from "../repository/object-names.ts";
import type { StoreCall } from "../repository/object-store.ts";
import type { SealedStore } from "../repository/sealed-store.ts";

/** One is written, one waits behind it, one is being made. */
const ROOMS = 3;
/** A frame that did not get smaller, and what it is sealed with. */
const ROOM_BYTES = slotBytes + 4096;

/** Where frames are opened, and where they are unpacked, by turns. */
class Rooms {
  readonly #codec: ZstdCodec;
  readonly #rooms = Array.from({ length: ROOMS }, () => ({
    opened: Buffer.allocUnsafeSlow(ROOM_BYTES),
    plain: Buffer.allocUnsafeSlow(slotBytes),
  }));
  #turn = 0;

  constructor(codec: ZstdCodec) {
    this.#codec = codec;
  }

  /** Opens and unpacks one frame. @throws DrError `REPO_FRAME_*`. */
  read(opener: FrameOpener, frameBytes: Uint8Array, index: number): Buffer {
    const room = present(this.#rooms[this.#turn % ROOMS], "a number below their count");
    this.#turn += 1;
    const fits = frameBytes.length <= ROOM_BYTES;
    const frame = opener.open(frameBytes, index, fits ? room.opened : undefined);
    return plainOf(frame, this.#codec, room.plain);
  }
}

type OpenPack = { readonly opened: FramedObject; readonly key: string };

function damaged(object: string, reason: string): DrError {
  return new DrError("REPO_OBJECT_DAMAGED", { object, reason });
}

/** @throws DrError `REPO_OBJECT_DAMAGED` when it is not the pack that the dump names; what opening throws. */
async function openPack(
  sealed: SealedStore,
  place: IncarnationPlace,
  call: StoreCall & { readonly pack: DumpPack },
): Promise<OpenPack> {
  const { pack, signal } = call;
  const name = { ...place, type: "pack", id: pack.id } as const;
  const opened = await sealed.openFramed(name, { signal });
  const { headerBytes } = opened.ticket;
  const headerSha256 = createHash("sha256").update(headerBytes).digest("hex");
  const key = objectKey(name);
  if (headerSha256 !== pack.headerSha256 || opened.directory.length !== pack.frames) {
    throw damaged(key, "it is not the one that its dump names");
  }
  return { opened, key };
}

/** Frames that lie one behind the other. */
type FrameGroup = {
  readonly first: number;
  readonly bytes: Buffer;
  /** Where each begins in `bytes`, and where the last ends. */
  readonly offsets: readonly number[];
};

/** Frames from `first` on, so many as one read shall fetch. */
async function readGroup(
  sealed: SealedStore,
  { opened, key, first }: OpenPack & { readonly first: number },
  { signal }: StoreCall,
): Promise<FrameGroup> {
  const { offset } = opened.frameRange(first);
  const offsets = [0];
  const frames = opened.directory.length;
  for (let index = first; index < frames && (offsets.at(-1) ?? 0) < dumpReadBytes; index += 1) {
    const range = opened.frameRange(index);
    offsets.push(range.offset + range.length - offset);
  }
  const range = { offset, length: offsets.at(-1) ?? 0 };
  return { first, offsets, bytes: await sealed.store.get(key, { signal, range }) };
}

/** The plain content of a pack's frames. The next group is read while one is opened and given on. */
async function* framesOf(
  sealed: SealedStore,
  pack: OpenPack,
  call: StoreCall & { readonly rooms: Rooms },
): AsyncGenerator<Uint8Array, void, undefined> {
  const { signal, rooms } = call;
  const opener = new FrameOpener(pack.opened.ticket);
  const frames = pack.opened.directory.length;
  const readFrom = (first: number): Promise<FrameGroup> | undefined => {
    const group = first < frames ? readGroup(sealed, { ...pack, first }, { signal }) : undefined;
    // Awaited when it is its turn; whoever stops before does not care.
    group?.catch(() => undefined);
    return group;
  };
  for (let reading = readFrom(0); reading !== undefined;) {
    const { first, bytes, offsets } = await reading;
    reading = readFrom(first + offsets.length - 1);
    for (const [number, from] of offsets.slice(0, -1).entries()) {
      yield rooms.read(opener, bytes.subarray(from, offsets[number + 1]), first + number);
    }
  }
}

/** The bytes of a stream. @throws DrError `REPO_*`, `STORE_*`, `KEY_PRIVATE_MISSING`. */
export async function* readStream(
  sealed: SealedStore,
  place: IncarnationPlace,
  call: StoreCall & { readonly stream: DumpStream; readonly digest?: boolean },
): AsyncGenerator<Uint8Array, void, undefined> {
  const { stream, signal } = call;
  using codec = new ZstdCodec();
  const rooms = new Rooms(codec);
  const hash = call.digest === true ? createHash("sha256") : undefined;
  let bytes = 0;
  for (const pack of stream.packs) {
    const opened = await openPack(sealed, place, { signal, pack });
    for await (const plain of framesOf(sealed, opened, { signal, rooms })) {
      hash?.update(plain);
      bytes += plain.length;
      yield plain;
    }
  }
  const same = hash === undefined || hash.digest("hex") === stream.sha256;
  if (bytes !== stream.bytes || !same) {
    throw damaged(`stream ${stream.part}`, "its content is not what was dumped");
  }
}

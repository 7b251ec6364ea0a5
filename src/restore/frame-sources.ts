/**
 * Frames of many packs, as assembling a window needs them: packs stay open through a unit, and frames that other windows need as well
 * are kept decompressed. A frame is authenticated each time it is opened.
 *
 * Memory: `assemblyCacheBytes` of kept frames or one frame, whichever is more, and a sealed and a decrypted frame.
 */
import { closeSync, constants, openSync, readSync } from "node:fs";
import { present } from "../core/assert.ts";
import { DrError } from "../core/errors.ts";
import { assemblyCacheBytes, assemblyPacksMax } from "../core/limits.ts";
import { fileError } from "../files/file-error.ts";
import { FrameOpener, type OpenedFrame } from "../pipeline/sealing/frame-sealer.ts";
import type { ZstdCodec } from "../pipeline/zstd-codec.ts";
import type { SourcePack } from "./scatter-messages.ts";

/** Where a frame lies. */
export type FramePlace = {
  readonly pack: SourcePack;
  readonly index: number;
  readonly offset: number;
  readonly bytes: number;
};

type OpenPack = { readonly path: string; readonly fd: number; readonly opener: FrameOpener };

function keyOf({ pack, index }: FramePlace): string {
  return `${pack.path}/${index}`;
}

/** One a worker. */
export class FrameSources implements Disposable {
  readonly #codec: ZstdCodec;
  /** By path, the least recently used first. */
  readonly #packs = new Map<string, OpenPack>();
  /** By place, the least recently used first. */
  readonly #kept = new Map<string, Buffer>();
  #keptBytes = 0;
  #sealed = Buffer.alloc(0);
  #opened = Buffer.alloc(0);
  /** Since the worker began. */
  readBytes = 0;

  constructor(codec: ZstdCodec) {
    this.#codec = codec;
  }

  isKept(place: FramePlace): boolean {
    return this.#kept.has(keyOf(place));
  }

  /** Decrypts a frame; its content is valid until the next call. @throws DrError `REPO_*`, `STORE_IO`. */
  open(place: FramePlace): OpenedFrame {
    const { bytes, index } = place;
    const pack = this.#pack(place.pack);
    if (this.#sealed.length < bytes) {
      this.#sealed = Buffer.allocUnsafeSlow(bytes);
      this.#opened = Buffer.allocUnsafeSlow(bytes);
    }
    const sealed = this.#sealed.subarray(0, bytes);
    this.#read(pack, sealed, place.offset);
    return pack.opener.open(sealed, index, this.#opened);
  }

  /** Decompresses what `open` answered into `target`, which has room for it. @throws DrError `REPO_FRAME_CODEC`. */
  decompress(frame: OpenedFrame, target: Uint8Array): void {
    if (frame.codec === "stored") {
      target.set(frame.content);
    } else {
      this.#codec.decompressInto(frame.content, target);
    }
  }

  /** A frame's content, kept for later calls; valid until the next one. @throws DrError `REPO_*`, `STORE_IO`. */
  content(place: FramePlace): Buffer {
    const key = keyOf(place);
    const kept = this.#kept.get(key);
    if (kept !== undefined) {
      this.#kept.delete(key);
      this.#kept.set(key, kept);
      return kept;
    }
    const frame = this.open(place);
    const plain = this.#room(frame.plainLength);
    this.decompress(frame, plain);
    this.#kept.set(key, plain);
    this.#keptBytes += plain.buffer.byteLength;
    return plain;
  }

  /** Closes the packs: one that is held open would keep its place on the disk when its copy goes. Frames stay. */
  closePacks(): void {
    for (const { fd } of this.#packs.values()) {
      closeSync(fd);
    }
    this.#packs.clear();
  }

  [Symbol.dispose](): void {
    this.closePacks();
    this.#kept.clear();
    this.#keptBytes = 0;
  }

  /** Memory for so many bytes: that of the frame that was not used for longest, where it fits. */
  #room(bytes: number): Buffer {
    let free: ArrayBufferLike | undefined;
    while (this.#keptBytes + bytes > assemblyCacheBytes && this.#kept.size > 0) {
      const [key, oldest] = present([...this.#kept][0], "the oldest of kept frames");
      this.#kept.delete(key);
      this.#keptBytes -= oldest.buffer.byteLength;
      free = oldest.buffer;
    }
    return free !== undefined && free.byteLength >= bytes
      ? Buffer.from(free, 0, bytes)
      : Buffer.allocUnsafeSlow(bytes);
  }

  #pack({ path, ticket }: SourcePack): OpenPack {
    const known = this.#packs.get(path);
    if (known !== undefined) {
      this.#packs.delete(path);
      this.#packs.set(path, known);
      return known;
    }
    if (this.#packs.size >= assemblyPacksMax) {
      const [oldest] = this.#packs.values();
      const { fd, path: old } = present(oldest, "the oldest of open packs");
      this.#packs.delete(old);
      closeSync(fd);
    }
    const fd = this.#reading("open", path, () => openSync(path, constants.O_RDONLY));
    const opened = { path, fd, opener: new FrameOpener(ticket) };
    this.#packs.set(path, opened);
    return opened;
  }

  #read({ fd, path }: OpenPack, target: Buffer, offset: number): void {
    for (let done = 0; done < target.length;) {
      const room = target.length - done;
      const got = this.#reading("read", path, () =>
        readSync(fd, target, done, room, offset + done),
      );
      if (got === 0) {
        throw new DrError("REPO_OBJECT_SHORT", { object: path, offset, bytes: target.length });
      }
      done += got;
      this.readBytes += got;
    }
  }

  #reading<T>(operation: string, path: string, work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw fileError(error, { group: "STORE", operation, path });
    }
  }
}

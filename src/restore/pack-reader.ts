/**
 * Packs as a restore reads them: opened once, their frames found by their directory. A pack is what the root says
 * it is: the header's hash and the size are held against the root before a frame is believed.
 */
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { DrError } from "../core/errors.ts";
import type { ObjectId } from "../core/object-id.ts";
import { FrameReader } from "../pipeline/sealing/frame-codec.ts";
import { type ByteRange, openFramed } from "../pipeline/sealing/framed-object.ts";
import type { KeyRing } from "../pipeline/sealing/key-ring.ts";
import type { OpenedTicket } from "../pipeline/sealing/object-header.ts";
import { ZstdCodec } from "../pipeline/zstd-codec.ts";
import { mergeLayers } from "../repository/map/layer.ts";
import type { MapReader } from "../repository/map/map-reader.ts";
import type { PageEntry } from "../repository/map/page.ts";
import { ZEROS } from "../repository/map/stretch.ts";
import { readExactly, readExactlySync } from "../repository/read-exactly.ts";
import type { BackupRoot, PackObject } from "../repository/root.ts";

/** A pack that can be read. */
export type OpenedPack = {
  readonly path: string;
  readonly ticket: OpenedTicket;
  readonly frames: number;
  readonly frameRange: (index: number) => ByteRange;
  /** Bytes of a frame's content, after `frameRange` found it. */
  readonly plainBytes: (index: number) => number;
};

/** Opens the packs of one backup. */
export class PackReader {
  readonly #ring: KeyRing;
  readonly #incarnation: Uint8Array;
  readonly #blockBytes: number;
  readonly #packs: ReadonlyMap<ObjectId, PackObject>;
  readonly #path: (pack: ObjectId) => Promise<string>;
  readonly #forget: ((pack: ObjectId) => Promise<void>) | undefined;

  constructor(options: {
    readonly ring: KeyRing;
    readonly incarnation: Uint8Array;
    readonly root: BackupRoot;
    /** A local path of a pack. */
    readonly path: (pack: ObjectId) => Promise<string>;
    /** The pack is not needed any more: a copy of it may go. */
    readonly forget?: (pack: ObjectId) => Promise<void>;
  }) {
    this.#ring = options.ring;
    this.#incarnation = options.incarnation;
    this.#blockBytes = options.root.server.blockBytes;
    this.#packs = new Map(options.root.packs.map((pack) => [pack.id, pack]));
    this.#path = options.path;
    this.#forget = options.forget;
  }

  /** Says that a pack is not needed any more; opening it again is possible, and dear. */
  async release(pack: ObjectId): Promise<void> {
    await this.#forget?.(pack);
  }

  /** @throws DrError `REPO_*`, `STORE_*`, `KEY_PRIVATE_MISSING`. */
  async open(pack: ObjectId): Promise<OpenedPack> {
    const object = `pack ${pack}`;
    const known = this.#packs.get(pack);
    if (known === undefined) {
      throw new DrError("REPO_OBJECT_DAMAGED", { object, reason: "its backup does not name it" });
    }
    const path = await this.#path(pack);
    await using file = await open(path, "r");
    const { size } = await file.stat();
    const read = (offset: number, length: number): Promise<Buffer> =>
      readExactly(file, { object, offset, length });
    const expected = { kind: "pack", objectId: pack, incarnation: this.#incarnation } as const;
    const { ticket, directory, frameRange } = await openFramed(this.#ring, read, size, expected);
    const headerSha256 = createHash("sha256").update(ticket.headerBytes).digest("hex");
    if (
      size !== known.bytes ||
      directory.length !== known.frames ||
      headerSha256 !== known.headerSha256
    ) {
      throw new DrError("REPO_OBJECT_DAMAGED", {
        object,
        reason: "it is not the one that its backup's root names",
      });
    }
    const checkedRange = (index: number): ByteRange => {
      if (index >= directory.length) {
        throw new DrError("REPO_OBJECT_DAMAGED", { object, reason: `it has no frame ${index}` });
      }
      return frameRange(index);
    };
    const plainBytes = (index: number): number => directory[index]?.plainBytes ?? 0;
    return { path, ticket, frames: directory.length, frameRange: checkedRange, plainBytes };
  }

  /** The whole content of one file, for the few that are read rather than scattered. Peak memory: the file and a frame. */
  async content(entry: PageEntry, maps: MapReader): Promise<Buffer> {
    const content = Buffer.alloc(entry.sizeBytes);
    using codec = new ZstdCodec();
    let at = 0;
    for (const layers of entry.stretches) {
      const { stretch } = mergeLayers(
        layers.map((ref) => maps.item(ref)),
        this.#blockBytes,
      );
      let frame: { readonly key: string; readonly plain: Buffer } | undefined;
      for (let block = 0; block < stretch.blockCount; block++) {
        const pack = stretch.packOf[block] ?? ZEROS;
        const length = stretch.bytesOfBlock(block, this.#blockBytes);
        const id = stretch.packs[pack];
        if (id !== undefined) {
          const index = stretch.frameOf[block] ?? 0;
          const key = `${id}/${index}`;
          if (frame?.key !== key) {
            frame = { key, plain: await this.#frame(id, index, codec) };
          }
          const from = stretch.offsetOf[block] ?? 0;
          if (from + length > frame.plain.length) {
            const reason = `a block of ${entry.name} ends behind frame ${index}`;
            throw new DrError("REPO_OBJECT_DAMAGED", { object: `pack ${id}`, reason });
          }
          frame.plain.copy(content, at, from, from + length);
        }
        at += length;
      }
    }
    return content;
  }

  async #frame(pack: ObjectId, index: number, codec: ZstdCodec): Promise<Buffer> {
    const opened = await this.open(pack);
    const range = opened.frameRange(index);
    const sealed = readExactlySync(opened.path, { object: `pack ${pack}`, ...range });
    return Buffer.from(new FrameReader(opened.ticket, codec).read(sealed, index).plain);
  }
}

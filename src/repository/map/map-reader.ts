/**
 * Reads layers and pages where maps lie. Opening checks each map object (header, enrolment, directory, and its
 * digest when asked); reading is synchronous, so that a backup can compare while content streams in.
 *
 * Memory: a cache of opened frames, `mapCacheFrames` of about a MiB; directories, 32 bytes a frame.
 */
import { createHash } from "node:crypto";
import { createReadStream, readSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { assert, present } from "../../core/assert.ts";
import { DrError } from "../../core/errors.ts";
import { mapCacheFrames } from "../../core/limits.ts";
import type { ObjectId } from "../../core/object-id.ts";
import { FrameReader } from "../../pipeline/sealing/frame-codec.ts";
import { type FramedObject, openFramed } from "../../pipeline/sealing/framed-object.ts";
import type { KeyRing } from "../../pipeline/sealing/key-ring.ts";
import { ZstdCodec } from "../../pipeline/zstd-codec.ts";
import type { MapObject } from "../root.ts";
import type { MapRef } from "./page.ts";

type OpenMap = {
  readonly file: FileHandle;
  readonly framed: FramedObject;
  readonly reader: FrameReader;
};

/** Which maps, and how to reach them. */
export type MapReaderOptions = {
  readonly ring: KeyRing;
  /** The incarnation's 16 random bytes. */
  readonly incarnation: Uint8Array;
  readonly maps: readonly MapObject[];
  /** A local path of a map object. */
  readonly path: (map: ObjectId) => Promise<string>;
  /** Also read every map whole and hold it against the root's digest: before restoring, and to verify. */
  readonly checkDigests: boolean;
  readonly signal: AbortSignal;
};

async function checkDigest(path: string, map: MapObject, signal: AbortSignal): Promise<void> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { signal })) {
    hash.update(chunk as Buffer);
  }
  if (hash.digest("hex") !== map.sha256) {
    const reason = "its bytes are not those that its backup's root vouches for";
    throw new DrError("REPO_OBJECT_DAMAGED", { object: `map ${map.id}`, reason });
  }
}

/** Use with `await using`. */
export class MapReader implements AsyncDisposable {
  readonly #maps = new Map<ObjectId, OpenMap>();
  readonly #cache = new Map<string, Buffer>();
  readonly #codec = new ZstdCodec();

  /** Opens every map. @throws DrError `REPO_*`, `STORE_*`, `KEY_*`. */
  static async open(options: MapReaderOptions): Promise<MapReader> {
    const reader = new MapReader();
    try {
      for (const map of options.maps) {
        options.signal.throwIfAborted();
        await reader.#openMap(map, options);
      }
      return reader;
    } catch (error) {
      await reader[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The bytes of a layer or page; a view into the cache. @throws DrError `REPO_FRAME_CORRUPT`, `REPO_ENCODING`. */
  item(ref: MapRef): Buffer {
    const frame = this.#frame(ref);
    if (ref.offset + ref.length > frame.length) {
      const reason = `an item ends at byte ${ref.offset + ref.length} of frame ${ref.frame}`;
      throw new DrError("REPO_OBJECT_DAMAGED", { object: `map ${ref.map}`, reason });
    }
    return frame.subarray(ref.offset, ref.offset + ref.length);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cache.clear();
    this.#codec.close();
    await Promise.all([...this.#maps.values()].map((map) => map.file.close()));
    this.#maps.clear();
  }

  async #openMap(map: MapObject, options: MapReaderOptions): Promise<void> {
    const path = await options.path(map.id);
    if (options.checkDigests) {
      await checkDigest(path, map, options.signal);
    }
    const file = await open(path, "r");
    try {
      const { size } = await file.stat();
      const read = async (offset: number, length: number): Promise<Buffer> => {
        const bytes = Buffer.alloc(length);
        await file.read(bytes, 0, length, offset);
        return bytes;
      };
      const expected = {
        kind: "map",
        objectId: map.id,
        incarnation: options.incarnation,
      } as const;
      const framed = await openFramed(options.ring, read, size, expected);
      const reader = new FrameReader(framed.ticket, this.#codec);
      this.#maps.set(map.id, { file, framed, reader });
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  #frame(ref: MapRef): Buffer {
    const key = `${ref.map}/${ref.frame}`;
    const cached = this.#cache.get(key);
    if (cached !== undefined) {
      this.#cache.delete(key);
      this.#cache.set(key, cached);
      return cached;
    }
    const map = this.#maps.get(ref.map);
    if (map === undefined || ref.frame >= map.framed.directory.length) {
      const reason = `a page refers to frame ${ref.frame} of it`;
      throw new DrError("REPO_OBJECT_DAMAGED", { object: `map ${ref.map}`, reason });
    }
    const { offset, length } = map.framed.frameRange(ref.frame);
    const sealed = Buffer.alloc(length);
    const got = readSync(map.file.fd, sealed, 0, length, offset);
    assert(got === length, "a frame of the directory lies within its object");
    const plain = Buffer.from(map.reader.read(sealed, ref.frame).plain);
    if (this.#cache.size >= mapCacheFrames) {
      this.#cache.delete(present([...this.#cache.keys()][0], "a full cache has an oldest frame"));
    }
    this.#cache.set(key, plain);
    return plain;
  }
}

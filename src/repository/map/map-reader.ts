/**
 * Reads layers and pages where maps lie. Opening checks each map object (header, enrolment, directory, and its
 * digest when asked); reading is synchronous, so that a backup can compare while content streams in.
 *
 * Memory: a cache of opened frames, `mapCacheFrames` of about a MiB; directories, 32 bytes a frame. No file is kept
 * open: a long chain of increments refers to more maps than a process may have descriptors.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { present } from "../../core/assert.ts";
import { DrError } from "../../core/errors.ts";
import { mapCacheFrames } from "../../core/limits.ts";
import type { ObjectId } from "../../core/object-id.ts";
import { FrameReader } from "../../pipeline/sealing/frame-codec.ts";
import { type FramedObject, openFramed } from "../../pipeline/sealing/framed-object.ts";
import type { KeyRing } from "../../pipeline/sealing/key-ring.ts";
import { ZstdCodec } from "../../pipeline/zstd-codec.ts";
import { readExactly, readExactlySync } from "../read-exactly.ts";
import type { MapObject } from "../root.ts";
import type { MapRef } from "./page.ts";

type OpenMap = {
  readonly path: string;
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

  [Symbol.asyncDispose](): Promise<void> {
    this.#cache.clear();
    this.#codec.close();
    this.#maps.clear();
    return Promise.resolve();
  }

  async #openMap(map: MapObject, options: MapReaderOptions): Promise<void> {
    const path = await options.path(map.id);
    const object = `map ${map.id}`;
    if (options.checkDigests) {
      await checkDigest(path, map, options.signal);
    }
    await using file = await open(path, "r");
    const { size } = await file.stat();
    const read = (offset: number, length: number): Promise<Buffer> =>
      readExactly(file, { object, offset, length });
    const { incarnation } = options;
    const expected = { kind: "map", objectId: map.id, incarnation } as const;
    const framed = await openFramed(options.ring, read, size, expected);
    this.#maps.set(map.id, { path, framed, reader: new FrameReader(framed.ticket, this.#codec) });
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
    const range = map.framed.frameRange(ref.frame);
    const sealed = readExactlySync(map.path, { object: `map ${ref.map}`, ...range });
    const plain = Buffer.from(map.reader.read(sealed, ref.frame).plain);
    if (this.#cache.size >= mapCacheFrames) {
      this.#cache.delete(present([...this.#cache.keys()][0], "a full cache has an oldest frame"));
    }
    this.#cache.set(key, plain);
    return plain;
  }
}

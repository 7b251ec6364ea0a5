/**
 * The backup that an increment compares with: its pages by group, its layers by reference. Everything is opened
 * before the first byte streams in, and read synchronously from then on.
 *
 * Memory: the encoded pages (50 bytes a file), and the map reader's cache.
 */
import { present } from "../core/assert.ts";
import { DrError, isDrError } from "../core/errors.ts";
import type { ObjectId } from "../core/object-id.ts";
import { GroupReader } from "../repository/map/group-reader.ts";
import { type MergedStretch, mergeLayers } from "../repository/map/layer.ts";
import type { MapReader } from "../repository/map/map-reader.ts";
import { type MapRef, type PageEntry, PageReader } from "../repository/map/page.ts";
import type { BackupRoot, MapObject, PackObject, PageRef } from "../repository/root.ts";
import { type PageGroup, type PreviousFiles, groupKey } from "./file-mapper.ts";
import { isMostlyDead } from "./live-count.ts";

/** What cannot be read of a parent is said as that, so that nobody takes another failure for it. */
export function asParentDamage(error: unknown, parent: BackupRoot): unknown {
  return isDrError(error) && /^(?:REPO|STORE)_/.test(error.code)
    ? new DrError(
        "BACKUP_PARENT_DAMAGED",
        { parent: parent.id, reason: error.message },
        { cause: error },
      )
    : error;
}

/** See the file's comment. */
export class PreviousBackup implements PreviousFiles {
  readonly root: BackupRoot;
  readonly #maps: MapReader;
  readonly #pages: ReadonlyMap<string, readonly PageRef[]>;
  readonly #readers = new Map<string, GroupReader>();
  readonly #packs: ReadonlyMap<ObjectId, PackObject>;
  readonly #mapObjects: ReadonlyMap<ObjectId, MapObject>;
  readonly #rewritten: ReadonlySet<ObjectId>;

  constructor(root: BackupRoot, maps: MapReader) {
    this.root = root;
    this.#maps = maps;
    this.#pages = Map.groupBy(root.pages, groupKey);
    this.#packs = new Map(root.packs.map((pack) => [pack.id, pack]));
    this.#mapObjects = new Map(root.maps.map((map) => [map.id, map]));
    this.#rewritten = new Set(root.packs.filter(isMostlyDead).map((pack) => pack.id));
  }

  find(group: PageGroup, name: string): PageEntry | undefined {
    const key = groupKey(group);
    let reader = this.#readers.get(key);
    if (reader === undefined) {
      const pages = this.#pages.get(key);
      if (pages === undefined) {
        return undefined;
      }
      const read = (page: PageRef): PageReader =>
        new PageReader(Buffer.from(this.#maps.item(page)));
      reader = this.#reading(() => new GroupReader(pages.map(read)));
      this.#readers.set(key, reader);
    }
    return reader.find(name);
  }

  stretch(layers: readonly MapRef[]): MergedStretch {
    return this.#reading(() => {
      const bytes = layers.map((layer) => this.#maps.item(layer));
      return mergeLayers(bytes, this.root.server.blockBytes);
    });
  }

  #reading<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw asParentDamage(error, this.root);
    }
  }

  rewrites(pack: ObjectId): boolean {
    return this.#rewritten.has(pack);
  }

  /** Where the previous backup wrote this very page, when it did. */
  samePage(group: PageGroup, sha256: string): PageRef | undefined {
    return this.#pages.get(groupKey(group))?.find((page) => page.sha256 === sha256);
  }

  /** What the previous root says of one of its packs. */
  pack(id: ObjectId): PackObject {
    return present(this.#packs.get(id), "a pack in use is new or the previous backup's");
  }

  /** What the previous root says of one of its maps. */
  map(id: ObjectId): MapObject {
    return present(this.#mapObjects.get(id), "a map in use is new or the previous backup's");
  }
}

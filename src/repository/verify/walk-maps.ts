/**
 * A backup's files as its maps describe them, walked whole: every page is the one its root names, every file is complete,
 * every block has a place in a pack that the root names. On the way each layer's word about the blocks of packs is taken down.
 * What several backups share is read once.
 *
 * Memory: the map reader's cache, one stretch, and about 60 bytes for each page, stretch and layer of all backups.
 */
import { createHash } from "node:crypto";
import { DrError } from "../../core/errors.ts";
import type { ObjectId } from "../../core/object-id.ts";
import { decodeLayer, mergeLayers } from "../map/layer.ts";
import type { MapReader } from "../map/map-reader.ts";
import { type MapRef, type PageEntry, PageReader } from "../map/page.ts";
import { type IncarnationPlace, objectKey } from "../object-names.ts";
import type { BackupRoot, PageRef } from "../root.ts";
import type { BlockClaims } from "./block-claims.ts";
import { type DamageLog, isDamage } from "./damage.ts";

const refKey = (ref: MapRef): string => `${ref.map}/${ref.frame}/${ref.offset}`;

/** Walks the maps of one backup after the other. */
export class MapWalk {
  readonly #place: IncarnationPlace;
  readonly #log: DamageLog;
  readonly #claims: BlockClaims;
  readonly #structure: boolean;
  readonly #seen = new Set<string>();

  /** `structure`: also check pages and stretches; needed once, however many batches of claims there are. */
  constructor(options: {
    readonly place: IncarnationPlace;
    readonly log: DamageLog;
    readonly claims: BlockClaims;
    readonly structure: boolean;
  }) {
    this.#place = options.place;
    this.#log = options.log;
    this.#claims = options.claims;
    this.#structure = options.structure;
  }

  /** Walks one backup. `maps` may lack maps that are damaged: what lies in them is left out. */
  walk(root: BackupRoot, maps: MapReader, usable: ReadonlySet<ObjectId>): void {
    const frames = new Map(root.packs.map((pack) => [pack.id, pack.frames]));
    for (const page of root.pages) {
      if (this.#isNew(`page ${refKey(page)}`) && usable.has(page.map)) {
        this.#watch(page.map, root, () => this.#walkPage(page, { root, maps, usable, frames }));
      }
    }
  }

  #isNew(key: string): boolean {
    const known = this.#seen.has(key);
    this.#seen.add(key);
    return !known;
  }

  /** Damage that `step` finds is that of a map. */
  #watch(map: ObjectId, root: BackupRoot, step: () => void): void {
    try {
      step();
    } catch (error) {
      if (!isDamage(error)) {
        throw error;
      }
      this.#log.add(objectKey({ ...this.#place, type: "map", id: map }), error, [root.id]);
    }
  }

  #walkPage(page: PageRef, backup: WalkedBackup): void {
    const bytes = backup.maps.item(page);
    if (this.#structure && createHash("sha256").update(bytes).digest("hex") !== page.sha256) {
      throw this.#damaged(page.map, `page ${page.group} is not the one that its root names`);
    }
    for (const entry of new PageReader(Buffer.from(bytes)).entries()) {
      const layers = entry.stretches.flat();
      if (layers.every((layer) => backup.usable.has(layer.map))) {
        this.#walkEntry(page, entry, backup);
      }
    }
  }

  #walkEntry(page: PageRef, entry: PageEntry, backup: WalkedBackup): void {
    const { blockBytes } = backup.root.server;
    for (const layer of entry.stretches.flat()) {
      if (this.#isNew(refKey(layer))) {
        this.#watch(layer.map, backup.root, () => {
          this.#claims.add(decodeLayer(backup.maps.item(layer), blockBytes));
        });
      }
    }
    if (!this.#structure || entry.type !== "file") {
      return;
    }
    const bytes = entry.stretches
      .map((layers) => this.#stretchBytes(page, layers, backup))
      .reduce((sum, each) => sum + each, 0);
    if (bytes !== entry.sizeBytes) {
      throw this.#damaged(
        page.map,
        `${entry.name} has ${entry.sizeBytes} bytes, its stretches ${bytes}`,
      );
    }
  }

  #stretchBytes(page: PageRef, layers: readonly MapRef[], backup: WalkedBackup): number {
    const { blockBytes } = backup.root.server;
    const { stretch } = mergeLayers(
      layers.map((layer) => Buffer.from(backup.maps.item(layer))),
      blockBytes,
    );
    const used = new Map<number, number>();
    stretch.packOf.forEach((pack, block) => {
      if (pack >= 0) {
        used.set(pack, Math.max(used.get(pack) ?? 0, stretch.frameOf[block] ?? 0));
      }
    });
    for (const [pack, highestFrame] of used) {
      const id = stretch.packs[pack];
      const frames = id === undefined ? undefined : backup.frames.get(id);
      if (frames === undefined || highestFrame >= frames) {
        throw this.#damaged(
          page.map,
          `it names frame ${highestFrame} of pack ${id ?? "?"}, its root does not`,
        );
      }
    }
    const { blockCount } = stretch;
    return blockCount === 0
      ? 0
      : (blockCount - 1) * blockBytes + stretch.bytesOfBlock(blockCount - 1, blockBytes);
  }

  #damaged(map: ObjectId, reason: string): DrError {
    return new DrError("REPO_OBJECT_DAMAGED", { object: `map ${map}`, reason });
  }
}

type WalkedBackup = {
  readonly root: BackupRoot;
  readonly maps: MapReader;
  readonly usable: ReadonlySet<ObjectId>;
  /** Frames of the packs that the root names. */
  readonly frames: ReadonlyMap<ObjectId, number>;
};

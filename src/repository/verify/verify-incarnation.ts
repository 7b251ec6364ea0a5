/**
 * Verifies the backups of one incarnation. Quick: what they refer to is there and begins as it must. Deep: maps against their
 * digests, every frame of every map and pack authentic and whole, every block that a map names against its
 * fingerprint. It only reads; memory is bounded by `verifyClaimsMax`, whatever the repository's size.
 *
 * A damaged pack takes down every backup whose root names it: a restore that needs none of the damaged frames might still pass, but
 * nobody should count on it.
 */
import { present } from "../../core/assert.ts";
import { blockBytesMin, verifyClaimsMax } from "../../core/limits.ts";
import type { ObjectId } from "../../core/object-id.ts";
import { deriveFingerprintKey } from "../../pipeline/fingerprint-key.ts";
import { namingKey, privateSide } from "../../pipeline/sealing/key-ring.ts";
import type { FramedObject } from "../../pipeline/sealing/framed-object.ts";
import { LocalObjects } from "../local-objects.ts";
import { MapReader } from "../map/map-reader.ts";
import { type IncarnationPlace, incarnationIdBytes, objectKey } from "../object-names.ts";
import type { StoreCall } from "../object-store.ts";
import type { PackObject } from "../root.ts";
import type { SealedStore } from "../sealed-store.ts";
import {
  type BackupReferences,
  type OnlyOne,
  type VerifiedBackup,
  type VerifiedDump,
  readBackupRoot,
  readReferences,
} from "./backup-references.ts";
import { BlockClaims, noClaims, type PackClaims } from "./block-claims.ts";
import type { CheckedFrames } from "./check-frames.ts";
import { type Unreferenced, checkPresence } from "./check-presence.ts";
import type { DamageLog } from "./damage.ts";
import { VerifyPool } from "./verify-pool.ts";
import { MapWalk } from "./walk-maps.ts";

/** How to verify. */
export type VerifyIncarnationOptions = StoreCall & {
  readonly deep: boolean;
  readonly only?: OnlyOne | undefined;
  readonly workers: number;
  readonly log: DamageLog;
  /** Objects done of all, for progress. */
  readonly onProgress?: ((done: number, all: number) => void) | undefined;
};

/** What was looked at. */
export type VerifiedIncarnation = {
  readonly place: IncarnationPlace;
  readonly backups: readonly VerifiedBackup[];
  readonly dumps: readonly VerifiedDump[];
  readonly fencedRoots: number;
  readonly maps: number;
  readonly packs: number;
  readonly frames: number;
  readonly blocks: number;
  readonly readBytes: number;
  readonly unreferenced: Unreferenced;
};

class IncarnationCheck {
  readonly #sealed: SealedStore;
  readonly #references: BackupReferences;
  readonly #options: VerifyIncarnationOptions;
  readonly #local: LocalObjects;
  readonly #pool: VerifyPool;
  readonly #onObject: () => void;
  frames = 0;
  blocks = 0;
  readBytes = 0;

  constructor(
    parts: {
      readonly sealed: SealedStore;
      readonly references: BackupReferences;
      readonly local: LocalObjects;
      readonly pool: VerifyPool;
      readonly onObject: () => void;
    },
    options: VerifyIncarnationOptions,
  ) {
    this.#sealed = parts.sealed;
    this.#references = parts.references;
    this.#local = parts.local;
    this.#pool = parts.pool;
    this.#onObject = parts.onObject;
    this.#options = options;
  }

  async run(): Promise<void> {
    for (const [id, { backups }] of this.#references.maps) {
      await this.#checkFrames({ type: "map", id }, backups, noClaims);
    }
    await this.#pool.drain();
    let structure = true;
    for (const batch of this.#batches()) {
      const claims = new BlockClaims(
        this.#references.blockBytes,
        batch.map(({ id }) => id),
      );
      await this.#walkMaps(claims, structure);
      structure = false;
      for (const { id } of batch) {
        const { backups } = present(this.#references.packs.get(id), "a pack of the references");
        await this.#checkFrames({ type: "pack", id }, backups, claims.of(id));
      }
      await this.#pool.drain();
    }
  }

  /** Packs in groups of at most `verifyClaimsMax` blocks, and one empty group when there is no pack at all. */
  #batches(): readonly (readonly PackObject[])[] {
    const batches: PackObject[][] = [[]];
    let blocks = 0;
    for (const { object } of this.#references.packs.values()) {
      const own = Math.ceil(
        object.plainBytes / Math.max(this.#references.blockBytes, blockBytesMin),
      );
      if (blocks + own > verifyClaimsMax && blocks > 0) {
        batches.push([]);
        blocks = 0;
      }
      blocks += own;
      present(batches.at(-1), "there is a batch").push(object);
    }
    return batches;
  }

  #key(object: { readonly type: "map" | "pack"; readonly id: ObjectId }): string {
    return objectKey({ ...this.#references.place, ...object });
  }

  /** Opens an object and hands its frames to a worker. What was found missing or foreign before is left out. */
  async #checkFrames(
    name: { readonly type: "map" | "pack"; readonly id: ObjectId },
    backups: readonly ObjectId[],
    claims: PackClaims,
  ): Promise<void> {
    const { log, signal } = this.#options;
    const key = this.#key(name);
    signal.throwIfAborted();
    const opened = log.has(key)
      ? undefined
      : await log.watch(key, backups, () =>
          this.#sealed.openFramed({ ...this.#references.place, ...name }, { signal }),
        );
    if (opened === undefined) {
      this.#onObject();
      return;
    }
    const path = await this.#local.path(key);
    const { ticket } = opened;
    const offsets = offsetsOf(opened);
    await this.#pool.submit({ path, label: key, ticket, offsets, claims }, async (checked) => {
      await this.#onChecked({ key, backups, isMap: name.type === "map" }, checked);
    });
  }

  async #onChecked(
    object: {
      readonly key: string;
      readonly backups: readonly ObjectId[];
      readonly isMap: boolean;
    },
    checked: CheckedFrames,
  ): Promise<void> {
    checked.faults.forEach((fault) => this.#options.log.add(object.key, fault, object.backups));
    this.frames += checked.frames;
    this.blocks += checked.blocks;
    this.readBytes += checked.readBytes;
    if (!object.isMap) {
      await this.#local.forget(object.key);
    }
    this.#onObject();
  }

  async #walkMaps(claims: BlockClaims, structure: boolean): Promise<void> {
    const { place, backups } = this.#references;
    const { log, signal } = this.#options;
    const walk = new MapWalk({ place, log, claims, structure });
    for (const { id } of backups) {
      const read = await readBackupRoot(this.#sealed, place, { ...this.#options, id });
      if (read === undefined) {
        continue;
      }
      const { root } = read;
      const open = (maps: typeof root.maps): Promise<MapReader> =>
        MapReader.open({
          ring: this.#sealed.ring,
          incarnation: incarnationIdBytes(place.incarnation),
          maps,
          path: (map) => this.#local.path(this.#key({ type: "map", id: map })),
          checkDigests: structure,
          signal,
        });
      const usable: typeof root.maps = [];
      for (const map of root.maps) {
        const key = this.#key({ type: "map", id: map.id });
        const good = log.has(key)
          ? undefined
          : await log.watch(key, [id], async () => {
              await using _reader = await open([map]);
              return true;
            });
        if (good === true) {
          usable.push(map);
        }
      }
      await using maps = await open(usable);
      walk.walk(root, maps, new Set(usable.map((map) => map.id)));
    }
  }
}

function offsetsOf(opened: FramedObject): Float64Array {
  const frames = opened.directory.length;
  const offsets = new Float64Array(frames + 1);
  for (let index = 0; index < frames; index++) {
    const { offset, length } = opened.frameRange(index);
    offsets[index] = offset;
    offsets[index + 1] = offset + length;
  }
  return offsets;
}

/**
 * Verifies. Damage goes to `options.log`; what it rejects with is no damage: aborted, no private key for a deep look, a store
 * that does not answer. @throws DrError `KEY_PRIVATE_MISSING`, `KEY_GENERATION_MISSING`, `STORE_*`.
 */
export async function verifyIncarnation(
  sealed: SealedStore,
  place: IncarnationPlace,
  options: VerifyIncarnationOptions,
): Promise<VerifiedIncarnation> {
  const { deep, signal, log, workers } = options;
  if (deep) {
    privateSide(sealed.ring);
  }
  const references = await readReferences(sealed, place, options);
  const { backups, dumps, fencedRoots, packs, maps } = references;
  const objects = packs.size + maps.size;
  let done = 0;
  const onObject = (): void => {
    done += 1;
    options.onProgress?.(done, deep ? 2 * objects : objects);
  };
  const others = await checkPresence(sealed, references, { signal, log, onObject });
  // Beside one backup nearly everything belongs to others.
  const unreferenced = options.only === undefined ? others : { objects: 0, bytes: 0 };
  const sizes = { maps: maps.size, packs: packs.size };
  const counts = { place, backups, dumps, fencedRoots, ...sizes, unreferenced };
  if (!deep || objects === 0) {
    return { ...counts, frames: 0, blocks: 0, readBytes: 0 };
  }
  const fingerprintKey = deriveFingerprintKey(
    namingKey(sealed.ring),
    incarnationIdBytes(place.incarnation),
  );
  // An incarnation of dumps alone has no blocks.
  const blockBytes = references.blockBytes === 0 ? blockBytesMin : references.blockBytes;
  const data = { blockBytes, fingerprintKey };
  await using local = new LocalObjects(sealed.store, { signal });
  await using pool = new VerifyPool(data, { workers, signal });
  const check = new IncarnationCheck({ sealed, references, local, pool, onObject }, options);
  await check.run();
  const { frames, blocks, readBytes } = check;
  return { ...counts, frames, blocks, readBytes };
}

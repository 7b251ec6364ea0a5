/**
 * The quick look at what backups refer to: each pack and map is there, as long as its root says, and begins with the very
 * header that its root names, signed by an enrolled writer. One listing and one short read an object.
 *
 * Memory: about 100 bytes an object that lies in the incarnation.
 */
import { createHash } from "node:crypto";
import { DrError } from "../../core/errors.ts";
import { headerBytesMax } from "../../core/limits.ts";
import type { ObjectId } from "../../core/object-id.ts";
import { checkHeader } from "../../pipeline/sealing/object-header.ts";
import { type IncarnationPlace, incarnationPrefix, objectKey } from "../object-names.ts";
import type { StoreCall } from "../object-store.ts";
import type { MapObject, PackObject } from "../root.ts";
import { expectedAt, type SealedStore } from "../sealed-store.ts";
import type { BackupReferences, Referenced } from "./backup-references.ts";
import type { DamageLog } from "./damage.ts";

/** Objects that no backup names: of running or killed backups. `pra expire` removes those of killed ones. */
export type Unreferenced = { readonly objects: number; readonly bytes: number };

type FolderType = "pack" | "map";

async function listSizes(
  sealed: SealedStore,
  place: IncarnationPlace,
  call: StoreCall & { readonly type: FolderType },
): Promise<ReadonlyMap<ObjectId, number>> {
  const sizes = new Map<ObjectId, number>();
  const prefix = `${incarnationPrefix(place)}${call.type}s/`;
  for await (const { name, sizeBytes } of sealed.listNames(prefix, { signal: call.signal })) {
    if (name?.type === call.type) {
      sizes.set(name.id, sizeBytes);
    }
  }
  return sizes;
}

/** Holds one object's size and header against what its root says. @throws DrError `STORE_MISSING`, `REPO_*`. */
async function checkOne(
  sealed: SealedStore,
  name: IncarnationPlace & { readonly type: FolderType; readonly id: ObjectId },
  at: StoreCall & {
    readonly expected: MapObject | PackObject;
    readonly sizeBytes: number | undefined;
  },
): Promise<void> {
  const { expected, sizeBytes, signal } = at;
  const key = objectKey(name);
  if (sizeBytes === undefined) {
    throw new DrError("STORE_MISSING", { key, location: sealed.store.location });
  }
  if (sizeBytes !== expected.bytes) {
    const reason = `it has ${sizeBytes} bytes, its backup's root says ${expected.bytes}`;
    throw new DrError("REPO_OBJECT_DAMAGED", { object: key, reason });
  }
  const range = { offset: 0, length: Math.min(headerBytesMax, sizeBytes) };
  const bytes = await sealed.store.get(key, { signal, range });
  const { headerBytes } = checkHeader(sealed.ring, bytes, expectedAt(name));
  if (createHash("sha256").update(headerBytes).digest("hex") !== expected.headerSha256) {
    const reason = "its header is not the one that its backup's root names";
    throw new DrError("REPO_OBJECT_DAMAGED", { object: key, reason });
  }
}

async function checkFolder<T extends MapObject | PackObject>(
  sealed: SealedStore,
  references: ReadonlyMap<ObjectId, Referenced<T>>,
  options: StoreCall & {
    readonly place: IncarnationPlace;
    readonly type: FolderType;
    readonly log: DamageLog;
    readonly onObject: () => void;
  },
): Promise<Unreferenced> {
  const { place, type, log, signal } = options;
  const sizes = await listSizes(sealed, place, { signal, type });
  for (const [id, { object, backups }] of references) {
    signal.throwIfAborted();
    const name = { ...place, type, id };
    const at = { expected: object, sizeBytes: sizes.get(id), signal };
    await log.watch(objectKey(name), backups, () => checkOne(sealed, name, at));
    options.onObject();
  }
  let objects = 0;
  let bytes = 0;
  for (const [id, sizeBytes] of sizes) {
    if (!references.has(id)) {
      objects += 1;
      bytes += sizeBytes;
    }
  }
  return { objects, bytes };
}

/** Looks at every pack and map that the backups name. */
export async function checkPresence(
  sealed: SealedStore,
  references: BackupReferences,
  options: StoreCall & { readonly log: DamageLog; readonly onObject: () => void },
): Promise<Unreferenced> {
  const { place, packs, maps } = references;
  const ofMaps = await checkFolder(sealed, maps, { ...options, place, type: "map" });
  const ofPacks = await checkFolder(sealed, packs, { ...options, place, type: "pack" });
  return { objects: ofMaps.objects + ofPacks.objects, bytes: ofMaps.bytes + ofPacks.bytes };
}

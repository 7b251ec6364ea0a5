/**
 * Which backups there are in an incarnation and which objects each refers to: what turns "this pack is damaged" into "these
 * backups are down". Backups of fenced writers are counted and left out, as every reader leaves them out.
 *
 * Memory: one root at a time, about 200 bytes a pack or map, and 8 bytes for each backup that refers to it.
 */
import { DrError, isDrError } from "../../core/errors.ts";
import type { Lsn } from "../../core/lsn.ts";
import type { ObjectId } from "../../core/object-id.ts";
import type { TimelineId } from "../../core/wal-name.ts";
import { packsOfDump } from "../dump-document.ts";
import { listDumps } from "../dump-catalogue.ts";
import { isAcceptedBy } from "../fencing.ts";
import { type IncarnationPlace, objectKey, rootPrefix } from "../object-names.ts";
import type { StoreCall } from "../object-store.ts";
import { readFence } from "../read-lease.ts";
import { type BackupRoot, type MapObject, type PackObject, decodeRoot } from "../root.ts";
import type { SealedStore } from "../sealed-store.ts";
import type { DamageLog } from "./damage.ts";

/** A backup as far as verify and its callers need it. */
export type VerifiedBackup = {
  readonly id: ObjectId;
  readonly kind: BackupRoot["kind"];
  readonly startedAt: string;
  readonly timeline: TimelineId;
  readonly walFrom: Lsn;
  readonly walTo: Lsn;
  readonly storedBytes: number;
};

/** A dump as far as verify needs it. */
export type VerifiedDump = {
  readonly id: ObjectId;
  readonly startedAt: string;
  readonly databases: readonly string[];
  readonly storedBytes: number;
};

/** A pack or map as the roots describe it, and who needs it. */
export type Referenced<T extends MapObject | PackObject> = {
  readonly object: T;
  readonly backups: ObjectId[];
};

/** What the roots of an incarnation say. */
export type BackupReferences = {
  readonly place: IncarnationPlace;
  readonly backups: readonly VerifiedBackup[];
  readonly dumps: readonly VerifiedDump[];
  readonly packs: ReadonlyMap<ObjectId, Referenced<PackObject>>;
  readonly maps: ReadonlyMap<ObjectId, Referenced<MapObject>>;
  readonly blockBytes: number;
  readonly fencedRoots: number;
};

/** One backup or dump instead of all. */
export type OnlyOne = { readonly kind: "backup" | "dump"; readonly id: ObjectId };

type Options = StoreCall & { readonly log: DamageLog; readonly only?: OnlyOne | undefined };

function sameObject(a: MapObject | PackObject, b: MapObject | PackObject): boolean {
  return a.bytes === b.bytes && a.frames === b.frames && a.headerSha256 === b.headerSha256;
}

/** A root's content; undefined when it is damaged, which is noted, or vanished since it was listed. */
export async function readBackupRoot(
  sealed: SealedStore,
  place: IncarnationPlace,
  options: Options & { readonly id: ObjectId },
): Promise<{ readonly root: BackupRoot; readonly epoch: number } | undefined> {
  const { id, signal, log } = options;
  const name = { ...place, type: "root", id } as const;
  return log.watch(objectKey(name), [id], async () => {
    try {
      const { content, ticket } = await sealed.getWhole(name, { signal });
      return { root: decodeRoot(content), epoch: ticket.epoch };
    } catch (error) {
      if (isDrError(error, "STORE_MISSING") && options.only === undefined) {
        return undefined;
      }
      throw error;
    }
  });
}

function refer<T extends MapObject | PackObject>(
  known: Map<ObjectId, Referenced<T>>,
  objects: readonly T[],
  by: {
    readonly id: ObjectId;
    readonly key: (object: ObjectId) => string;
    readonly log: DamageLog;
  },
): void {
  for (const object of objects) {
    const before = known.get(object.id);
    if (before === undefined) {
      known.set(object.id, { object, backups: [by.id] });
    } else {
      before.backups.push(by.id);
      if (!sameObject(before.object, object)) {
        const key = by.key(object.id);
        const reason = "two backups name it with different sizes or headers";
        by.log.add(key, new DrError("REPO_OBJECT_DAMAGED", { object: key, reason }), [by.id]);
      }
    }
  }
}

async function listRoots(
  sealed: SealedStore,
  place: IncarnationPlace,
  options: Options,
): Promise<readonly ObjectId[]> {
  const { only } = options;
  if (only !== undefined) {
    return only.kind === "backup" ? [only.id] : [];
  }
  const ids: ObjectId[] = [];
  for await (const { name } of sealed.listNames(rootPrefix(place), { signal: options.signal })) {
    if (name?.type === "root") {
      ids.push(name.id);
    }
  }
  return ids;
}

/** The dumps that count, and their packs. One of its packs damaged takes a dump down as a root's does a backup. */
async function readDumps(
  sealed: SealedStore,
  place: IncarnationPlace,
  options: Options & { readonly packs: Map<ObjectId, Referenced<PackObject>> },
): Promise<{ readonly dumps: readonly VerifiedDump[]; readonly fenced: number }> {
  const { signal, log, packs, only } = options;
  const dumps: VerifiedDump[] = [];
  let fenced = 0;
  let found = 0;
  if (only?.kind === "backup") {
    return { dumps, fenced };
  }
  for await (const entry of listDumps(sealed, place, { signal, only: only?.id })) {
    const { id } = entry;
    found += 1;
    if (entry.state === "fenced") {
      fenced += 1;
    } else if (entry.state === "damaged") {
      log.add(objectKey({ ...place, type: "dump", id }), entry.error, [id]);
    } else {
      const { startedAt, databases, totals } = entry.dump;
      const names = databases.map(({ name }) => name);
      dumps.push({ id, startedAt, databases: names, storedBytes: totals.storedBytes });
      const live = packsOfDump(entry.dump).map((pack) => ({
        ...pack,
        liveFrames: pack.frames,
        liveBytes: pack.plainBytes,
      }));
      const key = (object: ObjectId): string => objectKey({ ...place, type: "pack", id: object });
      refer(packs, live, { id, key, log });
    }
  }
  if (only !== undefined && found === 0) {
    const key = objectKey({ ...place, type: "dump", id: only.id });
    const { location } = sealed.store;
    log.add(key, new DrError("STORE_MISSING", { key, location }), [only.id]);
  }
  return { dumps, fenced };
}

/** Reads every root, or one. @throws DrError what is no damage. */
export async function readReferences(
  sealed: SealedStore,
  place: IncarnationPlace,
  options: Options,
): Promise<BackupReferences> {
  const { signal, log } = options;
  const ids = await listRoots(sealed, place, options);
  const isAccepted = isAcceptedBy(
    await readFence(sealed, place.cluster, { signal }),
    place.incarnation,
  );
  const backups: VerifiedBackup[] = [];
  const packs = new Map<ObjectId, Referenced<PackObject>>();
  const maps = new Map<ObjectId, Referenced<MapObject>>();
  let fencedRoots = 0;
  let blockBytes = 0;
  for (const id of ids) {
    const read = await readBackupRoot(sealed, place, { ...options, id });
    if (read === undefined) {
      continue;
    }
    const { root, epoch } = read;
    if (!isAccepted({ id, epoch })) {
      fencedRoots += 1;
      continue;
    }
    blockBytes = root.server.blockBytes;
    const { kind, startedAt, timeline, walFrom, walTo, totals } = root;
    const { storedBytes } = totals;
    backups.push({ id, kind, startedAt, timeline, walFrom, walTo, storedBytes });
    const key = (type: "pack" | "map") => (object: ObjectId) =>
      objectKey({ ...place, type, id: object });
    refer(packs, root.packs, { id, key: key("pack"), log });
    refer(maps, root.maps, { id, key: key("map"), log });
  }
  const { dumps, fenced } = await readDumps(sealed, place, { ...options, packs });
  fencedRoots += fenced;
  return { place, backups, dumps, packs, maps, blockBytes, fencedRoots };
}

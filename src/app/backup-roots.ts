/** The backups of an incarnation as a writer of the next one needs them: the newest that counts, and the newest full one. */
import { type DrError, isDrError } from "../core/errors.ts";
import { type ObjectId, objectIdTimeMs } from "../core/object-id.ts";
import { isAcceptedBy } from "../repository/fencing.ts";
import { type ClusterName, type IncarnationPlace, rootPrefix } from "../repository/object-names.ts";
import type { StoreCall } from "../repository/object-store.ts";
import { listIncarnations, readFence } from "../repository/read-lease.ts";
import { type BackupRoot, decodeRoot } from "../repository/root.ts";
import type { SealedStore } from "../repository/sealed-store.ts";

/** A backup that is listed: whole, or with the error by which its root cannot be read. */
export type ListedRoot = { readonly id: ObjectId; readonly sizeBytes: number } & (
  | { readonly state: "readable"; readonly root: BackupRoot; readonly generation: number }
  | { readonly state: "damaged"; readonly error: DrError }
);

/**
 * The backups that count, newest first; each root is read when it is asked for. A root that cannot be read is told, and is no
 * failure. Memory: one root, and the ids. @throws DrError what listing and the fence throw.
 */
export async function* listRoots(
  sealed: SealedStore,
  place: IncarnationPlace,
  call: StoreCall,
): AsyncGenerator<ListedRoot, void, undefined> {
  const entries: { readonly id: ObjectId; readonly sizeBytes: number }[] = [];
  for await (const { name, sizeBytes } of sealed.listNames(rootPrefix(place), call)) {
    if (name?.type === "root") {
      entries.push({ id: name.id, sizeBytes });
    }
  }
  // After listing: a root that was published behind a fence is never taken for valid then.
  const counts = isAcceptedBy(await readFence(sealed, place.cluster, call), place.incarnation);
  for (const { id, sizeBytes } of entries.reverse()) {
    try {
      const { content, ticket } = await sealed.getWhole({ ...place, type: "root", id }, call);
      if (counts({ id, epoch: ticket.epoch })) {
        const { generation } = ticket;
        yield { id, sizeBytes, state: "readable", root: decodeRoot(content), generation };
      }
    } catch (error) {
      if (!isDrError(error) || !/^(?:REPO|KEY)_|^STORE_(?:MISSING|SHORT)/.test(error.code)) {
        throw error;
      }
      yield { id, sizeBytes, state: "damaged", error };
    }
  }
}

/** When the oldest backup of some clusters was begun, by the clock of its host; Infinity: there is none. From names alone. */
export async function oldestBackupMs(
  sealed: SealedStore,
  clusters: Iterable<ClusterName>,
  call: StoreCall,
): Promise<number> {
  let oldestMs = Infinity;
  for (const cluster of clusters) {
    for await (const place of listIncarnations(sealed, cluster, call)) {
      for await (const { name } of sealed.listNames(rootPrefix(place), call)) {
        if (name?.type === "root") {
          oldestMs = Math.min(oldestMs, objectIdTimeMs(name.id));
        }
      }
    }
  }
  return oldestMs;
}

/** The newest backup that counts and can be read. */
export async function newestRoot(
  sealed: SealedStore,
  place: IncarnationPlace,
  call: StoreCall,
): Promise<BackupRoot | undefined> {
  for await (const listed of listRoots(sealed, place, call)) {
    if (listed.state === "readable") {
      return listed.root;
    }
  }
  return undefined;
}

/** What `chooseKind` needs. Damaged roots are passed over. */
export async function newestRoots(
  sealed: SealedStore,
  place: IncarnationPlace,
  call: StoreCall,
): Promise<{
  readonly newest: BackupRoot | undefined;
  readonly newestFullAt: string | undefined;
  /** False: the newest one is sealed with keys of an earlier generation. */
  readonly sameKeys: boolean;
}> {
  let newest: BackupRoot | undefined;
  let sameKeys = true;
  for await (const listed of listRoots(sealed, place, call)) {
    if (listed.state === "readable") {
      if (newest === undefined) {
        newest = listed.root;
        sameKeys = listed.generation === sealed.ring.generation;
      }
      if (listed.root.kind === "full") {
        return { newest, newestFullAt: listed.root.startedAt, sameKeys };
      }
    }
  }
  return { newest, newestFullAt: undefined, sameKeys };
}

/** Which history of a cluster is meant when nothing else is said: the one made last, which is the one backed up now. */
import { newestBackup } from "../repository/catalogue.ts";
import { listIncarnations, readIdentity } from "../repository/incarnation.ts";
import type { ClusterName, IncarnationPlace } from "../repository/object-names.ts";
import type { StoreCall } from "../repository/object-store.ts";
import type { SealedStore } from "../repository/sealed-store.ts";

async function newestFirst(
  sealed: SealedStore,
  cluster: ClusterName,
  call: StoreCall,
): Promise<readonly IncarnationPlace[]> {
  const dated: { readonly place: IncarnationPlace; readonly createdAt: string }[] = [];
  for (const place of await listIncarnations(sealed, cluster, call)) {
    dated.push({ place, createdAt: (await readIdentity(sealed, place, call)).createdAt });
  }
  return dated.toSorted((a, b) => b.createdAt.localeCompare(a.createdAt)).map(({ place }) => place);
}

/** Undefined when the repository has none of this cluster. @throws DrError what the store and `readIdentity` throw. */
export async function newestIncarnation(
  sealed: SealedStore,
  cluster: ClusterName,
  call: StoreCall,
): Promise<IncarnationPlace | undefined> {
  return (await newestFirst(sealed, cluster, call))[0];
}

/**
 * The one made last that has a backup: a copy that was just adopted has none yet, and what it was restored from is still what
 * can be restored. The newest of all when none has.
 */
export async function newestRestorable(
  sealed: SealedStore,
  cluster: ClusterName,
  call: StoreCall,
): Promise<IncarnationPlace | undefined> {
  const places = await newestFirst(sealed, cluster, call);
  for (const place of places) {
    if ((await newestBackup(sealed, place, call)) !== undefined) {
      return place;
    }
  }
  return places[0];
}

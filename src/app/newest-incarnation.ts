/** Which history of a cluster is meant when nothing else is said: the one made last, which is the one backed up now. */
import { listIncarnations, readIdentity } from "../repository/incarnation.ts";
import type { ClusterName, IncarnationPlace } from "../repository/object-names.ts";
import type { StoreCall } from "../repository/object-store.ts";
import type { SealedStore } from "../repository/sealed-store.ts";

/** Undefined when the repository has none of this cluster. @throws DrError what the store and `readIdentity` throw. */
export async function newestIncarnation(
  sealed: SealedStore,
  cluster: ClusterName,
  call: StoreCall,
): Promise<IncarnationPlace | undefined> {
  let newest: { readonly place: IncarnationPlace; readonly createdAt: string } | undefined;
  for (const place of await listIncarnations(sealed, cluster, call)) {
    const { createdAt } = await readIdentity(sealed, place, call);
    if (newest === undefined || createdAt > newest.createdAt) {
      newest = { place, createdAt };
    }
  }
  return newest?.place;
}

/**
 * The packs that an increment inherits, looked for before it begins: a root that names packs which are gone would be listed as a
 * backup and could not be restored. Their content is not read; that is for `pra verify` and proofs.
 *
 * One listing of the incarnation's packs: a request for 1,000 of them. Memory: the ids of the parent's packs.
 */
import { DrError } from "../core/errors.ts";
import { type IncarnationPlace, incarnationPrefix, objectKey } from "../repository/object-names.ts";
import { type StoreCall, listAll } from "../repository/object-store.ts";
import type { BackupRoot } from "../repository/root.ts";
import type { SealedStore } from "../repository/sealed-store.ts";

/** @throws DrError `STORE_MISSING`, `REPO_OBJECT_DAMAGED` for one of another size; what the store throws. */
export async function requireParentPacks(
  sealed: SealedStore,
  place: IncarnationPlace,
  parent: BackupRoot,
  call: StoreCall,
): Promise<void> {
  const wanted = new Map(
    parent.packs.map(({ id, bytes }) => [objectKey({ ...place, type: "pack", id }), bytes]),
  );
  for await (const { key, sizeBytes } of listAll(
    sealed.store,
    `${incarnationPrefix(place)}packs/`,
    call,
  )) {
    const bytes = wanted.get(key);
    if (bytes !== undefined && bytes !== sizeBytes) {
      const reason = `it has ${sizeBytes} bytes in place of ${bytes}`;
      throw new DrError("REPO_OBJECT_DAMAGED", { object: key, reason });
    }
    wanted.delete(key);
  }
  const [key] = wanted.keys();
  if (key !== undefined) {
    throw new DrError("STORE_MISSING", { key, location: sealed.store.location });
  }
}

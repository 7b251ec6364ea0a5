/**
 * Which dumps there are, read from the repository alone. As with backups, one that cannot be believed is shown as damaged and never a
 * reason not to show the others, and one that a fenced writer published does not count.
 *
 * Peak memory: the ids, and one document.
 */
import { DrError, isDrError } from "../core/errors.ts";
import type { ObjectId } from "../core/object-id.ts";
import { type DumpDocument, decodeDump } from "./dump-document.ts";
import { isAcceptedBy } from "./fencing.ts";
import { type IncarnationPlace, dumpPrefix } from "./object-names.ts";
import type { StoreCall } from "./object-store.ts";
import { readFence } from "./read-lease.ts";
import type { SealedStore } from "./sealed-store.ts";

/** One dump of an incarnation. */
export type DumpEntry =
  | { readonly state: "dump"; readonly id: ObjectId; readonly dump: DumpDocument }
  | { readonly state: "damaged"; readonly id: ObjectId; readonly error: DrError }
  | { readonly state: "fenced"; readonly id: ObjectId };

/** One dump's document. @throws DrError `STORE_MISSING`, `REPO_*`. */
export async function readDump(
  sealed: SealedStore,
  place: IncarnationPlace,
  call: StoreCall & { readonly id: ObjectId },
): Promise<{ readonly dump: DumpDocument; readonly epoch: number }> {
  const { id, signal } = call;
  const { content, ticket } = await sealed.getWhole({ ...place, type: "dump", id }, { signal });
  const dump = decodeDump(content);
  if (dump.id !== id || dump.cluster !== place.cluster) {
    const found = `${dump.cluster} ${dump.id}`;
    const expected = `${place.cluster} ${id}`;
    const object = `dump ${id}`;
    throw new DrError("REPO_OBJECT_MISPLACED", { object, field: "dump", found, expected });
  }
  return { dump, epoch: ticket.epoch };
}

/**
 * Every dump of an incarnation, or `only` one, oldest first, one read at a time. Names are listed before the fence is read, so that one
 * published behind a new fence never passes for valid. @throws DrError what the store throws; `REPO_*` for the lease.
 */
export async function* listDumps(
  sealed: SealedStore,
  place: IncarnationPlace,
  call: StoreCall & { readonly only?: ObjectId | undefined },
): AsyncGenerator<DumpEntry, void, undefined> {
  const { signal, only } = call;
  const ids: ObjectId[] = [];
  for await (const { name } of sealed.listNames(dumpPrefix(place), { signal })) {
    if (name?.type === "dump" && (only === undefined || name.id === only)) {
      ids.push(name.id);
    }
  }
  if (ids.length === 0) {
    return;
  }
  const fence = await readFence(sealed, place.cluster, { signal });
  const isAccepted = isAcceptedBy(fence, place.incarnation);
  for (const id of ids) {
    try {
      const { dump, epoch } = await readDump(sealed, place, { signal, id });
      yield isAccepted({ id, epoch }) ? { state: "dump", id, dump } : { state: "fenced", id };
    } catch (error) {
      if (!isDrError(error) || !/^(?:REPO|KEY)_|^STORE_MISSING$/.test(error.code)) {
        throw error;
      }
      if (error.code !== "STORE_MISSING") {
        yield { state: "damaged", id, error };
      }
    }
  }
}

/**
 * The backup that a person means: its id as `pra list` shows it, or the beginning of one as long as no other begins so. In
 * whichever cluster and incarnation it lies.
 */
import { DrError } from "../core/errors.ts";
import { nearestBackupsShown } from "../core/limits.ts";
import type { ObjectId } from "../core/object-id.ts";
import { listClusters } from "../repository/catalogue.ts";
import { type IncarnationPlace, rootPrefix } from "../repository/object-names.ts";
import type { StoreCall } from "../repository/object-store.ts";
import { listIncarnations } from "../repository/read-lease.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import { editDistance } from "./setting-values.ts";

/** A backup and where it lies. */
export type FoundBackup = { readonly place: IncarnationPlace; readonly id: ObjectId };

/** Shorter ones would match by accident: the first 12 digits of an id are its date. */
const PREFIX_DIGITS_MIN = 4;

/** The ids that look most like what was typed, each as far as it was typed and a little more. */
function nearestTo(wanted: string, ids: readonly ObjectId[]): string {
  const near = ids
    .map((id) => ({ id, distance: editDistance(wanted.slice(0, 32), id.slice(0, wanted.length)) }))
    .toSorted((a, b) =>
      a.distance === b.distance ? (a.id < b.id ? 1 : -1) : a.distance - b.distance,
    )
    .slice(0, nearestBackupsShown);
  return near.length === 0 ? "–" : near.map(({ id }) => id).join(", ");
}

/** @throws DrError `REPO_BACKUP_UNKNOWN` with the nearest ids. */
export async function findBackup(
  sealed: SealedStore,
  typed: string,
  call: StoreCall,
): Promise<FoundBackup> {
  const wanted = typed.trim().toLowerCase();
  const found: FoundBackup[] = [];
  const ids: ObjectId[] = [];
  for (const cluster of await listClusters(sealed, call)) {
    for await (const place of listIncarnations(sealed, cluster, call)) {
      for await (const { name } of sealed.listNames(rootPrefix(place), call)) {
        if (name?.type === "root") {
          ids.push(name.id);
          if (name.id.startsWith(wanted)) {
            found.push({ place, id: name.id });
          }
        }
      }
    }
  }
  const [only] = found;
  if (only === undefined || found.length > 1 || wanted.length < PREFIX_DIGITS_MIN) {
    const matches = found.length;
    const among = matches > 1 ? found.map(({ id }) => id) : ids;
    const nearest = nearestTo(wanted, among);
    throw new DrError("REPO_BACKUP_UNKNOWN", { backup: typed, matches, nearest });
  }
  return only;
}

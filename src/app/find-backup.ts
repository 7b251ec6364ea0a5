/**
 * The backup or dump that a person means: its id as `pra list` shows it, or the beginning of one as long as no other begins so. In
 * whichever cluster and incarnation it lies.
 */
import { DrError } from "../core/errors.ts";
import { nearestBackupsShown } from "../core/limits.ts";
import type { ObjectId } from "../core/object-id.ts";
import { listClusters } from "../repository/catalogue.ts";
import { type IncarnationPlace, dumpPrefix, rootPrefix } from "../repository/object-names.ts";
import type { StoreCall } from "../repository/object-store.ts";
import { listIncarnations } from "../repository/read-lease.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import { editDistance } from "./setting-values.ts";

/** A backup and where it lies. */
export type FoundBackup = { readonly place: IncarnationPlace; readonly id: ObjectId };

/** A backup or a dump. */
export type FoundRecord = FoundBackup & { readonly kind: "backup" | "dump" };

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

async function* recordsOf(
  sealed: SealedStore,
  place: IncarnationPlace,
  call: StoreCall & { readonly kinds: readonly FoundRecord["kind"][] },
): AsyncGenerator<FoundRecord, void, undefined> {
  for (const kind of call.kinds) {
    const prefix = kind === "backup" ? rootPrefix(place) : dumpPrefix(place);
    for await (const { name } of sealed.listNames(prefix, { signal: call.signal })) {
      if (name?.type === "root" || name?.type === "dump") {
        yield { place, kind, id: name.id };
      }
    }
  }
}

/** @throws DrError `REPO_BACKUP_UNKNOWN` with the nearest ids. */
async function findRecord(
  sealed: SealedStore,
  typed: string,
  call: StoreCall & { readonly kinds: readonly FoundRecord["kind"][] },
): Promise<FoundRecord> {
  const wanted = typed.trim().toLowerCase();
  const found: FoundRecord[] = [];
  const ids: ObjectId[] = [];
  for (const cluster of await listClusters(sealed, call)) {
    for await (const place of listIncarnations(sealed, cluster, call)) {
      for await (const record of recordsOf(sealed, place, call)) {
        ids.push(record.id);
        if (record.id.startsWith(wanted)) {
          found.push(record);
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

/** A backup. @throws DrError `REPO_BACKUP_UNKNOWN` with the nearest ids. */
export async function findBackup(
  sealed: SealedStore,
  typed: string,
  { signal }: StoreCall,
): Promise<FoundBackup> {
  return await findRecord(sealed, typed, { signal, kinds: ["backup"] });
}

/** A backup or a dump. @throws DrError `REPO_BACKUP_UNKNOWN` with the nearest ids. */
export async function findBackupOrDump(
  sealed: SealedStore,
  typed: string,
  { signal }: StoreCall,
): Promise<FoundRecord> {
  return await findRecord(sealed, typed, { signal, kinds: ["backup", "dump"] });
}

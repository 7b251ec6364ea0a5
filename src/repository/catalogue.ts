/**
 * What backups there are, read from the repository alone (loss class 42): clusters, their incarnations, the backups that count.
 * Backups are ordered by the instant at which they began and by system, never by timeline or name, which go
 * backwards after an upgrade (loss class 35). A root that cannot be believed is shown as damaged with its error: never left out,
 * never a reason not to show the others. Roots of fenced writers are named apart.
 *
 * Peak memory: one page of names, one root, and about a kilobyte for each backup.
 */
import { DrError, isDrError } from "../core/errors.ts";
import { lsnOf, type Lsn } from "../core/lsn.ts";
import type { ObjectId } from "../core/object-id.ts";
import type { TimelineId } from "../core/wal-name.ts";
import { isAcceptedBy } from "./fencing.ts";
import { listChildren } from "./list-children.ts";
import {
  clusterNameOf,
  rootPrefix,
  systemIdentifierOf,
  type ClusterName,
  type IncarnationPlace,
} from "./object-names.ts";
import type { StoreCall } from "./object-store.ts";
import { listIncarnations, readFence } from "./read-lease.ts";
import { decodeRoot, type BackupRoot } from "./root.ts";
import type { SealedStore } from "./sealed-store.ts";

/** What a list shows of a backup; all of it stands in its root. */
export type BackupSummary = Pick<
  BackupRoot,
  "kind" | "parent" | "predecessor" | "label" | "note" | "startedAt" | "finishedAt" | "totals"
> & {
  readonly id: ObjectId;
  readonly timeline: TimelineId;
  readonly startLsn: Lsn;
  readonly stopLsn: Lsn;
  readonly walFrom: Lsn;
  readonly walTo: Lsn;
  readonly systemId: string;
  readonly major: number;
  readonly serverVersion: string;
  readonly walSegmentBytes: number;
  readonly corruptPages: number;
  /** Epoch of the lease under which it was written. */
  readonly epoch: number;
};

/** One root of an incarnation. */
export type CatalogueEntry =
  | { readonly state: "backup"; readonly id: ObjectId; readonly backup: BackupSummary }
  | { readonly state: "fenced"; readonly id: ObjectId; readonly epoch: number }
  | { readonly state: "damaged"; readonly id: ObjectId; readonly error: DrError };

/** One incarnation with its backups in the order in which they began. */
export type CatalogueIncarnation = {
  readonly place: IncarnationPlace;
  readonly systemId: string;
  readonly backups: readonly BackupSummary[];
  readonly fenced: readonly ObjectId[];
  readonly damaged: readonly { readonly id: ObjectId; readonly error: DrError }[];
};

/** One cluster; its incarnations in the order in which their first backups began, those without any last. */
export type CatalogueCluster = {
  readonly cluster: ClusterName;
  readonly incarnations: readonly CatalogueIncarnation[];
};

function summaryOf(root: BackupRoot, epoch: number): BackupSummary {
  return {
    id: root.id,
    kind: root.kind,
    parent: root.parent,
    predecessor: root.predecessor,
    label: root.label,
    note: root.note,
    startedAt: root.startedAt,
    finishedAt: root.finishedAt,
    timeline: root.timeline,
    startLsn: lsnOf(root.startLsn),
    stopLsn: lsnOf(root.stopLsn),
    walFrom: lsnOf(root.walFrom),
    walTo: lsnOf(root.walTo),
    systemId: root.server.systemId,
    major: root.server.major,
    serverVersion: root.server.version,
    walSegmentBytes: root.server.walSegmentBytes,
    totals: root.totals,
    corruptPages: root.corruptPages.length,
    epoch,
  };
}

type EntryCall = StoreCall & { readonly isAccepted: ReturnType<typeof isAcceptedBy> };

/** One root as the catalogue shows it; undefined when it is gone meanwhile. */
async function entryOf(
  sealed: SealedStore,
  place: IncarnationPlace,
  call: EntryCall & { readonly id: ObjectId },
): Promise<CatalogueEntry | undefined> {
  const { id, signal } = call;
  try {
    const { content, ticket } = await sealed.getWhole({ ...place, type: "root", id }, { signal });
    const { epoch } = ticket;
    if (!call.isAccepted({ id, epoch })) {
      return { state: "fenced", id, epoch };
    }
    const root = decodeRoot(content);
    if (root.id !== id || root.cluster !== place.cluster) {
      const fields = { field: "root", found: `${root.cluster} ${root.id}` };
      const object = `root ${id}`;
      const expected = `${place.cluster} ${id}`;
      const error = new DrError("REPO_OBJECT_MISPLACED", { object, ...fields, expected });
      return { state: "damaged", id, error };
    }
    return { state: "backup", id, backup: summaryOf(root, epoch) };
  } catch (error) {
    if (isDrError(error, "STORE_MISSING")) {
      return undefined;
    }
    if (isDrError(error) && (error.code.startsWith("REPO_") || error.code.startsWith("KEY_"))) {
      return { state: "damaged", id, error };
    }
    throw error;
  }
}

/** Ids of roots under a prefix, in order of their making. */
async function rootIds(sealed: SealedStore, prefix: string, call: StoreCall): Promise<ObjectId[]> {
  const ids: ObjectId[] = [];
  for await (const { name } of sealed.listNames(prefix, call)) {
    if (name?.type === "root") {
      ids.push(name.id);
    }
  }
  return ids;
}

/**
 * Every root of an incarnation, in order of ids, one read at a time. Names are listed before the fence is read, so
 * that a root published behind a new fence never passes for valid.
 * @throws DrError what the store throws; `REPO_*` for a lease that cannot be believed.
 */
export async function* listBackups(
  sealed: SealedStore,
  place: IncarnationPlace,
  call: StoreCall,
): AsyncGenerator<CatalogueEntry, void, undefined> {
  const { signal } = call;
  const ids = await rootIds(sealed, rootPrefix(place), { signal });
  const fence = await readFence(sealed, place.cluster, { signal });
  const isAccepted = isAcceptedBy(fence, place.incarnation);
  for (const id of ids) {
    const entry = await entryOf(sealed, place, { signal, isAccepted, id });
    if (entry !== undefined) {
      yield entry;
    }
  }
}

/**
 * The newest root of an incarnation that counts or is damaged; undefined when there is none. One small listing for each month
 * that has backups, one of the newest month, and usually one root.
 */
export async function newestBackup(
  sealed: SealedStore,
  place: IncarnationPlace,
  call: StoreCall,
): Promise<Exclude<CatalogueEntry, { readonly state: "fenced" }> | undefined> {
  const { signal } = call;
  const months: string[] = [];
  for await (const month of listChildren(sealed.store, rootPrefix(place), { signal })) {
    months.push(month);
  }
  for (const month of months.toReversed()) {
    const ids = await rootIds(sealed, `${rootPrefix(place)}${month}/`, { signal });
    const fence = await readFence(sealed, place.cluster, { signal });
    const isAccepted = isAcceptedBy(fence, place.incarnation);
    for (const id of ids.toReversed()) {
      const entry = await entryOf(sealed, place, { signal, isAccepted, id });
      if (entry !== undefined && entry.state !== "fenced") {
        return entry;
      }
    }
  }
  return undefined;
}

/** By the instant of beginning; ids decide between equal ones. */
export function compareBackups(
  a: Pick<BackupSummary, "startedAt" | "id">,
  b: Pick<BackupSummary, "startedAt" | "id">,
): number {
  const difference = Date.parse(a.startedAt) - Date.parse(b.startedAt);
  return difference === 0 ? (a.id < b.id ? -1 : 1) : difference;
}

async function readIncarnation(
  sealed: SealedStore,
  place: IncarnationPlace,
  call: StoreCall,
): Promise<CatalogueIncarnation> {
  const backups: BackupSummary[] = [];
  const fenced: ObjectId[] = [];
  const damaged: { readonly id: ObjectId; readonly error: DrError }[] = [];
  for await (const entry of listBackups(sealed, place, call)) {
    switch (entry.state) {
      case "backup":
        backups.push(entry.backup);
        break;
      case "fenced":
        fenced.push(entry.id);
        break;
      case "damaged":
        damaged.push({ id: entry.id, error: entry.error });
        break;
    }
  }
  const systemId = systemIdentifierOf(place.incarnation).toString();
  return { place, systemId, backups: backups.toSorted(compareBackups), fenced, damaged };
}

function firstStartMs(incarnation: CatalogueIncarnation): number {
  const [first] = incarnation.backups;
  return first === undefined ? Infinity : Date.parse(first.startedAt);
}

function compareIncarnations(a: CatalogueIncarnation, b: CatalogueIncarnation): number {
  const [left, right] = [firstStartMs(a), firstStartMs(b)];
  if (left !== right) {
    return left < right ? -1 : 1;
  }
  return a.place.incarnation < b.place.incarnation ? -1 : 1;
}

/** Names of the clusters that have something in the repository. */
export async function listClusters(sealed: SealedStore, call: StoreCall): Promise<ClusterName[]> {
  const clusters: ClusterName[] = [];
  for await (const child of listChildren(sealed.store, "clusters/", call)) {
    if (/^[a-z0-9][a-z0-9_-]{0,39}$/.test(child)) {
      clusters.push(clusterNameOf(child));
    }
  }
  return clusters;
}

/** Everything, or one cluster. @throws DrError what the store throws; `REPO_*` for a lease that cannot be believed. */
export async function readCatalogue(
  sealed: SealedStore,
  call: StoreCall & { readonly cluster?: ClusterName },
): Promise<CatalogueCluster[]> {
  const { signal } = call;
  const names =
    call.cluster === undefined ? await listClusters(sealed, { signal }) : [call.cluster];
  const clusters: CatalogueCluster[] = [];
  for (const cluster of names) {
    const incarnations: CatalogueIncarnation[] = [];
    for await (const place of listIncarnations(sealed, cluster, { signal })) {
      incarnations.push(await readIncarnation(sealed, place, { signal }));
    }
    clusters.push({ cluster, incarnations: incarnations.toSorted(compareIncarnations) });
  }
  return clusters;
}

/**
 * Reading what `leftovers.ts` decides upon. The order is what makes the decision safe: who is at work was settled before; then
 * pins, then roots, then the fence, then packs and maps. A backup that ends meanwhile published its root before it gave up its
 * lease, so whoever saw it at work keeps its packs, and whoever did not sees its root.
 *
 * Peak memory: the ids that the accepted roots name (about 80 bytes a pack), one root, and the candidates; with retention what
 * `retention-inventory.ts` says.
 */
import { DrError, isDrError } from "../core/errors.ts";
import { headerBytesMax } from "../core/limits.ts";
import type { ObjectId } from "../core/object-id.ts";
import { checkHeader } from "../pipeline/sealing/object-header.ts";
import { decodeDump } from "./dump-document.ts";
import { isAcceptedBy } from "./fencing.ts";
import type { HolderObserver } from "./lease-holder.ts";
import type { IncarnationInventory, Inventory } from "./leftovers.ts";
import {
  dumpPrefix,
  incarnationPrefix,
  objectKey,
  rootPrefix,
  signPrefix,
  type ClusterName,
  type IncarnationPlace,
  type ObjectName,
} from "./object-names.ts";
import type { StoreCall } from "./object-store.ts";
import { observePins, type DeadPins } from "./observe-holders.ts";
import { listIncarnations, readFence } from "./read-lease.ts";
import { readCondemned } from "./read-pins.ts";
import {
  type RetentionRules,
  dumpFacts,
  listWalObjects,
  readRetentionInput,
  rootFacts,
} from "./retention-inventory.ts";
import type { DumpFacts, Present, RetainedIncarnation, RootFacts } from "./retention-leftovers.ts";
import type { WalObjectName } from "./retention-wal.ts";
import { decodeRoot } from "./root.ts";
import { expectedAt, type SealedStore } from "./sealed-store.ts";

type NameOf<T extends ObjectName["type"]> = Extract<ObjectName, { readonly type: T }>;

/** Tells whether a published segment was read back whole. */
export type SegmentCheck = (name: NameOf<"walSegment">, call: StoreCall) => Promise<boolean>;

/** What to look at, and what was settled before. */
export type InventoryOptions = StoreCall & {
  readonly cluster: ClusterName;
  readonly overEpoch: number;
  readonly dead: DeadPins;
  readonly observer: HolderObserver;
  /** Epoch of this run's `expire` lease: condemn objects of earlier ones are over. */
  readonly expireEpoch: number;
  readonly isVerified: SegmentCheck;
  /** Without it no backup or dump that counts is given up, nor any WAL. */
  readonly retention?: RetentionRules | undefined;
};

/** An object that is not what it should be, as opposed to a store that does not answer. */
function isUnreadable(error: unknown): error is DrError {
  return isDrError(error) && (error.code.startsWith("REPO_") || error.code.startsWith("KEY_"));
}

/** What names packs: a backup's root, or a dump. */
type RootName = NameOf<"root" | "dump">;

/** A root or dump that was read. */
type ReadRoot = { readonly epoch: number } & (
  | { readonly type: "root"; readonly facts: RootFacts }
  | { readonly type: "dump"; readonly facts: DumpFacts }
);

/** Undefined when it is gone meanwhile; the error when it cannot be read. `shared`: see `rootFacts`. */
async function readRoot(
  sealed: SealedStore,
  { name, sizeBytes }: Present<RootName>,
  call: StoreCall & { readonly shared: Map<ObjectId, ObjectId> },
): Promise<ReadRoot | DrError | undefined> {
  const { signal, shared } = call;
  try {
    const { content, ticket } = await sealed.getWhole(name, { signal });
    const { epoch } = ticket;
    return name.type === "root"
      ? { type: "root", epoch, facts: rootFacts({ name, sizeBytes }, decodeRoot(content), shared) }
      : { type: "dump", epoch, facts: dumpFacts({ name, sizeBytes }, decodeDump(content)) };
  } catch (error) {
    if (isDrError(error, "STORE_MISSING")) {
      return undefined;
    }
    if (isUnreadable(error)) {
      return error;
    }
    throw error;
  }
}

async function readRoots(
  sealed: SealedStore,
  place: IncarnationPlace,
  options: InventoryOptions,
): Promise<
  Pick<IncarnationInventory, "fencedRoots" | "unreadableRoots"> & {
    readonly referenced: ReadonlySet<ObjectId>;
  } & Pick<RetainedIncarnation, "roots" | "dumps">
> {
  const { cluster, signal } = options;
  const names: Present<RootName>[] = [];
  for (const prefix of [rootPrefix(place), dumpPrefix(place)]) {
    for await (const { name, sizeBytes } of sealed.listNames(prefix, { signal })) {
      if (name?.type === "root" || name?.type === "dump") {
        names.push({ name, sizeBytes });
      }
    }
  }
  const isAccepted = isAcceptedBy(await readFence(sealed, cluster, { signal }), place.incarnation);
  const fencedRoots: RootName[] = [];
  const unreadableRoots: ObjectId[] = [];
  const referenced = new Set<ObjectId>();
  const roots: RootFacts[] = [];
  const dumps: DumpFacts[] = [];
  const shared = new Map<ObjectId, ObjectId>();
  for (const { name, sizeBytes } of names) {
    const found = await readRoot(sealed, { name, sizeBytes }, { signal, shared });
    if (found instanceof DrError) {
      unreadableRoots.push(name.id);
    } else if (found !== undefined && !isAccepted({ id: name.id, epoch: found.epoch })) {
      fencedRoots.push(name);
    } else if (found !== undefined) {
      found.facts.named.forEach((id) => referenced.add(id));
      if (found.type === "root") {
        roots.push(found.facts);
      } else {
        dumps.push(found.facts);
      }
    }
  }
  return { fencedRoots, unreadableRoots, referenced, roots, dumps };
}

/** The epoch in an object's header; undefined when the header cannot be believed. */
async function headerEpoch(
  sealed: SealedStore,
  name: NameOf<"pack" | "map">,
  at: StoreCall & { readonly sizeBytes: number },
): Promise<number | undefined> {
  try {
    const range = { offset: 0, length: Math.min(headerBytesMax, at.sizeBytes) };
    const bytes = await sealed.store.get(objectKey(name), { signal: at.signal, range });
    return checkHeader(sealed.ring, bytes, expectedAt(name)).epoch;
  } catch (error) {
    if (isUnreadable(error) || isDrError(error, "STORE_MISSING")) {
      return undefined;
    }
    throw error;
  }
}

async function readUnreferenced(
  sealed: SealedStore,
  place: IncarnationPlace,
  call: StoreCall & { readonly referenced: ReadonlySet<ObjectId> },
): Promise<Pick<IncarnationInventory, "unreferenced"> & Pick<RetainedIncarnation, "named">> {
  const { signal } = call;
  const found: IncarnationInventory["unreferenced"][number][] = [];
  const named: RetainedIncarnation["named"][number][] = [];
  for (const folder of ["packs/", "maps/"]) {
    const prefix = `${incarnationPrefix(place)}${folder}`;
    for await (const { name, sizeBytes } of sealed.listNames(prefix, { signal })) {
      if (name?.type !== "pack" && name?.type !== "map") {
        continue;
      }
      if (call.referenced.has(name.id)) {
        named.push({ name, sizeBytes });
      } else {
        const epoch = await headerEpoch(sealed, name, { signal, sizeBytes });
        found.push({ name, sizeBytes, epoch });
      }
    }
  }
  return { unreferenced: found, named };
}

/** A segment's name comes right before those of its parts. */
async function readCoveredParts(
  walObjects: readonly Present<WalObjectName>[],
  call: StoreCall & { readonly isVerified: SegmentCheck },
): Promise<IncarnationInventory["coveredParts"]> {
  const { signal } = call;
  const found: { readonly name: NameOf<"walPart">; readonly verified: boolean }[] = [];
  let published: NameOf<"walSegment"> | undefined;
  let verified: boolean | undefined;
  for (const { name } of walObjects) {
    if (name.type === "walSegment") {
      published = name;
      verified = undefined;
    } else if (name.type === "walPart" && published?.segment === name.segment) {
      verified ??= await call.isVerified(published, { signal });
      found.push({ name, verified });
    }
  }
  return found;
}

async function readIncarnation(
  sealed: SealedStore,
  place: IncarnationPlace,
  options: InventoryOptions,
): Promise<IncarnationInventory> {
  const { signal, retention } = options;
  const read = await readRoots(sealed, place, options);
  const { referenced, roots, dumps, ...uncounted } = read;
  const { unreferenced, named } = await readUnreferenced(sealed, place, { signal, referenced });
  const walObjects = await listWalObjects(sealed, place, { signal });
  const coveredParts = await readCoveredParts(walObjects, options);
  const found = { place, ...uncounted, unreferenced, coveredParts };
  if (retention === undefined) {
    return { ...found, retained: undefined };
  }
  const wal = await retention.readWal(place, { signal });
  return { ...found, retained: { roots, dumps, named, walObjects, wal } };
}

/** Everything that the decision rests on. @throws DrError what the store throws; `REPO_*` for pins that cannot be read. */
export async function readInventory(
  sealed: SealedStore,
  options: InventoryOptions,
): Promise<Inventory> {
  const { cluster, signal, overEpoch } = options;
  const { pins, strayReleases } = await observePins(sealed, options);
  const leases: NameOf<"lease">[] = [];
  for await (const { name } of sealed.listNames(`leases/${cluster}/`, { signal })) {
    if (name?.type === "lease") {
      leases.push(name);
    }
  }
  const signs: NameOf<"sign">[] = [];
  for await (const { name } of sealed.listNames(signPrefix(cluster), { signal })) {
    if (name?.type === "sign") {
      signs.push(name);
    }
  }
  const endedCondemns: ObjectId[] = [];
  for await (const condemn of readCondemned(sealed, { signal })) {
    if (condemn.cluster === cluster && condemn.epoch < options.expireEpoch) {
      endedCondemns.push(condemn.id);
    }
  }
  const incarnations: IncarnationInventory[] = [];
  for await (const place of listIncarnations(sealed, cluster, { signal })) {
    incarnations.push(await readIncarnation(sealed, place, options));
  }
  const { retention: rules } = options;
  // After the pins: a hold is written under a pin, so whoever misses the hold sees the pin.
  const retention =
    rules === undefined ? undefined : await readRetentionInput(sealed, rules, { cluster, signal });
  return { overEpoch, incarnations, leases, signs, pins, strayReleases, endedCondemns, retention };
}
